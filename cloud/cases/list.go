package cases

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const columns = "id, gateway, received, updated, vanished, acked_by, acked_at, acked_note, body"

// List returns a part of the list of alerts, those first that came last. sees says of an
// area whether what lies in it is to be listed, nil: all is; what has no area is asked for
// with an empty one. Where an alert lies counts as it is now, not as it was when it came. A
// page is short only where the list ends. The error is a *view.FieldError if After is no
// Next.
func (b *Book) List(ctx context.Context, f view.AlertFilter, sees func(area string) bool) (p view.AlertPage, err error) {
	p.Alerts = []view.Alert{}
	where, args, err := b.terms(ctx, f, sees)
	if err != nil || where == "" {
		return p, err
	}
	limit := min(max(f.Limit, 1), 1000)
	rows, err := b.o.DB.Read().QueryContext(ctx, "select "+columns+" from alert where "+where+" order by received desc, id desc limit ?", append(args, limit+1)...)
	if err != nil {
		return p, fmt.Errorf("cases: list: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if len(p.Alerts) == limit {
			p.Next = p.Alerts[limit-1].ID
			break
		}
		v, err := b.scan(rows)
		if err != nil {
			return p, fmt.Errorf("cases: list: %w", err)
		}
		p.Alerts = append(p.Alerts, v)
	}
	return p, rows.Err()
}

// terms are the conditions of a list; none: nothing can be on it.
func (b *Book) terms(ctx context.Context, f view.AlertFilter, sees func(area string) bool) (where string, args []any, err error) {
	where = "1 = 1"
	if condition := map[string]string{"active": "active", "past": "cleared"}[f.State]; condition != "" {
		where, args = where+" and condition = ?", append(args, condition)
	}
	if f.Severity != "" {
		where, args = where+" and severity = ?", append(args, f.Severity)
	}
	if f.Gateway != "" {
		where, args = where+" and gateway = ?", append(args, f.Gateway)
	}
	if f.After != "" {
		var received int64
		err := b.o.DB.Read().QueryRowContext(ctx, "select received from alert where id = ?", f.After).Scan(&received)
		if errors.Is(err, sql.ErrNoRows) {
			return "", nil, &view.FieldError{Field: "after", Text: view.Text{Zh: "请使用上一页的 next", En: "write the next of the page before"}}
		}
		if err != nil {
			return "", nil, fmt.Errorf("cases: list: %w", err)
		}
		where, args = where+" and (received, id) < (?, ?)", append(args, received, f.After)
	}
	if sees == nil {
		return where, args, nil
	}
	within, err := b.within(ctx, sees)
	if err != nil || within == "" {
		return "", nil, err
	}
	return where + " and " + within, args, nil
}

// Get returns one alert with its history and timeline, or view.ErrUnknown.
func (b *Book) Get(ctx context.Context, id string) (view.Alert, error) {
	r, err := b.row(ctx, id)
	if err != nil {
		return view.Alert{}, err
	}
	v := b.shown(r)
	if b.o.Advice != nil {
		v.Advice = b.o.Advice(v.Rule, r.doc.Category, v.Severity)
	}
	rows, err := b.o.DB.Read().QueryContext(ctx, "select at, what, by, note from alert_change where alert = ? order by n", id)
	if err != nil {
		return v, fmt.Errorf("cases: history of %s: %w", id, err)
	}
	defer rows.Close()
	v.History = []view.Change{}
	for rows.Next() {
		var c view.Change
		if err := rows.Scan(&c.At, &c.What, &c.By, &c.Note); err != nil {
			return v, fmt.Errorf("cases: history of %s: %w", id, err)
		}
		v.History = append(v.History, c)
	}
	if err := rows.Err(); err != nil {
		return v, fmt.Errorf("cases: history of %s: %w", id, err)
	}
	v.Timeline, err = b.timeline(ctx, v)
	return v, err
}

// row is what the database has of an alert.
type row struct {
	gateway                     string
	received, updated, vanished int64
	ack                         view.Acknowledged
	doc                         wire.Alert
}

// row reads one, or returns view.ErrUnknown.
func (b *Book) row(ctx context.Context, id string) (row, error) {
	r, err := readRow(b.o.DB.Read().QueryRowContext(ctx, "select "+columns+" from alert where id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("cases: %q: %w", id, view.ErrUnknown)
	}
	if err != nil {
		return r, fmt.Errorf("cases: %q: %w", id, err)
	}
	return r, nil
}

func readRow(from interface{ Scan(...any) error }) (r row, err error) {
	var id string
	var body []byte
	if err := from.Scan(&id, &r.gateway, &r.received, &r.updated, &r.vanished, &r.ack.By, &r.ack.At, &r.ack.Note, &body); err != nil {
		return r, err
	}
	return r, json.Unmarshal(body, &r.doc)
}

// scan builds what is shown of an alert from its row.
func (b *Book) scan(from interface{ Scan(...any) error }) (view.Alert, error) {
	r, err := readRow(from)
	if err != nil {
		return view.Alert{}, err
	}
	return b.shown(r), nil
}

// shown is what is shown of an alert.
func (b *Book) shown(r row) view.Alert {
	v := b.show(r.gateway, r.doc, r.received, r.updated)
	if r.ack.By != "" {
		v.Acknowledged = &r.ack
	}
	if r.vanished != 0 {
		v.Vanished = &r.vanished
	}
	return v
}

func (b *Book) show(gateway string, a wire.Alert, received, updated int64) view.Alert {
	v := view.Alert{
		ID: a.ID, Rev: a.Rev, Gateway: gateway, Device: a.Device, Channel: a.Channel, Rule: a.Rule,
		Severity: a.Severity, Stage: a.Stage, Condition: a.Condition,
		Since: moment(&a, a.Since, received), At: moment(&a, a.At, updated), Value: a.Value, Limit: a.Limit,
		Worst: cmp.Or(a.Worst, a.Severity), Peak: a.Peak,
		Unit: a.Unit, UnitText: a.Unit, Text: a.Text, Area: a.Area, Position: a.Position, Image: a.Image,
		Evidence: a.Evidence, Undated: moment(&a, a.Since, 0) == 0 || moment(&a, a.At, 0) == 0,
	}
	if a.Cleared != nil {
		t := moment(&a, *a.Cleared, updated)
		v.Cleared = &t
	}
	if m, ok := b.o.Catalog.Lookup(a.Channel); ok && (a.Unit == m.Unit || a.Unit == m.Wire || a.Unit == "") {
		v.Unit, v.UnitText = m.Unit, m.Text
	}
	// Where a gateway stands, the fleet knows better than the gateway.
	area, pos := b.o.Site(gateway, a.Device)
	if area != "" {
		v.Area = area
	}
	if pos != nil {
		v.Position = pos
	}
	for _, p := range a.Pictures {
		v.Pictures = append(v.Pictures, view.Picture{Image: p.Image, Moment: p.Moment, Due: v.Since + p.SinceMS})
	}
	if v.Text == nil {
		v.Text = map[string]string{}
	}
	if v.Evidence == nil {
		v.Evidence = []wire.Evidence{}
	}
	return v
}

// Limits of what a person may write, in characters.
const (
	maxName = 80
	maxNote = 2000
)

// checkAck cleans and judges what a person wrote.
func checkAck(by, text string) (string, string, error) {
	by, text = strings.TrimSpace(by), strings.TrimSpace(text)
	switch {
	case by == "":
		return "", "", &view.FieldError{Field: "by", Text: view.Text{Zh: "请填写姓名", En: "write your name"}}
	case utf8.RuneCountInString(by) > maxName:
		return "", "", &view.FieldError{Field: "by", Text: view.Text{Zh: fmt.Sprintf("姓名最多 %d 个字符", maxName), En: fmt.Sprintf("a name has at most %d characters", maxName)}}
	case bad(by, false):
		return "", "", &view.FieldError{Field: "by", Text: view.Text{Zh: "姓名含有不可见字符", En: "the name has invisible characters"}}
	case utf8.RuneCountInString(text) > maxNote:
		return "", "", &view.FieldError{Field: "note", Text: view.Text{Zh: fmt.Sprintf("备注最多 %d 个字符", maxNote), En: fmt.Sprintf("a note has at most %d characters", maxNote)}}
	case bad(text, true):
		return "", "", &view.FieldError{Field: "note", Text: view.Text{Zh: "备注含有不可见字符", En: "the note has invisible characters"}}
	}
	return by, text, nil
}

// bad finds control characters, and those that turn the direction of writing and
// so could make one name look like another.
func bad(s string, lines bool) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) && (!lines || r != '\n' && r != '\t' && r != '\r')
	})
}
