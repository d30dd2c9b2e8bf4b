// Package sdi12line simulates sensors on an SDI-12 line, paced at its 1200 bit/s. What
// makes the texts knows nothing of what reads them in the gateway.
//
// The line is a pseudo terminal, which carries neither a break nor parity: the sensors
// hear every command, awake or not. All else is as on a wire: an answer begins 9 ms after the command's
// last bit would have left, a measurement ends with the call for service and is aborted
// by any other command to the same sensor, and a single-wire adapter gives back what it
// is told to send.
package sdi12line

import (
	"bytes"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pace"
)

// Port is the line's end of a serial port. Write never blocks and returns how many
// bytes somebody will get; Read ends with an error when the port is closed.
type Port interface {
	Read([]byte) (int, error)
	Write([]byte) int
}

// Line is an SDI-12 line with its sensors.
type Line struct {
	Port    Port
	Sensors []*Sensor
	Echo    bool // the adapter gives commands back
}

const (
	baud     = 1200 // 7E1: ten bits a character
	marking  = 9 * time.Millisecond
	maxHeard = 64 // bytes without a command among them; the rest is noise
)

// say is what a sensor has to say at its time.
type say struct {
	sensor *Sensor
	at     time.Time
	text   []byte
	call   bool // for service, at the end of a measurement
}

// Serve answers until the port is closed.
func (l *Line) Serve() {
	in := make(chan []byte)
	go func() {
		defer close(in)
		b := make([]byte, 256)
		for {
			n, err := l.Port.Read(b)
			if err != nil {
				return
			}
			in <- slices.Clone(b[:n])
		}
	}()
	var heard []byte
	var waiting []say
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if len(waiting) > 0 {
			timer.Reset(time.Until(waiting[0].at))
		}
		select {
		case b, ok := <-in:
			if !ok {
				return
			}
			if l.Echo {
				pace.Send(l.Port.Write, baud, b)
			}
			heard, waiting = l.hear(append(heard, b...), waiting)
		case <-timer.C:
			if len(waiting) > 0 && !time.Now().Before(waiting[0].at) {
				pace.Send(l.Port.Write, baud, append(waiting[0].text, "\r\n"...))
				waiting = waiting[1:]
			}
		}
	}
}

// hear takes whole commands out of what was heard and lets the sensors answer.
func (l *Line) hear(heard []byte, waiting []say) ([]byte, []say) {
	for {
		command, rest, whole := bytes.Cut(heard, []byte("!"))
		if !whole {
			return heard[max(0, len(heard)-maxHeard):], waiting
		}
		heard = rest
		// The bits of the command take their time, though the terminal brings them at once.
		// An echo was sent meanwhile.
		spoken := time.Now()
		if !l.Echo {
			spoken = spoken.Add(pace.Characters(len(command)+1, baud))
		}
		for _, s := range l.Sensors {
			more, aborts := s.answer(command, spoken)
			if aborts {
				waiting = slices.DeleteFunc(waiting, func(w say) bool { return w.sensor == s })
			}
			waiting = append(waiting, more...)
		}
		slices.SortStableFunc(waiting, func(a, b say) int { return a.at.Compare(b.at) })
	}
}
