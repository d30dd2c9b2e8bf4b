package handover

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Database is what the book needs of the database.
type Database interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Options is what a Book needs.
type Options struct {
	DB Database
	// Record writes a deed into the audit log, in the transaction of what was done.
	Record func(ctx context.Context, tx *sql.Tx, d view.Deed) error
}

// Book is all handovers. It is safe for concurrent use, also by several processes on one
// database.
type Book struct{ o Options }

// New returns the book in a database that has Schema's tables.
func New(o Options) *Book { return &Book{o: o} }

// Write keeps a handover, of which By, ByName, Written and Report are set by the caller, and
// returns it with its id. key is the sender's own name for it: the same again returns the one
// that was written; empty: none. The error is a *view.FieldError if it cannot be kept.
func (b *Book) Write(ctx context.Context, key string, h view.Handover) (view.Handover, error) {
	if err := judge(&h); err != nil {
		return h, fmt.Errorf("handover: %w", err)
	}
	if key != "" {
		key = h.By + " " + key
	}
	if h.Report == nil {
		h.Report = &view.ShiftReport{}
	}
	report, err := json.Marshal(h.Report)
	if err != nil {
		return h, fmt.Errorf("handover: %w", err)
	}
	h.ID, h.Taken, h.OpenThen = "", nil, h.Report.OpenTotal
	bare := h
	bare.Report = nil
	body, err := json.Marshal(bare)
	if err != nil {
		return h, fmt.Errorf("handover: %w", err)
	}
	var id int64
	err = b.o.DB.Write(ctx, func(tx *sql.Tx) error {
		again, err := known(ctx, tx, key)
		if id = again; err != nil || again != 0 {
			return err
		}
		if err := tx.QueryRowContext(ctx, "insert into handover(area, written, by, request, open_then, body, report) values(?, ?, ?, ?, ?, ?, ?) returning id",
			h.Area, h.Written, h.By, key, h.OpenThen, body, report).Scan(&id); err != nil {
			return err
		}
		return b.o.Record(ctx, tx, view.Deed{What: "handover.write", About: strconv.FormatInt(id, 10), New: string(body)})
	})
	if err != nil {
		return h, fmt.Errorf("handover: %w", err)
	}
	return b.Get(ctx, strconv.FormatInt(id, 10))
}

// known is the handover that was written with a key; 0: none was.
func known(ctx context.Context, tx *sql.Tx, key string) (id int64, err error) {
	if key == "" {
		return 0, nil
	}
	err = tx.QueryRowContext(ctx, "select id from handover where request = ?", key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// Take writes that a person has taken a handover over. The error is view.ErrUnknown if there
// is none, and a *view.FieldError if it was taken over already, or by who wrote it.
func (b *Book) Take(ctx context.Context, id string, t view.HandoverTaken) (view.Handover, error) {
	if err := checkText("note", &t.Note, maxNote, true); err != nil {
		return view.Handover{}, fmt.Errorf("handover %s: %w", id, err)
	}
	n, err := number(id)
	if err != nil {
		return view.Handover{}, err
	}
	err = b.o.DB.Write(ctx, func(tx *sql.Tx) error {
		var by string
		err := tx.QueryRowContext(ctx, "select by from handover where id = ?", n).Scan(&by)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return view.ErrUnknown
		case err != nil:
			return err
		case by == t.By:
			return wrong("by", "交接须由接班人确认，不能由交班人本人确认", "who comes takes over; who wrote it cannot")
		}
		done, err := tx.ExecContext(ctx, "insert into handover_taken(handover, at, by, name, note) values(?, ?, ?, ?, ?) on conflict do nothing", n, t.At, t.By, t.Name, t.Note)
		if err != nil {
			return err
		}
		if rows, err := done.RowsAffected(); err != nil || rows == 0 {
			return errors.Join(err, wrong("by", "已有人接班", "somebody has taken over already"))
		}
		return b.o.Record(ctx, tx, view.Deed{What: "handover.take", About: id, New: t.Note})
	})
	if err != nil {
		return view.Handover{}, fmt.Errorf("handover %s: %w", id, err)
	}
	return b.Get(ctx, id)
}

// columns of a handover, beside its report.
const columns = "h.id, h.open_then, h.body, t.at, t.by, t.name, t.note"

// Get returns one with its report, or view.ErrUnknown.
func (b *Book) Get(ctx context.Context, id string) (view.Handover, error) {
	n, err := number(id)
	if err != nil {
		return view.Handover{}, err
	}
	var report []byte
	h, err := scan(b.o.DB.Read().QueryRowContext(ctx, "select "+columns+", h.report from handover h left join handover_taken t on t.handover = h.id where h.id = ?", n), &report)
	if errors.Is(err, sql.ErrNoRows) {
		err = view.ErrUnknown
	}
	if err == nil {
		h.Report = &view.ShiftReport{}
		err = json.Unmarshal(report, h.Report)
	}
	if err != nil {
		return view.Handover{}, fmt.Errorf("handover %s: %w", id, err)
	}
	return h, nil
}

// mostAreas bounds in how many areas those are that one list is of: databases bound how many
// values a query has.
const mostAreas = 5000

// List returns a part of the list, without reports, the newest first. sees says of an area
// whether its handovers may be listed.
func (b *Book) List(ctx context.Context, q view.HandoverQuery, sees func(area string) bool) (p view.HandoverPage, err error) {
	p.Handovers = []view.Handover{}
	limit := min(max(q.Limit, 1), 200)
	where, args, err := b.terms(ctx, q, sees)
	if err != nil || where == "" {
		return p, err
	}
	rows, err := b.o.DB.Read().QueryContext(ctx, "select "+columns+" from handover h left join handover_taken t on t.handover = h.id where "+where+" order by h.id desc limit ?",
		append(args, limit+1)...)
	if err != nil {
		return p, fmt.Errorf("handover: list: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if len(p.Handovers) == limit {
			p.Next = p.Handovers[limit-1].ID
			break
		}
		h, err := scan(rows)
		if err != nil {
			return p, fmt.Errorf("handover: list: %w", err)
		}
		p.Handovers = append(p.Handovers, h)
	}
	return p, rows.Err()
}

// terms are the conditions of a list; none: nothing can be on it.
func (b *Book) terms(ctx context.Context, q view.HandoverQuery, sees func(area string) bool) (where string, args []any, err error) {
	where = "1 = 1"
	if q.Before != "" {
		n, err := number(q.Before)
		if err != nil {
			return "", nil, wrong("before", "请使用上一页的 next", "write the next of the page before")
		}
		where, args = "h.id < ?", []any{n}
	}
	areas, err := b.areas(ctx, q.Area)
	if err != nil {
		return "", nil, err
	}
	seen := slices.DeleteFunc(slices.Clone(areas), func(a string) bool { return !sees(a) })
	switch {
	case len(seen) == 0:
		return "", nil, nil
	case len(seen) > mostAreas:
		return "", nil, wrong("area", "区域过多，请指定一个区域", "these are too many areas; ask for one")
	}
	for _, a := range seen {
		args = append(args, a)
	}
	return where + " and h.area in (" + strings.TrimSuffix(strings.Repeat("?, ", len(seen)), ", ") + ")", args, nil
}

// areas are those of which there are handovers; with an area, at most this one.
func (b *Book) areas(ctx context.Context, only string) (out []string, err error) {
	if only != "" {
		return []string{only}, nil
	}
	rows, err := b.o.DB.Read().QueryContext(ctx, "select distinct area from handover order by area")
	if err != nil {
		return nil, fmt.Errorf("handover: areas: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a string
		if err := rows.Scan(&a); err != nil {
			return nil, fmt.Errorf("handover: areas: %w", err)
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// scan reads a row of columns, and more behind them.
func scan(from interface{ Scan(...any) error }, more ...any) (h view.Handover, err error) {
	var id int64
	var body []byte
	var open int
	var at sql.NullInt64
	var by, name, note sql.NullString
	if err := from.Scan(append([]any{&id, &open, &body, &at, &by, &name, &note}, more...)...); err != nil {
		return h, err
	}
	if err := json.Unmarshal(body, &h); err != nil {
		return h, err
	}
	h.ID, h.OpenThen = strconv.FormatInt(id, 10), open
	if at.Valid {
		h.Taken = &view.HandoverTaken{At: at.Int64, By: by.String, Name: name.String, Note: note.String}
	}
	return h, nil
}

// number reads an id; what cannot be one is unknown.
func number(id string) (int64, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("handover %q: %w", id, view.ErrUnknown)
	}
	return n, nil
}
