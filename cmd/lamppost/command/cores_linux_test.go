package command

import "testing"

// One core is taken after ten calm seconds, and left at the first busy look.
func TestCores(t *testing.T) {
	var c cores
	for i := range coresSettle - 1 {
		if c.look(0.01) {
			t.Fatalf("one core after %d calm looks, want %d", i+1, coresSettle)
		}
	}
	if c.look(0.3); c.look(0.01) {
		t.Error("one core although not all of the last looks were calm")
	}
	for range coresSettle {
		c.look(0.01)
	}
	if !c.look(0.01) {
		t.Error("all cores in calm")
	}
	if c.pause() <= coresLook {
		t.Error("calm is looked at as often as a change")
	}
	if !c.look(0.4) {
		t.Error("all cores for less than half of one")
	}
	if c.look(0.6) {
		t.Error("one core for a busy second")
	}
	if c.pause() != coresLook {
		t.Error("what was busy is looked at too seldom")
	}
	if c.look(0.01) {
		t.Error("one core a second after a busy one")
	}
}

// Each value is one core or all of them, and a busy look always gives all.
func FuzzCores(f *testing.F) {
	f.Add([]byte{0, 0, 0, 255, 10})
	f.Fuzz(func(t *testing.T, shares []byte) {
		var c cores
		calm := 0
		for _, b := range shares {
			share := float64(b) / 100
			one := c.look(share)
			if share < coresCalm {
				calm++
			} else {
				calm = 0
			}
			if share >= coresBusy && one || calm >= coresSettle && !one {
				t.Fatalf("share %v after %d calm looks: one core %v", share, calm, one)
			}
		}
	})
}
