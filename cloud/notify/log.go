package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/lamppost-city/lamppost/cloud/view"
)

const deliveryColumns = `id, channel, person, kind, level, items, title, state, attempts, formed, next, deadline, finished, doubt, error`

// Log returns deliveries, the latest first. Where more than Limit fit, the next page begins
// before the last one's id.
func (o *Office) Log(ctx context.Context, q view.DeliveryQuery) ([]view.Delivery, error) {
	var formed int64
	if q.Before != "" {
		err := o.o.DB.Read().QueryRowContext(ctx, "select formed from notice_delivery where id = ?", q.Before).Scan(&formed)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("notify: delivery %q: %w", q.Before, view.ErrUnknown)
		}
		if err != nil {
			return nil, fmt.Errorf("notify: log: %w", err)
		}
	}
	rows, err := o.o.DB.Read().QueryContext(ctx, "select "+deliveryColumns+` from notice_delivery
		where (?1 = '' or channel = ?1) and (?2 = '' or state = ?2) and (?3 = '' or formed < ?4 or formed = ?4 and id < ?3)
		order by formed desc, id desc limit ?5`, q.Channel, q.State, q.Before, formed, min(max(q.Limit, 1), 500))
	if err != nil {
		return nil, fmt.Errorf("notify: log: %w", err)
	}
	defer rows.Close()
	out := []view.Delivery{}
	for rows.Next() {
		d, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("notify: log: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

func scan(row interface{ Scan(...any) error }) (d view.Delivery, err error) {
	err = row.Scan(&d.ID, &d.Channel, &d.Person, &d.Kind, &d.Level, &d.Items, &d.Title, &d.State, &d.Attempts, &d.Formed, &d.Next, &d.Deadline, &d.Finished, &d.Doubt, &d.Error)
	return d, err
}

// maxNotices bounds what is listed about one subject.
const maxNotices = 200

// About returns who was told about a subject, or will be, the newest first, at most
// maxNotices. What is older than the log is kept is not there.
func (o *Office) About(ctx context.Context, subject string) ([]view.Notice, error) {
	rows, err := o.o.DB.Read().QueryContext(ctx, `select e.taken, e.body, i.channel, i.person, i.told, coalesce(d.state, 'waiting'), coalesce(d.finished, 0)
		from notice_event e join notice_item i on i.event = e.id left join notice_delivery d on d.id = i.delivery
		where e.subject = ? order by e.taken desc, e.id desc, i.channel, i.person limit ?`, subject, maxNotices)
	if err != nil {
		return nil, fmt.Errorf("notify: %s: %w", subject, err)
	}
	defer rows.Close()
	out := []view.Notice{}
	for rows.Next() {
		var n view.Notice
		var body, told string
		if err := rows.Scan(&n.At, &body, &n.Channel, &n.Person, &told, &n.State, &n.Done); err != nil {
			return nil, fmt.Errorf("notify: %s: %w", subject, err)
		}
		var e Event
		if err := errors.Join(json.Unmarshal([]byte(body), &e), json.Unmarshal([]byte(told), &n.Called)); err != nil {
			return nil, fmt.Errorf("notify: %s: %w", subject, err)
		}
		if n.What = e.State; n.Called == nil {
			n.Called = []string{}
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// Get returns one delivery with its attempts, or view.ErrUnknown.
func (o *Office) Get(ctx context.Context, id string) (view.Delivery, error) {
	d, err := scan(o.o.DB.Read().QueryRowContext(ctx, "select "+deliveryColumns+" from notice_delivery where id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		err = view.ErrUnknown
	}
	if err != nil {
		return d, fmt.Errorf("notify: delivery %q: %w", id, err)
	}
	rows, err := o.o.DB.Read().QueryContext(ctx, "select at, ended, outcome, error from notice_attempt where delivery = ? order by n", id)
	if err != nil {
		return d, fmt.Errorf("notify: delivery %q: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a view.Try
		if err := rows.Scan(&a.At, &a.Ended, &a.Outcome, &a.Error); err != nil {
			return d, fmt.Errorf("notify: delivery %q: %w", id, err)
		}
		d.Tries = append(d.Tries, a)
	}
	return d, rows.Err()
}

// Test sends one message by a channel now, to a person or, with none, to its group, and
// returns what became of it: one attempt, in the log like any other. view.ErrUnknown: there
// is no such channel or person. view.ErrBusy: its limit is reached, or it is paused.
func (o *Office) Test(ctx context.Context, id, person string) (view.Delivery, error) {
	c, err := o.channel(id)
	if err != nil {
		return view.Delivery{}, err
	}
	if _, known := o.o.Person(person); person != "" && (!known || !c.Personal) {
		return view.Delivery{}, fmt.Errorf("notify: person %q: %w", person, view.ErrUnknown)
	}
	now := time.Now()
	// The state keeps it from the loop that sends; only this call has it.
	d := view.Delivery{ID: uuid.Must(uuid.NewV7()).String(), Channel: id, Person: person, Kind: test, State: queued, Title: test,
		Formed: now.UnixMilli(), Next: now.Add(leaseTime).UnixMilli(), Deadline: now.Add(leaseTime).UnixMilli()}
	err = o.o.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := lockChannel(ctx, tx, id); err != nil {
			return err
		}
		if at, err := o.mayAt(ctx, tx, c, true, "", now.UnixMilli()); err != nil || at > now.UnixMilli() {
			return errors.Join(err, view.ErrBusy)
		}
		return errors.Join(insert(ctx, tx, d, "", []string{"test/" + d.ID}), o.o.Record(ctx, tx, view.Deed{What: "channel.test", About: id, New: person}))
	})
	if err != nil {
		return view.Delivery{}, fmt.Errorf("notify: test of %s: %w", id, err)
	}
	j, _, err := o.claim(ctx, c, open{id: d.ID, person: person}, now)
	if err == nil && j == nil {
		err = view.ErrBusy
	}
	if err != nil {
		return view.Delivery{}, fmt.Errorf("notify: test of %s: %w", id, err)
	}
	if err := o.attempt(ctx, c, *j); err != nil {
		return view.Delivery{}, fmt.Errorf("notify: test of %s: %w", id, err)
	}
	return o.endTest(ctx, d.ID)
}

// endTest keeps a test that failed from being tried again: whoever pressed the button has
// the answer.
func (o *Office) endTest(ctx context.Context, id string) (view.Delivery, error) {
	err := o.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "update notice_delivery set state = 'given-up', finished = ? where id = ? and state = 'queued'", time.Now().UnixMilli(), id)
		return err
	})
	if err != nil {
		return view.Delivery{}, fmt.Errorf("notify: test: %w", err)
	}
	return o.Get(ctx, id)
}

// States returns how each channel does, in the order of the settings.
func (o *Office) States(ctx context.Context) ([]view.Way, error) {
	out := []view.Way{}
	for _, c := range o.o.Channels {
		s := view.Way{ID: c.ID}
		err := o.o.DB.Read().QueryRowContext(ctx, "select paused, down, error from notice_channel where channel = ?", c.ID).Scan(&s.Paused, &s.Down, &s.Error)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("notify: %s: %w", c.ID, err)
		}
		err = o.o.DB.Read().QueryRowContext(ctx, "select count(*) from notice_delivery where channel = ? and state in ('queued', 'sending')", c.ID).Scan(&s.Waiting)
		if err != nil {
			return nil, fmt.Errorf("notify: %s: %w", c.ID, err)
		}
		out = append(out, s)
	}
	return out, nil
}

// Knows says whether anything about a subject was taken.
func (o *Office) Knows(ctx context.Context, subject string) (bool, error) {
	var n int
	if err := o.o.DB.Read().QueryRowContext(ctx, "select count(*) from notice_event where subject = ?", subject).Scan(&n); err != nil {
		return false, fmt.Errorf("notify: %w", err)
	}
	return n > 0, nil
}

// keep is how long the log is.
const keep = 90 * 24 * time.Hour

// keepTidy prunes now and then.
func (o *Office) keepTidy(ctx context.Context) {
	tick := time.NewTicker(prune)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			// What cannot be removed now is tried again in an hour.
			_ = o.Prune(ctx, now)
		}
	}
}

// Prune removes what was taken 90 days ago, and spent links that would be too old anyway.
func (o *Office) Prune(ctx context.Context, now time.Time) error {
	old := now.Add(-keep).UnixMilli()
	err := o.o.DB.Write(ctx, func(tx *sql.Tx) error {
		for _, s := range []struct {
			text string
			arg  int64
		}{
			{"delete from notice_delivery where formed < ?", old},
			{"delete from notice_attempt where at < ? and delivery not in (select id from notice_delivery)", old},
			{"delete from notice_item where event in (select id from notice_event where taken < ?)", old},
			{"delete from notice_event where taken < ?", old},
			{"delete from notice_link where expires < ?", now.UnixMilli()},
		} {
			if _, err := tx.ExecContext(ctx, s.text, s.arg); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("notify: prune: %w", err)
	}
	return nil
}
