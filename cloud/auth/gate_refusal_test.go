package auth

import (
	"testing"
	"time"
)

// Of somebody who tries what they must not all day, few lines are written, and of others all.
func TestRefusalsAreBounded(t *testing.T) {
	g, now, written := newGate(), time.Unix(1_790_000_000, 0), 0
	for range 24 * 3600 {
		now = now.Add(time.Second)
		if wait, news := g.take(now, keyed{"mallory", refusals}); wait == 0 || news {
			written++
		}
	}
	if written < refusals.free || written > 200 {
		t.Errorf("%d lines of 86 400 refusals", written)
	}
	if wait, _ := g.take(now, keyed{"wang", refusals}); wait != 0 {
		t.Errorf("the first refusal of another waits %v", wait)
	}
}
