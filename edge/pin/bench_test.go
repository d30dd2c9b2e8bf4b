package pin

import (
	"testing"
	"time"
)

// BenchmarkGuess is what a guess costs.
func BenchmarkGuess(b *testing.B) {
	dir := b.TempDir()
	n, err := Make(dir, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	d := NewDoor(dir, nil)
	for b.Loop() {
		if g, err := d.Enter(n); err != nil || g.Key == "" {
			b.Fatal(g, err)
		}
	}
}
