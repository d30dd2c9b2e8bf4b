package uart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// form is one of the three ways in which parts talk.
type form interface {
	// reader finds the messages in what arrives at port. asked says that what arrives
	// after Fresh begins with the beginning of a message.
	reader(l *listener, port drivers.Port, asked bool) reader
	// longest is the size of the longest message in bytes.
	longest() int
}

// reader finds messages. It is used from one goroutine at a time.
type reader interface {
	// Fresh drops everything that has arrived, so that Next returns what was said from
	// now on.
	Fresh() error
	// Next waits for a message. It ends with ctx; when time runs out the error says what
	// was heard instead.
	Next(ctx context.Context) (message, error)
}

// listener is what a device knows of its part's messages.
type listener struct {
	convs    []converter
	faults   []Fault
	restarts []byte
	fields   [][]byte // of the last message, used again
}

// values makes a message of text; field finds what stands for a channel.
func (l *listener) values(body []byte, field func(*converter) []byte) message {
	m := message{readings: make([]obs.Reading, len(l.convs))}
	for i := range l.convs {
		m.readings[i] = l.convs[i].text(field(&l.convs[i]))
	}
	return m
}

// lines finds messages of text: each stands between two ends.
type lines struct {
	Text
	parse  func(body []byte) (message, bool) // false: it is none of the part's messages
	remark func(body []byte) message         // what another line says of the part itself
	sum    bool

	port  drivers.Port
	asked bool
	buf   []byte // received and not used
	whole bool   // buf begins where a message does
	cut   bool   // buf may begin inside a message, which is nobody's fault
	noise int    // since Fresh
	bad   int
}

func (t Text) longest() int { return t.Longest }

func (t Text) reader(l *listener, port drivers.Port, asked bool, parse func([]byte) (message, bool)) *lines {
	return &lines{Text: t, parse: parse, remark: l.remark, sum: t.Sum == "xor", port: port, asked: asked, buf: make([]byte, 0, 2*t.Longest)}
}

// Fresh implements reader.
func (r *lines) Fresh() error {
	r.buf, r.noise, r.bad = r.buf[:0], 0, 0
	r.whole, r.cut = r.asked, !r.asked
	return r.port.Discard()
}

// Next implements reader.
func (r *lines) Next(ctx context.Context) (message, error) {
	for {
		for {
			m, found, more := r.take()
			if found {
				return m, nil
			}
			if !more {
				break
			}
		}
		n, err := r.port.Read(ctx, r.buf[len(r.buf):cap(r.buf)])
		if err != nil {
			return message{}, r.explain(err)
		}
		r.buf = r.buf[:len(r.buf)+n]
	}
}

// take takes the first message out of buf; more says that the rest is worth a look.
func (r *lines) take() (m message, found, more bool) {
	i := bytes.Index(r.buf, r.Ends)
	if i < 0 {
		if len(r.buf) >= r.Longest {
			r.overlong()
		}
		return m, false, false
	}
	m, found = r.message(r.buf[:i])
	r.buf = slices.Delete(r.buf, 0, i+len(r.Ends))
	r.whole, r.cut = true, false
	return m, found, true
}

// overlong drops what cannot belong to a message any more: none is as long.
func (r *lines) overlong() {
	keep := len(r.buf)
	if r.Begins != "" {
		if keep = r.next(r.buf, 0); keep < 0 {
			keep = len(r.buf) - len(r.Begins) + 1
		}
	}
	r.lost(keep)
	r.buf, r.whole, r.cut = slices.Delete(r.buf, 0, keep), false, false
}

// message looks for a message in what stands before an end. Where noise came before it,
// or the message before it was torn, what it begins with tells where it does.
func (r *lines) message(b []byte) (m message, found bool) {
	bad := r.bad
	for at := r.first(b); at >= 0 && at < len(b); at = r.next(b, at) {
		if m, ok := r.guarded(b[at:]); ok {
			if at > 0 && !r.cut {
				r.lost(at)
			}
			return m, !m.other()
		}
	}
	if r.bad > bad || !printable(b) {
		r.lost(len(b) + len(r.Ends))
		return m, false
	}
	r.noise += len(b) // a comment, a greeting, a message about something else
	if r.whole && !r.sum {
		m = r.remark(b)
	}
	return m, !m.other()
}

// first is where the first message in b may begin; -1: nowhere.
func (r *lines) first(b []byte) int {
	switch {
	case r.Begins != "":
		return bytes.Index(b, []byte(r.Begins))
	case r.whole:
		return 0
	}
	return -1
}

func (r *lines) next(b []byte, at int) int {
	if r.Begins == "" {
		return -1
	}
	i := bytes.Index(b[at+1:], []byte(r.Begins))
	if i < 0 {
		return -1
	}
	return at + 1 + i
}

// guarded checks the message's sum and reads it.
func (r *lines) guarded(b []byte) (m message, ok bool) {
	if len(r.Ends) > 0 && r.Ends[len(r.Ends)-1] == '\n' {
		b = bytes.TrimSuffix(b, []byte{'\r'})
	}
	if len(b)+len(r.Ends) > r.Longest {
		return m, false
	}
	if r.sum {
		body, said := xorSum(b)
		if !said {
			r.bad++
			r.port.BadChecksum()
			return m, false
		}
		b = body
	}
	return r.parse(b)
}

// xorSum takes the checksum off; false: it is missing or wrong.
func xorSum(b []byte) (body []byte, ok bool) {
	n := len(b) - 3
	if n < 1 || b[n] != '*' {
		return nil, false
	}
	var sum byte
	for _, c := range b[1:n] {
		sum ^= c
	}
	hi, lo := digit(b[n+1]), digit(b[n+2])
	return b[:n], hi < 16 && lo < 16 && hi<<4|lo == sum
}

// digit is what a hexadecimal digit stands for; 16 of any other character.
func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}

func printable(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c < ' ' && c != '\t' && c != '\r' || c >= 0x7F })
}

// lost reports bytes that belong to no message.
func (r *lines) lost(n int) {
	r.noise += n
	r.port.Noise(n)
}

func (r *lines) explain(err error) error {
	heard := r.noise + len(r.buf)
	switch {
	case !errors.Is(err, drivers.ErrTimeout):
		return err
	case r.bad > 0:
		return fmt.Errorf("%w: no good message, %d damaged among %d bytes", drivers.ErrChecksum, r.bad, heard)
	case heard > 0:
		return fmt.Errorf("%w: %d bytes and no message among them; is it this part, set as its profile says, at this baud rate?", drivers.ErrProtocol, heard)
	}
	return fmt.Errorf("%w: not a byte came", err)
}
