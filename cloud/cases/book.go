package cases

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// DB is what a Book needs of the database, which must have Schema.
type DB interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Options says what a Book works with. DB and Catalog are required.
type Options struct {
	DB      DB
	Catalog *obs.Catalog
	// Site returns where a gateway, or with a device one of its devices, stands; the alert's own words are used where it
	// knows nothing. nil: they are always used.
	Site func(gateway, device string) (area string, pos *wire.Position)
	// Advice returns what people are to do about an alert of a rule; nil: nothing is written.
	// nil itself: nothing is written of any.
	Advice func(rule, category string, s wire.Severity) *view.Text
	// Switched returns what a gateway did to its outputs between two Unix times in
	// milliseconds, each with an Actuation, for an alert's timeline. nil: nothing is known.
	Switched func(ctx context.Context, gateway string, from, to int64) ([]wire.Event, error)
	// Follow lets an alert's newest revision open a case, join one or change it, in the
	// transaction that stores the revision; area is where Site says that the device
	// stands, or the alert itself. What it returns is called when that is committed. nil:
	// there are no cases.
	Follow func(ctx context.Context, tx *sql.Tx, gateway, area string, a wire.Alert, received int64) (committed func(), err error)
	// Notify takes alerts that changed, as they stand then, into what people are told, in the
	// transaction that stores the change: no alert is on the disk that nobody will be told
	// of. Its error undoes the change. nil: nobody is told.
	Notify func(ctx context.Context, tx *sql.Tx, alerts []view.Alert) error
	// Seen lets something follow from a person's having seen an alert that is active, in the
	// transaction that notes it: its error undoes that. What it returns is called when that
	// is committed; nil: there is nothing to do. nil: nothing follows.
	Seen func(ctx context.Context, tx *sql.Tx, alert, gateway, by string, at time.Time) (committed func(), err error)
	// Record notes elsewhere what somebody does, in the transaction that stores it; its error
	// undoes that. nil: nobody does.
	Record func(ctx context.Context, tx *sql.Tx, d view.Deed) error
	// Publish takes a changed alert (view.Alert) for the live stream, as event
	// "alert". It must not block. nil: nobody listens.
	Publish func(event string, doc any)
}

// Book holds the alerts. It is safe for concurrent use.
type Book struct {
	o     Options
	sites sites
	// reading lets one at a time read an alert and note how it stands: else of two that read
	// one, the older could be noted last.
	reading sync.Mutex

	mu     sync.Mutex
	active map[string]map[string]standing // gateway → alert id → what Reconcile needs
}

// standing is an active alert as its newest revision left it.
type standing struct {
	epoch    wire.Epoch
	bootMS   int64
	vanished bool
	device   string
	area     string
	severity wire.Severity
}

// Open reads which alerts are active.
func Open(ctx context.Context, o Options) (*Book, error) {
	if o.Site == nil {
		o.Site = func(string, string) (string, *wire.Position) { return "", nil }
	}
	if o.Switched == nil {
		o.Switched = func(context.Context, string, int64, int64) ([]wire.Event, error) { return nil, nil }
	}
	if o.Follow == nil {
		o.Follow = func(context.Context, *sql.Tx, string, string, wire.Alert, int64) (func(), error) {
			return func() {}, nil
		}
	}
	if o.Record == nil {
		o.Record = func(context.Context, *sql.Tx, view.Deed) error { return nil }
	}
	if o.Seen == nil {
		o.Seen = func(context.Context, *sql.Tx, string, string, string, time.Time) (func(), error) { return nil, nil }
	}
	if o.Publish == nil {
		o.Publish = func(string, any) {}
	}
	b := &Book{o: o, active: map[string]map[string]standing{}}
	if err := b.settle(ctx); err != nil {
		return nil, fmt.Errorf("cases: %w", err)
	}
	return b, b.Reread(ctx)
}

// Reread reads which alerts are active, whatever was known of them.
func (b *Book) Reread(ctx context.Context) error {
	b.reading.Lock()
	defer b.reading.Unlock()
	rows, err := b.o.DB.Read().QueryContext(ctx, "select gateway, vanished, body from alert where condition = 'active'")
	if err != nil {
		return fmt.Errorf("cases: %w", err)
	}
	defer rows.Close()
	active := map[string]map[string]standing{}
	for rows.Next() {
		var gateway string
		var vanished int64
		var body []byte
		if err := rows.Scan(&gateway, &vanished, &body); err != nil {
			return fmt.Errorf("cases: %w", err)
		}
		var a wire.Alert
		if err := json.Unmarshal(body, &a); err != nil {
			return fmt.Errorf("cases: an alert of %s: %w", gateway, err)
		}
		among(active, gateway, a, vanished != 0)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("cases: %w", err)
	}
	b.mu.Lock()
	b.active = active
	b.mu.Unlock()
	return nil
}

// stand notes the newest revision of an alert for Reconcile.
func (b *Book) stand(gateway string, a wire.Alert, vanished bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	among(b.active, gateway, a, vanished)
}

// among notes an alert among those that are active, if it is.
func among(active map[string]map[string]standing, gateway string, a wire.Alert, vanished bool) {
	if a.Condition != "active" {
		delete(active[gateway], a.ID)
		return
	}
	if active[gateway] == nil {
		active[gateway] = map[string]standing{}
	}
	active[gateway][a.ID] = standing{
		epoch: a.Epoch, bootMS: a.At.BootMS, vanished: vanished, device: a.Device, area: a.Area, severity: a.Severity,
	}
}

// Active returns how many alerts are active, vanished ones included.
func (b *Book) Active() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.active {
		n += len(m)
	}
	return n
}

// Standing returns the alerts that are active, vanished ones included, each with where it
// is and how severe.
func (b *Book) Standing() (all []view.Standing) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for gateway, m := range b.active {
		for _, s := range m {
			all = append(all, view.Standing{Gateway: gateway, Device: s.device, Area: s.area, Alerts: 1, Worst: s.severity})
		}
	}
	return all
}

// keepRevisions is how long revisions that were replaced are kept. The newest one
// and the history stay.
const keepRevisions = 400 * 24 * time.Hour

// Run removes what has been kept long enough, now and then, until ctx ends. It
// returns nil.
func (b *Book) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			// What cannot be removed now is tried again in an hour.
			_ = b.Prune(ctx, now)
		}
	}
}

// Prune removes replaced revisions that are older than 400 days, and sites that no alert comes
// from any more.
func (b *Book) Prune(ctx context.Context, now time.Time) error {
	err := b.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `delete from alert_revision where received < ?
			and rev < (select rev from alert where id = alert_revision.alert)`, now.Add(-keepRevisions).UnixMilli())
		if err != nil {
			return err
		}
		return leave(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("cases: prune: %w", err)
	}
	b.sites.forget()
	return nil
}

// note adds a line to an alert's history.
func note(ctx context.Context, tx *sql.Tx, id string, at int64, what, by, text string) error {
	_, err := tx.ExecContext(ctx, `insert into alert_change(alert, n, at, what, by, note)
		select ?1, coalesce(max(n), 0) + 1, ?2, ?3, ?4, ?5 from alert_change where alert = ?1`, id, at, what, by, text)
	return err
}

// notify lets people be told of alerts as they stand in the transaction.
func (b *Book) notify(ctx context.Context, tx *sql.Tx, ids ...string) error {
	if b.o.Notify == nil || len(ids) == 0 {
		return nil
	}
	var all []view.Alert
	for _, id := range ids {
		v, err := b.scan(tx.QueryRowContext(ctx, "select "+columns+" from alert where id = ?", id))
		if err != nil {
			return err
		}
		all = append(all, v)
	}
	return b.o.Notify(ctx, tx, all)
}

// Turn numbers, in a transaction, the turns that an alert has taken so far: raised, another
// severity or stage, acknowledged, that taken back, cleared, active again. A revision that
// only has another value is none.
func (b *Book) Turn(ctx context.Context, tx *sql.Tx, id string) (n int, err error) {
	err = tx.QueryRowContext(ctx, `select coalesce(max(n), 0) from alert_change where alert = ?
		and what in ('raised', 'forecast', 'actual', 'severity', 'acknowledged', 'lapsed', 'cleared', 'active')`, id).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("cases: history of %s: %w", id, err)
	}
	return n, nil
}

// renotified is how many alerts Renotify looks at in one transaction: others wait to write
// meanwhile.
const renotified = 50

// Renotify lets people be told of all alerts that are active and changed since a time, as
// they would have been then: of use when nobody was to be told so far. Whoever takes them
// in leaves out what it has.
func (b *Book) Renotify(ctx context.Context, since time.Time) error {
	for after := ""; ; {
		var ids []string
		err := b.o.DB.Write(ctx, func(tx *sql.Tx) (err error) {
			if ids, err = b.changed(ctx, tx, since.UnixMilli(), after); err != nil {
				return err
			}
			return b.notify(ctx, tx, ids...)
		})
		if err != nil {
			return fmt.Errorf("cases: tell again: %w", err)
		}
		if len(ids) < renotified {
			return nil
		}
		after = ids[len(ids)-1]
	}
}

// changed returns active alerts behind one, in the order of their ids.
func (b *Book) changed(ctx context.Context, tx *sql.Tx, since int64, after string) (ids []string, err error) {
	rows, err := tx.QueryContext(ctx, "select id from alert where condition = 'active' and updated >= ? and id > ? order by id limit ?", since, after, renotified)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Heard takes over how an alert stands now, whichever aggregator has changed it, and
// returns what is shown of it.
func (b *Book) Heard(ctx context.Context, id string) (view.Alert, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	r, err := b.row(ctx, id)
	if err != nil {
		return view.Alert{}, err
	}
	b.stand(r.gateway, r.doc, r.vanished != 0)
	return b.shown(r), nil
}

// publish sends the newest form of an alert to the consoles.
func (b *Book) publish(ctx context.Context, ids ...string) {
	for _, id := range ids {
		// It is stored; a console that misses this event sees it at its next load.
		if v, err := b.Heard(ctx, id); err == nil {
			b.o.Publish("alert", v)
		}
	}
}

// when returns the Unix time of a moment, or the time of arrival if the gateway
// could not say.
func when(m wire.Moment, received int64) int64 {
	if m.Unix != 0 {
		return m.Unix
	}
	return received
}

// moment is when for one of an alert's own moments. Where the gateway could say the time of
// another one in the same boot, this one follows from that: the times of one alert are then
// of one clock.
func moment(a *wire.Alert, m wire.Moment, received int64) int64 {
	for _, o := range []*wire.Moment{&a.At, &a.Since, a.Cleared} {
		if m.Unix == 0 && o != nil && o.Unix != 0 && o.Boot != "" && o.Boot == m.Boot {
			return o.Unix + m.BootMS - o.BootMS
		}
	}
	return when(m, received)
}

// Acknowledge notes that a person has seen the alert. It returns view.ErrUnknown,
// view.ErrAcknowledged, or a *view.FieldError if by or text cannot be kept.
func (b *Book) Acknowledge(ctx context.Context, id, by, text string, at time.Time) error {
	by, text, err := checkAck(by, text)
	if err != nil {
		return err
	}
	var committed func()
	err = b.o.DB.Write(ctx, func(tx *sql.Tx) error {
		var done bool
		if done, committed, err = b.acknowledge(ctx, tx, id, by, text, at); err != nil {
			return err
		} else if done {
			return b.o.Record(ctx, tx, view.Deed{Who: by, What: "alert.acknowledge", About: id, New: text})
		}
		var known int
		if err := tx.QueryRowContext(ctx, "select count(*) from alert where id = ?", id).Scan(&known); err != nil {
			return err
		}
		if known == 0 {
			return view.ErrUnknown
		}
		return view.ErrAcknowledged
	})
	if err != nil {
		return fmt.Errorf("cases: acknowledge %q: %w", id, err)
	}
	if committed != nil {
		committed()
	}
	b.publish(ctx, id)
	return nil
}

// acknowledge notes it, if nobody has seen the alert before, with what follows from it.
func (b *Book) acknowledge(ctx context.Context, tx *sql.Tx, id, by, text string, at time.Time) (done bool, committed func(), err error) {
	res, err := tx.ExecContext(ctx, "update alert set acked_by = ?, acked_at = ?, acked_note = ? where id = ? and acked_by = ''", by, at.UnixMilli(), text, id)
	if err != nil {
		return false, nil, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, nil, err
	}
	if err := note(ctx, tx, id, at.UnixMilli(), "acknowledged", by, text); err != nil {
		return false, nil, err
	}
	if err := b.notify(ctx, tx, id); err != nil {
		return false, nil, err
	}
	var gateway, condition string
	if err := tx.QueryRowContext(ctx, "select gateway, condition from alert where id = ?", id).Scan(&gateway, &condition); err != nil {
		return false, nil, err
	}
	if condition == "active" {
		committed, err = b.o.Seen(ctx, tx, id, gateway, by, at)
	}
	return true, committed, err
}

// AcknowledgeIn is Acknowledge in a transaction of the caller, of those alerts that nobody
// has seen. What it follows from is for the caller to record; what Options.Seen returned is
// not called. Show, after that, shows them to the consoles.
func (b *Book) AcknowledgeIn(ctx context.Context, tx *sql.Tx, ids []string, by string, at time.Time) error {
	by, _, err := checkAck(by, "")
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, _, err := b.acknowledge(ctx, tx, id, by, "", at); err != nil {
			return fmt.Errorf("cases: acknowledge %q: %w", id, err)
		}
	}
	return nil
}

// Show sends alerts as they are now to the consoles.
func (b *Book) Show(ctx context.Context, ids ...string) { b.publish(ctx, ids...) }
