package web

import (
	"net/http"

	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
)

// me is who asks, as the page needs it.
type me struct {
	Person string       `json:"person"`
	Name   string       `json:"name"`
	Grants []role.Grant `json:"grants"`
	Must   string       `json:"must"` // password, second-factor or empty
	CSRF   string       `json:"csrf"` // to be sent back as X-CSRF-Token; empty with a program's token
	Token  string       `json:"token"`
	Screen bool         `json:"screen"` // it may look, and somebody else kept it here
}

func meOf(p *auth.Principal) me {
	return me{Person: p.Person, Name: p.Name, Grants: p.Grants(), Must: p.Must, CSRF: p.CSRF, Token: p.Token, Screen: p.Screen}
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Person, Password, Code string }
	if err := decode(r, &body); err != nil {
		return err
	}
	session, p, err := s.o.Book.Login(r.Context(), auth.Attempt{Person: body.Person, Password: body.Password, Code: body.Code,
		Address: s.Address(r), Agent: r.UserAgent(), Replaces: s.cookie(r)})
	if err != nil {
		return err
	}
	s.setCookie(w, r, session)
	return send(w, http.StatusOK, meOf(p))
}

// ways says how people can log in, for the page that asks them to.
func (s *Server) ways(w http.ResponseWriter, r *http.Request) error {
	return send(w, http.StatusOK, map[string]bool{"oidc": s.o.OIDC != nil})
}

func (s *Server) me(w http.ResponseWriter, r *http.Request) error {
	return send(w, http.StatusOK, meOf(auth.From(r.Context())))
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	if err := s.o.Book.Logout(r.Context(), auth.From(r.Context())); err != nil {
		return err
	}
	s.setCookie(w, r, "")
	return send(w, http.StatusOK, struct{}{})
}

func (s *Server) keepScreen(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Name, Area string }
	if err := decode(r, &body); err != nil {
		return err
	}
	value, p, err := s.o.Book.KeepScreen(r.Context(), auth.From(r.Context()), body.Name, body.Area)
	if err != nil {
		return err
	}
	s.setCookie(w, r, value)
	return send(w, http.StatusCreated, meOf(p))
}

func (s *Server) password(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Old, New string }
	if err := decode(r, &body); err != nil {
		return err
	}
	session, p, err := s.o.Book.ChangePassword(r.Context(), auth.From(r.Context()), body.Old, body.New)
	if err != nil {
		return err
	}
	s.setCookie(w, r, session)
	return send(w, http.StatusOK, meOf(p))
}

func (s *Server) beginFactor(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Password string }
	if err := decode(r, &body); err != nil {
		return err
	}
	secret, uri, err := s.o.Book.BeginFactor(r.Context(), auth.From(r.Context()), body.Password)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]string{"secret": secret, "uri": uri})
}

func (s *Server) confirmFactor(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Code string }
	if err := decode(r, &body); err != nil {
		return err
	}
	recovery, session, p, err := s.o.Book.ConfirmFactor(r.Context(), auth.From(r.Context()), body.Code)
	if err != nil {
		return err
	}
	s.setCookie(w, r, session)
	return send(w, http.StatusOK, map[string]any{"recovery_codes": recovery, "me": meOf(p)})
}

func (s *Server) removeFactor(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Password string }
	if err := decode(r, &body); err != nil {
		return err
	}
	session, p, err := s.o.Book.RemoveFactor(r.Context(), auth.From(r.Context()), body.Password)
	if err != nil {
		return err
	}
	s.setCookie(w, r, session)
	return send(w, http.StatusOK, meOf(p))
}

// whose is the person that a request is about: the one that it names, else the one that
// asks.
func whose(r *http.Request) string {
	if id := r.URL.Query().Get("person"); id != "" {
		return id
	}
	return auth.From(r.Context()).Person
}

func (s *Server) sessions(w http.ResponseWriter, r *http.Request) error {
	list, err := s.o.Book.Sessions(r.Context(), auth.From(r.Context()), whose(r))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"sessions": list})
}

func (s *Server) endSession(w http.ResponseWriter, r *http.Request) error {
	if err := s.o.Book.EndSession(r.Context(), auth.From(r.Context()), whose(r), r.PathValue("id")); err != nil {
		return err
	}
	return send(w, http.StatusOK, struct{}{})
}

func (s *Server) tokens(w http.ResponseWriter, r *http.Request) error {
	list, err := s.o.Book.Tokens(r.Context(), auth.From(r.Context()), whose(r))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"tokens": list})
}

func (s *Server) makeToken(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Name   string
		Grants []role.Grant
		Rate   int
		Ends   int64
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	t, value, err := s.o.Book.MakeToken(r.Context(), auth.From(r.Context()), auth.Token{Name: body.Name, Grants: body.Grants, Rate: body.Rate, Ends: body.Ends})
	if err != nil {
		return err
	}
	return send(w, http.StatusCreated, map[string]any{"token": t, "value": value})
}

func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request) error {
	if err := s.o.Book.RevokeToken(r.Context(), auth.From(r.Context()), whose(r), r.PathValue("id")); err != nil {
		return err
	}
	return send(w, http.StatusOK, struct{}{})
}
