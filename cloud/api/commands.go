package api

import (
	"context"
	"errors"
	"fmt"
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
	if err := s.mayAsk(r, r.PathValue("id"), view.Ask(body)); err != nil {
		return err
	}
	body.By = s.by(r, body.By)
	c, err := s.Commands.Ask(r.Context(), r.PathValue("id"), view.Ask(body), time.Now())
	if errors.Is(err, view.ErrUnknown) {
		return noGateway(r.PathValue("id"))
	}
	if err != nil {
		return err
	}
	return send(w, http.StatusAccepted, c)
}

// mayAsk says whether who asks may have this kind of thing done by a gateway: what is
// about a device or an alert, where that is.
func (s *server) mayAsk(r *http.Request, gateway string, a view.Ask) error {
	if s.Door == nil {
		return nil
	}
	action, ok := map[string]string{wire.KindRead: "ask", wire.KindStill: "ask", wire.KindActuate: "switch",
		wire.KindAcknowledge: toAcknowledge, wire.KindRewind: toConfigure}[a.Kind]
	if !ok {
		action = toView // the desk says what is wrong with it
	}
	var err error
	switch a.Kind {
	case wire.KindAcknowledge:
		err = s.maySilence(r, gateway, a.Alert)
	case wire.KindRead, wire.KindStill:
		err = s.must(r, action, gateway, a.Device)
	default: // an output is the gateway's, whatever device is named
		err = s.must(r, action, gateway, "")
	}
	return asGateway(err, gateway)
}

// asGateway is an error of a gateway that is not known, or not to who asks, as its answer.
func asGateway(err error, gateway string) error {
	if errors.Is(err, view.ErrUnknown) {
		return fmt.Errorf("%w: %w", noGateway(gateway), err)
	}
	return err
}

// maySilence says whether who asks may tell a gateway that its alert was seen: where the
// alert is. Without an alert that is known it is asked of the gateway.
func (s *server) maySilence(r *http.Request, gateway, alert string) error {
	a, err := s.Alerts.Get(r.Context(), alert)
	if errors.Is(err, view.ErrUnknown) || err == nil && a.Gateway != gateway {
		return s.must(r, toAcknowledge, gateway, "")
	}
	if err != nil {
		return err
	}
	return s.mustIn(r, toAcknowledge, a.Area)
}

// command shows one command.
func (s *server) command(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Commands.Get(r.Context(), r.PathValue("id"))
	if err == nil {
		err = s.must(r, toView, c.Gateway, c.Device)
	}
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, c)
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
	if len(images) == 0 {
		return nil
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
	if !s.may(r, toView, id, "") {
		return asGateway(view.ErrHidden, id)
	}
	list, err := s.Commands.List(r.Context(), id)
	if err != nil {
		return err
	}
	list = visible(list, s.scope(r), func(c *view.Command) (string, string) { return c.Gateway, c.Device })
	return send(w, http.StatusOK, map[string]any{"commands": list})
}
