package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
)

// Names of the session's cookie: with the prefix, a browser takes it only over TLS, for
// this host alone and for all of its paths.
const (
	secureCookie = "__Host-lamppost"
	plainCookie  = "lamppost"
)

// csrfHeader is where a page sends back the token that login and me gave it.
const csrfHeader = "X-CSRF-Token"

// soon is how long it may take to find out who asks for what anybody may have.
const soon = 500 * time.Millisecond

// Guard lets in who may come in, with the principal in the context, and answers the
// others. refused is told of those of them who are known, before they are answered.
func (s *Server) Guard(next http.Handler, refused func(r *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.overTLS(r); err != nil {
			s.fail(w, r, err)
			return
		}
		p, err := s.meet(w, r)
		if err != nil {
			s.turnAway(w, r, p, err)
			return
		}
		if p != nil {
			r = r.WithContext(auth.With(r.Context(), p))
		}
		if err := s.admit(r, p); err != nil {
			if p != nil {
				refused(r)
			}
			s.turnAway(w, r, p, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// turnAway answers somebody who does not come in; p is who it is, nil if nobody knows.
func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, p *auth.Principal, err error) {
	if p == nil {
		w.Header().Set("WWW-Authenticate", `Bearer realm="lamppost"`)
	}
	s.fail(w, r, err)
}

// May says whether who asks, as Guard has found out, may do something to what lies in an
// area; see role.Permit.
func (s *Server) May(ctx context.Context, action, area string) bool {
	return auth.From(ctx).May(role.Action(action), area)
}

// Anywhere says whether there may be an area in which who asks may do something.
func (s *Server) Anywhere(ctx context.Context, action string) bool {
	return auth.From(ctx).Anywhere(role.Action(action))
}

// Again returns the context of who asks with the rights as they are now; ok is false if the
// session or the token has ended. An error means that it cannot be said.
func (s *Server) Again(ctx context.Context) (now context.Context, ok bool, err error) {
	p, err := s.o.Book.Again(ctx, auth.From(ctx))
	switch {
	case errors.Is(err, auth.ErrSession):
		return ctx, false, nil
	case err != nil:
		return ctx, false, err
	}
	return auth.With(ctx, p), true, nil
}

// Person is who asks, or whose program it is; empty: nobody.
func (s *Server) Person(ctx context.Context) string {
	if p := auth.From(ctx); p != nil {
		return p.Person
	}
	return ""
}

// Name is how the record calls who asks: the person's id, for a program with the token's
// behind it.
func (s *Server) Name(ctx context.Context) string {
	p := auth.From(ctx)
	switch {
	case p == nil:
		return ""
	case p.Token != "":
		return p.Person + " (" + p.Token + ")"
	}
	return p.Person
}

// meet is who, but does not keep what needs no account waiting for a database that is away:
// the console's files and the sign of life, which says that it is. Who asks is then nobody.
func (s *Server) meet(w http.ResponseWriter, r *http.Request) (*auth.Principal, error) {
	if !free(r) {
		return s.who(w, r)
	}
	ctx, cancel := context.WithTimeout(r.Context(), soon)
	defer cancel()
	p, err := s.who(w, r.WithContext(ctx))
	var f *failure
	var slow *auth.Slow
	if err == nil || errors.As(err, &f) || errors.As(err, &slow) || r.Context().Err() != nil {
		return p, err
	}
	s.o.Log.Debug("who asks cannot be told", "path", r.URL.Path, "error", err)
	return nil, nil
}

// who returns who asks; nil: nobody that is known. A wrong token is an error, a cookie of
// a session that has ended is taken back.
func (s *Server) who(w http.ResponseWriter, r *http.Request) (*auth.Principal, error) {
	from := s.Address(r)
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, value, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return nil, problem(http.StatusUnauthorized, "E7204", "", "Authorization 应为 Bearer 加令牌", "write Authorization: Bearer and the token")
		}
		p, err := s.o.Book.AuthenticateToken(r.Context(), value, from)
		if errors.Is(err, auth.ErrSession) {
			return nil, problem(http.StatusUnauthorized, "E7204", "", "令牌无效、已过期或已吊销", "the token is not valid, or no longer")
		}
		return p, err
	}
	value := s.cookie(r)
	if value == "" {
		return nil, nil
	}
	authenticate := s.o.Book.Authenticate
	if auth.IsScreen(value) {
		authenticate = s.o.Book.AuthenticateScreen
	}
	p, err := authenticate(r.Context(), value, from)
	if errors.Is(err, auth.ErrSession) {
		s.setCookie(w, r, "")
		return nil, nil
	}
	return p, err
}

// admit says whether somebody may come in at all; what they may do there, who answers
// asks.
func (s *Server) admit(r *http.Request, p *auth.Principal) error {
	kind := byRight
	switch {
	case strings.HasPrefix(r.URL.Path, prefix+"/"):
		kind = s.kindOf(r)
	case free(r):
		kind = forAll
	}
	switch {
	case p != nil && p.CSRF != "" && !safe(r.Method):
		if err := s.sameSite(r, p); err != nil {
			return err
		}
	case kind == forAll && !safe(r.Method) && s.origin.Check(r) != nil:
		return elsewhere()
	}
	switch {
	case kind == forAll:
		return nil
	case p == nil:
		return nobody()
	case p.Token != "" && kind == forPerson && !s.forTokens(r, p):
		return auth.ErrForbidden
	case kind == forPerson || p.Must == "":
		return nil
	case p.Must == "password":
		return problem(http.StatusForbidden, "E7208", "", "请先修改口令", "change your password first")
	}
	return problem(http.StatusForbidden, "E7209", "", "请先设置动态验证码", "set up the second factor first")
}

// forTokens says whether what is for persons is for a token, too: who it is, and that a screen
// ends.
func (s *Server) forTokens(r *http.Request, p *auth.Principal) bool {
	return r.URL.Path == prefix+"/me" || p.Screen && r.URL.Path == prefix+"/logout"
}

// free says whether an address needs no account: the console's own files and the sign of
// life. Everything else that is served besides them is below /api/ or is /metrics.
func free(r *http.Request) bool {
	return safe(r.Method) && r.URL.Path != "/metrics" && r.URL.Path != "/api" && !strings.HasPrefix(r.URL.Path, "/api/")
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

func elsewhere() error {
	return problem(http.StatusForbidden, "E7105", "", "不接受来自其他网站的操作", "writes from other sites are not accepted")
}

// sameSite takes a change with a session only from the console's own pages.
func (s *Server) sameSite(r *http.Request, p *auth.Principal) error {
	if s.origin.Check(r) != nil {
		return elsewhere()
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get(csrfHeader)), []byte(p.CSRF)) != 1 {
		return problem(http.StatusForbidden, "E7207", "", "页面已过期，请刷新后重试", "this page is out of date; load it again")
	}
	return nil
}

// trusts says whether an address is that of a proxy that is believed.
func (s *Server) trusts(a netip.Addr) bool {
	for _, p := range s.o.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// peer is the other end of the connection.
func peer(r *http.Request) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	a, err := netip.ParseAddr(host)
	return a.Unmap(), err == nil
}

// Address is where a request comes from: the connection's other end, or if that is a
// proxy, the last of the addresses it names that is not one itself.
func (s *Server) Address(r *http.Request) string {
	at, ok := peer(r)
	if !ok {
		return r.RemoteAddr
	}
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for s.trusts(at) && len(chain) > 0 {
		said, err := netip.ParseAddr(strings.TrimSpace(chain[len(chain)-1]))
		if err != nil {
			break
		}
		at, chain = said.Unmap(), chain[:len(chain)-1]
	}
	return at.String()
}

// secure says whether the browser's connection is over TLS.
func (s *Server) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	a, ok := peer(r)
	return ok && s.trusts(a) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// overTLS refuses what everybody on the way could read: before anything is answered, so
// that no cookie is set and nobody gets used to it.
func (s *Server) overTLS(r *http.Request) error {
	if !s.o.SecureOnly || s.secure(r) {
		return nil
	}
	if a, err := netip.ParseAddr(s.Address(r)); err == nil && a.IsLoopback() { // and not only its proxy
		return nil
	}
	return problem(http.StatusForbidden, "E7212", "", "请使用 https 访问", "use https")
}

// cookie is the session's value that a browser brings; empty: none. Two of one name, of
// which one may be a stranger's, are none.
func (s *Server) cookie(r *http.Request) string {
	found := r.CookiesNamed(s.cookieName(r))
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

func (s *Server) cookieName(r *http.Request) string {
	if s.secure(r) {
		return secureCookie
	}
	return plainCookie
}

// screenAge is how long a browser keeps a screen's cookie, seconds; the token ends before.
const screenAge = 400 * 24 * 3600

// setCookie gives a browser its session's or screen's value; an empty one takes it back.
func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, value string) {
	c := &http.Cookie{Name: s.cookieName(r), Value: value, Path: "/", HttpOnly: true, Secure: s.secure(r), SameSite: http.SameSiteStrictMode}
	switch {
	case value == "":
		c.MaxAge = -1
	case auth.IsScreen(value):
		c.MaxAge = screenAge // over every restart
	}
	http.SetCookie(w, c)
}
