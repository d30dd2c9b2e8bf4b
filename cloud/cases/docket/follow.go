package docket

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Follow lets an alert's newest revision, in the transaction that stores it, open a case,
// join one, or change the condition or the severity of the one that it has. received, in
// Unix milliseconds, is when the revision came, area where its gateway stands. What it
// returns is to be called when the transaction is committed, and not otherwise.
func (d *Docket) Follow(ctx context.Context, tx *sql.Tx, gateway, area string, a wire.Alert, received int64) (committed func(), err error) {
	s := d.session(ctx, tx, received)
	if err := s.follow(s.signal(gateway, area, a), a); err != nil {
		return nil, err
	}
	return func() { d.tell(s.news) }, nil
}

// nowhere is the area of an alert whose gateway nobody has placed.
const nowhere = "unplaced"

func (s *session) signal(gateway, area string, a wire.Alert) lifecycle.Signal {
	x := lifecycle.Signal{Alert: a.ID, Gateway: word(gateway), Device: word(a.Device), Channel: word(a.Channel), Rule: word(a.Rule), Category: word(a.Category),
		Area: word(area), Severity: a.Severity, At: s.now}
	if x.Area == "" {
		x.Area = nowhere
	}
	if x.Kind() == "" {
		x.Rule = "alert"
	}
	path := s.path(x.Area)
	if i := slices.IndexFunc(path, func(p lifecycle.Place) bool { return p.Level == lifecycle.District }); i >= 0 {
		x.District = path[i].Code
	}
	return x
}

func (s *session) follow(x lifecycle.Signal, a wire.Alert) error {
	active := a.Condition == "active"
	near, was, err := s.near(x)
	if err != nil {
		return err
	}
	if near.Own != nil && !near.Own.Open && !active {
		return s.hear(near.Own.ID, x, was, active) // what is closed stays so when it clears
	}
	p := lifecycle.Match(x, near, s.policy.Join)
	f, err := s.place(x, a, p)
	if err != nil {
		return err
	}
	id := f.c.Opening.ID
	if near.Own != nil && near.Own.ID != id { // it counts for the new one from now on
		if err := s.hear(near.Own.ID, x, was, false); err != nil {
			return err
		}
		was = false
	}
	if err := s.hear(id, x, was, active); err != nil {
		return err
	}
	if f, err = s.load(id); err != nil {
		return err
	}
	return s.learn(&f, x)
}

// place returns the case that a signal joins, or opens it.
func (s *session) place(x lifecycle.Signal, a wire.Alert, p lifecycle.Placement) (f file, err error) {
	if p.Case != "" {
		return s.load(p.Case)
	}
	o := lifecycle.Opening{Source: "alert", Kind: x.Kind(), Category: x.Category, Area: x.Area, Severity: x.Severity, Gateway: x.Gateway,
		Device: x.Device, Rule: x.Rule, Text: text(a), RecurrenceOf: p.RecurrenceOf, Parent: p.Parent, Storm: p.Storm, Watched: true}
	if p.Storm {
		o.Area, o.Gateway, o.Device = x.District, "", ""
	}
	if o.ID, err = s.number(); err != nil {
		return f, err
	}
	f.heard, f.changed = s.now, s.now
	if err := s.do(&f, lifecycle.Command{Action: lifecycle.Raise, Opening: &o}, lifecycle.TheSystem()); err != nil {
		return f, err
	}
	for _, name := range names(x, p) {
		if _, err := s.tx.ExecContext(s.ctx, "insert into case_key(name, id) values(?, ?) on conflict do nothing", name, o.ID); err != nil {
			return f, err
		}
	}
	if p.Storm {
		return f, s.gather(o.ID, x)
	}
	return f, nil
}

// text is what an alert says, in Chinese where it does.
func text(a wire.Alert) string {
	for _, language := range []string{"zh", "en"} {
		if t := tidy(a.Text[language], 1000); t != "" {
			return t
		}
	}
	return ""
}

// word makes a word of an alert one that a case may hold: nothing in an alert may keep it
// from being followed.
func word(s string) string { return tidy(s, 128) }

// tidy leaves out what is no text, and what is too long, in bytes.
func tidy(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.TrimSpace(strings.ToValidUTF8(s[:min(len(s), most)], ""))
}

// names are the keys under which a new case is found. A storm is found by its own alone.
func names(x lifecycle.Signal, p lifecycle.Placement) (out []string) {
	k := x.Keys()
	if p.Storm {
		return []string{"whole " + k.Storm, k.Same}
	}
	for _, name := range []string{k.Same, k.Place, k.Storm} {
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}

// recent are the open cases of a signal's kind and district that make a storm.
const recent = ` from case_key k join casefile c on c.id = k.id where k.name = ? and c.state <> 'closed' and c.parent = '' and c.storm = 0 and c.opened >= ?`

// gather makes the cases that made the storm its symptoms.
func (s *session) gather(storm string, x lifecycle.Signal) error {
	ids, err := collect(s, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) },
		"select c.id"+recent+" order by c.id", x.Keys().Storm, s.now-s.policy.Join.StormIn.Milliseconds())
	if err != nil {
		return err
	}
	for _, id := range ids {
		f, err := s.load(id)
		if err != nil {
			return err
		}
		if err := s.system(&f, lifecycle.Command{Action: lifecycle.Attach, Parent: storm, Why: "one of a storm · 风暴之一"}); err != nil {
			return err
		}
	}
	return nil
}

// near looks up what Match asks for, and whether the alert was active in its case.
func (s *session) near(x lifecycle.Signal) (n lifecycle.Near, was bool, err error) {
	k := x.Keys()
	var own string
	var active int
	err = s.tx.QueryRowContext(s.ctx, "select id, active from case_alert where alert = ?", x.Alert).Scan(&own, &active)
	switch {
	case err == nil:
		f, err := s.load(own)
		if err != nil {
			return n, false, err
		}
		n.Own = standing(f)
		if n.Own.Open {
			return n, active != 0, nil
		}
	case !errors.Is(err, sql.ErrNoRows):
		return n, false, err
	}
	// In the order of Match: what it does not ask for any more is not looked up.
	for _, look := range []struct {
		name string
		into **lifecycle.Standing
		last bool
	}{{k.Same, &n.Same, true}, {"whole " + k.Storm, &n.Storm, true}, {k.Place, &n.Place, false}, {k.Cause, &n.Cause, false}} {
		if *look.into, err = s.newest(look.name); err != nil {
			return n, false, err
		}
		if look.last && *look.into != nil && (*look.into).Open {
			return n, active != 0, nil
		}
	}
	err = s.tx.QueryRowContext(s.ctx, "select count(*)"+recent, k.Storm, s.now-s.policy.Join.StormIn.Milliseconds()).Scan(&n.Recent)
	return n, active != 0, err
}

// newest returns the newest case with a key, open ones first; nil: none.
func (s *session) newest(name string) (*lifecycle.Standing, error) {
	var id string
	err := s.tx.QueryRowContext(s.ctx, `select c.id from case_key k join casefile c on c.id = k.id where k.name = ?
		order by case when c.state = 'closed' then 1 else 0 end, c.touched desc limit 1`, name).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := s.load(id)
	if err != nil {
		return nil, err
	}
	return standing(f), nil
}

func standing(f file) *lifecycle.Standing {
	st := &lifecycle.Standing{ID: f.c.Opening.ID, Open: f.c.State != lifecycle.Closed, Last: f.heard, Child: f.c.Overlays.Parent != ""}
	if !st.Open {
		st.Last = f.c.Entered
	}
	return st
}

// hear notes how an alert stands in a case.
func (s *session) hear(id string, x lifecycle.Signal, was, is bool) error {
	count := map[bool]int{true: 1}
	if _, err := s.tx.ExecContext(s.ctx, `insert into case_alert(alert, id, active) values(?, ?, ?)
		on conflict(alert) do update set id = excluded.id, active = excluded.active`, x.Alert, id, count[is]); err != nil {
		return err
	}
	if was == is {
		_, err := s.tx.ExecContext(s.ctx, "update casefile set heard = ? where id = ? and heard < ?", s.now, id, s.now)
		return err
	}
	_, err := s.tx.ExecContext(s.ctx, "update casefile set heard = ?, changed = ?, active = active + ? where id = ?", s.now, s.now, count[is]-count[was], id)
	return err
}

// learn brings the case's condition and severity to what its alerts say.
func (s *session) learn(f *file, x lifecycle.Signal) error {
	if active := f.active > 0; active != f.c.Condition.Active {
		a := lifecycle.Cleared
		if active {
			a = lifecycle.Active
		}
		if err := s.system(f, lifecycle.Command{Action: a}); err != nil {
			return err
		}
	}
	if f.active > 0 && x.Severity.Above(f.c.Severity) {
		return s.system(f, lifecycle.Command{Action: lifecycle.RaiseSeverity, Severity: x.Severity, Why: "an alert of it is more severe · 其告警级别更高"})
	}
	return nil
}
