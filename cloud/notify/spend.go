package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/cloud/notify/link"
)

// ErrSpent says that a link was used before.
var ErrSpent = errors.New("the link was used before")

// stale is after what time a link that somebody began to use, in a process that then died,
// can be used again.
const stale = time.Minute

// Grant returns what a link's token allows, or link.ErrForged, link.ErrExpired or ErrSpent.
// It changes nothing.
func (o *Office) Grant(ctx context.Context, token string, now time.Time) (link.Grant, error) {
	g, err := o.key.Read(token, now)
	if err != nil {
		return g, err
	}
	var done int64
	err = o.o.DB.Read().QueryRowContext(ctx, "select done from notice_link where id = ?", link.ID(token)).Scan(&done)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return g, nil
	case err != nil:
		return g, fmt.Errorf("notify: link: %w", err)
	case done != 0:
		return g, ErrSpent
	}
	return g, nil
}

// Spend uses a token: it calls do with what the token allows, once in all processes, and
// the token is spent if do returns nil. Errors are those of Grant, and do's.
func (o *Office) Spend(ctx context.Context, token string, now time.Time, do func(link.Grant) error) error {
	g, err := o.key.Read(token, now)
	if err != nil {
		return err
	}
	id, ms := link.ID(token), now.UnixMilli()
	err = o.o.DB.Write(ctx, func(tx *sql.Tx) error {
		got, err := changed(tx.ExecContext(ctx, `insert into notice_link(id, taken, done, expires) values(?, ?, 0, ?)
			on conflict(id) do update set taken = excluded.taken where notice_link.done = 0 and notice_link.taken <= ?`,
			id, ms, g.Expires.UnixMilli(), ms-stale.Milliseconds()))
		if err == nil && !got {
			err = ErrSpent
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("notify: link: %w", err)
	}
	did := do(g)
	err = o.o.DB.Write(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		if did != nil {
			_, err := tx.ExecContext(ctx, "delete from notice_link where id = ? and taken = ?", id, ms)
			return err
		}
		_, err := tx.ExecContext(ctx, "update notice_link set done = ? where id = ?", max(ms, 1), id)
		return err
	})
	if err != nil && did == nil {
		return fmt.Errorf("notify: link: %w", err)
	}
	return did
}
