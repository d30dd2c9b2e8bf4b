package commands

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	maxWaiting = 16 // commands of a kind that wait for one gateway's answer
	// maxQueued is how many acknowledgements wait for one gateway: as many as a case has
	// alerts that are looked at. They are published maxWaiting at a time.
	maxQueued  = 1000
	maxBy      = 80  // characters of a name
	maxByBytes = 240 // bytes of it, as gateways take them
	keep       = 400 * 24 * time.Hour
)

// DB is what a Desk needs of the database, which must have Schema.
type DB interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Options says what a Desk works with. All fields but Record and Publish are required.
type Options struct {
	DB     DB
	Key    ed25519.PrivateKey
	Prefix string        // of all topics
	Store  func() string // id of the store; empty while it is not open
	// Online says whether a gateway is there, and whether it is known at all.
	Online func(gateway string) (online, known bool)
	// Send publishes a message, not retained; false: not now. It must not block.
	Send func(topic string, payload []byte) bool
	// Record notes elsewhere what is asked for, in the transaction that stores it; its error
	// undoes that. nil: nobody does.
	Record func(ctx context.Context, tx *sql.Tx, d view.Deed) error
	// Publish takes a command that was asked for or answered (view.Command) for the live
	// stream, as event "command". It must not block. nil: nobody listens.
	Publish func(event string, doc any)
	Log     *slog.Logger
}

// Desk keeps commands and publishes them. It is safe for concurrent use.
type Desk struct {
	o     Options
	began int64 // Unix milliseconds
	wake  chan struct{}

	mu    sync.Mutex
	tries map[string]try // by command: what is known of its publications
}

// try is what this process knows of the publications of a command. How often and when it was
// published stands in the database, where other processes note theirs.
type try struct {
	gateway string
	came    int64 // when its gateway came, or this process; Unix milliseconds
	base    int   // how often it had been published then; -1: not seen yet
}

// New returns a desk that publishes nothing before Run.
func New(o Options) *Desk {
	if o.Publish == nil {
		o.Publish = func(string, any) {}
	}
	if o.Record == nil {
		o.Record = func(context.Context, *sql.Tx, view.Deed) error { return nil }
	}
	return &Desk{o: o, began: time.Now().UnixMilli(), wake: make(chan struct{}, 1), tries: map[string]try{}}
}

// PublicKey returns what gateways write under uplink.commands.
func (d *Desk) PublicKey() string {
	return wire.FormatKey(d.o.Key.Public().(ed25519.PublicKey))
}

// Ask asks a gateway for something, and returns when that is on the disk. Errors:
// view.ErrUnknown (no such gateway), *view.FieldError, view.ErrBusy (many wait
// already), store.ErrUnavailable (nobody knows whose records to ask for).
func (d *Desk) Ask(ctx context.Context, gateway string, a view.Ask, now time.Time) (view.Command, error) {
	c, err := d.prepare(gateway, a, now)
	if err != nil {
		return view.Command{}, err
	}
	err = d.o.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := d.put(ctx, tx, gateway, c, now); err != nil {
			return err
		}
		return d.o.Record(ctx, tx, view.Deed{Who: a.By, What: "command." + c.Kind, About: gateway, New: strings.TrimSpace(c.Subject() + " " + c.ID)})
	})
	if err != nil {
		return view.Command{}, fmt.Errorf("commands: %w", err)
	}
	v := kept(gateway, c)
	d.Asked(v)
	return v, nil
}

// AskIn is Ask in a transaction of the caller, which goes on if view.ErrUnknown or
// view.ErrBusy is returned, and records what the command follows from. Asked, after that,
// has it sent at once and shown; of many, Wake has them sent.
func (d *Desk) AskIn(ctx context.Context, tx *sql.Tx, gateway string, a view.Ask, now time.Time) (view.Command, error) {
	c, err := d.prepare(gateway, a, now)
	if err != nil {
		return view.Command{}, err
	}
	if err := d.put(ctx, tx, gateway, c, now); err != nil {
		return view.Command{}, fmt.Errorf("commands: %w", err)
	}
	return kept(gateway, c), nil
}

// prepare makes the command that is asked for, with a fresh id.
func (d *Desk) prepare(gateway string, a view.Ask, now time.Time) (*wire.Command, error) {
	if _, known := d.o.Online(gateway); !known {
		return nil, view.ErrUnknown
	}
	c, err := d.command(a, now)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("commands: %w", err)
	}
	c.V, c.ID, c.By = wire.Version, id.String(), a.By
	return c, nil
}

// kept is a command that waits.
func kept(gateway string, c *wire.Command) view.Command {
	v := viewOf(gateway, c)
	v.State = waiting
	return v
}

// Wake has commands sent that AskIn kept, at once and not with the next look.
func (d *Desk) Wake() { d.tell() }

// Asked has a command that AskIn kept sent, and shows it, when its transaction is committed.
func (d *Desk) Asked(v view.Command) {
	d.tell()
	d.o.Log.Info("a gateway is asked for something", "gateway", v.Gateway, "command", v.ID, "kind", v.Kind, "about", cmp.Or(v.Alert, v.Device, v.Output), "by", v.By)
	d.o.Publish("command", v)
}

// put numbers, signs and keeps a command.
func (d *Desk) put(ctx context.Context, tx *sql.Tx, gateway string, c *wire.Command, now time.Time) error {
	var last, open int64
	if err := tx.QueryRowContext(ctx, `select coalesce((select max(issued) from command where gateway = ?2), 0),
		(select count(*) from command where gateway = ?2 and state = 'waiting' and substr(subject, 1, length(?1)) = ?1)`,
		c.Kind, gateway).Scan(&last, &open); err != nil {
		return err
	}
	most := int64(maxWaiting)
	if c.Kind == wire.KindAcknowledge {
		most = maxQueued
	}
	if open >= most {
		return view.ErrBusy
	}
	c.Issued = max(now.UnixMilli(), last+1)
	c.Until = c.Issued + kinds[c.Kind].deadline.Milliseconds()
	c.Sign(d.o.Key, d.o.Prefix, gateway)
	body, err := wire.Encode(c)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `insert into command(id, gateway, issued, until, by, body, state, sent, last_sent, answered, why, records, subject)
		values(?, ?, ?, ?, ?, ?, 'waiting', 0, 0, 0, '', 0, ?)`, c.ID, gateway, c.Issued, c.Until, c.By, body, c.Subject())
	return err
}

// Reply keeps a gateway's answer. What is not known here, or was answered before, is
// passed over: several aggregators hear every reply.
func (d *Desk) Reply(ctx context.Context, gateway string, r wire.Reply, at time.Time) error {
	state := done
	if !r.OK {
		state = refused
	}
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("commands: reply: %w", err)
	}
	var n int64
	err = d.o.DB.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `update command set state = ?, answered = ?, why = ?, records = ?, reply = ?
			where id = ? and gateway = ? and answered = 0`, state, at.UnixMilli(), r.Why, int64(r.Records), body, r.ID, gateway)
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
		d.o.Log.Info("a gateway answered a command", "gateway", gateway, "command", r.ID, "ok", r.OK, "why", r.Why, "detail", r.Detail)
		d.show(ctx, r.ID)
		d.tell()
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

// ifSet returns nil for 0: it has not happened.
func ifSet(ms int64) *int64 {
	if ms == 0 {
		return nil
	}
	return &ms
}
