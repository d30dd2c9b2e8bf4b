package aggregator_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/aggregator"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// page is a browser at an aggregator with accounts.
type page struct {
	t                    testing.TB
	console, first, csrf string
	mqtt                 string
	client               *http.Client
	cookie               *http.Cookie
	stop                 func()
}

// guarded runs an aggregator with accounts.
func guarded(t testing.TB, s *settings.Settings) *page {
	t.Helper()
	return logged(t, s, slog.New(slog.DiscardHandler))
}

// logged is guarded, with a log.
func logged(t testing.TB, s *settings.Settings, log *slog.Logger) *page {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &page{t: t, client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}}
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- aggregator.Run(ctx, aggregator.Options{Settings: s, Version: "test", Log: log,
			First: func(person, password string) { p.first = person + " " + password },
			Ready: func(console, mqtt string) { p.console, p.mqtt = console, mqtt; close(ready) }})
	}()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		t.Fatal(err)
	case <-time.After(patience):
		cancel()
		t.Fatal("the aggregator neither starts nor fails")
	}
	stopped := false
	p.stop = func() {
		if !stopped {
			stopped = true
			p.client.CloseIdleConnections()
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(p.stop)
	return p
}

// ask sends a request and returns the status and the answer.
func (p *page) ask(method, path string, body any) (int, map[string]any) {
	p.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.console+path, bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-CSRF-Token", p.csrf)
	if p.cookie != nil {
		r.AddCookie(p.cookie)
	}
	res, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var doc map[string]any
	_ = json.NewDecoder(res.Body).Decode(&doc) // not every answer is JSON
	for _, c := range res.Cookies() {
		p.cookie = c
	}
	if csrf, ok := doc["csrf"].(string); ok {
		p.csrf = csrf
	}
	return res.StatusCode, doc
}

func (p *page) want(status int, method, path string, body any) map[string]any {
	p.t.Helper()
	got, doc := p.ask(method, path, body)
	if got != status {
		p.t.Fatalf("%s %s = %d %v, want %d", method, path, got, doc, status)
	}
	return doc
}

func withAccounts(s *settings.Settings) { s.Accounts = &settings.Accounts{} }

// From the first start to a reset on the machine, through the real console's address.
func TestAccounts(t *testing.T) {
	s := at(t.TempDir(), withAccounts)
	p := guarded(t, s)
	person, password, ok := strings.Cut(p.first, " ")
	if !ok || person != "admin" {
		t.Fatalf("the first account is %q", p.first)
	}
	for path, want := range map[string]int{"/api/v1/alerts": 401, "/api/v1/stream": 401, "/metrics": 401, "/api/v1/info": 401, "/healthz": 200, "/": 200} {
		if got, doc := p.ask("GET", path, nil); got != want && !(path == "/" && got == 503) { // 503: no console was built
			t.Errorf("nobody: %s = %d %v, want %d", path, got, doc, want)
		}
	}
	p.want(200, "POST", "/api/v1/auth/login", map[string]string{"person": person, "password": password})
	p.want(403, "GET", "/api/v1/alerts", nil) // the password must be changed first
	p.want(200, "POST", "/api/v1/auth/password", map[string]string{"old": password, "new": "tulip otter brass 94"})
	p.want(200, "GET", "/api/v1/alerts", nil)
	if doc := p.want(200, "GET", "/api/v1/info", nil); doc["accounts"] != true || doc["insecure"] != false {
		t.Errorf("info with accounts says %v", doc)
	}
	if doc := p.want(200, "GET", "/api/v1/auth/audit/check", nil); doc["broken"] != nil || doc["anchors"].(float64) < 1 {
		t.Errorf("the audit log: %v", doc)
	}

	next, err := aggregator.ResetAccount(t.Context(), s, "admin", true) // while it runs
	if err != nil {
		t.Fatal(err)
	}
	p.want(401, "GET", "/api/v1/alerts", nil)
	p.want(401, "POST", "/api/v1/auth/login", map[string]string{"person": "admin", "password": "tulip otter brass 94"})
	p.want(200, "POST", "/api/v1/auth/login", map[string]string{"person": "admin", "password": next})
	if _, err := aggregator.ResetAccount(t.Context(), s, "nobody", false); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("ResetAccount of nobody = %v", err)
	}
	p.stop()

	v, err := aggregator.CheckAudit(t.Context(), s)
	if err != nil || v.Broken != nil || v.Anchors < 2 || v.Lines < 5 {
		t.Errorf("CheckAudit = %+v, %v; want an anchor of the start and one of the end", v, err)
	}
	if v, err := aggregator.CheckAudit(t.Context(), s, fmt.Sprintf("%s %d %s", strings.Fields(v.Head)[0], v.Lines, strings.Repeat("0", 64))); err != nil || v.Broken == nil {
		t.Errorf("CheckAudit with an anchor that differs = %+v, %v", v, err)
	}
	if q := guarded(t, s); q.first != "" {
		t.Errorf("a second start made the account %q", q.first)
	}
}

// A wrong data directory is not filled with a new database.
func TestNoDatabase(t *testing.T) {
	s := at(filepath.Join(t.TempDir(), "none"))
	if _, err := aggregator.ResetAccount(t.Context(), s, "admin", false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ResetAccount = %v", err)
	}
	if _, err := aggregator.CheckAudit(t.Context(), s); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("CheckAudit = %v", err)
	}
	if _, err := os.Stat(s.Data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is there now: %v", err)
	}
}

// With accounts and TLS the console may be reached from outside; with one of them alone it
// may not.
func TestOutsideNeedsAccountsAndTLS(t *testing.T) {
	cert := certificate(t)
	for name, c := range map[string]struct {
		edit func(*settings.Settings)
		ok   bool
	}{
		"neither":            {func(s *settings.Settings) {}, false},
		"accounts":           {withAccounts, false},
		"TLS":                {func(s *settings.Settings) { s.TLS = cert }, false},
		"accounts and proxy": {func(s *settings.Settings) { s.Accounts = &settings.Accounts{Proxies: []string{"10.9.0.1"}} }, true},
	} {
		l, err := try(t, at(t.TempDir(), func(s *settings.Settings) { s.Listen = "0.0.0.0:0" }, c.edit), false)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, aggregator.ErrSettings) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			l.stop()
		}
	}
	p := guarded(t, at(t.TempDir(), withAccounts, func(s *settings.Settings) { s.Listen, s.TLS = "0.0.0.0:0", cert }))
	if !strings.HasPrefix(p.console, "https://") {
		t.Fatalf("the console is at %s", p.console)
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(p.console, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	p.console = "https://127.0.0.1:" + port
	person, password, _ := strings.Cut(p.first, " ")
	p.want(200, "POST", "/api/v1/auth/login", map[string]string{"person": person, "password": password})
	if p.cookie == nil || p.cookie.Name != "__Host-lamppost" || !p.cookie.Secure {
		t.Errorf("the cookie over TLS is %v", p.cookie)
	}
	p.want(200, "GET", "/api/v1/auth/me", nil)
}

// An identity provider with rights that are none is refused at the start; one that is away
// is not missed until somebody wants to log in there.
func TestIdentityProvider(t *testing.T) {
	with := func(r string) *settings.Settings {
		return at(t.TempDir(), withAccounts, func(s *settings.Settings) {
			s.Accounts.OIDC = &settings.OIDC{Issuer: "http://127.0.0.1:1", ClientID: "lamppost", Redirect: "http://127.0.0.1/api/v1/auth/oidc/callback",
				Groups: map[string][]settings.Grant{"desk": {{Role: r, Area: "330105"}}}}
		})
	}
	if _, err := try(t, with("root"), false); !errors.Is(err, aggregator.ErrSettings) || !strings.Contains(err.Error(), `accounts.oidc: oidc: group "desk": there is no role "root"`) {
		t.Errorf("a group with a role that is none: %v", err)
	}
	p := guarded(t, with("operator"))
	if got, _ := p.ask("GET", "/api/v1/auth/oidc/start", nil); got != 502 {
		t.Errorf("a provider that is away = %d", got)
	}
}

// certificate makes one for this machine.
func certificate(t *testing.T) *settings.TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := &settings.TLS{Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	if err := errors.Join(os.WriteFile(files.Certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(files.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600)); err != nil {
		t.Fatal(err)
	}
	return files
}
