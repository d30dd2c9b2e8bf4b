package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// ask asks a gateway for something. The answer comes later: commands lists it.
func (s *server) ask(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Kind                  string
		Since                 *int64
		Alert, Device, Output string
		On                    *bool
		ForMS                 int64 `json:"for_ms"`
		By                    string
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	c, err := s.Commands.Ask(r.Context(), r.PathValue("id"), view.Ask(body), time.Now())
	if errors.Is(err, view.ErrUnknown) {
		return noGateway(r.PathValue("id"))
	}
	if err != nil {
		return err
	}
	return send(w, http.StatusAccepted, c)
}

// command shows one command.
func (s *server) command(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Commands.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, c)
}

// tellGateway lets a gateway know that somebody has seen its alert, so that it silences
// its siren. What fails here is in the log: the acknowledgement stands all the same.
func (s *server) tellGateway(r *http.Request, a view.Alert, by string) {
	if a.Condition != "active" {
		return
	}
	if _, err := s.Commands.Ask(r.Context(), a.Gateway, view.Ask{Kind: wire.KindAcknowledge, Alert: a.ID, By: by}, time.Now()); err != nil {
		s.Log.Warn("a gateway is not told that its alert was acknowledged", "gateway", a.Gateway, "alert", a.ID, "error", err)
	}
}

// details is an alert with which of its pictures are here, and how its gateway was told
// of the acknowledgement.
func (s *server) details(r *http.Request, a view.Alert) (view.Alert, error) {
	for i, p := range a.Pictures {
		taken, err := s.Images.Taken(r.Context(), p.Image)
		if err == nil {
			t := taken.UnixMilli()
			a.Pictures[i].T = &t
		} else if !errors.Is(err, view.ErrUnknown) {
			return a, err
		}
	}
	one := []view.Alert{a}
	if err := s.missing(r.Context(), one); err != nil {
		return a, err
	}
	a = one[0]
	c, err := s.Commands.Acknowledgement(r.Context(), a.ID)
	if errors.Is(err, view.ErrUnknown) {
		return a, nil
	}
	a.Command = &c
	return a, err
}

// missing says of alerts which of their pictures never come.
func (s *server) missing(ctx context.Context, alerts []view.Alert) error {
	var images []string
	for i := range alerts {
		images = append(images, named(&alerts[i])...)
	}
	gone, err := s.Fleet.Missing(ctx, images)
	if err != nil || len(gone) == 0 {
		return err
	}
	type key struct{ gateway, image string }
	why := map[key]string{}
	for _, m := range gone {
		for _, image := range m.Images {
			why[key{m.Gateway, image}] = m.Why
		}
	}
	for i := range alerts {
		a := &alerts[i]
		for _, image := range named(a) {
			if w, ok := why[key{a.Gateway, image}]; ok {
				if a.Missing == nil {
					a.Missing = map[string]string{}
				}
				a.Missing[image] = w
			}
		}
	}
	return nil
}

// named are the pictures that an alert names.
func named(a *view.Alert) (images []string) {
	if a.Image != "" {
		images = append(images, a.Image)
	}
	for _, p := range a.Pictures {
		images = append(images, p.Image)
	}
	for _, s := range a.Timeline {
		if s.Image != "" {
			images = append(images, s.Image)
		}
	}
	return images
}

// commands lists what a gateway was asked to do, the newest first.
func (s *server) commands(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if _, ok := s.Fleet.Gateway(id); !ok {
		return noGateway(id)
	}
	list, err := s.Commands.List(r.Context(), id)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"commands": list})
}
