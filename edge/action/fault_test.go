package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// A call that hangs and heeds its time: off cuts it short. Another output is not
// disturbed.
func TestOffCutsOnShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := plain
		slow.Timeout = 40 * time.Second
		b := newBench(t, map[string]Spec{"lamp": plain, "siren": slow})
		b.Start()
		wait(10 * time.Second)
		b.relays["siren"].set(func() { b.relays["siren"].slow = 30 * time.Second })
		b.Raised("siren", "flood", 0)
		b.Raised("lamp", "flood", 0)
		wait(10 * time.Second) // 20: the call that switches the siren on is under way
		b.relays["siren"].set(func() { b.relays["siren"].slow = 0 })
		b.Cleared("siren", "flood")
		wait(time.Second)
		b.wantRelay("siren", "-0 -20")
		b.wantRelay("lamp", "-0 +10")
		b.Close(nil)
	})
}

// A call that hangs and heeds nothing: it is told, others go on, off is next when it
// comes back, and the end is not held up for ever.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"lamp": plain, "siren": plain})
		b.Start()
		wait(10 * time.Second)
		deaf := make(chan struct{})
		b.relays["siren"].set(func() { b.relays["siren"].deaf = deaf })
		b.Raised("siren", "flood", 0)
		wait(5 * time.Second) // 15
		b.Raised("lamp", "flood", 0)
		wait(time.Second)
		if v := b.Views()[1]; v.ID != "siren" || v.Fault != "stuck" {
			t.Errorf("a stuck siren: %+v", v)
		}
		if _, err := b.On(t.Context(), "siren", "li", 0); !errors.Is(err, ErrRefused) {
			t.Errorf("On = %v", err)
		}
		b.Cleared("siren", "flood")
		wait(4 * time.Second) // 20
		b.wantRelay("siren", "-0")
		b.relays["siren"].set(func() { b.relays["siren"].deaf = nil })
		close(deaf) // its time was over long ago: it ends with that
		wait(time.Second)
		b.wantRelay("siren", "-0 -20")
		b.wantRelay("lamp", "-0 +15")
		if v := b.Views()[1]; v.Fault != "" || v.State != "off" {
			t.Errorf("afterwards: %+v", v)
		}
		deaf = make(chan struct{})
		b.relays["lamp"].set(func() { b.relays["lamp"].deaf = deaf })
		begun := time.Now()
		b.Close(nil)
		if d := time.Since(begun); d < 2*time.Second || d > 7*time.Second {
			t.Errorf("Close took %v", d)
		}
		b.wantTold("14s siren on rule flood failed", "15s lamp on rule flood done", "16s siren on command li blocked", "20s siren off rule flood done", "25s lamp off safe  failed")
		close(deaf)
		wait(time.Second)
		if b.relays["lamp"].closed != 1 || b.relays["siren"].closed != 1 {
			t.Error("hardware was not given up")
		}
	})
}

// Hardware that fails is told once, tried again with growing pauses, left at off, and
// used again when it works.
func TestHardwareFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"siren": plain})
		b.Start()
		wait(10 * time.Second)
		dead := fmt.Errorf("relay board: %w", drivers.ErrUnplugged)
		b.relays["siren"].set(func() { b.relays["siren"].err = dead })
		b.Raised("siren", "flood", 0)
		wait(time.Minute) // 70
		v := b.Views()[0]
		if v.State != "switching-off" || v.Fault != "unplugged" || !strings.Contains(v.Detail, "relay board") {
			t.Errorf("a dead board: %+v", v)
		}
		if b.relays["siren"].closed < 3 {
			t.Error("unplugged hardware was not opened anew")
		}
		b.relays["siren"].set(func() { b.relays["siren"].err = nil })
		wait(time.Minute) // 130
		if v := b.Views()[0]; v.State != "on" || v.Fault != "" {
			t.Errorf("a board that came back: %+v", v)
		}
		b.Close(nil)
		b.wantTold("10s siren on rule flood failed", "74s siren off fault  done", "75s siren on rule flood done", "130s siren off safe  done")
	})
}

// Hardware that goes away while it is on is noticed, set off when it is back, and on
// again.
func TestHardwareIsLostWhileOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := plain
		long.MaxOn = time.Hour
		b := newBench(t, map[string]Spec{"siren": long})
		b.Start()
		wait(10 * time.Second)
		b.Raised("siren", "flood", 0)
		wait(10 * time.Second)
		b.relays["siren"].set(func() { b.relays["siren"].err = drivers.ErrTimeout })
		wait(20 * time.Second)
		if v := b.Views()[0]; v.Fault != "timeout" || v.State != "switching-off" {
			t.Errorf("lost: %+v", v)
		}
		b.relays["siren"].set(func() { b.relays["siren"].err = nil })
		wait(time.Minute)
		if v := b.Views()[0]; v.State != "on" {
			t.Errorf("back: %+v", v)
		}
		b.Close(nil)
		if h := b.relays["siren"].history(); !strings.HasPrefix(h, "-0 +10 -") || strings.Count(h, "+") != 2 {
			t.Errorf("it was set %s", h)
		}
	})
}

// The hardware takes everything and says what it likes.
func TestReadBackLies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"siren": plain})
		b.Start()
		wait(10 * time.Second)
		b.Raised("siren", "flood", 0)
		wait(time.Second)
		lie := func(is bool) { b.relays["siren"].set(func() { b.relays["siren"].is = is }) }
		lie(false) // it fell off
		wait(15 * time.Second)
		b.wantRelay("siren", "-0 +10 +20") // looked at after 5 s, told after 5 more, set again
		if v := b.Views()[0]; v.State != "on" {
			t.Errorf("%+v", v)
		}
		b.Close(nil)
		b.wantTold("10s siren on rule flood done", "20s siren on fault  astray", "25s siren on fault  recovered", "26s siren off safe  done")
	})
}

// The feedback's condition does not agree: told after its time; on is set again three
// times and left, off for as long as it takes; told again when it agrees.
func TestFeedbackLies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fed := plain
		fed.Feedback, fed.MaxOn = true, 10*time.Minute
		b := newBench(t, map[string]Spec{"pump": fed})
		b.relays["pump"].blind = true
		b.Start()
		b.Sense("pump", False)
		wait(10 * time.Second)
		b.Raised("pump", "sump", 0)
		wait(5 * time.Minute) // 310
		b.wantRelay("pump", "-0 +10 +15 +20 +25")
		if v := b.Views()[0]; v.State != "on" || v.Fault != "astray" || v.Detail != "the feedback says off" {
			t.Errorf("%+v", v)
		}
		b.Sense("pump", True)
		wait(10 * time.Second) // 320
		b.Cleared("pump", "sump")
		wait(2 * time.Minute) // 440: it is off and says on, a welded contact
		b.Sense("pump", False)
		wait(10 * time.Second)
		b.Close(nil)
		h := b.relays["pump"].history()
		if !strings.HasPrefix(h, "-0 +10 +15 +20 +25 -320 -325 -330") || strings.Count(h, "-") < 7 {
			t.Errorf("it was set %s", h)
		}
		b.wantTold("10s pump on rule sump done", "15s pump on fault  astray", "315s pump on fault  recovered", "320s pump off rule sump done",
			"325s pump off fault  astray", "445s pump off fault  recovered")
	})
}

// Hardware that can be set and not be asked does not cry for ever.
func TestMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]Spec{"siren": plain})
		m := &mute{relay: b.relays["siren"]}
		b.outs[0].Open = func() (drivers.Output, error) { return m, nil }
		b.Board = New(b.outs, b.o)
		b.Start()
		wait(48 * time.Hour)
		if n := len(b.told()); n == 0 || n > 6 {
			t.Errorf("%d events: %v", n, b.told())
		}
		b.Raised("siren", "flood", 0)
		wait(30 * time.Second)
		if v := b.Views()[0]; v.State != "on" || v.Fault != "" {
			t.Errorf("%+v", v)
		}
		b.Close(nil)
	})
}

type mute struct{ *relay }

func (m *mute) Get(context.Context) (on, ok bool, err error) { return false, false, drivers.ErrTimeout }
