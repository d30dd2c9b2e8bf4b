package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
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
	routes, why, told := o.routes(e, now), "", 0
	if len(routes) == 0 {
		routes = others
	}
	switch told = len(routes); {
	case told == 0:
		why = "no-rule"
	case e.Cause != "":
		why, told = "symptom", 0
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
	var grp, delivery string
	due := now.UnixMilli()
	if e.Cause == "" {
		grp, due, err = o.place(ctx, tx, due, c, e, r)
	} else if delivery = hushed; c.Machine {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `insert into notice_item(channel, person, n, event, subject, grp, level, told, due, delivery, source, cause)
		values(?, ?, (select coalesce(max(n), 0) + 1 from notice_item where channel = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, r.person, c.ID, e.ID, e.Subject, grp, string(e.Severity), string(told), due, delivery, e.Source, e.Cause)
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
// but counted in a message about its cause, or in the next digest. What was told was told.
func (o *Office) Suppress(ctx context.Context, tx *sql.Tx, subject, cause string) error {
	_, err := tx.ExecContext(ctx, `update notice_event set why = 'symptom', routes = 0 where subject = ?
		and id in (select event from notice_item where delivery = '' and subject = ?)`, subject, subject)
	if err == nil {
		_, err = tx.ExecContext(ctx, "update notice_item set delivery = '"+hushed+"', cause = ? where delivery = '' and subject = ?", cause, subject)
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
