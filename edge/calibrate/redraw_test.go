package calibrate

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

var (
	window = Area{{0, 0}, {0.2, 0}, {0.2, 0.3}, {0, 0.3}}
	yard   = Area{{0.1, 0.6}, {0.5, 0.6}, {0.5, 1}}
	staff  = &Staff{Marks: [][]float64{{0.52, 0.2, 3}, {0.52, 0.85, 1.5}}, Width: 0.06}
	all    = Drawing{Masks: []Area{window}, Zones: map[string]Area{"yard": yard}, Staff: staff}
)

// Each file in testdata is a configuration, a line of dashes and equals signs, and what
// becomes of it when the drawing of its name's first word is put into the device gauge.
func TestRedrawGolden(t *testing.T) {
	drawings := map[string]Drawing{"all": all, "none": {}, "mask": {Masks: []Area{window, yard}}, "staff": {Staff: &Staff{Marks: staff.Marks, Width: 0.06, Lowest: of(1), Highest: of(3.25)}},
		"zones": {Zones: map[string]Area{"yard": yard, "on": window, "heap1": window}}}
	const line = "-=-=-\n"
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, after, _ := strings.Cut(string(b), line)
		first, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".yaml"), "-")
		d, ok := drawings[first]
		if !ok {
			t.Fatalf("%s: there is no drawing %q", file, first)
		}
		got, err := Redraw("gateway.yaml", []byte(before), "gauge", d)
		text := string(got)
		if err != nil {
			text = "error: " + err.Error() + "\n"
		}
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(file, []byte(before+line+text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(after, text); diff != "" && os.Getenv("UPDATE_GOLDEN") == "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		if err != nil {
			continue
		}
		if again, err := Redraw("gateway.yaml", got, "gauge", d); err != nil || string(again) != text {
			t.Errorf("%s: drawing the same again gives %v\n%s", file, err, again)
		}
	}
}

func TestRedrawRefuses(t *testing.T) {
	good := "devices:\n  gauge:\n    driver: camera\n"
	for name, c := range map[string]struct {
		src, device string
		d           Drawing
		want        string
	}{
		"no such device":   {good, "other", all, `no device is called "other"`},
		"no devices":       {"gateway: {id: a}\n", "gauge", all, "no device is called"},
		"no YAML":          {"a: [\n", "gauge", all, "E1002"},
		"mixed line ends":  {"devices:\r\n  gauge:\n    driver: camera\n", "gauge", all, "end as on Windows"},
		"too many areas":   {good, "gauge", Drawing{Masks: make([]Area, maxAreas+1)}, "too many"},
		"too many corners": {good, "gauge", Drawing{Masks: []Area{make(Area, maxCorners+1)}}, "too many"},
		"no corner":        {good, "gauge", Drawing{Masks: []Area{{{1, 2, 3, 4}}}}, "a corner is [x, y]"},
		"a nameless zone":  {good, "gauge", Drawing{Zones: map[string]Area{"": yard}}, "no name"},
	} {
		if out, err := Redraw("gateway.yaml", []byte(c.src), c.device, c.d); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q\n%s", name, err, c.want, out)
		}
	}
}

// A file with Windows' line ends and a mark keeps both; one without a last line break is
// not broken.
func TestRedrawKeepsLineEnds(t *testing.T) {
	src := "\xef\xbb\xbfdevices:\r\n  gauge:\r\n    driver: camera # here"
	got, err := Redraw("gateway.yaml", []byte(src), "gauge", Drawing{Masks: []Area{window}})
	want := src + "\r\n    masks:\r\n      - [[0, 0], [0.2, 0], [0.2, 0.3], [0, 0.3]]"
	if err != nil || string(got) != want {
		t.Errorf("%v\n%q\nwant\n%q", err, got, want)
	}
}

func TestDrawingYAML(t *testing.T) {
	want := `  masks:
    - [[0, 0], [0.2, 0], [0.2, 0.3], [0, 0.3]]
  zones:
    yard: [[0.1, 0.6], [0.5, 0.6], [0.5, 1]]
  staff: {marks: [[0.52, 0.2, 3], [0.52, 0.85, 1.5]], width: 0.06}
`
	if got := all.YAML(2, Drawing{}); got != want {
		t.Errorf("YAML = \n%s\nwant\n%s", got, want)
	}
	if got, want := (Drawing{}).YAML(2, all), "  masks: []\n  zones: {}\n  staff: null\n"; got != want {
		t.Errorf("YAML where all was deleted = %q, want %q", got, want)
	}
	if got := (Drawing{}).YAML(2, Drawing{}); got != "" {
		t.Errorf("nothing drawn gives %q", got)
	}
	doc, err := yamldoc.Parse("", []byte("gauge:\n"+want))
	if err != nil {
		t.Fatal(err)
	}
	if got := DrawingOf(doc.Node("gauge")); !reflect.DeepEqual(got, all) {
		t.Errorf("read back it is %+v", got)
	}
}

// FuzzRedraw: whatever a configuration looks like and a zone is called, a drawing is
// refused or written so that it is read as meant and nothing else has changed.
func FuzzRedraw(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		before, _, _ := strings.Cut(string(b), "-=-=-\n")
		f.Add([]byte(before), "yard", 0.25)
	}
	f.Add([]byte("devices: {gauge: {url: 'a, b', x: \"}\", masks: []}}"), "a: b\u2028", -1.0)
	f.Fuzz(func(t *testing.T, src []byte, name string, x float64) {
		if len(src) > 4096 {
			return
		}
		d := Drawing{Masks: []Area{{{x, 0}, {0.5, x}}}, Zones: map[string]Area{name: yard}}
		got, err := Redraw("g.yaml", src, "gauge", d)
		if err != nil {
			return
		}
		was, _ := yamldoc.Parse("g.yaml", src)
		is, err := yamldoc.Parse("g.yaml", got)
		if err != nil || !onlyDrawn(was.Root(), is.Root(), "gauge", d) {
			t.Fatalf("%v: from\n%s\nto\n%s", err, src, got)
		}
		if gone, err := Redraw("g.yaml", got, "gauge", Drawing{}); err == nil {
			if is, err := yamldoc.Parse("g.yaml", gone); err != nil || !reflect.DeepEqual(DrawingOf(is.Node("devices", "gauge")), Drawing{}) {
				t.Fatalf("%v: the drawing is not gone from\n%s", err, gone)
			}
		}
	})
}

func of(v float64) *float64 { return &v }

// Each end of a staff is written where it was written, 0 too, and read again as it was.
func TestEachEndOfAStaffIsItsOwn(t *testing.T) {
	for _, c := range []struct {
		low, high *float64
		want      string
	}{
		{nil, nil, "width: 0.06}"},
		{of(0), nil, "width: 0.06, lowest: 0}"},
		{nil, of(-0.3), "width: 0.06, highest: -0.3}"},
		{of(-0.9), of(0), "width: 0.06, lowest: -0.9, highest: 0}"},
	} {
		text := Drawing{Staff: &Staff{Marks: staff.Marks, Width: 0.06, Lowest: c.low, Highest: c.high}}.YAML(0, Drawing{})
		if !strings.Contains(text, c.want) {
			t.Errorf("%q, want %s", text, c.want)
		}
		doc, err := yamldoc.Parse("d", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if again := DrawingOf(doc.Root()).YAML(0, Drawing{}); again != text {
			t.Errorf("%q is read as %q", text, again)
		}
	}
}
