package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakes stands for everything behind the API, with one full document of each kind.
type fakes struct {
	told   []view.Ask // what gateways were asked for
	file   string
	points []store.Point
	gapsAt []view.Gap
	acked  bool
	every  int64
	broken error
	pages  int
	area   string           // where the alert, the gateway and its devices are
	filter view.AlertFilter // what alerts were last asked for
}

func ptr[T any](v T) *T { return &v }

func (f *fakes) Gateways() []view.Gateway {
	return []view.Gateway{{
		ID: "gw", Name: "bridge", Online: true, Clock: "synced", Position: &wire.Position{Lat: 30, Lon: 120},
		Health: []wire.Health{{ID: "clock", Level: "warn", Text: map[string]string{"en": "x"}}},
		Devices: []view.Device{{ID: "river", Driver: "modbus", State: "ok", Channels: []string{"level"}},
			{ID: "gauge", State: "waiting", Channels: []string{}, Camera: true}, {ID: "attic", State: "waiting", Channels: []string{}, Camera: true}},
	}}
}

func (f *fakes) Gateway(id string) (view.Gateway, bool) { return f.Gateways()[0], id == "gw" }

func (f *fakes) stream() view.Stream {
	return view.Stream{Gateway: "gw", Device: "river", Channel: "level", Metric: "level", Unit: "m", UnitText: "m", Label: view.Text{Zh: "水位", En: "level"}, EveryMS: f.every}
}

func (f *fakes) Values(gateway string) []view.Value {
	return []view.Value{{Stream: f.stream(), V: ptr(2.71), QC: 1, T: 1000}, {Stream: f.stream(), QC: 9, Why: "timeout", T: 1000, Undated: true}}
}

func (f *fakes) Stream(gateway string, s obs.Stream) (view.Stream, bool) {
	return f.stream(), gateway == "gw"
}

func (f *fakes) Gaps(context.Context, string, int64, int64) ([]view.Gap, error) {
	return append([]view.Gap{}, f.gapsAt...), f.broken
}

func (f *fakes) Presence(_ context.Context, from, to int64) ([]view.ReplayPresence, bool, error) {
	on := true
	return []view.ReplayPresence{{Gateway: "gw", Online: &on, Turns: []view.Turn{{At: from + 1, Online: false}}}}, false, nil
}

func (f *fakes) Dark(_ context.Context, from, _ int64) ([]view.Span, error) {
	return []view.Span{{From: from, To: from + 1}}, nil
}

func (f *fakes) Missing(_ context.Context, images []string) ([]view.Missing, error) {
	if !slices.Equal(images, []string{"pic", "late"}) {
		return nil, fmt.Errorf("asked for %v", images)
	}
	return []view.Missing{{Gateway: "gw", Images: []string{"late"}, Why: "not-taken"}, {Gateway: "other", Images: []string{"pic"}, Why: "age"}}, nil
}

func (f *fakes) one() view.Alert {
	a := view.Alert{ID: "a1", Rev: 1, Gateway: "gw", Severity: wire.Yellow, Worst: wire.Orange, Peak: ptr(3.51), Stage: "actual", Condition: "active", Value: ptr(3.12),
		Text: map[string]string{"zh": "河道水位 3.12 米"}, Evidence: []wire.Evidence{{Stream: "river/level", At: 1, V: 3}}, Cleared: ptr(int64(5)), Vanished: ptr(int64(6)),
		Pictures: []view.Picture{{Image: "pic", Moment: "before", Due: 1}, {Image: "late", Moment: "after", Due: 2}}}
	a.Area = f.area
	if f.acked {
		a.Acknowledged = &view.Acknowledged{By: "王芳", At: 7}
	}
	return a
}

func (f *fakes) List(_ context.Context, q view.AlertFilter, sees func(area string) bool) (view.AlertPage, error) {
	if f.filter = q; sees != nil && !sees(f.area) {
		return view.AlertPage{Alerts: []view.Alert{}}, f.broken
	}
	return view.AlertPage{Alerts: []view.Alert{f.one()}, Next: "a1"}, f.broken
}

func (f *fakes) Area(string, string) string { return f.area }

func (f *fakes) Replay(_ context.Context, from, to int64, sees func(area string) bool) (view.Replay, error) {
	p := view.Replay{From: from, To: to, Alerts: []view.ReplayAlert{}}
	if a := f.one(); sees == nil || sees(a.Area) {
		p.Alerts = append(p.Alerts, view.ReplayAlert{Alert: a, Steps: []view.ReplayStep{{Known: from, Rev: a.Rev, Severity: a.Severity, Stage: a.Stage, Condition: a.Condition, Worst: a.Worst, Text: a.Text}}})
	}
	return p, nil
}

func (f *fakes) Get(_ context.Context, id string) (view.Alert, error) {
	if id != "a1" {
		return view.Alert{}, fmt.Errorf("cases: %w", view.ErrUnknown)
	}
	a := f.one()
	a.History = []view.Change{{At: 1, What: "raised", By: "gw"}}
	return a, nil
}

func (f *fakes) Acknowledge(_ context.Context, id, by, note string, _ time.Time) error {
	switch {
	case id != "a1":
		return view.ErrUnknown
	case by == "":
		return &view.FieldError{Field: "by", Text: view.Text{Zh: "请填写姓名", En: "write your name"}}
	case f.acked:
		return view.ErrAcknowledged
	}
	f.acked = true
	f.told = append(f.told, view.Ask{Kind: wire.KindAcknowledge, Alert: id, By: by}) // as the book has it asked
	return nil
}

// desk is the part of the fakes that would be another List.
type desk struct{ *fakes }

func (d desk) List(context.Context, string) ([]view.Command, error) {
	return []view.Command{{ID: "c1", Gateway: "gw", Kind: "rewind", State: "done", LastSent: ptr(int64(1)), Answered: ptr(int64(2)), Records: 3}}, d.broken
}

func (d desk) Get(_ context.Context, id string) (view.Command, error) {
	if id != "c1" {
		return view.Command{}, view.ErrUnknown
	}
	return view.Command{ID: "c1", Gateway: "gw", Kind: "actuate", Output: "lamp", On: ptr(true), ForMS: 5, State: "refused", Why: "blocked", Detail: "its interlock is false"}, nil
}

func (d desk) Acknowledgement(_ context.Context, alert string) (view.Command, error) {
	if d.told == nil {
		return view.Command{}, view.ErrUnknown
	}
	return view.Command{ID: "c2", Gateway: "gw", Kind: "acknowledge", Alert: alert, State: "done", Outputs: []string{"siren"}}, nil
}

func (d desk) Ask(_ context.Context, gateway string, a view.Ask, _ time.Time) (view.Command, error) {
	d.told = append(d.told, a)
	switch {
	case gateway == "busy":
		return view.Command{}, fmt.Errorf("commands: %w", view.ErrBusy)
	case gateway != "gw":
		return view.Command{}, view.ErrUnknown
	case a.Since != nil && *a.Since > 5000:
		return view.Command{}, &view.FieldError{Field: "since", Text: view.Text{Zh: "晚于现在", En: "in the future"}}
	}
	return view.Command{ID: "c1", Gateway: gateway, Kind: a.Kind, Device: a.Device, By: a.By, Store: "s", State: "waiting"}, d.broken
}

func (f *fakes) File(_ context.Context, id string) (io.ReadSeekCloser, time.Time, error) {
	if id != "pic" {
		return nil, time.Time{}, view.ErrUnknown
	}
	file, err := os.Open(f.file)
	return file, time.UnixMilli(1795262400000), err
}

func (f *fakes) Owner(_ context.Context, id string) (string, string, error) {
	return map[string]string{"pic": "gw"}[id], "gauge", nil
}

func (f *fakes) Taken(_ context.Context, id string) (time.Time, error) {
	if id != "pic" {
		return time.Time{}, view.ErrUnknown
	}
	return time.UnixMilli(1795262400000), nil
}

func (f *fakes) Latest(gateway, device string) (view.Camera, bool) {
	return view.Camera{Gateway: gateway, Device: device, Image: ptr("pic"), T: ptr(int64(1))}, device == "gauge"
}

func (f *fakes) Cameras(string) []view.Camera {
	c, _ := f.Latest("gw", "gauge")
	return []view.Camera{c}
}

func (f *fakes) Query(_ context.Context, q store.Query) (out []store.Point, err error) {
	if q.Channel != wire.FaultChannel {
		f.pages++
	}
	for _, p := range f.points {
		if p.Stream == q.Stream && p.Time >= q.From && p.Time < q.To && (q.Limit == 0 || len(out) < q.Limit) {
			out = append(out, p)
		}
	}
	return out, f.broken
}

func newAPI(t testing.TB, f *fakes, edit ...func(*Options)) http.Handler {
	t.Helper()
	f.file = filepath.Join(t.TempDir(), "x.jpg")
	if err := os.WriteFile(f.file, []byte("\xff\xd8jpeg"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{
		Info:  func() view.Info { return view.Info{Version: "1", Store: view.StoreInfo{ID: "s", Kind: "embedded"}} },
		Fleet: f, Alerts: f, Images: f, Points: f, Commands: desk{f},
		Areas: &city{}, Departments: &city{}, Rosters: &city{},
		Metrics: []view.Metric{{Name: "level", Unit: "m"}},
		Live: func(w http.ResponseWriter, _ *http.Request, _ func(string, any) any) {
			fmt.Fprint(w, "event: hello\n\n")
		},
		Console: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "console") }),
		Checks: []Check{{"store", func(context.Context) error { return f.broken }},
			{"database", func(context.Context) error { return nil }}},
		Gather: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	}
	for _, e := range edit {
		e(&o)
	}
	return New(o)
}

// request asks h and returns the answer.
func request(h http.Handler, method, target, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEveryRouteIsDescribed(t *testing.T) {
	c := newChecker(t)
	paths := c.doc["paths"].(map[string]any)
	described := 0
	for _, p := range paths {
		described += len(p.(map[string]any))
	}
	routes := (&server{Options: Options{Gather: prometheus.NewRegistry()}}).routes()
	for _, r := range routes {
		path := strings.Replace(r.path, "{file}", "{id}.jpg", 1)
		op, ok := paths[path].(map[string]any)
		if !ok || op[strings.ToLower(r.method)] == nil {
			t.Errorf("openapi.json does not describe %s %s", r.method, path)
		}
	}
	if described != len(routes) {
		t.Errorf("openapi.json describes %d operations, there are %d", described, len(routes))
	}
}

func TestAnswersMatchTheirSchemas(t *testing.T) {
	const a = "/api/v1"
	stream := a + "/series?gateway=gw&device=river&channel=level"
	ack := a + "/alerts/a1/acknowledge"
	for _, c := range []struct {
		method, target, path, body, status string
	}{
		{"GET", a + "/info", a + "/info", "", "200"},
		{"GET", a + "/gateways", a + "/gateways", "", "200"},
		{"GET", a + "/gateways/gw", a + "/gateways/{id}", "", "200"},
		{"GET", a + "/gateways/no", a + "/gateways/{id}", "", "404"},
		{"GET", a + "/gateways/gw/commands", a + "/gateways/{id}/commands", "", "200"},
		{"GET", a + "/gateways/no/commands", a + "/gateways/{id}/commands", "", "404"},
		{"POST", a + "/gateways/gw/commands", a + "/gateways/{id}/commands", `{"kind":"rewind","since":0,"by":"王芳"}`, "202"},
		{"POST", a + "/gateways/gw/commands", a + "/gateways/{id}/commands", `{"kind":"read","since":null,"device":"river","for":1}`, "400"},
		{"POST", a + "/gateways/gw/commands", a + "/gateways/{id}/commands", `{"kind":"actuate","output":"lamp","on":true,"for_ms":5000}`, "202"},
		{"GET", a + "/commands/c1", a + "/commands/{id}", "", "200"},
		{"GET", a + "/commands/c9", a + "/commands/{id}", "", "404"},
		{"POST", a + "/gateways/gw/commands", a + "/gateways/{id}/commands", `{"kind":"rewind","since":9000}`, "400"},
		{"POST", a + "/gateways/no/commands", a + "/gateways/{id}/commands", `{"kind":"rewind","since":0}`, "404"},
		{"POST", a + "/gateways/busy/commands", a + "/gateways/{id}/commands", `{"kind":"rewind","since":0}`, "409"},
		{"POST", a + "/gateways/gw/commands", a + "/gateways/{id}/commands", ``, "415"},
		{"GET", a + "/values", a + "/values", "", "200"},
		{"GET", a + "/values?gateway=gw", a + "/values", "", "200"},
		{"GET", a + "/values?gateway=../x", a + "/values", "", "400"},
		{"GET", stream + "&from=0&to=5000", a + "/series", "", "200"},
		{"GET", stream, a + "/series", "", "200"},
		{"GET", stream + "&max=3", a + "/series", "", "400"},
		{"GET", stream + "&from=2&to=1", a + "/series", "", "400"},
		{"GET", stream + "&to=9999999999999", a + "/series", "", "400"},
		{"GET", a + "/series?gateway=gw&device=river", a + "/series", "", "400"},
		{"GET", a + "/series?gateway=gw&channel=level", a + "/series", "", "400"},
		{"GET", a + "/series?device=river&channel=level", a + "/series", "", "400"},
		{"GET", a + "/series?gateway=no&device=river&channel=level", a + "/series", "", "404"},
		{"GET", a + "/export?s=gw/river/level&from=0&to=5000", a + "/export", "", "200"},
		{"GET", a + "/export?s=gw/river/level&format=xlsx", a + "/export", "", "400"},
		{"GET", a + "/export", a + "/export", "", "400"},
		{"GET", a + "/export?s=no/river/level", a + "/export", "", "404"},
		{"GET", a + "/alerts", a + "/alerts", "", "200"},
		{"GET", a + "/alerts?state=past&gateway=gw&limit=5", a + "/alerts", "", "200"},
		{"GET", a + "/alerts?state=open", a + "/alerts", "", "400"},
		{"GET", a + "/alerts?state=active&severity=red", a + "/alerts", "", "200"},
		{"GET", a + "/alerts?severity=pink", a + "/alerts", "", "400"},
		{"GET", a + "/alerts?limit=0", a + "/alerts", "", "400"},
		{"GET", a + "/alerts?limit=x", a + "/alerts", "", "400"},
		{"GET", a + "/alerts/a1", a + "/alerts/{id}", "", "200"},
		{"GET", a + "/alerts/a2", a + "/alerts/{id}", "", "404"},
		{"POST", ack, a + "/alerts/{id}/acknowledge", `{"by":"","note":""}`, "400"},
		{"POST", ack, a + "/alerts/{id}/acknowledge", `{"by":1}`, "400"},
		{"POST", ack, a + "/alerts/{id}/acknowledge", `{"by":"x","who":"y"}`, "400"},
		{"POST", ack, a + "/alerts/{id}/acknowledge", `{"by":"x"}{}`, "400"},
		{"POST", ack, a + "/alerts/{id}/acknowledge", `{"note":"` + strings.Repeat("x", maxBody) + `"}`, "413"},
		{"POST", ack, a + "/alerts/{id}/acknowledge", ``, "415"},
		{"POST", a + "/alerts/a2/acknowledge", a + "/alerts/{id}/acknowledge", `{"by":"x"}`, "404"},
		{"POST", ack, a + "/alerts/{id}/acknowledge", `{"by":"王芳","note":"看过"}`, "200"},
		{"POST", ack, a + "/alerts/{id}/acknowledge", `{"by":"李雷"}`, "409"},
		{"GET", a + "/gaps", a + "/gaps", "", "200"},
		{"GET", a + "/gaps?from=1&to=2&gateway=gw", a + "/gaps", "", "200"},
		{"GET", a + "/gaps?from=-1", a + "/gaps", "", "400"},
		{"GET", a + "/replay", a + "/replay", "", "200"},
		{"GET", a + "/replay?from=1&to=2", a + "/replay", "", "400"},
		{"GET", a + "/replay?to=7000000000000", a + "/replay", "", "400"},
		{"GET", a + "/replay?area=nowhere", a + "/replay", "", "404"},
		{"GET", a + "/cameras", a + "/cameras", "", "200"},
		{"GET", a + "/cameras?gateway=GW", a + "/cameras", "", "400"},
		{"GET", a + "/cameras/gw/gauge/latest.jpg", a + "/cameras/{gateway}/{device}/latest.jpg", "", "200"},
		{"GET", a + "/cameras/gw/none/latest.jpg", a + "/cameras/{gateway}/{device}/latest.jpg", "", "404"},
		{"GET", a + "/images/pic.jpg", a + "/images/{id}.jpg", "", "200"},
		{"GET", a + "/images/pic.png", a + "/images/{id}.jpg", "", "404"},
		{"GET", a + "/images/..%2f..%2fpasswd.jpg", a + "/images/{id}.jpg", "", "404"},
		{"GET", a + "/metrics-catalogue", a + "/metrics-catalogue", "", "200"},
		{"GET", a + "/stream", a + "/stream", "", "200"},
		{"GET", a + "/openapi.json", a + "/openapi.json", "", "200"},
		{"GET", "/healthz", "/healthz", "", "200"},
		{"GET", "/metrics", "/metrics", "", "200"},
	} {
		t.Run(c.method+" "+c.target+" "+c.status, func(t *testing.T) {
			f := &fakes{every: 1000, acked: c.status == "409", points: []store.Point{at(1000, 2), at(2000, math.NaN())}, gapsAt: []view.Gap{{Gateway: "gw", From: 1, To: 2, Why: "power"}}}
			r := request(newAPI(t, f), c.method, c.target, c.body)
			body := text(t, r)
			if fmt.Sprint(r.StatusCode) != c.status {
				t.Fatalf("status %d, want %s: %s", r.StatusCode, c.status, body)
			}
			k := newChecker(t)
			schema := k.response(t, c.method, c.path, c.status)
			if schema == nil {
				return
			}
			var v any
			if err := json.Unmarshal([]byte(body), &v); err != nil {
				t.Fatalf("%v in %s", err, body)
			}
			if err := k.check("$", schema, v); err != nil {
				t.Errorf("%v in %s", err, body)
			}
		})
	}
}

// Who mistypes an id reads which one, in both languages.
func TestUnknownGatewayIsNamed(t *testing.T) {
	h := newAPI(t, &fakes{})
	for target, method := range map[string]string{"/gateways/no": "GET", "/gateways/no/commands": "POST"} {
		r := request(h, method, prefix+target, `{"since":0}`)
		var doc struct{ Error failure }
		if err := json.Unmarshal([]byte(text(t, r)), &doc); err != nil {
			t.Fatal(err)
		}
		f := doc.Error
		if r.StatusCode != http.StatusNotFound || f.ID != "E7102" || !strings.Contains(f.Text.En, "no gateway no;") || !strings.Contains(f.Text.Zh, "没有网关 no，") {
			t.Errorf("%s %s: %d %+v", method, target, r.StatusCode, f)
		}
	}
}

// at makes a point of the stream gw river/level; NaN is a missing one.
func at(ms int64, v float64) store.Point {
	p := store.Point{Stream: store.Stream{Gateway: "gw", Stream: obs.Stream{Device: "river", Channel: "level"}}, Time: ms, V: v, Quality: obs.Quality{Flag: obs.Pass}}
	if math.IsNaN(v) {
		p.Quality = obs.Quality{Flag: obs.Missing, Why: "timeout"}
	}
	return p
}

func TestUnknownAddressesAndMethods(t *testing.T) {
	h := newAPI(t, &fakes{})
	for _, c := range []struct {
		method, target string
		status         int
	}{
		{"GET", "/api/v1/nothing", 404}, {"GET", "/api/v1/", 404}, {"DELETE", "/api/v1/alerts", 405}, {"POST", "/api/v1/info", 405},
		{"GET", "/api/v1/alerts/a1/acknowledge", 405}, {"HEAD", "/api/v1/info", 200}, {"GET", "/", 200}, {"GET", "/gateways/gw", 200},
	} {
		r := request(h, c.method, c.target, "")
		if r.StatusCode != c.status || (c.status == 405) != (r.Header.Get("Allow") != "") {
			t.Errorf("%s %s = %d, Allow %q; want %d", c.method, c.target, r.StatusCode, r.Header.Get("Allow"), c.status)
		}
	}
}

func TestWhoMayAsk(t *testing.T) {
	const ack = "/api/v1/alerts/a1/acknowledge"
	for name, c := range map[string]struct {
		method, target string
		header         []string
		anyHost        bool
		status         int
	}{
		"this machine":                  {"GET", "/api/v1/info", []string{"Host", "localhost:8080"}, false, 200},
		"this machine, IPv6":            {"GET", "/api/v1/info", []string{"Host", "[::1]:8080"}, false, 200},
		"a rebound name":                {"GET", "/api/v1/info", []string{"Host", "evil.example:8080"}, false, 421},
		"a rebound name, console":       {"GET", "/", []string{"Host", "evil.example"}, false, 421},
		"no host":                       {"GET", "/", []string{"Host", ""}, false, 421},
		"another host, allowed":         {"GET", "/api/v1/info", []string{"Host", "hub.example"}, true, 200},
		"own page":                      {"POST", ack, []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://127.0.0.1:8080"}, false, 200},
		"a program":                     {"POST", ack, nil, false, 200},
		"another site":                  {"POST", ack, []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, false, 403},
		"another port of this machine":  {"POST", ack, []string{"Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:9999"}, false, 403},
		"another site, an old browser":  {"POST", ack, []string{"Origin", "https://evil.example"}, false, 403},
		"another site's form":           {"POST", ack, []string{"Content-Type", "text/plain"}, false, 415},
		"another site may not even ask": {"OPTIONS", ack, []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST"}, false, 405},
	} {
		t.Run(name, func(t *testing.T) {
			h := newAPI(t, &fakes{}, func(o *Options) { o.AnyHost = c.anyHost })
			body := ""
			if c.method == "POST" {
				body = `{"by":"x"}`
			}
			r := request(h, c.method, c.target, body, c.header...)
			if r.StatusCode != c.status {
				t.Errorf("status %d, want %d: %s", r.StatusCode, c.status, text(t, r))
			}
			if r.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Error("other sites are invited to read")
			}
			if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") {
				t.Errorf("policy %q", csp)
			}
			if r.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("browsers may guess types")
			}
		})
	}
}

func TestInternalErrorsSayNothing(t *testing.T) {
	r := request(newAPI(t, &fakes{broken: errors.New("secret path /data")}), "GET", "/api/v1/alerts", "")
	if body := text(t, r); r.StatusCode != 500 || strings.Contains(body, "secret") || !strings.Contains(body, "E7100") {
		t.Errorf("%d %s", r.StatusCode, body)
	}
}

// Which pictures never come is said of one alert and in lists, and no gateway speaks for
// another.
func TestAlertsSayWhichPicturesNeverCome(t *testing.T) {
	api := newAPI(t, &fakes{})
	for _, path := range []string{"/api/v1/alerts", "/api/v1/alerts/a1"} {
		if body := text(t, request(api, "GET", path, "")); !strings.Contains(body, `"missing":{"late":"not-taken"}`) {
			t.Errorf("%s: %s", path, body)
		}
	}
}

func TestStoreDoesNotAnswer(t *testing.T) {
	f := &fakes{broken: fmt.Errorf("dial: %w", store.ErrUnavailable)}
	r := request(newAPI(t, f), "GET", "/api/v1/series?gateway=gw&device=river&channel=level", "")
	if body := text(t, r); r.StatusCode != 503 || !strings.Contains(body, "E7109") {
		t.Errorf("%d %s", r.StatusCode, body)
	}
}

func TestHealthz(t *testing.T) {
	r := request(newAPI(t, &fakes{broken: errors.New("no answer from the store for 12 s")}), "GET", "/healthz", "")
	want := "FAIL store: no answer from the store for 12 s\nok   database\n"
	if body := text(t, r); r.StatusCode != 503 || body != want {
		t.Errorf("%d %q, want 503 %q", r.StatusCode, body, want)
	}
}

func TestPicturesAreCached(t *testing.T) {
	h := newAPI(t, &fakes{})
	r := request(h, "GET", "/api/v1/images/pic.jpg", "")
	if got := r.Header; got.Get("Content-Type") != "image/jpeg" || !strings.Contains(got.Get("Cache-Control"), "immutable") || text(t, r) != "\xff\xd8jpeg" {
		t.Errorf("headers %v", got)
	}
	if r := request(h, "GET", "/api/v1/cameras/gw/gauge/latest.jpg", "", "If-None-Match", `"pic"`); r.StatusCode != 304 {
		t.Errorf("the same still again: %d, want 304", r.StatusCode)
	}
}

func TestCamerasWithoutAStillAreListed(t *testing.T) {
	var doc struct{ Cameras []view.Camera }
	if err := json.Unmarshal([]byte(text(t, request(newAPI(t, &fakes{}), "GET", "/api/v1/cameras?gateway=gw", ""))), &doc); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(doc.Cameras, func(c view.Camera) bool { return c.Device == "attic" })
	if len(doc.Cameras) != 2 || i < 0 || doc.Cameras[i].Image != nil {
		t.Errorf("cameras %+v", doc.Cameras)
	}
}
