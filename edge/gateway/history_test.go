package gateway

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
	"pgregory.net/rapid"
)

// Boots in 1970, jumps of hours, lost synchronisation, reboots without any: the
// stored times are right to the stated bound, rise, and never change.
func TestHistories(t *testing.T) {
	for name, c := range map[string]struct {
		h      history
		waits  bool  // nothing is dated in the end
		within int64 // ms: no stored time is further off
	}{
		"boot in 1970, synchronised after an hour": {history{"none", []lifetime{
			{PPM: 50, Steps: []step{{"wait", hours}, {"sync", 3}, {"wait", hours}}}}}, false, 1_000},
		"never synchronised": {history{"none", []lifetime{{Steps: []step{{"wait", hours}}}, {Steps: []step{{"wait", hours}}}}}, true, 0},
		"jumps by hours, forward and back": {history{"none", []lifetime{{Steps: []step{{"sync", 3}, {"wait", hours},
			{"jump", 5 * hours}, {"wait", hours}, {"jump", -10 * hours}, {"wait", hours}, {"sync", -4}, {"wait", hours}}}}}, false, 2_000},
		"synchronisation is lost for 12 hours, and regained with an offset": {history{"none", []lifetime{{PPM: 80, Steps: []step{{"sync", 3}, {"wait", hours},
			{"lose", 0}, {"wait", 12 * hours}, {"sync", 40}, {"wait", hours}}}}}, false, 6_000},
		"two reboots without synchronisation, with a battery": {history{"battery", []lifetime{
			{PPM: 30, Steps: []step{{"sync", 3}, {"wait", hours}}, Cut: true, Off: 5 * time.Hour},
			{PPM: 30, Steps: []step{{"wait", hours}}, Cut: true, Off: 7 * time.Hour},
			{PPM: 30, Steps: []step{{"wait", hours}, {"restart", 0}, {"wait", hours}}, Off: time.Hour},
			{PPM: 30, Steps: []step{{"wait", hours}, {"sync", 3}, {"wait", hours}}}}}, false, 8_000},
		"the same with a clock that is only saved": {history{"fake", []lifetime{
			{PPM: 30, Steps: []step{{"sync", 3}, {"wait", hours}}, Cut: true, Off: 5 * time.Hour},
			{PPM: 30, Steps: []step{{"wait", hours}}, Cut: true, Off: 7 * time.Hour},
			{PPM: 30, Steps: []step{{"wait", hours}, {"restart", 0}, {"wait", hours}}, Off: time.Hour},
			{PPM: 30, Steps: []step{{"wait", hours}, {"sync", 3}, {"wait", hours}}}}}, false, 7 * hours},
		"the same with nothing": {history{"none", []lifetime{
			{PPM: 30, Steps: []step{{"sync", 3}, {"wait", hours}}, Cut: true, Off: 5 * time.Hour},
			{PPM: 30, Steps: []step{{"wait", hours}}, Cut: true, Off: 7 * time.Hour},
			{PPM: 30, Steps: []step{{"wait", hours}, {"restart", 0}, {"wait", hours}}, Off: time.Hour},
			{PPM: 30, Steps: []step{{"wait", hours}, {"sync", 3}, {"wait", hours}}}}}, false, 7 * hours},
		"a new board with a battery, off at night": {history{"battery", []lifetime{
			{PPM: 30, Steps: []step{{"wait", hours}}, Cut: true, Off: 5 * time.Hour},
			{PPM: 30, Steps: []step{{"wait", hours}}, Cut: true, Off: 7 * time.Hour},
			{PPM: 30, Steps: []step{{"wait", hours}, {"sync", 3}, {"wait", hours}}}}}, false, 8_000},
		"suspended for a day": {history{"none", []lifetime{{PPM: 20, Steps: []step{{"wait", hours}, {"suspend", 24 * hours}, {"wait", hours},
			{"sync", 3}, {"wait", hours}, {"suspend", hours}, {"wait", hours}}}}}, false, 10_000},
		"a reboot at once, while the clock is ahead within its bound": {history{"none", []lifetime{
			{Steps: []step{{"sync", 3_000}, {"wait", hours - 4_900}}, Off: time.Millisecond},
			{Steps: []step{{"sync", -3_000}, {"wait", hours}}}}}, false, 6_000},
		"the power goes right after the first anchor": {history{"none", []lifetime{
			{Steps: []step{{"sync", 3}, {"wait", hours}}, Cut: true, Off: time.Hour},
			{Steps: []step{{"wait", hours}}, Cut: true, Off: time.Hour},
			{Steps: []step{{"wait", hours}, {"sync", 3}}, Cut: true, Off: time.Hour},
			{Steps: []step{{"wait", minutes}, {"sync", 3}, {"wait", hours}}}}}, false, 2 * hours},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newStage(t)
				b.began = time.Now()
				b.play(c.h)
				b.boot(0)
				g, stop := b.start()
				defer stop()
				b.judge(g)
				const own = 10 // of the boot in which all is looked at, at most
				if waits := g.undatedRecords() > own; waits != c.waits || (len(b.given) > 0) == c.waits {
					t.Errorf("%d records wait for a date, %d values have one", g.undatedRecords(), len(b.given))
				}
				for k, unix := range b.given {
					if off := unix - b.when(g, k); max(off, -off) > c.within {
						t.Fatalf("%+v is %d ms off, at most %d were expected", k, off, c.within)
					}
				}
			})
		})
	}
}

// when returns the truth of a record.
func (b *stage) when(g *Gateway, k given) (truth int64) {
	e, err := journal.ParseEpoch(k.epoch)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, i := range g.journal.Epochs() {
		if i.Epoch == e {
			err = g.journal.Read(e, k.seq, k.seq, func(r journal.Record) error {
				s, err := record.DecodeSample(r.Body)
				truth = b.of(i.Opened.Boot).truth(s.BootMS)
				return err
			})
		}
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return truth
}

// anyHistory draws lives with everything in them, in any order.
func anyHistory() *rapid.Generator[history] {
	steps := rapid.Custom(func(t *rapid.T) step {
		s := step{What: rapid.SampledFrom([]string{"wait", "wait", "wait", "sync", "lose", "jump", "suspend", "flood", "ebb", "restart"}).Draw(t, "what")}
		switch s.What {
		case "wait", "suspend":
			s.Arg = rapid.Int64Range(1, 3*hours).Draw(t, "for")
		case "sync":
			s.Arg = rapid.Int64Range(-2_000, 2_000).Draw(t, "off")
		case "jump":
			s.Arg = rapid.Int64Range(-9*hours, 9*hours).Draw(t, "by")
		}
		return s
	})
	return rapid.Custom(func(t *rapid.T) history {
		boots := rapid.Custom(func(t *rapid.T) lifetime {
			return lifetime{PPM: rapid.Int64Range(-90, 90).Draw(t, "ppm"), Steps: rapid.SliceOfN(steps, 1, 5).Draw(t, "steps"),
				Cut: rapid.Bool().Draw(t, "cut"), Off: time.Duration(rapid.OneOf(rapid.Int64Range(1, 100), rapid.Int64Range(1, 30*hours)).Draw(t, "off")) * time.Millisecond}
		})
		return history{rapid.SampledFrom([]string{"none", "fake", "battery"}).Draw(t, "chip"), rapid.SliceOfN(boots, 1, 5).Draw(t, "boots")}
	})
}

// Whatever happens to a board's clocks, in whatever order: see judge.
func TestAnyHistory(t *testing.T) {
	const lives = 12 // each plays for days
	for seed := range lives {
		h := anyHistory().Example(seed)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				t.Logf("%+v", h)
				b := newStage(t)
				b.began = time.Now()
				b.play(h)
			})
		})
	}
}

// The wall clock jumps while a rule waits for its ten minutes: it fires when they
// have passed, neither before nor after.
func TestJumpsDisturbNoRule(t *testing.T) {
	for _, jump := range []int64{5 * hours, -5 * hours} {
		t.Run(fmt.Sprint(time.Duration(jump)*time.Millisecond), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newStage(t)
				b.began = time.Now()
				b.boot(0)
				g, stop := b.start()
				defer stop()
				b.do(step{"sync", 3})
				b.do(step{"flood", 0})
				wait(5 * time.Minute)
				b.do(step{"jump", jump})
				wait(5 * time.Minute) // the water was first seen up to 30 s later
				if a := g.snapshot().Alerts; len(a) != 0 {
					t.Errorf("the alert came too early: %+v", a)
				}
				wait(time.Minute)
				a := g.snapshot().Alerts
				if len(a) != 1 {
					t.Fatalf("%d alerts, want one", len(a))
				}
				if held := a[0].At.Unix - a[0].Since.Unix; held != 10*minutes {
					t.Errorf("the alert says that the water was high for %d ms", held)
				}
				b.judge(g)
			})
		})
	}
}

// An alert came and went while nobody knew the time, and the power was cut twice. When
// a later boot knows it, a revision with the times goes out.
func TestAlertOfAnUndatedBoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStage(t)
		b.began = time.Now()
		b.play(history{"none", []lifetime{
			{Steps: []step{{"sync", 3}, {"wait", hours}}, Cut: true, Off: time.Hour},
			{Steps: []step{{"wait", hours}, {"flood", 0}, {"wait", hours}, {"ebb", 0}, {"wait", hours}}, Cut: true, Off: time.Hour},
			{Steps: []step{{"wait", hours}}, Cut: true, Off: time.Hour},
		}})
		b.boot(0)
		g, stop := b.start()
		defer stop()
		before := b.alerts(g)
		if len(before) < 2 || before[len(before)-1].At.Unix != 0 {
			t.Fatalf("before: %+v, want an alert without a time", before)
		}
		b.do(step{"sync", 3})
		b.judge(g)
		after := b.alerts(g)
		newest := after[len(after)-1]
		if len(after) != len(before)+1 || newest.Rev != before[len(before)-1].Rev+1 || newest.ID != before[0].ID {
			t.Fatalf("after: %+v, want one more revision", after)
		}
		for what, m := range map[string]wire.Moment{"at": newest.At, "since": newest.Since, "cleared": *newest.Cleared} {
			if m.Unix == 0 || m.Boot != b.boots[1].id || m.ErrorMS < hours {
				t.Errorf("%s: %+v, want a time of the second boot, to some hours", what, m)
			}
			b.moment(what, m)
		}
		if len(g.undated) != 0 {
			t.Errorf("%d alerts still want a time", len(g.undated))
		}
	})
}

// alerts returns the revisions in the journal as they were written.
func (b *stage) alerts(g *Gateway) (out []wire.Alert) {
	if err := g.journal.Sync(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	for _, e := range g.journal.Epochs() {
		err := g.journal.Read(e.Epoch, e.First, e.Last, func(r journal.Record) error {
			if r.Kind != record.KindAlert {
				return nil
			}
			a, err := record.DecodeAlert(r.Body, e.Epoch, r.Seq)
			out = append(out, a)
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return out
}
