package wire

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// scanner reads the JSON of a pack: an array of flat objects. It takes what
// encoding/json takes and no more, but gives the tokens in place: a pack is
// decoded in a fifth of the time. A fuzz target compares the two.
type scanner struct {
	b    []byte
	i    int
	text []byte // the last string, if it had escapes
}

// maxDepth bounds the nesting of a value behind a label we do not know.
const maxDepth = 16

var errSyntax = errors.New("not valid JSON")

func (s *scanner) fail() error { return fmt.Errorf("%w at byte %d", errSyntax, s.i) }

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.i < len(s.b); s.i++ {
		if c := s.b[s.i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
	}
	return 0
}

// take consumes c if it is the next byte behind white space.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.i++
	return true
}

// string reads a string. The bytes are valid until the next one is read.
func (s *scanner) string() ([]byte, error) {
	if !s.take('"') {
		return nil, s.fail()
	}
	start, ascii := s.i, true
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			t := s.b[start:s.i]
			s.i++
			if !ascii && !utf8.Valid(t) {
				return nil, s.fail()
			}
			return t, nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return nil, s.fail()
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, s.fail()
}

// escaped reads on from the first backslash. None of our own strings has one.
func (s *scanner) escaped(start int) ([]byte, error) {
	s.text = append(s.text[:0], s.b[start:s.i]...)
	for s.i < len(s.b) {
		c := s.b[s.i]
		s.i++
		switch {
		case c == '"':
			if !utf8.Valid(s.text) {
				return nil, s.fail()
			}
			return s.text, nil
		case c < ' ':
			return nil, s.fail()
		case c != '\\':
			s.text = append(s.text, c)
		case !s.escape():
			return nil, s.fail()
		}
	}
	return nil, s.fail()
}

// escape reads what follows a backslash.
func (s *scanner) escape() bool {
	if s.i >= len(s.b) {
		return false
	}
	c := s.b[s.i]
	s.i++
	switch c {
	case '"', '\\', '/':
		s.text = append(s.text, c)
	case 'b':
		s.text = append(s.text, '\b')
	case 'f':
		s.text = append(s.text, '\f')
	case 'n':
		s.text = append(s.text, '\n')
	case 'r':
		s.text = append(s.text, '\r')
	case 't':
		s.text = append(s.text, '\t')
	case 'u':
		if s.i+4 > len(s.b) {
			return false
		}
		n, err := strconv.ParseUint(string(s.b[s.i:s.i+4]), 16, 16)
		if err != nil {
			return false
		}
		s.i += 4
		// A half of a surrogate pair becomes U+FFFD: no name or word of ours is
		// outside ASCII, so such a string is refused by whoever looks at it.
		s.text = utf8.AppendRune(s.text, rune(n))
	default:
		return false
	}
	return true
}

// number reads a number in JSON's grammar and returns its text.
func (s *scanner) number() ([]byte, error) {
	s.peek()
	start := s.i
	s.accept("-")
	switch {
	case s.accept("0"):
	case s.digits() == 0:
		return nil, s.fail()
	}
	if s.accept(".") && s.digits() == 0 {
		return nil, s.fail()
	}
	if s.accept("eE") {
		s.accept("+-")
		if s.digits() == 0 {
			return nil, s.fail()
		}
	}
	return s.b[start:s.i], nil
}

func (s *scanner) accept(set string) bool {
	for k := range len(set) {
		if s.i < len(s.b) && s.b[s.i] == set[k] {
			s.i++
			return true
		}
	}
	return false
}

func (s *scanner) digits() (n int) {
	for ; s.i < len(s.b) && s.b[s.i]-'0' <= 9; s.i++ {
		n++
	}
	return n
}

// skip reads over any value.
func (s *scanner) skip(depth int) error {
	switch c := s.peek(); {
	case depth > maxDepth:
		return fmt.Errorf("nested deeper than %d", maxDepth)
	case c == '"':
		_, err := s.string()
		return err
	case c == '{' || c == '[':
		return s.skipNested(c, depth)
	case c == '-' || c-'0' <= 9:
		_, err := s.number()
		return err
	}
	for _, word := range []string{"true", "false", "null"} {
		if len(s.b)-s.i >= len(word) && string(s.b[s.i:s.i+len(word)]) == word {
			s.i += len(word)
			return nil
		}
	}
	return s.fail()
}

func (s *scanner) skipNested(open byte, depth int) error {
	closing := open + 2 // '[' + 2 = ']', '{' + 2 = '}'
	s.i++
	if s.take(closing) {
		return nil
	}
	for {
		if open == '{' {
			if _, err := s.string(); err != nil {
				return err
			}
			if !s.take(':') {
				return s.fail()
			}
		}
		if err := s.skip(depth + 1); err != nil {
			return err
		}
		if s.take(closing) {
			return nil
		}
		if !s.take(',') {
			return s.fail()
		}
	}
}

// maxSeconds bounds a time, so that a base time and a time can be added.
const maxSeconds = 1_000_000_000_000

// micros reads a number of seconds as microseconds; what is finer is cut off. ok
// is false beyond ±maxSeconds. Decimals are exact, as they are not in a float.
func micros(text []byte) (us int64, ok bool) {
	i, negative := 0, false
	if text[0] == '-' {
		i, negative = 1, true
	}
	var whole, frac int64
	for ; i < len(text) && text[i] != '.'; i++ {
		if text[i]-'0' > 9 || whole > maxSeconds {
			return slowMicros(text)
		}
		whole = whole*10 + int64(text[i]-'0')
	}
	scale := int64(1e6)
	for i++; i < len(text); i++ {
		if text[i]-'0' > 9 {
			return slowMicros(text)
		}
		scale /= 10
		frac += int64(text[i]-'0') * scale
	}
	us = whole*1e6 + frac
	if negative {
		us = -us
	}
	return us, whole <= maxSeconds
}

// slowMicros takes exponents.
func slowMicros(text []byte) (int64, bool) {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || f > maxSeconds || f < -maxSeconds {
		return 0, false
	}
	return int64(math.Round(f * 1e6)), true
}
