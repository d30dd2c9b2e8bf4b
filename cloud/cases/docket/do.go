package docket

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// maxKey bounds the key of a command, in bytes.
const maxKey = 128

// Do does a command on a case and returns the case as it is then. A Raise makes a new one;
// its id, and Opening.ID, are empty. key is the sender's own name for the command, so that
// it may be sent again; empty: it is done each time. Reports are attached in the same
// transaction: all of it is done, or nothing; those that the case has already are not
// attached again. The error is one of lifecycle.Decide.
func (d *Docket) Do(ctx context.Context, id, key string, cmd lifecycle.Command, a lifecycle.Actor, now time.Time, reports ...lifecycle.Citizen) (lifecycle.Case, error) {
	var out lifecycle.Case
	var all []news
	err := d.o.DB.Write(ctx, func(tx *sql.Tx) error {
		s := d.session(ctx, tx, now.UnixMilli())
		again, err := s.request(id, key, cmd, a)
		if err != nil {
			return err
		}
		var f file
		switch {
		case again != "":
			f, err = s.load(again)
		case cmd.Action == lifecycle.Raise:
			f, err = s.raise(cmd, a)
		default:
			if f, err = s.load(id); err == nil {
				err = s.do(&f, cmd, a)
			}
		}
		if err == nil {
			err = s.attach(&f, reports, a)
		}
		if err != nil {
			return err
		}
		out, all = f.c, s.news
		if key == "" || again != "" {
			return nil
		}
		_, err = tx.ExecContext(ctx, "insert into case_request(name, id, digest, at) values(?, ?, ?, ?)", a.Person+" "+key, f.c.Opening.ID, digest(id, cmd), s.now)
		return err
	})
	if err != nil {
		return lifecycle.Case{}, fmt.Errorf("docket: %s %q: %w", cmd.Action, id, err)
	}
	d.tell(all)
	return out, nil
}

// attach attaches reports that the case does not have.
func (s *session) attach(f *file, reports []lifecycle.Citizen, a lifecycle.Actor) error {
	for _, r := range reports {
		if slices.ContainsFunc(f.c.Reports, func(has lifecycle.Citizen) bool { return has.ID == r.ID }) {
			continue
		}
		if err := s.do(f, lifecycle.Command{Action: lifecycle.AttachReport, Report: &r}, a); err != nil {
			return err
		}
	}
	return nil
}

// raise opens a case by a person, who cannot say what only the system knows.
func (s *session) raise(cmd lifecycle.Command, a lifecycle.Actor) (f file, err error) {
	if cmd.Opening == nil {
		return f, s.do(&f, cmd, a)
	}
	o := *cmd.Opening
	o.Watched, o.Storm, o.Gateway, o.Device, o.Rule, o.RecurrenceOf = false, false, "", "", "", ""
	if o.Source != "hotline" {
		o.Source = "person"
	}
	if o.ID, err = s.number(); err != nil {
		return f, err
	}
	cmd.Opening = &o
	return f, s.do(&f, cmd, a)
}

// request looks for a command that came before under the same key; again is the case that
// it was about.
func (s *session) request(id, key string, cmd lifecycle.Command, a lifecycle.Actor) (again string, err error) {
	if key == "" {
		return "", nil
	}
	if len(key) > maxKey {
		return "", &view.FieldError{Field: "key", Text: view.Text{Zh: "至多 128 字节", En: "at most 128 bytes"}}
	}
	var was string
	err = s.tx.QueryRowContext(s.ctx, "select id, digest from case_request where name = ?", a.Person+" "+key).Scan(&again, &was)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err == nil && was != digest(id, cmd) {
		return "", &view.FieldError{Field: "key", Text: view.Text{Zh: "该键已用于另一命令，请换一个", En: "this key was used for another command; take a new one"}}
	}
	return again, err
}

// digest names a command, so that a key that is used twice for different ones is noticed.
func digest(id string, cmd lifecycle.Command) string {
	raw, err := json.Marshal(cmd)
	if err != nil { // a Command is plain data
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(append([]byte(id+"\n"), raw...)))
}
