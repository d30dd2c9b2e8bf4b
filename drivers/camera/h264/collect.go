package h264

import (
	"bytes"
	"errors"
	"fmt"
)

// mostSets is how many parameter sets of either kind are kept. Cameras send one or two.
const mostSets = 32

// ErrSize: the stream's pictures are of a size that is not taken. What its decoder would
// need nobody has asked for yet.
var ErrSize = errors.New("its H.264 is refused by its header")

// Collector puts the units of one key picture together. It holds a picture and the
// parameter sets.
type Collector struct {
	limit     int
	fits      func(width, height int) error
	sequences map[uint32][]byte
	pictures  map[uint32]pictureSet
	uses      uint32 // the sequence parameter set of the slices
	slices    []byte // with start codes; empty: no picture has begun
	full      bool   // a second picture of the same time has begun
}

type pictureSet struct {
	unit     []byte
	sequence uint32
}

// NewCollector returns a collector of pictures of at most limit bytes. fits says why a size
// is not taken; it is asked for each sequence parameter set, and what it says comes wrapped
// in ErrSize.
func NewCollector(limit int, fits func(width, height int) error) *Collector {
	return &Collector{limit: limit, fits: fits, sequences: map[uint32][]byte{}, pictures: map[uint32]pictureSet{}}
}

// Add takes a unit. Some cameras put several into one, with start codes between: they are
// taken apart, so that none hides in another. After an error the picture, if one had begun,
// is given up.
func (c *Collector) Add(unit []byte) error {
	for _, u := range split(unit) {
		if err := c.add(u); err != nil {
			c.Drop()
			return err
		}
	}
	return nil
}

var startCode = []byte{0, 0, 1}

// split cuts at start codes, and takes away the zeros before one and at the end.
func split(unit []byte) (all [][]byte) {
	for piece := range bytes.SplitSeq(unit, startCode) {
		if piece = bytes.TrimRight(piece, "\x00"); len(piece) > 0 {
			all = append(all, piece)
		}
	}
	return all
}

func (c *Collector) add(u []byte) error {
	switch u[0] & 0x9F { // the forbidden bit, and the kind
	case unitSequence:
		return c.addSequence(u)
	case unitPicture:
		return c.addPicture(u)
	case unitIDR:
		return c.addSlice(u)
	}
	return nil
}

// addSequence keeps a set, if its pictures are of a size that is taken.
func (c *Collector) addSequence(u []byte) error {
	s, err := ParseSequence(u)
	if err != nil {
		return err
	}
	if bytes.Equal(c.sequences[s.ID], u) {
		return nil
	}
	if len(c.slices) > 0 && s.ID == c.uses {
		return errors.New("a parameter set changes in the middle of a picture")
	}
	delete(c.sequences, s.ID)
	if err := c.fits(s.Width, s.Height); err != nil {
		return fmt.Errorf("%w: %w", ErrSize, err)
	}
	c.sequences[s.ID] = bytes.Clone(u) // at most 32: so many numbers there are
	return nil
}

func (c *Collector) addPicture(u []byte) error {
	own, sequence, err := ids(u)
	if err != nil {
		return err
	}
	if _, known := c.pictures[own]; !known && len(c.pictures) == mostSets {
		return fmt.Errorf("more than %d picture parameter sets", mostSets)
	}
	c.pictures[own] = pictureSet{bytes.Clone(u), sequence}
	return nil
}

// addSlice adds a slice of a key picture (7.3.3: first block, kind, picture parameter set).
func (c *Collector) addSlice(u []byte) error {
	r := newBits(u, 16)
	block, _, number := r.ue(), r.ue(), r.ue()
	if r.short {
		return fmt.Errorf("a slice: %w", errShort)
	}
	begins := len(c.slices) == 0
	switch {
	case c.full, begins && block != 0: // the beginning was missed
		return nil
	case !begins && block == 0:
		c.full = true
		return nil
	}
	set, known := c.pictures[number]
	if !known || c.sequences[set.sequence] == nil {
		return errors.New("a key picture without its parameter sets")
	}
	if begins {
		c.uses = set.sequence
	}
	if set.sequence != c.uses {
		return errors.New("a picture with two sequence parameter sets")
	}
	if n := len(c.slices) + len(startCode) + len(u); n > c.limit {
		return fmt.Errorf("a key picture of more than %d bytes (max_bytes)", c.limit)
	}
	c.slices = append(append(c.slices, startCode...), u...)
	return nil
}

// Begun says whether a slice of a picture is held.
func (c *Collector) Begun() bool { return len(c.slices) > 0 }

// Drop gives the picture up that has begun; the parameter sets stay.
func (c *Collector) Drop() { c.slices, c.full = c.slices[:0], false }

// Finish returns the picture that has begun, as a byte stream with its parameter sets in
// front; nil: none has. The bytes are the caller's.
func (c *Collector) Finish() ([]byte, error) {
	defer c.Drop()
	if !c.Begun() {
		return nil, nil
	}
	var out []byte
	unit := func(u []byte) { out = append(append(out, startCode...), u...) }
	unit(c.sequences[c.uses])
	for n := uint32(0); n <= 255; n++ {
		if set, ok := c.pictures[n]; ok && set.sequence == c.uses {
			unit(set.unit)
		}
	}
	if len(out)+len(c.slices) > c.limit {
		return nil, fmt.Errorf("a key picture of more than %d bytes (max_bytes)", c.limit)
	}
	return append(out, c.slices...), nil
}
