package auth

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
)

// screenRate is how often a screen's page may ask, a minute: to load it takes some ten
// requests, to follow what happens some ten a minute.
const screenRate = 600

// KeepScreen turns the browser of a principal with a session into a screen: it may look at an
// area (role.Everywhere: at all) for a year, whoever has gone home, and do nothing. What makes
// it so is told to that browser alone: it is a token that is taken from its cookie only, bound
// to the person's rights as any other and revoked as any other. The person's session ends.
// The error is ErrForbidden for who may make no tokens or may not look there.
func (b *Book) KeepScreen(ctx context.Context, p *Principal, name, area string) (value string, screen *Principal, err error) {
	if p.Session == "" || !p.Anywhere(role.MakeToken) {
		return "", nil, b.refuse(ctx, p, "screen.keep", name)
	}
	now := b.now()
	t := Token{Name: name, Grants: []role.Grant{{Role: role.Viewer, Area: area}}, Rate: screenRate, Ends: now + maxLife.Milliseconds(), Screen: true}
	if err := t.check(now); err != nil {
		return "", nil, err
	}
	if !role.Within(t.Grants, p.Grants(), b.o.Tree) {
		return "", nil, b.refuse(ctx, p, "screen.keep", name)
	}
	value = t.begin(p.Person, now)
	err = b.write(ctx, "screen", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "delete from session where hash = ?", p.hash); err != nil {
			return err
		}
		return b.insertToken(ctx, tx, p, t, value, "screen.keep")
	})
	if err != nil {
		return "", nil, err
	}
	screen, err = b.AuthenticateScreen(ctx, value, p.From)
	return value, screen, err
}

// AuthenticateScreen returns the screen whose browser brings this value in its cookie, as
// AuthenticateToken does for programs. The error is ErrSession also for a program's token.
func (b *Book) AuthenticateScreen(ctx context.Context, value, address string) (*Principal, error) {
	p, err := b.authenticate(ctx, value, address, true)
	if err != nil {
		return nil, err
	}
	p.CSRF = csrf(value)
	return p, nil
}

// IsScreen says whether a cookie's value is a screen's rather than a session's.
func IsScreen(value string) bool {
	_, ok := tokenOf(value)
	return ok
}

// endScreen revokes a screen's own token: somebody who stands before it has ended it.
func (b *Book) endScreen(ctx context.Context, p *Principal) error {
	err := b.write(ctx, "screen", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "update api_token set revoked = ? where id = ? and revoked = 0", b.now(), p.Token); err != nil {
			return err
		}
		return b.note(ctx, tx, p, "token.revoke", p.Token, "", "", nil)
	})
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	return nil
}
