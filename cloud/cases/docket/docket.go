package docket

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
)

// DB is what a Docket needs of the database, which must have Schema.
type DB interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Options says what a Docket works with. All but Record, Notice and Changed are required.
type Options struct {
	DB DB
	// Policy returns what the city has decided, as it is now.
	Policy func() lifecycle.Policy
	// Path returns an area and those above it as the tree has them now, nearest first; of
	// an area that is not known, or empty, those of the whole city.
	Path func(area string) []lifecycle.Place
	// Record notes elsewhere what a person did, in the transaction that stores it; its error
	// undoes that. nil: nobody does.
	Record func(ctx context.Context, tx *sql.Tx, c lifecycle.Case, e lifecycle.Entry) error
	// Notice takes what was added to a case into what people are told, in the transaction
	// that stores it; its error undoes that. nil: nobody is told.
	Notice func(ctx context.Context, tx *sql.Tx, c lifecycle.Case, entries []lifecycle.Entry) error
	// Changed is told of cases after their changes are on the disk, with the entries that
	// were added. It must not block. nil: nobody listens.
	Changed func(c lifecycle.Case, entries []lifecycle.Entry)
}

// Docket keeps the cases. It is safe for concurrent use.
type Docket struct{ o Options }

// New returns a Docket.
func New(o Options) *Docket {
	if o.Record == nil {
		o.Record = func(context.Context, *sql.Tx, lifecycle.Case, lifecycle.Entry) error { return nil }
	}
	if o.Notice == nil {
		o.Notice = func(context.Context, *sql.Tx, lifecycle.Case, []lifecycle.Entry) error { return nil }
	}
	if o.Changed == nil {
		o.Changed = func(lifecycle.Case, []lifecycle.Entry) {}
	}
	return &Docket{o}
}

const (
	// tick is how often Run looks for what is due: no deadline is closer than a minute.
	tick = time.Second
	// keepRequests is for how long a command that comes again is known.
	keepRequests = 7 * 24 * time.Hour
	// batch is how many timers fire in one transaction.
	batch = 100
)

// Run fires what is due, until ctx ends. It returns nil. failed is told what went wrong; it
// is tried again a second later.
func (d *Docket) Run(ctx context.Context, failed func(error)) error {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-t.C:
			if _, err := d.Fire(ctx, now); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}

// Fire does what is due at a time, and forgets old keys of commands. It returns how many
// timers fired.
func (d *Docket) Fire(ctx context.Context, now time.Time) (fired int, err error) {
	for {
		var news []news
		var late error
		seen := 0
		err := d.o.DB.Write(ctx, func(tx *sql.Tx) error {
			s := d.session(ctx, tx, now.UnixMilli())
			due, err := s.due()
			if err != nil {
				return err
			}
			seen = len(due)
			for _, at := range due {
				if err := s.fire(at); err != nil {
					return err
				}
			}
			news, late = s.news, s.damaged
			if seen < batch {
				_, err = tx.ExecContext(ctx, "delete from case_request where at < ?", now.Add(-keepRequests).UnixMilli())
			}
			return err
		})
		if err != nil {
			return fired, fmt.Errorf("docket: timers: %w", err)
		}
		n := d.tell(news)
		fired += n
		if seen < batch || n == 0 || late != nil {
			return fired, late
		}
	}
}

// news is what a transaction did to a case.
type news struct {
	c       lifecycle.Case
	entries []lifecycle.Entry
}

// tell passes on what is on the disk now, and returns how many entries came of timers.
func (d *Docket) tell(all []news) (timers int) {
	for _, n := range all {
		for _, e := range n.entries {
			if e.Timer != "" && e.Role == lifecycle.System {
				timers++
			}
		}
		d.o.Changed(n.c, n.entries)
	}
	return timers
}
