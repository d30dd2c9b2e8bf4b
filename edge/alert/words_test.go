package alert_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// What a rule compares is not always the stream's own quantity.
func TestQuantities(t *testing.T) {
	for quantity, want := range map[string]struct{ unit, zh, en string }{
		"":         {"m", "river：水位 3.20 m，限值 3.00 m", "river: water level 3.20 m, limit 3.00 m"},
		"per-hour": {"m/h", "river：水位变化率 3.20 m/h，限值 3.00 m/h", "river: water level, change 3.20 m/h, limit 3.00 m/h"},
		"seconds":  {"s", "river：水位无数据时长 3.2 s，限值 3.0 s", "river: water level, time without data 3.2 s, limit 3.0 s"},
		"number":   {"/", "river：水位读数个数 3.2，限值 3.0", "river: water level, number of readings 3.2, limit 3.0"},
		"other":    {"", "river：水位 3.20，限值 3.00", "river: water level 3.20, limit 3.00"},
	} {
		c := change(60_000, 3.2, false)
		c.Quantity = quantity
		a := alert.Revise(alert.Rule{ID: "r", Severity: wire.Blue}, level, nil, c, idA, nil)
		if a.Unit != want.unit || a.Text["zh"] != want.zh || a.Text["en"] != want.en {
			t.Errorf("%q: unit %q, %q, %q", quantity, a.Unit, a.Text["zh"], a.Text["en"])
		}
		if a.Epoch, a.Seq = wire.NewEpoch(1, [6]byte{1}), 7; a.Validate() != nil {
			t.Errorf("%q is not fit for the wire: %v", quantity, a.Validate())
		}
	}
}

// A value that crossed its limit by less than a screen shows is shown finer.
func TestValueAndLimitDiffer(t *testing.T) {
	r := alert.Rule{ID: "r", Severity: wire.Blue, Texts: map[string]string{"zh": "{value}/{limit}", "en": "{value}/{limit}"}}
	for v, want := range map[float64]string{3.2: "3.20/3.00", 3.004: "3.004/3.000", 3: "3.00/3.00", 3.00001: "3.00001/3.00000", 3 + 1e-12: "3.00/3.00"} {
		if got := alert.Revise(r, level, nil, change(1, v, false), idA, nil).Text["en"]; got != want {
			t.Errorf("%v of 3: %q, want %q", v, got, want)
		}
	}
	none := obs.Metric{}
	if got := alert.Revise(r, none, nil, change(1, 3.2, false), idA, nil).Text["en"]; got != "3.2/3.0" {
		t.Errorf("without a metric: %q", got)
	}
}

// The names of official warnings belong to the authorities. No text of ours uses
// them; a text that forwards one names its issuer and is listed here.
func TestNoOfficialWords(t *testing.T) {
	words := regexp.MustCompile(`[红橙黄蓝]色?预警`)
	allowed := map[string]string{
		"edge/config/rules.go":           "recognises the words in rules, to warn about them",
		"edge/rulepack/rulepack_test.go": "has a pack refused that says them",
	}
	kinds := []string{".go", ".yaml", ".yml", ".ts", ".tsx", ".js", ".json", ".html", ".svelte", ".vue", ".tmpl", ".md"}
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "node_modules", "testdata", "dist", "bin"}, d.Name()) {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(root, path)
		if err != nil || d.IsDir() || !slices.Contains(kinds, filepath.Ext(path)) || strings.HasSuffix(path, "words_test.go") {
			return err
		}
		seen++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if hit := words.Find(text); hit != nil && allowed[filepath.ToSlash(rel)] == "" {
			t.Errorf("%s says %s", rel, hit)
		}
		return nil
	})
	if err != nil || seen < 50 {
		t.Errorf("%d files searched, %v", seen, err)
	}
}
