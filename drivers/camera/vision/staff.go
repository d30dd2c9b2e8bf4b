package vision

import (
	"math"
	"slices"

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
// stays. Above the upper mark there may be sky, and below the lower one the staff may end on
// dry ground: there the water must move more than the staff does.
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

// layout says where the rows of the strip are.
type layout struct {
	rows        int
	top, bottom Point      // middles of the first and the last row
	high, low   float64    // their levels
	half        float64    // of the width, as a share
	staff       [2]float64 // levels between which there is a staff: of the marks, or highest
	upper       int        // row down from which it is a staff, negative above the strip
	lower       int        // row of the lower one
	decimetre   float64    // rows
	window      int        // rows that are judged on either side of the line
	view        [4]int     // the strip's box in the reduced picture: x0, y0, x1, y1
}

// track is what was read before.
type track struct {
	level, clock float64
	known        bool
	doubt        float64 // another level that has come up
	since        float64
	times        int
}

// Of the staff.
const (
	stripRows    = 480
	stripCols    = 16
	medianOf     = 5
	medianWithin = 10.0 // seconds that the pictures of a median lie apart at most
	windowMetres = 0.10 // two marks of five centimetres
	leastWindow  = 8
	leastDrop    = 9    // levels by which the deviation falls at the line
	mostLeft     = 0.62 // of it below the line
	mostSecond   = 0.75 // of the drop, elsewhere
	leastBusy    = 0.85 // share of the rows above that are as busy as a staff
	busyShare    = 0.45 // of the deviation at the line makes a row busy
	leastLapping = 1.3  // times as much as the staff above does water move, where it may be dry ground
	mostMoving   = 0.35 // share of the strip that may move
	passing      = 20   // levels, beside noise, by which a pixel differs where something passes
	jump         = 0.08 // metres that a level may jump
	jumpSpeed    = 0.002
	jumpLasts    = 90.0 // seconds until a jump is believed
	jumpTimes    = 5
	swayRows     = 6 // of the strip, that a mast in the wind moves it by
	swayCols     = 3
	mostShaken   = 0.25 // of its places that differ all the same
	lastPictures = 5    // of which all but one,
	leastLines   = 3    // and so many, must show a line
)

func newStaff(c Staff) *staff {
	a, b := c.Marks[0], c.Marks[1]
	if a.At.Y > b.At.Y {
		a, b = b, a
	}
	low, high := c.Lowest, c.Highest
	if low == 0 && high == 0 {
		half := (a.Level - b.Level) / 2
		low, high = b.Level-half, a.Level+half
	}
	at := func(level float64) Point {
		u := (level - a.Level) / (b.Level - a.Level)
		return Point{a.At.X + u*(b.At.X-a.At.X), a.At.Y + u*(b.At.Y-a.At.Y)}
	}
	perShare := (b.Level - a.Level) / (b.At.Y - a.At.Y) // metres, negative
	edge := c.Width / 2
	high = min(high, a.Level-a.At.Y*perShare)   // the upper edge of the picture
	low = max(low, a.Level+(1-a.At.Y)*perShare) // the lower one
	l := layout{rows: stripRows, top: at(high), bottom: at(low), high: high, low: low, half: edge * 0.85, staff: [2]float64{a.Level, b.Level}}
	if !(c.Lowest == 0 && c.Highest == 0) {
		l.staff[0] = high
	}
	l.view = [4]int{
		int(max(min(l.top.X, l.bottom.X)-edge, 0) * width), int(max(l.top.Y, 0) * height),
		int(min(max(l.top.X, l.bottom.X)+edge, 1) * width), int(min(l.bottom.Y, 1) * height),
	}
	return &staff{lay: l}
}

func (s *staff) forget() {
	s.n, s.clock, s.track, s.lately = 0, 0, track{}, lately{}
}

// fit chooses how many rows the strip has: as many as the picture has there.
func (s *staff) fit(full plane) {
	l := &s.lay
	rows := int((l.bottom.Y - l.top.Y) * float64(full.h))
	rows = min(max(rows, 4*leastWindow), stripRows)
	if rows != l.rows {
		l.rows, s.n = rows, 0
	}
	perMetre := float64(rows) / (l.high - l.low)
	l.window = max(int(windowMetres*perMetre+0.5), leastWindow)
	l.decimetre = perMetre / 10
	l.upper, l.lower = int((l.high-l.staff[0])*perMetre), int((l.high-l.staff[1])*perMetre)
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
	if !s.lately.often(ok) || !ok || s.hidden(e, row) {
		return obs.None(obs.Unclear)
	}
	level := s.level(row)
	if !s.track.follow(level, s.clock) {
		return obs.None(obs.Unclear)
	}
	return obs.Of(math.Round(level*1000) / 1000)
}

// lately is which of the last pictures showed a line.
type lately struct {
	lines [lastPictures]bool
	n     int
}

// often takes one more picture, and says whether nearly all of the last ones showed a line:
// where most show none, the one that does is chance.
func (l *lately) often(line bool) bool {
	l.lines[l.n%lastPictures] = line
	l.n++
	seen := 0
	for _, is := range l.lines {
		if is {
			seen++
		}
	}
	return seen >= leastLines && seen > min(l.n, lastPictures)-2
}

// level of a place between two rows.
func (s *staff) level(row float64) float64 {
	return s.lay.high + (s.lay.low-s.lay.high)*row/float64(s.lay.rows)
}

// take cuts the strip out of a picture.
func (s *staff) take(full plane) {
	at := s.n % medianOf
	to, l := &s.strips[at], &s.lay
	s.times[at] = s.clock
	s.n++
	for k := range l.rows {
		u := (float64(k) + 0.5) / float64(l.rows)
		y := (l.top.Y+u*(l.bottom.Y-l.top.Y))*float64(full.h) - 0.5
		mid := l.top.X + u*(l.bottom.X-l.top.X)
		for c := range stripCols {
			x := (mid+l.half*((float64(c)+0.5)/stripCols*2-1))*float64(full.w) - 0.5
			to[k*stripCols+c] = full.at(x, y)
		}
	}
}

// at is a level between pixels.
func (p plane) at(x, y float64) uint8 {
	x, y = min(max(x, 0), float64(p.w-1)), min(max(y, 0), float64(p.h-1))
	i, j := int(x), int(y)
	u, v := int(256*(x-float64(i))), int(256*(y-float64(j)))
	i1, j1 := min(i+1, p.w-1), min(j+1, p.h-1)
	a, b := p.pix[j*p.stride:], p.pix[j1*p.stride:]
	upper := int(a[i])*(256-u) + int(a[i1])*u
	lower := int(b[i])*(256-u) + int(b[i1])*u
	return uint8((upper*(256-v) + lower*v + 1<<15) >> 16)
}

// mix sets median and the sums over it.
func (s *staff) mix() {
	var recent [medianOf]*[stripRows * stripCols]uint8
	n := 0
	for i := range min(s.n, medianOf) {
		if s.clock-s.times[i] <= medianWithin {
			recent[n] = &s.strips[i]
			n++
		}
	}
	size := s.lay.rows * stripCols
	if n < 3 {
		copy(s.median[:size], s.strips[(s.n-1)%medianOf][:size])
	} else {
		var v [medianOf]uint8
		for i := range size {
			for k := range n {
				v[k] = recent[k][i]
			}
			slices.Sort(v[:n])
			s.median[i] = v[n/2]
		}
	}
	for k := range s.lay.rows {
		sum, squares := 0, 0
		for _, p := range s.median[k*stripCols:][:stripCols] {
			sum += int(p)
			squares += int(p) * int(p)
		}
		s.sum[k+1] = s.sum[k] + float64(sum)
		s.squares[k+1] = s.squares[k] + float64(squares)
	}
}

// deviation of the levels from one row up to another.
func (s *staff) deviation(from, to int) float64 {
	n := float64((to - from) * stripCols)
	mean := (s.sum[to] - s.sum[from]) / n
	return math.Sqrt(max((s.squares[to]-s.squares[from])/n-mean*mean, 0))
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
	return row, !s.marks.goesOn(at) && !s.marks.goesOn(int(row+0.5))
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

// moving is by how many levels rows differ from one picture to the next, the mean over the
// last pictures.
func (s *staff) moving(from, to int) float64 {
	sum, n := 0, min(s.n, medianOf)
	for i := 1; i < n; i++ {
		a, b := &s.strips[(s.n-i)%medianOf], &s.strips[(s.n-i-1)%medianOf]
		for k := from * stripCols; k < to*stripCols; k++ {
			d := int(a[k]) - int(b[k])
			sum += max(d, -d)
		}
	}
	return float64(sum) / float64(max((n-1)*(to-from)*stripCols, 1))
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

// edge finds the line more closely, near a row that is in the right place by and large:
// it learns from the rows below what water is, and looks for the row down to which rows
// are unlike it. A row that is half staff is half unlike.
func (s *staff) edge(at int) float64 {
	w, rows := s.lay.window, s.lay.rows
	var unlike [stripRows]float64
	from, to := max(at-2*w, 0), min(at+w, rows)
	level, spread := s.water(min(at+2+w/4, to-2), to)
	for k := from; k < to; k++ {
		m, d := s.row(k)
		unlike[k] = math.Abs(m-level) + math.Abs(d-spread)
	}
	floor, top := mean(unlike[min(at+2+w/4, to-2):to]), mean(unlike[max(at-w, 0):max(at-w/4, 1)])
	for k := from; k < to; k++ {
		unlike[k] = ramp(unlike[k], 2*floor, 0.7*top)
	}
	best, row := math.Inf(-1), at
	for y := max(at-w, from+1); y < min(at+w/2, to); y++ {
		sum := 0.0
		for k := max(y-w, from); k < min(y+w, to); k++ {
			if k < y {
				sum += unlike[k] - 0.5
			} else {
				sum -= unlike[k] - 0.5
			}
		}
		if sum > best {
			best, row = sum, y
		}
	}
	return float64(row) + unlike[row] - (1 - unlike[row-1])
}

// water is the mean level of some rows, and the mean deviation within one.
func (s *staff) water(from, to int) (level, spread float64) {
	for k := from; k < to; k++ {
		m, d := s.row(k)
		level, spread = level+m, spread+d
	}
	n := float64(to - from)
	return level / n, spread / n
}

// row is the mean level of a row and the deviation within it.
func (s *staff) row(k int) (mean, deviation float64) {
	return (s.sum[k+1] - s.sum[k]) / stripCols, s.deviation(k, k+1)
}

func mean(v []float64) (m float64) {
	for _, x := range v {
		m += x
	}
	return m / float64(len(v))
}

// hidden says whether something moves before the staff: much of it, or of what is just
// below the line, is not what it was in the picture before.
func (s *staff) hidden(e *Eye, row float64) bool {
	if e.ground.upset {
		return true
	}
	v := s.lay.view
	line := v[1] + int(float64(v[3]-v[1])*row/float64(s.lay.rows))
	limit := int(3*e.ground.noise) + passing
	if s.shaken(int(row), limit) {
		return false
	}
	for _, part := range [][2]int{{v[1], line - 2}, {line + 3, min(v[3], line+20)}} {
		moving, n := 0, 0
		for y := part[0]; y < part[1]; y++ {
			for x := v[0]; x < v[2]; x++ {
				d := int(e.now.luma[y*width+x]) - int(e.before[y*width+x])
				if max(d, -d) > limit {
					moving++
				}
				n++
			}
		}
		if float64(moving) > mostMoving*float64(n) {
			return true
		}
	}
	return false
}

// shaken says whether the staff above a row is that of the picture before, moved a little:
// the mast sways, and nothing passes.
func (s *staff) shaken(row, limit int) bool {
	if s.n < 2 || row < 2*swayRows+leastWindow {
		return false
	}
	now, before := &s.strips[(s.n-1)%medianOf], &s.strips[(s.n-2)%medianOf]
	most := int(mostShaken * float64((row-2*swayRows)*(stripCols-2*swayCols)))
	for dy := -swayRows; dy <= swayRows; dy++ {
		for dx := -swayCols; dx <= swayCols; dx++ {
			if unlike(now, before, row, dx, dy, limit, most) <= most {
				return true
			}
		}
	}
	return false
}

// unlike counts the places of a strip that differ from another one, moved by dx and dy, by
// more than a limit; it ends where they are more than asked for.
func unlike(a, b *[stripRows * stripCols]uint8, row, dx, dy, limit, most int) (n int) {
	for y := swayRows; y < row-swayRows && n <= most; y++ {
		for x := swayCols; x < stripCols-swayCols; x++ {
			d := int(a[y*stripCols+x]) - int(b[(y+dy)*stripCols+x+dx])
			if max(d, -d) > limit {
				n++
			}
		}
	}
	return n
}

// follow says whether a level is believed after those before.
func (t *track) follow(level, clock float64) bool {
	if !t.known || math.Abs(level-t.level) <= jump+jumpSpeed*(clock-t.clock) {
		*t = track{level: level, clock: clock, known: true}
		return true
	}
	if t.times == 0 || math.Abs(level-t.doubt) > jump {
		t.doubt, t.since, t.times = level, clock, 0
	}
	t.times++
	if t.times < jumpTimes || clock-t.since < jumpLasts {
		return false
	}
	*t = track{level: level, clock: clock, known: true}
	return true
}
