package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// told lists what timers left in the journal: hours after noon, action, step, areas.
func (b *bench) told() string {
	var out []string
	for _, e := range b.journal {
		if e.Action == Remind || e.Action == Overdue || e.Action == Escalate {
			step, _, _ := strings.Cut(e.Timer, ".")
			out = append(out, fmt.Sprintf("%gm %s %s %d", float64(e.At-noon)/float64(aMinute), e.Action, step, len(e.Told)))
		}
	}
	return strings.Join(out, "; ")
}

// Nobody acts on a red case: half, all and twice of the limit, each once, higher and higher.
func TestEscalation(t *testing.T) {
	b := newBench(t, red)
	if len(b.c.Overlays.Told) != 3 {
		t.Errorf("a red case tells %v at once", b.c.Overlays.Told)
	}
	b.pass(40 * aDay)
	if want := "2.5m remind acknowledge 0; 5m overdue acknowledge 2; 10m escalate acknowledge 3"; b.told() != want {
		t.Errorf("got  %s\nwant %s", b.told(), want)
	}
	if ts := Timers(b.c, b.policy); len(ts) != 0 {
		t.Errorf("it waits for %v yet", ts)
	}
}

// A rule calls the pumps: the clock of the acknowledgement goes on, beside those of the task.
func TestAutoDispatchIsSeenByNobody(t *testing.T) {
	b := newBench(t, red).must(TheSystem(), Command{Action: AutoDispatch, Orders: order("drainage"), Why: "rule river-high"})
	b.pass(6*aMinute).must(wang, Command{Action: Acknowledge})
	b.pass(3 * aMinute)
	if b.c.State != Dispatched || b.c.SeenBy != "wang" {
		t.Errorf("%q, seen by %q", b.c.State, b.c.SeenBy)
	}
	b.must(pump, Command{Action: Sign, Task: 1}).pass(aDay)
	want := "2.5m remind acknowledge 0; 5m overdue acknowledge 2; 5m remind sign 0; 60m remind handle 0; 120m overdue handle 2; 240m escalate handle 3"
	if b.told() != want {
		t.Errorf("got  %s\nwant %s", b.told(), want)
	}
	b.refused(wang, Command{Action: Acknowledge}, "nobody has acknowledged it yet")
}

// Suspended, the handling waits and nothing else; a severity that changes brings its limits
// from the same start; a case that was suspended keeps that through it.
func TestClocks(t *testing.T) {
	due := func(b *bench, s Step) float64 {
		k := b.c.clock(s, 1)
		if k == nil {
			return -1
		}
		return float64(k.Due-noon) / float64(anHour)
	}
	b := newBench(t, orange).to(Dispatched)
	if due(b, StepHandle) != 8 || due(b, StepSign) != 0.5 {
		t.Fatalf("handle in %v h, sign in %v h", due(b, StepHandle), due(b, StepSign))
	}
	b.pass(anHour).must(li, Command{Action: Suspend, Until: noon + 4*anHour, Why: "waits for parts"})
	if due(b, StepHandle) != -1 || due(b, StepSign) != 0.5 {
		t.Errorf("suspended: handle in %v h, sign in %v h", due(b, StepHandle), due(b, StepSign))
	}
	b.pass(2*anHour).must(wang, Command{Action: Resume})
	if due(b, StepHandle) != 10 {
		t.Errorf("resumed after 2 h: handle in %v h", due(b, StepHandle))
	}
	b.must(eng, Command{Action: RaiseSeverity, Severity: wire.Red, Why: "the dam"})
	if due(b, StepHandle) != 4 { // 2 h of red, and 2 h suspended
		t.Errorf("red: handle in %v h", due(b, StepHandle))
	}
	b.must(li, Command{Action: LowerSeverity, Severity: wire.Yellow, Why: "the dam holds"})
	if due(b, StepHandle) != 50 {
		t.Errorf("yellow: handle in %v h", due(b, StepHandle))
	}
	if n := len(slices.Compact(slices.Sorted(slices.Values(b.c.Fired)))); n != len(b.c.Fired) {
		t.Errorf("a timer fired twice: %v", b.c.Fired)
	}
	// A deadline of its own, and one task done anew.
	b = newBench(t, orange).must(wang, Command{Action: Acknowledge})
	sooner := order("drainage", "power")
	sooner[0].Due = noon + 2*anHour
	b.must(wang, Command{Action: Dispatch, Orders: sooner})
	if due(b, StepHandle) != 2 {
		t.Errorf("its own deadline: %v h", due(b, StepHandle))
	}
	sooner[0].Due = noon + 9*anHour
	b.refused(wang, Command{Action: Dispatch, Orders: sooner}, "no later than the limit")
	b.must(pump, Command{Action: Report, Task: 1, Done: "x", Result: Done}).must(power, Command{Action: Report, Task: 2, Done: "x", Result: Done})
	b.pass(anHour).must(wang, Command{Action: Reject, Task: 1, Why: "still wet"})
	if due(b, StepHandle) != 9 || b.c.clock(StepHandle, 2) != nil {
		t.Errorf("done anew: %v h, the other %v", due(b, StepHandle), b.c.clock(StepHandle, 2))
	}
}

// The third time that a case is sent back, one level more hears of it.
func TestReworkEscalates(t *testing.T) {
	b := newBench(t, orange).to(Handled)
	for i := range 3 {
		b.must(wang, Command{Action: Reject, Why: "still wet"})
		if want := 2 + i/2; len(b.c.Overlays.Told) != want {
			t.Errorf("sent back %d times, told %v", i+1, b.c.Overlays.Told)
		}
		b.must(pump, Command{Action: Report, Task: 1, Done: "x", Result: Done})
	}
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	x, err := time.ParseInLocation("2006-01-02 15:04", text, DefaultCalendar().Zone.Location())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Holidays, and the weekends worked for them, by the published calendar of 2026.
func TestCalendar(t *testing.T) {
	c := DefaultCalendar()
	for _, x := range []struct {
		from string
		work time.Duration
		want string
	}{
		{"2026-11-25 10:00", time.Hour, "2026-11-25 11:00"},
		{"2026-11-25 11:30", time.Hour, "2026-11-25 14:00"}, // over lunch
		{"2026-11-25 17:00", time.Hour, "2026-11-26 09:00"}, // over night
		{"2026-11-27 17:00", time.Hour, "2026-11-30 09:00"}, // over the weekend
		{"2026-11-28 03:00", 0, "2026-11-30 08:30"},
		{"2026-02-14 17:00", time.Hour, "2026-02-24 09:00"}, // a Saturday that is worked, then the Spring Festival
		{"2026-09-30 17:30", time.Minute, "2026-10-08 08:31"},
		{"2026-10-09 17:30", time.Minute, "2026-10-10 08:31"}, // a Saturday that is worked
	} {
		if got := c.Add(at(t, x.from), x.work); !got.Equal(at(t, x.want)) {
			t.Errorf("%s and %s of work is %s, want %s", x.from, x.work, got, x.want)
		}
	}
	for _, x := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-25 10:00", 1, "2026-11-26 17:30"}, {"2026-11-27 23:00", 1, "2026-11-30 17:30"}, {"2026-11-28 12:00", 1, "2026-11-30 17:30"},
		{"2026-09-30 10:00", 3, "2026-10-10 17:30"}, {"2026-02-13 09:00", 2, "2026-02-24 17:30"}, {"2026-02-27 09:00", 1, "2026-02-28 17:30"},
	} {
		if got := c.AddDays(at(t, x.from), x.n); !got.Equal(at(t, x.want)) {
			t.Errorf("%s and %d working days is %s, want %s", x.from, x.n, got, x.want)
		}
	}
	if !c.Knows(2026) || c.Knows(2027) {
		t.Error("the calendar does not know which years it knows")
	}
	if got := (Calendar{}).Add(at(t, "2026-11-25 10:00"), time.Hour); !got.Equal(at(t, "2026-11-25 10:00")) {
		t.Errorf("a calendar without work ends at %s", got)
	}
}

// A blue case waits over a weekend: its deadline and the halves of it stand in working time.
func TestWorkingDeadlines(t *testing.T) {
	p := DefaultPolicy()
	start := at(t, "2026-11-26 16:30").UnixMilli() // Thursday, an hour before the end
	half, full, twice := p.due(Limit{1, "wd"}, start)
	for what, x := range map[string]struct {
		got  int64
		want string
	}{"half": {half, "2026-11-27 11:45"}, "all": {full, "2026-11-27 17:30"}, "twice": {twice, "2026-12-01 09:30"}} {
		if x.got != at(t, x.want).UnixMilli() {
			t.Errorf("%s of a working day is at %s, want %s", what, time.UnixMilli(x.got).In(p.Calendar.Zone.Location()), x.want)
		}
	}
	k := Limit{2, "wh"}
	pause := Pause{at(t, "2026-11-26 17:00").UnixMilli(), at(t, "2026-11-30 09:00").UnixMilli()}
	if got := p.shift(k, at(t, "2026-11-27 09:30").UnixMilli(), pause); got != at(t, "2026-11-30 10:30").UnixMilli() {
		t.Errorf("a working deadline over a pause is %s", time.UnixMilli(got).In(p.Calendar.Zone.Location()))
	}
}
