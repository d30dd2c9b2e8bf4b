package vision

// patch is what a cell shows.
type patch struct {
	luma    float32
	texture float32 // mean squared step to the next pixel, without noise
	cb, cr  float32 // from grey
}

func (p patch) grey() float32 { return max(p.cb, -p.cb) + max(p.cr, -p.cr) }

// patches fills to from a picture whose noise has a deviation in levels. White noise of
// deviation s adds 4 s² to the squared steps.
func patches(to *[cells]patch, f *frame, noise float64) {
	for y := range rows {
		for x := range cols {
			p := &to[y*cols+x]
			p.take(f, x, y)
			p.texture = max(p.texture-float32(4*noise*noise), 0)
		}
	}
}

func (p *patch) take(f *frame, x, y int) {
	at := y*cell*width + x*cell
	var sum, steps int32
	for r := range cell {
		line := f.luma[at+r*width:][:cell:cell]
		next := line
		if r < cell-1 {
			next = f.luma[at+(r+1)*width:][:cell:cell]
		}
		last := int32(line[0])
		for i, b := range line {
			v := int32(b)
			sum += v
			down, right := int32(next[i])-v, v-last
			steps += down*down + right*right
			last = v
		}
	}
	p.luma = float32(sum) / (cell * cell)
	p.texture = float32(steps) / (cell * (cell - 1))
	var cb, cr int32
	const half = cell / 2
	for r := range half {
		k := (y*half+r)*(width/2) + x*half
		for i := range half {
			cb += int32(f.cb[k+i])
			cr += int32(f.cr[k+i])
		}
	}
	p.cb, p.cr = float32(cb)/(half*half)-128, float32(cr)/(half*half)-128
}

// regions finds cells that hang together.
type regions struct {
	label [cells]uint8
	queue [cells]uint16
}

// each calls with for every region of cells that are in: eight neighbours hang together.
// A region is only good during the call.
func (r *regions) each(in func(c int) bool, with func(region []uint16)) {
	clear(r.label[:])
	for c := range r.label {
		if r.label[c] == 0 && in(c) {
			with(r.spread(in, c))
		}
	}
}

func (r *regions) spread(in func(c int) bool, c int) []uint16 {
	r.queue[0], r.label[c] = uint16(c), 1
	n := 1
	for i := 0; i < n; i++ {
		x, y := int(r.queue[i])%cols, int(r.queue[i])/cols
		for v := max(y-1, 0); v <= min(y+1, rows-1); v++ {
			for u := max(x-1, 0); u <= min(x+1, cols-1); u++ {
				if o := v*cols + u; r.label[o] == 0 && in(o) {
					r.label[o] = 1
					r.queue[n] = uint16(o)
					n++
				}
			}
		}
	}
	return r.queue[:n]
}
