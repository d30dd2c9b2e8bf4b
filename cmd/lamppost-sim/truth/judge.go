package truth

import (
	"fmt"
	"strings"
	"time"
)

// stream judges one stream.
func (j *judge) stream(s *stream) {
	tol := (j.Every[s.device] + j.Slack).Milliseconds()
	lines := make([]candidate, len(s.lines))
	for i, l := range s.lines {
		lines[i] = candidate{t: l.T, required: j.required(s, l), same: func(p Point) bool { return same(l, p) }}
	}
	ofLine, ofPoint := align(lines, s.points, tol)
	var matched []Point
	for i, line := range ofPoint {
		if line >= 0 {
			matched = append(matched, s.points[i])
			continue
		}
		j.unexplained(s, s.points[i], tol)
	}
	j.rep.Matched += len(matched)
	if s.via == Frame {
		j.pace(s, matched)
		j.coverage(s)
		return
	}
	for i, point := range ofLine {
		switch {
		case lines[i].required:
			j.rep.Lines++
			if point < 0 {
				j.missing(s, s.lines[i])
			}
		case point < 0:
			j.rep.Excused++
		}
	}
}

// required says whether a line must be stored.
func (j *judge) required(s *stream, l Line) bool {
	if l.Fault == "slow" || l.Fault == "garbage" || j.excused(l.T, 0) {
		return false
	}
	return s.via != Frame || !within(j.trouble[s.device], l.T, 0)
}

// excused says whether what was on the wire at t may be missing.
func (j *judge) excused(t int64, margin int64) bool {
	return t < j.From || j.To != 0 && t > j.To || within(j.Gaps, t, margin+j.Slack.Milliseconds())
}

func within(spans []Gap, t, margin int64) bool {
	for _, g := range spans {
		if t >= g.From-margin && t <= g.To+margin {
			return true
		}
	}
	return false
}

// troubles returns for each device the times from the beginning of a fault to
// Grace after its end. A frozen value is no trouble: it is sent in good frames.
func troubles(r Run) map[string][]Gap {
	spans := map[string][]Gap{}
	open := map[string]int64{}
	for _, l := range r.Lines {
		name, over := strings.CutSuffix(l.Event, "-over")
		if l.Event == "replug" {
			name, over = "unplug", true
		}
		switch name {
		case "silent", "noise", "unplug", "garbage", "slow":
		default:
			continue
		}
		key := l.Device + " " + name
		if !over {
			open[key] = l.T
			continue
		}
		if from, ok := open[key]; ok {
			delete(open, key)
			spans[l.Device] = append(spans[l.Device], Gap{from, l.T + r.Grace.Milliseconds()})
		}
	}
	for key, from := range open {
		device, _, _ := strings.Cut(key, " ")
		spans[device] = append(spans[device], Gap{from, 1<<63 - 1})
	}
	return spans
}

func (j *judge) missing(s *stream, l Line) {
	what := fmt.Sprintf("%s = %v was answered at %s", s.name(), l.V, clock(l.T))
	if l.Via == Still {
		what = fmt.Sprintf("%s: a picture was fetched at %s", s.name(), clock(l.T))
	}
	j.find(Missing, s, l.T, l.V, what+" and is not stored"+nearestPoint(s, l.T))
}

func nearestPoint(s *stream, t int64) string {
	best := -1
	for i, p := range s.points {
		if best < 0 || abs(p.T-t) < abs(s.points[best].T-t) {
			best = i
		}
	}
	if best < 0 {
		return " (nothing of this stream is)"
	}
	p := s.points[best]
	return fmt.Sprintf(" (nearest stored: %v at %s)", p.V, clock(p.T))
}

// unexplained files a stored value that has no line of its own.
func (j *judge) unexplained(s *stream, p Point, tol int64) {
	for _, l := range s.lines {
		if abs(l.T-p.T) <= tol && same(l, p) {
			j.find(Doubled, s, p.T, p.V, fmt.Sprintf("%s = %v is stored once more than it was on the wire (at %s)", s.name(), p.V, clock(l.T)))
			return
		}
	}
	for _, l := range s.bad {
		if abs(l.T-p.T) <= tol && same(l, p) {
			j.find(Extra, s, p.T, p.V, fmt.Sprintf("%s = %v is stored, but was only in a damaged frame (%s, at %s)", s.name(), p.V, l.Fault, clock(l.T)))
			return
		}
	}
	j.find(Extra, s, p.T, p.V, fmt.Sprintf("%s = %v is stored and was not on the wire%s", s.name(), p.V, nearestLine(s, p.T)))
}

func nearestLine(s *stream, t int64) string {
	best := -1
	for i, l := range s.lines {
		if best < 0 || abs(l.T-t) < abs(s.lines[best].T-t) {
			best = i
		}
	}
	if best < 0 {
		return " (nothing of this stream ever was)"
	}
	l := s.lines[best]
	return fmt.Sprintf(" (nearest there: %v at %s)", l.V, clock(l.T))
}

func (j *judge) find(k Kind, s *stream, t int64, v float64, text string) {
	j.rep.Findings = append(j.rep.Findings, Finding{Kind: k, Device: s.device, Channel: s.channel, T: t, V: v, Text: text})
}

// pace finds readings of a streaming device that come faster than one per
// interval: a leaky bucket that lets the wait for a frame shift them a little. A
// declared gap empties it: a gateway that starts again begins a grid of its own.
func (j *judge) pace(s *stream, points []Point) {
	every := float64(j.Every[s.device].Milliseconds())
	burst := 1 + float64(frameGap(s)+j.Slack.Milliseconds())/every
	level := 0.0
	for i, p := range points {
		if i > 0 && j.declared(points[i-1].T, p.T) {
			level = 0
		} else if i > 0 {
			level = max(0, level-float64(p.T-points[i-1].T)/every)
		}
		if level++; level > burst {
			level--
			j.find(Doubled, s, p.T, p.V, fmt.Sprintf("%s = %v: a second reading within one interval (%v), %d ms after the one before",
				s.name(), p.V, j.Every[s.device], p.T-points[i-1].T))
		}
	}
}

// declared says whether a declared gap meets the time from a to b.
func (j *judge) declared(a, b int64) bool {
	for _, g := range j.Gaps {
		if g.From <= b && g.To >= a {
			return true
		}
	}
	return false
}

// longestFrameGap is the slowest that a streaming part talks by itself; a longer
// pause is a fault.
const longestFrameGap = int64(2500)

// frameGap returns the longest time between two frames in ordinary operation.
func frameGap(s *stream) int64 {
	longest := int64(0)
	for i := 1; i < len(s.lines); i++ {
		if d := s.lines[i].T - s.lines[i-1].T; d <= longestFrameGap {
			longest = max(longest, d)
		}
	}
	return longest
}

// coverage demands one reading per interval wherever frames came without pause
// and nothing excuses their loss.
func (j *judge) coverage(s *stream) {
	every := j.Every[s.device].Milliseconds()
	var span []Line
	for _, l := range s.lines {
		ok := j.required(s, l) && !j.excused(l.T, every)
		if !ok || len(span) > 0 && l.T-span[len(span)-1].T > longestFrameGap {
			j.spanned(s, span)
			span = span[:0]
		}
		if ok {
			span = append(span, l)
		} else {
			j.rep.Excused++
		}
	}
	j.spanned(s, span)
}

// spanned judges one span of frames without a pause: no hole in the readings
// wider than an interval and the wait for a frame, and as many readings as
// intervals, but for the two at the ends.
func (j *judge) spanned(s *stream, span []Line) {
	if len(span) < 2 {
		return
	}
	every := j.Every[s.device].Milliseconds()
	from, to := span[0].T, span[len(span)-1].T
	want := int((to-from)/every) - 1
	got, last, holes := 0, from, 0
	wide := every + frameGap(s) + j.Slack.Milliseconds()
	hole := func(until int64) {
		if until-last > wide {
			holes++
			j.find(Missing, s, last, 0, fmt.Sprintf("%s: no reading is stored for %v until %s, although frames came and one per %v is due",
				s.name(), time.Duration(until-last)*time.Millisecond, clock(until), j.Every[s.device]))
		}
		last = until
	}
	for _, p := range s.points {
		if p.T >= from && p.T <= to {
			got++
			hole(p.T)
		}
	}
	hole(to)
	j.rep.Lines += max(want, 0)
	if got < want && holes == 0 {
		j.find(Missing, s, from, 0, fmt.Sprintf("%s: %d readings are stored from %s to %s, at least %d are due (one per %v)",
			s.name(), got, clock(from), clock(to), want, j.Every[s.device]))
	}
}
