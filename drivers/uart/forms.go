package uart

import (
	"bytes"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// remark is what a line that is no message says of the part itself.
func (l *listener) remark(b []byte) (m message) {
	if l.restart(b) {
		return message{restarted: true}
	}
	for i := range l.faults {
		if x := &l.faults[i]; x.Text != "" && x.said(b, nil) {
			m.tell(x)
		}
	}
	return m
}

// restart says whether the part tells that it was switched on.
func (l *listener) restart(b []byte) bool {
	return len(l.restarts) > 0 && bytes.Contains(b, l.restarts)
}

func (f *Lines) reader(l *listener, port drivers.Port, asked bool) reader {
	return f.Text.reader(l, port, asked, func(b []byte) (message, bool) { return f.parse(l, b) })
}

// parse reads a line; false: it is none of the part's messages.
func (f *Lines) parse(l *listener, b []byte) (m message, ok bool) {
	if l.restart(b) {
		return message{restarted: true}, true
	}
	at := f.re.FindSubmatchIndex(b)
	if at != nil {
		m = l.values(b, func(c *converter) []byte {
			if from := at[2*c.group]; from >= 0 {
				return b[from:at[2*c.group+1]]
			}
			return nil
		})
	}
	l.judge(&m, b, nil)
	return m, !m.other()
}

func (f *Fields) reader(l *listener, port drivers.Port, asked bool) reader {
	return f.Text.reader(l, port, asked, func(b []byte) (message, bool) { return f.parse(l, b) })
}

// parse takes the fields of a message; false: they are none of the part's.
func (f *Fields) parse(l *listener, b []byte) (m message, ok bool) {
	if l.restart(b) {
		return message{restarted: true}, true
	}
	l.fields = l.fields[:0]
	for rest, more := b, true; more; {
		var one []byte
		one, rest, more = bytes.Cut(rest, []byte(f.Separator))
		l.fields = append(l.fields, one)
	}
	if f.fits(l) {
		m = l.values(b, func(c *converter) []byte { return c.field(l.fields) })
	}
	l.judge(&m, b, l.fields)
	return m, !m.other()
}

// fits says whether there are as many fields as there must be.
func (f *Fields) fits(l *listener) bool {
	if f.Count > 0 {
		return len(l.fields) == f.Count
	}
	for i := range l.convs {
		c := &l.convs[i].spec
		if c.Field != nil && *c.Field >= len(l.fields) || c.Field == nil && keyed(l.fields, c.Key) < 0 {
			return false
		}
	}
	return true
}

// keyed is the number of the field that begins with key; -1: there is none.
func keyed(fields [][]byte, key string) int {
	for i, b := range fields {
		if bytes.HasPrefix(bytes.TrimLeft(b, " "), []byte(key)) {
			return i
		}
	}
	return -1
}

// field is what stands for the channel; nil: nothing does.
func (c *converter) field(fields [][]byte) []byte {
	if n := c.spec.Field; n != nil {
		if *n < len(fields) {
			return fields[*n]
		}
		return nil
	}
	i := keyed(fields, c.spec.Key)
	if i < 0 {
		return nil
	}
	rest := bytes.TrimPrefix(bytes.TrimLeft(fields[i], " "), []byte(c.spec.Key))
	if len(bytes.TrimSpace(rest)) == 0 && i+1 < len(fields) {
		return fields[i+1]
	}
	return rest
}

func (f *Frame) reader(l *listener, port drivers.Port, _ bool) reader {
	return frame.NewReader(port, f.format(l))
}

// format says what the frames look like.
func (f *Frame) format(l *listener) frame.Format[message] {
	decode := func(b []byte) (message, bool) { return f.decode(l, b) }
	if s, stuffed := stuffings[f.Stuffing]; stuffed {
		inside := make([]byte, 0, f.longest())
		size := func(b []byte) int {
			n := s.size(b)
			if n > 0 && n <= len(b) {
				var ok bool
				if inside, ok = s.strip(inside[:0], b[:n]); !ok || !f.fits(inside) {
					return 0
				}
			}
			return n
		}
		return frame.Format[message]{Head: []byte{s.around}, Max: 2*f.longest() + 2, Size: size, Decode: func([]byte) (message, bool) { return decode(inside) }}
	}
	return frame.Format[message]{Head: f.Starts, Max: f.longest(), Size: f.size, Decode: decode}
}

// longest is the size of the longest frame.
func (f *Frame) longest() int {
	if f.Length.Fixed > 0 {
		return f.Length.Fixed
	}
	return f.Longest
}

// size is what frame.Format wants: the size of the frame that b begins, 0 if no frame
// begins so, more than there is while that cannot be told.
func (f *Frame) size(b []byte) int {
	n := f.says(b)
	if n > 0 && n <= len(b) && !f.fits(b[:n]) {
		return 0
	}
	return n
}

// says is how long a frame says that it is; 0: it cannot be.
func (f *Frame) says(b []byte) int {
	if !f.Length.From {
		return f.Length.Fixed
	}
	n, there, err := numberIn(b, f.Length.At, f.Length.Type, f.Length.Order, noBits)
	if !there {
		return len(b) + 1
	}
	size := n.Int + int64(f.Length.Add)
	if err != nil || !n.Whole || size < int64(f.least()) || size > int64(f.Longest) {
		return 0
	}
	return int(size)
}

// least is how short a frame may be.
func (f *Frame) least() int {
	return max(len(f.Starts)+len(f.Ends)+sums[f.Sum.Kind], f.Length.At+f.Length.Type.bytes, 1)
}

// fits says whether a whole frame begins, ends and is as long as one does.
func (f *Frame) fits(b []byte) bool {
	size := len(b)
	if f.Length.From || f.Length.Fixed > 0 {
		size = f.says(b)
	}
	return size == len(b) && len(b) >= len(f.Starts)+len(f.Ends) && bytes.HasPrefix(b, f.Starts) && bytes.HasSuffix(b, f.Ends)
}

// decode checks and reads a frame; false: the checksum is wrong.
func (f *Frame) decode(l *listener, b []byte) (m message, ok bool) {
	if !f.Sum.holds(b) {
		return m, false
	}
	m.readings = make([]obs.Reading, len(l.convs))
	for i := range l.convs {
		m.readings[i] = l.convs[i].number(b)
	}
	l.judge(&m, b, nil)
	return m, true
}
