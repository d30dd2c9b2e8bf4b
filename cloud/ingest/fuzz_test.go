package ingest

import (
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Whatever a store gives as its reason, the word made of it can travel.
func FuzzWord(f *testing.F) {
	for _, s := range []string{"", "older than the retention of 90d", "partial write: field type conflict", "雨", "---", strings.Repeat("x", 99), "a\x00b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, why string) {
		a := wire.Ack{V: wire.Version, Store: "st", Epoch: epoch(1), Refused: []wire.Refusal{{Range: wire.Range{From: 1, To: 1}, Why: word(why)}}}
		if err := a.Validate(); err != nil {
			t.Errorf("word(%q) = %q: %v", why, word(why), err)
		}
	})
}
