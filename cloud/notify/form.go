package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/lamppost-city/lamppost/cloud/view"
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

const (
	maxBatch    = 2000 // events that are looked at, and formed, at once
	maxSubjects = 50   // that a delivery lists
)

// errTaken says that another process formed the message.
var errTaken = errors.New("formed already")

// formAll makes messages of what waits, and returns when to look again.
func (o *Office) formAll(ctx context.Context, now time.Time) (next time.Time, err error) {
	next = now.Add(look)
	waiting, err := o.receivers(ctx)
	if err != nil {
		return next, err
	}
	for _, r := range waiting {
		c, err := o.channel(r.channel)
		if err != nil {
			continue // it was taken out of the settings
		}
		at, err := o.formFor(ctx, c, r.person, now)
		if err != nil {
			return next, err
		}
		if at != 0 && time.UnixMilli(at).Before(next) {
			next = time.UnixMilli(at)
		}
	}
	return next, nil
}

// receivers are those for whom something waits.
func (o *Office) receivers(ctx context.Context) (out []route, err error) {
	rows, err := o.o.DB.Read().QueryContext(ctx, "select distinct channel, person from notice_item where delivery = ''")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r route
		if err := rows.Scan(&r.channel, &r.person); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// formFor makes the messages for one receiver.
func (o *Office) formFor(ctx context.Context, c Channel, person string, now time.Time) (next int64, err error) {
	items, err := o.waitingFor(ctx, c.ID, person)
	if err != nil {
		return 0, err
	}
	if items, err = o.withoutSymptoms(ctx, c.ID, person, items, now.UnixMilli()); err != nil {
		return 0, err
	}
	h, err := o.past(ctx, c.ID, person, now.UnixMilli())
	if err != nil {
		return 0, err
	}
	batches, next := plan(items, c.Machine, h, now.UnixMilli())
	for _, b := range batches {
		if err := o.formOne(ctx, c, person, items, b, now); err != nil && !errors.Is(err, errTaken) {
			return 0, err
		}
	}
	if len(batches) > 0 {
		ring(o.desks[c.ID])
	}
	return next, nil
}

func (o *Office) waitingFor(ctx context.Context, channel, person string) (items []waiting, err error) {
	rows, err := o.o.DB.Read().QueryContext(ctx, `select event, subject, grp, level, due from notice_item
		where delivery = '' and channel = ? and person = ? order by n limit ?`, channel, person, maxBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var w waiting
		if err := rows.Scan(&w.event, &w.subject, &w.grp, &w.level, &w.due); err != nil {
			return nil, err
		}
		items = append(items, w)
	}
	return items, rows.Err()
}

// withoutSymptoms leaves out, for good, what became a symptom of something open while it
// waited, of what waits no longer.
func (o *Office) withoutSymptoms(ctx context.Context, channel, person string, items []waiting, now int64) (kept []waiting, err error) {
	for _, it := range items {
		if o.o.Cause == nil || it.due > now {
			kept = append(kept, it)
			continue
		}
		e, err := o.event(ctx, it.event)
		if err != nil {
			return nil, err
		}
		if o.o.Cause(ctx, e) == "" {
			kept = append(kept, it)
			continue
		}
		err = o.o.DB.Write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "delete from notice_item where delivery = '' and channel = ? and person = ? and event = ?", channel, person, it.event)
			if err == nil {
				_, err = tx.ExecContext(ctx, "update notice_event set why = 'symptom' where id = ?", it.event)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// event reads one.
func (o *Office) event(ctx context.Context, id string) (e Event, err error) {
	var body string
	if err := o.o.DB.Read().QueryRowContext(ctx, "select body from notice_event where id = ?", id).Scan(&body); err != nil {
		return e, fmt.Errorf("event %s: %w", id, err)
	}
	return e, json.Unmarshal([]byte(body), &e)
}

func (o *Office) past(ctx context.Context, channel, person string, now int64) (h past, err error) {
	err = o.o.DB.Read().QueryRowContext(ctx, `select count(*) from notice_delivery
		where channel = ? and person = ? and formed > ? and kind in ('single', 'group')`, channel, person, now-floodSpan).Scan(&h.recent)
	if err == nil {
		err = o.o.DB.Read().QueryRowContext(ctx, `select coalesce(max(formed), 0) from notice_delivery
			where channel = ? and person = ? and formed > ? and kind = 'digest'`, channel, person, now-floodSpan).Scan(&h.digest)
	}
	return h, err
}

// formOne makes one message of a batch, unless another process did.
func (o *Office) formOne(ctx context.Context, c Channel, person string, items []waiting, b batch, now time.Time) error {
	d := view.Delivery{ID: uuid.Must(uuid.NewV7()).String(), Channel: c.ID, Person: person, Kind: b.kind, State: queued,
		Formed: now.UnixMilli(), Next: now.UnixMilli(), Deadline: now.Add(c.GiveUp).UnixMilli()}
	empty := d
	return o.o.DB.Write(ctx, func(tx *sql.Tx) error {
		d := empty // it may be done again
		var subjects []string
		var newest string
		for _, i := range b.items {
			it := items[i]
			r, err := tx.ExecContext(ctx, "update notice_item set delivery = ? where delivery = '' and channel = ? and person = ? and event = ?",
				d.ID, c.ID, person, it.event)
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); err != nil || n == 0 {
				return errors.Join(err, errTaken) // the whole batch is another's
			}
			d.Items++
			newest = it.event
			if d.Level == "" || rank(it.level) < rank(d.Level) {
				d.Level = it.level
			}
			if !slices.Contains(subjects, it.subject) && len(subjects) <= maxSubjects {
				subjects = append(subjects, it.subject)
			}
		}
		if len(subjects) > maxSubjects {
			subjects = []string{anything}
		}
		e, err := o.event(ctx, newest)
		if err != nil {
			return err
		}
		d.Title = in(e.Text, c.Lang)
		return insert(ctx, tx, d, subjects)
	})
}

// insert writes a new delivery as the last of its channel.
func insert(ctx context.Context, tx *sql.Tx, d view.Delivery, subjects []string) error {
	list, err := json.Marshal(subjects)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `insert into notice_delivery(id, channel, seq, person, kind, level, subjects, items, title, state,
		attempts, formed, next, deadline, owner, lease, doubt, finished, error)
		values(?, ?, (select coalesce(max(seq), 0) + 1 from notice_delivery where channel = ?), ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, '', 0, 0, ?, ?)`,
		d.ID, d.Channel, d.Channel, d.Person, d.Kind, d.Level, string(list), d.Items, d.Title, d.State, d.Formed, d.Next, d.Deadline, d.Finished, d.Error)
	return err
}

// column reads a query of one column.
func column(ctx context.Context, db *sql.DB, query string, args ...any) (out []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
