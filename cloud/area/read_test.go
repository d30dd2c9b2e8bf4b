package area

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/view"
)

const list = "区划代码,名称,英文名称,原代码,启用日期\n" +
	"990101000000,灯柱区,Lamppost District,,2026-01-01\n" +
	"990101001,桥头街道,,990101008 990101009,\n" +
	"990101001001,\"柳岸,东社区\",,,\n"

func TestReadCSV(t *testing.T) {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	want := []Row{
		{Code: "990101", Name: view.Text{Zh: "灯柱区", En: "Lamppost District"}, Since: day},
		{Code: "990101001", Name: view.Text{Zh: "桥头街道"}, Replaces: []Code{"990101008", "990101009"}},
		{Code: "990101001001", Name: view.Text{Zh: "柳岸,东社区"}},
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(list)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(strings.ReplaceAll(list, ",", "\t"), "柳岸\t", "柳岸,"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, encoding string }{
		"utf-8": {list, "utf-8"}, "utf-8 with a mark": {"\ufeff" + list, "utf-8"}, "gb18030": {gb, "gb18030"},
		"gb18030 with a mark": {"\x84\x31\x95\x33" + gb, "gb18030"}, "as on Windows": {strings.ReplaceAll(list, "\n", "\r\n"), "utf-8"},
		"semicolons": {strings.ReplaceAll(strings.ReplaceAll(list, ",", ";"), "柳岸;", "柳岸,"), "utf-8"}, "tabs, as a spreadsheet saves them": {wide, "utf-16"},
	} {
		f, err := Read("list.csv", []byte(c.text), ReadOptions{})
		if err != nil || f.Encoding != c.encoding || f.Format != "csv" {
			t.Errorf("%s: %v, %s, %s", name, err, f.Encoding, f.Format)
			continue
		}
		for i := range f.Rows {
			if f.Rows[i].at.Line != i+2 {
				t.Errorf("%s: row %d is in line %d", name, i, f.Rows[i].at.Line)
			}
			f.Rows[i].at = view.Fault{}
		}
		if !reflect.DeepEqual(f.Rows, want) {
			t.Errorf("%s: %+v, want %+v", name, f.Rows, want)
		}
	}
}

const ringOf = `[[120,30],[120.1,30],[120.1,30.1],[120,30.1],[120,30]]`

func collection(features string) string {
	return "{\"type\":\"FeatureCollection\",\n\"features\":[\n" + features + "\n]}"
}

func TestReadGeoJSON(t *testing.T) {
	text := collection(`{"type":"Feature","properties":{"code":990101001,"name":"桥头街道","parent":"990101","stray":[1]},"geometry":{"type":"Polygon","coordinates":[` + ringOf + `]}},
{"type":"Feature","id":"990101002","properties":{"name":"a","name_en":null},"geometry":{"type":"MultiPolygon","coordinates":[[[[120,30,7],[120.1,30],[120.1,30.1],[120,30]]],[` + ringOf + `]]}},
{"type":"Feature","properties":{"code":"990101003","name":"c"},"geometry":null}`)
	f, err := Read("city.geojson", []byte(text), ReadOptions{})
	if err != nil || len(f.Rows) != 3 || f.Format != "geojson" {
		t.Fatalf("%v, %+v", err, f)
	}
	if r := f.Rows[0]; r.Code != "990101001" || r.Parent != "990101" || r.Shape.points() != 5 || r.at.Line != 3 || r.at.Feature != 1 {
		t.Errorf("the first is %+v", r)
	}
	if r := f.Rows[1]; r.Code != "990101002" || len(r.Shape) != 2 || r.Shape[0][0][0] != (Point{120, 30}) || r.at.Line != 4 {
		t.Errorf("the second is %+v", r)
	}
	if r := f.Rows[2]; r.Shape != nil || r.at.Line != 5 {
		t.Errorf("the third is %+v", r)
	}
	f, err = Read("city.geojson", []byte(text), ReadOptions{GCJ02: true})
	if err != nil {
		t.Fatal(err)
	}
	if p := f.Rows[0].Shape[0][0][0]; p == (Point{120, 30}) || p[0] < 119.99 || p[0] > 120 {
		t.Errorf("a corner in GCJ-02 became %v", p)
	}
	if alone, err := Read("one.geojson", []byte(`{"type":"Feature","properties":{"code":"990101003","name":"c"},"geometry":null}`), ReadOptions{}); err != nil || len(alone.Rows) != 1 {
		t.Errorf("a feature alone: %v, %+v", err, alone)
	}
}

// Every fault names its place and what would be right, in both languages.
func TestFaults(t *testing.T) {
	poly := func(coordinates string) string {
		return collection(`{"type":"Feature","properties":{"code":"990101","name":"a"},"geometry":{"type":"Polygon","coordinates":` + coordinates + `}}`)
	}
	for text, want := range map[string]string{
		"":                                      "x: there is no area in the file",
		"code,name\n":                           "x: there is no area in the file",
		"name\na\n":                             "x:1:1: there is no column code",
		"code,naem\n990101,a\n":                 "x:1:6: naem: there is no such column; there are code, name,",
		"代码,code\n":                             "x:1:4: code: this column is there twice",
		"code,name\n990101\n":                   "x:2:1: it has not as many columns as the first line",
		"code,name\n99010,灯\n9901o1,b\n":        "x:2: code: \"99010\": an area code has 2, 4, 6, 9 or 12 digits",
		"code,name\n990101,灯\n9901o1,b\n":       "x:3: code: \"9901o1\": an area code has digits only",
		"name,parent,code\n灯灯,x,990101\n":       "x:2:4: parent: \"x\": an area code has digits only",
		"name,since,code\n灯,31.1.2026,990101\n": "x:2:3: since: write the day as 2026-01-31",
		"code,name\n990101,a\u202eb\n":          "x:2:8: name: a name has at most 100 characters, none of them invisible",
		"code,name\n990101," + strings.Repeat("灯", 101) + "\n": "x:2:8: name: a name has at most 100",
		"code" + strings.Repeat(",#", 70) + "\n":               "x:1: the first line has more than 64 columns",
		"code,name\n" + strings.Repeat(",", 70_000) + "\n":     "x:2: this line is longer than 64 KiB",
		"code,name\n990101,\"a\n":                              "a quote is not closed",
		"code,name\n990101,\xff\xff\n":                         "x:2:8: this is not gb18030; save the file as UTF-8",
		"code,name\n990101,a\x00\n":                            "x:2:9: this is not utf-8",
		"{":                                                    "x:1:1: this is not JSON",
		"{}":                                                   "x:1:1: this is no GeoJSON FeatureCollection with features",
		`{"type":"FeatureCollection","features":7}`:            "features is a list",
		`{"type":"FeatureCollection","features":{"features":[1]}}`: "features is a list",
		collection(`7`): "x:3: feature 1: this is no GeoJSON feature",
		collection(`{"type":"Feature","properties":{"name":"a"},"geometry":null}`): "x:3: feature 1: code:",
		poly(`7`):                           "x:3: feature 1: geometry: a position is [longitude, latitude]",
		poly(`[]`):                          "a polygon has no ring",
		poly(`[[[1,2],[3,4]]]`):             "a ring has at least 4 positions",
		poly(`[[[1,2],[3,4],[5,5],[6,6]]]`): "a ring is not closed; repeat its first position",
		poly(`[[[30,120],[30,121],[31,121],[30,120]]]`):                                                                            "[30, 120] seems to be exchanged; write [longitude, latitude]",
		poly(`[[[500000,3300000],[500001,3300000],[500001,3300001],[500000,3300000]]]`):                                            "is no longitude and latitude; convert to degrees (EPSG:4326 or EPSG:4490)",
		poly(`[[[1],[2],[3],[1]]]`):                                                                                                "a position has two or three numbers",
		poly(`[[null,[2,2],[3,3],[1,1]]]`):                                                                                         "a position has two or three numbers",
		strings.Replace(poly(`[]`), "{", `{"crs":{"properties":{"name":"urn:ogc:def:crs:EPSG::3857"}},`, 1):                        `crs: the coordinates are in "urn:ogc:def:crs:EPSG::3857"; convert`,
		collection(`{"type":"Feature","properties":{"code":"990101","name":"a"},"geometry":{"type":"Point","coordinates":[1,2]}}`): "a boundary is a Polygon or a MultiPolygon",
	} {
		_, err := Read("x", []byte(text), ReadOptions{})
		var faults view.Faults
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
			continue
		}
		if zh := faults[0].Chinese(); zh == faults[0].Error() || !strings.HasPrefix(zh, "x:") {
			t.Errorf("%q in Chinese: %s", text, zh)
		}
	}
	old := strings.Replace(collection(`{"type":"Feature","properties":{"code":"990101","name":"a"},"geometry":null}`), "{", `{"crs":{"properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},`, 1)
	if _, err := Read("x", []byte(old), ReadOptions{}); err != nil {
		t.Errorf("CGCS2000: %v", err)
	}
	for _, o := range []ReadOptions{{Encoding: "big5"}, {Format: "shp"}} {
		if _, err := Read("x", []byte(list), o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

func TestBounds(t *testing.T) {
	if databasetest.OnPostgres() {
		t.Skip("no database is asked")
	}
	if _, err := Read("x", make([]byte, MaxFile+1), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "larger than 32 MB") {
		t.Errorf("a file that is too large: %v", err)
	}
	var faults view.Faults
	_, err := Read("x", []byte("code,name\n"+strings.Repeat("1,a\n", 5000)), ReadOptions{})
	if !errors.As(err, &faults) || len(faults) != maxFaults || strings.Count(err.Error(), "\n") != 20 {
		t.Errorf("5000 faults: %d are kept", len(faults))
	}
	var b strings.Builder
	b.WriteString("code,name\n")
	for i := range maxRows + 1 {
		fmt.Fprintf(&b, "990101%03d%03d,a\n", i/1000, i%1000)
	}
	if _, err := Read("x", []byte(b.String()), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "more than 50000 areas") {
		t.Errorf("too many areas: %v", err)
	}
	if _, err := Read("x", []byte("{\"a\":"+strings.Repeat("[", maxPoints*5/4+1)), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "corners") {
		t.Errorf("too many corners: %v", err)
	}
}

// What Read takes can be planned, or is refused by name; and once it is there, the same
// file changes nothing.
func FuzzRead(f *testing.F) {
	for _, s := range []string{list, "code,name,parent\n990101,a,\n990101001,b,990101\n", collection(`{"type":"Feature","properties":{"code":"990101","name":"a"},"geometry":{"type":"Polygon","coordinates":[` + ringOf + `]}}`), "code;name\n99;\xc1\xe9", "{\"type\":1,\"features\":[{}]}"} {
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, gcj bool) {
		file, err := Read("f", b, ReadOptions{GCJ02: gcj})
		if err != nil {
			var faults view.Faults
			if !errors.As(err, &faults) || len(faults) == 0 || faults[0].Text.Zh == "" || faults[0].Text.En == "" {
				t.Fatalf("the error is %#v", err)
			}
			return
		}
		plan, err := (&Tree{}).Plan(file, 1)
		if err != nil {
			return
		}
		again, err := plan.Tree.Plan(file, 2)
		if err != nil || len(again.Changes) != 0 || again.Unchanged != len(file.Rows) || again.Tree.Len() != plan.Tree.Len() {
			t.Fatalf("the second time: %v, %+v", err, again.Changes)
		}
	})
}
