package web

import (
	"context"
	_ "embed" // openapi.json
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/view"
)

//go:embed openapi.json
var openAPI []byte

// Options is what the door needs. Book, Lines, Verify and Log are required.
type Options struct {
	Book   *auth.Book
	Lines  func(ctx context.Context, f view.AuditFilter) ([]view.Audit, error) // of the audit log
	Verify func(ctx context.Context) (view.AuditVerdict, error)                // reads the whole audit log
	// Proxies are those that stand before the aggregator: only they are believed when they
	// say where a request comes from and that it came over TLS.
	Proxies []netip.Prefix
	// SecureOnly refuses requests from other machines that do not come over TLS.
	SecureOnly bool
	OIDC       Provider // nil: there is no identity provider
	Log        *slog.Logger
}

// Provider is an identity provider that knows people.
type Provider interface {
	// Start returns where the browser is to go, and what it must bring back.
	Start() (url, state string, err error)
	// Finish returns who it is that comes back with a code.
	Finish(ctx context.Context, state, gotState, code string) (auth.External, error)
}

// Server is the door and its handlers.
type Server struct {
	o      Options
	mux    *http.ServeMux
	origin *http.CrossOriginProtection
}

// prefix is where the handlers live.
const prefix = "/api/v1/auth"

// route is one line of the handlers. Those that are open need no account, those for the
// person are also there for somebody who first must change the password or set up a
// second factor; neither is for tokens.
type route struct {
	method, path string
	kind         kind
	do           func(http.ResponseWriter, *http.Request) error
}

type kind int

const (
	byRight   kind = iota // needs a right, which the book asks for
	forPerson             // for every person with a session
	forAll                // for everybody
)

func (s *Server) routes() []route {
	r := []route{
		{"GET", "/login", forAll, s.ways},
		{"POST", "/login", forAll, s.login},
		{"GET", "/me", forPerson, s.me},
		{"POST", "/logout", forPerson, s.logout},
		{"POST", "/screen", forPerson, s.keepScreen},
		{"POST", "/password", forPerson, s.password},
		{"POST", "/second-factor", forPerson, s.beginFactor},
		{"POST", "/second-factor/confirm", forPerson, s.confirmFactor},
		{"POST", "/second-factor/remove", forPerson, s.removeFactor},
		{"GET", "/sessions", forPerson, s.sessions},
		{"POST", "/sessions/{id}/end", forPerson, s.endSession},
		{"GET", "/tokens", byRight, s.tokens},
		{"POST", "/tokens", byRight, s.makeToken},
		{"POST", "/tokens/{id}/revoke", byRight, s.revokeToken},
		{"GET", "/roles", byRight, s.roles},
		{"GET", "/accounts", byRight, s.accounts},
		{"POST", "/accounts", byRight, s.makeAccount},
		{"GET", "/accounts/{id}", byRight, s.account},
		{"POST", "/accounts/{id}", byRight, s.changeAccount},
		{"POST", "/accounts/{id}/reset", byRight, s.reset},
		{"GET", "/audit", byRight, s.audit},
		{"GET", "/audit/check", byRight, s.checkAudit},
		{"GET", "/openapi.json", forAll, s.openapi},
	}
	if s.o.OIDC != nil {
		r = append(r, route{"GET", "/oidc/start", forAll, s.startOIDC}, route{"GET", "/oidc/callback", forAll, s.finishOIDC})
	}
	return r
}

// New returns the server.
func New(o Options) *Server {
	s := &Server{o: o, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection()}
	for _, r := range s.routes() {
		s.mux.HandleFunc(r.method+" "+prefix+r.path, s.answer(r.do))
	}
	s.mux.HandleFunc(prefix+"/", s.answer(s.unknown))
	return s
}

// ServeHTTP answers below /api/v1/auth/. What it answers must have come through Guard.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// kindOf says for whom an address below the prefix is.
func (s *Server) kindOf(r *http.Request) kind {
	_, pattern := s.mux.Handler(r)
	for _, line := range s.routes() {
		if pattern == line.method+" "+prefix+line.path {
			return line.kind
		}
	}
	return byRight
}

func (s *Server) answer(do func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := do(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

func (s *Server) openapi(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err := w.Write(openAPI)
	return err
}
