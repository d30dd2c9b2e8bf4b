package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// States of a delivery.
const (
	queued  = "queued"
	sending = "sending"
	sent    = "sent"
	refused = "refused"  // the receiver will never take it
	givenUp = "given-up" // its deadline passed
	dropped = "dropped"  // too much waited
)

// hushed stands in an item's delivery while a symptom waits to be counted in a message.
const hushed = "symptom"

const (
	maxBatch    = 2000 // events that are looked at at once
	maxFormed   = 100  // messages that are formed in one transaction
	maxAhead    = 500  // messages of a machine that are formed before they can be sent; twice as many red ones
	fewAhead    = 10   // of one source, which may be formed beyond that if they are red
	maxSubjects = 50   // that a delivery lists
)

// worstFirst orders items and deliveries by their level.
const worstFirst = "case level when 'red' then 0 when 'orange' then 1 when 'yellow' then 2 else 3 end"

// querier reads, in a transaction or outside.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// queue is what waits for one receiver.
type queue struct {
	channel, person string
	count, newest   int64
}

// glance is what a queue was when it was last looked at, and when it has to be again.
type glance struct {
	queue
	next int64
}

// formAll makes messages of what waits, and returns when to look again. Who cannot be told
// keeps nobody else waiting; he is tried again the next time.
func (o *Office) formAll(ctx context.Context, now time.Time) (next time.Time, err error) {
	next = now.Add(look)
	queues, err := o.queues(ctx)
	if err != nil {
		return next, err
	}
	var failed []error
	known := map[receiver]glance{}
	for _, q := range queues {
		c, err := o.channel(q.channel)
		if err != nil {
			continue // it was taken out of the settings
		}
		id := receiver{q.channel, q.person}
		g, same := o.glances[id]
		if !same || g.queue != q || g.next <= now.UnixMilli() {
			at, err := o.formFor(ctx, c, q.person, now)
			if err != nil {
				failed = append(failed, fmt.Errorf("channel %q, person %q: %w", q.channel, q.person, err))
				continue
			}
			g = glance{q, at}
		}
		known[id] = g
		if at := time.UnixMilli(g.next); at.Before(next) {
			next = at
		}
	}
	o.glances = known
	return next, errors.Join(failed...)
}

// receiver names a receiver.
type receiver struct{ channel, person string }

// queues are what waits, by receiver.
func (o *Office) queues(ctx context.Context) (out []queue, err error) {
	rows, err := o.o.DB.Read().QueryContext(ctx, "select channel, person, count(*), max(n) from notice_item where delivery = '' group by channel, person order by channel, person")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var q queue
		if err := rows.Scan(&q.channel, &q.person, &q.count, &q.newest); err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, rows.Err()
}

// formFor makes the messages for one receiver, and returns when to look again. It looks
// before it takes the database for itself, and again when it has it: another process may
// have been there.
func (o *Office) formFor(ctx context.Context, c Channel, person string, now time.Time) (next int64, err error) {
	p, err := o.planFor(ctx, o.o.DB.Read(), c, person, now.UnixMilli())
	if err != nil || len(p.batches) == 0 {
		return p.next, err
	}
	err = o.o.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := lockChannel(ctx, tx, c.ID); err != nil {
			return err
		}
		if p, err = o.planFor(ctx, tx, c, person, now.UnixMilli()); err != nil {
			return err
		}
		for i, b := range p.batches {
			if i == maxFormed {
				p.next = now.UnixMilli()
				break
			}
			if err := o.formOne(ctx, tx, c, person, p.items, b, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		ring(o.desks[c.ID])
	}
	return p.next, err
}

// todo is what to form for a receiver.
type todo struct {
	items   []waiting
	batches []batch
	next    int64
}

func (o *Office) planFor(ctx context.Context, db querier, c Channel, person string, now int64) (t todo, err error) {
	if t.items, err = o.waitingFor(ctx, db, c.ID, person); err != nil {
		return t, err
	}
	h, err := o.past(ctx, db, c.ID, person, now)
	if err != nil {
		return t, err
	}
	t.batches, t.next = plan(t.items, c.Machine, h, now)
	if c.Machine {
		t.batches, err = o.ahead(ctx, db, c.ID, t)
	}
	if t.next == 0 {
		t.next = now + look.Milliseconds()
	}
	return t, err
}

// ahead leaves out what cannot be sent for long: it waits where the most severe goes first
// and the least severe is dropped. A red one of a source that has few is never left out, nor
// what is to be told of its subject before.
func (o *Office) ahead(ctx context.Context, db querier, channel string, t todo) (kept []batch, err error) {
	rows, err := db.QueryContext(ctx, "select source, count(*) from notice_delivery where channel = ? and state in ('queued', 'sending') group by source", channel)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all, by := 0, map[string]int{}
	for rows.Next() {
		var source string
		var n int
		if err := rows.Scan(&source, &n); err != nil {
			return nil, err
		}
		all, by[source] = all+n, n
	}
	lastRed := map[string]int{} // by subject
	for k, b := range t.batches {
		if it := t.items[b.items[0]]; rank(it.level) == 0 {
			lastRed[it.subject] = k
		}
	}
	for k, b := range t.batches {
		it := t.items[b.items[0]]
		most := maxAhead
		if last, ok := lastRed[it.subject]; ok && k <= last {
			if most = 2 * maxAhead; by[it.source] < fewAhead {
				most = 4 * maxAhead
			}
		}
		if all < most {
			kept = append(kept, b)
			all++
			by[it.source]++
		}
	}
	return kept, rows.Err()
}

// waitingFor returns what waits for a receiver, the most severe first, and of each source
// as much as of another. What is about one subject is in order: it is as urgent as the most
// severe of what waits behind it.
func (o *Office) waitingFor(ctx context.Context, db querier, channel, person string) (items []waiting, err error) {
	rows, err := db.QueryContext(ctx, `select event, subject, grp, level, source, due, n from (
			select event, subject, grp, level, source, due, n, urgency, row_number() over (partition by source order by urgency, n) as turn from (
				select event, subject, grp, level, source, due, n,
					min(`+worstFirst+`) over (partition by subject order by n rows between current row and unbounded following) as urgency
				from notice_item where delivery = '' and channel = ? and person = ?) v) w
		order by urgency, turn, n limit ?`, channel, person, maxBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var w waiting
		if err := rows.Scan(&w.event, &w.subject, &w.grp, &w.level, &w.source, &w.due, &w.n); err != nil {
			return nil, err
		}
		items = append(items, w)
	}
	return items, rows.Err()
}

// past is what a receiver had in the last ten minutes.
func (o *Office) past(ctx context.Context, db querier, channel, person string, now int64) (h past, err error) {
	h.by = map[string]burst{}
	rows, err := db.QueryContext(ctx, `select source, kind, case level when 'red' then 1 else 0 end as red, count(*), max(formed) from notice_delivery
		where channel = ? and person = ? and formed > ? and kind in ('single', 'group', 'digest', 'surge') and state <> 'dropped'
		group by source, kind, case level when 'red' then 1 else 0 end`, channel, person, now-floodSpan)
	if err != nil {
		return h, err
	}
	defer rows.Close()
	for rows.Next() {
		var source, kind string
		var red bool
		var n int
		var last int64
		if err := rows.Scan(&source, &kind, &red, &n, &last); err != nil {
			return h, err
		}
		b := h.by[source]
		switch {
		case kind == digest:
			h.digest = max(h.digest, last)
		case kind == surge:
			b.surge = max(b.surge, last)
		default:
			h.recent += n
			if red {
				b.singles, h.reds = b.singles+n, h.reds+n
			}
		}
		h.by[source] = b
	}
	return h, rows.Err()
}
