package docstest

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

// Every word that a gateway has for a fault is explained on the page of faults, in both
// languages: whoever reads one on a ladder looks there.
func TestEveryFaultWordIsExplained(t *testing.T) {
	words := []string{drivers.FaultWord(errors.New("anything else"))}
	for _, err := range []error{drivers.ErrTimeout, drivers.ErrWrongPart, drivers.ErrChecksum, drivers.ErrProtocol, drivers.ErrException, drivers.ErrUnplugged,
		drivers.ErrBusy, drivers.ErrDevice, context.Canceled} {
		words = append(words, drivers.FaultWord(err))
	}
	for name, begin := range map[string]string{"../../docs/faults.md": "The words of faults:", "../../docs/faults.zh-CN.md": "故障用词："} {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, found := strings.Cut(string(src), begin)
		legend, _, _ := strings.Cut(rest, "\n\n")
		if !found {
			t.Errorf("%s has no paragraph that begins with %q", name, begin)
		}
		for _, word := range words {
			if !strings.Contains(legend, "`"+word+"` ") {
				t.Errorf("%s does not explain the fault word %s", name, word)
			}
		}
	}
}
