package labbus

import (
	"encoding/binary"
	"fmt"
	"time"
)

// decode reads the byte that says what a message is, and its body.
func decode(p []byte) (Message, error) {
	b := body{rest: p[1:]}
	m := b.message(p[0])
	switch {
	case m == nil:
		return nil, fmt.Errorf("%w: no message begins with %#02x", ErrFormat, p[0])
	case b.bad != "":
		return nil, fmt.Errorf("%w: %c: %s", ErrFormat, p[0], b.bad)
	case len(b.rest) > 0:
		return nil, fmt.Errorf("%w: %c: %d bytes too many", ErrFormat, p[0], len(b.rest))
	}
	return m, nil
}

// body is read from the front. What is wrong first is kept.
type body struct {
	rest []byte
	bad  string
}

func (b *body) message(kind byte) Message {
	switch kind {
	case 'H':
		return Hello{Version: b.byte(), Bus: b.text()}
	case 'T':
		return b.transfer()
	case 'A':
		return Answer{Errno: b.byte(), Data: b.all()}
	case 'I':
		return Inquiry{}
	case 'C':
		return b.chip()
	case 'R':
		return b.request()
	case 'G':
		return Get{}
	case 'S':
		return Set{On: b.bool()}
	case 'E':
		return b.edge()
	}
	return nil
}

func (b *body) say(why string) {
	if b.bad == "" {
		b.bad = why
	}
	b.rest = nil
}

// take returns n bytes, zeros if they are not there.
func (b *body) take(n int) []byte {
	if len(b.rest) < n {
		b.say("it ends too soon")
		return make([]byte, n)
	}
	p := b.rest[:n]
	b.rest = b.rest[n:]
	return p
}

func (b *body) byte() byte { return b.take(1)[0] }

func (b *body) bool() bool {
	v := b.byte()
	if v > 1 {
		b.say(fmt.Sprintf("%d is neither 0 nor 1", v))
	}
	return v == 1
}

func (b *body) u16() int { return int(binary.BigEndian.Uint16(b.take(2))) }

func (b *body) text() string {
	n := int(b.byte())
	if n > MaxName {
		b.say(fmt.Sprintf("a text of %d bytes, at most %d is possible", n, MaxName))
		return ""
	}
	return string(b.take(n))
}

func (b *body) all() []byte {
	p := append([]byte(nil), b.rest...)
	b.rest = nil
	return p
}

func (b *body) transfer() Message {
	m := Transfer{Address: b.byte(), Read: b.u16(), Write: b.all()}
	if m.Address > 0x7f || m.Read > 8192 || len(m.Write) > 8192 {
		b.say("an address has 7 bits, and at most 8192 bytes go each way")
	}
	return m
}

func (b *body) chip() Message {
	m := Chip{Label: b.text()}
	for len(b.rest) > 0 {
		if len(m.Lines) == MaxLines {
			b.say(fmt.Sprintf("more than %d lines", MaxLines))
			break
		}
		m.Lines = append(m.Lines, Line{Used: b.bool(), Name: b.text(), Consumer: b.text()})
	}
	return m
}

func (b *body) request() Message {
	m := Request{Line: b.u16(), Flags: Flags(b.u16()),
		Debounce: time.Duration(binary.BigEndian.Uint32(b.take(4))) * time.Microsecond, Consumer: b.text()}
	if m.Flags&^allFlags != 0 {
		b.say(fmt.Sprintf("flags %#x are not known", uint16(m.Flags&^allFlags)))
	}
	return m
}

func (b *body) edge() Message {
	at := binary.BigEndian.Uint64(b.take(8))
	if at > 1<<63-1 {
		b.say("a time before the clock began")
	}
	return Edge{At: time.Duration(at), Rising: b.bool(), Seq: binary.BigEndian.Uint32(b.take(4))}
}
