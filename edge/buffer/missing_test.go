package buffer

import (
	"testing"

	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestMissingText(t *testing.T) {
	seen := map[string]bool{}
	for _, why := range []string{wire.NotTaken, wire.NotRun, wire.NoCamera, wire.NoRoom, wire.TooOld, wire.Unread, wire.NotToSend} {
		e := Entry{Kind: Event, Event: &wire.Event{Kind: "missing", Missing: &wire.Missing{Images: []string{"a", "b"}, Why: why}}}
		for _, text := range []string{e.happening(false), e.happening(true)} {
			if text == "" || seen[text] {
				t.Errorf("%s reads %q", why, text)
			}
			seen[text] = true
		}
	}
	e := Entry{Kind: Event, Event: &wire.Event{Kind: "missing", Missing: &wire.Missing{Images: []string{"a"}, Why: wire.NotTaken}}}
	if got, want := e.happening(false), "pictures of alerts that never come: 1; the camera gave none in time"; got != want {
		t.Errorf("it reads %q, want %q", got, want)
	}
}
