package truth

import "sort"

// candidate is a truth line as the alignment sees it.
type candidate struct {
	t        int64
	required bool // preferred over one that may be missing
	same     func(Point) bool
}

// score says how good an alignment is: as many pairs as possible; among those,
// as many with required lines as possible; among those, the shortest distance in
// time. (Weights in one number would overflow within hours of a fast stream.)
type score struct{ pairs, required, apart int64 }

func (s score) better(o score) bool {
	switch {
	case s.pairs != o.pairs:
		return s.pairs > o.pairs
	case s.required != o.required:
		return s.required > o.required
	default:
		return s.apart < o.apart
	}
}

// The moves that lead to a cell of the table.
const (
	skipLine = iota
	skipPoint
	take
)

// row is one line of the alignment table: cells for having consumed lo … hi
// points.
type row struct {
	lo    int
	score []score
	move  []uint8
}

func (r row) hi() int { return r.lo + len(r.score) - 1 }

// at returns the score for having consumed j points; beyond the row's end
// nothing more can be won, since those points are too late for its lines.
func (r row) at(j int) score { return r.score[min(j, r.hi())-r.lo] }

// align pairs lines with points, both in the order of time, without crossing,
// each used at most once, at most tol ms apart. It returns for each line the
// index of its point, or -1, and for each point the index of its line, or -1.
//
// It is the alignment of two sequences by dynamic programming, in a band as wide
// as tol: a nearest-first search would leave pairs undone when a constant value
// arrives with a constant delay.
func align(lines []candidate, points []Point, tol int64) (ofLine, ofPoint []int) {
	rows := make([]row, len(lines)+1)
	rows[0] = row{score: []score{{}}, move: []uint8{skipPoint}}
	for i, l := range lines {
		rows[i+1] = nextRow(rows[i], l, points, tol)
	}
	ofLine, ofPoint = fill(len(lines)), fill(len(points))
	j := rows[len(lines)].hi()
	for i := len(lines); i > 0; {
		r := rows[i]
		j = min(j, r.hi())
		switch r.move[j-r.lo] {
		case take:
			i, j = i-1, j-1
			ofLine[i], ofPoint[j] = j, i
		case skipPoint:
			j--
		default:
			i--
		}
	}
	return ofLine, ofPoint
}

func nextRow(prev row, l candidate, points []Point, tol int64) row {
	lo := sort.Search(len(points), func(j int) bool { return points[j].T >= l.t-tol })
	hi := sort.Search(len(points), func(j int) bool { return points[j].T > l.t+tol })
	r := row{lo: lo, score: make([]score, hi-lo+1), move: make([]uint8, hi-lo+1)}
	for j := lo; j <= hi; j++ {
		best, move := prev.at(j), uint8(skipLine)
		if j > lo {
			if s := r.score[j-1-lo]; s.better(best) {
				best, move = s, skipPoint
			}
			if p := points[j-1]; l.same(p) {
				if s := prev.at(j-1).with(l, p); s.better(best) {
					best, move = s, take
				}
			}
		}
		r.score[j-lo], r.move[j-lo] = best, move
	}
	return r
}

func (s score) with(l candidate, p Point) score {
	s.pairs++
	if l.required {
		s.required++
	}
	s.apart += abs(l.t - p.T)
	return s
}

func abs(n int64) int64 { return max(n, -n) }

func fill(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = -1
	}
	return s
}
