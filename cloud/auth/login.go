package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth/totp"
)

// Attempt is what somebody offers to be let in.
type Attempt struct {
	Person, Password string
	Code             string // one-time or recovery code; empty: none
	Address          string // where it comes from; an IPv6 address counts by its first 64 bits
	Agent            string // what the browser calls itself
	Replaces         string // the session that the browser had until now; empty: none
}

// The limits of attempts.
var (
	byBoth    = limit{free: 5, sink: 30 * time.Minute, most: 15 * time.Minute}
	byAddress = limit{free: 30, sink: 30 * time.Second, most: 15 * time.Minute}
	byAccount = limit{free: 10, sink: time.Minute, most: time.Minute}
)

// maxOffered bounds a password that is worth a computation, in bytes.
const maxOffered = 512

// Login lets somebody in and returns the new session's value, for the cookie. Errors are
// ErrLogin, ErrCode, *Slow and view.ErrBusy; others mean that nobody can log in now.
func (b *Book) Login(ctx context.Context, a Attempt) (session string, p *Principal, err error) {
	keys, err := b.keys(ctx, a)
	if err != nil {
		return "", nil, fmt.Errorf("auth: login: %w", err)
	}
	if err := b.admit(ctx, a, keys); err != nil {
		return "", nil, err
	}
	who, err := b.prove(ctx, a)
	if err == nil {
		session, p, err = b.enter(ctx, a, who)
	}
	switch {
	case err == nil:
		b.gate.forgive(b.o.Now(), keys[:1], keys[1:])
	case errors.Is(err, ErrLogin):
		if noted := b.noteLogin(ctx, a, "login", err); noted != nil {
			err = noted
		}
	default:
		// With the right password, and nothing to say about the code, nobody is guessing this
		// time; where too many log in at once, or the database is away, nothing was judged.
		// What was wrong before still counts.
		b.gate.forgive(b.o.Now(), nil, keys)
	}
	if err != nil {
		return "", nil, fmt.Errorf("auth: login: %w", err)
	}
	return session, p, nil
}

// keys are those under which an attempt counts. An address from which this account has
// logged in is not slowed down by what strangers do to the account.
func (b *Book) keys(ctx context.Context, a Attempt) ([]keyed, error) {
	id := a.Person
	if checkID(id) != nil {
		id = "?" // all that cannot be an account count as one
	}
	from := place(a.Address)
	keys := []keyed{{id + " " + from, byBoth}, {" " + from, byAddress}}
	var known int
	err := b.o.DB.Read().QueryRowContext(ctx, "select count(*) from person_address where person = ? and address = ?", id, from).Scan(&known)
	if known == 0 {
		keys = append(keys, keyed{id, byAccount})
	}
	return keys, err
}

// place is an address as attempts are counted: of IPv6 the first 64 bits, because one
// customer has all the rest.
func place(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().Is4() {
		return address
	}
	return netip.PrefixFrom(a.WithZone(""), 64).Masked().String()
}

// admit counts an attempt, or says how long it has to wait.
func (b *Book) admit(ctx context.Context, a Attempt, keys []keyed) error {
	wait, news := b.gate.take(b.o.Now(), keys...)
	if wait == 0 {
		return nil
	}
	if news {
		if err := b.noteLogin(ctx, a, "login.slowed", ErrForbidden); err != nil {
			return fmt.Errorf("auth: login: %w", err)
		}
	}
	return &Slow{Wait: wait}
}

func (b *Book) noteLogin(ctx context.Context, a Attempt, what string, why error) error {
	return b.o.DB.Write(ctx, func(tx *sql.Tx) error {
		claimed, known := a.Person, false
		if checkID(claimed) == nil {
			var err error
			if _, known, err = load(ctx, tx, claimed); err != nil {
				return err
			}
		}
		if !known {
			claimed = "?" // it may be a password that was typed into the wrong field
		}
		return b.note(ctx, tx, &Principal{Person: claimed, From: a.Address}, what, claimed, "", "", why)
	})
}

// prove checks the password. It does the same work whoever is named.
func (b *Book) prove(ctx context.Context, a Attempt) (*person, error) {
	var p person
	var err error
	if checkID(a.Person) == nil {
		if p, _, err = load(ctx, b.o.DB.Read(), a.Person); err != nil {
			return nil, err
		}
	}
	hash, offered := p.password, a.Password
	if !p.Active || len(offered) > maxOffered {
		hash, offered = "", ""
	}
	ok, anew, err := b.o.Hasher.Check(ctx, offered, hash)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrLogin
	}
	if p.totp != "" && a.Code == "" {
		return nil, ErrCode
	}
	if anew {
		if p.password, err = b.o.Hasher.Hash(ctx, a.Password); err != nil {
			return nil, err
		}
		err = b.o.DB.Write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "update person set password = ? where id = ? and password = ?", p.password, p.ID, hash)
			return err
		})
	}
	return &p, err
}

// enter uses the code, if one is needed, and makes the session.
func (b *Book) enter(ctx context.Context, a Attempt, proven *person) (session string, p *Principal, err error) {
	err = b.o.DB.Write(ctx, func(tx *sql.Tx) error {
		who, known, err := load(ctx, tx, proven.ID)
		if err != nil {
			return err
		}
		if !known || !who.Active || who.password != proven.password {
			return ErrLogin // changed since it was checked
		}
		strong := ""
		if who.totp != "" {
			if strong, err = b.useCode(ctx, tx, &who, a.Code); err != nil {
				return err
			}
		}
		session, p, err = b.begin(ctx, tx, &who, a, strong)
		return err
	})
	return session, p, err
}

// begin makes a session for somebody who has proven to be that person.
func (b *Book) begin(ctx context.Context, tx *sql.Tx, who *person, a Attempt, strong string) (string, *Principal, error) {
	who.last = b.now()
	if err := who.update(ctx, tx); err != nil {
		return "", nil, err
	}
	if err := b.remember(ctx, tx, who.ID, place(a.Address)); err != nil {
		return "", nil, err
	}
	if _, err := tx.ExecContext(ctx, "delete from session where hash = ?", digest(a.Replaces)); err != nil {
		return "", nil, err
	}
	session, hash, err := b.newSession(ctx, tx, who.ID, a.Address, a.Agent)
	if err != nil {
		return "", nil, err
	}
	p := b.principal(who, session, hash, a.Address)
	return session, p, b.note(ctx, tx, p, "login", who.ID, "", strong, nil)
}

// keptAddresses is how many addresses are kept of a person, and how long.
const (
	keptAddresses = 10
	keptFor       = 60 * 24 * time.Hour
)

// remember notes from where somebody logged in.
func (b *Book) remember(ctx context.Context, tx *sql.Tx, person, address string) error {
	for _, s := range []struct {
		query string
		args  []any
	}{
		{"insert into person_address(person, address, at) values(?1, ?2, ?3) on conflict(person, address) do update set at = ?3", []any{person, address, b.now()}},
		{"delete from person_address where person = ? and at < ?", []any{person, b.now() - keptFor.Milliseconds()}},
		{`delete from person_address where person = ?1 and address not in
			(select address from person_address where person = ?1 order by at desc, address limit ?2)`, []any{person, keptAddresses}},
	} {
		if _, err := tx.ExecContext(ctx, s.query, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// useCode takes a one-time code or a recovery code, which then is used up, and says which
// of the two it was.
func (b *Book) useCode(ctx context.Context, tx *sql.Tx, who *person, code string) (string, error) {
	secret, err := b.unseal(who.ID, who.totp)
	if err != nil {
		return "", err
	}
	if step, ok := totp.Check(secret, code, b.o.Now(), who.step); ok {
		// Another aggregator may take the same code: only one finds the step behind it.
		taken, err := one(tx.ExecContext(ctx, "update person set step = ? where id = ? and step < ?", step, who.ID, step))
		if err != nil {
			return "", err
		}
		if taken {
			return "one-time code", nil
		}
		return "", ErrLogin
	}
	taken, err := one(tx.ExecContext(ctx, "delete from person_recovery where person = ? and hash = ?", who.ID, digest(tidy(code))))
	if err != nil {
		return "", err
	}
	if !taken {
		return "", ErrLogin
	}
	return "recovery code", nil
}

// one says whether a statement changed a row.
func one(r sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}
