package tape

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/drivers"
)

const firstLine = "lamppost tape 1"

// Read reads a whole tape; name is its name in messages. The error wraps ErrTape and
// names the line.
func Read(name string, r io.Reader) (*Tape, error) {
	src, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrTape, name, err)
	}
	if len(src) > MaxBytes {
		return nil, fmt.Errorf("%w %s: it has more than %d bytes", ErrTape, name, MaxBytes)
	}
	p := reader{tape: &Tape{Name: name}, head: true}
	for line := range bytes.Lines(src) {
		p.line++
		if err := p.take(strings.TrimRight(string(line), "\r\n")); err != nil {
			return nil, fmt.Errorf("%w %s line %d: %w", ErrTape, name, p.line, err)
		}
	}
	if err := p.end(); err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrTape, name, err)
	}
	return p.tape, nil
}

type reader struct {
	tape *Tape
	line int
	head bool
	seen []string // keys of the header
	last time.Duration
	open bool // a sample has begun
	due  bool // on a paired wire: an answer is to come
}

func (p *reader) take(line string) error {
	switch {
	case len(line) > maxLine:
		return fmt.Errorf("it is longer than %d bytes", maxLine)
	case !utf8.ValidString(line):
		return fmt.Errorf("it is not UTF-8; write bytes as hexadecimal digits or with \\x")
	case p.line == 1:
		if line != firstLine {
			return fmt.Errorf("a tape begins with %q", firstLine)
		}
	case strings.HasPrefix(strings.TrimSpace(line), "#"):
	case strings.TrimSpace(line) == "":
		if p.head && len(p.seen) > 0 {
			p.head = false
			return p.checkHead()
		}
	case p.head:
		return p.header(line)
	default:
		return p.entry(line)
	}
	return nil
}

// fields are the header's keys with one value, in the order in which they are
// written.
func (h *Header) fields() []struct {
	key string
	at  *string
} {
	return []struct {
		key string
		at  *string
	}{{"driver", &h.Driver}, {"wire", (*string)(&h.Wire)}, {"framing", &h.Framing}, {"options", &h.Options},
		{"part", &h.Part}, {"firmware", &h.Firmware}, {"by", &h.By}, {"software", &h.Software}}
}

func (p *reader) header(line string) error {
	key, value, ok := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch {
	case !ok:
		return fmt.Errorf("%q is no line of the header (key: value); entries come after an empty line", line)
	case value == "":
		return fmt.Errorf("%s has no value; delete the line", key)
	case strings.ContainsFunc(value, unicode.IsControl):
		return fmt.Errorf("%s has a control character in it", key)
	case key != "note" && slices.Contains(p.seen, key):
		return fmt.Errorf("%s is there twice", key)
	}
	p.seen = append(p.seen, key)
	switch key {
	case "note":
		p.tape.Notes = append(p.tape.Notes, value)
		return nil
	case "at":
		at, err := time.Parse(time.RFC3339, value)
		if err != nil || at.Year() < 2000 || at.Year() > 9999 {
			return fmt.Errorf("%q is no time; write it like 2026-03-02T08:14:00Z", value)
		}
		p.tape.At = at.UTC().Truncate(time.Second)
		return nil
	}
	var known []string
	for _, f := range p.tape.fields() {
		if f.key == key {
			*f.at = value
			return nil
		}
		known = append(known, f.key)
	}
	return fmt.Errorf("%q is none of %s, at, note", key, strings.Join(known, ", "))
}

func (p *reader) checkHead() error {
	h := &p.tape.Header
	for _, key := range []string{"driver", "wire", "by", "at"} {
		if !slices.Contains(p.seen, key) {
			return fmt.Errorf("the header above does not say %s", key)
		}
	}
	switch {
	case !Keeps(h.Wire):
		return fmt.Errorf("wire %q is none of %v", h.Wire, wires)
	case h.Wire == drivers.ModbusUnit && h.Framing != "rtu" && h.Framing != "tcp":
		return fmt.Errorf("framing is rtu or tcp, not %q", h.Framing)
	case h.Wire != drivers.ModbusUnit && h.Framing != "":
		return fmt.Errorf("framing belongs to the wire modbus")
	}
	return nil
}

func (p *reader) entry(line string) error {
	stamp, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	at, err := parseTime(stamp)
	if err != nil {
		return err
	}
	if at < p.last {
		return fmt.Errorf("time goes back from %s", formatTime(p.last))
	}
	if rest == "" {
		return fmt.Errorf("nothing happens at %s; write one of > < ! ? = behind it", stamp)
	}
	e := Entry{Line: p.line, At: at, Kind: Kind(rest[0])}
	body := strings.TrimSpace(rest[1:])
	switch e.Kind {
	case Sent, Received:
		e.Bytes, err = parseBytes(body)
	case Begin:
		if e.Text = body; body != "" && !slices.Contains(switchings, Switch(body)) {
			err = fmt.Errorf("behind ? stands nothing or, for an output, one of on, off and read, not %q", body)
		}
	case Fault, Outcome:
		e.Text, err = body, checkText(e.Kind, body)
	default:
		err = fmt.Errorf("%q is none of the marks > < ! ? =", rest[:1])
	}
	if err == nil {
		err = p.follows(e)
	}
	p.last = at
	p.tape.Entries = append(p.tape.Entries, e)
	return err
}

// follows checks that e can come here.
func (p *reader) follows(e Entry) error {
	pairs := paired(p.tape.Wire)
	switch {
	case (e.Kind == Sent || e.Kind == Received) && len(e.Bytes) == 0 && !pairs:
		return fmt.Errorf("no bytes at all; delete the line")
	case e.Kind == Begin && p.open:
		return fmt.Errorf("a sample begins in the middle of another; its = is missing")
	case e.Kind == Outcome && !p.open:
		return fmt.Errorf("this = has no ? before it")
	case pairs && e.Kind == Received && !p.due:
		return fmt.Errorf("nothing was asked that this could answer")
	case pairs && p.due && e.Kind != Received && e.Kind != Fault:
		return fmt.Errorf("the > before has neither an answer nor a fault")
	}
	if e.Kind == Begin || e.Kind == Outcome {
		p.open = e.Kind == Begin
	}
	p.due = pairs && e.Kind == Sent
	return nil
}

func (p *reader) end() error {
	switch {
	case p.line == 0:
		return fmt.Errorf("it is empty; a tape begins with %q", firstLine)
	case p.head:
		return fmt.Errorf("there are no entries; they come after the header and an empty line")
	}
	return nil
}

// parseTime reads seconds with up to six decimals.
func parseTime(s string) (time.Duration, error) {
	whole, frac, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole+(frac + "000000")[:6], 10, 63)
	if d := time.Duration(n) * time.Microsecond; err == nil && whole != "" && len(frac) <= 6 && len(whole) <= 7 && d <= maxTime {
		return d, nil
	}
	return 0, fmt.Errorf("%q is no time; write seconds with up to six decimals", s)
}

func parseBytes(s string) ([]byte, error) {
	switch {
	case s == "-":
		return nil, nil
	case s == "":
		return nil, fmt.Errorf("no bytes; write - where there are none")
	case strings.HasPrefix(s, `"`):
		text, err := strconv.Unquote(s)
		if err != nil {
			return nil, fmt.Errorf("%s is no text in quotes", s)
		}
		return []byte(text), nil
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return nil, fmt.Errorf("bytes are pairs of hexadecimal digits: %w", err)
	}
	return b, nil
}

func checkText(k Kind, s string) error {
	if k == Outcome {
		word, fault := strings.CutPrefix(s, "fault ")
		switch {
		case fault:
			s = word
		case s == "" || strings.ContainsFunc(s, unicode.IsControl):
			return fmt.Errorf("an outcome is readings, or fault and its word")
		default:
			return nil
		}
	}
	if _, ok := drivers.FaultNamed(s); !ok {
		return fmt.Errorf("%q is no fault word", s)
	}
	return nil
}
