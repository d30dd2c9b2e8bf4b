package oidc

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// idp is an identity provider with one key and one person, whose answers a test can bend.
type idp struct {
	*httptest.Server
	t         *testing.T
	key       *rsa.PrivateKey
	challenge string         // of the login that has begun
	claims    map[string]any // of the ID token
	forge     bool           // signs with another key
}

var b64 = base64.RawURLEncoding

func newIDP(t *testing.T) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := &idp{t: t, key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		s.send(w, map[string]any{"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) {
		s.send(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1",
			"n": b64.EncodeToString(key.N.Bytes()), "e": b64.EncodeToString(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("/token", s.token)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *idp) send(w http.ResponseWriter, doc any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(doc); err != nil {
		s.t.Error(err)
	}
}

// token changes a code into an ID token, if who asks knows what the login began with.
func (s *idp) token(w http.ResponseWriter, r *http.Request) {
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	if r.FormValue("code") != "good" || b64.EncodeToString(sum[:]) != s.challenge || id != "lamppost" || secret != "hush" {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	s.send(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": s.sign()})
}

func (s *idp) sign() string {
	body, err := json.Marshal(s.claims)
	if err != nil {
		s.t.Fatal(err)
	}
	text := b64.EncodeToString([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + b64.EncodeToString(body)
	key := s.key
	if s.forge {
		if key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			s.t.Fatal(err)
		}
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		s.t.Fatal(err)
	}
	return text + "." + b64.EncodeToString(sig)
}

var (
	desk = []role.Grant{{Role: role.Operator, Area: "330105"}}
	lead = []role.Grant{{Role: role.Operator, Area: "330105"}, {Role: role.Dispatcher, Area: "330105"}}
)

// begin starts a login and returns the provider, what the browser keeps, and the state.
func (s *idp) begin(now func() time.Time) (p *Provider, kept, state string) {
	s.t.Helper()
	p, err := New(Options{Issuer: s.URL, ID: "lamppost", Secret: "hush", Redirect: "https://hub.example/api/v1/auth/oidc/callback",
		Grants: map[string][]role.Grant{"desk": desk, "lead": lead}, Now: now, Client: s.Client()})
	if err != nil {
		s.t.Fatal(err)
	}
	to, kept, err := p.Start()
	if err != nil {
		s.t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil {
		s.t.Fatal(err)
	}
	q := u.Query()
	if u.Path != "/authorize" || q.Get("response_type") != "code" || q.Get("scope") != "openid profile" || q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") == "" || q.Get("nonce") == "" {
		s.t.Fatalf("Start sends to %s", to)
	}
	s.challenge = q.Get("code_challenge")
	s.claims = map[string]any{"iss": s.URL, "aud": "lamppost", "sub": "77", "nonce": q.Get("nonce"), "iat": now().Unix(), "exp": now().Add(time.Minute).Unix(),
		"preferred_username": "Zhao.San@example.org", "name": "赵三", "groups": []string{"desk", "lead", "others"}}
	return p, kept, q.Get("state")
}

func TestLogin(t *testing.T) {
	s := newIDP(t)
	p, kept, state := s.begin(time.Now)
	e, err := p.Finish(t.Context(), kept, state, "good")
	if err != nil || e.Issuer != s.URL || e.Subject != "77" || e.Person != "zhao.san" || e.Name != "赵三" || !reflect.DeepEqual(e.Grants, lead) {
		t.Errorf("Finish = %+v, %v", e, err)
	}
	if strings.Contains(kept, state) || strings.Contains(kept, s.claims["nonce"].(string)) {
		t.Error("the cookie shows what it keeps")
	}
}

func TestWhatIsNotTrueIsRefused(t *testing.T) {
	s := newIDP(t)
	now := time.Now()
	clock := func() time.Time { return now }
	for _, c := range []struct {
		name, want string
		bend       func()
		kept, code string // instead of the right ones
	}{
		{name: "a wrong code", want: "does not take the code", code: "bad"},
		{name: "another browser's cookie", want: "not begun here", kept: "AAAA"},
		{name: "a signature of another key", want: "ID token", bend: func() { s.forge = true }},
		{name: "another client's token", want: "ID token", bend: func() { s.claims["aud"] = "other" }},
		{name: "another issuer's token", want: "ID token", bend: func() { s.claims["iss"] = "https://evil.example" }},
		{name: "a token that has ended", want: "ID token", bend: func() { s.claims["exp"] = now.Add(-time.Hour).Unix() }},
		{name: "a token of another login", want: "another login", bend: func() { s.claims["nonce"] = "other" }},
		{name: "too late", want: "ten minutes", bend: func() { now = now.Add(flowTime + time.Second) }},
		{name: "without PKCE's secret", want: "does not take the code", bend: func() { s.challenge = "other" }},
	} {
		s.forge = false
		p, kept, state := s.begin(clock)
		if c.bend != nil {
			c.bend()
		}
		code := "good"
		if c.code != "" {
			code = c.code
		}
		if c.kept != "" {
			kept = c.kept
		}
		if e, err := p.Finish(t.Context(), kept, state, code); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %+v, %v; want %q", c.name, e, err, c.want)
		}
	}
	p, kept, _ := s.begin(clock)
	if _, err := p.Finish(t.Context(), kept, "other", "good"); err == nil || !strings.Contains(err.Error(), "another one's") {
		t.Errorf("another state: %v", err)
	}
	q, _, state := s.begin(clock)
	if _, err := q.Finish(t.Context(), kept, state, "good"); err == nil {
		t.Error("a cookie of another process was taken")
	}
}

func TestNobodysGroups(t *testing.T) {
	s := newIDP(t)
	for _, groups := range []any{nil, "desk", []any{"others", 7}} {
		p, kept, state := s.begin(time.Now)
		s.claims["groups"] = groups
		if e, err := p.Finish(t.Context(), kept, state, "good"); err != nil || len(e.Grants) != 0 {
			t.Errorf("groups %v give %+v, %v", groups, e.Grants, err)
		}
	}
}

// A provider that is away says so at the login, and is asked again at the next.
func TestProviderAway(t *testing.T) {
	s := newIDP(t)
	p, err := New(Options{Issuer: s.URL + "/none", ID: "x", Redirect: "https://x", Grants: map[string][]role.Grant{"g": desk}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Start(); err == nil || !strings.Contains(err.Error(), "does not describe itself") {
		t.Errorf("Start = %v", err)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// A provider that never ends its answer takes no more than the bound.
func TestAnswersAreBounded(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<16)); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	p, err := New(Options{Issuer: s.URL, ID: "x", Redirect: "https://x", Grants: map[string][]role.Grant{"g": desk}, Client: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Start(); err == nil {
		t.Error("Start took an endless answer")
	}
}

func TestNewChecks(t *testing.T) {
	full := Options{Issuer: "https://id.example", ID: "x", Redirect: "https://x", Grants: map[string][]role.Grant{"g": {{Role: "root", Area: "*"}}}}
	for _, o := range []Options{{}, full} {
		if _, err := New(o); err == nil {
			t.Errorf("New(%+v) took it", o)
		}
	}
}

func TestPersonID(t *testing.T) {
	for want, names := range map[string][]string{
		"zhao.san": {"Zhao.San"}, "li": {"", "li@example.org"}, "77": {"赵三", "", "77"}, "x": {"..x"}, "": {"赵", "@"}, strings.Repeat("a", 64): {strings.Repeat("a", 99)},
	} {
		if got := personID(names...); got != want {
			t.Errorf("personID(%q) = %q, want %q", names, got, want)
		}
	}
}

// What is read of a flow is written again byte for byte.
func FuzzFlow(f *testing.F) {
	f.Add(flow{until: time.Unix(1, 0), state: "a", nonce: "b", verifier: "c"}.bytes())
	f.Add([]byte("12345678a b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, ok := parseFlow(b); ok && !bytes.Equal(got.bytes(), b) {
			t.Errorf("%x gives %x", b, got.bytes())
		}
	})
}
