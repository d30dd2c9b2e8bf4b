package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// city stands for the areas, departments and rosters, with one full document of each.
type city struct {
	file    view.AreaFile // the last one imported
	begun   chan struct{} // closed when an import has begun; nil: nobody asks
	goes    chan struct{} // an import waits for it; nil: it does not
	page    string        // what was last asked of AreaPage
	changed []string
}

func (c *city) area() view.Area {
	return view.Area{Code: "990101", Level: "district", Parent: "9901", Name: view.Text{Zh: "灯柱区"}, Areas: 2, Counts: view.AreaCounts{Devices: 3, Worst: wire.Orange}}
}

func (c *city) AreaPage(_ context.Context, q view.AreaQuery) (view.AreaPage, error) {
	c.page = fmt.Sprint(q.Below, " ", q.Depth, " ", q.After, " ", q.Limit)
	if q.Shapes > 0 {
		c.page += fmt.Sprint(" ", q.Shapes)
	}
	if q.Below == "77" {
		return view.AreaPage{}, fmt.Errorf("area: %w", view.ErrUnknown)
	}
	return view.AreaPage{Areas: []view.Area{c.area()}, Next: "990101", Total: 3}, nil
}

func (c *city) AreaDetail(_ context.Context, code string) (view.AreaDetail, error) {
	switch code {
	case "990101":
		return view.AreaDetail{Area: c.area(), Path: []string{"9901"}, Aliases: []view.AreaAlias{{Code: "990109"}}, Shape: json.RawMessage(`{"type":"MultiPolygon","coordinates":[]}`)}, nil
	case "9901":
		return view.AreaDetail{Area: c.area(), Path: []string{}, Aliases: []view.AreaAlias{}, Shape: json.RawMessage("null")}, nil
	case "x":
		return view.AreaDetail{}, &view.FieldError{Field: "code", Text: view.Text{Zh: "无效", En: "no code"}}
	}
	return view.AreaDetail{}, view.ErrUnknown
}

func (c *city) AreaAt(ctx context.Context, p wire.Position) (view.AreaDetail, error) {
	if p.Lat < 0 {
		return view.AreaDetail{}, view.ErrUnknown
	}
	return c.AreaDetail(ctx, "990101")
}

func (c *city) ImportAreas(_ context.Context, f view.AreaFile, _ time.Time) (view.AreaImport, error) {
	if c.begun != nil {
		close(c.begun)
		<-c.goes
	}
	c.file = f
	if string(f.Data) == "bad" {
		return view.AreaImport{}, fmt.Errorf("area: import: %w", view.Faults{{File: f.Name, Line: 2, Column: 1, Field: "code", Text: view.Text{Zh: "错", En: "wrong"}}})
	}
	return view.AreaImport{DryRun: f.DryRun, Format: "csv", Encoding: "utf-8", Read: 1, Changes: []view.AreaChange{{What: "added", Code: "990101"}}}, nil
}

func (c *city) Map(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"type":"FeatureCollection","features":[]}`)
}

func (c *city) MapLayers() []view.MapLayer {
	return []view.MapLayer{{ID: "rivers", File: "r.geojson", Imported: 1, Kinds: map[string]int{"river": 2}, Points: 9}}
}

func (c *city) ImportLayer(_ context.Context, id string, f view.AreaFile, _ time.Time) (view.MapImport, error) {
	c.file = f
	if string(f.Data) == "bad" {
		return view.MapImport{}, fmt.Errorf("area: %w", view.Faults{{File: f.Name, Feature: 1, Field: "kind", Text: view.Text{Zh: "错", En: "wrong"}}})
	}
	layer := c.MapLayers()[0]
	layer.ID = id
	return view.MapImport{DryRun: f.DryRun, Encoding: "utf-8", Read: 3, Layer: layer, Change: "added", LeftOut: []view.LeftOut{{What: "highway=crossing", N: 1}}}, c.done("layer", id)
}

func (c *city) DeleteLayer(_ context.Context, id string) error { return c.done("delete layer", id) }

func (c *city) done(what, id string) error {
	switch id {
	case "no":
		return view.ErrUnknown
	case "busy":
		return fmt.Errorf("area: %w", view.ErrChanged)
	}
	c.changed = append(c.changed, what+" "+id)
	return nil
}

func (c *city) PutPlace(_ context.Context, p view.Place) (view.Place, error) {
	return p, c.done("place", p.Gateway+"/"+p.Device+" "+p.Area)
}

func (c *city) department() view.Department {
	return view.Department{ID: "water", Name: view.Text{Zh: "水务局"}, Contacts: []view.Contact{{Name: "值班室"}}, Members: []string{"wang.fang"}}
}

func (c *city) Departments() []view.Department { return []view.Department{c.department()} }
func (c *city) PutDepartment(_ context.Context, d view.Department) (view.Department, error) {
	d.Contacts, d.Members = append([]view.Contact{}, d.Contacts...), append([]string{}, d.Members...)
	return d, c.done("department", d.ID)
}
func (c *city) DeleteDepartment(_ context.Context, id string) error {
	return c.done("delete department", id)
}
func (c *city) Routes() []view.Route {
	return []view.Route{{Category: "06", Area: "990101", Department: "water"}}
}
func (c *city) PutRoutes(_ context.Context, r []view.Route) error {
	return c.done("routes", fmt.Sprint(len(r)))
}
func (c *city) WhoIsResponsible(area, category string) (view.Routed, error) {
	if category == "" {
		return view.Routed{}, view.ErrUnknown
	}
	return view.Routed{Route: c.Routes()[0], Department: c.department()}, nil
}

func (c *city) Rosters() []view.Roster {
	return []view.Roster{{ID: "r", Area: "990101", Role: "lead", Zone: "+08:00", Shifts: []view.Shift{{Person: "wang.fang", Days: []string{"mon"}, From: "08:00", To: "20:00"}}}}
}
func (c *city) PutRoster(_ context.Context, r view.Roster) (view.Roster, error) {
	return r, c.done("roster", r.ID)
}
func (c *city) DeleteRoster(_ context.Context, id string) error { return c.done("delete roster", id) }
func (c *city) Duty(id string, now, from, to time.Time) (view.Duty, error) {
	return view.Duty{Roster: id, Now: []string{"wang.fang"}, From: from.UnixMilli(), To: to.UnixMilli(), Spans: []view.DutySpan{{Person: "wang.fang"}},
		HandOvers: []view.HandOver{{From: []string{}, To: []string{"wang.fang"}}}, Gaps: []view.DutyGap{{Text: view.Text{Zh: "缺", En: "gap"}}}}, c.done("duty", id)
}
func (c *city) WhoIsOnDuty(area, department, role string, at time.Time) (view.OnDuty, error) {
	return view.OnDuty{At: at.UnixMilli(), Persons: []string{area + department + role}}, c.done("on duty", area)
}

// withCity puts a city behind the API.
func withCity(c *city) func(*Options) {
	return func(o *Options) { o.Areas, o.Departments, o.Rosters = c, c, c }
}

// places are requests about areas and those responsible, with the answers wanted.
func places() [][5]string {
	const a = "/api/v1"
	return [][5]string{
		{"GET", a + "/areas", a + "/areas", "", "200"},
		{"GET", a + "/areas?below=990101&depth=6&after=990101001&limit=1000", a + "/areas", "", "200"},
		{"GET", a + "/areas?below=77", a + "/areas", "", "404"},
		{"GET", a + "/areas?depth=7", a + "/areas", "", "400"},
		{"GET", a + "/areas?limit=1001", a + "/areas", "", "400"},
		{"GET", a + "/areas?shapes=7", a + "/areas", "", "400"},
		{"PUT", a + "/areas?name=city.csv&dry_run=true", a + "/areas", "code,name\n", "200"},
		{"PUT", a + "/areas?dry_run=yes", a + "/areas", "code,name\n", "400"},
		{"PUT", a + "/areas", a + "/areas", "bad", "422"},
		{"GET", a + "/areas/at?lat=30&lon=120", a + "/areas/at", "", "200"},
		{"GET", a + "/areas/at?lat=-30&lon=120", a + "/areas/at", "", "404"},
		{"GET", a + "/areas/at?lat=NaN&lon=120", a + "/areas/at", "", "400"},
		{"GET", a + "/areas/at?lat=30", a + "/areas/at", "", "400"},
		{"GET", a + "/areas/990101", a + "/areas/{code}", "", "200"},
		{"GET", a + "/areas/9901", a + "/areas/{code}", "", "200"},
		{"GET", a + "/areas/x", a + "/areas/{code}", "", "400"},
		{"GET", a + "/areas/99", a + "/areas/{code}", "", "404"},
		{"GET", a + "/map/layers", a + "/map/layers", "", "200"},
		{"PUT", a + "/map/layers/rivers?name=r.geojson&dry_run=true", a + "/map/layers/{layer}", "{}", "200"},
		{"PUT", a + "/map/layers/rivers", a + "/map/layers/{layer}", "bad", "422"},
		{"PUT", a + "/map/layers/rivers?dry_run=1", a + "/map/layers/{layer}", "{}", "400"},
		{"PUT", a + "/map/layers/busy", a + "/map/layers/{layer}", "{}", "409"},
		{"DELETE", a + "/map/layers/rivers", a + "/map/layers/{layer}", "", "200"},
		{"DELETE", a + "/map/layers/no", a + "/map/layers/{layer}", "", "404"},
		{"PUT", a + "/gateways/gw/place", a + "/gateways/{id}/place", `{"area":"990101","position":{"lat":30,"lon":120}}`, "200"},
		{"PUT", a + "/gateways/gw/place", a + "/gateways/{id}/place", `{"where":1}`, "400"},
		{"PUT", a + "/gateways/gw/devices/river/place", a + "/gateways/{id}/devices/{device}/place", `{"area":"990101"}`, "200"},
		{"GET", a + "/departments", a + "/departments", "", "200"},
		{"PUT", a + "/departments/water", a + "/departments/{id}", `{"name":{"zh":"水务局"}}`, "200"},
		{"PUT", a + "/departments/water", a + "/departments/{id}", `{"name":7}`, "400"},
		{"PUT", a + "/departments/water", a + "/departments/{id}", `{"name":{"zh":"` + strings.Repeat("x", maxTable) + `"}}`, "413"},
		{"DELETE", a + "/departments/water", a + "/departments/{id}", "", "200"},
		{"DELETE", a + "/departments/busy", a + "/departments/{id}", "", "409"},
		{"DELETE", a + "/departments/no", a + "/departments/{id}", "", "404"},
		{"GET", a + "/routes", a + "/routes", "", "200"},
		{"PUT", a + "/routes", a + "/routes", `{"routes":[{"department":"water"}]}`, "200"},
		{"PUT", a + "/routes", a + "/routes", `[]`, "400"},
		{"GET", a + "/routes/responsible?area=990101&category=06025", a + "/routes/responsible", "", "200"},
		{"GET", a + "/routes/responsible?area=990101", a + "/routes/responsible", "", "404"},
		{"GET", a + "/rosters", a + "/rosters", "", "200"},
		{"PUT", a + "/rosters/r", a + "/rosters/{id}", `{"role":"lead","zone":"+08:00","area":"990101","shifts":[]}`, "200"},
		{"PUT", a + "/rosters/r", a + "/rosters/{id}", `{"role":"lead"`, "400"},
		{"DELETE", a + "/rosters/r", a + "/rosters/{id}", "", "200"},
		{"DELETE", a + "/rosters/no", a + "/rosters/{id}", "", "404"},
		{"GET", a + "/rosters/r/duty", a + "/rosters/{id}/duty", "", "200"},
		{"GET", a + "/rosters/no/duty", a + "/rosters/{id}/duty", "", "404"},
		{"GET", a + "/rosters/r/duty?from=2&to=1", a + "/rosters/{id}/duty", "", "400"},
		{"GET", a + "/duty?area=990101&role=lead&at=7", a + "/duty", "", "200"},
		{"GET", a + "/duty?area=no", a + "/duty", "", "404"},
		{"GET", a + "/duty?area=no&at=x", a + "/duty", "", "400"},
	}
}

func TestPlacesMatchTheirSchemas(t *testing.T) {
	k := newChecker(t)
	for _, c := range places() {
		method, target, path, body, status := c[0], c[1], c[2], c[3], c[4]
		r := request(newAPI(t, &fakes{}, withCity(&city{})), method, target, body)
		answer := text(t, r)
		if fmt.Sprint(r.StatusCode) != status {
			t.Errorf("%s %s: status %d, want %s: %s", method, target, r.StatusCode, status, answer)
			continue
		}
		var v any
		if err := json.Unmarshal([]byte(answer), &v); err != nil {
			t.Errorf("%s %s: %v", method, target, err)
		} else if err := k.check("$", k.response(t, method, path, status), v); err != nil {
			t.Errorf("%s %s: %v in %s", method, target, err, answer)
		}
	}
}

func TestImportOfAreas(t *testing.T) {
	c := &city{}
	h := newAPI(t, &fakes{}, withCity(c))
	r := request(h, "PUT", prefix+"/areas?name=..%5C..%2Flists%2Fa%0Ab%E2%80%AE.csv&crs=gcj02&encoding=gb18030&format=csv", "code,name\n", "Content-Type", "text/csv")
	if r.StatusCode != 200 || c.file.Name != "a_b_.csv" || c.file.CRS != "gcj02" || c.file.Encoding != "gb18030" || c.file.Format != "csv" || c.file.DryRun || string(c.file.Data) != "code,name\n" {
		t.Errorf("%d, the import got %+v", r.StatusCode, c.file)
	}
	r = request(h, "PUT", prefix+"/areas", "bad", "Content-Type", "text/csv")
	if body := text(t, r); r.StatusCode != 422 || !strings.Contains(body, `"faults":[{"file":"areas","line":2,"column":1,"feature":0,"field":"code","text":{"zh":"错","en":"wrong"}}]`) || !strings.Contains(body, "E7112") {
		t.Errorf("%d %s", r.StatusCode, body)
	}
	for kind, status := range map[string]int{"multipart/form-data; boundary=x": 415, "application/x-www-form-urlencoded": 415, "application/geo+json": 200} {
		if r := request(h, "PUT", prefix+"/areas", "x", "Content-Type", kind); r.StatusCode != status {
			t.Errorf("%s: %d, want %d", kind, r.StatusCode, status)
		}
	}
	if r := request(h, "PUT", prefix+"/areas", strings.Repeat("x", maxAreaFile+1), "Content-Type", "text/csv"); r.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a file that is too large: %d", r.StatusCode)
	}
	if r := request(h, "PUT", prefix+"/areas", "x", "Content-Type", "text/csv", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); r.StatusCode != http.StatusForbidden {
		t.Errorf("another site's import: %d", r.StatusCode)
	}
}

func TestImportOfALayer(t *testing.T) {
	c := &city{}
	h := newAPI(t, &fakes{}, withCity(c))
	r := request(h, "PUT", prefix+"/map/layers/rivers?crs=gcj02&encoding=gb18030", "{}", "Content-Type", "application/geo+json")
	if r.StatusCode != 200 || c.file.Name != "map" || c.file.CRS != "gcj02" || c.file.Encoding != "gb18030" || string(c.file.Data) != "{}" || c.changed[0] != "layer rivers" {
		t.Errorf("%d, the import got %+v, %v", r.StatusCode, c.file, c.changed)
	}
	if r := request(h, "PUT", prefix+"/map/layers/rivers", strings.Repeat("x", maxAreaFile+1)); r.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a file that is too large: %d", r.StatusCode)
	}
	if r := request(h, "PUT", prefix+"/map/layers/rivers", strings.Repeat("x", maxTable)); r.StatusCode != 200 {
		t.Errorf("a file of %d bytes: %d", maxTable, r.StatusCode)
	}
}

// Two large files at once would take the memory of both.
func TestOneImportAtATime(t *testing.T) {
	c := &city{begun: make(chan struct{}), goes: make(chan struct{})}
	h := newAPI(t, &fakes{}, withCity(c))
	first := make(chan int)
	go func() { first <- request(h, "PUT", prefix+"/areas", "x", "Content-Type", "text/csv").StatusCode }()
	<-c.begun
	if r := request(h, "PUT", prefix+"/areas", "y", "Content-Type", "text/csv"); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text(t, r), "E7111") {
		t.Errorf("a second import: %d", r.StatusCode)
	}
	close(c.goes)
	if status := <-first; status != 200 || string(c.file.Data) != "x" {
		t.Errorf("the first: %d, %s", status, c.file.Data)
	}
}
