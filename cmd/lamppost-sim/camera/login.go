package camera

import (
	"crypto/md5" //nolint:gosec // RFC 7616 keeps MD5 for what is in the field
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// The name and the password of a camera with a login.
const (
	User     = "camera"
	Password = "lamppost-sim"

	realm = "IP Camera"
	// nonceUses is how often one nonce is taken; the next answer says stale=true, and has
	// another one.
	nonceUses = 20
)

// Logins are the kinds of login that a camera may want.
func Logins() []string { return []string{"basic", "digest", "digest-sha256"} }

// Login lets in who knows User and Password: Basic (RFC 7617), or Digest with qop auth (RFC
// 7616), MD5 as most cameras have it or SHA-256; over RTSP without qop (RFC 2069). It may be
// asked from many goroutines.
type Login struct {
	kind string

	mu     sync.Mutex
	nonces []*given // the last mostNonces, oldest first
}

// given is a nonce that was given out.
type given struct {
	nonce string
	count uint64 // the last nc that came with it
	uses  int
}

// mostNonces is how many of them are taken at a time: each client has its own.
const mostNonces = 16

// NewLogin returns a login of one of Logins.
func NewLogin(kind string) (*Login, error) {
	for _, k := range Logins() {
		if k == kind {
			return &Login{kind: kind}, nil
		}
	}
	return nil, fmt.Errorf("no login is called %q; there are %s", kind, strings.Join(Logins(), ", "))
}

// Wrap asks for the login before h is asked.
func (l *Login) Wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ok, stale := l.admits(overHTTP, r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"))
		if ok {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", l.challenge(overHTTP, stale))
		http.Error(w, "this camera wants a login", http.StatusUnauthorized)
	})
}

// over is what a login is asked over. Digest over RTSP is RFC 2069's, as cameras have it:
// without qop, so that no count comes with a nonce.
type over bool

const (
	overHTTP over = false
	overRTSP over = true
)

// challenge is what is asked for, with a nonce of its own.
func (l *Login) challenge(o over, stale bool) string {
	if l.kind == "basic" {
		return fmt.Sprintf("Basic realm=%q", realm)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	g := &given{nonce: rand.Text()}
	l.nonces = append(l.nonces[max(0, len(l.nonces)+1-mostNonces):], g)
	c := fmt.Sprintf(`Digest realm=%q, nonce=%q, algorithm=%s`, realm, g.nonce, l.algorithm())
	if o == overHTTP {
		c += `, qop="auth"`
	}
	if stale {
		c += ", stale=true"
	}
	return c
}

func (l *Login) algorithm() string {
	if l.kind == "digest-sha256" {
		return "SHA-256"
	}
	return "MD5"
}

// admits judges a request of an address as its first line has it; stale: the login is right,
// and its nonce is used up.
func (l *Login) admits(o over, method, at, authorization string) (ok, stale bool) {
	scheme, rest, _ := strings.Cut(authorization, " ")
	if l.kind == "basic" {
		want := base64.StdEncoding.EncodeToString([]byte(User + ":" + Password))
		return strings.EqualFold(scheme, "basic") && same(rest, want), false
	}
	p := fields(rest)
	if !strings.EqualFold(scheme, "digest") || p["username"] != User || p["realm"] != realm || p["uri"] != at {
		return false, false
	}
	who, what := l.hash(User, realm, Password), l.hash(method, at)
	if o == overRTSP {
		if p["qop"] != "" || !same(p["response"], l.hash(who, p["nonce"], what)) {
			return false, false
		}
		return l.use(p["nonce"], 0)
	}
	nc, err := strconv.ParseUint(p["nc"], 16, 32)
	if err != nil || nc == 0 || p["qop"] != "auth" || !same(p["response"], l.hash(who, p["nonce"], p["nc"], p["cnonce"], "auth", what)) {
		return false, false
	}
	return l.use(p["nonce"], nc)
}

func (l *Login) hash(parts ...string) string {
	var sum hash.Hash = md5.New() //nolint:gosec // see above
	if l.kind == "digest-sha256" {
		sum = sha256.New()
	}
	_, _ = sum.Write([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(sum.Sum(nil))
}

// use counts a right answer: each nc once, and a nonce so often. Without nc, 0, the nonce's
// uses alone count.
func (l *Login) use(nonce string, nc uint64) (ok, stale bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.nonces {
		switch {
		case g.nonce != nonce:
		case g.uses >= nonceUses:
			return false, true
		case nc > 0 && nc <= g.count:
			return false, false
		default:
			g.count, g.uses = nc, g.uses+1
			return true, false
		}
	}
	return false, true
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// fields reads name=value, name="value", …; no value here has a comma or a quote in it.
func fields(s string) map[string]string {
	all := map[string]string{}
	for part := range strings.SplitSeq(s, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		all[strings.ToLower(name)] = strings.Trim(value, `"`)
	}
	return all
}
