package buffer

import (
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Date is when a moment was.
type Date struct {
	UnixMS int64
	ErrMS  int64 // half width of what it may be instead
	Guess  bool  // only a point between bounds
}

// Units answers which metric a channel is. obs.Catalog is one.
type Units interface {
	Lookup(channel string) (obs.Metric, bool)
}

// Options say what a Buffer stands on. Journal is needed.
type Options struct {
	Journal *journal.Reader
	// Date dates a moment of any boot; ok is false if it cannot. nil: nothing is dated.
	Date func(boot string, bootMS int64) (d Date, ok bool)
	// Missing returns the parts of a range that no store has acknowledged. nil: it is
	// not known.
	Missing func(wire.Epoch, wire.Range) []wire.Range
	Units   Units // nil: values have no units
}

// Buffer is a journal with the meaning of its records. Safe for concurrent use as
// far as Options' functions are.
type Buffer struct{ o Options }

// New returns a buffer on an open reader, which stays the caller's.
func New(o Options) *Buffer {
	if o.Date == nil {
		o.Date = func(string, int64) (Date, bool) { return Date{}, false }
	}
	return &Buffer{o}
}

// moment dates a commit as it travels.
func (b *Buffer) moment(s journal.Stamp) wire.Moment {
	m := wire.Moment{Boot: s.Boot, BootMS: s.BootMS}
	if d, ok := b.o.Date(s.Boot, s.BootMS); ok {
		m.Unix, m.ErrorMS = d.UnixMS, d.ErrMS
	}
	return m
}
