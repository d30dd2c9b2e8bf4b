package truth

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Point is one value as a store has it. Placeholders for values that are not
// there (quality flag 9) are not points: leave them out.
type Point struct {
	Device, Channel string
	T               int64 // Unix milliseconds
	V               float64
	QC              int // QARTOD code; only for messages
}

// Gap is a loss that the gateway declared: what was answered from From to To
// (Unix milliseconds, both included) may be missing.
type Gap struct{ From, To int64 }

// Run is what is to be judged.
type Run struct {
	Lines  []Line
	Points []Point
	Gaps   []Gap
	// Every is the interval of each device. A device that is not in it is not
	// judged: put every simulated device in, leave the gateway's own out.
	Every map[string]time.Duration
	// From and To bound what is judged, Unix milliseconds: a value outside may be
	// missing. 0: everything. Start behind the first polls and end an interval
	// before the last.
	From, To int64
	// Slack is what clocks may differ and samples may be delayed, beyond one
	// interval. 0 means 250 ms.
	Slack time.Duration
	// Grace is how long a streaming device's readings may be missing after one of
	// its faults is over, while the gateway finds out. 0 means none.
	Grace time.Duration
}

// Kind says what is wrong with a value.
type Kind string

// The kinds of findings.
const (
	Missing Kind = "missing" // was on the wire, is not in the store
	Extra   Kind = "extra"   // is in the store, was never on the wire
	Doubled Kind = "doubled" // is in the store more often than it was on the wire
)

// Finding is one thing that is wrong. Text says it in a sentence.
type Finding struct {
	Kind            Kind
	Device, Channel string
	T               int64
	V               float64
	Text            string
}

// Report is the judgement.
type Report struct {
	Findings []Finding // by time
	Streams  int       // streams judged
	Lines    int       // values that had to be there
	Excused  int       // values that were not there and need not be: gaps, slow answers, outside From … To
	Matched  int       // stored values that have their line
}

// Verify compares what is stored with what was on the wires:
//
//   - Each value that a device answered in a good frame is stored exactly once,
//     equal to within half its resolution and within one interval (and Slack) in
//     time. An answer that came late or behind garbage may be missing.
//   - Of a streaming device one reading per interval is stored, each equal to a
//     frame sent within one interval.
//   - Each picture that was fetched left one reading of each of its channels.
//   - Nothing else is stored.
func Verify(r Run) Report {
	j := judge{Run: r, trouble: troubles(r)}
	if j.Slack == 0 {
		j.Slack = 250 * time.Millisecond
	}
	streams := j.streams()
	for _, s := range streams {
		j.stream(s)
	}
	slices.SortStableFunc(j.rep.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.T, b.T), cmp.Compare(b.Kind, a.Kind)) // what is missing explains what is extra
	})
	j.rep.Streams = len(streams)
	return j.rep
}

// Err returns nil when nothing is wrong, else an error with String's text.
func (r Report) Err() error {
	if len(r.Findings) == 0 {
		return nil
	}
	return fmt.Errorf("the store differs from the truth:\n%s", r)
}

// maxShown bounds how many findings String prints; the counts are of all.
const maxShown = 30

// String returns the counts, then the first findings, one a line.
func (r Report) String() string {
	var b strings.Builder
	n := map[Kind]int{}
	for _, f := range r.Findings {
		n[f.Kind]++
	}
	fmt.Fprintf(&b, "%d streams: %d stored values have their line, %d values had to be there, %d need not; missing %d, extra %d, doubled %d",
		r.Streams, r.Matched, r.Lines, r.Excused, n[Missing], n[Extra], n[Doubled])
	for i, f := range r.Findings {
		if i == maxShown {
			fmt.Fprintf(&b, "\n… and %d more", len(r.Findings)-i)
			break
		}
		fmt.Fprintf(&b, "\n%s  %-7s %s", clock(f.T), f.Kind, f.Text)
	}
	return b.String()
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("15:04:05.000") }

// judge holds a run while it is judged.
type judge struct {
	Run
	trouble map[string][]Gap // device: when its frames were meddled with
	rep     Report
}

// stream is one device and channel: its lines and points, each by time.
type stream struct {
	device, channel string
	via             Via
	lines, bad      []Line // good and damaged ones
	points          []Point
}

func (s *stream) name() string { return s.device + "." + s.channel }

// streams sorts everything into streams. A still's line stands for every channel
// that is stored of its camera, or for "(any)" when nothing is.
func (j *judge) streams() []*stream {
	by := map[[2]string]*stream{}
	get := func(device, channel string) *stream {
		k := [2]string{device, channel}
		if by[k] == nil {
			by[k] = &stream{device: device, channel: channel}
		}
		return by[k]
	}
	for _, p := range j.Points {
		if _, ok := j.Every[p.Device]; ok {
			s := get(p.Device, p.Channel)
			s.points = append(s.points, p)
		}
	}
	stills := map[string][]Line{}
	for _, l := range j.Lines {
		if _, ok := j.Every[l.Device]; !ok || !l.hasValue() {
			continue
		}
		if l.Via == Still {
			stills[l.Device] = append(stills[l.Device], l)
			continue
		}
		get(l.Device, l.Channel).add(l)
	}
	shareStills(by, stills, get)
	return sorted(by)
}

func shareStills(by map[[2]string]*stream, stills map[string][]Line, get func(d, c string) *stream) {
	for device, lines := range stills {
		var of []*stream
		for _, s := range by {
			if s.device == device {
				of = append(of, s)
			}
		}
		if len(of) == 0 {
			of = []*stream{get(device, "(any)")}
		}
		for _, s := range of {
			for _, l := range lines {
				s.add(l)
			}
		}
	}
}

func (s *stream) add(l Line) {
	s.via = l.Via
	if l.Good {
		s.lines = append(s.lines, l)
	} else {
		s.bad = append(s.bad, l)
	}
}

func sorted(by map[[2]string]*stream) []*stream {
	var out []*stream
	for _, s := range by {
		slices.SortStableFunc(s.lines, func(a, b Line) int { return cmp.Compare(a.T, b.T) })
		slices.SortStableFunc(s.points, func(a, b Point) int { return cmp.Compare(a.T, b.T) })
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *stream) int { return cmp.Compare(a.name(), b.name()) })
	return out
}

// same says whether p may be what l put on the wire.
func same(l Line, p Point) bool {
	if l.Via == Still {
		return true
	}
	// Half a step, and half the last place of a single-precision number: what came as
	// 5109.71484375 is 5109.715 as a decimal, half-way between two steps of 0.01.
	const single = 1.0 / (1 << 24)
	return math.Abs(l.V-p.V) <= l.Resolution/2+max(1e-9, single*math.Abs(l.V))
}
