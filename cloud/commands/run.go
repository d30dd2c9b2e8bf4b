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
func (d *Desk) Came(gateway string) { d.came(gateway, time.Now()) }

func (d *Desk) came(gateway string, at time.Time) {
	d.mu.Lock()
	for id, t := range d.tries {
		if t.gateway == gateway {
			t.came, t.base = at.UnixMilli(), -1
			d.tries[id] = t
		}
	}
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
	sent              int
	last              int64 // when it was published last; 0: never
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
	for _, t := range inTurn(turns) {
		if err := d.publish(ctx, t, now); err != nil {
			return err
		}
	}
	return nil
}

// inTurn returns the first of each kind that wait for each gateway, as many as may be without
// an answer at a time: a gateway remembers no more than some that it has carried out, and
// would refuse what is older than those.
func inTurn(turns []turn) (first []turn) {
	type line struct{ gateway, kind string }
	ahead := map[line]int{}
	for _, t := range turns {
		l := line{t.gateway, t.kind}
		if ahead[l]++; ahead[l] <= maxWaiting {
			first = append(first, t)
		}
	}
	return first
}

// turns returns the commands that wait, and the ids of those whose deadline has passed.
func (d *Desk) turns(ctx context.Context, now time.Time) (turns []turn, late []string, err error) {
	rows, err := d.o.DB.Read().QueryContext(ctx, `select id, gateway, subject, body, until, sent, last_sent from command where state = 'waiting' order by gateway, issued`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t turn
		var subject string
		var until int64
		if err := rows.Scan(&t.id, &t.gateway, &subject, &t.body, &until, &t.sent, &t.last); err != nil {
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
	var gone []string
	err := d.o.DB.Write(ctx, func(tx *sql.Tx) error {
		gone = gone[:0]
		for _, id := range late {
			res, err := tx.ExecContext(ctx, "update command set state = 'expired' where id = ? and state = 'waiting' and until < ?", id, now.UnixMilli())
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n > 0 { // else another process was first
				gone = append(gone, id)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range gone {
		d.show(ctx, id)
	}
	return nil
}

// publish sends a command if its gateway is there and it is time. That it does is noted
// first, so that of several processes one sends it.
func (d *Desk) publish(ctx context.Context, t turn, now time.Time) error {
	if !d.due(t, now) {
		return nil
	}
	if online, _ := d.o.Online(t.gateway); !online {
		return nil
	}
	mine, err := d.swap(ctx, t, t.sent, t.sent+1, now.UnixMilli())
	if err != nil || !mine {
		return err
	}
	topic := wire.Topic{Gateway: t.gateway, Kind: wire.CommandTopic, ID: t.id}
	if !d.o.Send(topic.Build(d.o.Prefix), t.body) {
		_, err := d.swap(ctx, t, t.sent+1, t.sent, t.last) // with the next tick, by whoever can
		return err
	}
	return nil
}

// swap changes how often a waiting command was published, if it was so often until now.
func (d *Desk) swap(ctx context.Context, t turn, from, to int, last int64) (mine bool, err error) {
	err = d.o.DB.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "update command set sent = ?, last_sent = ? where id = ? and sent = ? and state = 'waiting'", to, last, t.id, from)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		mine = n > 0
		return err
	})
	return mine, err
}

// due says whether it is time for a command: at once if nobody published it since its
// gateway came, or since this process did, and then with pauses that grow with each
// publication.
func (d *Desk) due(t turn, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, known := d.tries[t.id]
	if !known {
		k = try{gateway: t.gateway, came: d.began}
	}
	fresh := t.last < k.came
	switch {
	case fresh:
		k.base = t.sent
	case k.base < 0:
		k.base = t.sent - 1
	}
	d.tries[t.id] = k
	return fresh || now.UnixMilli()-t.last >= k.pause(t).Milliseconds()
}

// pause is how long to wait for an answer now.
func (k try) pause(t turn) time.Duration {
	return min(kinds[t.kind].first<<min(max(t.sent-k.base-1, 0), 20), mostPause)
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
