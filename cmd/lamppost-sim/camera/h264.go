package camera

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
)

// coder writes pictures as H.264 (ITU-T H.264, constrained baseline): key pictures whose
// blocks are plain samples (I_PCM, no loss, 1.5 bytes a pixel and a little), and between them
// pictures in which nothing has changed (P_Skip, some bytes). It shares nothing with whoever
// reads them. Sides are multiples of 16; samples have the full range of JPEG.
type coder struct {
	width, height int
	frame         uint32 // number of the picture since the last key picture
	key           uint32 // number of the key picture, in turn 0 and 1
}

// bitWriter writes a unit's bits.
type bitWriter struct {
	b    []byte
	held uint32
	n    int
}

func (w *bitWriter) u(n int, v uint32) {
	for i := n - 1; i >= 0; i-- {
		w.held = w.held<<1 | v>>i&1
		if w.n++; w.n == 8 {
			w.b, w.held, w.n = append(w.b, byte(w.held)), 0, 0
		}
	}
}

// ue is an unsigned Exp-Golomb number: as many zeros as v+1 has bits behind its first.
func (w *bitWriter) ue(v uint32) {
	n := 0
	for (v+1)>>(n+1) > 0 {
		n++
	}
	w.u(n, 0)
	w.u(n+1, v+1)
}

// align fills the byte with zeros, which is what I_PCM wants.
func (w *bitWriter) align() {
	for w.n != 0 {
		w.u(1, 0)
	}
}

// unit ends a unit with its stop bit, and guards it against start codes.
func (w *bitWriter) unit(head byte) []byte {
	w.u(1, 1)
	w.align()
	out, zeros := make([]byte, 1, len(w.b)+len(w.b)/100+8), 0
	out[0] = head
	for _, c := range w.b {
		if zeros == 2 && c <= 3 {
			out, zeros = append(out, 3), 0
		}
		if out = append(out, c); c == 0 {
			zeros++
		} else {
			zeros = 0
		}
	}
	return out
}

// sequence is the sequence parameter set (7.3.2.1.1), with the colours' meaning (annex E).
func (c *coder) sequence() []byte {
	w := &bitWriter{}
	w.u(8, 66)   // baseline,
	w.u(8, 0xC0) // constrained
	w.u(8, 40)   // level 4
	w.ue(0)
	w.ue(0) // numbers of 4 bits
	w.ue(2) // shown in the order of coding
	w.ue(1) // one reference
	w.u(1, 0)
	w.ue(uint32(c.width/16 - 1))
	w.ue(uint32(c.height/16 - 1))
	w.u(1, 1) // frames only
	w.u(1, 1)
	w.u(1, 0) // nothing is cut off
	w.u(1, 1) // video usability information:
	w.u(1, 0)
	w.u(1, 0)
	w.u(1, 1)  // a signal,
	w.u(3, 5)  // of no particular kind,
	w.u(1, 1)  // of full range,
	w.u(1, 1)  // with colours
	w.u(8, 1)  // of BT.709,
	w.u(8, 13) // sRGB's curve,
	w.u(8, 6)  // and JPEG's matrix
	for range 6 {
		w.u(1, 0) // no places, times, buffers, structure or limits
	}
	return w.unit(0x67)
}

// picture is the picture parameter set (7.3.2.2).
func (c *coder) picture() []byte {
	w := &bitWriter{}
	w.ue(0)
	w.ue(0)
	w.u(2, 0) // no arithmetic coding, no fields
	w.ue(0)
	w.ue(0)
	w.ue(0)
	w.u(3, 0) // no weights
	w.ue(0)
	w.ue(0)
	w.ue(0)
	w.u(3, 4) // the filter is switched in each slice
	return w.unit(0x68)
}

// slice begins a slice of a whole picture (7.3.3).
func (c *coder) slice(w *bitWriter, kind uint32) {
	w.ue(0) // from the first block on
	w.ue(kind)
	w.ue(0)
	w.u(4, c.frame)
}

// intra is a key picture, of so many slices that none has more than rows rows of blocks.
func (c *coder) intra(m *image.YCbCr, rows int) (units [][]byte) {
	c.frame, c.key = 0, 1-c.key
	for top := 0; top < c.height/16; top += rows {
		w := &bitWriter{b: make([]byte, 0, c.width*16*rows*3/2+4096)}
		w.ue(uint32(top * c.width / 16))
		w.ue(7) // all slices of the picture are I
		w.ue(0)
		w.u(4, 0)
		w.ue(c.key)
		w.u(2, 0) // no reference for long
		w.ue(0)   // the quantiser of the picture, not used
		w.ue(1)   // no filter
		for y := top; y < min(top+rows, c.height/16); y++ {
			for x := range c.width / 16 {
				w.ue(25) // I_PCM
				w.align()
				w.b = appendBlock(w.b, m, 16*x, 16*y)
			}
		}
		units = append(units, w.unit(0x65))
	}
	return units
}

// appendBlock appends the samples of a block of 16 by 16 (7.3.5).
func appendBlock(b []byte, m *image.YCbCr, x, y int) []byte {
	for row := range 16 {
		b = append(b, m.Y[(y+row)*m.YStride+x:][:16]...)
	}
	for _, plane := range [][]byte{m.Cb, m.Cr} {
		for row := range 8 {
			b = append(b, plane[(y/2+row)*m.CStride+x/2:][:8]...)
		}
	}
	return b
}

// same is a picture in which nothing has changed.
func (c *coder) same() []byte {
	c.frame = (c.frame + 1) % 16
	w := &bitWriter{}
	c.slice(w, 5) // all slices of the picture are P
	w.u(1, 0)     // as many references as the set says
	w.u(1, 0)     // in their order
	w.u(1, 0)     // which moves on
	w.ue(0)
	w.ue(1) // no filter
	w.ue(uint32(c.width * c.height / 256))
	return w.unit(0x61)
}

// planes decodes a JPEG of Go's encoder, 4:2:0 or grey, into planes whose sides are multiples
// of 16: what is more is cut off.
func planes(b []byte) (*image.YCbCr, error) {
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	whole := image.Rect(0, 0, m.Bounds().Dx()/16*16, m.Bounds().Dy()/16*16)
	switch p := m.(type) {
	case *image.YCbCr:
		if p.SubsampleRatio == image.YCbCrSubsampleRatio420 {
			return p.SubImage(whole).(*image.YCbCr), nil
		}
	case *image.Gray:
		out := image.NewYCbCr(whole, image.YCbCrSubsampleRatio420)
		for y := range whole.Dy() {
			copy(out.Y[y*out.YStride:][:whole.Dx()], p.Pix[y*p.Stride:])
		}
		for i := range out.Cb {
			out.Cb[i], out.Cr[i] = 128, 128
		}
		return out, nil
	}
	return nil, errors.New("a picture that is neither 4:2:0 nor grey")
}
