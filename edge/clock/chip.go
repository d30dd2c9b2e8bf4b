package clock

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// chipFile is where Linux shows what the first clock chip says: whole seconds since
// 1970, for anybody to read. fake-hwclock and its like only set the kernel's
// clock at boot; they make no such file.
const chipFile = "class/rtc/rtc0/since_epoch"

// ReadChip returns what the board's clock chip shows, Unix milliseconds, in the
// middle of the second that it shows. ok is false where there is no chip, where it
// says itself that it has stopped (the kernel then refuses to read it), and where it
// was plainly never set. It may take some milliseconds: chips sit on slow buses.
func ReadChip() (unixMS int64, ok bool) { return readChip("/sys") }

func readChip(sys string) (unixMS int64, ok bool) {
	b, err := os.ReadFile(filepath.Join(sys, chipFile))
	if err != nil {
		return 0, false
	}
	s, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || s < 0 || s > maxMS/1000 || !plausible(s*1000) {
		return 0, false
	}
	return s*1000 + 500, true
}

const (
	// tickErr is what the whole seconds of a chip hide, on either side, milliseconds.
	tickErr = 500
	// ranBy is by how much a chip must have advanced beyond all the time in which the
	// board is known to have run, to prove that it runs while the board is off:
	// more than a boot loader and an unfinished commit take. Milliseconds.
	ranBy = 30_000
)

// look is one tick in the row of all boots.
type look struct {
	run int
	Tick
	truth *span // of the moment, if its boot is anchored
}

// chips returns for each run what the clock chip says of its beginning, nil where it
// cannot be relied on. It says so by the comparison with the truth in the next
// boot that had an anchor, taken before the kernel set the chip there. That holds for
// the boots before it if the chip ran all along, which is known in two cases.
//
// It was compared with the truth before as well, and both times it was wrong by
// the same, but for drift: then it ran in between and nobody set it.
//
// Or in every pause between here and there it was seen to advance by clearly more
// than the board ran. A chip without a battery starts anew or, if it stands still,
// says so when the power comes back, and fake-hwclock and the like are no chip at
// all. Nothing guards against a person who sets the chip right before the
// board goes off for the first time.
func chips(runs []Run) []*span {
	looks := gather(runs)
	backward, forward := reaches(runs, looks, -1), reaches(runs, looks, +1)
	out := make([]*span, len(runs))
	for i := range looks {
		l := &looks[i]
		if l.truth != nil || out[l.run] != nil {
			continue
		}
		before, after := backward[i].say(looks, i), forward[i].say(looks, i)
		if after == nil || before == nil && !forward[i].seen || before != nil && before.meet(*after).empty() {
			continue
		}
		if before != nil { // where between the two it was that the chip went wrong nobody knows
			after.lo, after.hi = min(before.lo, after.lo), max(before.hi, after.hi)
		}
		since := l.BootMS - runs[l.run].Began
		began := after.shift(-since).widen(drift(since))
		out[l.run] = &began
	}
	return out
}

func gather(runs []Run) (out []look) {
	for i := range runs {
		for _, t := range []*Tick{runs[i].First, runs[i].Last} {
			if t == nil {
				continue
			}
			l := look{run: i, Tick: *t}
			if s, ok := runs[i].Timeline.truth(t.BootMS); ok {
				l.truth = &s
			}
			out = append(out, l)
		}
	}
	return out
}

// reach is the next look in one direction of which the truth is known.
type reach struct {
	at   int  // -1: there is none, or the chip was plainly set or reset on the way
	seen bool // in every pause on the way the chip was seen to run
}

// reaches finds them for all looks in one direction.
func reaches(runs []Run, looks []look, step int) []reach {
	out := make([]reach, len(looks))
	begin := 0
	if step > 0 {
		begin = len(looks) - 1
	}
	for i := begin; i >= 0 && i < len(looks); i -= step {
		out[i] = reach{at: -1}
		j := i + step
		if j < 0 || j >= len(looks) {
			continue
		}
		joined, ran := link(runs, &looks[min(i, j)], &looks[max(i, j)])
		switch last := runs[looks[j].run].Last; {
		case !joined:
		case looks[j].truth == nil:
			out[i] = reach{out[j].at, ran && out[j].seen}
		case step < 0 && (last == nil || *last != looks[j].Tick):
			// the kernel may have set the chip after it was synchronised
		default:
			out[i] = reach{j, ran}
		}
	}
	return out
}

// say returns what the look that was reached makes of look i, nil if there is none.
func (r reach) say(looks []look, i int) *span {
	if r.at < 0 {
		return nil
	}
	d := looks[i].UnixMS - looks[r.at].UnixMS
	s := looks[r.at].truth.shift(d).widen(2*tickErr + drift(d))
	return &s
}

// link says whether the chip may have run undisturbed from one look to the next,
// and whether it surely did while the board was off.
func link(runs []Run, a, b *look) (joined, ran bool) {
	advance := b.UnixMS - a.UnixMS
	if a.run == b.run {
		d := advance - (b.BootMS - a.BootMS)
		return max(d, -d) <= 2*drift(b.BootMS-a.BootMS)+2*tickErr, true
	}
	if first := runs[b.run].First; b.run != a.run+1 || first == nil || *first != b.Tick {
		return false, false // a boot without a look lies between, or somebody may have set the chip since
	}
	on := runs[a.run].Until - a.BootMS + b.BootMS - runs[b.run].Began
	return advance >= on-2*drift(on)-2*tickErr, advance >= on+2*drift(on)+ranBy
}

// chipEvery is how often the chip is looked at. A look becomes part of a record that
// is written anyway.
const chipEvery = 30 * time.Minute
