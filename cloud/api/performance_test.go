package api

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/performance"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// reckoned are figures of which everything is said, of one case that is late and one that was
// closed by a department with a hostile name.
func reckoned(department string) view.Performance {
	p := view.Performance{From: 0, To: 86_400_000, Now: 90_000_000, FirstDay: "1970-01-01", LastDay: "1970-01-01", Zone: "UTC", Department: department}
	c := performance.NewCount(p.From, p.To, p.Now, "")
	late := performance.Measure{Opened: 1, Severity: wire.Red, Steps: []performance.Step{{Name: "acknowledge", Start: 1, Due: 600_000}}}
	done := performance.Measure{Opened: 1, Severity: wire.Blue, Rule: "high", Department: "=cmd()", Tasked: true, Handled: 90_001, Closed: 120_001, Answered: true, FalseAlarm: true,
		Steps: []performance.Step{{Name: "handle", Task: 1, Department: "=cmd()", Start: 1, Due: 600_000, End: 90_001, Done: true}}}
	for range 20 {
		c.Add("c1", "330105", "330105", &done)
	}
	c.Add("c2", "330105", "330105", &late)
	c.Into(&p)
	p.Areas[0].Name = view.Text{Zh: "甲区", En: "+District"}
	if department == "" {
		l := performance.NewLoad(p.From, p.To, p.Now, time.UTC)
		for range 3 {
			l.Add(60_000, l.Point(performance.Point{Gateway: "gw", Device: "river", Rule: "high"}), wire.Red)
		}
		p.Alerts = l.Figures(1)
	}
	return p
}

// The table has a line for each group, as many cells in each as its head, and nothing in it
// that a spreadsheet would compute.
func TestPerformanceTable(t *testing.T) {
	l := &ledger{}
	h := newAPI(t, &fakes{}, func(o *Options) { o.Cases = l })
	for language, want := range map[string]struct{ head, all, area string }{"en": {"raised", "all", "'+District"}, "zh": {"立案数", "全部", "甲区"}} {
		r := request(h, "GET", prefix+"/performance.csv?from=a&to=b&area=c&department=&language="+language, "")
		body := text(t, r)
		if l.query != (view.PerformanceQuery{First: "a", Last: "b", Area: "c"}) {
			t.Errorf("asked for %+v", l.query)
		}
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Disposition") != `attachment; filename="performance-1970-01-01-1970-01-01.csv"` || !strings.HasPrefix(body, "\ufeff") {
			t.Fatalf("%d %v %q", r.StatusCode, r.Header, body)
		}
		lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll() // it judges the numbers of cells
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) != 1+1+1+2+4 || lines[0][5] != want.head || lines[1][2] != want.all || lines[2][4] != want.area {
			t.Errorf("%s: %q", language, lines)
		}
		if !slices.ContainsFunc(lines, func(l []string) bool { return l[3] == "'=cmd()" && l[5] == "20" }) {
			t.Errorf("%s: the department's line is not there: %q", language, lines)
		}
		whole := lines[1]
		if at := slices.Index(lines[0], map[string]string{"en": "handle 95th percentile (min)", "zh": "处置 95 百分位（分钟）"}[language]); at < 0 || whole[at] != "1.50" || whole[at+1] != "20" || whole[at+2] != "20" {
			t.Errorf("%s: %q", language, whole)
		}
	}
}
