package vision

// Of what passes before the staff.
const (
	mostMoving   = 0.35 // share of the strip that may move
	passing      = 20   // levels, beside noise, by which a pixel differs where something passes
	swayRows     = 6    // of the strip, that a mast in the wind moves it by
	swayCols     = 3
	mostShaken   = 0.25 // of its places that differ all the same
	noiseMoves   = 1.13 // levels that pixels differ by for one of noise
	clearlyMoves = 3    // levels beyond noise by which water moves,
	hardlyMoves  = 0.5  // and what is before it does not
)

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

// lapping is how much moves below a line, in levels beyond the noise, and whether it hides
// the line.
type lapping struct {
	below float64 // just below it
	hides bool    // that stands still, before water that moves
}

// lapping measures it below a row.
func (s *staff) lapping(row, noise float64) (l lapping) {
	at, w := int(row+0.5), s.lay.window
	beyond := func(from, to int) float64 { return max(s.moving(from, min(to, s.lay.rows))-noiseMoves*noise, 0) }
	l.below = beyond(at+w/4, at+w)
	lively, n := 0, 0
	for from := at + w; from+w <= s.lay.rows; from += w {
		if beyond(from, from+w) > clearlyMoves+noise/2 {
			lively++
		}
		n++
	}
	l.hides = 2*lively > n && l.below < hardlyMoves+noise/4
	return l
}
