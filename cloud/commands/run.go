package commands

import (
	"context"
	"database/sql"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// The pauses between two publications of one command to a gateway that is there but
// does not answer.
const (
	firstPause = 10 * time.Second
	mostPause  = 5 * time.Minute
	look       = 5 * time.Second // how often it is seen whether something is due
)

// Came says that a gateway came online: what waits for it is published at once.
func (d *Desk) Came(gateway string) {
	d.mu.Lock()
	delete(d.tries, gateway)
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

// turn is the command whose turn it is at one gateway.
type turn struct {
	id, gateway string
	body        []byte
}

// round gives up what is past its deadline and publishes what is due.
func (d *Desk) round(ctx context.Context, now time.Time) error {
	turns, late, err := d.turns(ctx, now)
	if err != nil {
		return err
	}
	if late {
		err := d.o.DB.Write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "update command set state = 'expired' where state = 'waiting' and until < ?", now.UnixMilli())
			return err
		})
		if err != nil {
			return err
		}
		if turns, _, err = d.turns(ctx, now); err != nil {
			return err
		}
	}
	for _, t := range turns {
		if err := d.publish(ctx, t, now); err != nil {
			return err
		}
	}
	return nil
}

// turns returns the oldest waiting command of each gateway that has one; late says
// that one of them is past its deadline.
func (d *Desk) turns(ctx context.Context, now time.Time) (turns []turn, late bool, err error) {
	rows, err := d.o.DB.Read().QueryContext(ctx, `select id, gateway, body, until, min(issued) from command where state = 'waiting' group by gateway`)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var t turn
		var until, issued int64
		if err := rows.Scan(&t.id, &t.gateway, &t.body, &until, &issued); err != nil {
			return nil, false, err
		}
		late = late || until < now.UnixMilli()
		turns = append(turns, t)
	}
	return turns, late, rows.Err()
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
	last, tried := d.tries[t.gateway]
	return !tried || last.id != t.id || now.Sub(last.at) >= last.pause
}

func (d *Desk) note(t turn, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	pause := firstPause
	if last, tried := d.tries[t.gateway]; tried && last.id == t.id {
		pause = min(last.pause*2, mostPause)
	}
	d.tries[t.gateway] = try{id: t.id, at: now, pause: pause}
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
