package gateway_test

import (
	"testing"

	"github.com/lamppost-city/lamppost/edge/status"
)

// How high the water stood is known when it is gone again, though no revision was made
// while it rose.
func TestPeakIsRemembered(t *testing.T) {
	p, r := newPost(t), newRelayBoard(t)
	wet := p.sensor(2200) // 0.8 m
	p.start(p.switching(r, sirens))
	p.until("raised", func(s status.Snapshot) bool { return flooding(s) != nil })
	wet()
	high := p.sensor(1600) // 1.4 m
	s := p.until("at its highest", func(s status.Snapshot) bool {
		a := flooding(s)
		return a != nil && a.Peak != nil && *a.Peak == 1.4
	})
	if a := flooding(s); a.Rev != 1 || *a.Value != 0.8 {
		t.Errorf("revision %d with %v m", a.Rev, *a.Value)
	}
	high()
	p.sensor(2900) // 0.1 m
	p.until("over", func(s status.Snapshot) bool { return flooding(s) == nil })
	p.stop()
	_, _, alerts := p.records()
	last := alerts[len(alerts)-1]
	if last.Condition != "cleared" || last.Peak == nil || *last.Peak != 1.4 || *last.Value != 0.1 || last.Worst != "orange" {
		t.Errorf("it ended as %+v", last)
	}
}
