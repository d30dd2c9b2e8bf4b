package alert_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/rule"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// What a rule compares is not always the stream's own quantity.
func TestQuantities(t *testing.T) {
	for quantity, want := range map[string]struct{ unit, zh, en string }{
		"":         {"m", "river：水位 3.20 m，限值 3.00 m", "river: water level 3.20 m, limit 3.00 m"},
		"per-hour": {"m/h", "river：水位（10 分钟变化率） 3.20 m/h，限值 3.00 m/h", "river: water level (change in 10 min) 3.20 m/h, limit 3.00 m/h"},
		"mean":     {"m", "river：水位（10 分钟平均） 3.20 m，限值 3.00 m", "river: water level (mean of 10 min) 3.20 m, limit 3.00 m"},
		"leq":      {"m", "river：水位（10 分钟等效声级） 3.20 m，限值 3.00 m", "river: water level (Leq of 10 min) 3.20 m, limit 3.00 m"},
		"least":    {"m", "river：水位（10 分钟最低） 3.20 m，限值 3.00 m", "river: water level (lowest of 10 min) 3.20 m, limit 3.00 m"},
		"greatest": {"m", "river：水位（10 分钟最高） 3.20 m，限值 3.00 m", "river: water level (highest of 10 min) 3.20 m, limit 3.00 m"},
		"sum":      {"m", "river：水位（10 分钟累计） 3.20 m，限值 3.00 m", "river: water level (sum of 10 min) 3.20 m, limit 3.00 m"},
		"rise":     {"m", "river：水位（10 分钟内上升） 3.20 m，限值 3.00 m", "river: water level (rise within 10 min) 3.20 m, limit 3.00 m"},
		"computed": {"m", "river：水位（计算值） 3.20 m，限值 3.00 m", "river: water level (computed) 3.20 m, limit 3.00 m"},
		"seconds":  {"s", "river：水位（无数据时长） 3.2 s，限值 3.0 s", "river: water level (time without data) 3.2 s, limit 3.0 s"},
		"unmoved":  {"s", "river：水位（不变时长） 3.2 s，限值 3.0 s", "river: water level (time without movement) 3.2 s, limit 3.0 s"},
		"until":    {"s", "river：水位（预计到达时间） 3.2 s，限值 3.0 s", "river: water level (time until it is reached) 3.2 s, limit 3.0 s"},
		"number":   {"/", "river：水位（10 分钟读数个数） 3.2，限值 3.0", "river: water level (readings in 10 min) 3.2, limit 3.0"},
		"other":    {"", "river：水位（计算值） 3.20，限值 3.00", "river: water level (computed) 3.20, limit 3.00"},
	} {
		c := change(60_000, 3.2, false)
		c.Quantity = quantity
		if strings.Contains(want.en, "10 min") {
			c.Over = 10 * time.Minute
		}
		a := alert.Revise(alert.Rule{ID: "r", Severity: wire.Blue}, level, nil, c, idA, nil)
		if a.Unit != want.unit || a.Text["zh"] != want.zh || a.Text["en"] != want.en {
			t.Errorf("%q: unit %q, %q, %q", quantity, a.Unit, a.Text["zh"], a.Text["en"])
		}
		if a.Epoch, a.Seq = wire.NewEpoch(1, [6]byte{1}), 7; a.Validate() != nil {
			t.Errorf("%q is not fit for the wire: %v", quantity, a.Validate())
		}
	}
}

// Each quantity that a rule can compare has words, but for the stream's own.
func TestEveryQuantityHasWords(t *testing.T) {
	for _, q := range []rule.Quantity{rule.PerHour, rule.Seconds, rule.Unmoved, rule.Until, rule.Number, rule.Other, rule.Mean, rule.Leq, rule.Least, rule.Greatest, rule.Rise, rule.Computed} {
		if m := alert.Measured(level, string(q), 0); m.Label.EN == level.Label.EN || m.Label.ZH == level.Label.ZH || strings.Contains(m.Label.EN+m.Label.ZH, "%") {
			t.Errorf("%q: %+v", q, m.Label)
		}
	}
	for d, want := range map[time.Duration]string{90 * time.Second: "90 s", 10 * time.Minute: "10 min", 90 * time.Minute: "90 min", 24 * time.Hour: "24 h"} {
		if got := alert.Span(d, "en"); got != want {
			t.Errorf("%v is written %s, want %s", d, got, want)
		}
	}
}

// What is derived over a window has the metric of what it is made of, and is not that.
func TestDerivedSaysWhatItIs(t *testing.T) {
	r := alert.Rule{ID: "r", Severity: wire.Blue, Made: map[string]alert.Made{"river": {What: "sum", Over: time.Hour}}}
	c := change(60_000, 10.34, false)
	if got := alert.Revise(r, level, nil, c, idA, nil).Text["en"]; got != "river: water level (sum of 1 h) 10.34 m, limit 3.00 m" {
		t.Error(got)
	}
	c.Quantity = "per-hour" // and what a rule makes of it is that
	if got := alert.Revise(r, level, nil, c, idA, nil).Text["zh"]; got != "river：水位（变化率） 10.34 m/h，限值 3.00 m/h" {
		t.Error(got)
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

// A message that names the unit itself is not put behind a number of another one: where a
// rule compares both, the plain sentence says what the number is.
func TestMessageOfAnotherUnit(t *testing.T) {
	r := river
	r.Mixed = true
	for quantity, want := range map[string][2]string{
		"":         {"拱宸桥水位 3.20 米，限值 3.00 米", "river: level 3.20 m, limit 3.00"},
		"mean":     {"拱宸桥水位 3.20 米，限值 3.00 米", "river: level 3.20 m, limit 3.00"},
		"unmoved":  {"拱宸桥：水位（不变时长） 3.2 s，限值 3.0 s", "river: level 3.2 s, limit 3.0"},
		"number":   {"拱宸桥：水位（读数个数） 3.2，限值 3.0", "river: level 3.2, limit 3.0"},
		"per-hour": {"拱宸桥：水位（变化率） 3.20 m/h，限值 3.00 m/h", "river: level 3.20 m/h, limit 3.00"},
	} {
		c := change(60_000, 3.2, false)
		c.Quantity = quantity
		a := alert.Revise(r, level, nil, c, idA, nil)
		if a.Text["zh"] != want[0] || a.Text["en"] != want[1] {
			t.Errorf("%q: %q, %q", quantity, a.Text["zh"], a.Text["en"])
		}
	}
	c := change(60_000, 3.2, false)
	c.Quantity = "unmoved"
	if a := alert.Revise(river, level, nil, c, idA, nil); a.Text["zh"] != "拱宸桥水位 3.2 米，限值 3.0 米" {
		t.Errorf("of a rule about nothing else: %q", a.Text["zh"]) // its author knew what it is about
	}
}
