package detect

import (
	"fmt"
	"image"
	"image/color"

	"github.com/lamppost-city/lamppost/drivers"
)

// plane is one of a picture's planes.
type plane struct {
	pix          []uint8
	stride, w, h int
}

// scaler brings pictures to one size and keeps the memory that takes. A result is the
// rounded mean of the whole pixels that fall to it, at least of one: a smaller picture is
// repeated.
type scaler struct {
	w, h   int
	colour bool
	sums   []uint32
	ends   []int
	light  []uint8 // w × h each
	blue   []uint8
	red    []uint8
	dots   []uint8 // what dots returns
}

func newScaler(w, h int, colour bool) *scaler {
	s := &scaler{w: w, h: h, colour: colour, sums: make([]uint32, w), ends: make([]int, w+1), light: make([]uint8, w*h)}
	if colour {
		s.blue, s.red, s.dots = make([]uint8, w*h), make([]uint8, w*h), make([]uint8, 3*w*h)
	}
	return s
}

// take returns the picture as rows from the top without padding, red, green and blue or
// brightness. They are good until the next call.
func (s *scaler) take(m image.Image) ([]uint8, error) {
	r := m.Bounds()
	if r.Dx() < 1 || r.Dy() < 1 {
		return nil, fmt.Errorf("%w: an empty picture", drivers.ErrProtocol)
	}
	last := image.Pt(r.Max.X-1, r.Max.Y-1)
	switch m := m.(type) {
	case *image.Gray:
		s.reduce(s.light, plane{m.Pix[m.PixOffset(r.Min.X, r.Min.Y) : m.PixOffset(last.X, last.Y)+1], m.Stride, r.Dx(), r.Dy()})
		if s.colour {
			for i, v := range s.light {
				s.dots[3*i], s.dots[3*i+1], s.dots[3*i+2] = v, v, v
			}
		}
	case *image.YCbCr:
		s.reduce(s.light, plane{m.Y[m.YOffset(r.Min.X, r.Min.Y) : m.YOffset(last.X, last.Y)+1], m.YStride, r.Dx(), r.Dy()})
		if s.colour {
			s.tint(m, m.COffset(r.Min.X, r.Min.Y), m.COffset(last.X, last.Y))
		}
	default:
		return nil, fmt.Errorf("%w: a picture in %T, neither YCbCr nor grey", drivers.ErrProtocol, m)
	}
	if s.colour {
		return s.dots, nil
	}
	return s.light, nil
}

// tint adds the colours, whose planes go from one offset to another.
func (s *scaler) tint(m *image.YCbCr, from, to int) {
	w, h := (to-from)%m.CStride+1, (to-from)/m.CStride+1
	s.reduce(s.blue, plane{m.Cb[from : to+1], m.CStride, w, h})
	s.reduce(s.red, plane{m.Cr[from : to+1], m.CStride, w, h})
	for i, v := range s.light {
		s.dots[3*i], s.dots[3*i+1], s.dots[3*i+2] = color.YCbCrToRGB(v, s.blue[i], s.red[i])
	}
}

func (s *scaler) reduce(to []uint8, from plane) {
	for i := range s.ends {
		s.ends[i] = i * from.w / s.w
	}
	for y := range s.h {
		top := y * from.h / s.h
		low := max((y+1)*from.h/s.h, top+1)
		clear(s.sums)
		for k := top; k < low; k++ {
			s.add(from.pix[k*from.stride:][:from.w])
		}
		out, tall := to[y*s.w:][:s.w], uint32(low-top)
		for x, sum := range s.sums {
			n := tall * uint32(max(s.ends[x+1]-s.ends[x], 1))
			out[x] = uint8((sum + n/2) / n)
		}
	}
}

// add adds one row to the sums of its columns.
func (s *scaler) add(line []uint8) {
	for x := range s.sums {
		from, to := s.ends[x], s.ends[x+1]
		if to <= from { // fewer pixels than results
			s.sums[x] += uint32(line[from])
			continue
		}
		sum := uint32(0)
		for _, p := range line[from:to] {
			sum += uint32(p)
		}
		s.sums[x] += sum
	}
}
