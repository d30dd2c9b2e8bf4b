package clock

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// boot makes the nth boot id of a test.
func boot(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// ran makes a run that was on record for so long.
func ran(n int, until int64, anchors ...Anchor) Run {
	r := Run{Timeline: &Timeline{Boot: boot(n)}, Order: uint32(n), Until: until}
	for _, a := range anchors {
		if err := r.Timeline.Add(a); err != nil {
			panic(err)
		}
	}
	return r
}

func (r Run) looks(first, last *Tick) Run {
	r.First, r.Last = first, last
	return r
}

// What can be known of boots without an anchor: each case gives the date and the
// error of the moment each of them began.
func TestSettleCases(t *testing.T) {
	const min = int64(60_000)
	exact := func(n int, begin, until int64) Run { return ran(n, until, Anchor{FromKernel, 0, begin, 10}) }
	tick := func(at, unix int64) *Tick { return &Tick{at, unix} }
	type want struct {
		boot   int
		source string
		begin  int64 // ± 1 s
		err    int64 // to 2 s
	}
	for _, c := range []struct {
		name string
		runs []Run
		want []want
	}{
		{"nothing is anchored", []Run{ran(1, hour), ran(2, hour)}, nil},
		{"nothing follows that is", []Run{exact(1, truth, hour), ran(2, hour)}, nil},
		{"one between two: off for 4 hours in all", []Run{exact(1, truth, hour), ran(2, hour), exact(3, truth+6*hour, hour)},
			[]want{{2, FromBounds, truth + 3*hour, 2 * hour}}},
		{"two reboots at once: known to seconds", []Run{exact(1, truth, hour), ran(2, hour), ran(3, hour), exact(4, truth+3*hour+20_000, min)},
			[]want{{2, FromBounds, truth + hour + 10_000, 10_000}, {3, FromBounds, truth + 2*hour + 10_000, 10_000}}},
		{"two reboots and a night without power", []Run{exact(1, truth, hour), ran(2, hour), ran(3, hour), exact(4, truth+13*hour, min)},
			[]want{{2, FromBounds, truth + 6*hour, 5 * hour}, {3, FromBounds, truth + 7*hour, 5 * hour}}},
		{"nothing is known of before: as late as can be", []Run{ran(1, hour), ran(2, hour), exact(3, truth, min)},
			[]want{{1, FromBounds, truth - 2*hour, truth - 2*hour - built}, {2, FromBounds, truth - hour, truth - 2*hour - built}}},
		{"a chip that was right before and after", []Run{
			exact(1, truth, hour).looks(nil, tick(hour, truth+hour)),
			ran(2, hour).looks(tick(5_000, truth+3*hour+5_000), nil),
			exact(3, truth+6*hour, hour).looks(tick(5_000, truth+6*hour+5_000), nil)},
			[]want{{2, FromChip, truth + 3*hour, 1_000}}},
		{"a chip that is seven hours wrong, on both sides", []Run{
			exact(1, truth, hour).looks(nil, tick(hour, truth+8*hour)),
			ran(2, hour).looks(tick(5_000, truth+10*hour+5_000), nil),
			exact(3, truth+6*hour, hour).looks(tick(5_000, truth+13*hour+5_000), nil)},
			[]want{{2, FromChip, truth + 3*hour, 1_000}}},
		{"a chip that stood still while the power was off", []Run{
			exact(1, truth, hour).looks(nil, tick(hour, truth+hour)),
			ran(2, hour).looks(tick(5_000, truth+hour+10_000), nil),
			exact(3, truth+6*hour, hour).looks(tick(5_000, truth+2*hour+20_000), nil)},
			[]want{{2, FromBounds, truth + 3*hour, 2 * hour}}},
		{"a chip that somebody set by 6 hours in between: what it showed since counts", []Run{
			exact(1, truth, hour).looks(nil, tick(hour, truth+hour)),
			ran(2, hour).looks(tick(5_000, truth+3*hour+5_000), tick(hour, truth+9*hour)),
			exact(3, truth+6*hour, hour).looks(tick(5_000, truth+12*hour+5_000), nil)},
			[]want{{2, FromChip, truth + 2*hour, 2_000}}},
		{"a chip that the kernel may have set before it was looked at", []Run{
			ran(1, hour).looks(tick(5_000, truth+3*hour), nil),
			exact(2, truth+6*hour, hour).looks(nil, tick(5_000, truth+6*hour+5_000))},
			[]want{{1, FromBounds, truth + 5*hour, truth + 5*hour - built}}},
		{"a new board: the chip ran while it was off", []Run{
			ran(1, hour).looks(tick(5_000, truth-hour), tick(hour, truth-5_000)),
			exact(2, truth+6*hour, hour).looks(tick(5_000, truth+5*hour+5_000), nil)},
			[]want{{1, FromChip, truth - 5_000, 2_000}}},
		{"a new board: the chip was not seen to run while it was off", []Run{
			ran(1, hour).looks(tick(5_000, truth-hour), tick(hour, truth-5_000)),
			exact(2, truth+6*hour, hour).looks(tick(5_000, truth+5_000), nil)},
			[]want{{1, FromBounds, truth + 5*hour, truth + 5*hour - built}}},
		{"a chip that begins anew at each boot", []Run{
			ran(1, hour).looks(tick(5_000, truth+5_000), tick(hour, truth+hour)),
			exact(2, truth+6*hour, hour).looks(tick(5_000, truth+5_000), nil)},
			[]want{{1, FromBounds, truth + 5*hour, truth + 5*hour - built}}},
		{"a boot id that the program made: an hour of it is not its own", []Run{
			exact(1, truth, hour), {Timeline: &Timeline{Boot: boot(2)}, Began: hour, Until: 2 * hour}, exact(3, truth+6*hour, hour)},
			[]want{{2, FromBounds, truth + 2*hour, 2 * hour}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := fmt.Sprintf("%+v", c.runs)
			got := Settle(c.runs, built)
			if len(got) != len(c.want) {
				t.Fatalf("%d boots are dated, want %d", len(got), len(c.want))
			}
			for i, w := range c.want {
				r := got[i]
				unix, err, ok := r.Timeline.Unix(0)
				if r.Timeline.Boot != boot(w.boot) || r.Timeline.Source() != w.source || !ok ||
					abs(unix-w.begin) > 1000 || abs(err-w.err) > 2000 {
					t.Errorf("boot %s by %s: %d ± %d, want %s by %s: %d ± %d", r.Timeline.Boot, r.Timeline.Source(), unix-truth, err,
						boot(w.boot), w.source, w.begin-truth, w.err)
				}
			}
			if after := fmt.Sprintf("%+v", c.runs); after != before {
				t.Error("Settle changed what it was given")
			}
		})
	}
}

const built = truth - 100*24*hour

func abs(x int64) int64 { return max(x, -x) }

// A source that lied is found out by the one after it, which is then believed, and
// what follows is not held up until the lie's time has come.
func TestSettleLies(t *testing.T) {
	lie := ran(1, hour, Anchor{FromKernel, 0, truth + 5*365*24*hour, 10})
	now := ran(3, hour, Anchor{FromKernel, 0, truth + 6*hour, 10})
	got := Settle([]Run{lie, ran(2, hour), now}, built)
	if len(got) != 1 {
		t.Fatalf("%d boots are dated", len(got))
	}
	if unix, err, _ := got[0].Timeline.Unix(0); abs(unix-truth-5*hour) > 1000 || unix-err > built {
		t.Errorf("%d ± %d leaves out what the truth allows", unix-truth, err)
	}
	now.Timeline.follow(&lie)
	if unix, _, _ := now.Timeline.Unix(0); unix != truth+6*hour {
		t.Errorf("the truth is held up by %d ms", unix-truth-6*hour)
	}
}

// world is a board whose truth the test knows.
type world struct {
	t    *rapid.T
	now  int64 // true time, ms
	chip struct {
		kind string // none, runs, stands
		off  int64  // what it shows besides the truth
		ppm  int64
	}
	boots []lived
	runs  []Run
}

// lived is what really was: boot time 0 was at start, and boot time runs by ppm
// too fast.
type lived struct{ start, ppm int64 }

func (l lived) truth(bootMS int64) int64 { return l.start + bootMS - bootMS*l.ppm/1_000_000 }

func newWorld(t *rapid.T) *world {
	w := &world{t: t, now: truth}
	w.chip.kind = rapid.SampledFrom([]string{"none", "runs", "stands"}).Draw(t, "chip")
	w.chip.off = rapid.Int64Range(-5*hour, 5*hour).Draw(t, "chip off")
	w.chip.ppm = rapid.Int64Range(-90, 90).Draw(t, "chip ppm")
	return w
}

// pass lets true time go by.
func (w *world) pass(ms int64, powered bool) {
	if !powered && w.chip.kind == "stands" {
		w.chip.off -= ms
	} else {
		w.chip.off += ms * w.chip.ppm / 1_000_000
	}
	w.now += ms
}

func (w *world) look(bootMS int64) *Tick {
	if w.chip.kind == "none" {
		return nil
	}
	return &Tick{bootMS, (w.now+w.chip.off)/1000*1000 + 500}
}

// live runs the board through one boot, with an anchor or without. When the
// kernel learns the truth it sets the chip.
func (w *world) live(synced bool) {
	l := lived{w.now, rapid.Int64Range(-90, 90).Draw(w.t, "ppm")}
	n := len(w.boots) + 1
	r := ran(n, rapid.Int64Range(2_000, 60*24*hour).Draw(w.t, "lasted"))
	r.First = w.look(0)
	if r.First != nil && rapid.IntRange(0, 9).Draw(w.t, "chip fails") == 0 {
		r.First = nil
	}
	w.pass(l.truth(r.Until)-l.start, true)
	if synced {
		w.anchor(&r, l)
		w.chip.off = rapid.Int64Range(-500, 500).Draw(w.t, "chip is set")
	}
	if rapid.Bool().Draw(w.t, "stopped in order") {
		r.Last = w.look(r.Until)
	}
	w.pass(rapid.Int64Range(0, 5_000).Draw(w.t, "after the last commit"), true)
	w.boots, w.runs = append(w.boots, l), append(w.runs, r)
}

// anchor gives the newest boot an honest anchor, as Clock.plan does.
func (w *world) anchor(r *Run, l lived) {
	at := rapid.Int64Range(0, r.Until).Draw(w.t, "anchor at")
	bound := rapid.Int64Range(1, 5_000).Draw(w.t, "bound")
	a := Anchor{FromKernel, at, l.truth(at) + rapid.Int64Range(-bound, bound).Draw(w.t, "wrong by"), bound + 1}
	if err := r.Timeline.Add(a); err != nil {
		w.t.Fatal(err)
	}
	for _, found := range Settle(append(slices.Clone(w.runs), *r), built) {
		i := slices.IndexFunc(w.runs, func(o Run) bool { return o.Timeline.Boot == found.Timeline.Boot })
		if i < 0 || w.runs[i].anchored() {
			w.t.Fatalf("boot %s is dated twice", found.Timeline.Boot)
		}
		w.runs[i] = found
	}
	if n := len(w.runs); n > 0 {
		r.Timeline.follow(&w.runs[n-1])
	}
}

// Whatever boots there were, with a chip that runs, one that stands still without
// power, or none: every date is right to its stated bound, dates rise within boots
// and from boot to boot, and no boot before an anchored one stays undated.
func TestSettleLaws(t *testing.T) {
	byChip := 0
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(1, 8).Draw(t, "boots") {
			w.live(rapid.Bool().Draw(t, "synced"))
			w.pass(rapid.Int64Range(0, 8_000).Draw(t, "boot loader"), true)
			if rapid.Bool().Draw(t, "power cut") {
				w.pass(rapid.Int64Range(0, 100*24*hour).Draw(t, "off"), false)
			}
		}
		last := int64(0)
		for i, r := range w.runs {
			later := slices.ContainsFunc(w.runs[i:], func(o Run) bool { return o.anchored() })
			if r.anchored() != later {
				t.Fatalf("boot %d: dated %v, and a later one: %v", i, r.anchored(), later)
			}
			if !r.anchored() {
				continue
			}
			if r.Timeline.Source() == FromChip {
				byChip++
			}
			for k := int64(1); k <= 4; k++ {
				at := r.Until / 4 * k
				unix, err, _ := r.Timeline.Unix(at)
				if off := unix - w.boots[i].truth(at); abs(off) > err {
					t.Fatalf("boot %d by %s, %d: %d ms off, stated ± %d", i, r.Timeline.Source(), at, off, err)
				}
				if unix <= last {
					t.Fatalf("boot %d by %s, %d: dated %d, the one before %d", i, r.Timeline.Source(), at, unix, last)
				}
				last = unix
			}
		}
	})
	if byChip == 0 {
		t.Error("no boot was dated by a chip")
	}
}

func BenchmarkSettle(b *testing.B) {
	runs := []Run{ran(0, hour, Anchor{FromKernel, 0, truth, 10})}
	for n := 1; n <= 1000; n++ {
		at := truth + int64(n)*2*hour
		runs = append(runs, ran(n, hour).looks(&Tick{5000, at + 5000}, &Tick{hour, at + hour}))
	}
	runs = append(runs, ran(1001, hour, Anchor{FromKernel, 0, truth + 2002*hour, 10}).looks(&Tick{5000, truth + 2002*hour + 5000}, nil))
	for b.Loop() {
		Settle(runs, built)
	}
}
