package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// maker makes one delivery, in a transaction.
type maker struct {
	ctx context.Context
	tx  *sql.Tx
	d   view.Delivery
}

// formOne makes one message of a batch, and of what waits behind what was looked at and
// belongs to it.
func (o *Office) formOne(ctx context.Context, tx *sql.Tx, c Channel, person string, items []waiting, b batch, now time.Time) error {
	m := maker{ctx, tx, view.Delivery{ID: uuid.Must(uuid.NewV7()).String(), Channel: c.ID, Person: person, Kind: b.kind, State: queued,
		Formed: now.UnixMilli(), Next: now.UnixMilli(), Deadline: now.Add(c.GiveUp).UnixMilli()}}
	if c.Machine { // what waited for its turn is not kept for longer
		m.d.Deadline = items[b.items[0]].due + c.GiveUp.Milliseconds()
	}
	n, err := m.takeBatch(items, b, c.Machine, now.UnixMilli())
	if err != nil || n == 0 { // somebody else took or dropped it meanwhile
		return err
	}
	if !c.Machine {
		if err := m.count(); err != nil {
			return err
		}
	}
	return m.finish(c, b)
}

// takeBatch takes the items of a batch, and none that another message is to have. If there
// was more than is looked at at once, it takes what belongs to them of the rest.
func (m *maker) takeBatch(items []waiting, b batch, machine bool, now int64) (taken int64, err error) {
	planned := make([]waiting, len(b.items))
	for k, i := range b.items {
		planned[k] = items[i]
	}
	taken, err = m.take("n in (" + numbers(planned) + ")")
	if err != nil || machine || len(items) < maxBatch {
		return taken, err
	}
	rest := " and n not in (" + numbers(items) + ")"
	where, args := b.behind(items, now)
	more, err := m.take(where+rest, args...)
	if taken += more; err != nil || b.kind != surge {
		return taken, err
	}
	more, err = m.take("subject in (select subject from notice_item where delivery = ?)"+rest, m.d.ID)
	return taken + more, err
}

// numbers lists the numbers of items for a query.
func numbers(items []waiting) string {
	var b []byte
	for i, it := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, it.n, 10)
	}
	return string(b)
}

// behind says which of the items that were not looked at belong to a batch.
func (b batch) behind(items []waiting, now int64) (where string, args []any) {
	first, last := items[b.items[0]], items[b.items[len(b.items)-1]]
	switch {
	case b.kind == digest:
		return "due <= ? and level <> 'red'", []any{now}
	case b.kind == surge && b.source != "":
		return "level = 'red' and source = ?", []any{b.source}
	case b.kind == surge:
		return "level = 'red'", nil
	case rank(last.level) == 0:
		return "subject = ? and n <= ?", []any{last.subject, last.n}
	}
	return "grp = ?", []any{first.grp}
}

// take puts items that wait for the receiver into the delivery.
func (m *maker) take(where string, args ...any) (taken int64, err error) {
	r, err := m.tx.ExecContext(m.ctx, "update notice_item set delivery = ? where delivery = '' and channel = ? and person = ? and "+where,
		append([]any{m.d.ID, m.d.Channel, m.d.Person}, args...)...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// count adds the symptoms that nobody was told of, to be counted: in a digest all, else
// those of what the message is about.
func (m *maker) count() error {
	where, args := "", []any{m.d.ID, m.d.Channel, m.d.Person}
	if m.d.Kind != digest {
		where, args = " and cause in (select subject from notice_item where delivery = ?)", append(args, m.d.ID)
	}
	_, err := m.tx.ExecContext(m.ctx, "update notice_item set delivery = ? where delivery = '"+hushed+"' and channel = ? and person = ?"+where, args...)
	return err
}

// finish writes the delivery, and lets what it has to wait for be as urgent as it is.
func (m *maker) finish(c Channel, b batch) error {
	var sources int
	var source, event string
	err := m.tx.QueryRowContext(m.ctx, "select count(*), count(distinct source), coalesce(min(source), '') from notice_item where delivery = ? and cause = ''", m.d.ID).
		Scan(&m.d.Items, &sources, &source)
	if err != nil {
		return err
	}
	switch {
	case b.kind == surge: // the next of these waits for a minute, whosever they were
		source = b.source
	case sources > 1:
		source = ""
	}
	err = m.tx.QueryRowContext(m.ctx, "select event, level from notice_item where delivery = ? and cause = '' order by "+worstFirst+", n desc limit 1", m.d.ID).
		Scan(&event, &m.d.Level)
	if err != nil {
		return err
	}
	e, err := readEvent(m.ctx, m.tx, event)
	if err != nil {
		return err
	}
	m.d.Title = in(e.Text, c.Lang)
	subjects, err := column(m.ctx, m.tx, "select distinct subject from notice_item where delivery = ? and cause = '' order by subject limit ?", m.d.ID, maxSubjects)
	if err != nil {
		return err
	}
	if err := insert(m.ctx, m.tx, m.d, source, subjects); err != nil || rank(m.d.Level) != 0 {
		return err
	}
	_, err = m.tx.ExecContext(m.ctx, `update notice_delivery set urgent = 1 where channel = ? and person = ? and state in ('queued', 'sending') and urgent = 0 and level <> 'red'
		and id in (select his.delivery from notice_item his where his.channel = ? and his.person = ? and his.delivery <> ''
			and his.subject in (select subject from notice_item where delivery = ?))`, m.d.Channel, m.d.Person, m.d.Channel, m.d.Person, m.d.ID)
	return err
}

// readEvent reads one.
func readEvent(ctx context.Context, db querier, id string) (e Event, err error) {
	var body string
	if err := db.QueryRowContext(ctx, "select body from notice_event where id = ?", id).Scan(&body); err != nil {
		return e, fmt.Errorf("event %s: %w", id, err)
	}
	return e, json.Unmarshal([]byte(body), &e)
}

// insert writes a new delivery as the last of its channel. Its title is shown on pages: it
// is made one harmless line.
func insert(ctx context.Context, tx *sql.Tx, d view.Delivery, source string, subjects []string) error {
	list, err := json.Marshal(subjects)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `insert into notice_delivery(id, channel, seq, person, kind, level, subjects, items, title, state,
		attempts, formed, next, deadline, owner, lease, doubt, finished, error, source)
		values(?, ?, (select coalesce(max(seq), 0) + 1 from notice_delivery where channel = ?), ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, '', 0, 0, ?, ?, ?)`,
		d.ID, d.Channel, d.Channel, d.Person, d.Kind, d.Level, string(list), d.Items, channel.Plain(d.Title), d.State, d.Formed, d.Next, d.Deadline, d.Finished, d.Error, source)
	return err
}

// column reads a query of one column.
func column(ctx context.Context, db querier, query string, args ...any) (out []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
