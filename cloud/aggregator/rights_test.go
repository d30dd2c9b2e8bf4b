package aggregator_test

import "cmp"

// What each role gets of each route: the table, as data. TestRights asks all of it of a
// running aggregator, by people and by tokens; docs/accounts.md has it printed.

// Marks of a cell.
const (
	anyone   = 'y' // whoever has the role, wherever
	inArea   = 'a' // where the role is held
	everyone = 'e' // with the role for everywhere only
	never    = '-'
)

// Who is answered that there is no such thing, in an area that is not theirs.
type hidden int

const (
	fromNobody  hidden = iota // they are told that they have no right
	fromAll                   // nobody is to know what is there
	fromMarked                // those who may do it in other areas
	fromTheList               // the answer comes, without what is not theirs
)

// right is a line of the table.
type right struct {
	method, path string // as in openapi.json
	about        string // which of several things that a route does
	// who has a mark for viewer, operator, dispatcher, engineer, integrator and admin.
	who    string
	open   bool // nobody has to be logged in
	person bool // for people, not for tokens
	hidden hidden
	ok     int // the status if it may be done; 0: 200

	target func(x *asked) string // what is asked for; nil: the path, with the ids of this test
	body   func(x *asked) any    // a string goes as it is; nil: none
	header []string
	lacks  func(x *asked) bool // who asks has no such thing, and is told so
	shows  string              // of a list: what is on it where it may be seen
	deed   string              // what the audit log calls it; empty: it changes nothing
	after  func(x *asked, answer doc)
}

const (
	riverGeoJSON = `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"kind":"river","name":"东河"},"geometry":{"type":"LineString","coordinates":[[120,30],[120.1,30.1]]}}]}`

	areasCSV = "code,name,parent\n33,省,\n3301,市,33\n330105,甲区,3301\n330106,乙区,3301\n330105003,街道,330105\n330105003001,社区,330105003\n330105003002,新社区,330105003\n"
)

func plain(text string) func(*asked) any { return func(*asked) any { return text } }

func path(text string) func(*asked) string { return func(*asked) string { return text } }

// rights is the table, in the order in which it is asked: who logs out is asked nothing more.
var rights = []right{
	{method: "GET", path: "/healthz", who: "yyyyyy", open: true},
	{method: "GET", path: "/metrics", who: "---eee"},
	{method: "GET", path: "/api/v1/openapi.json", who: "yyyyyy"},
	{method: "GET", path: "/api/v1/info", who: "yyyyyy"},
	{method: "GET", path: "/api/v1/metrics-catalogue", who: "yyyyyy"},
	{method: "GET", path: "/api/v1/stream", who: "aaaaaa", hidden: fromTheList},

	{method: "GET", path: "/api/v1/gateways", who: "aaaaaa", hidden: fromTheList, shows: `"id":"gw"`},
	{method: "GET", path: "/api/v1/gateways/{id}", who: "aaaaaa", hidden: fromAll},
	{method: "GET", path: "/api/v1/values", who: "aaaaaa", hidden: fromTheList, shows: `"device":"river"`},
	{method: "GET", path: "/api/v1/series", who: "aaaaaa", hidden: fromAll, target: path("/api/v1/series?gateway=gw&device=river&channel=level")},
	{method: "GET", path: "/api/v1/export", who: "aaaaaa", hidden: fromAll, target: path("/api/v1/export?s=gw/river/level")},
	{method: "GET", path: "/api/v1/gaps", who: "aaaaaa", hidden: fromTheList},
	{method: "GET", path: "/api/v1/replay", who: "aaaaaa", hidden: fromTheList},
	{method: "GET", path: "/api/v1/cameras", who: "aaaaaa", hidden: fromTheList, shows: `"device":"gauge"`},
	{method: "GET", path: "/api/v1/cameras/{gateway}/{device}/latest.jpg", who: "aaaaaa", hidden: fromAll},
	{method: "GET", path: "/api/v1/images/{id}.jpg", who: "aaaaaa", hidden: fromAll},
	{method: "GET", path: "/api/v1/alerts", who: "aaaaaa", hidden: fromTheList, shows: `"gateway":"gw"`},
	{method: "GET", path: "/api/v1/alerts/{id}", who: "aaaaaa", hidden: fromAll},

	{method: "POST", path: "/api/v1/gateways/{id}/commands", about: "read", who: "-aaa--", hidden: fromAll, ok: 202, body: plain(`{"kind":"read","device":"river"}`), deed: "command.read"},
	{method: "POST", path: "/api/v1/gateways/{id}/commands", about: "still", who: "-aaa--", hidden: fromAll, ok: 202, body: plain(`{"kind":"still","device":"gauge"}`), deed: "command.still"},
	{method: "POST", path: "/api/v1/gateways/{id}/commands", about: "actuate", who: "--aa--", hidden: fromAll, ok: 202, body: plain(`{"kind":"actuate","output":"lamp","on":true,"for_ms":5000}`), deed: "command.actuate"},
	{method: "POST", path: "/api/v1/gateways/{id}/commands", about: "rewind", who: "---a--", hidden: fromAll, ok: 202, body: plain(`{"kind":"rewind","since":0}`), deed: "command.rewind"},
	{method: "POST", path: "/api/v1/gateways/{id}/commands", about: "acknowledge", who: "-aa---", hidden: fromAll, ok: 202,
		body: func(x *asked) any { return doc{"kind": "acknowledge", "alert": alertID(0)} }, deed: "command.acknowledge"},
	{method: "GET", path: "/api/v1/gateways/{id}/commands", who: "aaaaaa", hidden: fromAll},
	{method: "GET", path: "/api/v1/commands/{id}", who: "aaaaaa", hidden: fromAll, target: func(x *asked) string { return "/api/v1/commands/" + x.m.command }},
	{method: "POST", path: "/api/v1/alerts/{id}/acknowledge", who: "-aa---", hidden: fromAll, body: plain(`{}`), deed: "alert.acknowledge",
		target: func(x *asked) string { return "/api/v1/alerts/" + alertID(x.n) + "/acknowledge" }},

	{method: "PUT", path: "/api/v1/areas", who: "-----e", body: plain(areasCSV), header: []string{"Content-Type", "text/csv"}, deed: "areas.import",
		target: path("/api/v1/areas?name=city.csv")},
	{method: "GET", path: "/api/v1/areas", who: "aaaaaa", hidden: fromTheList, shows: `"code":"330105003"`, target: path("/api/v1/areas?depth=6")},
	{method: "GET", path: "/api/v1/areas/{code}", who: "aaaaaa", hidden: fromAll},
	{method: "GET", path: "/api/v1/areas/at", who: "aaaaaa", hidden: fromAll, target: path("/api/v1/areas/at?lat=30.05&lon=120.05")},
	{method: "PUT", path: "/api/v1/map/layers/{layer}", who: "-----e", body: plain(riverGeoJSON), header: []string{"Content-Type", "application/geo+json"}, deed: "map.import",
		target: path("/api/v1/map/layers/rivers")},
	{method: "GET", path: "/api/v1/map", who: "yyyyyy"},
	{method: "GET", path: "/api/v1/map/layers", who: "yyyyyy"},
	{method: "DELETE", path: "/api/v1/map/layers/{layer}", who: "-----e", deed: "map.remove", target: path("/api/v1/map/layers/rivers")},
	{method: "PUT", path: "/api/v1/gateways/{id}/place", who: "---a--", hidden: fromAll, body: plain(`{"area":"330105003001"}`), deed: "place.put"},
	{method: "PUT", path: "/api/v1/gateways/{id}/devices/{device}/place", who: "---a--", hidden: fromAll, body: plain(`{"area":"330105003001"}`), deed: "place.put"},

	{method: "PUT", path: "/api/v1/departments/{id}", who: "-----e", body: plain(`{"name":{"zh":"水务局"},"members":["li.lei"]}`), deed: "department.put"},
	{method: "GET", path: "/api/v1/departments", who: "aaaaaa", hidden: fromTheList}, // without the right to see persons: one's own
	{method: "PUT", path: "/api/v1/routes", who: "-----e", body: plain(`{"routes":[{"category":"06","department":"water"}]}`), deed: "routes.put"},
	{method: "GET", path: "/api/v1/routes", who: "-yy--y"},
	{method: "GET", path: "/api/v1/routes/responsible", who: "-yy--y", target: path("/api/v1/routes/responsible?area=330105003001&category=06026")},
	{method: "PUT", path: "/api/v1/rosters/{id}", who: "-----e", deed: "roster.put",
		body: plain(`{"area":"330105","role":"lead","zone":"Asia/Shanghai","shifts":[{"person":"li.lei","days":["mon"],"from":"08:00","to":"20:00"}]}`)},
	{method: "GET", path: "/api/v1/rosters", who: "-yy--y"},
	{method: "GET", path: "/api/v1/rosters/{id}/duty", who: "-yy--y"},
	{method: "GET", path: "/api/v1/duty", who: "-yy--y", target: path("/api/v1/duty?area=330105&role=lead")},
	{method: "DELETE", path: "/api/v1/rosters/{id}", who: "-----e", deed: "roster.delete"},
	{method: "DELETE", path: "/api/v1/departments/{id}", who: "-----e", deed: "department.delete", target: path("/api/v1/departments/old")},

	{method: "POST", path: "/api/v1/cases", who: "-aa-a-", ok: 201, deed: "case.raise",
		body: func(x *asked) any {
			return doc{"kind": "06026", "area": "330105003001", "severity": "blue", "text": "x"}
		}},
	{method: "GET", path: "/api/v1/cases", who: "aaaaaa", hidden: fromTheList, shows: `"area":"330105003001"`},
	{method: "GET", path: "/api/v1/cases/{id}", who: "aaaaaa", hidden: fromAll},
	{method: "POST", path: "/api/v1/cases/{id}/actions/{action}", about: "note", who: "-aaa--", hidden: fromAll, header: []string{"If-Match", "*"}, body: plain(`{"why":"seen"}`), deed: "case.note"},
	{method: "POST", path: "/api/v1/cases/{id}/actions/{action}", about: "take_over", who: "--a---", hidden: fromAll, header: []string{"If-Match", "*"}, body: plain(`{"why":"nobody goes"}`), deed: "case.take_over"},

	{method: "POST", path: "/api/v1/handovers", who: "-aa---", hidden: fromAll, ok: 201, deed: "handover.write", body: func(x *asked) any { return x.m.shift() }},
	{method: "GET", path: "/api/v1/handovers", who: "-aa--a", hidden: fromTheList, shows: `"area":"330105003001"`},
	{method: "GET", path: "/api/v1/handovers/draft", who: "-aa--a", hidden: fromAll, target: path("/api/v1/handovers/draft?area=330105003001")},
	{method: "GET", path: "/api/v1/handovers/{id}", who: "-aa--a", hidden: fromAll},
	{method: "GET", path: "/api/v1/handovers/{id}/cases.csv", who: "-aa--a", hidden: fromAll},
	{method: "POST", path: "/api/v1/handovers/{id}/take", who: "-aa---", hidden: fromAll, body: plain(`{}`), deed: "handover.take",
		target: func(x *asked) string {
			if x.n >= len(x.m.handovers) {
				return "/api/v1/handovers/1/take"
			}
			return "/api/v1/handovers/" + x.m.handovers[x.n] + "/take"
		}},

	{method: "GET", path: "/api/v1/rules/quality", who: "aaaaaa", hidden: fromTheList, shows: `"rule":"river-high"`},

	{method: "GET", path: "/api/v1/performance", who: "aaaaaa", hidden: fromTheList, shows: `"key":"330105003001"`},
	{method: "GET", path: "/api/v1/performance.csv", who: "aaaaaa", hidden: fromTheList, shows: `area,330105003001`},

	{method: "GET", path: "/api/v1/channels", who: "-----e"},
	{method: "POST", path: "/api/v1/channels/{id}/test", who: "-----e", body: plain(`{}`), deed: "channel.test", after: func(x *asked, answer doc) { x.m.delivery, _ = answer["id"].(string) }},
	{method: "GET", path: "/api/v1/notifications", who: "-----e"},
	{method: "GET", path: "/api/v1/notifications/{id}", who: "-----e", target: func(x *asked) string { return "/api/v1/notifications/" + x.m.delivery }},

	{method: "GET", path: "/api/v1/auth/openapi.json", who: "yyyyyy", open: true},
	{method: "GET", path: "/api/v1/auth/login", who: "yyyyyy", open: true},
	{method: "POST", path: "/api/v1/auth/login", who: "yyyyyy", open: true, ok: 400, body: plain(`{"unknown":1}`)}, // let in, and judged
	{method: "GET", path: "/api/v1/auth/oidc/start", who: "yyyyyy", open: true, ok: 502},                           // there is none here
	{method: "GET", path: "/api/v1/auth/oidc/callback", who: "yyyyyy", open: true, ok: 401},
	{method: "GET", path: "/api/v1/auth/me", who: "yyyyyy"},
	{method: "GET", path: "/api/v1/auth/roles", who: "yyyyyy"},
	{method: "GET", path: "/api/v1/auth/accounts", who: "-----a", hidden: fromTheList, shows: `"id":"clerk"`},
	{method: "GET", path: "/api/v1/auth/accounts/{id}", who: "-----a", hidden: fromMarked},
	{method: "POST", path: "/api/v1/auth/accounts", who: "-----a", ok: 201, deed: "account.make",
		body: func(x *asked) any {
			return doc{"id": x.fresh(), "name": "x", "grants": []doc{{"role": "viewer", "area": "330105003"}}}
		}},
	{method: "POST", path: "/api/v1/auth/accounts/{id}", who: "-----a", hidden: fromMarked, deed: "account.change", body: func(x *asked) any { return doc{"name": x.fresh()} }},
	{method: "POST", path: "/api/v1/auth/accounts/{id}/reset", who: "-----a", hidden: fromMarked, body: plain(`{}`), deed: "account.reset"},
	{method: "GET", path: "/api/v1/auth/audit", who: "-----e"},
	{method: "GET", path: "/api/v1/auth/audit/check", who: "-----e"},

	{method: "GET", path: "/api/v1/auth/tokens", who: "yyyyyy", person: true},
	{method: "POST", path: "/api/v1/auth/tokens", who: "---yyy", person: true, ok: 201, deed: "token.make",
		body: func(x *asked) any {
			return doc{"name": "x", "grants": []doc{{"role": "viewer", "area": x.area}}, "rate": 60, "ends": inADay()}
		},
		after: func(x *asked, answer doc) { x.token, _ = answer["token"].(doc)["id"].(string) }},
	{method: "POST", path: "/api/v1/auth/tokens/{id}/revoke", who: "yyyyyy", person: true, deed: "token.revoke", lacks: func(x *asked) bool { return x.token == "" },
		target: func(x *asked) string { return "/api/v1/auth/tokens/" + cmp.Or(x.token, "none") + "/revoke" }, body: plain(`{}`)},
	{method: "GET", path: "/api/v1/auth/sessions", who: "yyyyyy", person: true},
	{method: "POST", path: "/api/v1/auth/sessions/{id}/end", who: "yyyyyy", person: true, deed: "session.end", body: plain(`{}`),
		target: func(x *asked) string { return "/api/v1/auth/sessions/" + x.another() + "/end" }},
	{method: "POST", path: "/api/v1/auth/second-factor", who: "yyyyyy", person: true, deed: "second-factor.begin",
		body: func(x *asked) any { return doc{"password": x.password} }, after: func(x *asked, answer doc) { x.secret, _ = answer["secret"].(string) }},
	{method: "POST", path: "/api/v1/auth/second-factor/confirm", who: "yyyyyy", person: true, deed: "second-factor.confirm", body: func(x *asked) any { return doc{"code": x.code()} }},
	{method: "POST", path: "/api/v1/auth/second-factor/remove", who: "yyyyyy", person: true, deed: "second-factor.remove", body: func(x *asked) any { return doc{"password": x.password} }},
	{method: "POST", path: "/api/v1/auth/password", who: "yyyyyy", person: true, deed: "password.change",
		body: func(x *asked) any { return doc{"old": x.password, "new": x.password + " 2"} }, after: func(x *asked, _ doc) { x.password += " 2" }},
	{method: "POST", path: "/api/v1/auth/screen", who: "---yyy", person: true, ok: 201, deed: "screen.keep",
		body: func(x *asked) any { return doc{"name": "x", "area": x.area} },
		after: func(x *asked, _ doc) {
			x.page.want(200, "POST", "/api/v1/auth/login", doc{"person": x.id, "password": x.password})
		}}, // its session has ended
	{method: "POST", path: "/api/v1/auth/logout", who: "yyyyyy", person: true, deed: "logout", body: plain(`{}`)},
}
