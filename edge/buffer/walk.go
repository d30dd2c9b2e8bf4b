package buffer

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Filter says what is asked for. The zero value asks for everything.
type Filter struct {
	Since, Until time.Time  // zero: open; Until itself is not asked for
	Undated      bool       // with Since or Until: also what has no date
	Stream       obs.Stream // empty parts: any
	Kinds        []string   // none: all
	Limit        uint64     // entries at most; 0: all
}

// Summary says what a walk met.
type Summary struct {
	Entries    uint64 // given
	Undated    uint64 // left out, since a time was asked for and they have none
	Unreadable uint64 // records that this program cannot read
	Damaged    uint64 // records lost to damage that was met on the way
	Limited    bool   // there may be more: Filter.Limit was reached
}

// errLimit ends a walk that has given enough.
var errLimit = errors.New("limit reached")

// Walk gives fn the entries that pass the filter, in the order in which they were
// written. The entry is valid until fn returns. progress, unless nil, is told now
// and then how many records of how many were looked at. The error is ctx's, fn's,
// or the disk's.
func (b *Buffer) Walk(ctx context.Context, f Filter, progress func(done, total uint64), fn func(*Entry) error) (Summary, error) {
	w := walk{ctx: ctx, b: b, f: f, fn: fn, progress: progress}
	if progress == nil {
		w.progress = func(uint64, uint64) {}
	}
	return w.run(w.parts())
}

// Tail is Walk for the newest entries, at most most of them: it looks from the end
// and only as far back as it must. Filter.Limit does not count. The entries are the
// caller's.
func (b *Buffer) Tail(ctx context.Context, f Filter, most int) ([]Entry, Summary, error) {
	f.Limit = 0
	for window := uint64(4 * most); ; window *= 8 {
		var ring []Entry
		w := walk{ctx: ctx, b: b, f: f, progress: func(uint64, uint64) {}, fn: func(e *Entry) error {
			if ring = append(ring, *e); len(ring) > 2*most {
				ring = append(ring[:0], ring[len(ring)-most:]...)
			}
			return nil
		}}
		parts, all := last(w.parts(), window)
		sum, err := w.run(parts)
		if err != nil || all || len(ring) >= most {
			sum.Limited = !all || sum.Entries > uint64(most)
			ring = ring[max(0, len(ring)-most):]
			sum.Entries = uint64(len(ring))
			return ring, sum, err
		}
	}
}

// last returns the newest n records of the parts; all says that this is all.
func last(parts []part, n uint64) (out []part, all bool) {
	for i := len(parts) - 1; i >= 0; i-- {
		p := parts[i]
		have := p.to - p.from + 1
		if have > n {
			p.from = p.to - n + 1
		}
		if n > 0 {
			out = append(out, p)
		}
		if have > n {
			slices.Reverse(out)
			return out, false
		}
		n -= have
	}
	slices.Reverse(out)
	return out, true
}

func (w *walk) run(parts []part) (Summary, error) {
	for _, p := range parts {
		w.total += p.to - p.from + 1
	}
	for _, p := range parts {
		if err := w.part(p); errors.Is(err, errLimit) {
			w.sum.Limited = true
			break
		} else if err != nil {
			return w.sum, err
		}
	}
	w.progress(w.total, w.total)
	return w.sum, nil
}

type walk struct {
	ctx         context.Context
	b           *Buffer
	f           Filter
	fn          func(*Entry) error
	progress    func(done, total uint64)
	done, total uint64
	sum         Summary
}

// part is what has to be read of one epoch.
type part struct {
	epoch    journal.Epoch
	boot     string
	from, to uint64
}

// parts leaves out what the stamps of commits show to lie before Since.
func (w *walk) parts() (out []part) {
	for _, e := range w.b.o.Journal.Epochs() {
		p := part{e.Epoch, e.Opened.Boot, e.First, e.Last}
		if !w.f.Since.IsZero() && !w.f.Undated {
			p.from = max(p.from, w.b.o.Journal.SeqAt(e.Epoch, w.before))
		}
		if p.from <= p.to {
			out = append(out, p)
		}
	}
	return out
}

// before says that a commit is known to be older than what is asked for.
func (w *walk) before(s journal.Stamp) bool {
	d, ok := w.b.o.Date(s.Boot, s.BootMS)
	return ok && d.UnixMS+d.ErrMS < w.f.Since.UnixMilli()
}

// lookEvery is how many records pass between two looks at the context.
const lookEvery = 1024

func (w *walk) part(p part) error {
	d := decoding{b: w.b, epoch: p.epoch, name: wire.Epoch(p.epoch.String()), boot: p.boot, metrics: map[string]obs.Metric{}}
	begun := w.done
	err := w.b.o.Journal.Read(p.epoch, p.from, p.to, func(r journal.Record) error {
		if w.done = begun + r.Seq - p.from; w.done%lookEvery == 0 {
			if err := w.ctx.Err(); err != nil {
				return err
			}
			w.progress(w.done, w.total)
		}
		err := d.entries(r, w.entry)
		if errors.Is(err, record.ErrFormat) {
			w.sum.Unreadable++
			return nil
		}
		return err
	})
	w.done = begun + p.to - p.from + 1
	var damage *journal.DamageError
	if errors.As(err, &damage) {
		for _, l := range damage.Losses {
			w.sum.Damaged += l.Count()
		}
		return nil
	}
	return err
}

// entry gives one entry if it was asked for.
func (w *walk) entry(e *Entry) error {
	f := &w.f
	if f.Stream.Device != "" && f.Stream.Device != e.Stream.Device || f.Stream.Channel != "" && f.Stream.Channel != e.Stream.Channel ||
		len(f.Kinds) > 0 && !slices.Contains(f.Kinds, e.Kind) {
		return nil
	}
	if timed := !f.Since.IsZero() || !f.Until.IsZero(); timed && !e.Dated && !f.Undated {
		w.sum.Undated++
		return nil
	}
	if e.Dated && (!f.Since.IsZero() && e.UnixMS < f.Since.UnixMilli() || !f.Until.IsZero() && e.UnixMS >= f.Until.UnixMilli()) {
		return nil
	}
	if f.Limit > 0 && w.sum.Entries >= f.Limit {
		return errLimit
	}
	w.sum.Entries++
	return w.fn(e)
}
