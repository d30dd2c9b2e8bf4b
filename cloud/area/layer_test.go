package area

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// lineFeature is a feature with a line.
func lineFeature(properties, coordinates string) string {
	return `{"type":"Feature","properties":{` + properties + `},"geometry":{"type":"LineString","coordinates":` + coordinates + `}}`
}

const (
	eastRiver = `{"type":"Feature","properties":{"kind":"river","name":"东河","name_en":"East River"},"geometry":{"type":"LineString","coordinates":[[120,30],[120.05,30.04,3],[120.1,30.1]]}}`
	lake      = `{"type":"Feature","properties":{"natural":"water","name":"镜湖"},"geometry":{"type":"Polygon","coordinates":[[[120,30],[120.1,30],[120.1,30.1],[120,30.1],[120,30]]]}}`
)

func TestReadLayer(t *testing.T) {
	text := collection(strings.Join([]string{
		eastRiver,
		lineFeature(`"highway":"primary","name":"长街"`, `[[120,30],[120.1,30]]`),
		lineFeature(`"highway":"secondary","name":"长街"`, `[[120.1,30],[120.2,30]]`),
		lineFeature(`"highway":"residential"`, `[[120,30],[120,30.000001]]`),
		lineFeature(`"类型":"铁路"`, `[[120,30],[121,31]]`),
		`{"type":"Feature","properties":{"highway":"traffic_signals"},"geometry":{"type":"Point","coordinates":[120,30]}}`,
		`{"type":"Feature","properties":{"highway":"pedestrian"},"geometry":{"type":"Polygon","coordinates":[` + ringOf + `]}}`,
		`{"type":"Feature","properties":{"building":"yes"},"geometry":null}`,
		lake,
		`{"type":"Feature","properties":{"waterway":"river"},"geometry":{"type":"MultiPolygon","coordinates":[[` + ringOf + `]]}}`,
	}, ",\n"))
	f, err := ReadLayer("m.geojson", []byte(text), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{river: 1, mainRoad: 2, rail: 1, water: 2}; !maps.Equal(f.Kinds, want) || f.Read != 10 || f.Points != 3+4+2+10 || f.Dropped != 2 {
		t.Errorf("%+v", f)
	}
	if want := map[string]int{"highway=residential (< 1 m)": 1, "highway=traffic_signals": 1, "highway=pedestrian (Polygon)": 1, "?": 1}; !maps.Equal(f.LeftOut, want) {
		t.Errorf("left out: %v", f.LeftOut)
	}
	if road := f.Things[1]; road.Kind != mainRoad || road.Name.Zh != "长街" || len(road.Lines) != 2 {
		t.Errorf("what is alike is not together: %+v", road)
	}
	b, err := f.Things[0].geojson()
	if want := `{"geometry":{"type":"MultiLineString","coordinates":[[[120,30],[120.05,30.04],[120.1,30.1]]]},"properties":{"kind":"river","name":"东河","name_en":"East River"},"type":"Feature"}`; err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
}

func TestReadLayerFaults(t *testing.T) {
	for text, want := range map[string]view.Fault{
		collection(lineFeature(`"kind":"sea"`, `[[120,30],[121,30]]`)):                                                        {Line: 3, Feature: 1, Field: "kind", Text: view.Text{En: `there is no kind "sea"; there are motorway, main, street`}},
		collection(eastRiver + ",\n" + lineFeature(`"kind":"water"`, `[[120,30],[121,30]]`)):                                  {Line: 4, Feature: 2, Field: "geometry", Text: view.Text{En: "water is a Polygon"}},
		collection(`{"type":"Feature","properties":{"kind":"road"},"geometry":null}`):                                         {Line: 3, Feature: 1, Field: "geometry", Text: view.Text{En: "everything else a LineString"}},
		collection(lineFeature(`"kind":"road"`, `[[120,30]]`)):                                                                {Line: 3, Feature: 1, Field: "geometry", Text: view.Text{En: "a line has at least 2 positions"}},
		collection(lineFeature(`"highway":"primary"`, `[[30,120],[30,121]]`)):                                                 {Line: 3, Feature: 1, Field: "geometry", Text: view.Text{En: "[30, 120] seems to be exchanged"}},
		collection(lineFeature(`"highway":"primary"`, `[[500000,3300000],[500001,3300000]]`)):                                 {Line: 3, Feature: 1, Field: "geometry", Text: view.Text{En: "is no longitude and latitude"}},
		collection(lineFeature(`"kind":"river"`, `[["a",30],[1,2]]`)):                                                         {Line: 3, Feature: 1, Field: "geometry", Text: view.Text{En: "a position is [longitude, latitude], a line a list of them"}},
		collection(lineFeature(`"kind":"river","name":"`+strings.Repeat("x", 101)+`"`, `[[1,2],[3,4]]`)):                      {Line: 3, Feature: 1, Field: "name", Text: view.Text{En: "at most 100 characters"}},
		collection(strings.ReplaceAll(lake, ",[120,30]]]", ",[120,30.5]]]")):                                                  {Line: 3, Feature: 1, Field: "geometry", Text: view.Text{En: "a ring is not closed"}},
		collection(`{"type":"Feature","properties":{"kind":"river"},"geometry":{"type":"MultiLineString","coordinates":[]}}`): {Line: 3, Feature: 1, Field: "geometry", Text: view.Text{En: "there is no line"}},
		collection(`{"type":"Feature","properties":{"building":"yes"},"geometry":null}`):                                      {Text: view.Text{En: "there is no river, water, road or railway in the file"}},
		"code,name\n990101,a\n": {Line: 1, Column: 1, Text: view.Text{En: "this is not JSON"}},
		`{"type":"FeatureCollection","crs":{"properties":{"name":"urn:ogc:def:crs:EPSG::4549"}},"features":[]}`: {Line: 1, Field: "crs", Text: view.Text{En: "convert them to degrees of WGS 84 or CGCS2000"}},
	} {
		_, err := ReadLayer("m.geojson", []byte(text), ReadOptions{})
		var faults view.Faults
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := faults[0]
		if got.Line != want.Line || got.Feature != want.Feature || got.Field != want.Field || !strings.Contains(got.Text.En, want.Text.En) || got.Text.Zh == "" || got.File != "m.geojson" {
			t.Errorf("%s:\n%+v, want\n%+v", text, got, want)
		}
	}
}

// Positions of street maps come to where the aggregator's own formula puts them.
func TestReadLayerGCJ02(t *testing.T) {
	at, to := Point{120.142, 30.319}, Point{120.2, 30.4}
	a, b := toGCJ(at), toGCJ(to)
	text := collection(lineFeature(`"kind":"road"`, fmt.Sprintf("[[%v,%v],[%v,%v]]", a[0], a[1], b[0], b[1])))
	f, err := ReadLayer("m.geojson", []byte(text), ReadOptions{GCJ02: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Things[0].Lines[0]; math.Hypot(got[0][0]-at[0], got[0][1]-at[1]) > 1e-5 || math.Hypot(got[1][0]-to[0], got[1][1]-to[1]) > 1e-5 {
		t.Errorf("%v, want %v and %v", got, at, to)
	}
}

// Of a line nothing is lost that anybody would see: each position of it is within two metres of
// what is kept, whose ends are its own.
func TestThinned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 2500).Draw(t, "n")
		line := make([]Point, n)
		p, turn := Point{120, 30}, 0.0
		step := rapid.Float64Range(1e-6, 1e-3).Draw(t, "step")
		bend := rapid.Float64Range(0, 2).Draw(t, "bend")
		for i := range line {
			line[i] = p
			turn += bend * math.Sin(float64(i*i))
			p = Point{p[0] + step*math.Cos(turn), p[1] + step*math.Sin(turn)}
		}
		kept := thinned(line)
		const metres = 2 / 111_000.0
		for _, p := range line {
			near := math.Hypot(p[0]-kept[0][0], p[1]-kept[0][1])
			for i := 1; i < len(kept); i++ {
				near = min(near, apart(p, kept[i-1], kept[i]))
			}
			if near > metres {
				t.Fatalf("%v is %g m from what is kept of %d positions, %d", p, near*111_000, n, len(kept))
			}
		}
	})
	straight := make([]Point, 900)
	for i := range straight {
		straight[i] = Point{120 + float64(i)*1e-4, 30}
	}
	if kept := thinned(straight); len(kept) != 2 {
		t.Errorf("of a straight line %d positions are kept", len(kept))
	}
}

// putLayer imports a layer.
func putLayer(t testing.TB, a *Atlas, id, text string) view.MapImport {
	t.Helper()
	done, err := a.ImportLayer(t.Context(), id, view.AreaFile{Name: id + ".geojson", Data: []byte(text)}, now)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// drawing is what a reader gets.
func drawing(t testing.TB, a *Atlas) string {
	t.Helper()
	w := httptest.NewRecorder()
	a.Map(w, httptest.NewRequest("GET", "/", nil))
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLayersAreKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.db")
	db := openDB(t, file)
	var deeds []string
	a, err := Open(t.Context(), Options{DB: db, Record: func(_ context.Context, _ *sql.Tx, d view.Deed) error {
		deeds = append(deeds, d.What+" "+d.About)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := drawing(t, a); got != "{\"type\":\"FeatureCollection\",\"features\":[]}\n" || len(a.MapLayers()) != 0 {
		t.Errorf("before anything is imported: %s", got)
	}
	dry, err := a.ImportLayer(t.Context(), "rivers", view.AreaFile{Name: "r.geojson", Data: []byte(collection(eastRiver)), DryRun: true}, now)
	if err != nil || dry.Change != "added" || !dry.DryRun || len(a.MapLayers()) != 0 {
		t.Errorf("a dry run: %+v, %v, and %d layers", dry, err, len(a.MapLayers()))
	}
	if done := putLayer(t, a, "rivers", collection(eastRiver)); done.Change != "added" || done.Layer.Points != 3 || done.Layer.Kinds[river] != 1 || done.Layer.Imported != now.UnixMilli() {
		t.Errorf("the import: %+v", done)
	}
	if done := putLayer(t, a, "rivers", collection(eastRiver)); done.Change != "none" {
		t.Errorf("the same again: %+v", done)
	}
	putLayer(t, a, "lakes", collection(lake))
	if done := putLayer(t, a, "rivers", collection(eastRiver+","+lineFeature(`"kind":"stream"`, `[[120,30],[120,31]]`))); done.Change != "replaced" {
		t.Errorf("another file: %+v", done)
	}
	want := drawing(t, a)
	if i, k := strings.Index(want, "镜湖"), strings.Index(want, "东河"); i < 0 || k < i || strings.Count(want, `"Feature"`) != 3 {
		t.Errorf("the map is %s", want)
	}
	if got := drawing(t, openAtlas(t, db)); got != want {
		t.Errorf("after a restart it is %s", got)
	}
	other := openAtlas(t, db)
	if err := a.DeleteLayer(t.Context(), "lakes"); err != nil {
		t.Fatal(err)
	}
	if err := other.Heard(t.Context()); err != nil || strings.Contains(drawing(t, other), "镜湖") || len(other.MapLayers()) != 1 {
		t.Errorf("another aggregator: %v, %s", err, drawing(t, other))
	}
	if err := a.DeleteLayer(t.Context(), "lakes"); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("twice: %v", err)
	}
	if want := []string{"map.import rivers", "map.import lakes", "map.import rivers", "map.remove lakes"}; !slices.Equal(deeds, want) {
		t.Errorf("deeds: %v, want %v", deeds, want)
	}
}

func TestLayersAreJudged(t *testing.T) {
	a := newAtlas(t)
	field := func(id string, f view.AreaFile, want string) {
		t.Helper()
		f.Name = "m.geojson"
		_, err := a.ImportLayer(t.Context(), id, f, now)
		var fault *view.FieldError
		if !errors.As(err, &fault) || !strings.Contains(fault.Text.En, want) || fault.Text.Zh == "" {
			t.Errorf("%s: %v, want %s", id, err, want)
		}
	}
	good := view.AreaFile{Data: []byte(collection(eastRiver))}
	field("Rivers!", good, "an id has small letters")
	field("rivers", view.AreaFile{Data: good.Data, CRS: "mars"}, "the coordinates are wgs84")
	var zigzag bytes.Buffer
	for i := range maxDrawnPoints {
		fmt.Fprintf(&zigzag, ",[%.5f,%.5f]", 120+float64(i%1000)*1e-3, 30+float64(i/1000)*1e-3+float64(i%2)*5e-4)
	}
	many := collection(lineFeature(`"kind":"road"`, "["+zigzag.String()[1:]+"]"))
	if done := putLayer(t, a, "roads", many); done.Layer.Points != maxDrawnPoints || done.Dropped != 0 {
		t.Errorf("as much as may be: %d positions, %d dropped", done.Layer.Points, done.Dropped)
	}
	field("rivers", good, fmt.Sprintf("there would be %d positions on the map", maxDrawnPoints+3))
	if done := putLayer(t, a, "roads", collection(eastRiver)); done.Change != "replaced" {
		t.Errorf("in place of the large one: %+v", done)
	}
	for i := len(a.MapLayers()); i < maxLayers; i++ {
		putLayer(t, a, fmt.Sprint("layer-", i), collection(eastRiver))
	}
	field("one-more", good, "at most 20 layers")
}

// What is read of any file is read again of what is kept of it, with the same kinds and names and
// no more positions; or it is said in both languages what is wrong.
func FuzzReadLayer(f *testing.F) {
	for _, s := range []string{
		collection(eastRiver), collection(lake), collection(lineFeature(`"highway":"primary","name:zh":"长街","name:en":"Long Street"`, `[[120,30],[120.1,30],[120.2,30.00000001]]`)),
		collection(`{"type":"Feature","properties":{"waterway":"river"},"geometry":{"type":"MultiPolygon","coordinates":[[` + ringOf + `],[]]}}`),
		collection(`{"type":"Feature","properties":{"kind":7},"geometry":{"type":"LineString","coordinates":null}}`), "[]", "",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, gcj bool) {
		file, err := ReadLayer("f", b, ReadOptions{GCJ02: gcj})
		if err != nil {
			var faults view.Faults
			if !errors.As(err, &faults) || len(faults) == 0 || faults[0].Text.Zh == "" || faults[0].Text.En == "" {
				t.Fatalf("the error is %#v", err)
			}
			return
		}
		features, err := file.features()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadLayer("again", []byte(collection(features)), ReadOptions{})
		var faults view.Faults
		if errors.As(err, &faults) && again.Read > 0 && faults[0].Line == 0 {
			return // all of it is so small that nothing is left the second time
		}
		if err != nil || again.Points > file.Points || len(again.Things) > len(file.Things) {
			t.Fatalf("%v; %d things with %d positions, then %d with %d", err, len(file.Things), file.Points, len(again.Things), again.Points)
		}
		for _, thing := range again.Things {
			if !slices.ContainsFunc(file.Things, func(d Drawn) bool { return d.Kind == thing.Kind && d.Name == thing.Name }) {
				t.Fatalf("%q %v was not there", thing.Kind, thing.Name)
			}
		}
	})
}
