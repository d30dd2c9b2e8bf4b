package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func (s *server) areaRoutes() []route {
	return []route{
		{"GET", prefix + "/areas", s.areas},
		{"PUT", prefix + "/areas", s.importAreas},
		{"GET", prefix + "/areas/at", s.areaAt},
		{"GET", prefix + "/areas/{code}", s.area},
		{"GET", prefix + "/map", s.drawing},
		{"GET", prefix + "/map/layers", s.mapLayers},
		{"PUT", prefix + "/map/layers/{layer}", s.importLayer},
		{"DELETE", prefix + "/map/layers/{layer}", s.deleteLayer},
		{"PUT", prefix + "/gateways/{id}/place", s.place},
		{"PUT", prefix + "/gateways/{id}/devices/{device}/place", s.place},
		{"GET", prefix + "/departments", s.departments},
		{"PUT", prefix + "/departments/{id}", s.putDepartment},
		{"DELETE", prefix + "/departments/{id}", s.deleteDepartment},
		{"GET", prefix + "/routes", s.listRoutes},
		{"PUT", prefix + "/routes", s.putRoutes},
		{"GET", prefix + "/routes/responsible", s.responsible},
		{"GET", prefix + "/rosters", s.rosters},
		{"PUT", prefix + "/rosters/{id}", s.putRoster},
		{"DELETE", prefix + "/rosters/{id}", s.deleteRoster},
		{"GET", prefix + "/rosters/{id}/duty", s.duty},
		{"GET", prefix + "/duty", s.onDuty},
	}
}

// areas shows a part of the tree with what stands in it.
func (s *server) areas(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	limit, err := intParam(q, "limit", 200, 1, 1000)
	if err != nil {
		return err
	}
	depth, err := intParam(q, "depth", 1, 1, 6)
	if err != nil {
		return err
	}
	shapes, err := intParam(q, "shapes", 0, 0, 6)
	if err != nil {
		return err
	}
	page, err := s.Areas.AreaPage(r.Context(), view.AreaQuery{Below: q.Get("below"), Depth: int(depth), After: q.Get("after"), Limit: int(limit), Shapes: int(shapes)})
	if err != nil {
		return err
	}
	if !s.wide(r, toView) {
		page.Areas = visible(page.Areas, func(code, _ string) bool { return s.inArea(r, toView, code) }, func(a *view.Area) (string, string) { return a.Code, "" })
		page.Unplaced = view.AreaCounts{}
	}
	return send(w, http.StatusOK, page)
}

func (s *server) area(w http.ResponseWriter, r *http.Request) error {
	d, err := s.Areas.AreaDetail(r.Context(), r.PathValue("code"))
	if err == nil && !s.inArea(r, toView, d.Code) {
		err = view.ErrHidden
	}
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, d)
}

func (s *server) areaAt(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	lat, err := degrees(q, "lat", 90)
	if err != nil {
		return err
	}
	lon, err := degrees(q, "lon", 180)
	if err != nil {
		return err
	}
	d, err := s.Areas.AreaAt(r.Context(), wire.Position{Lat: lat, Lon: lon})
	if err == nil && !s.inArea(r, toView, d.Code) {
		err = view.ErrHidden
	}
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, d)
}

// degrees returns a parameter of at most as many degrees either way.
func degrees(q url.Values, name string, most float64) (float64, error) {
	v, err := strconv.ParseFloat(q.Get(name), 64)
	if err != nil || !(v >= -most && v <= most) {
		return 0, badField(name, fmt.Sprintf("应为 -%v 到 %v 之间的度数", most, most), fmt.Sprintf("write degrees from -%v to %v", most, most))
	}
	return v, nil
}

// place says where a gateway or one of its devices stands.
func (s *server) place(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Area     string
		Position *wire.Position
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	if err := s.mayMove(r, body.Area); err != nil {
		return err
	}
	p, err := s.Areas.PutPlace(r.Context(), view.Place{Gateway: r.PathValue("id"), Device: r.PathValue("device"), Area: body.Area, Position: body.Position})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, p)
}

// mayMove says whether who asks may put the request's gateway or device into an area: it takes the
// right where it stands and where it is to stand, so that nobody gets more by moving a
// device. With a position alone it may come to stand anywhere.
func (s *server) mayMove(r *http.Request, into string) error {
	if s.wide(r, toConfigure) {
		return nil
	}
	if err := s.must(r, toConfigure, r.PathValue("id"), r.PathValue("device")); err != nil {
		return err
	}
	if into == "" || !s.inArea(r, toConfigure, into) {
		return forbidden()
	}
	return nil
}

// departments lists all to who may see persons, to others those that they belong to: what these
// are to do is theirs.
func (s *server) departments(w http.ResponseWriter, r *http.Request) error {
	list := s.Departments.Departments()
	if s.Door != nil && !s.Door.Anywhere(r.Context(), toKnow) {
		list = s.own(r.Context())
	}
	return send(w, http.StatusOK, map[string]any{"departments": list})
}

// own are the departments that who asks belongs to. A program answers for none.
func (s *server) own(ctx context.Context) []view.Department {
	out := []view.Department{}
	person := s.Door.Person(ctx)
	if person == "" || s.Door.Name(ctx) != person {
		return out
	}
	for _, d := range s.Departments.Departments() {
		if slices.Contains(d.Members, person) {
			out = append(out, d)
		}
	}
	return out
}

func (s *server) putDepartment(w http.ResponseWriter, r *http.Request) error {
	var d view.Department
	if err := decode(r, &d); err != nil {
		return err
	}
	d.ID = r.PathValue("id")
	d, err := s.Departments.PutDepartment(r.Context(), d)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, d)
}

func (s *server) deleteDepartment(w http.ResponseWriter, r *http.Request) error {
	if err := s.Departments.DeleteDepartment(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"id": r.PathValue("id")})
}

func (s *server) listRoutes(w http.ResponseWriter, _ *http.Request) error {
	return send(w, http.StatusOK, map[string]any{"routes": s.Departments.Routes()})
}

func (s *server) putRoutes(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Routes []view.Route }
	if err := decode(r, &body); err != nil {
		return err
	}
	if err := s.Departments.PutRoutes(r.Context(), body.Routes); err != nil {
		return err
	}
	return s.listRoutes(w, r)
}

func (s *server) responsible(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	found, err := s.Departments.WhoIsResponsible(q.Get("area"), q.Get("category"))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, found)
}

func (s *server) rosters(w http.ResponseWriter, _ *http.Request) error {
	return send(w, http.StatusOK, map[string]any{"rosters": s.Rosters.Rosters()})
}

func (s *server) putRoster(w http.ResponseWriter, r *http.Request) error {
	var doc view.Roster
	if err := decode(r, &doc); err != nil {
		return err
	}
	doc.ID = r.PathValue("id")
	doc, err := s.Rosters.PutRoster(r.Context(), doc)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, doc)
}

func (s *server) deleteRoster(w http.ResponseWriter, r *http.Request) error {
	if err := s.Rosters.DeleteRoster(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"id": r.PathValue("id")})
}

// duty works out a roster; unless it is said otherwise, the week from now on.
func (s *server) duty(w http.ResponseWriter, r *http.Request) error {
	now := time.Now()
	from, to, err := span(r.URL.Query(), now.UnixMilli(), now.Add(7*24*time.Hour).UnixMilli())
	if err != nil {
		return err
	}
	d, err := s.Rosters.Duty(r.PathValue("id"), now, time.UnixMilli(from), time.UnixMilli(to))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, d)
}

func (s *server) onDuty(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	at, err := intParam(q, "at", time.Now().UnixMilli(), 0, latestTime)
	if err != nil {
		return err
	}
	d, err := s.Rosters.WhoIsOnDuty(q.Get("area"), q.Get("department"), q.Get("role"), time.UnixMilli(at))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, d)
}
