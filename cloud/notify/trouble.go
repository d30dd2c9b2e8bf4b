package notify

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// patience is how long a channel may fail before the operators are told.
const patience = 10 * time.Minute

// health is what is known of a channel.
type health struct {
	paused, down, told int64
	failures           int
}

// weigh brings a channel's health up to date after an attempt. What it returns is to be
// told: it has begun to fail for good, or it works again. Each is told once.
func (o *Office) weigh(ctx context.Context, tx *sql.Tx, c Channel, result error, now time.Time) (*Trouble, error) {
	var h health
	err := tx.QueryRowContext(ctx, "select paused, down, failures, told from notice_channel where channel = ?", c.ID).Scan(&h.paused, &h.down, &h.failures, &h.told)
	if err != nil {
		return nil, err
	}
	out, ms := outcome(result), now.UnixMilli()
	var t *Trouble
	switch {
	case result == nil, out.Fate == channel.Never: // it answered, if only by refusing one message
		if h.told != 0 {
			t = &Trouble{Channel: c.ID, Since: h.down, Over: true}
		}
		h = health{}
	default:
		if h.down == 0 {
			h.down = ms
		}
		h.failures++
		h.paused = now.Add(backoff(h.failures, out)).UnixMilli()
		if h.told == 0 && (out.Fate == channel.Mistaken || ms-h.down >= patience.Milliseconds()) {
			h.told, t = ms, &Trouble{Channel: c.ID, Since: h.down, Error: text(result)}
		}
	}
	_, err = tx.ExecContext(ctx, "update notice_channel set paused = ?, down = ?, failures = ?, told = ?, error = ? where channel = ?",
		h.paused, h.down, h.failures, h.told, text(result), c.ID)
	if err == nil && t != nil {
		err = o.takeTrouble(ctx, tx, *t, now)
	}
	return t, err
}

// giveUp ends a delivery whose deadline has passed.
func (o *Office) giveUp(ctx context.Context, c Channel, r open, now time.Time) error {
	var t *Trouble
	err := o.o.DB.Write(ctx, func(tx *sql.Tx) error {
		t = nil
		if err := lockChannel(ctx, tx, c.ID); err != nil {
			return err
		}
		ended, err := changed(tx.ExecContext(ctx, `update notice_delivery set state = 'given-up', finished = ?, lease = 0, owner = ''
			where id = ? and attempts = ? and (state = 'queued' or state = 'sending' and lease <= ?)`, now.UnixMilli(), r.id, r.attempts, now.UnixMilli()))
		if err != nil || !ended {
			return err
		}
		first, err := changed(tx.ExecContext(ctx, "update notice_channel set told = ?, down = case when down = 0 then ? else down end where channel = ? and told = 0",
			now.UnixMilli(), now.UnixMilli(), c.ID))
		if err != nil || !first {
			return err
		}
		t = &Trouble{Channel: c.ID}
		if err := tx.QueryRowContext(ctx, "select down, error from notice_channel where channel = ?", c.ID).Scan(&t.Since, &t.Error); err != nil {
			return err
		}
		return o.takeTrouble(ctx, tx, *t, now)
	})
	if err == nil && t != nil {
		o.o.Trouble(*t)
		ring(o.form)
	}
	return err
}

// takeTrouble has the other channels tell about one. If no rule is about that, all of them do.
func (o *Office) takeTrouble(ctx context.Context, tx *sql.Tx, t Trouble, now time.Time) error {
	subject := "channel/" + t.Channel + "/" + strconv.FormatInt(t.Since, 10)
	e := Event{
		ID: subject + "/down", Subject: subject, Kind: "raised", First: true, Severity: wire.Orange, Category: "system", Rule: "notification-channel",
		At: now.UnixMilli(), Except: t.Channel,
		Text: view.Text{Zh: fmt.Sprintf("通知渠道 %s 无法送达", t.Channel), En: fmt.Sprintf("the notification channel %s does not get through", t.Channel)},
		// The error is in the words of the receiver or of the network.
		State: view.Text{Zh: t.Error, En: t.Error},
	}
	if t.Over {
		e.ID, e.Kind, e.First = subject+"/up", "cleared", false
		e.Text = view.Text{Zh: fmt.Sprintf("通知渠道 %s 已恢复", t.Channel), En: fmt.Sprintf("the notification channel %s works again", t.Channel)}
	}
	return o.takeOne(ctx, tx, now, e, o.everybody(t.Channel), load{})
}
