package area

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Page after page, of whatever size, gives every area once, each before those below it.
func TestPages(t *testing.T) {
	a := newAtlas(t)
	load(t, a, district)
	codes := func(below string, depth, limit int) string {
		t.Helper()
		var out []string
		for after := ""; ; {
			p, err := a.AreaPage(t.Context(), view.AreaQuery{Below: below, Depth: depth, After: after, Limit: limit})
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Areas) > limit || p.Total != 6 {
				t.Fatalf("%d areas on a page of %d, %d in all", len(p.Areas), limit, p.Total)
			}
			for _, one := range p.Areas {
				out = append(out, strings.TrimPrefix(one.Code, "990101"))
			}
			if after = p.Next; after == "" {
				return strings.Join(out, " ")
			}
		}
	}
	for _, c := range []struct {
		below string
		depth int
		want  string
	}{
		{"", 1, ""}, {"", 2, " 001 002"}, {"", 6, " 001 001001 001002 002 002001"},
		{"990101", 1, "001 002"}, {"990101000000", 6, "001 001001 001002 002 002001"}, {"990101001", 1, "001001 001002"}, {"990101002001", 6, ""},
	} {
		for limit := 1; limit < 8; limit++ {
			if got := codes(c.below, c.depth, limit); got != c.want {
				t.Errorf("below %q, %d deep, %d a page: %q, want %q", c.below, c.depth, limit, got, c.want)
			}
		}
	}
	page, err := a.AreaPage(t.Context(), view.AreaQuery{Depth: 6, Limit: 10, Shapes: 3})
	for _, one := range page.Areas {
		if err != nil || one.Shape == nil || one.Bounded != (string(one.Shape) != "null") {
			t.Errorf("%s is bounded: %v, its shape %s, %v", one.Code, one.Bounded, one.Shape, err)
		}
	}
	var f *view.FieldError
	for _, ask := range [][2]string{{"x", ""}, {"", "x"}, {"990101001", "990101002"}, {"", "990101009"}} {
		if _, err := a.AreaPage(t.Context(), view.AreaQuery{Below: ask[0], Depth: 1, After: ask[1], Limit: 10}); !errors.As(err, &f) {
			t.Errorf("%q: %v", ask, err)
		}
	}
	if _, err := a.AreaPage(t.Context(), view.AreaQuery{Below: "990101009", Depth: 1, Limit: 10}); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("below nothing: %v", err)
	}
}

func TestDetail(t *testing.T) {
	a := newAtlas(t)
	a.o.Gateways = func() []view.Gateway {
		return []view.Gateway{{ID: "g", Online: true, Area: "990101001001", Devices: []view.Device{{ID: "d", State: "ok"}}}}
	}
	a.o.Standing = func(context.Context) ([]view.Standing, error) {
		return []view.Standing{{Gateway: "g", Alerts: 1, Worst: wire.Red}}, nil
	}
	load(t, a, district)
	if _, err := a.ImportAreas(t.Context(), view.AreaFile{Name: "shapes", Data: []byte(withShape)}, now); err != nil {
		t.Fatal(err)
	}
	load(t, a, "code,name,replaces\n990101005,新街道,990101001\n")
	d, err := a.AreaDetail(t.Context(), "990101001000") // by its old code
	if err != nil || d.Code != "990101005" || d.Level != "street" || fmt.Sprint(d.Path) != "[990101]" || d.Areas != 2 || d.Bounded || string(d.Shape) != "null" {
		t.Errorf("%v: %+v", err, d)
	}
	if d.Counts != (view.AreaCounts{Gateways: 1, Devices: 1, Online: 1, Alerts: 1, Worst: wire.Red}) {
		t.Errorf("in it are %+v", d.Counts)
	}
	if len(d.Aliases) != 1 || d.Aliases[0].Code != "990101001" || d.Aliases[0].Name.Zh != "桥头街道" || d.Aliases[0].To != now.UnixMilli() {
		t.Errorf("old codes: %+v", d.Aliases)
	}
	if _, err := a.ImportAreas(t.Context(), view.AreaFile{Name: "shapes", Data: []byte(strings.ReplaceAll(withShape, "990101001", "990101005")), CRS: "gcj02"}, now); err != nil {
		t.Fatal(err)
	}
	at, err := a.AreaAt(t.Context(), wire.Position{Lat: 30.5, Lon: 120.5})
	if err != nil || at.Code != "990101005" || !json.Valid(at.Shape) || !strings.HasPrefix(string(at.Shape), `{"type":"MultiPolygon","coordinates":[[[[119.99`) {
		t.Errorf("%v: %s %s", err, at.Code, at.Shape)
	}
	if _, err := a.AreaAt(t.Context(), wire.Position{}); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("on the sea: %v", err)
	}
	var f *view.FieldError
	if _, err := a.ImportAreas(t.Context(), view.AreaFile{Data: []byte(district), CRS: "bd09"}, now); !errors.As(err, &f) || f.Field != "crs" {
		t.Errorf("other coordinates: %v", err)
	}
}

func TestWhoIsAsked(t *testing.T) {
	a := newAtlas(t)
	load(t, a, district)
	var f *view.FieldError
	for _, c := range []struct {
		area, department string
		err              error
	}{{"990101", "", nil}, {"", "none", view.ErrUnknown}, {"990109", "", view.ErrUnknown}} {
		if d, err := a.WhoIsOnDuty(c.area, c.department, "", now); !errors.Is(err, c.err) || err == nil && d.Persons == nil {
			t.Errorf("%+v: %v, %v", c, d, err)
		}
	}
	for _, c := range [][2]string{{"", ""}, {"990101", "water"}, {"x", ""}} {
		if _, err := a.WhoIsOnDuty(c[0], c[1], "", now); !errors.As(err, &f) {
			t.Errorf("%q: %v", c, err)
		}
	}
	if _, err := a.WhoIsResponsible("x", ""); !errors.As(err, &f) {
		t.Errorf("no code: %v", err)
	}
	if _, err := a.WhoIsResponsible("", "flood"); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("nobody: %v", err)
	}
}

func TestContainsAndMember(t *testing.T) {
	a := newAtlas(t)
	load(t, a, district)
	for _, c := range []struct {
		above, code string
		want        bool
	}{{"", "x", true}, {"990101000000", "990101001001", true}, {"990101001", "990101002001", false}, {"x", "990101", false}, {"990101", "", false}, {"990101", "x", false}} {
		if got := a.Contains(c.above, c.code); got != c.want {
			t.Errorf("Contains(%q, %q) = %v", c.above, c.code, got)
		}
	}
	if _, err := a.PutDepartment(t.Context(), view.Department{ID: "water", Name: view.Text{Zh: "局"}, Members: []string{"li.lei", "li.lei"}}); err != nil {
		t.Fatal(err)
	}
	if !a.Member("water", "li.lei") || a.Member("water", "li") || a.Member("fire", "li.lei") {
		t.Error("the members are not those that were written")
	}
}

// What is shown as a gateway's place, of what it says of itself and what was said of it.
func TestSite(t *testing.T) {
	a := newAtlas(t)
	here, there := &wire.Position{Lat: 30.5, Lon: 120.5}, &wire.Position{Lat: 1, Lon: 2}
	if code, pos := a.Site("g", "", "330105003012", here); code != "330105003012" || pos != here {
		t.Errorf("without areas: %s, %v", code, pos)
	}
	load(t, a, district)
	if _, err := a.ImportAreas(t.Context(), view.AreaFile{Name: "shapes", Data: []byte(withShape)}, now); err != nil {
		t.Fatal(err)
	}
	for _, p := range []view.Place{{Gateway: "moved", Area: "990101002"}, {Gateway: "measured", Position: there}, {Gateway: "moved", Device: "far", Area: "990101001001", Position: there}} {
		if _, err := a.PutPlace(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	load(t, a, "code,name,replaces\n990101005,新街道,990101002\n")
	for _, c := range []struct {
		gateway, device, area string
		pos                   *wire.Position
		want                  string
		at                    *wire.Position
	}{
		{"g", "", "990101001777", nil, "990101001777", nil}, // more exact than the tree: as it says
		{"g", "", "990101002", here, "990101005", here},
		{"g", "", "", here, "990101001", here}, {"g", "", "?", here, "990101001", here}, {"g", "", "?", nil, "?", nil},
		{"moved", "", "990101001", here, "990101005", here}, {"moved", "far", "", nil, "990101001001", there}, {"moved", "near", "", here, "990101005", here}, {"measured", "", "990101001", here, "990101001", there},
	} {
		if code, pos := a.Site(c.gateway, c.device, c.area, c.pos); code != c.want || fmt.Sprint(pos) != fmt.Sprint(c.at) {
			t.Errorf("%+v: %s, %v", c, code, pos)
		}
	}
}
