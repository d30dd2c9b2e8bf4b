package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// warden is a door for one person with these grants; without any it lets nobody in.
type warden struct{ grants []role.Grant }

func (d warden) ServeHTTP(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "the door's own") }

func (d warden) Guard(next http.Handler, _ func(*http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.grants == nil {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (d warden) May(_ context.Context, action, area string) bool {
	return role.Permit(d.grants, role.Action(action), area, role.Codes{})
}

func (d warden) Anywhere(_ context.Context, action string) bool {
	return role.Anywhere(d.grants, role.Action(action))
}

func (d warden) Again(ctx context.Context) (context.Context, bool, error) { return ctx, true, nil }

func (d warden) Person(context.Context) string { return "li" }

func (d warden) Name(context.Context) string { return "li" }

// town is the fakes with one of the gateway's devices elsewhere.
type town struct {
	*fakes
	device, elsewhere string
}

func (f town) Area(_, device string) string {
	if device == f.device {
		return f.elsewhere
	}
	return f.area
}

// seen is the statuses that each role gets, in the order of role.All.
type seen [6]int

// Each role × each endpoint × own and foreign area.
func TestRolesByEndpointAndArea(t *testing.T) {
	const a = "/api/v1"
	all := func(n int) seen { return seen{n, n, n, n, n, n} }
	ask := func(body string) string { return `{"kind":` + body + `}` }
	for _, c := range []struct {
		method, target, body string
		own, foreign         seen // viewer, operator, dispatcher, engineer, integrator, admin
	}{
		{"GET", a + "/info", "", all(200), all(200)},
		{"GET", a + "/openapi.json", "", all(200), all(200)},
		{"GET", a + "/metrics-catalogue", "", all(200), all(200)},
		{"GET", a + "/auth/me", "", all(200), all(200)},
		{"GET", a + "/gateways/gw", "", all(200), all(404)},
		{"GET", a + "/gateways/gw/commands", "", all(200), all(404)},
		{"GET", a + "/commands/c1", "", all(200), all(404)},
		{"GET", a + "/series?gateway=gw&device=river&channel=level", "", all(200), all(404)},
		{"GET", a + "/export?s=gw/river/level", "", all(200), all(404)},
		{"GET", a + "/alerts/a1", "", all(200), all(404)},
		{"GET", a + "/cameras/gw/gauge/latest.jpg", "", all(200), all(404)},
		{"GET", a + "/images/pic.jpg", "", all(200), all(404)},
		{"GET", a + "/images/none.jpg", "", all(404), all(404)},
		{"POST", a + "/alerts/a1/acknowledge", `{}`, seen{403, 200, 200, 403, 403, 403}, all(404)},
		{"POST", a + "/gateways/gw/commands", ask(`"acknowledge","alert":"a1"`), seen{403, 202, 202, 403, 403, 403}, all(404)},
		{"POST", a + "/gateways/gw/commands", ask(`"read","device":"river"`), seen{403, 202, 202, 202, 403, 403}, all(404)},
		{"POST", a + "/gateways/gw/commands", ask(`"still","device":"gauge"`), seen{403, 202, 202, 202, 403, 403}, all(404)},
		{"POST", a + "/gateways/gw/commands", ask(`"actuate","output":"lamp","on":true`), seen{403, 403, 202, 202, 403, 403}, all(404)},
		{"POST", a + "/gateways/gw/commands", ask(`"rewind","since":0`), seen{403, 403, 403, 202, 403, 403}, all(404)},
		{"GET", a + "/departments", "", all(200), all(200)},
		{"GET", a + "/duty?area=990101", "", seen{403, 200, 200, 403, 403, 200}, seen{403, 200, 200, 403, 403, 200}},
		{"PUT", a + "/departments/water", `{}`, all(403), all(403)}, // of all areas
		{"PUT", a + "/areas", "x", all(403), all(403)},
		{"GET", a + "/areas/990101", "", all(404), all(404)}, // of another city
		{"GET", a + "/areas/at?lat=1&lon=1", "", all(404), all(404)},
		{"PUT", a + "/gateways/gw/place", `{"area":"330105003"}`, seen{403, 403, 403, 200, 403, 403}, all(404)},
		{"PUT", a + "/gateways/gw/place", `{"area":"330106"}`, all(403), all(404)},
		{"PUT", a + "/gateways/gw/devices/river/place", `{"position":{"lat":1,"lon":1}}`, all(403), all(404)},
		{"GET", a + "/stream", "", all(200), all(200)}, // what is not theirs is not on it
		{"GET", "/metrics", "", all(403), all(403)},
		{"GET", "/healthz", "", all(200), all(200)},
	} {
		for i, r := range role.All() {
			for area, want := range map[string]seen{"330105003012": c.own, "330106001001": c.foreign, "": c.foreign} {
				h := newAPI(t, &fakes{every: 1000, area: area}, func(o *Options) {
					o.Door = warden{[]role.Grant{{Role: r, Area: "330105"}}}
				})
				if got := request(h, c.method, c.target, c.body); got.StatusCode != want[i] {
					t.Errorf("%s of 330105: %s %s %s in %q = %d, want %d: %s", r, c.method, c.target, c.body, area, got.StatusCode, want[i], text(t, got))
				}
			}
		}
		h := newAPI(t, &fakes{}, func(o *Options) { o.Door = warden{} })
		if got := request(h, c.method, c.target, c.body); got.StatusCode != 401 {
			t.Errorf("nobody: %s %s = %d", c.method, c.target, got.StatusCode)
		}
	}
}

// What is a device's counts where the device stands, what is its gateway's where that does;
// and naming a device gives nobody the gateway.
func TestADeviceElsewhere(t *testing.T) {
	const a, own, foreign = "/api/v1", "330105003", "330106001"
	for _, c := range []struct {
		method, target, body string
		device, gateway      int // with the device alone in one's own area, and the gateway alone
	}{
		{"GET", a + "/series?gateway=gw&device=river&channel=level", "", 200, 404},
		{"GET", a + "/export?s=gw/river/level", "", 200, 404},
		{"GET", a + "/cameras/gw/gauge/latest.jpg", "", 404, 200},
		{"GET", a + "/gateways/gw", "", 404, 200},
		{"POST", a + "/gateways/gw/commands", `{"kind":"read","device":"river"}`, 202, 404},
		{"POST", a + "/gateways/gw/commands", `{"kind":"still","device":"gauge"}`, 404, 202},
		{"POST", a + "/gateways/gw/commands", `{"kind":"actuate","output":"lamp","on":true,"device":"river"}`, 404, 202},
		{"POST", a + "/gateways/gw/commands", `{"kind":"rewind","since":0,"device":"river"}`, 404, 202},
		{"PUT", a + "/gateways/gw/devices/river/place", `{"area":"330105"}`, 200, 404},
		{"PUT", a + "/gateways/gw/place", `{"area":"330105"}`, 404, 200},
	} {
		for where, want := range map[string]int{own: c.device, foreign: c.gateway} {
			rest := map[string]string{own: foreign, foreign: own}[where]
			h := newAPI(t, &fakes{every: 1000, area: rest}, func(o *Options) {
				o.Fleet, o.Door = town{o.Fleet.(*fakes), "river", where}, warden{[]role.Grant{{Role: role.Engineer, Area: "330105"}}}
			})
			if got := request(h, c.method, c.target, c.body); got.StatusCode != want {
				t.Errorf("the device in %s, the gateway in %s: %s %s %s = %d, want %d: %s", where, rest, c.method, c.target, c.body, got.StatusCode, want, text(t, got))
			}
		}
	}
}

// A route that nobody thought of is closed to whoever has not the right everywhere.
func TestARouteThatIsAddedIsClosed(t *testing.T) {
	done := 0
	for _, c := range []struct {
		method string
		grant  role.Grant
		want   error
	}{
		{"GET", role.Grant{Role: role.Viewer, Area: "*"}, nil}, {"GET", role.Grant{Role: role.Admin, Area: "330105"}, forbidden()},
		{"POST", role.Grant{Role: role.Admin, Area: "*"}, nil}, {"POST", role.Grant{Role: role.Dispatcher, Area: "*"}, forbidden()}, {"DELETE", role.Grant{Role: role.Admin, Area: "33"}, forbidden()},
	} {
		s := &server{Options: Options{Door: warden{[]role.Grant{c.grant}}}}
		do := s.guarded(route{c.method, prefix + "/added/{id}", func(http.ResponseWriter, *http.Request) error { done++; return nil }})
		if err := do(nil, httptest.NewRequest(c.method, "/", nil)); fmt.Sprint(err) != fmt.Sprint(c.want) {
			t.Errorf("%s by %v = %v, want %v", c.method, c.grant, err, c.want)
		}
	}
	if done != 2 {
		t.Errorf("%d were let through, want 2", done)
	}
}

// A list holds what one may see, and no more.
func TestListsAreCutToTheScope(t *testing.T) {
	for target, name := range map[string]string{"/gateways": "gateways", "/values": "values", "/values?gateway=gw": "values", "/alerts": "alerts", "/alerts?limit=1": "alerts", "/gaps": "gaps", "/cameras": "cameras", "/areas?below=9901": "areas"} {
		for area, want := range map[string]bool{"330105003012": true, "330106001001": false} {
			h := newAPI(t, &fakes{area: area, gapsAt: []view.Gap{{Gateway: "gw", From: 1, To: 2, Why: "power"}}}, func(o *Options) {
				o.Door = warden{[]role.Grant{{Role: role.Viewer, Area: "330105"}}}
			})
			r := request(h, "GET", "/api/v1"+target, "")
			var doc map[string]any
			if err := json.Unmarshal([]byte(text(t, r)), &doc); err != nil || r.StatusCode != 200 {
				t.Fatalf("%s = %d, %v", target, r.StatusCode, err)
			}
			if name == "areas" { // of another city
				want = false
			}
			list, ok := doc[name].([]any)
			if !ok || len(list) > 0 != want {
				t.Errorf("%s with a gateway in %s = %v", target, area, doc)
			}
		}
	}
}

// Who is seen everywhere sees the stream, and who is logged in stands in the record,
// whatever the request says.
func TestWhoDoesIt(t *testing.T) {
	f := &fakes{}
	h := newAPI(t, f, func(o *Options) {
		o.Door = warden{[]role.Grant{{Role: role.Dispatcher, Area: "*"}, {Role: role.Engineer, Area: "*"}}}
	})
	if r := request(h, "GET", "/api/v1/stream", ""); r.StatusCode != 200 {
		t.Errorf("the stream = %d", r.StatusCode)
	}
	if r := request(h, "GET", "/metrics", ""); r.StatusCode != 200 {
		t.Errorf("metrics = %d", r.StatusCode)
	}
	if r := request(h, "POST", "/api/v1/gateways/gw/commands", `{"kind":"read","device":"river","by":"somebody else"}`); r.StatusCode != 202 {
		t.Fatalf("a command = %d %s", r.StatusCode, text(t, r))
	}
	if r := request(h, "POST", "/api/v1/alerts/a1/acknowledge", `{"by":"somebody else"}`); r.StatusCode != 200 {
		t.Fatalf("an acknowledgement = %d %s", r.StatusCode, text(t, r))
	}
	var by []string
	for _, a := range f.told {
		by = append(by, a.By)
	}
	if !reflect.DeepEqual(by, []string{"li", "li"}) {
		t.Errorf("the record says %q", by)
	}
	if r := request(h, "GET", "/api/v1/auth/anything", ""); !strings.Contains(text(t, r), "the door's own") {
		t.Errorf("what the door answers = %d", r.StatusCode)
	}
	// Without a door the given name counts, as ever.
	f = &fakes{}
	request(newAPI(t, f), "POST", "/api/v1/gateways/gw/commands", `{"kind":"read","device":"river","by":"王芳"}`)
	if len(f.told) != 1 || f.told[0].By != "王芳" {
		t.Errorf("without accounts the record says %+v", f.told)
	}
}
