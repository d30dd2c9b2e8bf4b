package web

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth/totp"
)

const operatorHere = `[{"role":"operator","area":"330105"}]`

// out wants a browser to be nobody any more: it is told to log in, its cookie is taken away,
// and nothing is changed with its CSRF token.
func (b *browser) out(why string) {
	b.t.Helper()
	cookie := b.cookie
	for _, route := range []string{"GET /api/v1/alerts", "GET " + prefix + "/me", "POST " + prefix + "/logout", "POST /api/v1/cases"} {
		var method, path string
		if _, err := fmt.Sscan(route, &method, &path); err != nil {
			b.t.Fatal(err)
		}
		b.cookie = cookie
		w := b.send(method, path, "")
		if w.Code != 401 || problemID(w) != "E7204" || len(w.Result().Cookies()) != 1 || w.Result().Cookies()[0].MaxAge >= 0 {
			b.t.Errorf("%s: %s = %d %s, Set-Cookie %q", why, route, w.Code, w.Body, w.Header().Get("Set-Cookie"))
		}
	}
	b.cookie = cookie
}

// again logs somebody in once more, elsewhere.
func (d *door) again(id string) *browser {
	d.t.Helper()
	b := d.browser()
	b.want(200, "POST", prefix+"/login", login(id, good))
	return b
}

// A session ends by itself: half an hour after its last request, and twelve hours after the
// login however much it is used.
func TestSessionsEndByThemselves(t *testing.T) {
	d := open(t)
	admin := d.admin()
	li := d.person(admin, "li", operatorHere)
	for range 24 {
		d.now = d.now.Add(29 * time.Minute)
		li.want(200, "GET", prefix+"/me", "")
	}
	d.now = d.now.Add(25 * time.Minute) // 12 h and a minute
	li.out("after twelve hours")
	li = d.again("li")
	d.now = d.now.Add(29 * time.Minute)
	li.want(200, "GET", prefix+"/me", "")
	d.now = d.now.Add(31 * time.Minute)
	li.out("after half an hour without a request")
	if list := d.again("li").want(200, "GET", prefix+"/sessions", "")["sessions"].([]any); len(list) != 1 {
		t.Errorf("ended sessions are listed: %v", list)
	}
}

// Somebody can end each of their sessions, wherever it is, and nobody else's; a new password
// ends all the others, a reset and a locked account all of them.
func TestSessionsAreEnded(t *testing.T) {
	d := open(t)
	admin := d.admin()
	li, wu := d.person(admin, "li", operatorHere), d.person(admin, "wu", operatorHere)
	phone, desk := d.again("li"), d.again("li")

	var others []string
	for _, s := range li.want(200, "GET", prefix+"/sessions", "")["sessions"].([]any) {
		if s := s.(map[string]any); s["current"] != true {
			others = append(others, s["id"].(string))
		}
	}
	if len(others) != 2 {
		t.Fatalf("%d other sessions, want 2", len(others))
	}
	if w := wu.send("POST", prefix+"/sessions/"+others[0]+"/end", ""); w.Code != 404 {
		t.Errorf("another person ends a session: %d", w.Code)
	}
	phone.want(200, "GET", prefix+"/me", "")
	for _, id := range others {
		li.want(200, "POST", prefix+"/sessions/"+id+"/end", "")
	}
	phone.out("ended from elsewhere")
	desk.out("ended from elsewhere")
	li.want(200, "GET", prefix+"/me", "")

	phone = d.again("li")
	old := *li
	li.want(200, "POST", prefix+"/password", fmt.Sprintf(`{"old":%q,"new":"another tulip 94"}`, good))
	phone.out("after a new password")
	old.out("the value from before the new password")
	li.want(200, "GET", prefix+"/me", "")
	if got := problemID(d.browser().send("POST", prefix+"/login", login("li", good))); got != "E7201" {
		t.Errorf("the old password: %q", got)
	}

	admin.want(200, "POST", prefix+"/accounts/li/reset", "{}")
	li.out("after a reset")
	admin.want(200, "POST", prefix+"/accounts/wu", `{"active":false}`)
	wu.out("of a locked account")
	if got := problemID(d.browser().send("POST", prefix+"/login", login("wu", good))); got != "E7201" {
		t.Errorf("a locked account logs in: %q", got)
	}
}

// New passwords that are none are refused, whoever sets them, and the session stays.
func TestPasswordsThatAreRefused(t *testing.T) {
	d := open(t)
	li := d.person(d.admin(), "li", operatorHere)
	for _, bad := range []string{"", "short", "aaaaaaaaaaaaaaaa", "passwordpassword", "qwertyuiopasdf", "li", good} {
		w := li.send("POST", prefix+"/password", fmt.Sprintf(`{"old":%q,"new":%q}`, good, bad))
		if w.Code != 400 {
			t.Errorf("%q: %d %s", bad, w.Code, w.Body)
		}
	}
	if w := li.send("POST", prefix+"/password", `{"old":"not this one","new":"another tulip 94"}`); w.Code < 400 || w.Code >= 500 {
		t.Errorf("with a wrong old password: %d %s", w.Code, w.Body)
	}
	li.want(200, "GET", prefix+"/me", "")
	d.again("li")
}

// A code that has set up the second factor logs nobody in, nor does one of another moment;
// without it the factor is not taken away by a reset that does not say so.
func TestCodesAreNotUsedAgain(t *testing.T) {
	d := open(t)
	admin := d.admin()
	li := d.person(admin, "li", operatorHere)
	begun := li.want(200, "POST", prefix+"/second-factor", fmt.Sprintf(`{"password":%q}`, good))
	secret := decodeBase32(t, begun["secret"].(string))
	first := totp.Code(secret, d.now)
	li.want(200, "POST", prefix+"/second-factor/confirm", fmt.Sprintf(`{"code":%q}`, first))
	enter := func(code string) string {
		return problemID(d.browser().send("POST", prefix+"/login", fmt.Sprintf(`{"person":"li","password":%q,"code":%q}`, good, code)))
	}
	if got := enter(first); got != "E7201" {
		t.Errorf("the code that set it up: %q", got)
	}
	d.now = d.now.Add(10 * time.Minute) // no longer slowed down
	late := totp.Code(secret, d.now.Add(-5*time.Minute))
	now := totp.Code(secret, d.now)
	var got []string
	for _, code := range []string{late, now, now} {
		got = append(got, enter(code))
		d.now = d.now.Add(2 * time.Second)
	}
	if !slices.Equal(got, []string{"E7201", "", "E7201"}) {
		t.Errorf("an old code, the right one, the same again: %q", got)
	}
	made := admin.want(200, "POST", prefix+"/accounts/li/reset", `{}`)
	d.now = d.now.Add(time.Hour)
	if got := problemID(d.browser().send("POST", prefix+"/login", login("li", made["password"].(string)))); got != "E7202" {
		t.Errorf("after a reset of the password alone: %q, want to be asked for the code", got)
	}
}

// Who guesses is slowed down, and is told for how long; the person is let in from where they
// always log in, and the guesser too when the time has passed and the password is right.
func TestGuessingLocksNobodyOut(t *testing.T) {
	d := open(t)
	d.person(d.admin(), "li", operatorHere)
	guesser := func(password string) (int, string) {
		b := d.browser()
		b.from = "198.51.100.9:4000"
		w := b.send("POST", prefix+"/login", login("li", password))
		return w.Code, w.Header().Get("Retry-After")
	}
	slowed, wait := 0, ""
	for range 30 {
		if code, after := guesser("wrong"); code == 429 {
			slowed++
			wait = after
		}
	}
	if slowed < 10 || wait == "" {
		t.Errorf("%d of 30 guesses were slowed down, Retry-After %q", slowed, wait)
	}
	if code, _ := guesser(good); code != 429 {
		t.Errorf("while it is slowed down even the right password = %d, want 429", code)
	}
	d.again("li")
	d.now = d.now.Add(24 * time.Hour)
	if code, _ := guesser(good); code != 200 {
		t.Errorf("a day later, with the right password = %d", code)
	}
}
