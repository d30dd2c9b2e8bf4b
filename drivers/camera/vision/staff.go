package vision

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// staff reads where the water stands on a staff gauge.
//
// The staff is cut out of the picture as a strip of rows, one for about each row of the
// picture; waves, rain and insects go in the median of the last pictures. A staff is
// busy: figures and bars make its levels differ. Water is not. The line is where the
// deviation of what is just above, less that of what is just below, is largest. The
// largest step between two rows would be a bar of the staff itself.
//
// It is told only if it is the one such place, if what is above it is a staff by its
// graduation, from the upper mark on, if nothing moves there, if nearly all of the last
// pictures showed one, and if it does not jump: a level that jumps is believed when it
// stays, and water is below it. What hangs before the staff ends it as water does, but
// stands still where water moved, or before water that moves. Above the upper mark there may
// be sky, and below the lower one the staff may end on dry ground: there the water must move
// more than the staff does.
type staff struct {
	lay     layout
	strips  [medianOf][stripRows * stripCols]uint8
	times   [medianOf]float64 // seconds of each strip
	n       int               // strips taken
	clock   float64           // seconds since the first picture
	median  [stripRows * stripCols]uint8
	sum     [stripRows + 1]float64 // of levels, up to a row
	squares [stripRows + 1]float64
	lately  lately
	track   track
	marks   graduation
	proven  bool // a long staff was seen here
}

// Of the staff.
const (
	leastDrop    = 9    // levels by which the deviation falls at the line
	mostLeft     = 0.62 // of it below the line
	mostSecond   = 0.65 // of the drop, elsewhere
	leastBusy    = 0.85 // share of the rows above that are as busy as a staff
	busyShare    = 0.45 // of the deviation at the line makes a row busy
	leastEdge    = 0.5  // of the drop, where the line is found to be more closely
	leastAlive   = 0.5  // levels beyond noise: where less moves below the line it is vague
	vagueDrop    = 0.85 // if so much of the drop
	mostVague    = 0.6  // goes on for more than this share of a window
	leastLapping = 1.3  // times as much as the staff above does water move, where it may be dry ground
)

func newStaff(c Staff) *staff { return &staff{lay: layoutOf(c)} }

func (s *staff) forget() {
	s.n, s.clock, s.track, s.lately = 0, 0, track{}, lately{}
}

// read gives the level in metres, or says why there is none.
func (s *staff) read(e *Eye, full plane, since float64) obs.Reading {
	s.clock += since
	s.fit(full)
	s.take(full)
	if e.tamper.blind() || e.tamper.on(Defocused) || e.tamper.on(Moved) {
		return obs.None(obs.Unclear)
	}
	s.mix()
	s.marks.measure(&s.median, s.lay.rows, s.lay.decimetre)
	row, ok := s.line()
	var laps lapping
	if ok {
		laps = s.lapping(row, e.ground.noise)
		ok = !laps.hides
	}
	if !s.lately.often(ok) || !ok || s.hidden(e, row) || laps.below < leastAlive && s.vague(int(row+0.5)) {
		return obs.None(obs.Unclear)
	}
	level := s.level(row)
	if !s.track.follow(level, s.clock, laps.below) {
		return obs.None(obs.Unclear)
	}
	return obs.Of(math.Round(level*1000) / 1000)
}

// drop is by how much the deviation falls at a row.
func (s *staff) drop(row int) float64 {
	w := s.lay.window
	return s.deviation(row-w, row) - s.deviation(row, row+w)
}

// line finds the row where the staff ends, counted from the top of the strip.
func (s *staff) line() (float64, bool) {
	w, rows := s.lay.window, s.lay.rows
	if rows < 3*w {
		return 0, false
	}
	best, at := 0.0, 0
	for row := w; row <= rows-w; row++ {
		if d := s.drop(row); d > best && s.possible(row) {
			best, at = d, row
		}
	}
	if best < leastDrop {
		return 0, false
	}
	above := s.deviation(at-w, at)
	if s.deviation(at, at+w) > mostLeft*above || !s.only(at, best) || !s.busy(at, above) {
		return 0, false
	}
	if !s.graduated(at) || at > s.lay.lower+w/2 && !s.laps(at) {
		return 0, false
	}
	row := s.edge(at)
	return row, s.agree(int(row+0.5), best) && !s.marks.goesOn(at) && !s.marks.goesOn(int(row+0.5))
}

// vague says whether the deviation falls over many rows near one, so that the line may be at
// one bar of the staff as well as at the next. Where water moves, it is the waves that do it.
func (s *staff) vague(edge int) bool {
	w, n, best := s.lay.window, 0, 0.0
	from, to := max(edge-w, w), min(edge+w, s.lay.rows-w)
	for row := from; row <= to; row++ {
		best = max(best, s.drop(row))
	}
	for row := from; row <= to; row++ {
		if s.drop(row) > vagueDrop*best {
			n++
		}
	}
	return float64(n) > mostVague*float64(w)
}

// agree says whether the busy part ends where the line is found to be more closely, and not
// only near it. A reflection ends nowhere.
func (s *staff) agree(edge int, best float64) bool {
	w := s.lay.window
	return s.drop(min(max(edge, w), s.lay.rows-w)) >= leastEdge*best
}

// possible says whether the water may stand at a row: at any where the staff is known to
// be, and above it where one is seen.
func (s *staff) possible(row int) bool {
	return row >= s.lay.upper || s.proven && s.marks.ends(row)
}

// graduated says whether what is above a row is a staff. Where little of it is left above
// the water, more of it must have been seen before.
func (s *staff) graduated(row int) bool {
	if seen, far := s.marks.reaches(s.lay.upper, row); far {
		s.proven = s.proven || seen
		return seen
	}
	d := s.marks.length
	near := row >= s.lay.upper-d && s.marks.alike(row-s.marks.slack(), d) >= leastAlike
	return s.proven && (near || s.marks.ends(row))
}

// laps says whether what is below a row moves, against what is above it. Ice does not.
func (s *staff) laps(row int) bool {
	gap, w := s.lay.window/4, s.lay.window
	return s.moving(row+gap, row+w) > leastLapping*s.moving(row-w, row-gap)+1
}

// only says whether there is no second place like it.
func (s *staff) only(at int, best float64) bool {
	w, rows := s.lay.window, s.lay.rows
	for row := w; row <= rows-w; row++ {
		if (row < at-w || row > at+w) && s.drop(row) > mostSecond*best && s.possible(row) {
			return false
		}
	}
	return true
}

// busy says whether what is above a row is as busy as a staff, from the upper mark on.
func (s *staff) busy(at int, above float64) bool {
	w, busy, n := s.lay.window, 0, 0
	for row := max(s.lay.upper, 0) + w; row < at; row++ {
		n++
		if s.deviation(row-w, row) > busyShare*above {
			busy++
		}
	}
	return n == 0 || float64(busy) >= leastBusy*float64(n)
}
