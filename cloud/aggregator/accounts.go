package aggregator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lamppost-city/lamppost/cloud/area"
	"github.com/lamppost-city/lamppost/cloud/audit"
	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/auth/oidc"
	"github.com/lamppost-city/lamppost/cloud/auth/password"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/auth/web"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// AnchorFile is the name of the file in the data directory that keeps the audit log's
// anchors. Copies of it elsewhere are what shows a log that was written anew.
const AnchorFile = "audit.anchors"

// Passwords are hashed two at a time, 19 MiB each, while so many wait.
const (
	hashing = 2
	waiting = 64
)

// anchorEvery is how often an anchor of the audit log is kept.
const anchorEvery = time.Hour

// accountTables are those of accounts and audit log. They are there without accounts as
// well: then nothing is in them.
func accountTables() []database.Schema {
	return []database.Schema{{Name: "audit", Steps: audit.Schema()}, {Name: "auth", Steps: auth.Schema()}}
}

// openBook opens the accounts in a database that has their tables. tree may be nil.
func openBook(ctx context.Context, db auth.Database, key []byte, s *settings.Settings, tree role.Tree) (*auth.Book, *audit.Log, *auth.First, error) {
	log, err := audit.Open(ctx, db)
	if err != nil {
		return nil, nil, nil, err
	}
	hasher, err := password.NewHasher(password.Default(), hashing, waiting)
	if err != nil {
		return nil, nil, nil, err
	}
	o := auth.Options{DB: db, Audit: log.Append, Key: key, Hasher: hasher, Tree: tree}
	if s.Accounts != nil {
		o.SecondFactor, o.MaxAge = s.Accounts.SecondFactor, s.Accounts.PasswordAge
	}
	book, first, err := auth.Open(ctx, o)
	return book, log, first, err
}

// areaTree is the city's tree of areas as it is at each moment. What it does not know is
// where its digits say.
type areaTree struct{ places *area.Atlas }

// Contains says whether an area is another one or lies below it.
func (t areaTree) Contains(above, below string) bool {
	a, bad := area.ParseCode(above)
	b, wrong := area.ParseCode(below)
	return bad == nil && wrong == nil && a != "" && b != "" && t.places.Tree().Contains(a, b)
}

// openAccounts opens the accounts and the door, if the settings ask for them.
func (p *parts) openAccounts(ctx context.Context) error {
	s := p.o.Settings
	if s.Accounts == nil {
		return nil
	}
	key, err := sharedKey(ctx, p, auth.KeyFile, auth.EnsureKey)
	if err != nil {
		return keyError(err)
	}
	book, log, first, err := openBook(ctx, p.db, key, s, areaTree{p.places})
	if err != nil {
		return storage(err)
	}
	if first != nil && p.o.First != nil {
		p.o.First(first.Person, first.Password)
	}
	p.audit, p.book = log, book
	if err := p.noteSettings(ctx, key); err != nil {
		return err
	}
	provider, err := identity(s.Accounts.OIDC)
	if err != nil {
		return fmt.Errorf("%w: accounts.oidc: %w", ErrSettings, err)
	}
	anchors := filepath.Join(s.Data, AnchorFile)
	p.door = web.New(web.Options{
		Book: book, Lines: log.List, Proxies: s.Accounts.ProxyNetworks(), SecureOnly: s.Protected() && !s.Insecure, OIDC: provider, Log: p.o.Log.With("part", "accounts"),
		Verify: func(ctx context.Context) (view.AuditVerdict, error) { return verify(ctx, log, anchors) },
	})
	return nil
}

// identity is the identity provider of the settings; nil: there is none.
func identity(o *settings.OIDC) (web.Provider, error) {
	if o == nil {
		return nil, nil
	}
	groups := map[string][]role.Grant{}
	for name, grants := range o.Groups {
		for _, g := range grants {
			groups[name] = append(groups[name], role.Grant{Role: role.Role(g.Role), Area: g.Area})
		}
	}
	return oidc.New(oidc.Options{Issuer: o.Issuer, ID: o.ClientID, Secret: o.ClientSecret, Redirect: o.Redirect, Groups: o.Claim, Grants: groups})
}

// verify reads the audit log and compares it with the anchors that were kept.
func verify(ctx context.Context, log *audit.Log, anchors string) (view.AuditVerdict, error) {
	kept, err := audit.Anchors(anchors)
	if err != nil {
		return view.AuditVerdict{}, err
	}
	return log.Verify(ctx, kept...)
}

// runBook writes down when sessions and tokens were used, until ctx ends.
func (p *parts) runBook(ctx context.Context) error {
	if p.book == nil {
		return nil
	}
	return p.book.Run(ctx, func(err error) {
		p.o.Log.Warn("that sessions and tokens are used is written down later", "error", err)
	})
}

// keepAnchors keeps an anchor of the audit log at once, from time to time, and at the end.
// It stands in the program's log as well, which may be kept on another machine.
func (p *parts) keepAnchors(ctx context.Context) error {
	if p.audit == nil {
		return nil
	}
	tick := time.NewTicker(anchorEvery)
	defer tick.Stop()
	for {
		p.keepAnchor(ctx)
		select {
		case <-ctx.Done():
			last, stop := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
			defer stop()
			p.keepAnchor(last)
			return nil
		case <-tick.C:
		}
	}
}

func (p *parts) keepAnchor(ctx context.Context) {
	head, err := p.audit.Keep(ctx, filepath.Join(p.o.Settings.Data, AnchorFile))
	if err != nil {
		p.o.Log.Error("no anchor of the audit log is kept", "error", err)
		return
	}
	p.o.Log.Info("anchor of the audit log", "anchor", head.String())
}

// secure puts TLS before the console's listener, if the settings have a certificate.
func (p *parts) secure(context.Context) error {
	t := p.o.Settings.TLS
	if t == nil {
		return nil
	}
	c, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
	if err != nil {
		return fmt.Errorf("%w: tls: %w", ErrSettings, err)
	}
	p.listener = tls.NewListener(p.listener, &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12})
	return nil
}

// scheme is that of the console's address.
func (p *parts) scheme() string {
	if p.o.Settings.TLS != nil {
		return "https"
	}
	return "http"
}

// openKept opens the accounts' tables of a data directory that is there, or of the
// server's database. A wrong directory is not filled with a new database.
func openKept(ctx context.Context, s *settings.Settings) (*database.DB, error) {
	if pg := s.Database.Postgres; pg != nil {
		db, err := database.OpenPostgres(ctx, database.Postgres{URL: pg.URL, Password: pg.Password}, accountTables()...)
		if err != nil {
			return nil, storage(err)
		}
		return db, nil
	}
	path := filepath.Join(s.Data, databaseFile)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("there is no database of an aggregator: %w", err)
	}
	db, err := database.Open(ctx, path, accountTables()...)
	if err != nil {
		return nil, storage(err)
	}
	return db, nil
}

// ResetAccount gives an account a new password, which is returned this once and must be
// changed at the next login, and switches it on; with factor its one-time codes are taken
// off. It is for whoever may read and write the data directory, also while the aggregator
// runs. The error is view.ErrUnknown if there is no such account.
func ResetAccount(ctx context.Context, s *settings.Settings, person string, factor bool) (next string, err error) {
	db, err := openKept(ctx, s)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	key, err := auth.EnsureKey(s.Data)
	if err != nil {
		return "", storage(err)
	}
	book, _, first, err := openBook(ctx, db, key, s, nil)
	if err != nil {
		return "", storage(err)
	}
	if first != nil && first.Person == person {
		return first.Password, nil // it was made just now
	}
	on := true
	if _, err := book.Change(ctx, auth.System(), person, auth.Change{Active: &on}); err != nil {
		return "", err
	}
	return book.Reset(ctx, auth.System(), person, factor)
}

// CheckAudit reads the whole audit log in the data directory and compares it with the
// anchors kept there and with further ones, in the form that audit.Head has.
func CheckAudit(ctx context.Context, s *settings.Settings, further ...string) (v view.AuditVerdict, err error) {
	db, err := openKept(ctx, s)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	log, err := audit.Open(ctx, db)
	if err != nil {
		return v, storage(err)
	}
	anchors, err := audit.Anchors(filepath.Join(s.Data, AnchorFile))
	if err != nil {
		return v, err
	}
	for _, text := range further {
		h, err := audit.ParseHead(text)
		if err != nil {
			return v, err
		}
		anchors = append(anchors, h)
	}
	return log.Verify(ctx, anchors...)
}
