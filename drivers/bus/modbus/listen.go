package modbus

import (
	"bytes"
	"context"
	"errors"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// waiting is a line that can say, without waiting, how many bytes lie there.
type waiting interface{ Waiting() int }

// An engineer with a laptop, a second gateway, a panel that polls on its own: other
// masters are not allowed on a line and are met all the same. listen looks at what came
// since the last exchange, and lets another master's question be answered before ours
// is asked, else we take his answer for ours. If that takes too long, and he asked for
// what we want to ask for, no answer is taken for ours in this exchange.
func (t *rtu) listen(ctx context.Context, unit uint8, r codec.Request) error {
	t.rx = t.rx[:0]
	if time.Since(t.busy) < othersTurn { // what was said longer ago needs no answer any more
		t.rx = append(t.rx, t.rest...)
	}
	t.rest = t.rest[:0]
	booked := codec.Overhear(t.rx)
	begin := time.Now()
	end, quiet := begin.Add(othersTurn), begin.Add(patienceForNoise*silence(t.bus.opt.Baud))
	for {
		if err := t.lying(ctx); err != nil {
			return err
		}
		o := codec.Overhear(t.rx)
		over := !time.Now().Before(end)
		switch {
		case o.Asked && !over:
			if err := t.read(ctx, end); errors.Is(err, drivers.ErrTimeout) {
				end = begin
			} else if err != nil {
				return err
			}
		case len(t.rx) > 0 && time.Now().Before(t.ready()) && !over && (o.Noise == 0 || time.Now().Before(quiet)):
			if err := sleepUntil(ctx, t.ready()); err != nil {
				return err
			}
		default:
			t.crossed = o.Asked && o.Unit == unit && o.Function == r.Function
			tail := min(len(t.rx)-o.Open, longestOpen) // for receive to account for
			t.account(codec.Scanned{Alien: max(0, o.Alien-booked.Alien), Noise: max(0, o.Noise-tail-booked.Noise)})
			t.rx = append(t.rx[:0], t.rx[len(t.rx)-tail:]...)
			t.before = tail
			return nil
		}
		if len(t.rx) == cap(t.rx) {
			t.shed()
		}
	}
}

// keep keeps what may be, or become, another master's question, for listen. Our own,
// given back by the line, is none.
func (t *rtu) keep(rest []byte, s codec.Scanned) {
	if i := bytes.Index(rest, t.tx); s.Answer == nil && s.Echoed && i >= 0 {
		rest = rest[i+len(t.tx):]
	}
	t.rest = append(t.rest[:0], rest[max(0, len(rest)-rxKeep):]...)
}

// longestOpen is what is kept of a frame that has begun, which may be a question: that
// of a read.
const longestOpen = 8

const (
	// othersTurn is how long another master's question is given to be answered.
	othersTurn = 150 * time.Millisecond
	// patienceForNoise is how many silences a line is given to fall silent. One that
	// floats never does, and its slaves may answer all the same.
	patienceForNoise = 5
)

// lying takes what lies there.
func (t *rtu) lying(ctx context.Context) error {
	if t.host != nil {
		t.host.link.look(func(p []byte) {
			if len(p) > 0 {
				t.bus.trace(false, p)
				t.rx = append(t.rx, p[:min(len(p), cap(t.rx)-len(t.rx))]...)
				t.busy = time.Now()
			}
		})
		return nil
	}
	line, ok := t.line.(waiting)
	if !ok {
		return t.line.Discard()
	}
	// Nothing is thrown away unseen: a question that comes from now on is heard by receive.
	for line.Waiting() > 0 && len(t.rx) < cap(t.rx) {
		if err := t.read(ctx, time.Now().Add(lastLook)); errors.Is(err, drivers.ErrTimeout) {
			break // it was taken out on the way, as an echo
		} else if err != nil {
			return err
		}
	}
	return ended(ctx)
}
