//go:build linux

package serial

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/lamppost-city/lamppost/drivers"
)

// Echo says whether a wire gives back what was sent: single-wire lines do, and RS-485
// adapters that listen while they send.
type Echo string

// The ways to treat an echo. The zero value is EchoOff.
const (
	// EchoAuto takes the echo out once it was seen behind two writes in a row, each
	// time with an answer behind it: a copy of the request with nothing behind it may
	// be the answer. It stops when no copy comes any more.
	EchoAuto Echo = "auto"
	// EchoOn takes a copy of what was sent out of what is read from the first write on.
	EchoOn Echo = "on"
	// EchoOff leaves everything as it comes.
	EchoOff Echo = "off"
)

func (e Echo) check() error {
	if e == "" || slices.Contains([]Echo{EchoAuto, EchoOn, EchoOff}, e) {
		return nil
	}
	return &drivers.OptionError{Key: "echo", Msg: fmt.Sprintf("%q says nothing about an echo; write auto, on or off", string(e))}
}

// CheckEcho says whether a line can be asked for e.
func CheckEcho(e Echo) error { return e.check() }

// echo finds the copy of the last write at the beginning of what is read after it.
type echo struct {
	mode Echo

	mu      sync.Mutex
	sent    []byte // looked for; empty: nothing is
	got     int    // how many bytes of it came back so far
	whole   bool   // all of it came back, and nothing behind it yet
	held    []byte // what began like the copy and went on otherwise: the next to be read
	seen    int    // copies with something behind them, in a row
	missed  int    // writes after which something else came, in a row
	present bool   // copies are taken out
}

const (
	echoProof = 2   // copies in a row that show an echo, and others that show none
	echoMax   = 512 // bytes of a write that are looked for; a longer one is no request
)

// wrote notes what is going out.
func (e *echo) wrote(b []byte) {
	if e.mode == "" || e.mode == EchoOff || len(b) > echoMax {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sent = append(e.sent[:0], b...)
	e.got, e.whole, e.held = 0, false, e.held[:0]
}

// forget gives up looking, and what was held back: what comes now belongs to nobody.
func (e *echo) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sent, e.got, e.whole, e.held = e.sent[:0], 0, false, e.held[:0]
}

// pending moves what was held back into b.
func (e *echo) pending(b []byte) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := copy(b, e.held)
	e.held = append(e.held[:0], e.held[n:]...)
	return n
}

// strip takes the copy out of the n bytes that were just read into b, and returns how
// many are left at its front. Nothing is lost: what turns out to be no copy is put
// before the rest.
func (e *echo) strip(b []byte, n int) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n == 0 || len(e.sent) == 0 && !e.whole {
		return n
	}
	if e.whole {
		e.found()
		return n
	}
	k := min(len(e.sent)-e.got, n)
	if !bytes.Equal(b[:k], e.sent[e.got:e.got+k]) {
		return e.miss(b, n)
	}
	e.got += k
	on := e.on()
	if e.got == len(e.sent) {
		e.sent, e.whole = e.sent[:0], true
		if k < n {
			e.found()
		}
	}
	if !on {
		return n
	}
	return copy(b, b[k:n])
}

// on says whether copies are taken out. e.mu is held.
func (e *echo) on() bool { return e.mode == EchoOn || e.present }

// found notes that something follows a copy. e.mu is held.
func (e *echo) found() {
	e.whole, e.missed = false, 0
	if e.seen++; e.seen >= echoProof {
		e.present = true
	}
}

// miss gives back what was taken for a copy. e.mu is held.
func (e *echo) miss(b []byte, n int) int {
	if e.on() && e.got > 0 {
		all := append(append(e.held[:0], e.sent[:e.got]...), b[:n]...)
		n = copy(b, all)
		e.held = append(all[:0], all[n:]...)
	}
	e.sent, e.got, e.seen = e.sent[:0], 0, 0
	if e.missed++; e.missed >= echoProof {
		e.present = false
	}
	return n
}

// known says whether the wire was seen to echo.
func (e *echo) known() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.present
}
