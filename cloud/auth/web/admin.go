package web

import (
	"math"
	"net/http"

	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// roles is the table of who may do what.
func (s *Server) roles(w http.ResponseWriter, r *http.Request) error {
	type line struct {
		Role    role.Role     `json:"role"`
		Actions []role.Action `json:"actions"`
	}
	table := []line{}
	for _, ro := range role.All() {
		l := line{Role: ro, Actions: []role.Action{}}
		for _, a := range role.Actions() {
			if ro.May(a) {
				l.Actions = append(l.Actions, a)
			}
		}
		table = append(table, l)
	}
	return send(w, http.StatusOK, map[string]any{"roles": table})
}

func (s *Server) accounts(w http.ResponseWriter, r *http.Request) error {
	limit, err := number(r, "limit", 200, 1, 1000)
	if err != nil {
		return err
	}
	list, err := s.o.Book.Accounts(r.Context(), auth.From(r.Context()), r.URL.Query().Get("after"), int(limit))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"accounts": list})
}

func (s *Server) makeAccount(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		ID, Name string
		Grants   []role.Grant
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	a, password, err := s.o.Book.Make(r.Context(), auth.From(r.Context()), body.ID, body.Name, body.Grants)
	if err != nil {
		return err
	}
	return send(w, http.StatusCreated, map[string]any{"account": a, "password": password})
}

func (s *Server) account(w http.ResponseWriter, r *http.Request) error {
	a, err := s.o.Book.Account(r.Context(), auth.From(r.Context()), r.PathValue("id"))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, a)
}

func (s *Server) changeAccount(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Name   *string
		Active *bool
		Grants *[]role.Grant
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	a, err := s.o.Book.Change(r.Context(), auth.From(r.Context()), r.PathValue("id"), auth.Change(body))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, a)
}

func (s *Server) reset(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		SecondFactor bool `json:"second_factor"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	password, err := s.o.Book.Reset(r.Context(), auth.From(r.Context()), r.PathValue("id"), body.SecondFactor)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]string{"password": password})
}

// auditor lets only those read the log of all areas who may do so everywhere.
func auditor(r *http.Request) error {
	if !auth.From(r.Context()).May(role.ReadAudit, role.Everywhere) {
		return auth.ErrForbidden
	}
	return nil
}

func (s *Server) audit(w http.ResponseWriter, r *http.Request) error {
	if err := auditor(r); err != nil {
		return err
	}
	q := r.URL.Query()
	f := view.AuditFilter{Who: q.Get("who"), About: q.Get("about"), What: q.Get("what"), Result: q.Get("result")}
	limit := int64(0)
	for _, n := range []struct {
		name           string
		def, low, high int64
		into           *int64
	}{{"from", 0, 0, math.MaxInt64, &f.From}, {"to", 0, 0, math.MaxInt64, &f.To}, {"before", 0, 0, math.MaxInt64, &f.Before}, {"limit", 100, 1, 1000, &limit}} {
		var err error
		if *n.into, err = number(r, n.name, n.def, n.low, n.high); err != nil {
			return err
		}
	}
	f.Limit = int(limit)
	lines, err := s.o.Lines(r.Context(), f)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"lines": lines})
}

func (s *Server) checkAudit(w http.ResponseWriter, r *http.Request) error {
	if err := auditor(r); err != nil {
		return err
	}
	v, err := s.o.Verify(r.Context())
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, v)
}
