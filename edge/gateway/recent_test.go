package gateway

import (
	"testing"

	"github.com/lamppost-city/lamppost/edge/status"
)

// What a line did counts for its last hundred frames: it is blamed while it is bad
// and not for ever.
func TestRecentForgets(t *testing.T) {
	var r recent
	var l status.Line
	now := int64(0)
	step := func(good, bad uint64) (share float64) {
		now += 2000
		l.Frames, l.BadChecksum = l.Frames+good, l.BadChecksum+bad
		h := r.of(now, l)
		if h.Frames+h.BadChecksum == 0 {
			return 0
		}
		return float64(h.BadChecksum) / float64(h.Frames+h.BadChecksum)
	}
	for range 1000 {
		if s := step(3, 0); s != 0 {
			t.Fatalf("a good line has a share of %v damaged frames", s)
		}
	}
	for range 10 {
		step(2, 1)
	}
	if s := step(3, 0); s < 0.05 || s > 0.15 {
		t.Errorf("10 damaged frames among the last hundred: share %v", s)
	}
	if len(r.marks) > 20 {
		t.Errorf("%d marks are kept", len(r.marks))
	}
	n := 0
	for step(3, 0) > 0 {
		if n++; n > 50 {
			t.Fatal("the line is still blamed 150 good frames later")
		}
	}
}

// A line on which nothing happens any more is not blamed for what it once did.
func TestRecentForgetsAQuietLine(t *testing.T) {
	var r recent
	r.of(0, status.Line{})
	bad := status.Line{Frames: 30, BadChecksum: 10}
	if h := r.of(1000, bad); h.BadChecksum != 10 {
		t.Errorf("%d damaged frames, want 10", h.BadChecksum)
	}
	if h := r.of(recentMS+2000, bad); h.BadChecksum != 0 {
		t.Errorf("%d damaged frames an hour later, want none", h.BadChecksum)
	}
}

// Nobody speaks of a busy minute before one is over.
func TestRecentWatchesAMinute(t *testing.T) {
	var r recent
	l := status.Line{Serial: &status.Serial{Busy: 0.97}}
	r.of(5000, l)
	if h := r.of(13_000, l); h.Busy != 0 {
		t.Errorf("after 8 s the line is called busy %v of a minute", h.Busy)
	}
	if h := r.of(65_000, l); h.Busy != 0.97 {
		t.Errorf("after a minute the line is busy %v, want 0.97", h.Busy)
	}
}
