package performance

import (
	"cmp"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// The limits of a flood and of chattering, each within ten minutes.
const (
	floodBegins = 10 // more alerts than this
	floodEnds   = 5  // fewer
	chatters    = 3  // as many of one point, or more
)

const (
	tenMinutes = int64(10 * time.Minute / time.Millisecond)
	hour       = int64(time.Hour / time.Millisecond)
	day        = 24 * hour
	// Before is how long before a span alerts are to be given to a Load: a flood may have
	// begun before it.
	Before = 24 * time.Hour
	// Stands is how old an active alert is before it counts as standing.
	Stands    = 24 * time.Hour
	mostPoint = 10
)

// Point is what raises alerts: a rule on a device.
type Point struct{ Gateway, Device, Rule string }

// Load adds up alerts. It is for one goroutine.
type Load struct {
	from, to, now int64
	zone          *time.Location
	at            []int64 // when each came, in the order of their times
	points        map[int]*point
	names         map[Point]int
	severities    [4]int
}

type point struct {
	Point
	at []int64
}

// NewLoad returns an empty Load for the time from one moment on and before another, as it
// stands now, all in Unix milliseconds; its days are those of a zone.
func NewLoad(from, to, now int64, zone *time.Location) *Load {
	return &Load{from: from, to: to, now: now, zone: zone, points: map[int]*point{}, names: map[Point]int{}}
}

// Point returns the number of a point, for Add.
func (l *Load) Point(p Point) int {
	n, known := l.names[p]
	if !known {
		n = len(l.names)
		l.names[p], l.points[n] = n, &point{Point: p}
	}
	return n
}

// Add counts an alert of a point that came at a time, not before the one before it, and was
// as severe as that at worst. Those of the time Before the span are for what began in it.
func (l *Load) Add(at int64, from int, worst wire.Severity) {
	if at >= l.to {
		return
	}
	l.at = append(l.at, at)
	if at < l.from {
		return
	}
	p := l.points[from]
	p.at = append(p.at, at)
	if i := slices.Index(severities[1:], worst); i >= 0 {
		l.severities[i]++
	}
}

// Figures works out the load; standing is how many alerts have been active for longer than
// Stands.
func (l *Load) Figures(standing int) *view.AlertLoad {
	begin, _ := slices.BinarySearch(l.at, l.from)
	own := l.at[begin:]
	out := &view.AlertLoad{Alerts: len(own), Elapsed: max(min(l.to, l.now)-l.from, 0), Standing: standing, Severities: l.severities}
	if out.Elapsed > 0 {
		out.PerHour = float64(len(own)) * float64(hour) / float64(out.Elapsed)
		out.Per10Min = float64(len(own)) * float64(tenMinutes) / float64(out.Elapsed)
	}
	out.PeakHour, out.Peak10Min = peak(own, hour), peak(own, tenMinutes)
	out.Floods = l.floods(out.Elapsed)
	l.sources(out)
	l.slots(out)
	return out
}

// peak is the most of some times that lie within less than a span, and the first of them.
func peak(at []int64, span int64) (p view.Peak) {
	for first, last := 0, 0; last < len(at); last++ {
		for at[last]-at[first] >= span {
			first++
		}
		if n := last - first + 1; n > p.Alerts {
			p = view.Peak{Alerts: n, At: at[first]}
		}
	}
	return p
}

// floods finds the times from the eleventh alert within ten minutes on until fewer than five
// are left within the last ten minutes. One that began before the span, or lasts until now,
// counts with what of it lies in the span.
func (l *Load) floods(elapsed int64) (f view.Floods) {
	end := l.from + elapsed
	began, first := int64(0), 0 // of the flood that goes on; 0: none does
	over := func(until int64) {
		if from, to := max(began, l.from), min(until, end); from < to {
			f.Count++
			f.Total += to - from
			if to-from > f.Longest.To-f.Longest.From {
				f.Longest = view.Flood{From: from, To: to}
			}
		}
		began = 0
	}
	for last, at := range l.at {
		for at-l.at[first] >= tenMinutes {
			first++ // it is ten minutes old, and counts no more
			if began != 0 && last-first < floodEnds {
				over(l.at[first-1] + tenMinutes)
			}
		}
		if began == 0 && last-first+1 > floodBegins {
			began = at
		}
	}
	if n := len(l.at); began != 0 {
		over(l.at[n-floodEnds] + tenMinutes) // when all but four are ten minutes old
	}
	if elapsed > 0 {
		f.Share = float64(f.Total) / float64(elapsed)
	}
	return f
}

// sources finds the points with the most alerts, and those that chatter.
func (l *Load) sources(out *view.AlertLoad) {
	all := make([]view.AlertFrom, 0, len(l.points))
	for _, p := range l.points {
		if len(p.at) == 0 {
			continue
		}
		x := view.AlertFrom{Gateway: p.Gateway, Device: p.Device, Rule: p.Rule, Alerts: len(p.at), Most: peak(p.at, tenMinutes).Alerts}
		x.Share = float64(x.Alerts) / float64(out.Alerts)
		all = append(all, x)
	}
	name := func(a, b view.AlertFrom) int {
		return cmp.Or(cmp.Compare(a.Gateway, b.Gateway), cmp.Compare(a.Device, b.Device), cmp.Compare(a.Rule, b.Rule))
	}
	slices.SortFunc(all, func(a, b view.AlertFrom) int { return cmp.Or(b.Alerts-a.Alerts, name(a, b)) })
	out.Sources = slices.Clone(all[:min(len(all), mostPoint)])
	for _, x := range out.Sources {
		out.FromTopTen += x.Share
	}
	all = slices.DeleteFunc(all, func(x view.AlertFrom) bool { return x.Most < chatters })
	slices.SortFunc(all, func(a, b view.AlertFrom) int { return cmp.Or(b.Most-a.Most, b.Alerts-a.Alerts, name(a, b)) })
	out.Chattering = len(all)
	out.Chatterers = append([]view.AlertFrom{}, all[:min(len(all), mostPoint)]...)
}

// slots divides the span: into ten minutes, where that is two days at most, into hours up to
// a fortnight, else into days of the zone.
func (l *Load) slots(out *view.AlertLoad) {
	out.Slots = []view.LoadSlot{}
	switch days := (l.to - l.from) / day; {
	case days <= 2:
		out.Slot = tenMinutes
	case days <= 14:
		out.Slot = hour
	default:
		out.Slot = day
	}
	for at := l.from; at < l.to && at <= l.now; at = l.next(at, out.Slot) {
		out.Slots = append(out.Slots, view.LoadSlot{At: at})
	}
	slot, first := 0, 0
	for last, at := range l.at {
		for at-l.at[first] >= tenMinutes {
			first++
		}
		if at < l.from || len(out.Slots) == 0 {
			continue
		}
		for slot+1 < len(out.Slots) && out.Slots[slot+1].At <= at {
			slot++
		}
		s := &out.Slots[slot]
		s.Alerts++
		s.Most = max(s.Most, last-first+1)
	}
}

// next is where the slot after one begins.
func (l *Load) next(at, slot int64) int64 {
	if slot < day {
		return at + slot
	}
	t := time.UnixMilli(at).In(l.zone)
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, l.zone).UnixMilli()
}
