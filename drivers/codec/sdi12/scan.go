package sdi12

import "bytes"

// Scanned is what the bytes after a command hold.
type Scanned struct {
	// Answer is the first whole line of the sensor that was asked, address first,
	// without CR LF; nil: it is not there yet. It lies in the scanned bytes.
	Answer []byte
	Rest   []byte // what follows the answer
	Echoed bool   // the line gave the command back
	Begun  bool   // something came behind the echo
	Alien  int    // lines of other sensors
	Noise  int    // bytes that belong to none
}

// Scan looks in buf, all that came since a command was sent, for the answer of the
// sensor at address. sent is the command, which a single-wire adapter gives back first;
// nil: none was sent, a service request is waited for.
//
// Characters below the space and above the tilde before a line are noise: what a break
// or the switching of the line's direction leaves. Any other character that is not the
// address begins a line of somebody else.
func Scan(buf, sent []byte, address byte) (s Scanned) {
	rest, n := quiet(buf)
	s.Noise = n
	if len(sent) > 0 && len(rest) > 0 {
		if bytes.HasPrefix(rest, sent) {
			s.Echoed = true
			rest, n = quiet(rest[len(sent):])
			s.Noise += n
		} else if bytes.HasPrefix(sent, rest) {
			return s // the beginning of an echo, perhaps
		}
	}
	for {
		s.Begun = s.Begun || len(rest) > 0
		line, after, whole := bytes.Cut(rest, []byte("\r\n"))
		if !whole {
			return s
		}
		if len(line) > 0 && line[0] == address {
			s.Answer, s.Rest = line, after
			return s
		}
		if len(line) > 0 {
			s.Alien++
		}
		rest, n = quiet(after)
		s.Noise += n
	}
}

// quiet skips what cannot begin a line.
func quiet(b []byte) (rest []byte, skipped int) {
	n := 0
	for n < len(b) && (b[n] <= ' ' || b[n] > '~') {
		n++
	}
	return b[n:], n
}
