package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth/password"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// Errors of the book, beside view.ErrUnknown, view.ErrBusy and *view.FieldError.
var (
	// ErrLogin: the account, the password or the code is wrong; which, is not said.
	ErrLogin = errors.New("the account, the password or the code is wrong")
	// ErrCode: the password is right, and a one-time code is needed as well.
	ErrCode = errors.New("a one-time code is needed")
	// ErrSession: there is no such session or token, or no longer.
	ErrSession = errors.New("there is no such session, or no longer")
	// ErrForbidden: the person has no right to do this here.
	ErrForbidden = errors.New("not allowed")
	// ErrTaken: the id is somebody else's.
	ErrTaken = errors.New("the id is taken")
)

// Slow says that an attempt comes too soon.
type Slow struct{ Wait time.Duration }

// Error returns the English sentence.
func (s *Slow) Error() string { return fmt.Sprintf("too many attempts; try again in %v", s.Wait) }

// Database is what the book needs of the database.
type Database interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Options is what the book needs. DB, Audit, Key and Hasher are required.
type Options struct {
	DB     Database
	Audit  func(ctx context.Context, tx *sql.Tx, e view.Audit) error // adds a line to the audit log
	Key    []byte                                                    // 32 bytes that seal secrets; see EnsureKey
	Hasher *password.Hasher
	Tree   role.Tree        // nil: areas contain each other by their codes
	Now    func() time.Time // nil: the system's clock
	Idle   time.Duration    // a session ends after so long without a request; 0: 30 minutes
	Life   time.Duration    // and after so long in any case; 0: 12 hours, a long shift
	MaxAge time.Duration    // a password must be changed when it is older; 0: never
	// SecondFactor lets people with a local password do nothing but set up one-time codes
	// until they have.
	SecondFactor bool
}

// Book is the open book of accounts. It is safe for concurrent use, also by several
// processes on one database.
type Book struct {
	o       Options
	gate    *gate
	refused *gate // by person: what is written down of refusals
	rates   *rates
	touched *touches
}

// First is the account that is made where there is none. The password is told this once.
type First struct{ Person, Password string }

// Open returns the book in a database that has Schema's tables. If there is no account
// at all, it makes one admin with a random password, which must be changed at the first
// login, and returns it; else first is nil.
func Open(ctx context.Context, o Options) (b *Book, first *First, err error) {
	if o.Tree == nil {
		o.Tree = role.Codes{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Idle == 0 {
		o.Idle = 30 * time.Minute
	}
	if o.Life == 0 {
		o.Life = 12 * time.Hour
	}
	if len(o.Key) != keySize {
		return nil, nil, fmt.Errorf("auth: the key has %d bytes, want %d", len(o.Key), keySize)
	}
	b = &Book{o: o, gate: newGate(), refused: newGate(), rates: newRates(), touched: &touches{last: map[touch]int64{}}}
	if first, err = b.first(ctx); err != nil {
		return nil, nil, fmt.Errorf("auth: %w", err)
	}
	return b, first, nil
}

// first makes the first account, unless there is one.
func (b *Book) first(ctx context.Context) (*First, error) {
	var n int
	if err := b.o.DB.Read().QueryRowContext(ctx, "select count(*) from person").Scan(&n); err != nil || n > 0 {
		return nil, err
	}
	f := &First{Person: "admin", Password: password.Random()}
	hash, err := b.o.Hasher.Hash(ctx, f.Password)
	if err != nil {
		return nil, err
	}
	p := person{ID: f.Person, Name: "admin", Active: true, Grants: []role.Grant{{Role: role.Admin, Area: role.Everywhere}},
		password: hash, must: true, changed: b.now(), made: b.now()}
	err = b.o.DB.Write(ctx, func(tx *sql.Tx) error {
		// Another process may have been first: then this one made nothing.
		if err := tx.QueryRowContext(ctx, "select count(*) from person").Scan(&n); err != nil || n > 0 {
			return err
		}
		if err := p.insert(ctx, tx); err != nil {
			return err
		}
		return b.note(ctx, tx, System(), "account.make", p.ID, "", p.words(), nil)
	})
	if err != nil || n > 0 {
		return nil, err
	}
	return f, nil
}

func (b *Book) now() int64 { return b.o.Now().UnixMilli() }

// Principal is who asks: a person with a session, or a program or a screen with a token.
type Principal struct {
	Person  string // the id
	Name    string
	Session string // the name of the session in lists; empty: none
	Token   string // the id of the token; empty: none
	Screen  bool   // the token is a screen's
	CSRF    string // what a page must send back with a change; empty without a session
	// Must is what has to be done before anything else: "password" to change it,
	// "second-factor" to set it up; empty: nothing.
	Must string
	From string // the address that the request came from

	hash   string         // of the session
	layers [][]role.Grant // each of them has to permit
	tree   role.Tree
}

// System is the program itself, and whoever may run it on its machine: it may do all.
func System() *Principal {
	every := []role.Grant{}
	for _, r := range role.All() {
		every = append(every, role.Grant{Role: r, Area: role.Everywhere})
	}
	return &Principal{Person: "system", layers: [][]role.Grant{every}, tree: role.Codes{}}
}

// May says whether the principal may do something to what lies in an area; see
// role.Permit.
func (p *Principal) May(a role.Action, area string) bool {
	return p != nil && p.Must == "" && len(p.layers) > 0 &&
		!slices.ContainsFunc(p.layers, func(g []role.Grant) bool { return !role.Permit(g, a, area, p.tree) })
}

// Anywhere says whether there may be an area in which the principal may do something.
func (p *Principal) Anywhere(a role.Action) bool {
	return p != nil && p.Must == "" && len(p.layers) > 0 &&
		!slices.ContainsFunc(p.layers, func(g []role.Grant) bool { return !role.Anywhere(g, a) })
}

// Roles are those held in an area, by every layer.
func (p *Principal) Roles(area string) []role.Role {
	held := role.All()
	for _, g := range p.layers {
		has := role.Held(g, area, p.tree)
		held = slices.DeleteFunc(held, func(r role.Role) bool { return !slices.Contains(has, r) })
	}
	return held
}

// Grants are those that the principal acts with: a token's own, else the person's.
func (p *Principal) Grants() []role.Grant {
	if len(p.layers) == 0 {
		return []role.Grant{}
	}
	return slices.Clone(p.layers[len(p.layers)-1])
}

// Effective are the grants that every layer gives, each role for each area that stands in
// any of them: what a token gives, as far as its owner has it.
func (p *Principal) Effective() []role.Grant {
	out := []role.Grant{}
	if p == nil || p.Must != "" || len(p.layers) == 0 {
		return out
	}
	seen := map[string]bool{}
	for _, layer := range p.layers {
		for _, g := range layer {
			if seen[g.Area] {
				continue
			}
			seen[g.Area] = true
			for _, r := range p.Roles(g.Area) {
				out = append(out, role.Grant{Role: r, Area: g.Area})
			}
		}
	}
	return out
}

// Title is the principal's roles as the audit log has them.
func (p *Principal) Title() string {
	if p.Token != "" {
		return "token " + p.Token
	}
	if p.Person == "system" {
		return ""
	}
	var names []string
	for _, g := range p.Grants() {
		if !slices.Contains(names, string(g.Role)) {
			names = append(names, string(g.Role))
		}
	}
	return strings.Join(names, " ")
}

// note writes a line of the audit log; failed tells why something was not done.
func (b *Book) note(ctx context.Context, tx *sql.Tx, p *Principal, what, about, old, new string, failed error) error {
	result := "done"
	switch {
	case errors.Is(failed, ErrForbidden):
		result = "refused"
	case failed != nil:
		result = "failed"
	}
	return b.o.Audit(ctx, tx, view.Audit{At: b.now(), Who: p.Person, Role: p.Title(), From: p.From, What: what, About: about, Old: old, New: new, Result: result})
}

// refusals is how many are written down of one person: after these the more rarely the more
// there are, so that nobody fills the log by trying.
var refusals = limit{free: 20, sink: 15 * time.Minute, most: time.Hour}

// refuse writes down that somebody tried what they must not, and returns why not.
func (b *Book) refuse(ctx context.Context, p *Principal, what, about string) error {
	no := fmt.Errorf("auth: %s %s: %w", what, about, ErrForbidden)
	wait, news := b.refused.take(b.o.Now(), keyed{p.Person, refusals})
	if wait > 0 && !news {
		return no
	}
	more := ""
	if wait > 0 {
		more = "more of these are not written down for a while"
	}
	err := b.o.DB.Write(ctx, func(tx *sql.Tx) error { return b.note(ctx, tx, p, what, about, "", more, ErrForbidden) })
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	return no
}

// hide writes down that somebody tried to do something to an account outside of their areas,
// where nobody exists for them, and returns that there is none.
func (b *Book) hide(ctx context.Context, p *Principal, what, about string) error {
	if err := b.refuse(ctx, p, what, about); !errors.Is(err, ErrForbidden) {
		return err
	}
	return fmt.Errorf("auth: %w", view.ErrHidden)
}

// key of a context for the principal.
type contextKey struct{}

// With returns a context that carries the principal.
func With(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the principal of a context; nil: nobody.
func From(ctx context.Context) *Principal {
	p, _ := ctx.Value(contextKey{}).(*Principal)
	return p
}
