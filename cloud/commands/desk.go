package commands

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	deadline   = 7 * 24 * time.Hour // from asking to giving up
	maxWaiting = 16                 // commands that wait for one gateway
	maxBy      = 80                 // characters of a name
	keep       = 400 * 24 * time.Hour
)

// DB is what a Desk needs of the database, which must have Schema.
type DB interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Options says what a Desk works with. All fields are required.
type Options struct {
	DB     DB
	Key    ed25519.PrivateKey
	Prefix string        // of all topics
	Store  func() string // id of the store; empty while it is not open
	// Online says whether a gateway is there, and whether it is known at all.
	Online func(gateway string) (online, known bool)
	// Send publishes a message, not retained; false: not now. It must not block.
	Send func(topic string, payload []byte) bool
	Log  *slog.Logger
}

// Desk keeps commands and publishes them. It is safe for concurrent use.
type Desk struct {
	o    Options
	wake chan struct{}

	mu    sync.Mutex
	tries map[string]try // by gateway: what was published last
}

// try is when a gateway's command was published last, and how long to wait now.
type try struct {
	id    string
	at    time.Time
	pause time.Duration
}

// New returns a desk that publishes nothing before Run.
func New(o Options) *Desk {
	return &Desk{o: o, wake: make(chan struct{}, 1), tries: map[string]try{}}
}

// PublicKey returns what gateways write under uplink.rewind_keys.
func (d *Desk) PublicKey() string {
	return wire.FormatKey(d.o.Key.Public().(ed25519.PublicKey))
}

// Rewind asks a gateway to send again what it still has of the records from since on
// (Unix milliseconds; 0: all), and returns when that is on the disk. by names who
// asks, and may be empty. Errors: view.ErrUnknown, *view.FieldError, view.ErrBusy
// (many wait already), store.ErrUnavailable (nobody knows whose records to ask for).
func (d *Desk) Rewind(ctx context.Context, gateway string, since int64, by string, now time.Time) (view.Command, error) {
	if _, known := d.o.Online(gateway); !known {
		return view.Command{}, view.ErrUnknown
	}
	if err := check(since, by, now); err != nil {
		return view.Command{}, err
	}
	storeID := d.o.Store()
	if storeID == "" {
		return view.Command{}, fmt.Errorf("commands: %w: it is not open yet", store.ErrUnavailable)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return view.Command{}, fmt.Errorf("commands: %w", err)
	}
	c := wire.Command{V: wire.Version, ID: id.String(), Kind: wire.KindRewind, Rewind: &wire.Rewind{Store: storeID, Since: since}}
	err = d.o.DB.Write(ctx, func(tx *sql.Tx) error { return d.put(ctx, tx, gateway, by, &c, now) })
	if err != nil {
		return view.Command{}, fmt.Errorf("commands: %w", err)
	}
	d.tell()
	d.o.Log.Info("a gateway is asked to send again what it has", "gateway", gateway, "command", c.ID, "since", since, "by", by)
	return view.Command{ID: c.ID, Gateway: gateway, Kind: c.Kind, Since: since, Store: storeID, By: by, Issued: c.Issued, Until: c.Until, State: waiting}, nil
}

func check(since int64, by string, now time.Time) error {
	if since < 0 || since > now.UnixMilli() {
		return &view.FieldError{Field: "since", Text: view.Text{Zh: "应为不晚于现在的时间（Unix 毫秒），0 表示全部", En: "write a time that has passed, in Unix milliseconds, or 0 for everything"}}
	}
	if utf8.RuneCountInString(by) > maxBy || !utf8.ValidString(by) {
		return &view.FieldError{Field: "by", Text: view.Text{Zh: fmt.Sprintf("姓名不超过 %d 个字", maxBy), En: fmt.Sprintf("a name has at most %d characters", maxBy)}}
	}
	return nil
}

// put numbers, signs and keeps a command.
func (d *Desk) put(ctx context.Context, tx *sql.Tx, gateway, by string, c *wire.Command, now time.Time) error {
	var last, open int64
	if err := tx.QueryRowContext(ctx, `select coalesce(max(issued), 0), count(*) filter (where state = 'waiting') from command where gateway = ?`, gateway).
		Scan(&last, &open); err != nil {
		return err
	}
	if open >= maxWaiting {
		return view.ErrBusy
	}
	c.Issued = max(now.UnixMilli(), last+1)
	c.Until = c.Issued + deadline.Milliseconds()
	c.Sign(d.o.Key, d.o.Prefix, gateway)
	body, err := wire.Encode(c)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `insert into command(id, gateway, issued, until, by, body, state, sent, last_sent, answered, why, records)
		values(?, ?, ?, ?, ?, ?, 'waiting', 0, 0, 0, '', 0)`, c.ID, gateway, c.Issued, c.Until, by, body)
	return err
}

// Reply keeps a gateway's answer. What is not known here, or was answered before, is
// passed over: several aggregators hear every reply.
func (d *Desk) Reply(ctx context.Context, gateway string, r wire.Reply, at time.Time) error {
	state := done
	if !r.OK {
		state = refused
	}
	var n int64
	err := d.o.DB.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update command set state = ?, answered = ?, why = ?, records = ?
			where id = ? and gateway = ? and answered = 0`, state, at.UnixMilli(), r.Why, int64(r.Records), r.ID, gateway)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return fmt.Errorf("commands: reply: %w", err)
	}
	if n > 0 {
		d.o.Log.Info("a gateway answered a command", "gateway", gateway, "command", r.ID, "ok", r.OK, "why", r.Why, "records", r.Records)
		d.tell() // the next one's turn
	}
	return nil
}

// The states of a command.
const (
	waiting = "waiting"
	done    = "done"
	refused = "refused"
	expired = "expired"
)

// List returns the newest commands of a gateway, the newest first, at most 1 000.
func (d *Desk) List(ctx context.Context, gateway string) ([]view.Command, error) {
	rows, err := d.o.DB.Read().QueryContext(ctx, `select by, body, state, sent, last_sent, answered, why, records
		from command where gateway = ? order by issued desc limit 1000`, gateway)
	if err != nil {
		return nil, fmt.Errorf("commands: %w", err)
	}
	defer rows.Close()
	out := []view.Command{}
	for rows.Next() {
		v := view.Command{Gateway: gateway}
		var body []byte
		var c wire.Command
		var lastSent, answered int64
		if err := rows.Scan(&v.By, &body, &v.State, &v.Sent, &lastSent, &answered, &v.Why, &v.Records); err != nil {
			return nil, fmt.Errorf("commands: %w", err)
		}
		if err := json.Unmarshal(body, &c); err != nil {
			return nil, fmt.Errorf("commands: a command of %s: %w", gateway, err)
		}
		v.ID, v.Kind, v.Issued, v.Until = c.ID, c.Kind, c.Issued, c.Until
		if c.Rewind != nil {
			v.Since, v.Store = c.Rewind.Since, c.Rewind.Store
		}
		v.LastSent, v.Answered = ifSet(lastSent), ifSet(answered)
		out = append(out, v)
	}
	return out, rows.Err()
}

// ifSet returns nil for 0: it has not happened.
func ifSet(ms int64) *int64 {
	if ms == 0 {
		return nil
	}
	return &ms
}
