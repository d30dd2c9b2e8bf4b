package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/auth/password"
	"github.com/lamppost-city/lamppost/cloud/auth/totp"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// again lets the principal prove again who it is, before what a session alone must not
// do. It counts as an attempt.
func (b *Book) again(ctx context.Context, p *Principal, offered string) (person, error) {
	if p.Session == "" {
		return person{}, fmt.Errorf("auth: %w", ErrForbidden)
	}
	a := Attempt{Person: p.Person, Password: offered, Address: p.From}
	keys := []keyed{{"again " + p.Person, byBoth}}
	if err := b.admit(ctx, a, keys); err != nil {
		return person{}, err
	}
	who, known, err := load(ctx, b.o.DB.Read(), p.Person)
	if err != nil || !known {
		return who, fmt.Errorf("auth: %w", orElse(err, ErrSession))
	}
	if len(offered) > maxOffered {
		offered = ""
	}
	ok, _, err := b.o.Hasher.Check(ctx, offered, who.password)
	if err != nil {
		b.gate.forgive(b.o.Now(), nil, keys) // nothing was judged
		return who, fmt.Errorf("auth: %w", err)
	}
	if !ok {
		if err := b.noteLogin(ctx, a, "login.again", ErrLogin); err != nil {
			return who, fmt.Errorf("auth: %w", err)
		}
		return who, fmt.Errorf("auth: %w", ErrLogin)
	}
	b.gate.forgive(b.o.Now(), keys, nil)
	return who, nil
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// renew changes a person's row, ends all of that person's sessions and gives the one that
// asks a new value: who had a copy of the old one is out.
func (b *Book) renew(ctx context.Context, p *Principal, what string, change func(tx *sql.Tx, who *person) error) (session string, now *Principal, err error) {
	err = b.write(ctx, what, func(tx *sql.Tx) error {
		who, known, err := load(ctx, tx, p.Person)
		if err != nil {
			return err
		}
		var made int64
		var agent string
		// The session's own end stays where it was.
		err = tx.QueryRowContext(ctx, "select made, agent from session where hash = ?", p.hash).Scan(&made, &agent)
		if errors.Is(err, sql.ErrNoRows) || err == nil && (!known || !who.Active) {
			return ErrSession
		}
		if err != nil {
			return err
		}
		if err := change(tx, &who); err != nil {
			return err
		}
		if err := who.update(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "delete from session where person = ?", who.ID); err != nil {
			return err
		}
		var hash string
		if session, hash, err = b.newSession(ctx, tx, who.ID, p.From, agent); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "update session set made = ? where hash = ?", made, hash); err != nil {
			return err
		}
		now = b.principal(&who, session, hash, p.From)
		return b.note(ctx, tx, p, what, who.ID, "", "", nil)
	})
	return session, now, err
}

// ChangePassword sets the principal's own password and returns the session's new value.
func (b *Book) ChangePassword(ctx context.Context, p *Principal, old, new string) (session string, now *Principal, err error) {
	who, err := b.again(ctx, p, old)
	if err != nil {
		return "", nil, err
	}
	if wrong := password.Judge(new, who.ID, who.Name); wrong != nil {
		return "", nil, wrong
	}
	if new == old {
		return "", nil, &view.FieldError{Field: "password", Text: view.Text{Zh: "新口令与旧口令相同", En: "the new password is the old one"}}
	}
	hash, err := b.o.Hasher.Hash(ctx, new)
	if err != nil {
		return "", nil, fmt.Errorf("auth: %w", err)
	}
	return b.renew(ctx, p, "password.change", func(_ *sql.Tx, row *person) error {
		if row.password != who.password {
			return ErrLogin // somebody was faster
		}
		row.password, row.must, row.changed = hash, false, b.now()
		return nil
	})
}

// BeginFactor makes a secret for one-time codes and returns it for an app. It counts only
// when ConfirmFactor has seen a code of it; until then the old one stays.
func (b *Book) BeginFactor(ctx context.Context, p *Principal, offered string) (text, uri string, err error) {
	if _, err := b.again(ctx, p, offered); err != nil {
		return "", "", err
	}
	secret := make([]byte, totp.SecretSize)
	if _, err := rand.Read(secret); err != nil {
		return "", "", fmt.Errorf("auth: %w", err)
	}
	sealed, err := b.seal(p.Person, secret)
	if err != nil {
		return "", "", fmt.Errorf("auth: %w", err)
	}
	err = b.write(ctx, "second-factor", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "update person set pending = ? where id = ?", sealed, p.Person); err != nil {
			return err
		}
		return b.note(ctx, tx, p, "second-factor.begin", p.Person, "", "", nil)
	})
	return totp.Text(secret), totp.URI(secret, "Lamppost", p.Person), err
}

// recoveryCodes is how many are made.
const recoveryCodes = 10

// ConfirmFactor takes the first code of a new secret. It returns recovery codes, which are
// told this once and work once each, and the session's new value.
func (b *Book) ConfirmFactor(ctx context.Context, p *Principal, code string) (recovery []string, session string, now *Principal, err error) {
	if p.Session == "" {
		return nil, "", nil, fmt.Errorf("auth: %w", ErrForbidden)
	}
	keys := []keyed{{"confirm " + p.Person, byBoth}}
	if err := b.admit(ctx, Attempt{Person: p.Person, Address: p.From}, keys); err != nil {
		return nil, "", nil, err
	}
	for range recoveryCodes {
		recovery = append(recovery, password.Random())
	}
	session, now, err = b.renew(ctx, p, "second-factor.confirm", func(tx *sql.Tx, who *person) error {
		if who.pending == "" {
			return &view.FieldError{Field: "code", Text: view.Text{Zh: "请先申请新的密钥", En: "ask for a new secret first"}}
		}
		secret, err := b.unseal(who.ID, who.pending)
		if err != nil {
			return err
		}
		step, ok := totp.Check(secret, code, b.o.Now(), 0)
		if !ok {
			return &view.FieldError{Field: "code", Text: view.Text{Zh: "验证码不对；请核对手机时间后重试", En: "the code is wrong; check the clock of your phone and try again"}}
		}
		who.totp, who.pending = who.pending, ""
		if _, err := tx.ExecContext(ctx, "update person set step = ? where id = ?", step, who.ID); err != nil {
			return err
		}
		return keepRecovery(ctx, tx, who.ID, recovery)
	})
	if err != nil {
		return nil, "", nil, err
	}
	b.gate.forgive(b.o.Now(), keys, nil)
	return recovery, session, now, nil
}

// keepRecovery replaces a person's recovery codes.
func keepRecovery(ctx context.Context, tx *sql.Tx, person string, codes []string) error {
	if _, err := tx.ExecContext(ctx, "delete from person_recovery where person = ?", person); err != nil {
		return err
	}
	for _, c := range codes {
		if _, err := tx.ExecContext(ctx, "insert into person_recovery(person, hash) values(?, ?)", person, digest(tidy(c))); err != nil {
			return err
		}
	}
	return nil
}

// tidy is a recovery code as it is kept, however it was typed.
func tidy(code string) string {
	return strings.NewReplacer("-", "", " ", "").Replace(strings.ToLower(code))
}

// RemoveFactor switches one-time codes off and returns the session's new value.
func (b *Book) RemoveFactor(ctx context.Context, p *Principal, offered string) (session string, now *Principal, err error) {
	if _, err := b.again(ctx, p, offered); err != nil {
		return "", nil, err
	}
	return b.renew(ctx, p, "second-factor.remove", func(tx *sql.Tx, who *person) error {
		who.totp, who.pending = "", ""
		return keepRecovery(ctx, tx, who.ID, nil)
	})
}
