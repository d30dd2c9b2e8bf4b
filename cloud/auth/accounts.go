package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/cloud/auth/password"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// manages says whether the principal may change an account with these grants: in all of
// its areas. An account without any is everywhere's.
func (b *Book) manages(p *Principal, grants []role.Grant) bool {
	if len(grants) == 0 {
		return p.May(role.Accounts, role.Everywhere)
	}
	return !slices.ContainsFunc(grants, func(g role.Grant) bool { return !p.May(role.Accounts, g.Area) })
}

// Accounts lists the accounts that the principal may change, by id, after the id in
// after, at most limit of them (1 to 1000).
func (b *Book) Accounts(ctx context.Context, p *Principal, after string, limit int) ([]Account, error) {
	if !p.Anywhere(role.Accounts) {
		return nil, fmt.Errorf("auth: accounts: %w", ErrForbidden)
	}
	rows, err := b.o.DB.Read().QueryContext(ctx, "select "+personColumns+" from person where id > ? order by id", after)
	if err != nil {
		return nil, fmt.Errorf("auth: accounts: %w", err)
	}
	defer rows.Close()
	list := []Account{}
	for rows.Next() && len(list) < min(max(limit, 1), 1000) {
		who, _, err := scanPerson(rows)
		if err != nil {
			return nil, fmt.Errorf("auth: accounts: %w", err)
		}
		if b.manages(p, who.Grants) {
			list = append(list, who.account())
		}
	}
	return list, rows.Err()
}

// Account returns one account: one's own, or one that the principal may change. The error
// is view.ErrUnknown else.
func (b *Book) Account(ctx context.Context, p *Principal, id string) (Account, error) {
	who, err := b.owner(ctx, p, id, "account.read")
	return who.account(), err
}

// Active says whether there is an account that is not switched off.
func (b *Book) Active(ctx context.Context, id string) (bool, error) {
	var n int
	if err := b.o.DB.Read().QueryRowContext(ctx, "select count(*) from person where id = ? and active = 1", id).Scan(&n); err != nil {
		return false, fmt.Errorf("auth: account %s: %w", id, err)
	}
	return n > 0, nil
}

// Make makes an account and returns its first password, which is told this once and must
// be changed at the first login. Errors are *view.FieldError, ErrForbidden and ErrTaken.
func (b *Book) Make(ctx context.Context, p *Principal, id, name string, grants []role.Grant) (Account, string, error) {
	who := person{ID: id, Name: name, Active: true, Grants: grants, must: true, made: b.now(), changed: b.now()}
	for _, err := range []error{checkID(id), checkName("name", name), checkGrants(grants)} {
		if err != nil {
			return Account{}, "", err
		}
	}
	if p.Token != "" || !b.manages(p, grants) {
		return Account{}, "", b.refuse(ctx, p, "account.make", id)
	}
	first := password.Random()
	var err error
	if who.password, err = b.o.Hasher.Hash(ctx, first); err != nil {
		return Account{}, "", fmt.Errorf("auth: %w", err)
	}
	err = b.write(ctx, "account "+id, func(tx *sql.Tx) error {
		if _, known, err := load(ctx, tx, id); err != nil || known {
			return orElse(err, ErrTaken)
		}
		if err := who.insert(ctx, tx); err != nil {
			return err
		}
		return b.note(ctx, tx, p, "account.make", id, "", who.words(), nil)
	})
	if err != nil {
		return Account{}, "", err
	}
	return who.account(), first, nil
}

// Change is what is to be changed of an account; nil: it stays.
type Change struct {
	Name   *string
	Active *bool
	Grants *[]role.Grant
}

// Change changes an account of somebody else. When its rights change, or it is switched
// off, all of its sessions end. Errors are *view.FieldError, ErrForbidden and
// view.ErrUnknown.
func (b *Book) Change(ctx context.Context, p *Principal, id string, c Change) (Account, error) {
	if err := c.check(); err != nil {
		return Account{}, err
	}
	var made Account
	err := b.changeOther(ctx, p, "account.change", id, func(tx *sql.Tx, who *person) error {
		old, was := who.words(), *who
		c.apply(who)
		if !b.manages(p, who.Grants) {
			return ErrForbidden
		}
		if err := who.update(ctx, tx); err != nil {
			return err
		}
		if who.Active != was.Active || !slices.Equal(who.Grants, was.Grants) {
			if _, err := tx.ExecContext(ctx, "delete from session where person = ?", id); err != nil {
				return err
			}
			if err := lastAdmin(ctx, tx); err != nil {
				return err
			}
		}
		made = who.account()
		return b.note(ctx, tx, p, "account.change", id, old, who.words(), nil)
	})
	return made, err
}

func (c *Change) check() error {
	if c.Name != nil {
		if err := checkName("name", *c.Name); err != nil {
			return err
		}
	}
	if c.Grants != nil {
		return checkGrants(*c.Grants)
	}
	return nil
}

func (c *Change) apply(who *person) {
	if c.Name != nil {
		who.Name = *c.Name
	}
	if c.Active != nil {
		who.Active = *c.Active
	}
	if c.Grants != nil {
		who.Grants = *c.Grants
	}
}

// changeOther runs change on the account of somebody else that the principal may change,
// and writes down if it was refused.
func (b *Book) changeOther(ctx context.Context, p *Principal, what, id string, change func(tx *sql.Tx, who *person) error) error {
	refused := p.Token != "" || p.Person == id || !p.Anywhere(role.Accounts)
	if !refused {
		err := b.write(ctx, what+" "+id, func(tx *sql.Tx) error {
			who, known, err := load(ctx, tx, id)
			if err != nil {
				return err
			}
			if !known {
				return view.ErrUnknown
			}
			if !b.manages(p, who.Grants) {
				return view.ErrHidden
			}
			err = change(tx, &who)
			refused = err == ErrForbidden
			return err
		})
		if errors.Is(err, view.ErrHidden) {
			return b.hide(ctx, p, what, id)
		}
		if !refused {
			return err
		}
	}
	return b.refuse(ctx, p, what, id)
}

// lastAdmin refuses a change after which nobody could make accounts any more.
func lastAdmin(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, "select "+personColumns+" from person where active = 1")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		who, _, err := scanPerson(rows)
		if err != nil {
			return err
		}
		if slices.Contains(who.Grants, role.Grant{Role: role.Admin, Area: role.Everywhere}) {
			return nil
		}
	}
	return orElse(rows.Err(), &view.FieldError{Field: "grants", Text: view.Text{
		Zh: "这是最后一个全域管理员，不能取消；请先指定另一个", En: "this is the last admin for everywhere; make another one first"}})
}

// Reset gives an account a new password, which is told this once and must be changed at
// the next login, takes its one-time codes off if factor is set, ends its sessions and revokes
// its tokens: whoever knew the password may have made them.
func (b *Book) Reset(ctx context.Context, p *Principal, id string, factor bool) (string, error) {
	next := password.Random()
	hash, err := b.o.Hasher.Hash(ctx, next)
	if err != nil {
		return "", fmt.Errorf("auth: %w", err)
	}
	err = b.changeOther(ctx, p, "account.reset", id, func(tx *sql.Tx, who *person) error {
		if who.issuer != "" {
			return &view.FieldError{Field: "id", Text: view.Text{Zh: "该账号的口令由统一身份认证平台管理", En: "the password of this account is kept by the identity provider"}}
		}
		who.password, who.must, who.changed = hash, true, b.now()
		what := "password"
		if factor {
			who.totp, who.pending, what = "", "", "password and second factor"
			if err := keepRecovery(ctx, tx, id, nil); err != nil {
				return err
			}
		}
		if err := who.update(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "delete from session where person = ?", id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "update api_token set revoked = ? where person = ? and revoked = 0", b.now(), id); err != nil {
			return err
		}
		return b.note(ctx, tx, p, "account.reset", id, "", what+"; tokens revoked", nil)
	})
	if err != nil {
		return "", err
	}
	return next, nil
}
