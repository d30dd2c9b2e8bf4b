// Package oidc lets people log in at an identity provider by OpenID Connect: the
// authorization code flow with PKCE (RFC 7636, S256), state and nonce.
//
// Promised: what a browser has to bring back from the provider is sealed for this
// process's key and ten minutes, so that no state has to be kept and nobody else's flow
// can be finished; the ID token's signature, issuer, audience, end and nonce are checked by
// go-oidc; somebody whose groups give no rights is not let in by the book of accounts. The
// provider is asked for its description at the first login, not at the start: an
// aggregator starts without it.
//
// The provider is believed about who somebody is and about the groups. Whether it asks for
// a second factor is its own affair.
package oidc

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
)

// Options says which provider. Issuer, ID, Redirect and Grants are required.
type Options struct {
	Issuer   string   // URL; its description is at /.well-known/openid-configuration
	ID       string   // of this client, as the provider knows it
	Secret   string   // of this client; empty for a public one
	Redirect string   // this aggregator's URL of /api/v1/auth/oidc/callback
	Scopes   []string // beside openid; empty: profile
	Groups   string   // the claim that lists the groups; empty: groups
	// Grants are the rights that each group gives.
	Grants map[string][]role.Grant
	Client *http.Client     // nil: one with a limit of 10 s
	Now    func() time.Time // nil: the system's clock
}

// Provider is an identity provider. It is safe for concurrent use.
type Provider struct {
	o    Options
	seal cipher.AEAD

	asking   singleflight.Group // one question to the provider at a time, and no lock meanwhile
	mu       sync.Mutex
	config   *oauth2.Config // nil: the provider has not been asked yet
	verifier *oidc.IDTokenVerifier
}

const (
	askTime  = 10 * time.Second // for one exchange with the provider
	flowTime = 10 * time.Minute // for a person to log in there
)

// New returns a provider. It asks nobody yet.
func New(o Options) (*Provider, error) {
	if o.Issuer == "" || o.ID == "" || o.Redirect == "" || len(o.Grants) == 0 {
		return nil, errors.New("oidc: issuer, client id, redirect and the groups' rights are needed")
	}
	for group, grants := range o.Grants {
		if err := role.Check(grants); err != nil {
			return nil, fmt.Errorf("oidc: group %q: %w", group, err)
		}
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: askTime}
	}
	client := *o.Client
	client.Transport = bounded{client.Transport}
	o.Client = &client
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Groups == "" {
		o.Groups = "groups"
	}
	if len(o.Scopes) == 0 {
		o.Scopes = []string{"profile"}
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	return &Provider{o: o, seal: seal}, nil
}

// maxAnswer bounds what a provider may send at once, in bytes.
const maxAnswer = 1 << 20

// bounded cuts answers that are longer than maxAnswer.
type bounded struct{ under http.RoundTripper } // nil: the default one

// RoundTrip does what the one under it does.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	under := b.under
	if under == nil {
		under = http.DefaultTransport
	}
	res, err := under.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// ask returns the provider's description, which is fetched once, whoever waits for it; nobody
// waits for longer than ctx lets him.
func (p *Provider) ask(ctx context.Context) (*oauth2.Config, *oidc.IDTokenVerifier, error) {
	p.mu.Lock()
	config, verifier := p.config, p.verifier
	p.mu.Unlock()
	if config != nil {
		return config, verifier, nil
	}
	select {
	case r := <-p.asking.DoChan("", func() (any, error) { return nil, p.fetch(context.WithoutCancel(ctx)) }):
		if r.Err != nil {
			return nil, nil, r.Err
		}
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("oidc: the provider %s does not describe itself: %w", p.o.Issuer, ctx.Err())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.config, p.verifier, nil
}

// fetch asks the provider for its description. The keys are fetched again later with this
// context's client: it must not end.
func (p *Provider) fetch(ctx context.Context) error {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.o.Client), p.o.Issuer)
	if err != nil {
		return fmt.Errorf("oidc: the provider %s does not describe itself: %w", p.o.Issuer, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config = &oauth2.Config{ClientID: p.o.ID, ClientSecret: p.o.Secret, Endpoint: found.Endpoint(), RedirectURL: p.o.Redirect, Scopes: append([]string{oidc.ScopeOpenID}, p.o.Scopes...)}
	p.verifier = found.Verifier(&oidc.Config{ClientID: p.o.ID, Now: p.o.Now})
	return nil
}

// flow is what a login began with.
type flow struct {
	until                  time.Time
	state, nonce, verifier string
}

const flowFields = 3

// bytes is the flow as it is sealed: the end in Unix seconds, and three texts of which none has
// a blank.
func (f flow) bytes() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(f.until.Unix()))
	return append(b, strings.Join([]string{f.state, f.nonce, f.verifier}, " ")...)
}

func parseFlow(b []byte) (f flow, ok bool) {
	if len(b) < 8 {
		return f, false
	}
	parts := bytes.Split(b[8:], []byte(" "))
	if len(parts) != flowFields {
		return f, false
	}
	return flow{until: time.Unix(int64(binary.BigEndian.Uint64(b)), 0), state: string(parts[0]), nonce: string(parts[1]), verifier: string(parts[2])}, true
}

// Start returns where the browser is to go, and what it must bring back, sealed, for a
// cookie.
func (p *Provider) Start() (url, kept string, err error) {
	ctx, stop := context.WithTimeout(context.Background(), askTime)
	defer stop()
	config, _, err := p.ask(ctx)
	if err != nil {
		return "", "", err
	}
	f := flow{until: p.o.Now().Add(flowTime), state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier()}
	kept = base64.RawURLEncoding.EncodeToString(p.seal.Seal(nil, nil, f.bytes(), nil))
	return config.AuthCodeURL(f.state, oidc.Nonce(f.nonce), oauth2.S256ChallengeOption(f.verifier)), kept, nil
}

// open returns the flow that a browser brings back.
func (p *Provider) open(kept, state string) (flow, error) {
	raw, err := base64.RawURLEncoding.DecodeString(kept)
	if err == nil {
		raw, err = p.seal.Open(nil, nil, raw, nil)
	}
	f, ok := parseFlow(raw)
	switch {
	case err != nil || !ok:
		return f, errors.New("oidc: what the browser brought back was not begun here")
	case p.o.Now().After(f.until):
		return f, errors.New("oidc: the login took longer than ten minutes")
	case subtle.ConstantTimeCompare([]byte(f.state), []byte(state)) != 1:
		return f, errors.New("oidc: the state is another one's")
	}
	return f, nil
}

// Finish returns who it is that comes back with a code.
func (p *Provider) Finish(ctx context.Context, kept, state, code string) (auth.External, error) {
	f, err := p.open(kept, state)
	if err != nil {
		return auth.External{}, err
	}
	ctx, stop := context.WithTimeout(ctx, askTime)
	defer stop()
	config, verifier, err := p.ask(ctx)
	if err != nil {
		return auth.External{}, err
	}
	ctx = oidc.ClientContext(ctx, p.o.Client)
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(f.verifier))
	if err != nil {
		return auth.External{}, fmt.Errorf("oidc: the provider does not take the code: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return auth.External{}, errors.New("oidc: the provider sent no ID token")
	}
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return auth.External{}, fmt.Errorf("oidc: the ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.nonce)) != 1 {
		return auth.External{}, errors.New("oidc: the ID token is of another login")
	}
	return p.external(id)
}

// external reads from an ID token who somebody is and what the groups give.
func (p *Provider) external(id *oidc.IDToken) (auth.External, error) {
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return auth.External{}, fmt.Errorf("oidc: the ID token: %w", err)
	}
	text := func(name string) string { s, _ := claims[name].(string); return s }
	e := auth.External{Issuer: id.Issuer, Subject: id.Subject, Person: personID(text("preferred_username"), text("email"), id.Subject), Name: text("name")}
	if e.Name == "" {
		e.Name = e.Person
	}
	groups, _ := claims[p.o.Groups].([]any)
	seen := map[role.Grant]bool{}
	for _, g := range groups {
		name, _ := g.(string)
		for _, grant := range p.o.Grants[name] {
			if !seen[grant] {
				seen[grant] = true
				e.Grants = append(e.Grants, grant)
			}
		}
	}
	return e, nil
}

// personID makes an account's id of the first of these that gives one: small letters,
// digits, dots, underscores and hyphens, of an address what stands before the @.
func personID(names ...string) string {
	for _, name := range names {
		name, _, _ = strings.Cut(strings.ToLower(name), "@")
		id := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
				return r
			}
			return -1
		}, name)
		if id = strings.TrimLeft(id, "._-"); id != "" {
			return id[:min(len(id), 64)]
		}
	}
	return ""
}
