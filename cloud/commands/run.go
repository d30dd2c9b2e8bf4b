package commands

import (
	"context"
	"database/sql"
	"maps"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// The pauses between two publications of one command to a gateway that is there but
// does not answer; the first depends on the kind.
const (
	mostPause = 5 * time.Minute
	look      = time.Second // how often it is seen whether something is due
)

// Came says that a gateway came online: what waits for it is published at once.
func (d *Desk) Came(gateway string) {
	d.mu.Lock()
	maps.DeleteFunc(d.tries, func(_ string, t try) bool { return t.gateway == gateway })
	d.mu.Unlock()
	d.tell()
}

func (d *Desk) tell() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Run publishes commands until ctx ends, and removes old ones. It returns nil.
func (d *Desk) Run(ctx context.Context) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	tidy := time.NewTicker(time.Hour)
	defer tidy.Stop()
	for {
		// What fails now is tried again with the next tick; the database's health check
		// tells people about it.
		if err := d.round(ctx, time.Now()); err != nil && ctx.Err() == nil {
			d.o.Log.Warn("commands could not be published", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.wake:
		case <-tick.C:
		case now := <-tidy.C:
			if err := d.prune(ctx, now); err != nil {
				d.o.Log.Warn("old commands could not be removed", "error", err)
			}
		}
	}
}

// turn is a command that waits.
type turn struct {
	id, gateway, kind string
	body              []byte
}

// round gives up what is past its deadline and publishes what is due, each gateway's
// in the order in which it was asked for.
func (d *Desk) round(ctx context.Context, now time.Time) error {
	turns, late, err := d.turns(ctx, now)
	if err != nil {
		return err
	}
	if len(late) > 0 {
		if err := d.expire(ctx, late, now); err != nil {
			return err
		}
	}
	d.forget(turns)
	for _, t := range turns {
		if err := d.publish(ctx, t, now); err != nil {
			return err
		}
	}
	return nil
}

// turns returns the commands that wait, and the ids of those whose deadline has passed.
func (d *Desk) turns(ctx context.Context, now time.Time) (turns []turn, late []string, err error) {
	rows, err := d.o.DB.Read().QueryContext(ctx, `select id, gateway, subject, body, until from command where state = 'waiting' order by gateway, issued`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t turn
		var subject string
		var until int64
		if err := rows.Scan(&t.id, &t.gateway, &subject, &t.body, &until); err != nil {
			return nil, nil, err
		}
		if until < now.UnixMilli() {
			late = append(late, t.id)
			continue
		}
		if t.kind, _, _ = strings.Cut(subject, "/"); t.kind == "" {
			t.kind = wire.KindRewind // asked for before there were others
		}
		turns = append(turns, t)
	}
	return turns, late, rows.Err()
}

func (d *Desk) expire(ctx context.Context, late []string, now time.Time) error {
	err := d.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "update command set state = 'expired' where state = 'waiting' and until < ?", now.UnixMilli())
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range late {
		d.show(ctx, id)
	}
	return nil
}

// publish sends a command if its gateway is there and it is time.
func (d *Desk) publish(ctx context.Context, t turn, now time.Time) error {
	if online, _ := d.o.Online(t.gateway); !online || !d.due(t, now) {
		return nil
	}
	topic := wire.Topic{Gateway: t.gateway, Kind: wire.CommandTopic, ID: t.id}
	if !d.o.Send(topic.Build(d.o.Prefix), t.body) {
		return nil // with the next tick
	}
	d.note(t, now)
	return d.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "update command set sent = sent + 1, last_sent = ? where id = ?", now.UnixMilli(), t.id)
		return err
	})
}

func (d *Desk) due(t turn, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	last, tried := d.tries[t.id]
	return !tried || now.Sub(last.at) >= last.pause
}

func (d *Desk) note(t turn, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	pause := kinds[t.kind].first
	if last, tried := d.tries[t.id]; tried {
		pause = min(last.pause*2, mostPause)
	}
	d.tries[t.id] = try{gateway: t.gateway, at: now, pause: pause}
}

// forget drops what is known of commands that do not wait any more.
func (d *Desk) forget(turns []turn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	waits := make(map[string]bool, len(turns))
	for _, t := range turns {
		waits[t.id] = true
	}
	maps.DeleteFunc(d.tries, func(id string, _ try) bool { return !waits[id] })
}

// prune removes what was settled long ago, except each gateway's newest: its number
// must not come again.
func (d *Desk) prune(ctx context.Context, now time.Time) error {
	return d.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `delete from command where state != 'waiting' and issued < ?
			and issued < (select max(issued) from command newest where newest.gateway = command.gateway)`, now.Add(-keep).UnixMilli())
		return err
	})
}
