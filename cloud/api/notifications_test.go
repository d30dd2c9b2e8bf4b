package api

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// outbox stands for who is told.
type outbox struct {
	asked  view.DeliveryQuery
	person string
}

func delivery() view.Delivery {
	return view.Delivery{ID: "d1", Channel: "duty", Kind: "test", Level: "red", State: "sent", Tries: []view.Try{{At: 1, Ended: 2, Outcome: "sent"}}}
}

func (o *outbox) Log(_ context.Context, q view.DeliveryQuery) ([]view.Delivery, error) {
	if o.asked = q; q.Before == "none" {
		return nil, fmt.Errorf("notify: %w", view.ErrUnknown)
	}
	return []view.Delivery{delivery()}, nil
}

func (o *outbox) Get(_ context.Context, id string) (view.Delivery, error) {
	if id != "d1" {
		return view.Delivery{}, view.ErrUnknown
	}
	return delivery(), nil
}

func (o *outbox) States(context.Context) ([]view.Way, error) {
	return []view.Way{{ID: "duty", Waiting: 1, Down: 5, Error: "x"}}, nil
}

func (o *outbox) Test(_ context.Context, channel, person string) (view.Delivery, error) {
	switch o.person = person; channel {
	case "duty":
		return delivery(), nil
	case "busy":
		return view.Delivery{}, fmt.Errorf("notify: %w", view.ErrBusy)
	}
	return view.Delivery{}, view.ErrUnknown
}

// Each answer about notifications is as openapi.json says, with a door only for who may
// change settings everywhere.
func TestNotificationsMatchTheirSchemas(t *testing.T) {
	const log, ways = prefix + "/notifications", prefix + "/channels"
	for _, c := range []struct{ method, target, path, body, status string }{
		{"GET", log, log, "", "200"},
		{"GET", log + "?channel=duty&state=given-up&before=d9&limit=5", log, "", "200"},
		{"GET", log + "?state=lost", log, "", "400"},
		{"GET", log + "?limit=0", log, "", "400"},
		{"GET", log + "?before=none", log, "", "404"},
		{"GET", log + "/d1", log + "/{id}", "", "200"},
		{"GET", log + "/d2", log + "/{id}", "", "404"},
		{"GET", ways, ways, "", "200"},
		{"POST", ways + "/duty/test", ways + "/{id}/test", `{"person":"wang"}`, "200"},
		{"POST", ways + "/busy/test", ways + "/{id}/test", `{}`, "409"},
		{"POST", ways + "/none/test", ways + "/{id}/test", `{}`, "404"},
		{"POST", ways + "/duty/test", ways + "/{id}/test", `{"to":"x"}`, "400"},
		{"POST", ways + "/duty/test", ways + "/{id}/test", ``, "415"},
	} {
		t.Run(c.method+" "+c.target+" "+c.status, func(t *testing.T) {
			r := request(newAPI(t, &fakes{}, func(o *Options) { o.Notifications = &outbox{} }), c.method, c.target, c.body)
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
		if r := request(newAPI(t, &fakes{}), c.method, c.target, c.body); r.StatusCode != 404 {
			t.Errorf("%s %s without notifications = %d", c.method, c.target, r.StatusCode)
		}
		for g, want := range map[role.Grant]string{{Role: role.Admin, Area: "*"}: c.status, {Role: role.Admin, Area: "33"}: "403", {Role: role.Dispatcher, Area: "*"}: "403"} {
			h := newAPI(t, &fakes{}, func(o *Options) { o.Notifications, o.Door = &outbox{}, warden{[]role.Grant{g}} })
			if r := request(h, c.method, c.target, c.body); fmt.Sprint(r.StatusCode) != want {
				t.Errorf("%v: %s %s = %d, want %s", g, c.method, c.target, r.StatusCode, want)
			}
		}
	}
	o := &outbox{}
	h := newAPI(t, &fakes{}, func(a *Options) { a.Notifications = o })
	request(h, "GET", log+"?channel=duty&state=given-up&before=d9&limit=5", "")
	request(h, "POST", ways+"/duty/test", `{"person":"wang"}`)
	if want := (view.DeliveryQuery{Channel: "duty", State: "given-up", Before: "d9", Limit: 5}); o.asked != want || o.person != "wang" {
		t.Errorf("asked for %+v and %q, want %+v", o.asked, o.person, want)
	}
}
