package web

import (
	"net/http"

	"github.com/lamppost-city/lamppost/cloud/auth"
)

// flowCookie holds what a browser must bring back from the identity provider. It is Lax:
// the way back is a link from another site.
const flowCookie = "lamppost-oidc"

// flowTime is how long somebody may take to log in there, in seconds.
const flowTime = 600

func (s *Server) flow(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{Name: flowCookie, Value: value, Path: prefix + "/oidc/", MaxAge: age, HttpOnly: true, Secure: s.secure(r), SameSite: http.SameSiteLaxMode}
}

func (s *Server) startOIDC(w http.ResponseWriter, r *http.Request) error {
	url, state, err := s.o.OIDC.Start()
	if err != nil {
		s.o.Log.Warn("the identity provider does not answer", "error", err)
		return problem(http.StatusBadGateway, "E7213", "", "统一身份认证平台没有应答", "the identity provider does not answer")
	}
	http.SetCookie(w, s.flow(r, state, flowTime))
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, url, http.StatusSeeOther)
	return nil
}

func (s *Server) finishOIDC(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, s.flow(r, "", -1))
	q := r.URL.Query()
	c, err := r.Cookie(flowCookie)
	if err != nil || q.Get("code") == "" {
		return problem(http.StatusUnauthorized, "E7211", "", "统一身份认证没有完成，请重新登录", "the identity provider did not finish; log in again")
	}
	who, err := s.o.OIDC.Finish(r.Context(), c.Value, q.Get("state"), q.Get("code"))
	if err != nil {
		s.o.Log.Warn("a login by the identity provider failed", "from", s.Address(r), "error", err)
		return problem(http.StatusUnauthorized, "E7211", "", "统一身份认证没有完成，请重新登录", "the identity provider did not finish; log in again")
	}
	session, _, err := s.o.Book.Enter(r.Context(), who, auth.Attempt{Person: who.Person, Address: s.Address(r), Agent: r.UserAgent(), Replaces: s.cookie(r)})
	if err != nil {
		return err
	}
	s.setCookie(w, r, session)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
