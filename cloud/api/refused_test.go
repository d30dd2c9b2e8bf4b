package api

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
)

// Of one person a refusal at one route is written down once a minute, and in an hour no more
// than fit; of what is allowed, and of reading what is not there, nothing is. Who would change
// what is not there, or is hidden from them, is written down.
func TestRefusalsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		h := newAPI(t, &fakes{area: "330105"}, func(o *Options) {
			o.Door = warden{[]role.Grant{{Role: role.Viewer, Area: "330105"}}}
			o.Refused = func(_ context.Context, about string, last bool) error {
				told = append(told, fmt.Sprint(about, " ", last))
				return nil
			}
		})
		request(h, "GET", "/api/v1/alerts/a1", "")
		request(h, "GET", "/api/v1/alerts/none", "")
		for range 3 {
			request(h, "POST", "/api/v1/alerts/a1/acknowledge", "{}")
			request(h, "PUT", "/api/v1/departments/"+strings.Repeat("w", 500), "{}")
		}
		if len(told) != 2 || told[0] != "POST /api/v1/alerts/a1/acknowledge false" || len(told[1]) > mostRefusedAt+10 {
			t.Errorf("written down: %q", told)
		}
		request(h, "POST", "/api/v1/gateways/none/commands", `{"kind":"read","device":"river"}`)
		if len(told) != 3 || told[2] != "POST /api/v1/gateways/none/commands false" {
			t.Errorf("written down: %q", told)
		}
		for range 200 {
			time.Sleep(refusalEvery)
			request(h, "PUT", "/api/v1/areas", "")
		}
		if n := len(told); n != 3+200 {
			t.Errorf("%d lines, want one a minute", n)
		}
	})
}

// A person has so many lines an hour, whatever they try; the memory for it is bounded, and
// others have theirs.
func TestRefusalsOfOnePerson(t *testing.T) {
	var f refusals
	now, wrote, ends := time.Unix(0, 0), 0, 0
	for i := range 3 * refusalsEach {
		write, last := f.take(now, "li", fmt.Sprint("route ", i))
		if write {
			wrote++
		}
		if last {
			ends++
		}
	}
	if wrote != refusalsEach || ends != 1 {
		t.Errorf("%d lines, %d say that they are the last, want %d and 1", wrote, ends, refusalsEach)
	}
	if write, _ := f.take(now, "wu", "route 1"); !write {
		t.Error("another person's refusal is not written down")
	}
	if write, _ := f.take(now.Add(refusalHour), "li", "route 1"); !write {
		t.Error("after an hour nothing is written down")
	}
	for i := range 2 * mostRefusals {
		f.take(now.Add(2*refusalHour), fmt.Sprint("p", i), "route")
	}
	if len(f.last) > mostRefusals || len(f.hour) > mostRefusals {
		t.Errorf("%d and %d are kept", len(f.last), len(f.hour))
	}
	if write, _ := f.take(now.Add(3*refusalHour), "late", "route"); !write {
		t.Error("when all has passed, nothing is written down")
	}
}

// Who asks for something of another area is told that there is no such thing, and it is
// written down; who looks for what there is none of is not.
func TestHiddenThingsAreWrittenDown(t *testing.T) {
	var told []string
	h := newAPI(t, &fakes{area: "330106"}, func(o *Options) {
		o.Door = warden{[]role.Grant{{Role: role.Admin, Area: "330105"}}}
		o.Refused = func(_ context.Context, about string, _ bool) error {
			told = append(told, about)
			return nil
		}
	})
	hidden := []string{"GET /api/v1/alerts/a1", "POST /api/v1/alerts/a1/acknowledge", "GET /api/v1/gateways/gw", "GET /api/v1/gateways/gw/commands", "POST /api/v1/gateways/gw/commands"}
	for _, r := range append(slices.Clone(hidden), "GET /api/v1/alerts/none", "GET /api/v1/gateways/none", "GET /api/v1/gateways/none/commands") {
		method, path, _ := strings.Cut(r, " ")
		body := "{}"
		if strings.HasSuffix(path, "/commands") && method == "POST" {
			body = `{"kind":"rewind"}`
		}
		res := request(h, method, path, body)
		answer, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 404 || !strings.Contains(string(answer), "E7102") {
			t.Errorf("%s = %d %s, want 404 as of what there is none of", r, res.StatusCode, answer)
		}
	}
	if !slices.Equal(told, hidden) {
		t.Errorf("written down: %q, want %q", told, hidden)
	}
}
