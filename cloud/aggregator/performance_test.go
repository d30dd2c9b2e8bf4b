package aggregator

import (
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/area"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// Days are those of the place: from midnight there to midnight there.
func TestDaysOfFigures(t *testing.T) {
	china, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 16, 30, 0, 0, time.UTC) // half past midnight in China
	at := func(y int, m time.Month, d int) int64 { return time.Date(y, m, d, 0, 0, 0, 0, china).UnixMilli() }
	for _, c := range []struct {
		first, last string
		from, to    int64
		bad         string
	}{
		{"", "", at(2026, 11, 18), at(2026, 11, 25), ""},
		{"2026-11-24", "2026-11-24", at(2026, 11, 24), at(2026, 11, 25), ""},
		{"", "2026-03-03", at(2026, 2, 25), at(2026, 3, 4), ""},
		{"2026-01-01", "", at(2026, 1, 1), at(2026, 11, 25), ""},
		{"2025-01-01", "2026-02-04", at(2025, 1, 1), at(2026, 2, 5), ""},
		{"2025-01-01", "2026-02-05", 0, 0, "from"},
		{"2026-11-25", "2026-11-24", 0, 0, "from"},
		{"2026-11-31", "2026-12-01", 0, 0, "from"},
		{"", "yesterday", 0, 0, "to"},
		{"", "1999-12-31", 0, 0, "to"},
		{"0001-01-01", "2026-01-01", 0, 0, "from"},
	} {
		p, err := days(view.PerformanceQuery{First: c.first, Last: c.last}, now, china)
		var wrong *view.FieldError
		if errors.As(err, &wrong); c.bad == "" && err != nil || c.bad != "" && (wrong == nil || wrong.Field != c.bad) {
			t.Errorf("%q to %q: %v, want %q", c.first, c.last, err, c.bad)
		}
		if c.bad == "" && (p.From != c.from || p.To != c.to || p.Zone != "Asia/Shanghai") {
			t.Errorf("%q to %q: %v to %v", c.first, c.last, time.UnixMilli(p.From).In(china), time.UnixMilli(p.To).In(china))
		}
	}
}

// Figures are by the areas right below the one that is asked for; of everything, by those
// where it first divides.
func TestFiguresDivideTheTree(t *testing.T) {
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), database.Schema{Name: "area", Steps: area.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &parts{}
	p.places, err = area.Open(t.Context(), area.Options{DB: db, Gateways: func() []view.Gateway { return nil }, Failed: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	const tree = "code,name,parent\n99,省,\n9901,市,99\n990101,甲区,9901\n990102,乙区,9901\n990101003,街道,990101\n990101003012,社区,990101003\n990101003013,社区,990101003\n990102001,街道,990102\n"
	if _, err := p.places.ImportAreas(t.Context(), view.AreaFile{Name: "a.csv", Data: []byte(tree)}, time.Unix(1_790_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		top  string
		all  []string
		want map[string]string
	}{
		{"", nil, map[string]string{}},
		{"", []string{"990101003012", "990102001"}, map[string]string{"990101003012": "990101", "990102001": "990102"}},
		{"", []string{"990101003012", "990101003013"}, map[string]string{"990101003012": "990101003012", "990101003013": "990101003013"}},
		{"", []string{"990101003012"}, map[string]string{"990101003012": "990101003012"}},
		{"", []string{"990101003", "990101003012"}, map[string]string{"990101003": "990101003", "990101003012": "990101003"}},
		{"", []string{"unplaced", "990101003012"}, map[string]string{"unplaced": "", "990101003012": "990101003012"}},
		{"", []string{"unplaced"}, map[string]string{"unplaced": ""}},
		{"9901", []string{"990101003012", "990101003013"}, map[string]string{"990101003012": "990101", "990101003013": "990101"}},
		{"990101", []string{"990101", "990101003013"}, map[string]string{"990101": "990101", "990101003013": "990101003"}},
	} {
		if got := p.below(c.top, c.all); !reflect.DeepEqual(got, c.want) {
			t.Errorf("below %q %q: %v, want %v", c.top, c.all, got, c.want)
		}
	}
	if got := p.areaName("990101"); got.Zh != "甲区" || p.areaName("unplaced") != (view.Text{}) || p.areaName("") != (view.Text{}) {
		t.Errorf("the area is called %v", got)
	}
}
