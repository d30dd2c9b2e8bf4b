package modem

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
)

// longest is the longest line that is kept; V.250 asks for 40 characters at least.
const longest = 256

// answer collects what a modem says to a command.
type answer struct {
	command command
	buf     []byte // an unfinished line
	bytes   int    // that came
	noise   int    // of them in lines that are no text
	value   int
	valued  bool
	done    bool // OK has come
}

// take adds what was received. The error ends the exchange: the modem refuses, or says
// what cannot be.
func (a *answer) take(p []byte) error {
	a.bytes += len(p)
	a.buf = append(a.buf, p...)
	for !a.done {
		n := bytes.IndexByte(a.buf, '\n')
		if n < 0 {
			break
		}
		line := strings.Trim(string(a.buf[:n]), "\r") // two after an echo
		a.buf = a.buf[n+1:]
		if err := a.line(line); err != nil {
			return err
		}
	}
	if len(a.buf) > longest { // no line of a modem
		a.noise += len(a.buf)
		a.buf = a.buf[:0]
	}
	return nil
}

func (a *answer) line(line string) error {
	switch rest, mine := strings.CutPrefix(line, a.command.head); {
	case mine:
		v, err := a.command.parse(rest)
		if err != nil {
			return fmt.Errorf("%w: it says %.40q: %w", drivers.ErrProtocol, line, err)
		}
		a.value, a.valued = v, true
	case line == "OK":
		a.done = true
	case line == "ERROR", strings.HasPrefix(line, "+CME ERROR:"):
		return fmt.Errorf("%w: it says %.40q; is a SIM in it, and does it know the command?", drivers.ErrException, line)
	case strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }):
		a.noise += len(line) + 1
	}
	return nil // the echo, or what it says unasked
}

var errNumbers = errors.New("these are not its numbers")

// parse reads the numbers of an answer and returns the one that counts: 0 to 255.
func (c command) parse(text string) (int, error) {
	fields := strings.Split(strings.TrimSpace(text), ",")
	if len(fields) != c.fields {
		return 0, fmt.Errorf("%w: %d of them, want %d", errNumbers, len(fields), c.fields)
	}
	value := 0
	for i, f := range fields {
		n, err := strconv.ParseUint(strings.TrimSpace(f), 10, 8)
		if err != nil {
			return 0, errNumbers
		}
		if i == c.which {
			value = int(n)
		}
	}
	return value, nil
}

// explain says what came instead of OK.
func (a *answer) explain(err error) error {
	switch {
	case !errors.Is(err, drivers.ErrTimeout) || a.bytes == 0:
		return err
	case a.valued:
		return fmt.Errorf("%w: an answer and no OK behind it", drivers.ErrProtocol)
	}
	return fmt.Errorf("%w: %d bytes and no answer among them; is this an AT port of the modem?", drivers.ErrProtocol, a.bytes)
}
