package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lamppost-city/lamppost/cloud/notify/channel"
)

const (
	attemptTime = 15 * time.Second
	leaseTime   = 45 * time.Second // an attempt and noting it, with much to spare
	maxOpen     = 500              // deliveries that are looked at to choose the next
	maxBehind   = 20               // of which so many may wait for others
	minute      = 60_000           // ms
	firstPause  = 2 * time.Second
	mostPause   = 5 * time.Minute
	longPause   = 30 * time.Second // the shortest where somebody has to mend the settings
)

// job is a delivery that this process has claimed.
type job struct {
	open
	repeat bool
}

// turn sends the next message of a channel, or says when there may be one. The zero time:
// look again at once.
func (o *Office) turn(ctx context.Context, c Channel, now time.Time) (time.Time, error) {
	rest := now.Add(rest)
	paused, err := o.paused(ctx, c.ID)
	if err != nil {
		return rest, err
	}
	rows, err := o.opened(ctx, c.ID)
	if err != nil {
		return rest, err
	}
	used, err := o.spent(ctx, o.o.DB.Read(), c.ID, now.UnixMilli())
	if err != nil {
		return rest, err
	}
	i, wake, err := o.pick(ctx, rows, used, c, now.UnixMilli())
	switch {
	case err != nil:
		return rest, err
	case i >= 0 && rows[i].deadline <= now.UnixMilli():
		return time.Time{}, o.giveUp(ctx, c, rows[i], now)
	case paused > now.UnixMilli():
		return o.sooner(rows, time.UnixMilli(paused), now), nil
	case i < 0 && wake != 0:
		return time.UnixMilli(wake), nil
	case i < 0:
		return rest, nil
	}
	j, at, err := o.claim(ctx, c, rows[i], now)
	if err != nil || j == nil {
		return at, err
	}
	return time.Time{}, o.attempt(ctx, c, *j)
}

// pick chooses the delivery to send now. Those that it cannot see may be before one.
func (o *Office) pick(ctx context.Context, rows []open, used []spent, c Channel, now int64) (chosen int, wake int64, err error) {
	for range maxBehind {
		if chosen, wake = pick(rows, used, c.PerMinute, now); chosen < 0 {
			return chosen, wake, nil
		}
		var before int
		err := o.o.DB.Read().QueryRowContext(ctx, `select count(*) from (select d.id from notice_delivery d
			where d.channel = ? and d.person = ? and d.seq < ? and d.state in ('queued', 'sending') and exists (
				select 1 from notice_item his join notice_item mine on mine.delivery = ? and mine.channel = his.channel and mine.person = his.person and mine.subject = his.subject
				where his.delivery = d.id and his.cause = '' and mine.cause = '') limit 1) w`, c.ID, rows[chosen].person, rows[chosen].seq, rows[chosen].id).Scan(&before)
		if err != nil || before == 0 {
			return chosen, wake, err
		}
		rows[chosen].next = now + look.Milliseconds() // it is looked at again when the other may be gone
	}
	return -1, now + look.Milliseconds(), nil
}

// sooner is when a channel that is paused has to be looked at: a deadline may come first.
func (o *Office) sooner(rows []open, at, now time.Time) time.Time {
	for _, r := range rows {
		if d := time.UnixMilli(r.deadline); d.Before(at) && d.After(now) {
			at = d
		}
	}
	return at
}

func (o *Office) paused(ctx context.Context, id string) (until int64, err error) {
	err = o.o.DB.Read().QueryRowContext(ctx, "select paused from notice_channel where channel = ?", id).Scan(&until)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return until, err
}

// opened reads the deliveries of a channel that are not finished, the most severe first and
// of each source as many as of another.
func (o *Office) opened(ctx context.Context, id string) (out []open, err error) {
	const red = "case when urgent = 1 then 0 else " + worstFirst + " end"
	rows, err := o.o.DB.Read().QueryContext(ctx, `select id, seq, person, level, urgent, source, subjects, state, next, deadline, lease, attempts, doubt from (
			select id, seq, person, level, urgent, source, subjects, state, next, deadline, lease, attempts, doubt,
				row_number() over (partition by source order by `+red+`, seq) as turn
			from notice_delivery where channel = ? and state in ('queued', 'sending')) d
		order by `+red+`, turn, seq limit ?`, id, maxOpen)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r open
		var subjects string
		if err := rows.Scan(&r.id, &r.seq, &r.person, &r.level, &r.urgent, &r.source, &subjects, &r.state, &r.next, &r.deadline, &r.lease, &r.attempts, &r.doubt); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(subjects), &r.subjects); err != nil {
			return nil, fmt.Errorf("delivery %s: %w", r.id, err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// spent reads the attempts of a channel in the last minute, the oldest first.
func (o *Office) spent(ctx context.Context, db querier, id string, now int64) (out []spent, err error) {
	rows, err := db.QueryContext(ctx, `select a.at, d.source from notice_attempt a join notice_delivery d on d.id = a.delivery
		where a.channel = ? and a.at > ? order by a.at`, id, now-minute)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s spent
		if err := rows.Scan(&s.at, &s.source); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// claim takes a delivery for this process and notes that an attempt begins. No job: another
// has it, or the channel's limit is reached, until at.
func (o *Office) claim(ctx context.Context, c Channel, r open, now time.Time) (j *job, at time.Time, err error) {
	ms := now.UnixMilli()
	err = o.o.DB.Write(ctx, func(tx *sql.Tx) error {
		j, at = nil, time.Time{}
		// The row is locked first, so that processes count one after another.
		if err := lockChannel(ctx, tx, c.ID); err != nil {
			return err
		}
		free, err := o.mayAt(ctx, tx, c, r.red(), r.source, ms)
		if err != nil || free > ms {
			at = time.UnixMilli(free)
			return err
		}
		got, err := changed(tx.ExecContext(ctx, `update notice_delivery set state = 'sending', owner = ?, lease = ?, attempts = attempts + 1, doubt = 1
			where id = ? and attempts = ? and (state = 'queued' or state = 'sending' and lease <= ?)`,
			o.owner, now.Add(leaseTime).UnixMilli(), r.id, r.attempts, ms))
		if err != nil || !got {
			at = now.Add(look)
			return err
		}
		_, err = tx.ExecContext(ctx, `insert into notice_attempt(delivery, n, channel, at, ended, outcome, error) values(?, ?, ?, ?, 0, '', '')`,
			r.id, r.attempts+1, c.ID, ms)
		j = &job{open: r, repeat: r.doubt}
		j.attempts++
		return err
	})
	if err != nil {
		return nil, now.Add(look), err
	}
	return j, at, nil
}

func lockChannel(ctx context.Context, tx *sql.Tx, id string) error {
	_, err := tx.ExecContext(ctx, `insert into notice_channel(channel, paused, down, failures, told, error) values(?, 0, 0, 0, 0, '')
		on conflict(channel) do update set channel = excluded.channel`, id)
	return err
}

// mayAt says from when on the channel's limits let a message through.
func (o *Office) mayAt(ctx context.Context, tx *sql.Tx, c Channel, red bool, source string, now int64) (int64, error) {
	var paused int64
	if err := tx.QueryRowContext(ctx, "select paused from notice_channel where channel = ?", c.ID).Scan(&paused); err != nil {
		return 0, err
	}
	used, err := o.spent(ctx, tx, c.ID, now)
	return max(paused, slot(used, c.PerMinute, red, source, now)), err
}

// changed says whether a statement changed a row.
func changed(r sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// attempt sends a job and notes what became of it, also while the program stops.
func (o *Office) attempt(ctx context.Context, c Channel, j job) error {
	m, err := o.message(ctx, c, j)
	if err == nil {
		err = deliver(ctx, c, m)
	} else if outcome(err).Maybe {
		err = &channel.Error{Err: err} // the database's: nothing was sent
	}
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptTime)
	defer cancel()
	return o.note(noting, c, j, err, time.Now())
}

// grace is what an attempt gets to end in when the program stops: ended in the middle it
// would have to be repeated.
const grace = 3 * time.Second

func deliver(ctx context.Context, c Channel, m channel.Message) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptTime)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-limited.Done():
		}
	})
	defer stop()
	return c.Sender.Send(limited, m)
}

// note writes down how an attempt ended.
func (o *Office) note(ctx context.Context, c Channel, j job, result error, now time.Time) error {
	out := outcome(result)
	end := ending{state: queued, next: now.Add(backoff(int(j.attempts), out)).UnixMilli()}
	switch {
	case result == nil:
		end = ending{state: sent, finished: now.UnixMilli()}
	case out.Fate == channel.Never:
		end = ending{state: refused, finished: now.UnixMilli()}
	}
	if out.Maybe || j.repeat && result != nil {
		end.doubt = 1
	}
	var told *Trouble
	err := o.o.DB.Write(ctx, func(tx *sql.Tx) (err error) {
		told = nil
		if err := lockChannel(ctx, tx, c.ID); err != nil {
			return err
		}
		mine, err := changed(tx.ExecContext(ctx, `update notice_delivery set state = ?, next = ?, doubt = ?, finished = ?, error = ?, lease = 0, owner = ''
			where id = ? and attempts = ? and owner = ?`, end.state, end.next, end.doubt, end.finished, text(result), j.id, j.attempts, o.owner))
		if err != nil || !mine {
			return err // another took it over, when the lease was over
		}
		_, err = tx.ExecContext(ctx, "update notice_attempt set ended = ?, outcome = ?, error = ? where delivery = ? and n = ?",
			now.UnixMilli(), fate(result), text(result), j.id, j.attempts)
		if err == nil {
			told, err = o.weigh(ctx, tx, c, result, now)
		}
		return err
	})
	if err == nil && told != nil {
		o.o.Trouble(*told)
		ring(o.form)
	}
	return err
}

type ending struct {
	state          string
	next, finished int64
	doubt          int
}

// outcome is the error as channels give it.
func outcome(err error) channel.Error {
	var e *channel.Error
	if errors.As(err, &e) {
		return *e
	}
	return channel.Error{Maybe: err != nil, Err: err}
}

func fate(err error) string {
	if err == nil {
		return "sent"
	}
	return map[channel.Fate]string{channel.Later: "later", channel.Mistaken: "mistaken", channel.Never: "never"}[outcome(err).Fate]
}

// text is an error for the log, bounded.
func text(err error) string {
	if err == nil {
		return ""
	}
	s := []rune(channel.Plain(err.Error()))
	return string(s[:min(len(s), 500)])
}

// backoff is how long to wait after so many failures: it doubles, up to five minutes, and
// varies by a quarter, so that many do not come back at once. What the receiver asked for
// is kept.
func backoff(failures int, e channel.Error) time.Duration {
	pause := min(firstPause<<min(max(failures-1, 0), 10), mostPause)
	if e.Fate == channel.Mistaken {
		pause = max(pause, longPause)
	}
	pause += time.Duration(rand.Int64N(int64(pause) / 4))
	return max(pause, e.After)
}
