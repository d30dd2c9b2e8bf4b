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

// List returns the latest alerts first, at most limit (1 … 1000): those that are
// active, past (cleared) or all, of one gateway or, with an empty id, of all.
func (b *Book) List(ctx context.Context, state, gateway string, limit int) ([]view.Alert, error) {
	condition := map[string]string{"active": "active", "past": "cleared"}[state]
	rows, err := b.o.DB.Read().QueryContext(ctx, "select "+columns+` from alert
		where (?1 = '' or condition = ?1) and (?2 = '' or gateway = ?2)
		order by received desc, id desc limit ?3`, condition, gateway, min(max(limit, 1), 1000))
	if err != nil {
		return nil, fmt.Errorf("cases: list: %w", err)
	}
	defer rows.Close()
	out := []view.Alert{}
	for rows.Next() {
		v, err := b.scan(rows)
		if err != nil {
			return nil, fmt.Errorf("cases: list: %w", err)
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// Get returns one alert with its history and timeline, or view.ErrUnknown.
func (b *Book) Get(ctx context.Context, id string) (view.Alert, error) {
	v, err := b.one(ctx, id)
	if err != nil {
		return v, err
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

func (b *Book) one(ctx context.Context, id string) (view.Alert, error) {
	v, err := b.scan(b.o.DB.Read().QueryRowContext(ctx, "select "+columns+" from alert where id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return v, fmt.Errorf("cases: %q: %w", id, view.ErrUnknown)
	}
	if err != nil {
		return v, fmt.Errorf("cases: %q: %w", id, err)
	}
	return v, nil
}

// scan builds what is shown of an alert from its row.
func (b *Book) scan(row interface{ Scan(...any) error }) (view.Alert, error) {
	var id, gateway string
	var received, updated, vanished int64
	var ack view.Acknowledged
	var body []byte
	if err := row.Scan(&id, &gateway, &received, &updated, &vanished, &ack.By, &ack.At, &ack.Note, &body); err != nil {
		return view.Alert{}, err
	}
	var a wire.Alert
	if err := json.Unmarshal(body, &a); err != nil {
		return view.Alert{}, err
	}
	v := b.show(gateway, a, received, updated)
	if ack.By != "" {
		v.Acknowledged = &ack
	}
	if vanished != 0 {
		v.Vanished = &vanished
	}
	return v, nil
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
