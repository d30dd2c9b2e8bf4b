package cases

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// stored is an alert's row as Record needs it.
type stored struct {
	gateway  string
	rev      int
	vanished bool
	doc      wire.Alert
}

// Record stores revisions of alerts, each with the id of its gateway, in one
// transaction. refused says, by position, why a revision will never be taken;
// everything else is on the disk when err is nil.
func (b *Book) Record(ctx context.Context, alerts iter.Seq2[string, wire.Alert], at time.Time) (refused map[int]string, err error) {
	var changed map[string]string // alert → gateway
	var newest map[string]wire.Alert
	var committed []func()
	err = b.o.DB.Write(ctx, func(tx *sql.Tx) error {
		refused, changed, newest, committed = map[int]string{}, map[string]string{}, map[string]wire.Alert{}, nil
		var told []string // those of which people are to be told, together: in a storm there are many
		i := 0
		for gateway, a := range alerts {
			if slices.Contains(told, a.ID) { // each of its revisions is told
				if err := b.notify(ctx, tx, told...); err != nil {
					return err
				}
				told = nil
			}
			is, why, err := put(ctx, tx, gateway, a, at.UnixMilli())
			if err != nil {
				return err
			}
			if why != "" {
				refused[i] = why
			}
			if is {
				changed[a.ID], newest[a.ID] = gateway, a
				done, err := b.o.Follow(ctx, tx, gateway, b.area(gateway, a), a, at.UnixMilli())
				if err != nil {
					return err
				}
				committed, told = append(committed, done), append(told, a.ID)
			}
			i++
		}
		return b.notify(ctx, tx, told...)
	})
	if err != nil {
		return nil, fmt.Errorf("cases: record: %w", err)
	}
	for id, gateway := range changed {
		if v, err := b.Heard(ctx, id); err == nil {
			b.o.Publish("alert", v)
			continue
		}
		// It is stored; a console that misses this event sees it at its next load.
		b.stand(gateway, newest[id], false)
	}
	for _, done := range committed {
		done()
	}
	return refused, nil
}

// area is where an alert is: as the city's register has its device or its gateway, or as it says itself.
func (b *Book) area(gateway string, a wire.Alert) string {
	if area, _ := b.o.Site(gateway, a.Device); area != "" {
		return area
	}
	return a.Area
}

// put stores one revision. newer says whether it is the newest one now; why is set
// if it cannot be stored at all.
func put(ctx context.Context, tx *sql.Tx, gateway string, a wire.Alert, received int64) (newer bool, why string, err error) {
	old, known, err := load(ctx, tx, a.ID)
	if err != nil {
		return false, "", err
	}
	if known && old.gateway != gateway {
		return false, fmt.Sprintf("alert %s belongs to gateway %s", a.ID, old.gateway), nil
	}
	body, err := json.Marshal(a)
	if err != nil {
		return false, err.Error(), nil
	}
	if _, err := tx.ExecContext(ctx, "insert into alert_revision(alert, rev, received, body) values(?, ?, ?, ?) on conflict do nothing",
		a.ID, a.Rev, received, body); err != nil {
		return false, "", err
	}
	if known && a.Rev <= old.rev {
		return false, "", nil
	}
	at, err := siteOf(ctx, tx, gateway, &a)
	if err != nil {
		return false, "", err
	}
	if _, err := tx.ExecContext(ctx, `insert into alert(id, gateway, rev, condition, received, updated, vanished, acked_by, acked_at, acked_note, body, site, rule, severity, worst)
		values(?1, ?2, ?3, ?4, ?5, ?5, 0, '', 0, '', ?6, ?7, ?8, ?9, ?10)
		on conflict(id) do update set rev = ?3, condition = ?4, updated = ?5, vanished = 0, body = ?6, site = ?7, rule = ?8, severity = ?9, worst = ?10`,
		a.ID, gateway, a.Rev, a.Condition, received, body, at, a.Rule, string(a.Severity), string(cmp.Or(a.Worst, a.Severity))); err != nil {
		return false, "", err
	}
	if known && worse(old.doc, a) {
		if err := lapse(ctx, tx, a.ID, gateway, received); err != nil {
			return false, "", err
		}
	}
	return true, "", tell(ctx, tx, gateway, a, old, known, received)
}

// worse says whether a revision is more severe, or no forecast any more.
func worse(was, is wire.Alert) bool {
	rank := func(s wire.Severity) int {
		return slices.Index([]wire.Severity{wire.Red, wire.Orange, wire.Yellow, wire.Blue}, s)
	}
	return is.Condition == "active" && (rank(is.Severity) < rank(was.Severity) || was.Stage == "forecast" && is.Stage == "actual")
}

// lapse takes back that somebody has seen an alert: nobody has seen it as it is now, and
// its siren sounds again. Who saw it as it was stays in the history.
func lapse(ctx context.Context, tx *sql.Tx, id, gateway string, at int64) error {
	res, err := tx.ExecContext(ctx, "update alert set acked_by = '', acked_at = 0, acked_note = '' where id = ? and acked_by != ''", id)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return note(ctx, tx, id, at, "lapsed", gateway, "")
}

// load reads an alert's row.
func load(ctx context.Context, tx *sql.Tx, id string) (s stored, known bool, err error) {
	var body []byte
	var vanished int64
	err = tx.QueryRowContext(ctx, "select gateway, rev, vanished, body from alert where id = ?", id).
		Scan(&s.gateway, &s.rev, &vanished, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	s.vanished = vanished != 0
	return s, true, json.Unmarshal(body, &s.doc)
}

// tell writes what a new newest revision means into the history.
func tell(ctx context.Context, tx *sql.Tx, gateway string, a wire.Alert, old stored, known bool, received int64) error {
	at := when(a.At, received)
	say := func(what, text string) error { return note(ctx, tx, a.ID, at, what, gateway, text) }
	var errs []error
	if !known {
		at = when(a.Since, received)
		errs = append(errs, say("raised", string(a.Severity)+", "+a.Stage))
		at = when(a.At, received)
	} else {
		if old.vanished {
			// By the aggregator's clock, as that it had vanished.
			errs = append(errs, note(ctx, tx, a.ID, received, "returned", gateway, ""))
		}
		if a.Stage != old.doc.Stage {
			errs = append(errs, say(a.Stage, ""))
		}
		if a.Severity != old.doc.Severity {
			errs = append(errs, say("severity", string(old.doc.Severity)+" → "+string(a.Severity)))
		}
		if a.Acknowledged != nil && old.doc.Acknowledged == nil {
			errs = append(errs, say("heard", a.Acknowledged.By))
		}
	}
	switch {
	case a.Condition == "cleared" && (!known || old.doc.Condition != "cleared"):
		if a.Cleared != nil {
			at = when(*a.Cleared, received)
		}
		errs = append(errs, say("cleared", ""))
	case a.Condition == "active" && known && old.doc.Condition == "cleared":
		errs = append(errs, say("active", ""))
	}
	return errors.Join(errs...)
}

// Reconcile compares what a gateway lists as active with what is active here.
func (b *Book) Reconcile(ctx context.Context, gateway string, s wire.State, at time.Time) error {
	gone, back := b.compare(gateway, s)
	if len(gone)+len(back) == 0 {
		return nil
	}
	var marked []string
	err := b.o.DB.Write(ctx, func(tx *sql.Tx) (err error) {
		marked, err = markAll(ctx, tx, gateway, s, gone, back, at.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("cases: reconcile %s: %w", gateway, err)
	}
	// Those that another aggregator was first to mark are read anew as well.
	for _, id := range append(gone, back...) {
		v, err := b.Heard(ctx, id)
		if err == nil && slices.Contains(marked, id) {
			b.o.Publish("alert", v)
		}
	}
	return nil
}

// markAll marks alerts that are gone and those that are back, and returns which it marked.
// What is known in memory may be older than the database: a newer revision that another
// aggregator has stored says that its alert is not gone.
func markAll(ctx context.Context, tx *sql.Tx, gateway string, s wire.State, gone, back []string, ms int64) (marked []string, err error) {
	one := func(id, what string, vanished int64) error {
		is, err := mark(ctx, tx, id, gateway, what, vanished, ms)
		if is {
			marked = append(marked, id)
		}
		return err
	}
	for _, id := range gone {
		old, known, err := load(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if !known || !after(s, standing{epoch: old.doc.Epoch, bootMS: old.doc.At.BootMS}) {
			continue
		}
		if err := one(id, "vanished", ms); err != nil {
			return nil, err
		}
	}
	for _, id := range back {
		if err := one(id, "returned", 0); err != nil {
			return nil, err
		}
	}
	return marked, nil
}

// mark says whether it marked an alert that was not marked so.
func mark(ctx context.Context, tx *sql.Tx, id, gateway, what string, vanished, at int64) (is bool, err error) {
	res, err := tx.ExecContext(ctx, "update alert set vanished = ?1 where id = ?2 and condition = 'active' and (vanished = 0) = (?1 != 0)",
		vanished, id)
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	return true, note(ctx, tx, id, at, what, gateway, "")
}

// compare returns the alerts that the state no longer lists, and those it lists
// again.
func (b *Book) compare(gateway string, s wire.State) (gone, back []string) {
	listed := make(map[string]bool, len(s.Alerts))
	for _, a := range s.Alerts {
		listed[a.ID] = true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, st := range b.active[gateway] {
		switch {
		case listed[id] && st.vanished:
			back = append(back, id)
		case !listed[id] && !st.vanished && after(s, st):
			gone = append(gone, id)
		}
	}
	return gone, back
}

// after says whether a state was certainly made after an alert's newest revision.
// The two travel by different roads, so a state may be the older one.
func after(s wire.State, st standing) bool {
	if s.Epoch == st.epoch {
		return s.At.BootMS > st.bootMS
	}
	return s.Epoch.Counter() > st.epoch.Counter()
}
