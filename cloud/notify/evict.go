package notify

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/lamppost-city/lamppost/cloud/view"
)

const (
	// maxWaiting is how many events wait for one channel.
	maxWaiting = 10_000
	// evicted is how many are dropped when there are more.
	evicted = 500
)

// load is how much waits for each channel, counted once in a transaction.
type load map[string]int

// add counts one more, and says whether that is too many.
func (l load) add(ctx context.Context, tx *sql.Tx, channel string) (full bool, err error) {
	if _, counted := l[channel]; !counted {
		var n int
		if err := tx.QueryRowContext(ctx, "select count(*) from notice_item where delivery = '' and channel = ?", channel).Scan(&n); err != nil {
			return false, err
		}
		l[channel] = n
		return n > maxWaiting, nil
	}
	l[channel]++
	return l[channel] > maxWaiting, nil
}

// evict drops of what waits for a channel the least severe, and of those what the sources
// that have most came with last. It is one line in the log.
func (o *Office) evict(ctx context.Context, tx *sql.Tx, now time.Time, c Channel, load load) error {
	d := view.Delivery{ID: uuid.Must(uuid.NewV7()).String(), Channel: c.ID, Kind: digest, State: dropped, Formed: now.UnixMilli(), Finished: now.UnixMilli(),
		Error: fmt.Sprintf("more than %d events wait for the channel", maxWaiting)}
	r, err := tx.ExecContext(ctx, `update notice_item set delivery = ? where channel = ? and delivery = '' and n in (
		select n from (select n, level, row_number() over (partition by source order by `+worstFirst+`, n) as turn from notice_item where delivery = '' and channel = ?) w
		order by `+worstFirst+` desc, turn desc, n desc limit ?)`, d.ID, c.ID, c.ID, evicted)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err != nil {
		return err
	}
	d.Items, load[c.ID] = int(n), load[c.ID]-int(n)
	var event string
	err = tx.QueryRowContext(ctx, "select event, level from notice_item where delivery = ? order by "+worstFirst+", n limit 1", d.ID).Scan(&event, &d.Level)
	if err != nil {
		return err
	}
	e, err := readEvent(ctx, tx, event)
	if err != nil {
		return err
	}
	d.Title = in(e.Text, c.Lang)
	return insert(ctx, tx, d, "", []string{})
}
