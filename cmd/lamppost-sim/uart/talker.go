// Package uart simulates parts on a serial line of their own. The frames are made
// here from the datasheets, apart from the gateway's decoders.
//
// A [Part] talks without being asked, played by a [Talker]: it does not know whether
// anybody listens, and what is not read is lost. A [Hearer] answers what it is asked,
// played by an [Answerer]. Many parts are both, each in one of their modes.
package uart

import (
	"context"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pace"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Port is the part's end of a serial port. Write never blocks and returns how
// many bytes somebody will get; Read ends with an error when the port is closed.
type Port interface {
	Read([]byte) (int, error)
	Write([]byte) int
}

// Source is where a part's values, and its mishaps, come from. It is called from
// one goroutine at a time.
type Source interface {
	Value(channel string) float64 // in the metric's unit, now
	Mishap() scenario.Mishap      // what befalls the next frame
}

// Recorder takes truth lines.
type Recorder interface{ Add(...truth.Line) }

// Part is what a Talker says.
type Part interface {
	// Frame returns the frame for the values of now, and their truth lines, still
	// without device and time.
	Frame(Source) ([]byte, []truth.Line)
	// Pause returns the time from the beginning of one frame to that of the next.
	Pause() time.Duration
}

// Talker is a part on its port.
type Talker struct {
	Port   Port
	Baud   int
	Device string // the gateway's name for it, for the truth log
	Part   Part
	Source Source
	Record Recorder
}

// Run talks until ctx ends. The port must be closed then as well: only that ends
// the goroutine that reads, and drops, what is sent to the part.
func (t *Talker) Run(ctx context.Context) {
	read := make(chan struct{})
	go func() {
		defer close(read)
		b := make([]byte, 256)
		for {
			if _, err := t.Port.Read(b); err != nil {
				return
			}
		}
	}()
	next := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			<-read
			return
		case <-timer.C:
		}
		m := t.Source.Mishap()
		if m.Delay > 0 && !wait(ctx, m.Delay) {
			<-read
			return
		}
		t.say(m)
		next = next.Add(t.Part.Pause())
		if now := time.Now(); next.Before(now) { // the machine slept, or a delay: nothing is caught up
			next = now
		}
		timer.Reset(time.Until(next))
	}
}

// say sends one frame.
func (t *Talker) say(m scenario.Mishap) {
	if m.Silent || m.Unplug {
		return
	}
	frame, lines := t.Part.Frame(t.Source)
	if !pace.Send(t.Port.Write, t.Baud, m.Damage(frame)) {
		return
	}
	for i := range lines {
		lines[i].Device, lines[i].Via = t.Device, truth.Frame
	}
	truth.Stamp(lines, !m.Wrong(), m.Fault())
	t.Record.Add(lines...)
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
