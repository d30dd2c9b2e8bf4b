package fleet

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// How much history of events is kept.
const (
	keepEvents = 400 * 24 * time.Hour
	maxEvents  = 2_000_000
	maxGaps    = 500_000
)

// Events stores events, each with the id of its gateway, in one transaction. It
// returns nil when all of them are on the disk; an event that is there already is
// left as it is.
func (r *Registry) Events(ctx context.Context, events iter.Seq2[string, wire.Event], at time.Time) error {
	var gaps []view.Gap
	var missing []view.Missing
	err := r.o.DB.Write(ctx, func(tx *sql.Tx) error {
		gaps, missing = gaps[:0], missing[:0]
		for id, e := range events {
			isNew, err := putEvent(ctx, tx, id, e, at.UnixMilli())
			if err != nil {
				return err
			}
			if !isNew {
				continue
			}
			g, err := follow(ctx, tx, id, e)
			if err != nil {
				return err
			}
			gaps = append(gaps, g...)
			if e.Missing == nil {
				continue
			}
			news, err := putMissing(ctx, tx, id, *e.Missing, at.UnixMilli())
			if err != nil {
				return err
			}
			missing = append(missing, view.Missing{Gateway: id, Images: news, Why: e.Missing.Why})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("fleet: events: %w", err)
	}
	for _, g := range gaps {
		r.o.Publish("gap", g)
	}
	for _, m := range missing {
		r.publishMissing(m.Gateway, m.Images, m.Why)
	}
	return nil
}

// putEvent inserts an event; isNew is false if it was there.
func putEvent(ctx context.Context, tx *sql.Tx, id string, e wire.Event, received int64) (isNew bool, err error) {
	body, err := json.Marshal(e)
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `insert into event(gateway, epoch, seq, kind, boot, boot_ms, unix, received, body)
		values(?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
		id, string(e.Epoch), int64(e.Seq), e.Kind, e.At.Boot, e.At.BootMS, e.At.Unix, received, body)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// follow does what an event asks for beyond being kept. It returns the gaps that
// can be shown now and could not before.
func follow(ctx context.Context, tx *sql.Tx, id string, e wire.Event) ([]view.Gap, error) {
	switch {
	case e.Gap != nil:
		return putGap(ctx, tx, id, e.Epoch, int64(e.Seq), *e.Gap)
	case e.Anchor != nil && e.At.Unix != 0:
		return dateGaps(ctx, tx, id, e.At)
	}
	return nil, nil
}

// prune removes the oldest events, and the oldest gaps if there are too many.
func (r *Registry) prune(ctx context.Context, now time.Time) error {
	err := r.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "delete from event where received < ?", now.Add(-keepEvents).UnixMilli())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `delete from event where received <
			(select received from event order by received desc limit 1 offset ?)`, maxEvents)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `delete from gap where to_unix <
			(select to_unix from gap order by to_unix desc limit 1 offset ?)`, maxGaps)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `delete from gateway_presence where at < ?1 or at <
			(select at from gateway_presence order by at desc limit 1 offset ?2)`, now.Add(-keepEvents).UnixMilli(), maxPresence)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "delete from watch where seen < ?", now.Add(-keepEvents).UnixMilli())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `delete from missing_picture where received < ?1 or received <
			(select received from missing_picture order by received desc limit 1 offset ?2)`, now.Add(-keepEvents).UnixMilli(), maxMissing)
		return err
	})
	if err != nil {
		return fmt.Errorf("fleet: prune events: %w", err)
	}
	return nil
}
