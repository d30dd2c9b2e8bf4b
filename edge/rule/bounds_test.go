package rule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// worst are the texts that cost the most: each as large as the language lets it be. The
// parser counts parts, the compiler streams and windows, and both count bytes.
func worst(t *testing.T) map[string]string {
	t.Helper()
	windows := make([]string, maxReads)
	for i := range windows {
		windows[i] = fmt.Sprintf("max(river.level, %dm)", 60*48-i)
	}
	trends := make([]string, maxReads)
	for i := range trends {
		trends[i] = fmt.Sprintf("rises_to(river.level, 9, %dm)", 60*48-i)
	}
	fits := func(text func(n int) string) string { // the largest that is taken
		n := 1
		for {
			if _, errs := Compile(Spec{When: text(n + 1)}, street); len(errs) > 0 {
				for _, e := range errs {
					if e.ID != "E3107" && e.ID != "E3101" {
						t.Fatalf("%s: %v", text(n+1), e)
					}
				}
				return text(n)
			}
			n++
		}
	}
	return map[string]string{
		"sixteen windows of two days": strings.Join(windows, " + ") + " > 3",
		"sixteen trends":              strings.Join(trends, " + ") + " > 3",
		"brackets":                    fits(func(n int) string { return strings.Repeat("(", n) + "river.level" + strings.Repeat(")", n) + " > 3" }),
		"a long sum":                  fits(func(n int) string { return "river.level" + strings.Repeat(" + river.level", n) + " > 3" }),
		"minus signs":                 fits(func(n int) string { return strings.Repeat("- ", n) + "river.level > 3" }),
		"powers of powers":            fits(func(n int) string { return "river.level" + strings.Repeat(" ^ 1", n) + " > 3" }),
		"chained comparisons":         fits(func(n int) string { return "1" + strings.Repeat(" < river.level < tank.temp.inlet", n) }),
		"conditions in conditions": fits(func(n int) string {
			return strings.Repeat("(river.level > 3 ? ", n) + "river.level > 4" + strings.Repeat(" : river.level > 5)", n)
		}),
	}
}

// parts counts the nodes that one evaluation may visit. A program is a tree: each node
// is visited once at most, there is nothing that could go round.
func parts(n *node, seen map[*node]bool, t *testing.T) int {
	if n == nil {
		return 0
	}
	if seen[n] {
		t.Fatal("a node is there twice: an evaluation could go round")
	}
	seen[n] = true
	return 1 + parts(n.a, seen, t) + parts(n.b, seen, t) + parts(n.c, seen, t)
}

// Whatever is written, an evaluation visits a bounded number of parts, allocates
// nothing, and its windows hold a bounded number of points.
func TestTheLanguageIsBounded(t *testing.T) {
	for name, text := range worst(t) {
		r, errs := Compile(Spec{ID: "r", When: text}, street)
		if len(errs) > 0 {
			t.Errorf("%s: %v", name, errs[0])
			continue
		}
		if n := parts(r.stages[0].when.root, map[*node]bool{}, t); n > 3*maxNodes || n < 3 {
			t.Errorf("%s: an evaluation visits %d parts, want 3 to %d", name, n, 3*maxNodes)
		}
		e := New([]*Rule{r})
		now := int64(0)
		for range 3 * maxPoints { // two days of readings, much closer together than fits
			now += 48 * 60 * minute / (2 * maxPoints)
			e.Observe(level, now, obs.Of(float64(now%7919)/1000))
			e.Tick(now)
		}
		for _, s := range e.series {
			for _, w := range s.windows {
				if cap(w.ring) > 4*maxPoints {
					t.Errorf("%s: a window of %d ms has room for %d points", name, w.length, cap(w.ring))
				}
			}
		}
		if got := testing.AllocsPerRun(20, func() {
			now += 1000
			e.Observe(level, now, obs.Of(float64(now%7919)/1000))
			e.Tick(now)
		}); got > 0 {
			t.Errorf("%s: an evaluation allocates %v times", name, got)
		}
	}
}

// One more of anything is refused.
func TestOneMoreIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"bytes":  "river.level > 3" + strings.Repeat(" ", maxText-14),
		"reads":  reads(maxReads) + " > 3",
		"window": "max(river.level, 49h) > 3",
		"parts":  "river.level" + strings.Repeat(" + 1", maxNodes) + " > 3",
	} {
		if name == "reads" {
			text = "river.level" + text
		}
		if _, errs := Compile(Spec{When: text}, street); len(errs) == 0 {
			t.Errorf("%s: taken", name)
		}
	}
	if _, errs := Compile(Spec{When: "river.level > 3", For: time.Minute}, street); len(errs) > 0 {
		t.Error(errs)
	}
}
