package api

import (
	"context"
	_ "embed" // openapi.json
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/lamppost-city/lamppost/cloud/packed"
	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

//go:embed openapi.json
var openAPI []byte

// Fleet is what the API needs of the registry of gateways.
type Fleet interface {
	Gateways() []view.Gateway
	Gateway(id string) (view.Gateway, bool)
	// Area is where a gateway or, with a device, one of its devices stands; empty: not known.
	Area(gateway, device string) string
	Values(gateway string) []view.Value
	Stream(gateway string, s obs.Stream) (view.Stream, bool)
	Gaps(ctx context.Context, gateway string, from, to int64) ([]view.Gap, error)
	Missing(ctx context.Context, images []string) ([]view.Missing, error)
	// Presence is when the gateways were there between two times; more: it is not all of it.
	Presence(ctx context.Context, from, to int64) (list []view.ReplayPresence, more bool, err error)
	// Dark is when no aggregator ran between two times.
	Dark(ctx context.Context, from, to int64) ([]view.Span, error)
}

// Alerts is what the API needs of the alert book. Its errors are view.ErrUnknown,
// view.ErrAcknowledged and *view.FieldError.
type Alerts interface {
	// List returns a part of the list, and where the next one begins; sees says of areas
	// whether what lies in them may be seen, nil: all may.
	List(ctx context.Context, f view.AlertFilter, sees func(area string) bool) (view.AlertPage, error)
	Get(ctx context.Context, id string) (view.Alert, error)
	// Replay is what was known of alerts in a past span; sees as for List.
	Replay(ctx context.Context, from, to int64, sees func(area string) bool) (view.Replay, error)
	Acknowledge(ctx context.Context, id, by, note string, at time.Time) error
}

// Commands is what the API needs of the desk. Its errors are view.ErrUnknown,
// view.ErrBusy and *view.FieldError.
type Commands interface {
	Ask(ctx context.Context, gateway string, a view.Ask, now time.Time) (view.Command, error)
	Get(ctx context.Context, id string) (view.Command, error)
	Acknowledgement(ctx context.Context, alert string) (view.Command, error)
	List(ctx context.Context, gateway string) ([]view.Command, error)
}

// Images is what the API needs of the album.
type Images interface {
	File(ctx context.Context, id string) (io.ReadSeekCloser, time.Time, error)
	Owner(ctx context.Context, id string) (gateway, device string, err error)
	Taken(ctx context.Context, id string) (time.Time, error)
	Latest(gateway, device string) (view.Camera, bool)
	Cameras(gateway string) []view.Camera
}

// Points is what the API needs of the store.
type Points interface {
	Query(ctx context.Context, q store.Query) ([]store.Point, error)
}

// Areas is what the API needs of the tree of areas. Its errors are view.ErrUnknown,
// *view.FieldError and, of an import, view.Faults.
type Areas interface {
	AreaPage(ctx context.Context, q view.AreaQuery) (view.AreaPage, error)
	AreaDetail(ctx context.Context, code string) (view.AreaDetail, error)
	AreaAt(ctx context.Context, pos wire.Position) (view.AreaDetail, error)
	ImportAreas(ctx context.Context, f view.AreaFile, now time.Time) (view.AreaImport, error)
	PutPlace(ctx context.Context, p view.Place) (view.Place, error)
	// Map answers with what is below everything on the map, a FeatureCollection.
	Map(w http.ResponseWriter, r *http.Request)
	MapLayers() []view.MapLayer
	ImportLayer(ctx context.Context, id string, f view.AreaFile, now time.Time) (view.MapImport, error)
	DeleteLayer(ctx context.Context, id string) error
}

// Departments is what the API needs of who is responsible. Its errors are those of Areas.
type Departments interface {
	Departments() []view.Department
	PutDepartment(ctx context.Context, d view.Department) (view.Department, error)
	DeleteDepartment(ctx context.Context, id string) error
	Routes() []view.Route
	PutRoutes(ctx context.Context, routes []view.Route) error
	WhoIsResponsible(area, category string) (view.Routed, error)
}

// Rosters is what the API needs of who is on duty. Its errors are those of Areas.
type Rosters interface {
	Rosters() []view.Roster
	PutRoster(ctx context.Context, r view.Roster) (view.Roster, error)
	DeleteRoster(ctx context.Context, id string) error
	Duty(id string, now, from, to time.Time) (view.Duty, error)
	WhoIsOnDuty(area, department, role string, at time.Time) (view.OnDuty, error)
}

// Check is one thing that /healthz looks at. Do returns nil if it is well, else
// what is wrong in words for a person.
type Check struct {
	Name string
	Do   func(ctx context.Context) error
}

// Options is everything the API shows. All fields but Cases, Handovers, Notifications, AnyHost and Door are required.
type Options struct {
	Info     func() view.Info
	Fleet    Fleet
	Alerts   Alerts
	Images   Images
	Commands Commands
	Points   Points

	Areas       Areas
	Departments Departments
	Rosters     Rosters
	Cases       Cases // nil: there are none
	// Handovers are what shifts write for one another; nil: there are none.
	Handovers Handovers
	// Notifications is who is told; nil: nobody.
	Notifications Notifications

	Metrics []view.Metric
	// Live is the stream of events, for a reader who gets what cut leaves of each document, which
	// may be nothing (nil); a cut that is nil leaves everything.
	Live    func(w http.ResponseWriter, r *http.Request, cut func(event string, doc any) any)
	Console http.Handler // everything that is not an API route
	Checks  []Check
	Gather  *prometheus.Registry // shown at /metrics; the API adds its own counters
	Log     *slog.Logger
	// AnyHost answers requests whatever host they name. Without it a page from
	// elsewhere could point its own name at this machine (DNS rebinding) and read
	// everything.
	AnyHost bool
	// Door says who may come in and do what. Nil: there are no accounts, and everybody may
	// do everything.
	Door Door
	// Refused writes down that who asks tried what they must not, like "PUT /api/v1/routes"; last
	// says that no more of theirs is written down for a while. It is called at most once a minute
	// for a person and route. Nil: nothing is written down.
	Refused func(ctx context.Context, about string, last bool) error
}

// server carries the options through the handlers.
type server struct {
	Options
	mux       *http.ServeMux
	importing sync.Mutex
	readers   readers
	refusals  refusals
	exports   exports
}

// route is one line of the API.
type route struct {
	method, path string
	do           func(http.ResponseWriter, *http.Request) error
}

// prefix is where the versioned API lives.
const prefix = "/api/v1"

func (s *server) routes() []route {
	return slices.Concat(s.areaRoutes(), s.caseRoutes(), s.handoverRoutes(), s.notificationRoutes(), []route{
		{"GET", prefix + "/info", s.info},
		{"GET", prefix + "/gateways", s.gateways},
		{"GET", prefix + "/gateways/{id}", s.gateway},
		{"GET", prefix + "/gateways/{id}/commands", s.commands},
		{"POST", prefix + "/gateways/{id}/commands", s.ask},
		{"GET", prefix + "/commands/{id}", s.command},
		{"GET", prefix + "/values", s.values},
		{"GET", prefix + "/series", s.series},
		{"GET", prefix + "/export", s.export},
		{"GET", prefix + "/alerts", s.alerts},
		{"GET", prefix + "/alerts/{id}", s.alert},
		{"POST", prefix + "/alerts/{id}/acknowledge", s.acknowledge},
		{"GET", prefix + "/gaps", s.gaps},
		{"GET", prefix + "/replay", s.replay},
		{"GET", prefix + "/cameras", s.cameras},
		{"GET", prefix + "/cameras/{gateway}/{device}/latest.jpg", s.latest},
		{"GET", prefix + "/images/{file}", s.image},
		{"GET", prefix + "/metrics-catalogue", s.catalogue},
		{"GET", prefix + "/stream", s.stream},
		{"GET", prefix + "/openapi.json", s.openapi},
		{"GET", "/healthz", s.healthz},
		{"GET", "/metrics", s.metrics(s.Gather)},
	})
}

// New returns the handler of everything. It panics only if a metric of the same
// name is registered already, which is a programming error.
func New(o Options) http.Handler {
	s := &server{Options: o, mux: http.NewServeMux()}
	count := promhttp.InstrumentHandlerCounter(requests(o.Gather), s.mux)
	for _, r := range s.routes() {
		s.mux.HandleFunc(r.method+" "+r.path, s.answer(s.guarded(r)))
	}
	s.mux.HandleFunc(prefix+"/", s.answer(s.unknown))
	s.mux.Handle("/", o.Console)
	if o.Door == nil {
		return s.guard(s.sameOrigin(count))
	}
	s.mux.Handle(prefix+"/auth/", s.doorsRefusals(o.Door))
	return s.guard(o.Door.Guard(s.sameOrigin(count), s.refused))
}

func requests(r prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "lamppost_http_requests_total", Help: "Requests answered, by method and status.",
	}, []string{"code", "method"})
	r.MustRegister(c)
	return c
}

func (s *server) metrics(r *prometheus.Registry) func(http.ResponseWriter, *http.Request) error {
	h := promhttp.HandlerFor(r, promhttp.HandlerOpts{})
	return func(w http.ResponseWriter, req *http.Request) error {
		h.ServeHTTP(w, req)
		return nil
	}
}

// answer turns a handler's error into a response.
func (s *server) answer(do func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		packs := packed.NewWriter(w, r)
		defer func() { _ = packs.Close() }() // the reader has gone: nobody is left to tell
		if err := do(packs, r); err != nil {
			s.noteRefusal(r, err)
			s.fail(packs, r, err)
		}
	}
}
