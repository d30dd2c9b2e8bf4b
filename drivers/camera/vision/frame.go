package vision

import (
	"fmt"
	"image"
)

// The size that pictures are reduced to, and the cells that it is divided into.
const (
	width, height = 320, 240
	pixels        = width * height

	cell       = 8 // pixels a side
	cols, rows = width / cell, height / cell
	cells      = cols * rows

	fine               = 4 // pixels a side of a small cell
	fineCols, fineRows = width / fine, height / fine
	fineCells          = fineCols * fineRows
)

// Bounds of a picture's sides, pixels.
const (
	LeastSide = 16
	MostSide  = 8192
)

// frame is a reduced picture.
type frame struct {
	luma   [pixels]uint8
	cb, cr [pixels / 4]uint8 // of two by two pixels
	grey   bool              // it came without colours
}

// plane is one of a picture's planes.
type plane struct {
	pix          []uint8
	stride, w, h int
}

// planes takes a picture apart. The colours of a grey one are empty.
func planes(m image.Image) (y, cb, cr plane, err error) {
	r := m.Bounds()
	if min(r.Dx(), r.Dy()) < LeastSide || max(r.Dx(), r.Dy()) > MostSide {
		return y, cb, cr, fmt.Errorf("a picture of %d × %d; %d to %d pixels a side are looked at", r.Dx(), r.Dy(), LeastSide, MostSide)
	}
	whole := false
	switch m := m.(type) {
	case *image.Gray:
		y, whole = cut(m.Pix, m.PixOffset(r.Min.X, r.Min.Y), m.PixOffset(r.Max.X-1, r.Max.Y-1), m.Stride)
	case *image.YCbCr:
		var c, d bool
		y, whole = cut(m.Y, m.YOffset(r.Min.X, r.Min.Y), m.YOffset(r.Max.X-1, r.Max.Y-1), m.YStride)
		cb, c = cut(m.Cb, m.COffset(r.Min.X, r.Min.Y), m.COffset(r.Max.X-1, r.Max.Y-1), m.CStride)
		cr, d = cut(m.Cr, m.COffset(r.Min.X, r.Min.Y), m.COffset(r.Max.X-1, r.Max.Y-1), m.CStride)
		whole = whole && c && d
	default:
		return y, cb, cr, fmt.Errorf("a picture in %T; *image.YCbCr and *image.Gray are looked at", m)
	}
	if !whole {
		return y, cb, cr, fmt.Errorf("a picture of %d × %d has less memory than that takes", r.Dx(), r.Dy())
	}
	return y, cb, cr, nil
}

// cut is the part of a plane from its first pixel to its last; false if that is not there.
func cut(pix []uint8, first, last, stride int) (plane, bool) {
	if first < 0 || last < first || last >= len(pix) || stride <= 0 {
		return plane{}, false
	}
	return plane{pix[first : last+1], stride, (last-first)%stride + 1, (last-first)/stride + 1}, true
}

// reducer reduces planes. Its memory is what it needs from one row to the next.
type reducer struct {
	sums [width]uint32
	ends [width + 1]int32
}

// take fills f with m; what is masked is black and without colour.
func (r *reducer) take(f *frame, y, cb, cr plane, open *[pixels]uint8) {
	r.reduce(f.luma[:], width, height, y)
	f.grey = cb.w == 0
	if f.grey {
		fill(f.cb[:], 128)
		fill(f.cr[:], 128)
	} else {
		r.reduce(f.cb[:], width/2, height/2, cb)
		r.reduce(f.cr[:], width/2, height/2, cr)
	}
	for i, o := range open {
		if o == 0 {
			f.luma[i] = 0
			c := i/width/2*(width/2) + i%width/2
			f.cb[c], f.cr[c] = 128, 128
		}
	}
}

func fill(p []uint8, v uint8) {
	for i := range p {
		p[i] = v
	}
}

// reduce makes a w × h plane of means: each result is the rounded mean of the whole
// pixels that fall to it, at least of one. A smaller plane is repeated.
func (r *reducer) reduce(to []uint8, w, h int, from plane) {
	for i := range w + 1 {
		r.ends[i] = int32(i * from.w / w)
	}
	sums := r.sums[:w]
	for y := range h {
		top := y * from.h / h
		low := max((y+1)*from.h/h, top+1)
		clear(sums)
		for k := top; k < low; k++ {
			r.add(sums, from.pix[k*from.stride:][:from.w])
		}
		out := to[y*w:][:w]
		tall := uint32(low - top)
		for x, s := range sums {
			n := tall * max(uint32(r.ends[x+1]-r.ends[x]), 1)
			out[x] = uint8((s + n/2) / n)
		}
	}
}

// add adds one row of a plane to the sums of its columns.
func (r *reducer) add(sums []uint32, line []uint8) {
	ends := r.ends[:len(sums)+1]
	from := int(ends[0])
	for x := range sums {
		to := int(ends[x+1])
		if to <= from { // fewer pixels than results
			sums[x] += uint32(line[from])
			continue
		}
		s := uint32(0)
		for _, p := range line[from:to] {
			s += uint32(p)
		}
		sums[x] += s
		from = to
	}
}
