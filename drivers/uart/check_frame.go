package uart

import (
	"fmt"
	"slices"
	"strings"
)

// frame checks how frames look and sets what follows from the rest.
func (c *checker) frame() {
	f := c.f.Frame
	if f.Longest == 0 {
		f.Longest = defaultFrame
	}
	_, stuffed := stuffings[f.Stuffing]
	switch {
	case !stuffed && !slices.Contains([]string{"", "none"}, f.Stuffing):
		c.report(badFrame, fmt.Sprintf("%q is no stuffing; write none, shdlc or slip", f.Stuffing), "frame", "stuffing")
	case !stuffed && len(f.Starts) == 0:
		c.report(badFrame, "a frame needs starts: at least one byte that every frame begins with, like FF", "frame", "starts")
	case f.Longest < 1 || f.Longest > maxFrame:
		c.report(badFrame, fmt.Sprintf("a frame has at most %d bytes", maxFrame), "frame", "longest")
	case !stuffed && f.Length.Fixed == 0 && !f.Length.From:
		c.report(badFrame, "write length: so many bytes, or {at: 2, type: uint8, add: 4} where the frame says it", "frame", "length")
	default:
		c.length()
		c.sum()
	}
}

func (c *checker) length() {
	f := c.f.Frame
	l := f.Length
	if l.From {
		switch {
		case l.At < 0 || l.At+l.Type.bytes > f.Longest:
			c.report(badFrame, "the length stands near the frame's beginning; at counts from 0", "frame", "length", "at")
		case !l.Type.whole() || !l.Type.takes(l.Order):
			c.report(badFrame, fmt.Sprintf("a length is no %s in the order %s", l.Type, l.Order), "frame", "length", "type")
		}
		return
	}
	if least := len(f.Starts) + len(f.Ends) + sums[f.Sum.Kind]; c.has("frame", "length") && (l.Fixed < max(least, 1) || l.Fixed > maxFrame) {
		c.report(badFrame, fmt.Sprintf("a frame of %d bytes; with what it starts and ends with and its checksum it has %d at least, and %d at most", l.Fixed, least, maxFrame), "frame", "length")
	}
}

// sum checks the checksum and sets where it stands.
func (c *checker) sum() {
	f := c.f.Frame
	s := &f.Sum
	if !c.has("frame", "sum") {
		return
	}
	n, known := sums[s.Kind]
	if !known {
		c.report(badFrame, fmt.Sprintf("%q is no checksum; write one of %s", s.Kind, strings.Join(sumNames(), ", ")), "frame", "sum", "kind")
		return
	}
	if s.At == nil {
		at := -n - len(f.Ends)
		s.At = &at
	}
	if s.To == nil {
		s.To = s.At
	}
	for _, key := range []string{"poly", "init", "xor", "reflected"} {
		if s.Kind != "crc8" && c.has("frame", "sum", key) {
			c.report(badFrame, key+" belongs to crc8; the others are known by their names", "frame", "sum", key)
		}
	}
	switch size := f.Length.Fixed; {
	case s.Kind == "crc8" && (s.Poly == nil || *s.Poly == 0):
		c.report(badFrame, "crc8 needs poly, its polynomial without the highest bit: 0x31 of x^8+x^5+x^4+1", "frame", "sum")
	case !slices.Contains([]string{"", "be", "le"}, s.Order):
		c.report(badFrame, fmt.Sprintf("%q is no order; write be (high byte first) or le", s.Order), "frame", "sum", "order")
	case s.Order != "" && n == 1:
		c.report(badFrame, "a checksum of one byte has no order", "frame", "sum", "order")
	case size > 0 && (fromEnd(*s.At, size) < 0 || fromEnd(*s.At, size)+n > size):
		c.report(badFrame, "the checksum stands outside the frame", "frame", "sum", "at")
	case size > 0 && (fromEnd(s.From, size) < 0 || fromEnd(s.From, size) > fromEnd(*s.To, size) || fromEnd(*s.To, size) > size):
		c.report(badFrame, "the checksum is over nothing, or over more than the frame; from and to count from 0, or, negative, from the end", "frame", "sum", "from")
	}
	if s.Order == "" && (s.Kind == "crc16-modbus" || s.Kind == "crc16-arc") {
		s.Order = "le"
	}
}

func sumNames() (names []string) {
	for name := range sums {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
