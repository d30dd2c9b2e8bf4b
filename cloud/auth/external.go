package auth

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
)

// External is somebody whom an identity provider has proven.
type External struct {
	Issuer, Subject string // who it is, for ever
	Person, Name    string // the id and name for a new account
	Grants          []role.Grant
}

// Enter lets somebody in whom an identity provider knows, and returns the new session's
// value. At the first time it makes an account; the rights are set from the provider's
// groups at each time, and when they differ the person's other sessions end. An id that
// somebody else has is never taken over: ErrTaken. Somebody without any rights, or switched
// off here, is not let in: ErrForbidden.
func (b *Book) Enter(ctx context.Context, e External, a Attempt) (session string, p *Principal, err error) {
	for _, err := range []error{checkID(e.Person), checkName("name", e.Name), checkGrants(e.Grants)} {
		if err != nil {
			return "", nil, err
		}
	}
	if e.Issuer == "" || e.Subject == "" || len(e.Grants) == 0 {
		if err := b.strip(ctx, e, a); err != nil {
			return "", nil, err
		}
		return "", nil, b.refuse(ctx, &Principal{Person: e.Person, From: a.Address}, "login", e.Person)
	}
	err = b.write(ctx, "login", func(tx *sql.Tx) error {
		who, known, err := scanPerson(tx.QueryRowContext(ctx, "select "+personColumns+" from person where issuer = ? and subject = ?", e.Issuer, e.Subject))
		if err != nil {
			return err
		}
		if !known {
			if who, err = b.adopt(ctx, tx, e, a); err != nil {
				return err
			}
		}
		if !who.Active {
			return ErrForbidden
		}
		if err := b.regrant(ctx, tx, &who, e, a); err != nil {
			return err
		}
		session, p, err = b.begin(ctx, tx, &who, a, "identity provider")
		return err
	})
	return session, p, err
}

// strip takes the rights of somebody whom the provider gives none any more: open sessions
// end, and tokens are worth nothing.
func (b *Book) strip(ctx context.Context, e External, a Attempt) error {
	return b.write(ctx, "login", func(tx *sql.Tx) error {
		who, known, err := scanPerson(tx.QueryRowContext(ctx, "select "+personColumns+" from person where issuer = ? and subject = ? and issuer <> ''", e.Issuer, e.Subject))
		if err != nil || !known || len(who.Grants) == 0 {
			return err
		}
		e.Grants = nil
		return b.regrant(ctx, tx, &who, e, a)
	})
}

// adopt makes the account of somebody who comes for the first time.
func (b *Book) adopt(ctx context.Context, tx *sql.Tx, e External, a Attempt) (person, error) {
	if _, taken, err := load(ctx, tx, e.Person); err != nil || taken {
		return person{}, orElse(err, fmt.Errorf("%s: %w", e.Person, ErrTaken))
	}
	who := person{ID: e.Person, Name: e.Name, Active: true, Grants: e.Grants, issuer: e.Issuer, subject: e.Subject, made: b.now(), changed: b.now()}
	if err := who.insert(ctx, tx); err != nil {
		return who, err
	}
	return who, b.note(ctx, tx, &Principal{Person: "system", From: a.Address}, "account.make", who.ID, "", who.words(), nil)
}

// regrant sets name and rights to what the provider says now.
func (b *Book) regrant(ctx context.Context, tx *sql.Tx, who *person, e External, a Attempt) error {
	if who.Name == e.Name && slices.Equal(who.Grants, e.Grants) {
		return nil
	}
	old, changed := who.words(), !slices.Equal(who.Grants, e.Grants)
	who.Name, who.Grants = e.Name, e.Grants
	if err := who.update(ctx, tx); err != nil {
		return err
	}
	if changed {
		if _, err := tx.ExecContext(ctx, "delete from session where person = ?", who.ID); err != nil {
			return err
		}
	}
	return b.note(ctx, tx, &Principal{Person: "system", From: a.Address}, "account.change", who.ID, old, who.words(), nil)
}
