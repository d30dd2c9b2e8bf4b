package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Door says who asks and what they may do.
type Door interface {
	http.Handler // answers below /api/v1/auth/
	// Guard lets in who may come in, and puts who it is into the request's context. refused is
	// told of a request of somebody who is known and is not let in, with who it is; it answers
	// nothing.
	Guard(next http.Handler, refused func(r *http.Request)) http.Handler
	// May says whether who asks may do something to what lies in an area.
	May(ctx context.Context, action, area string) bool
	// Anywhere says whether there is an area in which who asks may do something.
	Anywhere(ctx context.Context, action string) bool
	// Again returns the context of who asks with the rights as they are now. ok is false if the
	// session or the token has ended since Guard let it in; an error means that it cannot be
	// said.
	Again(ctx context.Context) (now context.Context, ok bool, err error)
	// Person is who asks, or whose program it is.
	Person(ctx context.Context) string
	// Name is that of who asks, for the record.
	Name(ctx context.Context) string
}

// What the door is asked about; the area everywhere is for what concerns all of them.
const (
	toView        = "view"
	toAcknowledge = "acknowledge"
	toConfigure   = "configure"
	toSet         = "settings"
	toKnow        = "see-persons"
	toWork        = "work"
	toMeasure     = "read-metrics"
	everywhere    = "*"
)

// forbidden is the answer to who may see something and not do it.
func forbidden() error {
	return problem(http.StatusForbidden, "E7205", "", "您没有这项权限", "you have no right to do this here")
}

// wide says whether who asks may do something everywhere.
func (s *server) wide(r *http.Request, action string) bool {
	return s.Door == nil || s.Door.May(r.Context(), action, everywhere)
}

// may says whether who asks may do something to a gateway or, with a device, to one of its
// devices, which may stand elsewhere. What nobody knows lies in no area.
func (s *server) may(r *http.Request, action, gateway, device string) bool {
	return s.wide(r, action) || s.Door.May(r.Context(), action, s.Fleet.Area(gateway, device))
}

// must is may as an error: who may not even see it is told that there is no such thing.
func (s *server) must(r *http.Request, action, gateway, device string) error {
	if s.wide(r, action) {
		return nil
	}
	if _, known := s.Fleet.Gateway(gateway); !known {
		return view.ErrUnknown
	}
	return s.mustIn(r, action, s.Fleet.Area(gateway, device))
}

// mustIn is must for what lies in an area.
func (s *server) mustIn(r *http.Request, action, area string) error {
	switch {
	case s.inArea(r, action, area):
		return nil
	case s.inArea(r, toView, area):
		return forbidden()
	}
	return view.ErrHidden
}

// scope is what somebody may see in a list, with each device asked about once.
func (s *server) scope(r *http.Request) func(gateway, device string) bool {
	if s.wide(r, toView) {
		return func(string, string) bool { return true }
	}
	type key struct{ gateway, device string }
	asked := map[key]bool{}
	return func(gateway, device string) bool {
		sees, ok := asked[key{gateway, device}]
		if !ok {
			sees = s.may(r, toView, gateway, device)
			asked[key{gateway, device}] = sees
		}
		return sees
	}
}

// guarded puts the door's question before a route. Those in this list ask it themselves,
// about the area of what they show or change, or show nothing that belongs to one. For any
// other, also one that is added later, the right everywhere is needed.
func (s *server) guarded(r route) func(http.ResponseWriter, *http.Request) error {
	if s.Door == nil {
		return r.do
	}
	switch r.method + " " + strings.TrimPrefix(r.path, prefix) {
	case "GET /info", "GET /openapi.json", "GET /metrics-catalogue", "GET /healthz",
		"GET /gateways", "GET /gateways/{id}", "GET /gateways/{id}/commands", "POST /gateways/{id}/commands", "GET /commands/{id}",
		"GET /values", "GET /series", "GET /export", "GET /alerts", "GET /alerts/{id}", "POST /alerts/{id}/acknowledge", "GET /gaps", "GET /replay",
		"GET /cameras", "GET /cameras/{gateway}/{device}/latest.jpg", "GET /images/{file}",
		"GET /stream", "GET /departments",
		"GET /cases", "POST /cases", "GET /cases/{id}", "POST /cases/{id}/actions/{action}", "GET /rules/quality", "GET /performance", "GET /performance.csv",
		"GET /handovers", "POST /handovers", "GET /handovers/draft", "GET /handovers/{id}", "GET /handovers/{id}/cases.csv", "POST /handovers/{id}/take",
		"GET /areas", "GET /areas/{code}", "GET /areas/at", "GET /map", "GET /map/layers",
		"PUT /gateways/{id}/place", "PUT /gateways/{id}/devices/{device}/place":
		return r.do
	case "GET /routes", "GET /routes/responsible", "GET /rosters", "GET /rosters/{id}/duty", "GET /duty":
		return s.only(r, func(ctx context.Context) bool { return s.Door.Anywhere(ctx, toKnow) })
	case "GET /notifications", "GET /notifications/{id}", "GET /channels":
		return s.only(r, func(ctx context.Context) bool { return s.Door.May(ctx, toSet, everywhere) })
	case "GET /metrics":
		return s.only(r, func(ctx context.Context) bool { return s.Door.May(ctx, toMeasure, everywhere) })
	}
	action := toSet
	if r.method == http.MethodGet {
		action = toView
	}
	return s.only(r, func(ctx context.Context) bool { return s.Door.May(ctx, action, everywhere) })
}

// only lets through who fits.
func (s *server) only(r route, fits func(ctx context.Context) bool) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, req *http.Request) error {
		if !fits(req.Context()) {
			return forbidden()
		}
		return r.do(w, req)
	}
}

// inArea says whether who asks may do something in an area.
func (s *server) inArea(r *http.Request, action, area string) bool {
	return s.Door == nil || s.Door.May(r.Context(), action, area)
}

// by is who does something: who is logged in, else the name that is given.
func (s *server) by(r *http.Request, given string) string {
	if s.Door == nil {
		return given
	}
	return s.Door.Name(r.Context())
}

// visible keeps of a list what belongs to gateways and devices that are in scope.
func visible[T any](list []T, sees func(gateway, device string) bool, whose func(*T) (gateway, device string)) []T {
	kept := make([]T, 0, len(list))
	for i := range list {
		if sees(whose(&list[i])) {
			kept = append(kept, list[i])
		}
	}
	return kept
}
