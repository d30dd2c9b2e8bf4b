package docket

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// session is one transaction at one time.
type session struct {
	ctx    context.Context
	tx     *sql.Tx
	d      *Docket
	now    int64
	policy lifecycle.Policy
	news   []news
	// damaged are cases that cannot be read; what they wait for is put off by an hour.
	damaged error
}

// errDamaged says that what stands in the database is no case.
var errDamaged = errors.New("it cannot be read")

func (d *Docket) session(ctx context.Context, tx *sql.Tx, now int64) *session {
	return &session{ctx: ctx, tx: tx, d: d, now: now, policy: d.o.Policy()}
}

// file is a case as it is kept.
type file struct {
	c       lifecycle.Case
	active  int
	changed int64
	heard   int64
}

// load reads a case; view.ErrUnknown: there is none.
func (s *session) load(id string) (f file, err error) {
	var body []byte
	err = s.tx.QueryRowContext(s.ctx, "select body, active, changed, heard from casefile where id = ?", id).
		Scan(&body, &f.active, &f.changed, &f.heard)
	if errors.Is(err, sql.ErrNoRows) {
		return f, view.ErrUnknown
	}
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(body, &f.c); err != nil {
		return f, fmt.Errorf("case %s: %w: %w", id, errDamaged, err)
	}
	return f, nil
}

// path is the area and those above it. An area that the tree does not know stands below
// the whole city.
func (s *session) path(area string) []lifecycle.Place {
	path := s.d.o.Path(area)
	if slices.ContainsFunc(path, func(p lifecycle.Place) bool { return p.Code == area }) {
		return path
	}
	return append([]lifecycle.Place{{Code: area, Level: lifecycle.Community}}, path...)
}

// world is what a decision about a case depends on; cause is the one that a command names.
func (s *session) world(f file, area, cause string) (lifecycle.World, error) {
	w := lifecycle.World{Now: s.now, Policy: &s.policy, Path: s.path(area), Active: f.active > 0, Changed: f.changed}
	if cause == "" {
		cause = f.c.Overlays.Parent
	}
	if cause != "" {
		p, err := s.load(cause)
		if err != nil && !errors.Is(err, view.ErrUnknown) {
			return w, err
		}
		if err == nil {
			w.Cause = &lifecycle.Cause{ID: cause, Closed: p.c.State == lifecycle.Closed, Child: p.c.Overlays.Parent != "",
				Answer: p.c.Outcome.Answer, Resolution: p.c.Outcome.Resolution, Peak: p.c.Peak}
		}
	}
	if f.c.Opening.ID == "" {
		return w, nil
	}
	var n int
	err := s.tx.QueryRowContext(s.ctx, "select count(*) from casefile where parent = ?", f.c.Opening.ID).Scan(&n)
	w.Children = n > 0
	return w, err
}

// sees says whether a may read the case that a command names, if there is one.
func (s *session) sees(a lifecycle.Actor, id string) bool {
	f, err := s.load(id)
	return err != nil || lifecycle.Visible(f.c, a, lifecycle.World{Now: s.now, Policy: &s.policy, Path: s.path(f.c.Opening.Area)})
}

// do decides a command on a case and stores what comes of it.
func (s *session) do(f *file, cmd lifecycle.Command, a lifecycle.Actor) error {
	area, cause := f.c.Opening.Area, cmd.Parent
	if cmd.Opening != nil && f.c.State == lifecycle.Unborn {
		area, cause = cmd.Opening.Area, cmd.Opening.Parent
	}
	w, err := s.world(*f, area, cause)
	if err != nil {
		return err
	}
	if cause != "" && !s.sees(a, cause) {
		w.Cause = nil // a case that somebody may not see is none
	}
	entries, err := lifecycle.Decide(f.c, cmd, a, w)
	if err != nil || len(entries) == 0 {
		return err
	}
	was := f.c.State
	m, err := s.measure(f.c)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if f.c, err = lifecycle.Apply(f.c, e); err != nil {
			return err
		}
		m.Follow(f.c, e)
	}
	if err := s.save(*f, entries); err != nil {
		return err
	}
	if err := s.putMeasure(f.c, m.Encode()); err != nil {
		return err
	}
	for _, e := range entries {
		if e.Role == lifecycle.System {
			continue
		}
		if err := s.d.o.Record(s.ctx, s.tx, f.c, e); err != nil {
			return err
		}
	}
	if err := s.d.o.Notice(s.ctx, s.tx, f.c, entries); err != nil {
		return err
	}
	s.news = append(s.news, news{f.c, entries})
	if f.c.State == lifecycle.Closed && was != lifecycle.Closed {
		return s.closeSymptoms(f.c.Opening.ID)
	}
	return nil
}

// system is do for the system. A refusal is no error: what was wanted is not so any more.
func (s *session) system(f *file, cmd lifecycle.Command) error {
	err := s.do(f, cmd, lifecycle.TheSystem())
	var r *lifecycle.Refusal
	if errors.As(err, &r) {
		return nil
	}
	return err
}

// save writes the new entries, the case and its timers.
func (s *session) save(f file, entries []lifecycle.Entry) error {
	id := f.c.Opening.ID
	for _, e := range entries {
		raw, err := e.Encode()
		if err != nil {
			return err
		}
		if _, err := s.tx.ExecContext(s.ctx, "insert into case_entry(id, n, at, body) values(?, ?, ?, ?)", id, e.N, e.At, raw); err != nil {
			return err
		}
	}
	body, err := json.Marshal(f.c)
	if err != nil {
		return err
	}
	storm := 0
	if f.c.Opening.Storm {
		storm = 1
	}
	_, err = s.tx.ExecContext(s.ctx, `insert into casefile(id, state, severity, area, parent, storm, version, opened, touched, heard, active, changed, due, body)
		values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict(id) do update set state = excluded.state, severity = excluded.severity, parent = excluded.parent,
			version = excluded.version, touched = excluded.touched, due = excluded.due, body = excluded.body`,
		id, string(f.c.State), string(f.c.Severity), f.c.Opening.Area, f.c.Overlays.Parent, storm, f.c.Version, f.c.Opened, f.c.Touched,
		f.heard, f.active, f.changed, nextDue(f.c), body)
	if err != nil {
		return err
	}
	if err := s.parties(f.c); err != nil {
		return err
	}
	return s.timers(f.c)
}

// timers writes what a case waits for now.
func (s *session) timers(c lifecycle.Case) error {
	if _, err := s.tx.ExecContext(s.ctx, "delete from case_timer where id = ?", c.Opening.ID); err != nil {
		return err
	}
	for _, t := range lifecycle.Timers(c, s.policy) {
		if _, err := s.tx.ExecContext(s.ctx, "insert into case_timer(id, name, due) values(?, ?, ?)", c.Opening.ID, t.Key, t.Due); err != nil {
			return err
		}
	}
	return nil
}

// row is a line of case_timer.
type row struct{ id, key string }

// due returns which timers are due, the first ones first.
func (s *session) due() (out []row, err error) {
	return collect(s, func(r *sql.Rows) (x row, err error) { return x, r.Scan(&x.id, &x.key) },
		"select id, name from case_timer where due <= ? order by due, id, name limit ?", s.now, batch)
}

// collect reads all rows of a query.
func collect[T any](s *session, scan func(*sql.Rows) (T, error), query string, args ...any) (out []T, err error) {
	rows, err := s.tx.QueryContext(s.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		x, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// fire does what a timer is for, if the case still waits for it, and in any case writes
// anew what it waits for.
func (s *session) fire(at row) error {
	f, err := s.load(at.id)
	if errors.Is(err, errDamaged) || errors.Is(err, view.ErrUnknown) {
		s.damaged = errors.Join(s.damaged, err)
		_, err := s.tx.ExecContext(s.ctx, "update case_timer set due = ? where id = ? and name = ?", s.now+time.Hour.Milliseconds(), at.id, at.key)
		return err
	}
	if err != nil {
		return err
	}
	for _, t := range lifecycle.Timers(f.c, s.policy) {
		if t.Key == at.key && t.Due <= s.now {
			if err := s.system(&f, t.Command()); err != nil {
				return err
			}
			break
		}
	}
	return s.timers(f.c)
}

// closeSymptoms closes what the closed case was the cause of; what is still active goes on
// alone.
func (s *session) closeSymptoms(cause string) error {
	ids, err := collect(s, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) },
		"select id from casefile where parent = ? and state <> 'closed' order by id", cause)
	if err != nil {
		return err
	}
	closed, err := s.load(cause)
	if err != nil {
		return err
	}
	for _, id := range ids {
		f, err := s.load(id)
		if err != nil {
			return err
		}
		cmd := lifecycle.Command{Action: lifecycle.CloseWithParent}
		switch {
		case f.c.Condition.Active:
			cmd = lifecycle.Command{Action: lifecycle.Detach, Why: "its cause is closed and its own condition is not cleared · 主案件已办结，本案告警未解除"}
		case !lifecycle.ClosesWith(f.c, lifecycle.Cause{Resolution: closed.c.Outcome.Resolution, Peak: closed.c.Peak}):
			cmd = lifecycle.Command{Action: lifecycle.Detach, Why: "its cause was dismissed, or less severe · 主案件未经处置即办结，或级别较低"}
		}
		if err := s.system(&f, cmd); err != nil {
			return err
		}
	}
	return nil
}

// number makes the id of a new case: the day, and how many there were on it.
func (s *session) number() (string, error) {
	day := time.UnixMilli(s.now).In(s.policy.Calendar.Zone.Location()).Format("20060102")
	var n int
	if err := s.tx.QueryRowContext(s.ctx, "select count(*) from casefile where id > ? and id < ?", day+"-", day+".").Scan(&n); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s-%05d", day, n+1), nil
}
