package yamldoc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type position struct {
	Lat float64 `yaml:"lat,required"`
	Lon float64 `yaml:"lon,required"`
}

type line struct {
	Baud   int    `yaml:"baud"`
	Parity string `yaml:"parity"`
}

type device struct {
	Driver string            `yaml:"driver"`
	Line   line              `yaml:",inline"`
	Addr   uint8             `yaml:"address"`
	Every  time.Duration     `yaml:"every"`
	On     bool              `yaml:"on"`
	Name   map[string]string `yaml:"name"`
	Hidden int               `yaml:"-"`
}

type file struct {
	ID      string            `yaml:"id,required"`
	Pos     *position         `yaml:"position"`
	Size    Size              `yaml:"size"`
	Devices map[string]device `yaml:"devices"`
	Tags    []string          `yaml:"tags"`
	Points  []struct {
		Scale float64 `yaml:"scale"`
	} `yaml:"points"`
	Raw *Node `yaml:"raw"`
}

func TestDecodeGood(t *testing.T) {
	const src = "\xef\xbb\xbf# a comment\r\nid: 330105003012\r\nposition: {lat: 30.319, lon: 120}\nsize: 2GB\ntags: [a, 'it''s', 0x1f]\n" +
		"common: &common\n  baud: 9600\n  parity: none\ndevices:\n  river: {<<: *common, baud: 0x12c0, address: 3, every: 1h30m, on: true, name: {zh: 河道}}\n  air:\npoints:\n  - scale: 1e-3\nraw:\n  x: [1, 2]\n"
	type withCommon struct {
		File   file  `yaml:",inline"`
		Common *Node `yaml:"common"`
	}
	d, err := Parse("a.yaml", []byte(src))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	got := withCommon{File: file{Devices: map[string]device{}}}
	if err := d.Decode(&got); err != nil {
		t.Fatalf("Decode: %v", err)
	}
	f := got.File
	if f.Raw.Node("x", "1").Text() != "2" || f.Raw.Path() != "raw" {
		t.Errorf("raw node = %q at %q", f.Raw.Node("x", "1").Text(), f.Raw.Path())
	}
	f.Raw = nil
	want := file{
		ID: "330105003012", Pos: &position{30.319, 120}, Size: 2e9, Tags: []string{"a", "it's", "0x1f"},
		Devices: map[string]device{
			"river": {Line: line{4800, "none"}, Addr: 3, Every: 90 * time.Minute, On: true, Name: map[string]string{"zh": "河道"}},
			"air":   {},
		},
		Points: []struct {
			Scale float64 `yaml:"scale"`
		}{{0.001}},
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	if got, want := fmt.Sprint(d.Root().Keys()), "[id position size tags common devices points raw]"; got != want {
		t.Errorf("Keys() = %v, want %v", got, want)
	}
}

// TestBad decodes every testdata/*.bad.yaml into file; the .want beside it is the
// exact text a person sees.
func TestBad(t *testing.T) {
	names, _ := filepath.Glob("testdata/*.bad.yaml")
	if len(names) < 12 {
		t.Fatalf("only %d bad files", len(names))
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := problemsOf(filepath.Base(name), src).Render(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(name, ".bad.yaml")+".want", b.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func problemsOf(name string, src []byte) (all Problems) {
	d, err := Parse(name, src)
	var ps Problems
	if errors.As(err, &ps) {
		all = append(all, ps...)
	}
	if d == nil {
		return all
	}
	var f file
	if err := d.Decode(&f); errors.As(err, &ps) {
		all = append(all, ps...)
	}
	return all
}

func TestDecodeBeside(t *testing.T) {
	d, err := Parse("a.yaml", []byte("driver: x\nevery: 5s\nheigth: 2\nevry: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	var common struct {
		Driver string `yaml:"driver"`
	}
	if err := d.Root().DecodeKnown(&common); err != nil || common.Driver != "x" {
		t.Errorf("DecodeKnown = %v, driver %q", err, common.Driver)
	}
	var options struct {
		Height float64 `yaml:"height"`
	}
	var ps Problems
	if !errors.As(d.Root().DecodeBeside(&options, "driver", "every"), &ps) || len(ps) != 2 {
		t.Fatalf("DecodeBeside = %v, want two unknown keys", ps)
	}
	for i, want := range []string{`did you mean "height"?`, `did you mean "every"?`} {
		if ps[i].Hint != want {
			t.Errorf("hint %d = %q, want %q", i, ps[i].Hint, want)
		}
	}
}

type even int

func (e *even) UnmarshalNode(n *Node) error {
	var i int
	if err := n.Decode(&i); err != nil {
		return err
	}
	if *e = even(i); i%2 != 0 {
		return n.Problem("E9001", fmt.Sprintf("%d is odd", i)).WithHint("write an even number")
	}
	return nil
}

func TestUnmarshalNode(t *testing.T) {
	d, _ := Parse("a.yaml", []byte("a: 4\nb: 5\nc: x\n"))
	var got map[string]even
	err := d.Decode(&got)
	want := "a.yaml:2:4: E9001 5 is odd; write an even number\na.yaml:3:4: E1105 \"x\" is not a whole number; write digits, like 12, or 0x0c"
	if err == nil || err.Error() != want || got["a"] != 4 {
		t.Errorf("Decode = %v, %v\nwant %v", got, err, want)
	}
}

// A list of lists that is a pair of brackets short, or has one too many, is one mistake; one
// that is uneven has its own at each place.
func TestListsInLists(t *testing.T) {
	type options struct {
		Areas [][][]float64          `yaml:"areas"`
		Named map[string][][]float64 `yaml:"named"`
		Flat  []float64              `yaml:"flat"`
	}
	for text, want := range map[string]string{
		"areas: [[[0, 0], [1, 0], [1, 1]]]":      "",
		"areas: []":                              "",
		"areas: [[]]":                            "",
		"areas: [[0, 0], [1, 0], [1, 1]]":        "a.yaml:1:8: E1102 areas is a list 2 deep, here belongs one 3 deep; write one more pair of brackets around it",
		"areas: [0, 1]":                          "a.yaml:1:8: E1102 areas is a list 1 deep, here belongs one 3 deep; write so many pairs of brackets in each other",
		"areas: [[[[0, 0], [1, 0]]]]":            "a.yaml:1:8: E1102 areas is a list 4 deep, here belongs one 3 deep; take one pair of brackets away",
		"named: {yard: [[[0, 0], [1, 0]]]}":      "a.yaml:1:15: E1102 named.yard is a list 3 deep, here belongs one 2 deep; take one pair of brackets away",
		"areas: [[[0, 0], [1, 0]], [[0, 0], 1]]": "a.yaml:1:36: E1102 areas[1][1] is a single value, here belongs a list; write \"- item\" lines, indented, or [item, …]",
		"areas: [[[0, 0], [1, 0]], [0, 0]]":      "a.yaml:1:27: E1102 areas[1] is a list 1 deep, here belongs one 2 deep; write one more pair of brackets around it",
		"areas: [[[0, x], [1, 0]]]":              "a.yaml:1:14: E1106 \"x\" is not a number; write it like 3 or 2.75, without a unit",
		"areas: 3":                               "a.yaml:1:8: E1102 areas is a single value, here belongs a list; write \"- item\" lines, indented, or [item, …]",
		"flat: [[0]]":                            "a.yaml:1:8: E1102 flat[0] is a list, here belongs a single value; write one value",
	} {
		d, err := Parse("a.yaml", []byte(text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		var o options
		got := ""
		if err := d.Decode(&o); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestMisuse(t *testing.T) {
	d, _ := Parse("a.yaml", []byte("a: 4\n"))
	for _, out := range []any{nil, 3, new(chan int), new(map[int]string), new(map[string]any)} {
		var ps Problems
		if err := d.Decode(out); err == nil || errors.As(err, &ps) {
			t.Errorf("Decode(%T) = %v, want an error that blames the caller", out, err)
		}
	}
}

func TestProblemPlace(t *testing.T) {
	d, _ := Parse("a.yaml", []byte("devices:\n  river:\n    address: 3\n"))
	for _, c := range []struct {
		path []string
		want string
	}{
		{[]string{"devices", "river", "address"}, "a.yaml:3:14: E1 m"},
		{[]string{"devices", "river", "offsets", "level"}, "a.yaml:2:3: E1 m"},
		{[]string{"devices", "air"}, "a.yaml:1:1: E1 m"},
		{[]string{"rules"}, "a.yaml:1:1: E1 m"},
		{nil, "a.yaml:1:1: E1 m"},
	} {
		if got := d.Problem(c.path, "E1", "m").Error(); got != c.want {
			t.Errorf("Problem(%v) = %s, want %s", c.path, got, c.want)
		}
	}
}

// TestTextProblem puts one mark, ⇨, into the text of each scalar; the mark's own
// place in the file is the one that must be found.
func TestTextProblem(t *testing.T) {
	for name, src := range map[string]string{
		"plain":           "a: river.level ⇨ 3\n",
		"double":          "a: \"river.level ⇨ 3\"\n",
		"escapes":         "a: \"\\t\\\"\\u6cb3\\x41\\U0001F30A ⇨ 3\"\n",
		"single":          "a: 'it''s ''⇨'\n",
		"wide":            "名: '河道水位 ⇨ 3'\n",
		"folded":          "a: >\n    river.level\n    and ⇨ 3\n",
		"folded blank":    "a: >-\n    river\n\n\n    and ⇨ 3\n",
		"literal":         "a: |\n  x\n    deeper ⇨\n",
		"plain lines":     "a: one\n  two\n\n  ⇨ three\n",
		"double lines":    "a: \"one\n  two \\\n  x ⇨\"\n",
		"in a flow map":   "a: {b: 1, c: \"x ⇨\"}\n",
		"alias":           "q: &q 'x ⇨'\na: *q\n",
		"tag":             "a: !!str 'x ⇨'\n",
		"comment in list": "a:\n  # one\n  - 'x ⇨' # two\n",
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Parse("a.yaml", []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			n := scalarWith(d.Root(), "⇨")
			p := n.TextProblem(strings.Index(n.Text(), "⇨"), len("⇨"), "E1", "m")
			line := []rune(p.Source)
			if p.Col > len(line) || line[p.Col-1] != '⇨' || p.Width != 1 {
				t.Errorf("mark of %q at %d:%d width %d in %q", n.Text(), p.Line, p.Col, p.Width, p.Source)
			}
		})
	}
}

func scalarWith(n *Node, mark string) *Node {
	if strings.Contains(n.Text(), mark) {
		return n
	}
	for _, c := range n.items {
		if m := scalarWith(c, mark); m != nil {
			return m
		}
	}
	for _, k := range n.names {
		if m := scalarWith(n.child[k], mark); m != nil {
			return m
		}
	}
	return nil
}

func TestLimits(t *testing.T) {
	bomb := "a0: &a0 [x]\n"
	for i := range 30 {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	for name, src := range map[string]string{
		"bytes":          strings.Repeat("# x\n", MaxBytes/4+1),
		"flow depth":     strings.Repeat("[", 100_000),
		"row depth":      strings.Repeat("- ", 20_000),
		"indent depth":   indented(400),
		"tokens":         strings.Repeat("a: 1\n", 60_000),
		"alias bomb":     bomb,
		"alias in self":  "a: &a [*a]\n",
		"key depth":      strings.Repeat("? ", 20_000),
		"anchors in row": strings.Repeat("&a ", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Parse("a.yaml", []byte(src))
			if err == nil {
				t.Error("Parse took it")
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("Parse took %v", took)
			}
		})
	}
}

func indented(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestRenderMany(t *testing.T) {
	d, _ := Parse("dir/a.yaml", []byte("a: 1\n"))
	var ps Problems
	for i := range 107 {
		ps = append(ps, d.Problem(nil, fmt.Sprintf("W%04d", i), "odd"))
	}
	ps = append(ps, d.Problem([]string{"a"}, "E2000", "wrong"), d.Problem([]string{"a"}, "E2000", "wrong"))
	var b strings.Builder
	if err := ps.Render(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(b.String(), "… and 8 more, which are shown when these are mended\n1 error, 107 warnings in a.yaml\n") {
		t.Errorf("Render ends with …%s", b.String()[max(0, b.Len()-120):])
	}
	if !strings.Contains(b.String(), "E2000") {
		t.Error("the error is hidden by warnings")
	}
	if ps[:107].Err() != nil {
		t.Error("warnings alone are an error")
	}
}

// A hint says what to write: the words of which a part was written, a point for a
// decimal comma, each unit that may have been meant, and no key that does not fit.
func TestHints(t *testing.T) {
	profiles := []string{"keller-36xw", "keller-33x", "pm-keller-x", "sht20", "sht30"}
	for word, want := range map[string]string{
		"keller":  `did you mean "keller-33x" or "keller-36xw" or "pm-keller-x"?`,
		"KELLER-": `did you mean "keller-33x" or "keller-36xw" or "pm-keller-x"?`,
		"sht2":    `did you mean "sht20"?`,
		"nosuch":  "known: keller-33x, keller-36xw, pm-keller-x, sht20, sht30",
		"x":       "known: keller-33x, keller-36xw, pm-keller-x, sht20, sht30",
	} {
		if got := Hint(word, profiles); got != want {
			t.Errorf("Hint(%q) = %q, want %q", word, got, want)
		}
	}
	for src, want := range map[string]string{
		`{tip: "0,2"}`: "write 0.2", `{tip: 0,2}`: "a decimal has a point: write tip: 0.2", `{tip: -1,25}`: "a decimal has a point: write tip: -1.25",
		`{tip: "0.2"}`: "without quotes", `{wait: 30}`: "write the unit: 30s, 30m, 30h or 30d", `{wait: 1w}`: "write 7d", `{wait: 2周}`: "write 14d",
		`{tpi: 1}`: `did you mean "tip"?`, `{nonsense: 1}`: "known: bus, tip, wait",
	} {
		var to struct {
			Tip  float64       `yaml:"tip"`
			Wait time.Duration `yaml:"wait"`
		}
		d, err := Parse("a.yaml", []byte(src))
		if err == nil {
			err = d.Node().DecodeFitting(&to, []string{"bus"}, []string{"port", "baud"})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", src, err, want)
		}
	}
	d, _ := Parse("a.yaml", []byte("{port: 1, baud: 2, bus: 3, tip: 4}"))
	var to struct {
		Tip float64 `yaml:"tip"`
	}
	if err := d.Node().DecodeFitting(&to, []string{"bus"}, []string{"port", "baud"}); err != nil || to.Tip != 4 {
		t.Errorf("keys of somebody else: %v, %v", err, to)
	}
}
