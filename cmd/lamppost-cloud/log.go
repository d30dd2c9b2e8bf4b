package main

import (
	"bytes"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// escaping writes lines of JSON with the characters that would act on a terminal, or turn
// its writing around, as the escapes that JSON has for them: log/slog leaves some of them
// as they are (C1 controls, DEL and the bidirectional ones). In JSON they stand in strings
// only, so that what is read from the line is the same.
type escaping struct{ w io.Writer }

// Write writes one line, or several.
func (e escaping) Write(p []byte) (int, error) {
	if bytes.IndexFunc(p, acts) < 0 {
		return e.w.Write(p)
	}
	var b bytes.Buffer
	for rest := p; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if acts(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.Write(rest[:n])
		}
		rest = rest[n:]
	}
	if _, err := e.w.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// acts says whether a character is one that slog's JSON leaves, and a terminal obeys.
func acts(r rune) bool {
	return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}
