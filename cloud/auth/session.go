package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// Session is what its owner and admins see of a session.
type Session struct {
	ID      string `json:"id"`
	Person  string `json:"person"`
	Made    int64  `json:"made"` // Unix milliseconds
	Used    int64  `json:"used"` // to the minute
	Ends    int64  `json:"ends"` // at the latest
	Address string `json:"address"`
	Agent   string `json:"agent"`
	Current bool   `json:"current"` // it is the one that asks
}

const (
	maxSessions = 20          // of one person; a further login ends the one that was used least lately
	maxAgent    = 200         // characters of what a browser calls itself
	usedEvery   = time.Minute // how often it is written down that a session or token is used
)

// newSession stores a session and returns its value.
func (b *Book) newSession(ctx context.Context, tx *sql.Tx, person, address, agent string) (session, hash string, err error) {
	session = random()
	hash = digest(session)
	now := b.now()
	for _, s := range []struct {
		query string
		args  []any
	}{
		{"insert into session(hash, id, person, made, used, address, agent) values(?, ?, ?, ?, ?, ?, ?)", []any{hash, hash[:16], person, now, now, address, seen(agent)}},
		{"delete from session where used < ? or made < ?", []any{now - b.o.Idle.Milliseconds(), now - b.o.Life.Milliseconds()}},
		{`delete from session where person = ?1 and hash not in
			(select hash from session where person = ?1 order by used desc, made desc, hash limit ?2)`, []any{person, maxSessions}},
	} {
		if _, err := tx.ExecContext(ctx, s.query, s.args...); err != nil {
			return "", "", err
		}
	}
	return session, hash, nil
}

// seen is a text from outside as far as it can be seen, cut.
func seen(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > maxAgent {
		s = string(r[:maxAgent])
	}
	return s
}

// principal is a person with a session.
func (b *Book) principal(who *person, session, hash, address string) *Principal {
	return &Principal{Person: who.ID, Name: who.Name, Session: hash[:16], CSRF: csrf(session), Must: b.must(who), From: address,
		hash: hash, layers: [][]role.Grant{who.Grants}, tree: b.o.Tree}
}

// Bearer is the principal of an account to which something was sent that acts in its name,
// such as a link in a mail: what the account may do now, without a session. known is false if
// there is no such account. One that is switched off, or has to do something first, may do
// nothing.
func (b *Book) Bearer(ctx context.Context, id, address string) (p *Principal, known bool, err error) {
	who, known, err := load(ctx, b.o.DB.Read(), id)
	if err != nil || !known {
		return nil, false, err
	}
	p = b.principal(&who, "", digest(""), address)
	p.Session = ""
	if !who.Active {
		p.layers = nil
	}
	return p, true, nil
}

// csrf is what a page must send back with a change; empty without a session.
func csrf(session string) string {
	if session == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(session))
	mac.Write([]byte("csrf"))
	return hex.EncodeToString(mac.Sum(nil))
}

// must says what somebody has to do first. A provider elsewhere sees to it for those
// that it knows.
func (b *Book) must(who *person) string {
	switch {
	case who.issuer != "":
		return ""
	case who.must || b.o.MaxAge > 0 && b.now()-who.changed > b.o.MaxAge.Milliseconds():
		return "password"
	case b.o.SecondFactor && who.totp == "":
		return "second-factor"
	}
	return ""
}

// Authenticate returns who has a session, and notes that it is used. The error is
// ErrSession if there is none, or no longer. That the use cannot be written down is none:
// see Flush.
func (b *Book) Authenticate(ctx context.Context, session, address string) (*Principal, error) {
	hash := digest(session)
	p, used, err := b.session(ctx, hash, address)
	if err != nil {
		return nil, fmt.Errorf("auth: session: %w", err)
	}
	b.touched.use(touchSession.of(hash), used, b.now())
	p.CSRF = csrf(session)
	return p, nil
}

// session returns who has the session with a hash, without its CSRF, and when it was used.
func (b *Book) session(ctx context.Context, hash, address string) (p *Principal, used int64, err error) {
	var id string
	var made int64
	err = b.o.DB.Read().QueryRowContext(ctx, "select person, made, used from session where hash = ?", hash).Scan(&id, &made, &used)
	if err != nil {
		return nil, 0, noRow(err, ErrSession)
	}
	now := b.now()
	used = b.touched.since(touchSession.of(hash), used)
	if now-used > b.o.Idle.Milliseconds() || now-made > b.o.Life.Milliseconds() {
		return nil, 0, ErrSession
	}
	who, known, err := load(ctx, b.o.DB.Read(), id)
	if err != nil {
		return nil, 0, err
	}
	if !known || !who.Active {
		return nil, 0, ErrSession
	}
	return b.principal(&who, "", hash, address), used, nil
}

// Logout ends the principal's session, or a screen's token.
func (b *Book) Logout(ctx context.Context, p *Principal) error {
	if p.Screen {
		return b.endScreen(ctx, p)
	}
	return b.write(ctx, "logout", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "delete from session where hash = ?", p.hash); err != nil {
			return err
		}
		return b.note(ctx, tx, p, "logout", p.Person, "", "", nil)
	})
}

// write is the database's Write with errors that name the job and the deed.
func (b *Book) write(ctx context.Context, what string, fn func(*sql.Tx) error) error {
	if err := b.o.DB.Write(ctx, fn); err != nil {
		return fmt.Errorf("auth: %s: %w", what, err)
	}
	return nil
}

// Sessions lists a person's sessions, the one used last first. Others than the person
// need the right to change the account.
func (b *Book) Sessions(ctx context.Context, p *Principal, person string) ([]Session, error) {
	if _, err := b.owner(ctx, p, person, "session.list"); err != nil {
		return nil, err
	}
	now := b.now()
	rows, err := b.o.DB.Read().QueryContext(ctx, "select hash, id, made, used, address, agent from session where person = ? and used >= ? and made >= ? order by used desc, hash",
		person, now-b.o.Idle.Milliseconds(), now-b.o.Life.Milliseconds())
	if err != nil {
		return nil, fmt.Errorf("auth: sessions: %w", err)
	}
	defer rows.Close()
	list := []Session{}
	for rows.Next() {
		s := Session{Person: person}
		var hash string
		if err := rows.Scan(&hash, &s.ID, &s.Made, &s.Used, &s.Address, &s.Agent); err != nil {
			return nil, fmt.Errorf("auth: sessions: %w", err)
		}
		s.Ends, s.Current = s.Made+b.o.Life.Milliseconds(), hash == p.hash
		list = append(list, s)
	}
	return list, rows.Err()
}

// EndSession ends one session of a person. The error is view.ErrUnknown if there is none.
func (b *Book) EndSession(ctx context.Context, p *Principal, person, id string) error {
	if _, err := b.owner(ctx, p, person, "session.end"); err != nil {
		return err
	}
	return b.write(ctx, "session", func(tx *sql.Tx) error {
		ended, err := one(tx.ExecContext(ctx, "delete from session where person = ? and id = ?", person, id))
		if err != nil {
			return err
		}
		if !ended {
			return view.ErrUnknown
		}
		return b.note(ctx, tx, p, "session.end", person, id, "", nil)
	})
}

// owner lets a person do something to what is their own, and others if they may change
// that account.
func (b *Book) owner(ctx context.Context, p *Principal, id, what string) (person, error) {
	who, known, err := load(ctx, b.o.DB.Read(), id)
	switch {
	case err != nil:
		return who, fmt.Errorf("auth: %w", err)
	case p.Token != "":
		return who, b.refuse(ctx, p, what, id)
	case known && (p.Person == id || b.manages(p, who.Grants)):
		return who, nil
	case !p.Anywhere(role.Accounts):
		return who, b.refuse(ctx, p, what, id)
	}
	if !known {
		return who, fmt.Errorf("auth: %w", view.ErrUnknown)
	}
	return who, b.hide(ctx, p, what, id)
}
