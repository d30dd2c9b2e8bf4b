package vision

import "math"

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
