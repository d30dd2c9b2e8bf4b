package vision

import "math"

// graduation tells a staff from a wall, a parapet or a time stamp: its bars and figures
// come again from decimetre to decimetre, and how many rows a decimetre has is known from
// the marks. What is busy and does not repeat at that distance is no staff.
type graduation struct {
	detail [stripRows * stripCols]float64 // levels, less the mean of the decimetre around them in their column
	lags   []int                          // rows, about a decimetre: a staff is seen a little from above or below
	like   [mostLags][stripRows + 1]float64
	energy [stripRows + 1]float64
	rows   int
	length int // rows of a decimetre, 0: too few to tell
}

// Of the graduation. A staff's decimetres correlate by 0.4 to 0.9, for their figures differ;
// those of walls by 0.1 to 0.3, and by chance more over a short stretch.
const (
	leastRows  = 4    // of the strip for each decimetre
	lagReach   = 0.15 // of a decimetre, by which it may look shorter or longer than between the marks
	lagStep    = 32   // to a decimetre
	mostLags   = 13   // that fit into the reach
	leastStaff = 0.3  // correlation of a staff, from the upper mark on
	leastAlike = 0.35 // of the decimetre above the line
	leastShort = 0.5  // of two decimetres where there are no more
	leastShare = 0.85 // of the staff's rows that are as like as leastStaff
	mostBeyond = 0.35 // of a staff's strength in the decimetre below the line
)

// measure looks for the graduation in a strip of rows of which a decimetre has so many.
func (g *graduation) measure(median *[stripRows * stripCols]uint8, rows int, decimetre float64) {
	g.rows, g.length = rows, int(decimetre+0.5)
	if decimetre < leastRows || 2*g.length > rows {
		g.length = 0
		return
	}
	for c := range stripCols {
		g.sharpen(median, c)
	}
	for k := range rows {
		g.energy[k+1] = g.energy[k] + dot(g.row(k), g.row(k))
	}
	g.lags = g.lags[:0]
	step := max(g.length/lagStep, 1)
	for lag := g.length - int(lagReach*decimetre); lag <= g.length+int(lagReach*decimetre+0.5) && len(g.lags) < mostLags; lag += step {
		like := &g.like[len(g.lags)]
		like[lag] = 0
		for k := lag; k < rows; k++ {
			like[k+1] = like[k] + dot(g.row(k), g.row(k-lag))
		}
		g.lags = append(g.lags, lag)
	}
}

// sharpen sets the detail of a column.
func (g *graduation) sharpen(median *[stripRows * stripCols]uint8, c int) {
	from, to, sum := 0, 0, 0
	for k := range g.rows {
		for ; to < min(k-g.length/2+g.length, g.rows); to++ {
			sum += int(median[to*stripCols+c])
		}
		for ; from < k-g.length/2; from++ {
			sum -= int(median[from*stripCols+c])
		}
		g.detail[k*stripCols+c] = float64(median[k*stripCols+c]) - float64(sum)/float64(to-from)
	}
}

func (g *graduation) row(k int) []float64 { return g.detail[k*stripCols:][:stripCols] }

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

// alike is how well so many rows above a row correlate with those a decimetre higher, -1 to
// 1; 0 where there are not as many.
func (g *graduation) alike(row, rows int) (best float64) {
	from := row - rows
	if g.length == 0 || rows <= 0 || row > g.rows {
		return 0
	}
	for i, lag := range g.lags {
		if from < lag {
			break
		}
		e := (g.energy[row] - g.energy[from]) * (g.energy[row-lag] - g.energy[from-lag])
		best = max(best, (g.like[i][row]-g.like[i][from])/math.Sqrt(e+1))
	}
	return best
}

// Nobody knows the row of the line so well before it is found: a quarter of a decimetre on
// either side is left out.
func (g *graduation) slack() int { return g.length / 4 }

// ends says whether a staff ends at a row, of which nobody knows where it begins: there are
// three decimetres of one.
func (g *graduation) ends(row int) bool {
	row -= g.slack()
	return g.alike(row, 2*g.length) >= leastShort && g.alike(row, g.length) >= leastAlike
}

// reaches says whether a staff goes from one row down to another, which are more than two
// decimetres apart; far is whether they are.
func (g *graduation) reaches(from, to int) (staff, far bool) {
	from, to = max(from, 0)+g.length+g.slack(), to-g.slack()
	if g.length == 0 || to-from < g.length {
		return false, false
	}
	if g.alike(to, g.length) < leastAlike || g.alike(to, to-from) < g.enough(to-from) {
		return false, true
	}
	seen, n := 0, 0
	for row := from + g.length; row <= to; row++ {
		n++
		if g.alike(row, g.length) >= leastStaff {
			seen++
		}
	}
	return float64(seen) >= leastShare*float64(n), true
}

// enough is how well so many rows of a staff correlate at least: fewer may do so by chance.
func (g *graduation) enough(rows int) float64 {
	long := float64(rows)/float64(g.length) - 2 // decimetres more than two
	if long < 0 {
		return leastShort - 0.3*long
	}
	return max(leastShort-(leastShort-leastStaff)*long/4, leastStaff)
}

// goesOn says whether the staff goes on below a row: what is there is like it, and nearly
// as strong. A reflection is weaker, or the other way round.
func (g *graduation) goesOn(row int) bool {
	from, to := row+g.slack(), min(row+g.slack()+g.length, g.rows)
	if g.length == 0 || to-from < g.length/2 {
		return false
	}
	most := 0.0
	for i, lag := range g.lags {
		if from >= lag {
			most = max(most, (g.like[i][to]-g.like[i][from])/(g.energy[to-lag]-g.energy[from-lag]+1))
		}
	}
	return most > mostBeyond
}
