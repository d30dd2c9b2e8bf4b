package modbusslave

import (
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pace"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Port is the line's end of a serial port. Write never blocks and returns how
// many bytes somebody will get; Read ends with an error when the port is closed.
type Port interface {
	Read([]byte) (int, error)
	Write([]byte) int
}

// Line is an RS-485 line with its slaves.
type Line struct {
	Port   Port
	Baud   int // 8N1: ten bits a character
	Units  []*Unit
	Record Recorder
}

// A pty delivers a request in one piece where a wire would take its time, and a
// process is not scheduled within 4 ms: silence is what lasts longer than this,
// or 3.5 characters.
const leastSilence = 20 * time.Millisecond

// answering is an answer that waits for its time.
type answering struct {
	unit    *Unit
	address uint8  // by which it was asked
	pdu     []byte // of the request
	mishap  scenario.Mishap
	due     time.Time // when its first byte leaves
}

// received is what arrived at once.
type received struct {
	bytes []byte
	at    time.Time
}

// Serve answers until the port is closed.
func (l *Line) Serve() {
	in := make(chan received)
	go func() {
		defer close(in)
		b := make([]byte, 512)
		for {
			n, err := l.Port.Read(b)
			if err != nil {
				return
			}
			in <- received{slices.Clone(b[:n]), time.Now()}
		}
	}()
	var held []byte // received since the last silence
	var last time.Time
	var waiting []answering
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if len(waiting) > 0 {
			timer.Reset(time.Until(waiting[0].due))
		}
		select {
		case r, ok := <-in:
			if !ok {
				return
			}
			if r.at.Sub(last) > max(leastSilence, pace.Characters(7, l.Baud)/2) {
				held = held[:0]
			}
			last = r.at
			held = append(held, r.bytes...)
			waiting = l.take(&held, r.at, waiting)
		case <-timer.C:
			for len(waiting) > 0 && !waiting[0].due.After(time.Now()) {
				l.send(waiting[0])
				waiting = waiting[1:]
			}
		}
	}
}

// take cuts whole requests off held and queues their answers by due time.
func (l *Line) take(held *[]byte, at time.Time, waiting []answering) []answering {
	for len(*held) > 0 {
		frame, more := request(*held)
		if more {
			break
		}
		if frame == nil && (*held)[0] == 0 && slices.ContainsFunc(l.Units, func(u *Unit) bool { return u.Wakes }) {
			*held = (*held)[1:]
			continue
		}
		if frame == nil {
			*held = (*held)[:0]
			break
		}
		if a, ok := l.accept(frame, at); ok {
			i, _ := slices.BinarySearchFunc(waiting, a.due, func(w answering, due time.Time) int { return w.due.Compare(due) })
			waiting = slices.Insert(waiting, i, a)
		}
		*held = (*held)[len(frame):]
	}
	return waiting
}

// accept finds the slave that a request is for and plans its answer. The request
// came at once; on a wire its last byte would come later.
func (l *Line) accept(frame []byte, at time.Time) (answering, bool) {
	for _, u := range l.Units {
		if !u.answers(frame[0]) {
			continue
		}
		m := u.source.Mishap()
		if m.Unplug {
			return answering{}, false
		}
		if m.Silent {
			u.silence(l.Record)
			return answering{}, false
		}
		due := at.Add(pace.Characters(len(frame), l.Baud) + u.Turnaround + m.Delay)
		return answering{u, frame[0], slices.Clone(frame[1 : len(frame)-2]), m, due}, true
	}
	return answering{}, false // another slave's business, or a broadcast
}

// send writes an answer at the pace of the line. Its values are those of now.
func (l *Line) send(a answering) {
	pdu, lines := a.unit.answer(a.pdu)
	if pdu == nil {
		a.unit.silence(l.Record)
		return
	}
	frame := a.mishap.Damage(seal(append([]byte{a.address}, pdu...)))
	if pace.Send(l.Port.Write, l.Baud, frame) {
		truth.Stamp(lines, !a.mishap.Wrong(), a.mishap.Fault())
		l.Record.Add(lines...)
	}
}
