package cases

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Bounds on a replay.
const (
	replayAlerts = 2_000
	replaySteps  = 20_000
	replayBatch  = 200 // alerts read at a time
	replayLate   = 24 * time.Hour
	lateSlack    = time.Minute // on its way for longer, an alert came late
)

// Replay fills in the alerts of a past span as they were shown then: what a gateway could only
// say later counts from when it was heard. sees is as List has it.
func (b *Book) Replay(ctx context.Context, from, to int64, sees func(area string) bool) (p view.Replay, err error) {
	p = view.Replay{From: from, To: to, Alerts: []view.ReplayAlert{}, Gateways: []view.ReplayPresence{}, Gaps: []view.Gap{}}
	within := "1 = 1"
	if sees != nil {
		if within, err = b.within(ctx, sees); err != nil || within == "" {
			return p, err
		}
	}
	all, err := b.spanned(ctx, from, to, within)
	if err != nil {
		return p, fmt.Errorf("cases: replay: %w", err)
	}
	if len(all) > replayAlerts {
		all, p.More = all[:replayAlerts], true
	}
	steps := 0
	for some := range slices.Chunk(all, replayBatch) {
		found, err := b.replayed(ctx, some, from, to)
		if err != nil {
			return p, fmt.Errorf("cases: replay: %w", err)
		}
		for _, a := range found {
			if steps += len(a.Steps); steps > replaySteps {
				p.More = true
				return p, nil
			}
			p.Alerts = append(p.Alerts, a)
		}
	}
	p.Late, err = b.late(ctx, to, within)
	return p, err
}

// spanned returns alerts that may have been active in a span, by id, the latest first.
func (b *Book) spanned(ctx context.Context, from, to int64, within string) (list []spanRow, err error) {
	rows, err := b.o.DB.Read().QueryContext(ctx, `select id, gateway, received from alert
		where (updated >= ?1 or condition = 'active') and received <= ?2 and `+within+` order by received desc, id limit ?3`, from, to, replayAlerts+1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r spanRow
		if err := rows.Scan(&r.id, &r.gateway, &r.received); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

type spanRow struct {
	id, gateway string
	received    int64
}

// turn is what was heard or done at a time: a revision, or something in the history.
type turn struct {
	at       int64
	rev      int
	doc      *wire.Alert // nil: a change
	what     string
	by, note string
}

// replayed tells the courses of alerts, of those that were active in the span.
func (b *Book) replayed(ctx context.Context, some []spanRow, from, to int64) (out []view.ReplayAlert, err error) {
	turns, err := b.turns(ctx, some, from, to)
	if err != nil {
		return nil, err
	}
	for _, r := range some {
		if a, ok := b.course(r, turns[r.id], from); ok {
			out = append(out, a)
		}
	}
	return out, nil
}

// turns reads of each alert its revisions of the span with the last one before it, and what was
// done to it until the span's end.
func (b *Book) turns(ctx context.Context, some []spanRow, from, to int64) (map[string][]turn, error) {
	ids := make([]any, len(some))
	for i, r := range some {
		ids[i] = r.id
	}
	among := "(?" + strings.Repeat(", ?", len(ids)-1) + ")"
	out := map[string][]turn{}
	err := b.each(ctx, func(rows *sql.Rows) error {
		var id string
		var body []byte
		t := turn{doc: &wire.Alert{}}
		if err := rows.Scan(&id, &t.rev, &t.at, &body); err != nil {
			return err
		}
		err := json.Unmarshal(body, t.doc)
		out[id] = append(out[id], t)
		return err
	}, `select alert, rev, received, body from alert_revision r where received <= ?2 and (received > ?1
			or rev = (select max(rev) from alert_revision l where l.alert = r.alert and l.received <= ?1))
		and alert in `+among+` order by alert, received, rev`, append([]any{from, to}, ids...))
	if err != nil {
		return nil, err
	}
	err = b.each(ctx, func(rows *sql.Rows) error {
		var id string
		var t turn
		if err := rows.Scan(&id, &t.at, &t.what, &t.by, &t.note); err != nil {
			return err
		}
		out[id] = append(out[id], t)
		return nil
	}, `select alert, at, what, by, note from alert_change where at <= ?1 and what in ('acknowledged', 'lapsed', 'vanished', 'returned')
		and alert in `+among+` order by alert, n`, append([]any{to}, ids...))
	return out, err
}

// each hands over the rows of a query.
func (b *Book) each(ctx context.Context, take func(*sql.Rows) error, query string, args []any) error {
	rows, err := b.o.DB.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// course tells what became of an alert from the beginning of a span on; ok is false if it was
// never active in it.
func (b *Book) course(r spanRow, turns []turn, from int64) (a view.ReplayAlert, ok bool) {
	slices.SortStableFunc(turns, func(x, y turn) int { return cmp.Compare(x.at, y.at) })
	var doc *wire.Alert
	var heard int64
	var ack *view.Acknowledged
	var vanished *int64
	for _, t := range turns {
		switch {
		case t.doc != nil && doc != nil && t.doc.Rev <= doc.Rev:
			continue // overtaken by a newer one
		case t.doc != nil:
			if doc != nil && worse(*doc, *t.doc) {
				ack = nil // as it is now, nobody has seen it; older histories tell that by the gateway's clock
			}
			doc, heard, vanished = t.doc, t.at, nil
		case t.what == "acknowledged":
			ack = &view.Acknowledged{By: t.by, At: t.at, Note: t.note}
		case t.what == "lapsed":
			ack = nil
		case t.what == "vanished":
			vanished = &t.at
		default:
			vanished = nil
		}
		if doc == nil {
			continue // what was done before the revisions that are kept
		}
		a.Alert = b.show(r.gateway, *doc, r.received, heard)
		a.Alert.Acknowledged, a.Alert.Vanished = ack, vanished
		if t.at <= from {
			a.Steps = a.Steps[:0]
		}
		a.Steps = append(a.Steps, stepOf(a.Alert, t.at))
	}
	return a, slices.ContainsFunc(a.Steps, func(s view.ReplayStep) bool { return s.Condition == "active" })
}

// stepOf is what changes in the course of an alert.
func stepOf(v view.Alert, known int64) view.ReplayStep {
	return view.ReplayStep{
		Known: known, Rev: v.Rev, Severity: v.Severity, Stage: v.Stage, Condition: v.Condition, At: v.At, Cleared: v.Cleared, Value: v.Value, Limit: v.Limit,
		Worst: v.Worst, Peak: v.Peak, Text: v.Text, Acknowledged: v.Acknowledged, Vanished: v.Vanished,
	}
}

// late counts alerts that began before a time and were heard of in the day after it; of the first
// ones that came, which are those that may have.
func (b *Book) late(ctx context.Context, to int64, within string) (n int, err error) {
	err = b.each(ctx, func(rows *sql.Rows) error {
		var received int64
		var body []byte
		var a wire.Alert
		if err := rows.Scan(&received, &body); err != nil {
			return err
		}
		if err := json.Unmarshal(body, &a); err != nil {
			return err
		}
		if moment(&a, a.Since, received) <= to-lateSlack.Milliseconds() {
			n++
		}
		return nil
	}, "select received, body from alert where received > ? and received <= ? and "+within+" order by received limit ?",
		[]any{to, to + replayLate.Milliseconds(), replayAlerts})
	if err != nil {
		return 0, fmt.Errorf("cases: replay: %w", err)
	}
	return n, nil
}
