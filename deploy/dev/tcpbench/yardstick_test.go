//go:build linux

package main

import (
	"encoding/binary"
	"encoding/json"
	"testing"
)

// The yardstick that carries values must carry the right ones, or it does less work than
// it says.
func TestYardstickSaysWhatTheRegistersMean(t *testing.T) {
	var words []byte
	for i := range registers {
		words = binary.BigEndian.AppendUint16(words, levels[i%len(levels)]+uint16(i/len(levels)))
	}
	var y bare
	y.scale(words)
	var got []float64
	if err := json.Unmarshal(y.values, &got); err != nil || len(got) != registers {
		t.Fatalf("%d values: %v\n%s", len(got), err, y.values)
	}
	steps := [4]float64{0.1, 0.01, 1, 0.1}
	for i, v := range got {
		raw := float64(levels[i%len(levels)]) + float64(i/len(levels))
		if want := raw * steps[i%len(steps)]; v < want-1e-9 || v > want+1e-9 {
			t.Errorf("register %d: %v, not %v", i, v, want)
		}
	}
}
