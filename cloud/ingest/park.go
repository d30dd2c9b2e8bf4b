package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"time"
)

// Bounds of what is set aside: at most 64 MiB.
const (
	maxParked = 4000
	maxKept   = 16 << 10 // bytes of one message; its whole size is noted
)

// Schema returns the steps of this package's tables, for the database.
func Schema() []string {
	return []string{`
create table parked(             -- messages and readings that could not be used
	hash blob not null primary key,  -- of topic, payload and reason: each is kept once
	first integer not null,
	last integer not null,
	n integer not null,          -- how often it came
	gateway text not null,
	topic text not null,
	why text not null,
	size integer not null,       -- bytes of the whole message
	payload blob not null
) strict, without rowid;
create index parked_last on parked(last);
`}
}

// aside is one message to be set aside.
type aside struct {
	gateway, topic, why string
	payload             []byte
	size                int // of the whole
	at                  time.Time
	// then is called when the message is on the disk; nil: nothing follows.
	then func(context.Context)
}

// parking sets messages aside.
type parking struct {
	db     DB
	counts *counts
	queue  chan aside
}

func newParking(db DB, c *counts) *parking {
	return &parking{db: db, counts: c, queue: make(chan aside, 256)}
}

// put sets a message aside soon. It never blocks: under a flood of rubbish only
// some of it is kept, and the rest counted.
func (p *parking) put(a aside) {
	a.size = len(a.payload)
	a.payload = bytes.Clone(a.payload[:min(a.size, maxKept)])
	select {
	case p.queue <- a:
	default:
		p.counts.unparked.WithLabelValues().Inc()
	}
}

// run writes what put takes, in groups.
func (p *parking) run(ctx context.Context) error {
	for {
		var group []aside
		select {
		case <-ctx.Done():
			return nil
		case a := <-p.queue:
			group = append(group, a)
		}
		for len(group) < cap(p.queue) && len(p.queue) > 0 {
			group = append(group, <-p.queue)
		}
		if err := p.now(ctx, group...); err != nil {
			p.counts.unparked.WithLabelValues().Add(float64(len(group)))
			continue
		}
		for _, a := range group {
			if a.then != nil {
				a.then(ctx)
			}
		}
	}
}

// now sets messages aside and returns when they are on the disk.
func (p *parking) now(ctx context.Context, group ...aside) error {
	err := p.db.Write(ctx, func(tx *sql.Tx) error {
		for _, a := range group {
			if err := park(ctx, tx, a); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `delete from parked where hash in
			(select hash from parked order by last desc, hash desc limit 1000000 offset ?)`, maxParked)
		return err
	})
	if err != nil {
		p.counts.errors.WithLabelValues("parking").Inc()
		return fmt.Errorf("set aside: %w", err)
	}
	p.counts.parked.WithLabelValues().Add(float64(len(group)))
	return nil
}

func park(ctx context.Context, tx *sql.Tx, a aside) error {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q", a.topic, a.why, a.payload)
	_, err := tx.ExecContext(ctx, `insert into parked(hash, first, last, n, gateway, topic, why, size, payload)
		values(?1, ?2, ?2, 1, ?3, ?4, ?5, ?6, ?7) on conflict(hash) do update set last = ?2, n = parked.n + 1`,
		h.Sum(nil), a.at.UnixMilli(), a.gateway, clip(a.topic), a.why, max(a.size, len(a.payload)), a.payload[:min(len(a.payload), maxKept)])
	return err
}

// clip shortens hostile text.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}
