package notify

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// twoGroups lets a group and a program have everything, another group only what is opened.
func twoGroups(o *Options) {
	o.Rules = []Rule{{Channels: []string{"duty", "city"}}, {Kinds: []string{"opened"}, Channels: []string{"spare"}}}
}

// kinds is what the program was sent: type and subject of each.
func (r *rig) kinds() (out []string) {
	for _, m := range r.machine.messages() {
		out = append(out, m.Event.Type+" "+m.Event.Subject)
	}
	return out
}

// caseOf is the opening of a case.
func caseOf(subject string, level wire.Severity) Event {
	e := alert(subject, level)
	e.About, e.Kind = "case", "opened"
	return e
}

// The end of a symptom is told to those who were told that it began, before it was known to
// be one; programs have both ends of each, whatever its cause.
func TestEndOfASymptom(t *testing.T) {
	bubble(t, twoGroups, func(t *testing.T, r *rig) {
		told, silent := caseOf("told", wire.Yellow), caseOf("silent", wire.Yellow)
		r.take(told)
		time.Sleep(40 * time.Second)
		silent.Cause = "storm"
		r.suppress("told", "storm")
		r.take(silent)
		for _, e := range []Event{told, silent} {
			end := later(e, "closed", 2)
			end.Sequel, end.Cause = true, ""
			r.take(end)
		}
		time.Sleep(time.Minute)
		wants(t, "duty", r.duty.told(), "30s Ⅲ级(黄) 水位 told", "40s Ⅲ级(黄) 水位 told")
		wants(t, "spare", r.spare.told(), "30s Ⅲ级(黄) 水位 told")
		wants(t, "city", r.kinds(), "city.lamppost.case.opened.v1 told", "city.lamppost.case.opened.v1 silent",
			"city.lamppost.case.closed.v1 told", "city.lamppost.case.closed.v1 silent")
	})
}

// Of what waits about a case that becomes a symptom, people have only what asks them to act.
func TestSuppressLeavesWhatAsks(t *testing.T) {
	bubble(t, twoGroups, func(t *testing.T, r *rig) {
		opened, cleared := caseOf("a", wire.Yellow), caseOf("b", wire.Yellow)
		task := later(caseOf("b", wire.Yellow), "dispatched", 2)
		task.Asks = true
		r.take(opened, cleared, task)
		r.suppress("a", "storm")
		r.suppress("b", "storm")
		time.Sleep(time.Minute)
		wants(t, "duty", r.duty.told(), "30s Ⅲ级(黄) 水位 b") // with the group that the opening waited for
		wants(t, "spare", r.spare.told())
		if got := r.kinds(); len(got) != 3 {
			t.Errorf("the city has %q, want all three", got)
		}
		if m := r.duty.messages(); len(m) == 0 || m[0].Lines[0] != "状态：dispatched" || m[0].First {
			t.Errorf("%+v", m)
		}
		if n := r.count("select count(*) from notice_event where routes = 0"); n != 0 {
			t.Errorf("%d events are told to nobody, though the city has them", n)
		}
	})
}

// What is shelved is told to programs alone; what has come off its cause is told also to
// those who want to know what is opened.
func TestShelvedAndDetached(t *testing.T) {
	bubble(t, twoGroups, func(t *testing.T, r *rig) {
		e := caseOf("a", wire.Yellow)
		e.Cause = "storm"
		quiet := later(e, "active", 2)
		quiet.Hushed, quiet.Cause = true, ""
		alone := later(e, "detached", 3)
		alone.First, alone.Cause = true, ""
		r.take(e, quiet)
		time.Sleep(time.Minute)
		wants(t, "duty before", r.duty.told())
		r.take(alone)
		time.Sleep(time.Minute)
		wants(t, "duty", r.duty.told(), "90s Ⅲ级(黄) 水位 a")
		wants(t, "spare", r.spare.told(), "90s Ⅲ级(黄) 水位 a")
		wants(t, "city", r.kinds(), "city.lamppost.case.opened.v1 a", "city.lamppost.case.active.v1 a", "city.lamppost.case.detached.v1 a")
	})
}

// Why nobody is told stands beside the event.
func TestWhyNobodyIsTold(t *testing.T) {
	bubble(t, func(o *Options) { o.Rules = []Rule{{Severities: []string{"yellow"}, Channels: []string{"duty"}}} }, func(t *testing.T, r *rig) {
		events := map[string]Event{"": caseOf("told", wire.Yellow), "no-rule": caseOf("blue", wire.Blue), "symptom": caseOf("symptom", wire.Yellow), "shelved": caseOf("shelved", wire.Yellow)}
		for why, e := range events {
			switch why {
			case "symptom":
				e.Cause = "storm"
			case "shelved":
				e.Hushed = true
			}
			r.take(e)
			var got string
			var routes int
			if err := r.db.Read().QueryRowContext(t.Context(), "select why, routes from notice_event where id = ?", e.ID).Scan(&got, &routes); err != nil {
				t.Fatal(err)
			}
			if got != why || (routes > 0) != (why == "") {
				t.Errorf("%s: why %q, %d routes", e.Subject, got, routes)
			}
		}
		end := later(events["symptom"], "closed", 2)
		end.Sequel = true
		r.take(end)
		if n := r.count("select count(*) from notice_event where why = 'symptom' and routes = 0"); n != 2 {
			t.Errorf("%d events of symptoms, want the end of one too", n)
		}
	})
}

// Known says whether anything about a subject was taken.
func TestKnown(t *testing.T) {
	r := newRig(t, nil)
	r.take(caseOf("a", wire.Blue))
	for subject, want := range map[string]bool{"a": true, "b": false} {
		err := r.db.Write(t.Context(), func(tx *sql.Tx) error {
			got, err := r.Known(t.Context(), tx, subject)
			if got != want {
				t.Errorf("Known(%q) = %v", subject, got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// heard is what a receiver is to have of one subject.
type heard struct {
	all, waits []string        // ids of events: all that it was or is told of, and those that wait
	asks       map[string]bool // of those that wait
}

func (h *heard) take(e Event, machine bool) {
	if !machine && (e.Hushed || e.Cause != "" || e.Sequel && len(h.all) == 0) {
		return
	}
	h.all, h.waits, h.asks[e.ID] = append(h.all, e.ID), append(h.waits, e.ID), e.Asks
}

func (h *heard) suppress() {
	gone := func(id string) bool { return slices.Contains(h.waits, id) && !h.asks[id] }
	h.all = slices.DeleteFunc(slices.Clone(h.all), gone)
	h.waits = slices.DeleteFunc(slices.Clone(h.waits), gone)
}

// life is what happens to one case: what its receivers are to have of it.
type life struct {
	r               *rig
	subject         string
	people, program *heard
}

// step lets something happen to it.
func (f *life) step(rt *rapid.T, tx *sql.Tx, n int) error {
	ctx := f.r.t.Context()
	switch rapid.SampledFrom([]string{"take", "take", "take", "suppress", "send"}).Draw(rt, "step") {
	case "suppress":
		f.people.suppress()
		return f.r.Suppress(ctx, tx, f.subject, "storm")
	case "send":
		f.people.waits, f.program.waits = nil, nil
		_, err := tx.ExecContext(ctx, "update notice_item set delivery = 'sent' where delivery = '' and subject = ?", f.subject)
		return err
	}
	e := caseOf(f.subject, wire.Blue)
	e.ID = fmt.Sprint(f.subject, "/", n)
	e.Sequel, e.Hushed, e.Asks = rapid.Bool().Draw(rt, "sequel"), rapid.IntRange(0, 3).Draw(rt, "hushed") == 0, rapid.Bool().Draw(rt, "asks")
	e.Cause = rapid.SampledFrom([]string{"", "", "storm"}).Draw(rt, "cause")
	f.people.take(e, false)
	f.program.take(e, true)
	return f.r.TakeIn(ctx, tx, time.Now(), e)
}

// judge compares what the receivers have.
func (f *life) judge(rt *rapid.T) {
	ask := func(query string, args ...any) []string {
		got, err := column(f.r.t.Context(), f.r.db.Read(), query, args...)
		if err != nil {
			rt.Fatal(err)
		}
		return got
	}
	for channel, want := range map[string][]string{"duty": f.people.all, "city": f.program.all} {
		if got := ask("select event from notice_item where channel = ? and subject = ? and cause = '' order by n", channel, f.subject); !slices.Equal(got, want) {
			rt.Fatalf("%s has %q, want %q", channel, got, want)
		}
	}
	if wrong := ask("select id from notice_event where subject = ? and (routes = 0) <> (why <> '')", f.subject); len(wrong) > 0 {
		rt.Fatalf("%q do not say why nobody is told, or do and are told", wrong)
	}
}

// Whatever happens to a case in whatever order: a program has each event; people have what
// they are told of, no end of what never began for them, and of what waited when it became a
// symptom only what asks them to act.
func TestListenersLaw(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Rules = []Rule{{Channels: []string{"duty", "city"}}} })
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		f := life{r, fmt.Sprint("case/", runs), &heard{asks: map[string]bool{}}, &heard{asks: map[string]bool{}}}
		err := r.db.Write(t.Context(), func(tx *sql.Tx) error {
			for n := range rapid.IntRange(1, 12).Draw(rt, "steps") {
				if err := f.step(rt, tx, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
		f.judge(rt)
	})
}

// A program has what is about one subject in order, however the severity changes, and however
// much waits before it.
func TestMachineHasEachSubjectInOrder(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Rules = []Rule{{Channels: []string{"city"}}} })
	var all []Event
	for i := range maxAhead + 50 {
		e := caseOf(fmt.Sprint("other-", i), wire.Yellow)
		e.Source = fmt.Sprint("gateway/", i%5)
		all = append(all, e)
	}
	for i, level := range []wire.Severity{wire.Blue, wire.Yellow, wire.Red, wire.Orange, wire.Blue} {
		e := later(caseOf("x", level), "worse", i+1)
		e.Source = "gateway/x"
		all = append(all, e)
	}
	r.take(all...)
	for range 3 { // what was not formed at once, and again with nothing new
		if _, err := r.formAll(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	formed := func(query string) []string {
		t.Helper()
		got, err := column(t.Context(), r.db.Read(), "select i.event from notice_item i join notice_delivery d on d.id = i.delivery "+query+" order by d.seq")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got, want := formed("where i.subject = 'x'"), []string{"x/1", "x/2", "x/3", "x/4"}; !slices.Equal(got, want) {
		t.Errorf("formed of x: %q, want before what is less severe %q", got, want)
	}
	r.exec("update notice_delivery set state = 'sent'")
	for range 3 {
		if _, err := r.formAll(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := formed("where i.subject = 'x'"), []string{"x/1", "x/2", "x/3", "x/4", "x/5"}; !slices.Equal(got, want) {
		t.Errorf("formed of x in the end: %q, want %q", got, want)
	}
}
