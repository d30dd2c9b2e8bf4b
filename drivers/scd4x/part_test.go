package scd4x

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/sensirion"
)

// fakePart is the part as its data sheet has it, in the time of the test: it measures
// when it is started, acknowledges nothing while it is busy or what is not allowed while
// it measures, and gives each measurement once.
type fakePart struct {
	values   []byte // nine bytes, what a measurement gives
	settings map[uint16]uint16
	variant  uint16
	asleep   bool
	broken   bool // it is started, and measures nothing
	deaf     bool // it takes no setting

	every  time.Duration // measures by itself; 0: idle
	since  time.Time     // the start, or the last value that was fetched
	shot   time.Time     // when a single shot is done; zero: none
	busy   time.Time     // acknowledges nothing before
	answer []byte        // to the last command
	wrote  []string      // the first commands that were acknowledged, with their words
}

func newPart() *fakePart {
	return &fakePart{values: room, variant: 0x1440, settings: map[uint16]uint16{0x2318: 1498, 0x2322: 0, 0x2313: 1, 0xE000: 1013}}
}

var errNoAck = fmt.Errorf("%w: nobody acknowledges", drivers.ErrTimeout)

// powerCut takes the supply for a moment: everything that was told is lost.
func (p *fakePart) powerCut() {
	p.every, p.shot, p.answer = 0, time.Time{}, nil
	p.settings = newPart().settings
	p.busy = time.Now().Add(time.Second) // it boots
}

func (p *fakePart) chip(w, r []byte) error {
	switch {
	case time.Now().Before(p.busy):
		return errNoAck
	case len(w) >= 2:
		if err := p.command(w); err != nil {
			return err
		}
	}
	if len(r) == 0 {
		return nil
	}
	if len(p.answer) != len(r) {
		return errNoAck
	}
	copy(r, p.answer)
	p.answer = nil
	return nil
}

// whileMeasuring are the commands that a measuring part acknowledges.
var whileMeasuring = map[uint16]bool{0xEC05: true, 0xE4B8: true, 0x3F86: true, 0xE000: true}

var setters = map[uint16]uint16{0x241D: 0x2318, 0x2427: 0x2322, 0x2416: 0x2313}

func (p *fakePart) command(w []byte) error {
	c := binary.BigEndian.Uint16(w)
	if p.asleep {
		p.asleep = c != 0x36F6
		return errNoAck
	}
	if p.every > 0 && !whileMeasuring[c] {
		return errNoAck
	}
	if len(p.wrote) < 40 {
		p.wrote = append(p.wrote, fmt.Sprintf("%X", w))
	}
	p.answer = nil
	if len(w) > 2 {
		return p.set(c, w[2:])
	}
	p.do(c)
	return nil
}

func (p *fakePart) set(c uint16, word []byte) error {
	var v [1]uint16
	if err := sensirion.Words(word, v[:]); err != nil {
		return errNoAck
	}
	if get, ok := setters[c]; ok {
		c = get
	}
	if !p.deaf {
		p.settings[c] = v[0]
	}
	return nil
}

func (p *fakePart) do(c uint16) {
	says := func(words ...uint16) { p.answer = sensirion.Command(nil, 0, words...)[2:] }
	switch c {
	case 0x21B1:
		p.every, p.since = 5*time.Second, time.Now()
	case 0x21AC:
		p.every, p.since = 30*time.Second, time.Now()
	case 0x219D:
		p.shot = time.Now().Add(5 * time.Second)
		p.busy = p.shot
	case 0x3F86:
		p.every, p.busy = 0, time.Now().Add(500*time.Millisecond)
	case 0xE4B8:
		if says(0x8000); p.ready() {
			says(0x8006)
		}
	case 0xEC05:
		if p.ready() {
			p.answer = bytes.Clone(p.values)
			p.shot = time.Time{}
			if p.every > 0 {
				p.since = p.since.Add(time.Since(p.since) / p.every * p.every)
			}
		}
	case 0x3682:
		says(0xF896, 0x31B1, 0x07CA)
	case 0x202F:
		says(p.variant)
	default:
		if v, ok := p.settings[c]; ok {
			says(v)
		}
	}
}

func (p *fakePart) ready() bool {
	if p.broken {
		return false
	}
	return p.every > 0 && time.Since(p.since) >= p.every || !p.shot.IsZero() && !time.Now().Before(p.shot)
}
