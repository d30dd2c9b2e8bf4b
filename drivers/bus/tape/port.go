package tape

import (
	"bytes"
	"context"

	"github.com/lamppost-city/lamppost/drivers"
)

// Port returns the part as a serial line, also for the owner of an SDI-12 line. A
// driver may write a request in other pieces than the tape has it in; it may read
// answers in other pieces too.
func (r *Replay) Port() drivers.Port { return &port{Replay: r} }

type port struct {
	*Replay
	held      []byte // came and was not read
	sent      int    // bytes of the next Sent entry that were written
	discarded bool   // nothing was read since the last Discard
}

// arrive moves what has come by now to held and returns the entry that is next.
func (p *port) arrive() (next Entry, ok bool) {
	for {
		e, ok := p.peek()
		if !ok || e.Kind != Received || p.until(e) > 0 {
			return e, ok
		}
		p.held = append(p.held, e.Bytes...)
		p.i++
	}
}

// Read implements drivers.Port.
func (p *port) Read(ctx context.Context, b []byte) (int, error) {
	p.discarded = false
	for {
		if err := ended(ctx); err != nil {
			return 0, err
		}
		next, ok := p.arrive()
		switch {
		case len(p.held) > 0:
			n := copy(b, p.held)
			p.held = p.held[n:]
			return n, nil
		case ok && next.Kind == Fault:
			return 0, p.fault(ctx, next)
		}
		if err := sleep(ctx, p.until(next), ok && next.Kind == Received); err != nil {
			return 0, err
		}
	}
}

// Write implements drivers.Port.
func (p *port) Write(ctx context.Context, b []byte) (int, error) {
	if err := ended(ctx); err != nil {
		return 0, err
	}
	for done := 0; done < len(b); {
		e, ok := p.peek()
		switch {
		case ok && e.Kind == Received: // it had come before this was written
			if p.i++; !p.discarded {
				p.held = append(p.held, e.Bytes...)
			}
			continue
		case ok && e.Kind == Fault:
			return done, p.fault(ctx, e)
		case !ok:
			return done, p.fail(e, "nothing more was sent here, the driver sends %s", p.shown(Entry{Kind: Sent, Bytes: b[done:]}))
		}
		want := e.Bytes[p.sent:]
		n := min(len(want), len(b)-done)
		if !bytes.Equal(want[:n], b[done:done+n]) {
			return done, p.fail(e, "%s was sent here, the driver sends %s", p.shown(e), p.shown(Entry{Kind: Sent, Bytes: b[done:]}))
		}
		done, p.sent = done+n, p.sent+n
		if p.sent == len(e.Bytes) {
			p.i, p.sent = p.i+1, 0
			p.anchor(e)
		}
	}
	return len(b), nil
}

// Discard implements drivers.Port.
func (p *port) Discard() error {
	p.arrive()
	p.held, p.discarded = nil, true
	return nil
}

// Noise implements drivers.Port; nobody counts here.
func (p *port) Noise(int) {}

// BadChecksum implements drivers.Port; nobody counts here.
func (p *port) BadChecksum() {}
