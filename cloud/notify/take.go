package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Take takes events to tell. When it returns nil they are on the disk; those that it has
// already, by their id, are left out. The error is a *view.FieldError if an event cannot be
// told, and then none is taken.
func (o *Office) Take(ctx context.Context, events ...Event) error {
	err := o.o.DB.Write(ctx, func(tx *sql.Tx) error { return o.TakeIn(ctx, tx, time.Now(), events...) })
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	ring(o.form)
	return nil
}

// TakeIn is Take in a transaction of the caller: what it does and that it is told about
// become true together. Wake, after that, lets it be told at once and not a second later.
func (o *Office) TakeIn(ctx context.Context, tx *sql.Tx, now time.Time, events ...Event) error {
	load := load{}
	for _, e := range events {
		if err := o.takeOne(ctx, tx, now, e, nil, load); err != nil {
			return fmt.Errorf("event %q: %w", e.ID, err)
		}
	}
	return nil
}

// Wake has what was taken looked at.
func (o *Office) Wake() { ring(o.form) }

// takeOne notes an event for its receivers; if no rule names any, for the others.
func (o *Office) takeOne(ctx context.Context, tx *sql.Tx, now time.Time, e Event, others []route, load load) error {
	body, err := e.check()
	if err != nil {
		return err
	}
	routes := o.routes(e, now)
	if len(routes) == 0 {
		routes = others
	}
	routes, told, why, err := o.listeners(ctx, tx, e, routes)
	if err != nil {
		return err
	}
	r, err := tx.ExecContext(ctx, `insert into notice_event(id, subject, taken, routes, why, body) values(?, ?, ?, ?, ?, ?)
		on conflict(id) do nothing`, e.ID, e.Subject, now.UnixMilli(), told, why, string(body))
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err // it is here already
	}
	for _, r := range routes {
		if err := o.takeFor(ctx, tx, now, e, r, load); err != nil {
			return err
		}
	}
	return nil
}

// listeners returns which receivers have an event waiting for them, how many of them will be
// told, and if none, why. Programs are always told.
func (o *Office) listeners(ctx context.Context, tx *sql.Tx, e Event, routes []route) (kept []route, told int, why string, err error) {
	for _, r := range routes {
		c, err := o.channel(r.channel)
		if err != nil {
			return nil, 0, "", err
		}
		knows := true
		if e.Sequel && !c.Machine {
			if knows, err = knowsOf(ctx, tx, r, e.Subject); err != nil {
				return nil, 0, "", err
			}
		}
		if !c.Machine && (e.Hushed || !knows) {
			continue
		}
		if kept = append(kept, r); c.Machine || e.Cause == "" {
			told++
		}
	}
	switch {
	case told > 0:
	case len(routes) == 0:
		why = "no-rule"
	case e.Hushed:
		why = "shelved"
	default:
		why = "symptom"
	}
	return kept, told, why, nil
}

// knowsOf says whether a receiver was told of a subject, or will be.
func knowsOf(ctx context.Context, tx *sql.Tx, r route, subject string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, "select count(*) from (select 1 from notice_item where channel = ? and person = ? and subject = ? and cause = '' limit 1) w",
		r.channel, r.person, subject).Scan(&n)
	return n > 0, err
}

// Known says, in a transaction, whether an event about a subject was taken before.
func (o *Office) Known(ctx context.Context, tx *sql.Tx, subject string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, "select count(*) from (select 1 from notice_event where subject = ? limit 1) w", subject).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("notify: %s: %w", subject, err)
	}
	return n > 0, nil
}

// takeFor lets an event wait for one receiver.
func (o *Office) takeFor(ctx context.Context, tx *sql.Tx, now time.Time, e Event, r route, load load) error {
	c, err := o.channel(r.channel)
	if err != nil {
		return err
	}
	told, err := json.Marshal(r.told)
	if err != nil {
		return err
	}
	var grp, delivery, cause string
	due, asks := now.UnixMilli(), 0
	if e.Cause == "" || c.Machine {
		grp, due, err = o.place(ctx, tx, due, c, e, r)
	} else {
		delivery, cause = hushed, e.Cause
	}
	if err != nil {
		return err
	}
	if e.Asks {
		asks = 1
	}
	_, err = tx.ExecContext(ctx, `insert into notice_item(channel, person, n, event, subject, grp, level, told, due, delivery, source, cause, asks)
		values(?, ?, (select coalesce(max(n), 0) + 1 from notice_item where channel = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, r.person, c.ID, e.ID, e.Subject, grp, string(e.Severity), string(told), due, delivery, e.Source, cause, asks)
	if err != nil || delivery != "" {
		return err
	}
	full, err := load.add(ctx, tx, c.ID)
	if err != nil || !full {
		return err
	}
	return o.evict(ctx, tx, now, c, load)
}

// Suppress makes a symptom of a subject, from now on: what waits about it is told to nobody
// but counted in a message about its cause, or in the next digest. What was told was told;
// what asks somebody to act, and what programs are to have, stays.
func (o *Office) Suppress(ctx context.Context, tx *sql.Tx, subject, cause string) error {
	var people []any
	for _, c := range o.o.Channels {
		if !c.Machine {
			people = append(people, c.ID)
		}
	}
	if len(people) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, "update notice_item set delivery = '"+hushed+"', cause = ? where delivery = '' and subject = ? and asks = 0 and channel in (?"+
		strings.Repeat(", ?", len(people)-1)+")", append([]any{cause, subject}, people...)...)
	if err == nil {
		_, err = tx.ExecContext(ctx, `update notice_event set why = 'symptom', routes = 0 where subject = ?
			and id in (select event from notice_item where subject = ? and cause <> '') and id not in (select event from notice_item where subject = ? and cause = '')`,
			subject, subject, subject)
	}
	if err != nil {
		return fmt.Errorf("notify: suppress %s: %w", subject, err)
	}
	return nil
}

// place says in which group an event waits, and until when: with what waits about the same
// subject; else a first notice with those of its area and rule, and anything else alone.
func (o *Office) place(ctx context.Context, tx *sql.Tx, now int64, c Channel, e Event, r route) (grp string, due int64, err error) {
	if c.Machine || rank(string(e.Severity)) == 0 {
		return "event/" + e.ID, now, nil
	}
	err = tx.QueryRowContext(ctx, `select grp, due from notice_item where delivery = '' and channel = ? and person = ? and subject = ?
		order by due desc limit 1`, c.ID, r.person, e.Subject).Scan(&grp, &due)
	if !errors.Is(err, sql.ErrNoRows) {
		return grp, due, err
	}
	if !e.First {
		return "subject/" + e.Subject, now, nil
	}
	grp = "rule/" + e.Area + "/" + e.Rule
	var first sql.NullInt64
	err = tx.QueryRowContext(ctx, "select min(due) from notice_item where delivery = '' and channel = ? and person = ? and grp = ?",
		c.ID, r.person, grp).Scan(&first)
	if first.Valid {
		return grp, first.Int64, err
	}
	return grp, now + groupWait, err
}
