package ezo

import (
	"bytes"
	"strconv"
	"strings"
)

const (
	end = '\r'
	// longest is the longest line that is read; a reading of four fields has 40
	// characters.
	longest = 80
)

// class is what a line of the part is, by its first character.
type class uint8

const (
	garbled class = iota // none of the others
	code                 // * and a word: done, refused, supply, waking …
	query                // ? and the answer to a question
	reading              // numbers with commas between
	empty                // "no output": every output is disabled
)

// nothing is what a part with every output disabled says for a reading.
const nothing = "no output"

// classify says what a line is, without its CR.
func classify(line string) class {
	switch {
	case line == nothing:
		return empty
	case strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) || line == "":
		return garbled
	case line[0] == '*':
		return code
	case line[0] == '?':
		return query
	}
	if _, ok := fields(line); ok {
		return reading
	}
	return garbled
}

// fields reads the numbers of a line: digits with at most one point, and a sign before
// them.
func fields(line string) (values []float64, ok bool) {
	for f := range strings.SplitSeq(line, ",") {
		digits := strings.TrimPrefix(f, "-")
		if digits == "" || strings.Trim(digits, "0123456789.") != "" || strings.Count(digits, ".") > 1 || digits == "." {
			return nil, false
		}
		v, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// cut takes the first line from what was received. Line feeds, which some adapters add,
// belong to no line. What is longer than any line is one that is garbled.
func cut(buf []byte) (line string, rest []byte, ok bool) {
	n := bytes.IndexByte(buf, end)
	switch {
	case n >= 0 && n <= longest:
		return strings.TrimPrefix(string(buf[:n]), "\n"), buf[n+1:], true
	case len(buf) > longest:
		return "", buf[longest:], true
	}
	return "", buf, false
}
