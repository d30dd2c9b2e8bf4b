package h264

import (
	"errors"
	"fmt"
	"slices"
)

// Sequence is what a sequence parameter set says of the pictures.
type Sequence struct {
	ID            uint32 // 0 to 31
	Width, Height int    // pixels as they are coded, in whole blocks of 16; what is cut off for show is in them
}

// maxSet is the longest parameter set, bytes. Real ones have 10 to 60; scaling lists make a
// few hundred.
const maxSet = 1024

// mostBlocks a side are told apart; more are as many.
const mostBlocks = 1 << 20

// withChroma are the profiles whose set has the fields of the high ones (7.3.2.1.1).
var withChroma = []uint32{100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}

// ParseSequence reads a sequence parameter set, with its head (7.3.2.1.1). Whatever its size
// is, it is told: whether that is taken is the caller's business.
func ParseSequence(unit []byte) (s Sequence, err error) {
	if len(unit) < 4 || len(unit) > maxSet || unit[0]&0x1F != unitSequence {
		return s, fmt.Errorf("%d bytes are no sequence parameter set", len(unit))
	}
	r := newBits(unit, maxSet)
	profile := r.u(8)
	r.u(16) // constraints, level
	if s.ID = r.ue(); s.ID > 31 {
		return s, fmt.Errorf("a sequence parameter set has the number %d", s.ID)
	}
	if slices.Contains(withChroma, profile) {
		if err := skipChroma(r); err != nil {
			return s, err
		}
	}
	if err := skipOrder(r); err != nil {
		return s, err
	}
	if n := r.ue(); n > 16 {
		return s, fmt.Errorf("%d reference pictures", n)
	}
	r.flag() // gaps in the numbers
	columns, rows := r.ue(), r.ue()
	s.Width, s.Height = 16*(int(min(columns, mostBlocks))+1), 16*(int(min(rows, mostBlocks))+1)
	if !r.flag() { // fields: a row of blocks stands for two
		s.Height *= 2
	}
	if r.short {
		return Sequence{}, fmt.Errorf("a sequence parameter set: %w", errShort)
	}
	return s, nil
}

// skipChroma passes over the colour format and the scaling lists.
func skipChroma(r *bits) error {
	format := r.ue()
	if format > 3 {
		return fmt.Errorf("colour format %d", format)
	}
	if format == 3 {
		r.flag() // colours as pictures of their own
	}
	if light, colour := r.ue(), r.ue(); light > 6 || colour > 6 {
		return fmt.Errorf("%d and %d bits a sample", 8+uint64(light), 8+uint64(colour))
	}
	r.flag() // lossless
	if !r.flag() {
		return nil
	}
	lists := 8
	if format == 3 {
		lists = 12
	}
	for i := range lists {
		if r.flag() {
			n := 16
			if i >= 6 {
				n = 64
			}
			skipList(r, n)
		}
	}
	return nil
}

// skipList passes over a scaling list (7.3.2.1.1.1).
func skipList(r *bits, n int) {
	last, next := int32(8), int32(8)
	for range n {
		if next != 0 {
			next = (last + r.se()%256 + 256) % 256
		}
		if next != 0 {
			last = next
		}
	}
}

// skipOrder passes over how pictures are numbered and ordered.
func skipOrder(r *bits) error {
	if n := r.ue(); n > 12 {
		return fmt.Errorf("picture numbers of %d bits", 4+uint64(n))
	}
	switch kind := r.ue(); kind {
	case 0:
		if n := r.ue(); n > 12 {
			return fmt.Errorf("an order of %d bits", 4+uint64(n))
		}
	case 1:
		r.flag()
		r.se()
		r.se()
		n := r.ue()
		if n > 255 {
			return fmt.Errorf("a cycle of %d pictures", n)
		}
		for range n {
			r.se()
		}
	case 2:
	default:
		return fmt.Errorf("order of kind %d", kind)
	}
	return nil
}

// ids returns the first two numbers of a picture parameter set (7.3.2.2): its own, and that
// of its sequence parameter set.
func ids(unit []byte) (own, sequence uint32, err error) {
	if len(unit) > maxSet {
		return 0, 0, fmt.Errorf("a picture parameter set of %d bytes", len(unit))
	}
	r := newBits(unit, 16)
	own, sequence = r.ue(), r.ue()
	switch {
	case r.short:
		return 0, 0, fmt.Errorf("a picture parameter set: %w", errShort)
	case own > 255 || sequence > 31:
		return 0, 0, errors.New("a picture parameter set has a number that cannot be")
	}
	return own, sequence, nil
}
