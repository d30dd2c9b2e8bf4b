package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// shelf stands for the handovers: it knows one, of 330105, and remembers what it was asked.
type shelf struct {
	asked view.ShiftQuery
	key   string
	text  view.HandoverText
	list  view.HandoverQuery
}

func (s *shelf) ShiftArea(text string) (string, error) {
	if text != "330105" && text != "330106" && text != "*" {
		return "", &view.FieldError{Field: "area"}
	}
	return text, nil
}

func (s *shelf) Shift(_ context.Context, q view.ShiftQuery) (view.ShiftReport, error) {
	s.asked = q
	c := full()
	c.Text, c.Shelved = "=cmd()", 1
	return view.ShiftReport{
		At: 9, Open: []view.ShiftCase{{Case: c.Case, Shelving: &view.ShiftNote{At: 1, Who: "wang", Why: "x"}, Note: &view.ShiftNote{At: 2, Who: "li", Why: "y"}}, {Case: c.Case}},
		OpenTotal: 2, Changes: []view.ShiftChange{{Case: c.Case, Entry: c.Journal[0]}}, ChangesTotal: 1,
		Sites: []view.ShiftSite{{Gateway: "gw", State: "offline", Since: 4}}, SitesTotal: 1, Gaps: []view.Gap{{Gateway: "gw", From: 1, To: 2, Why: "power"}}, GapsTotal: 1,
	}, nil
}

func (s *shelf) Hand(ctx context.Context, key string, t view.HandoverText) (view.Handover, error) {
	s.key, s.text = key, t
	return s.Get(ctx, "1")
}

func (s *shelf) TakeOver(ctx context.Context, id, note string) (view.Handover, error) {
	h, err := s.Get(ctx, id)
	h.Taken = &view.HandoverTaken{At: 9, By: "wang", Name: "Wang", Note: note}
	return h, err
}

func (s *shelf) Get(ctx context.Context, id string) (view.Handover, error) {
	if id != "1" {
		return view.Handover{}, view.ErrUnknown
	}
	r, err := s.Shift(ctx, view.ShiftQuery{})
	return view.Handover{ID: "1", Area: "330105", From: 1, To: 2, By: "li", Todo: []string{"x"}, Report: &r}, err
}

func (s *shelf) List(_ context.Context, q view.HandoverQuery, sees func(string) bool) (view.HandoverPage, error) {
	s.list = q
	p := view.HandoverPage{Handovers: []view.Handover{}, Next: "1"}
	for _, area := range []string{"330105", "330106"} {
		if sees(area) {
			p.Handovers = append(p.Handovers, view.Handover{ID: "1", Area: area, Todo: []string{}})
		}
	}
	return p, nil
}

// Each answer about handovers is as openapi.json says.
func TestHandoversMatchTheirSchemas(t *testing.T) {
	const all, one = prefix + "/handovers", prefix + "/handovers/{id}"
	for _, c := range []struct{ method, target, path, body, status string }{
		{"GET", all, all, "", "200"},
		{"GET", all + "?area=330105&before=7&limit=3", all, "", "200"},
		{"GET", all + "?area=x", all, "", "400"},
		{"GET", all + "?limit=201", all, "", "400"},
		{"GET", all + "/draft?area=330105", all + "/draft", "", "200"},
		{"GET", all + "/draft?area=330105&from=5&to=4", all + "/draft", "", "400"},
		{"GET", all + "/draft", all + "/draft", "", "400"},
		{"GET", all + "/1", one, "", "200"},
		{"GET", all + "/2", one, "", "404"},
		{"GET", all + "/2/cases.csv", one + "/cases.csv", "", "404"},
		{"POST", all, all, `{"area":"330105","from":1,"to":2,"notes":"n","todo":["x"]}`, "201"},
		{"POST", all, all, `{"area":"x","from":1,"to":2}`, "400"},
		{"POST", all, all, `{"by":"li"}`, "400"},
		{"POST", all, all, ``, "415"},
		{"POST", all + "/1/take", one + "/take", `{"note":"read"}`, "200"},
		{"POST", all + "/1/take", one + "/take", `{"by":"li"}`, "400"},
		{"POST", all + "/2/take", one + "/take", `{}`, "404"},
		{"POST", all + "/1/take", one + "/take", ``, "415"},
	} {
		t.Run(c.method+" "+c.target+" "+c.status, func(t *testing.T) {
			r := request(newAPI(t, &fakes{}, func(o *Options) { o.Handovers = &shelf{} }), c.method, c.target, c.body)
			body := text(t, r)
			if fmt.Sprint(r.StatusCode) != c.status {
				t.Fatalf("status %d, want %s: %s", r.StatusCode, c.status, body)
			}
			var v any
			if err := json.Unmarshal([]byte(body), &v); err != nil {
				t.Fatalf("%v in %s", err, body)
			}
			k := newChecker(t)
			if err := k.check("$", k.response(t, c.method, c.path, c.status), v); err != nil {
				t.Errorf("%v in %s", err, body)
			}
		})
	}
}

// What a request says comes as it was said; a shift is of the twelve hours before its end.
func TestWhatIsSaidOfAShift(t *testing.T) {
	s := &shelf{}
	h := newAPI(t, &fakes{}, func(o *Options) { o.Handovers = s })
	request(h, "POST", prefix+"/handovers", `{"area":"*","roster":"lead","from":1,"to":2,"next":"wang","notes":"n","todo":["x"]}`, "Idempotency-Key", "k")
	if want := (view.HandoverText{Area: "*", Roster: "lead", From: 1, To: 2, Next: "wang", Notes: "n", Todo: []string{"x"}}); s.key != "k" || !reflect.DeepEqual(s.text, want) {
		t.Errorf("%q %+v", s.key, s.text)
	}
	request(h, "GET", prefix+"/handovers?area=330106&before=7&limit=3", "")
	if want := (view.HandoverQuery{Area: "330106", Before: "7", Limit: 3}); s.list != want {
		t.Errorf("the list is of %+v", s.list)
	}
	request(h, "GET", prefix+"/handovers/draft?area=330105&to=90000000", "")
	if want := (view.ShiftQuery{Area: "330105", From: 90000000 - 12*3_600_000, To: 90000000}); s.asked != want {
		t.Errorf("the shift is %+v", s.asked)
	}
}

// The table has a line for each case, and nothing that a spreadsheet would compute.
func TestHandoverTable(t *testing.T) {
	r := request(newAPI(t, &fakes{}, func(o *Options) { o.Handovers = &shelf{} }), "GET", prefix+"/handovers/1/cases.csv", "")
	body := text(t, r)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 3 || r.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(body, "\ufeff") {
		t.Fatalf("%v: %v %s", err, r.Header, body)
	}
	at := map[string]string{}
	for i, name := range rows[0] {
		at[name] = rows[1][i]
	}
	for name, want := range map[string]string{"id": "c1", "severity": "red", "text": "'=cmd()", "shelved_by": "wang", "shelved_why": "x", "note": "y", "note_at": "1970-01-01T00:00:00Z", "departments": "water", "overdue": "yes"} {
		if at[name] != want {
			t.Errorf("%s is %q, want %q", name, at[name], want)
		}
	}
}

// Without accounts there are none; with them the right counts in the area of each.
func TestWhoSeesHandovers(t *testing.T) {
	h := newAPI(t, &fakes{})
	if r := request(h, "GET", prefix+"/handovers", ""); r.StatusCode != http.StatusNotFound || !strings.Contains(text(t, r), "E7114") {
		t.Errorf("without accounts = %d", r.StatusCode)
	}
	const write = `{"area":"330105","from":1,"to":2}`
	for who, c := range map[string]struct {
		grants                   []role.Grant
		list, one, take, written int
	}{
		"an operator there":     {[]role.Grant{{Role: role.Operator, Area: "330105"}}, 200, 200, 200, 201},
		"an operator elsewhere": {[]role.Grant{{Role: role.Operator, Area: "330106"}}, 200, 404, 404, 404},
		"an admin there":        {[]role.Grant{{Role: role.Admin, Area: "330105"}}, 200, 200, 403, 403},
		"a viewer there":        {[]role.Grant{{Role: role.Viewer, Area: "330105"}}, 403, 403, 403, 403},
		"nobody":                {nil, 401, 401, 401, 401},
	} {
		h := newAPI(t, &fakes{}, func(o *Options) { o.Handovers, o.Door = &shelf{}, warden{c.grants} })
		for _, x := range []struct {
			method, target, body string
			want                 int
		}{
			{"GET", "/handovers", "", c.list}, {"GET", "/handovers/1", "", c.one}, {"GET", "/handovers/draft?area=330105", "", c.one}, {"GET", "/handovers/1/cases.csv", "", c.one},
			{"POST", "/handovers/1/take", "{}", c.take}, {"POST", "/handovers", write, c.written},
		} {
			if r := request(h, x.method, prefix+x.target, x.body); r.StatusCode != x.want {
				t.Errorf("%s: %s %s = %d, want %d", who, x.method, x.target, r.StatusCode, x.want)
			}
		}
	}
}
