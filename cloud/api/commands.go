package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// rewind asks a gateway to send again what it still has. The answer comes later:
// commands lists it.
func (s *server) rewind(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Since *int64
		By    string
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	if body.Since == nil {
		// Everything is a lot: nobody shall ask for it by forgetting a field.
		return badField("since", "请给出起始时间（Unix 毫秒），0 表示全部", "say since when, in Unix milliseconds; 0 means everything")
	}
	c, err := s.Commands.Rewind(r.Context(), r.PathValue("id"), *body.Since, body.By, time.Now())
	if errors.Is(err, view.ErrUnknown) {
		return noGateway(r.PathValue("id"))
	}
	if err != nil {
		return err
	}
	return send(w, http.StatusAccepted, c)
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
