package area

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

func openDB(t testing.TB, path string) *database.DB {
	t.Helper()
	db, err := databasetest.Open(t.Context(), path, database.Schema{Name: "area", Steps: Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func openAtlas(t testing.TB, db DB) *Atlas {
	t.Helper()
	a, err := Open(t.Context(), Options{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newAtlas(t testing.TB) *Atlas {
	t.Helper()
	return openAtlas(t, openDB(t, filepath.Join(t.TempDir(), "a.db")))
}

var now = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

// load imports a CSV.
func load(t testing.TB, a *Atlas, text string) view.AreaImport {
	t.Helper()
	f, err := Read("city.csv", []byte(text), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Import(t.Context(), f, false, now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const withShape = `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"990101001"},"geometry":{"type":"Polygon","coordinates":[[[120,30],[121,30],[121,31],[120,31],[120,30]]]}}]}`

func TestImportIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	a := openAtlas(t, openDB(t, path))
	f, err := Read("city.csv", []byte(district), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dry, err := a.Import(t.Context(), f, true, now)
	if err != nil || !dry.DryRun || len(dry.Changes) != 6 || a.Tree().Len() != 0 {
		t.Fatalf("a dry run: %v, %+v, and then %d areas", err, dry, a.Tree().Len())
	}
	if r := load(t, a, district); r.DryRun || len(r.Changes) != 6 || r.Read != 6 || r.Encoding != "utf-8" {
		t.Errorf("the import: %+v", r)
	}
	if r := load(t, a, district); len(r.Changes) != 0 || r.Unchanged != 6 {
		t.Errorf("the same again: %+v", r)
	}
	shapes, err := Read("shapes.geojson", []byte(withShape), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Import(t.Context(), shapes, false, now); err != nil {
		t.Fatal(err)
	}
	load(t, a, "code,name,replaces\n990101005,新街道,990101002\n")

	b := openAtlas(t, openDB(t, path)) // as after a restart
	if b.Tree().Len() != 6 {
		t.Errorf("%d areas after a restart", b.Tree().Len())
	}
	if c, ok := b.Tree().At(wire.Position{Lat: 30.5, Lon: 120.5}); c != "990101001" || !ok {
		t.Errorf("the position is in %q", c)
	}
	if c, ok := b.Tree().Resolve("990101002"); c != "990101005" || !ok {
		t.Errorf("the old code means %q", c)
	}
	if c := b.Tree().Path("990101002001"); fmt.Sprint(c) != "[99 9901 990101 990101005 990101002001]" {
		t.Errorf("a community of the old street lies in %v", c)
	}
	load(t, b, "code,name\n990101002,河西街道\n")
	if got := len(b.Tree().Aliases("990101005")); got != 0 {
		t.Errorf("%d old codes after a code came back", got)
	}
}

func TestAFaultyImportChangesNothing(t *testing.T) {
	a := newAtlas(t)
	load(t, a, district)
	f, err := Read("x", []byte("code,name\n990101004,好街道\n990101009009,孤社区\n"), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, dry := range []bool{true, false} {
		_, err := a.Import(t.Context(), f, dry, now)
		var faults view.Faults
		if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Line != 3 {
			t.Errorf("dry %v: %v", dry, err)
		}
	}
	if _, ok := a.Tree().Area("990101004"); ok {
		t.Error("half of a file was taken over")
	}
}

func route(category, area, department string) view.Route {
	return view.Route{Category: category, Area: area, Department: department}
}

func TestDepartmentsAndRoutes(t *testing.T) {
	a := newAtlas(t)
	load(t, a, district)
	put := func(id, area string) {
		t.Helper()
		if _, err := a.PutDepartment(t.Context(), view.Department{ID: id, Name: view.Text{Zh: id}, Area: area}); err != nil {
			t.Fatal(err)
		}
	}
	put("water", "")
	put("streets", "990101")
	put("bridgehead", "990101001000")
	if err := a.PutRoutes(t.Context(), []view.Route{
		route("06025", "", "water"), route("06", "990101", "streets"), route("", "990101001", "bridgehead"),
		route("flood", "990101", "water"), route("flood", "990101001", "bridgehead"), route("07", "990101002", "streets"),
	}); err != nil {
		t.Fatal(err)
	}
	responsible := func(category string, c Code) string {
		r, _ := a.Responsible(c, category)
		return r.Department.ID
	}
	for _, c := range []struct {
		category string
		area     Code
		want     string
	}{
		{"flood", "990101001001", "bridgehead"}, {"flood", "990101002001", "water"}, {"Flood", "990101", "water"}, {"flood", "", ""},
		{"06025", "990101001001", "water"},                                            // the exact one, though farther away than the catch-all
		{"06010", "990101001001", "streets"}, {"99010106010", "990101001", "streets"}, // the class
		{"08001", "990101001001", "bridgehead"}, {"08001", "990101002", ""}, {"", "990101001001", "bridgehead"},
		{"flood", "990101001777", "bridgehead"}, // a community that is not in the list
		{"07002", "990101002001", "streets"},
	} {
		if got := responsible(c.category, c.area); got != c.want {
			t.Errorf("%q in %q is for %q, want %q", c.category, c.area, got, c.want)
		}
	}
	load(t, a, "code,name,replaces\n990101003,新桥街道,990101001;990101002\n")
	if got := responsible("flood", "990101001001"); got != "bridgehead" {
		t.Errorf("after a merger flood is for %q", got)
	}
	if got := responsible("07002", "990101002001"); got != "streets" {
		t.Errorf("after a merger 07 is for %q", got)
	}
	if err := a.DeleteDepartment(t.Context(), "water"); err == nil || !strings.Contains(err.Error(), "the route") {
		t.Errorf("a department that a route names is deleted: %v", err)
	}
	if err := a.PutRoutes(t.Context(), nil); err != nil || len(a.Routes()) != 0 {
		t.Fatal(err)
	}
	if err := a.DeleteDepartment(t.Context(), "water"); err != nil {
		t.Fatal(err)
	}
	if err := a.DeleteDepartment(t.Context(), "water"); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("deleted twice: %v", err)
	}
	if ds := a.Departments(); len(ds) != 2 || ds[0].ID != "bridgehead" || ds[0].Area != "990101001" || ds[0].Members == nil {
		t.Errorf("departments: %+v", ds)
	}
}

func TestWhatCannotBeKept(t *testing.T) {
	a := newAtlas(t)
	load(t, a, district)
	good := view.Department{ID: "d", Name: view.Text{Zh: "局"}}
	if _, err := a.PutDepartment(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	dept := func(edit func(*view.Department)) error {
		d := good
		edit(&d)
		_, err := a.PutDepartment(t.Context(), d)
		return err
	}
	roster := func(edit func(*view.Roster)) error {
		r := view.Roster{ID: "r", Department: "d", Role: "lead", Zone: "+08:00"}
		edit(&r)
		_, err := a.PutRoster(t.Context(), r)
		return err
	}
	place := func(p view.Place) error { _, err := a.PutPlace(t.Context(), p); return err }
	shift := func(s view.Shift) error {
		return roster(func(r *view.Roster) { r.Shifts = []view.Shift{s} })
	}
	for name, c := range map[string]struct {
		err   error
		field string
	}{
		"an id":             {dept(func(d *view.Department) { d.ID = "D" }), "id"},
		"no name":           {dept(func(d *view.Department) { d.Name.Zh = " " }), "name.zh"},
		"two lines":         {dept(func(d *view.Department) { d.Contacts = []view.Contact{{Note: "a\r\nb"}} }), "contacts[0].note"},
		"a turned name":     {dept(func(d *view.Department) { d.Name.En = "a\u202eb" }), "name.en"},
		"nowhere":           {dept(func(d *view.Department) { d.Area = "990109" }), "area"},
		"no code":           {dept(func(d *view.Department) { d.Area = "x" }), "area"},
		"a person":          {dept(func(d *view.Department) { d.Members = []string{"wang.fang", "Li"} }), "members[1]"},
		"a check digit":     {dept(func(d *view.Department) { d.Authority = "11990101MB0000000A" }), "authority"},
		"too many contacts": {dept(func(d *view.Department) { d.Contacts = make([]view.Contact, 51) }), "contacts"},
		"a route nowhere":   {a.PutRoutes(t.Context(), []view.Route{{Area: "990109", Department: "d"}}), "routes[0].area"},
		"a route to nobody": {a.PutRoutes(t.Context(), []view.Route{{Department: "d"}, {Category: "06", Department: "e"}}), "routes[1].department"},
		"a route twice":     {a.PutRoutes(t.Context(), []view.Route{{Area: "990101", Department: "d"}, {Area: "990101000", Department: "d"}}), "routes[1].category"},
		"a strange class":   {a.PutRoutes(t.Context(), []view.Route{{Category: "Ü", Department: "d"}}), "routes[0].category"},
		"too many routes":   {a.PutRoutes(t.Context(), make([]view.Route, maxRoutes+1)), "routes"},
		"of both":           {roster(func(r *view.Roster) { r.Area = "990101" }), "area"},
		"of neither":        {roster(func(r *view.Roster) { r.Department = "" }), "area"},
		"of nobody":         {roster(func(r *view.Roster) { r.Department = "e" }), "department"},
		"no role":           {roster(func(r *view.Roster) { r.Role = "" }), "role"},
		"no zone":           {roster(func(r *view.Roster) { r.Zone = "" }), "zone"},
		"a strange zone":    {roster(func(r *view.Roster) { r.Zone = "../etc/passwd" }), "zone"},
		"too many shifts":   {roster(func(r *view.Roster) { r.Shifts = make([]view.Shift, maxShifts+1) }), "shifts"},
		"who":               {shift(view.Shift{From: "2026-11-23T08:00", To: "2026-11-23T20:00"}), "shifts[0].person"},
		"from":              {shift(view.Shift{Person: "a", From: "08:00", To: "2026-11-23T20:00"}), "shifts[0].from"},
		"to":                {shift(view.Shift{Person: "a", From: "2026-11-23T08:00", To: "20:00"}), "shifts[0].to"},
		"backwards":         {shift(view.Shift{Person: "a", From: "2026-11-23T08:00", To: "2026-11-23T08:00"}), "shifts[0].to"},
		"a day":             {shift(view.Shift{Person: "a", Days: []string{"monday"}, From: "08:00", To: "20:00"}), "shifts[0].days"},
		"a time":            {shift(view.Shift{Person: "a", Days: []string{"mon"}, From: "8:00", To: "20:00"}), "shifts[0].from"},
		"always instead":    {shift(view.Shift{Person: "a", Instead: "b", Days: []string{"mon"}, From: "08:00", To: "20:00"}), "shifts[0].instead"},
		"no gateway":        {place(view.Place{Gateway: "?"}), "gateway"},
		"no device":         {place(view.Place{Gateway: "g", Device: "?"}), "device"},
		"off the earth":     {place(view.Place{Gateway: "g", Position: &wire.Position{Lat: 91}}), "position"},
		"placed nowhere":    {place(view.Place{Gateway: "g", Area: "990109"}), "area"},
	} {
		var f *view.FieldError
		if !errors.As(c.err, &f) || f.Field != c.field || f.Text.Zh == "" || f.Text.En == "" {
			t.Errorf("%s: %v, want the field %s", name, c.err, c.field)
		}
	}
	if len(a.Rosters()) != 0 || len(a.Routes()) != 0 {
		t.Error("something was kept all the same")
	}
}

// The codes were made up, and their last characters worked out by hand from the standard's
// weights: 1 3 9 27 19 26 16 17 20 29 25 13 8 24 10 30 28.
func TestCredit(t *testing.T) {
	weights := []int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	const letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	for _, head := range []string{"11990101MB0000000", "1299010100000001A", "91990101ABCDEFGHX"} {
		sum := 0
		for i, w := range weights {
			sum += w * strings.IndexByte(letters, head[i])
		}
		last := letters[(31-sum%31)%31]
		for i := range len(letters) {
			if got := credit(head + letters[i:i+1]); got != (letters[i] == last) {
				t.Errorf("credit(%s%c) = %v, the check digit is %c", head, letters[i], got, last)
			}
		}
	}
	for _, bad := range []string{"", "11990101MB000000", "I1990101MB00000000", "11990101MB0000000i"} {
		if credit(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestLocate(t *testing.T) {
	a := newAtlas(t)
	load(t, a, district)
	f, err := Read("shapes.geojson", []byte(withShape), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Import(t.Context(), f, false, now); err != nil {
		t.Fatal(err)
	}
	put := func(p view.Place) {
		t.Helper()
		if _, err := a.PutPlace(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	inside := &wire.Position{Lat: 30.5, Lon: 120.5}
	put(view.Place{Gateway: "moved", Area: "990101002"})
	put(view.Place{Gateway: "measured", Position: inside})
	put(view.Place{Gateway: "moved", Device: "far", Area: "990101001002"})
	for _, c := range []struct {
		gateway, device, area string
		pos                   *wire.Position
		want                  Code
	}{
		{"g", "", "990101001002", inside, "990101001002"},
		{"g", "", "990101001000", nil, "990101001"},
		{"g", "", "990101009001", inside, "990101001"}, // not in the list: where it stands says more
		{"g", "", "990101009001", nil, "990101"},
		{"g", "", "", inside, "990101001"}, {"g", "", "nonsense", nil, ""}, {"g", "", "", nil, ""},
		{"moved", "", "990101001002", inside, "990101002"}, {"moved", "near", "", nil, "990101002"}, {"moved", "far", "", nil, "990101001002"},
		{"measured", "", "990101002", nil, "990101001"},
	} {
		if got := a.Locate(c.gateway, c.device, c.area, c.pos); got != c.want {
			t.Errorf("%+v is in %q", c, got)
		}
	}
	sums := a.Count([]view.Gateway{
		{ID: "moved", Online: true, Devices: []view.Device{{ID: "near", State: "ok"}, {ID: "far", State: "silent"}, {ID: "new", State: "waiting"}, {ID: "bad", State: "fault"}}},
		{ID: "g", Area: "990101001001", Devices: []view.Device{{ID: "x", State: "ok"}}},
		{ID: "stray", Online: true, Devices: []view.Device{{ID: "x", State: "ok"}}},
	}, []view.Standing{{Gateway: "moved", Device: "far", Alerts: 2, Worst: wire.Orange}, {Gateway: "gone", Area: "990101002001", Alerts: 1, Cases: 1, Worst: wire.Red}, {Gateway: "g", Area: "990101002", Alerts: 1, Worst: wire.Blue}})
	for c, want := range map[Code]view.AreaCounts{
		"990101":       {Gateways: 2, Devices: 5, Online: 1, Silent: 2, Faulty: 1, Waiting: 1, Alerts: 4, Cases: 1, Worst: wire.Red},
		"990101002":    {Gateways: 1, Devices: 3, Online: 1, Faulty: 1, Waiting: 1, Alerts: 1, Cases: 1, Worst: wire.Red},
		"990101001002": {Devices: 1, Silent: 1, Alerts: 2, Worst: wire.Orange},
		"990101001001": {Gateways: 1, Devices: 1, Silent: 1, Alerts: 1, Worst: wire.Blue}, // where the gateway is, not where the alert says
	} {
		if got := sums.Of(c); got != want {
			t.Errorf("%s has %+v, want %+v", c, got, want)
		}
	}
	if got := sums.Unplaced(); got != (view.AreaCounts{Gateways: 1, Devices: 1, Online: 1}) {
		t.Errorf("unplaced: %+v", got)
	}
	put(view.Place{Gateway: "moved"})
	if _, ok := a.Place("moved", ""); ok {
		t.Error("a place that was taken back is still there")
	}
	if p, ok := a.Place("moved", "far"); !ok || p.Area != "990101001002" {
		t.Errorf("the device's place: %+v", p)
	}
}

// Two aggregators on one database: neither writes over what it has not seen, and each
// sees the other's changes.
func TestTwoAtTheSameTime(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "a.db"))
	a, b := openAtlas(t, db), openAtlas(t, db)
	load(t, a, district)
	var wg sync.WaitGroup
	const each = 20
	for who, atlas := range map[string]*Atlas{"a": a, "b": b} {
		wg.Go(func() {
			for i := range each {
				for { // more tries than a person's click has: they write without pause
					_, err := atlas.PutDepartment(t.Context(), view.Department{ID: fmt.Sprintf("%s-%d", who, i), Name: view.Text{Zh: "局"}, Area: "990101"})
					if err == nil {
						break
					}
					if !errors.Is(err, view.ErrChanged) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if _, err := a.PutDepartment(t.Context(), view.Department{ID: "last", Name: view.Text{Zh: "局"}}); err != nil {
		t.Fatal(err)
	}
	if err := b.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for who, atlas := range map[string]*Atlas{"a": a, "b": b} {
		if n := len(atlas.Departments()); n != 2*each+1 {
			t.Errorf("%s knows %d departments, want %d", who, n, 2*each+1)
		}
	}
	load(t, b, "code,parent\n990101001002,990101002\n") // b plans on what a imported
}

func TestRunTakesOverWhatOthersChange(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "a.db"))
	a, b := openAtlas(t, db), openAtlas(t, db)
	load(t, a, district)
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(context.Background(), every+time.Second)
		defer stop()
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	if b.Tree().Len() != a.Tree().Len() {
		t.Errorf("the other has %d areas, this one %d", b.Tree().Len(), a.Tree().Len())
	}
}
