package camera

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// challenge is what a camera wants to see before it shows a picture: one of the
// challenges of its WWW-Authenticate headers.
type challenge struct {
	scheme string            // lower case: basic, digest
	params map[string]string // names in lower case
}

// Bounds on what a camera may send us to parse.
const (
	maxChallenges = 8
	maxParams     = 32
	maxHeader     = 4096
)

// parseChallenges reads the WWW-Authenticate headers (RFC 9110, 11.6.1). What
// cannot be read is left out.
func parseChallenges(headers []string) (all []challenge) {
	for _, h := range headers {
		p := params{rest: h[:min(len(h), maxHeader)]}
		for len(all) < maxChallenges {
			c, ok := p.challenge()
			if !ok {
				break
			}
			all = append(all, c)
		}
	}
	return all
}

type params struct{ rest string }

func (p *params) challenge() (c challenge, ok bool) {
	p.skip(" \t,")
	scheme := p.token()
	if scheme == "" {
		return c, false
	}
	c = challenge{strings.ToLower(scheme), map[string]string{}}
	for len(c.params) < maxParams {
		before := p.rest
		p.skip(" \t,")
		name := p.token()
		p.skip(" \t")
		if name == "" || !strings.HasPrefix(p.rest, "=") {
			p.rest = before // the next challenge, or the end
			return c, true
		}
		p.rest = p.rest[1:]
		p.skip(" \t")
		c.params[strings.ToLower(name)] = p.value()
	}
	return c, true
}

func (p *params) skip(cut string) { p.rest = strings.TrimLeft(p.rest, cut) }

func (p *params) token() string {
	n := strings.IndexFunc(p.rest, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) })
	if n < 0 {
		n = len(p.rest)
	}
	t := p.rest[:n]
	p.rest = p.rest[n:]
	return t
}

// value reads a token or a quoted text, escapes resolved.
func (p *params) value() string {
	if !strings.HasPrefix(p.rest, `"`) {
		return p.token()
	}
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			p.rest = p.rest[i+1:]
			return b.String()
		case c == '\\' && i+1 < len(p.rest):
			i++
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	p.rest = "" // the closing quote is missing
	return b.String()
}

// login answers challenges with a name and a password. It remembers the last
// challenge, so that only the first request is made twice.
type login struct {
	user, password string
	now            challenge // what to answer; without a scheme: nothing asked yet
	count          int       // requests answered with now's nonce
	cnonce         func() string

	pause time.Duration // after the last wrong answer; 0: none was
	until time.Time     // no answer is tried before
}

// How long a camera that has called name or password wrong is not told them again, each time
// twice as long: cameras lock out for half an hour who is wrong a few times. It is asked all
// the same, without them, and what it says is told.
const (
	firstLockout = time.Minute
	mostLockout  = 10 * time.Minute
)

func newLogin(user, password string) *login {
	return &login{user: user, password: password, cnonce: func() string { return rand.Text() }}
}

// mostStale is how often at once a camera may say that only the nonce was old, and is asked
// again. Some keep a single one, which whoever else asks replaces.
const mostStale = 4

// errStale is said of a camera that takes no nonce of its own.
var errStale = fmt.Errorf("%w: 401, it calls each nonce that it has just given old; does somebody else ask it without pause?", drivers.ErrException)

// refused judges an answer 401 to a request that was made again times before: more says to
// make it once more. Where the camera says that only the nonce was old, name and password
// are right (RFC 7616, 3.3).
func (l *login) refused(asks []challenge, again int) (more bool, err error) {
	stale := l.now.scheme == "digest" && slices.ContainsFunc(asks, challenge.stale)
	if l.now.scheme != "" && again == 0 { // it was right before
		l.pause = 0
	}
	switch {
	case again == 0 && l.pause > 0 && time.Now().Before(l.until):
		return false, nil
	case again == 0, stale && again <= mostStale:
		if !l.take(asks) {
			return false, errKindOfLogin
		}
		return true, nil
	case stale:
		err = errStale
	default:
		l.pause = min(max(2*l.pause, firstLockout), mostLockout)
		l.until = time.Now().Add(l.pause)
	}
	l.now = challenge{} // ask first next time: cameras lock out who is wrong twice at once
	return false, err
}

// stale says whether the last answer was refused for its nonce alone.
func (c challenge) stale() bool {
	return c.scheme == "digest" && strings.EqualFold(c.params["stale"], "true")
}

// take chooses the strongest challenge that it can answer; false: there is none.
func (l *login) take(all []challenge) bool {
	best := -1
	for _, c := range all {
		if r := c.rank(); r > best {
			l.now, l.count, best = c, 0, r
		}
	}
	return best >= 0
}

// rank orders what can be answered, strongest last: Basic, Digest with MD5, Digest
// with SHA-256; -1 is anything else.
func (c challenge) rank() int {
	switch {
	case c.scheme == "basic":
		return 0
	case c.scheme != "digest" || c.params["nonce"] == "":
		return -1
	}
	qop := c.params["qop"]
	if qop != "" && !hasWord(qop, "auth") {
		return -1
	}
	switch strings.ToUpper(strings.TrimSuffix(strings.ToLower(c.params["algorithm"]), "-sess")) {
	case "", "MD5":
		return 1
	case "SHA-256":
		return 2
	default:
		return -1
	}
}

func hasWord(list, word string) bool {
	for _, w := range strings.Split(list, ",") {
		if strings.EqualFold(strings.TrimSpace(w), word) {
			return true
		}
	}
	return false
}

// authorize adds the answer to a request.
func (l *login) authorize(r *http.Request) {
	if a := l.authorization(r.Method, r.URL.RequestURI()); a != "" {
		r.Header.Set("Authorization", a)
	}
}

// authorization is the answer to the last challenge, empty: there was none.
func (l *login) authorization(method, uri string) string {
	switch l.now.scheme {
	case "basic":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.user+":"+l.password))
	case "digest":
		l.count++
		return l.digest(method, uri)
	default:
		return ""
	}
}

// digest is the answer of RFC 7616, and of RFC 2069 where the camera names no qop.
func (l *login) digest(method, uri string) string {
	p, newHash := l.now.params, md5.New
	if strings.HasPrefix(strings.ToUpper(p["algorithm"]), "SHA-256") {
		newHash = sha256.New
	}
	cnonce, nc := l.cnonce(), fmt.Sprintf("%08x", l.count)
	a1 := sum(newHash, l.user, p["realm"], l.password)
	if strings.HasSuffix(strings.ToLower(p["algorithm"]), "-sess") {
		a1 = sum(newHash, a1, p["nonce"], cnonce)
	}
	a2 := sum(newHash, method, uri)
	response := sum(newHash, a1, p["nonce"], a2)
	if p["qop"] != "" {
		response = sum(newHash, a1, p["nonce"], nc, cnonce, "auth", a2)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Digest username=%s, realm=%s, nonce=%s, uri=%s, response=%q", quote(l.user), quote(p["realm"]), quote(p["nonce"]), quote(uri), response)
	if a := p["algorithm"]; a != "" {
		b.WriteString(", algorithm=" + a)
	}
	if o := p["opaque"]; o != "" {
		b.WriteString(", opaque=" + quote(o))
	}
	if p["qop"] != "" {
		fmt.Fprintf(&b, ", qop=auth, nc=%s, cnonce=%s", nc, quote(cnonce))
	}
	return b.String()
}

func sum(newHash func() hash.Hash, parts ...string) string {
	h := newHash()
	h.Write([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(h.Sum(nil))
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
