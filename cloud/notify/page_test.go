package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/notify/link"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// door is the page on a real HTTP server, and who acknowledged what by it.
type door struct {
	*httptest.Server
	*rig
	mu    sync.Mutex
	acked []string
	fails error
}

func newDoor(t *testing.T) *door {
	d := &door{rig: newRig(t, nil)}
	d.Server = httptest.NewServer(d.Pages(
		func(_ context.Context, g link.Grant) (view.Text, error) {
			subject := g.Subject
			if subject == "gone" {
				return view.Text{}, view.ErrUnknown
			}
			return view.Text{Zh: "水位 <b>" + subject, En: "level <b>" + subject}, nil
		},
		func(_ context.Context, g link.Grant, by string) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.fails != nil {
				return d.fails
			}
			d.acked = append(d.acked, g.Subject+" by "+by)
			return nil
		}))
	t.Cleanup(d.Close)
	return d
}

func (d *door) token(g link.Grant) string {
	d.t.Helper()
	if g.Expires.IsZero() {
		g.Expires = time.Now().Add(time.Hour)
	}
	s, err := d.key.Make(g)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

func (d *door) ask(method, token, by string) (int, string, http.Header) {
	d.t.Helper()
	body, target := "", d.URL+AckPath+"?t="+url.QueryEscape(token)
	if method == http.MethodPost {
		body, target = url.Values{"t": {token}, "by": {by}}.Encode(), d.URL+AckPath
	}
	r, err := http.NewRequestWithContext(d.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a, err := d.Client().Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer a.Body.Close()
	return a.StatusCode, readAll(d.t, a.Body), a.Header
}

// Opening the link, as often as scanners like, acknowledges nothing; the button does, once,
// in the name of the person that the link was sent to.
func TestLinkAsksBeforeItActs(t *testing.T) {
	d := newDoor(t)
	token := d.token(link.Grant{Subject: "a", Channel: "mail", Person: "wang"})
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet, http.MethodPut, http.MethodDelete} {
		code, page, head := d.ask(method, token, "")
		if method == http.MethodGet && (code != 200 || !contains(page, "水位 &lt;b&gt;a") || !contains(page, "王芳") || !contains(page, token) || contains(page, `name="by"`)) {
			t.Errorf("%s: %d %s", method, code, page)
		}
		if head.Get("Referrer-Policy") != "no-referrer" || head.Get("Cache-Control") != "no-store" || !contains(head.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %v", method, head)
		}
	}
	if len(d.acked) != 0 {
		t.Fatalf("looking acknowledged: %q", d.acked)
	}
	if code, page, _ := d.ask(http.MethodPost, token, "somebody else"); code != 200 || !contains(page, "已确认") {
		t.Errorf("%d %s", code, page)
	}
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		if code, page, _ := d.ask(method, token, ""); code != http.StatusGone || !contains(page, "已用过") || contains(page, "<button>") {
			t.Errorf("%s again: %d %s", method, code, page)
		}
	}
	if fmt.Sprint(d.acked) != "[a by 王芳]" {
		t.Errorf("acknowledged %q", d.acked)
	}
}

// In a group nobody knows who clicks: the page asks for a name, and notes where it came from.
func TestLinkInAGroup(t *testing.T) {
	d := newDoor(t)
	token := d.token(link.Grant{Subject: "a", Channel: "duty"})
	if _, page, _ := d.ask(http.MethodGet, token, ""); !contains(page, `name="by"`) {
		t.Error("the page does not ask for a name")
	}
	for _, by := range []string{"", " \u200b\n", strings.Repeat("长", 81)} {
		if code, _, _ := d.ask(http.MethodPost, token, by); code != http.StatusBadRequest {
			t.Errorf("name %q: %d", by, code)
		}
	}
	if code, _, _ := d.ask(http.MethodPost, token, "李\u202e雷\n<b>"); code != 200 || fmt.Sprint(d.acked) != "[a by 李雷 <b> (duty)]" {
		t.Errorf("%d %q", code, d.acked)
	}
}

// Each reason why a link does not work is told, and spends nothing that could still work.
func TestLinksThatDoNotWork(t *testing.T) {
	d := newDoor(t)
	for _, c := range []struct {
		token string
		fails error
		want  int
	}{
		{"nonsense", nil, 404}, {"", nil, 404}, {d.token(link.Grant{Subject: "a", Channel: "duty", Expires: time.Now().Add(-time.Second)}), nil, 410},
		{d.token(link.Grant{Subject: "a", Channel: "c1"}), view.ErrAcknowledged, 409}, {d.token(link.Grant{Subject: "a", Channel: "c2"}), view.ErrUnknown, 404},
		{d.token(link.Grant{Subject: "a", Channel: "c3"}), errors.New("disk full at /var/lib"), 503},
	} {
		d.fails = c.fails
		if code, page, _ := d.ask(http.MethodPost, c.token, "Li"); code != c.want || contains(page, "disk full") {
			t.Errorf("%v: %d, want %d: %s", c.fails, code, c.want, page)
		}
	}
	if code, _, _ := d.ask(http.MethodGet, d.token(link.Grant{Subject: "gone", Channel: "duty"}), ""); code != 404 {
		t.Errorf("what is gone: %d", code)
	}
	d.fails = nil
	if code, _, _ := d.ask(http.MethodPost, d.token(link.Grant{Subject: "a", Channel: "c3"}), "Li"); code != 200 {
		t.Errorf("after a failure: %d", code)
	}
	if code, _, _ := d.ask(http.MethodPost, d.token(link.Grant{Subject: "a", Channel: "c4"}), strings.Repeat("x", maxForm)); code != 400 {
		t.Errorf("a form that is too long: %d", code)
	}
	// A name that no room is left for, with the channel behind it, is the writer's to mend.
	if code, page, _ := d.ask(http.MethodPost, d.token(link.Grant{Subject: "a", Channel: "c5"}), strings.Repeat("名", maxName-3)); code != 400 || !contains(page, "80") {
		t.Errorf("a name that is too long: %d %s", code, page)
	}
	d.fails = &view.FieldError{Field: "by", Text: view.Text{Zh: "姓名含有不可见字符", En: "the name has invisible characters"}}
	if code, page, _ := d.ask(http.MethodPost, d.token(link.Grant{Subject: "a", Channel: "c6"}), "Li"); code != 400 || !contains(page, "不可见") {
		t.Errorf("a name that cannot be kept: %d %s", code, page)
	}
	if len(d.acked) != 1 {
		t.Errorf("acknowledged %q", d.acked)
	}
}

// Of many who click at once, in two processes, one acknowledges.
func TestSpentOnce(t *testing.T) {
	d := newDoor(t)
	other := rigOn(t, d.db, nil)
	token := d.token(link.Grant{Subject: "a", Channel: "duty"})
	var wg sync.WaitGroup
	var mu sync.Mutex
	did, spent := 0, 0
	for i := range 20 {
		o := d.Office
		if i%2 == 1 {
			o = other.Office
		}
		wg.Go(func() {
			err := o.Spend(t.Context(), token, time.Now(), func(link.Grant) error { mu.Lock(); did++; mu.Unlock(); return nil })
			if errors.Is(err, ErrSpent) {
				mu.Lock()
				spent++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if did != 1 || spent != 19 {
		t.Errorf("%d did, %d were told that it is spent", did, spent)
	}
}

// A process that died while it spent a link leaves it usable, after a minute.
func TestSpendingProcessDies(t *testing.T) {
	d := newDoor(t)
	token, now := d.token(link.Grant{Subject: "a", Channel: "duty"}), time.Now()
	d.exec("insert into notice_link(id, taken, done, expires) values(?, ?, 0, ?)", link.ID(token), now.UnixMilli(), now.Add(time.Hour).UnixMilli())
	nothing := func(link.Grant) error { return nil }
	if err := d.Spend(t.Context(), token, now.Add(time.Second), nothing); !errors.Is(err, ErrSpent) {
		t.Errorf("while somebody is at it: %v", err)
	}
	if err := d.Spend(t.Context(), token, now.Add(stale), nothing); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

// The link in a message is the one that the page takes, in every process.
func TestLinkFromMessage(t *testing.T) {
	d := newDoor(t)
	other := rigOn(t, d.db, nil)
	e := alert("a", wire.Red)
	d.take(e)
	if _, err := d.formAll(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.turn(t.Context(), d.o.Channels[0], time.Now()); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(d.duty.messages()[0].Links[1].URL)
	if err != nil || u.Path != AckPath {
		t.Fatal(u, err)
	}
	g, err := other.Grant(t.Context(), u.Query().Get("t"), time.Now())
	if err != nil || g.Subject != "a" || g.Channel != "duty" || g.Person != "" || time.Until(g.Expires) < 23*time.Hour {
		t.Errorf("%+v, %v", g, err)
	}
}

// A path cannot leave the console, or the link that it stands in.
func TestSafe(t *testing.T) {
	for path, want := range map[string]string{
		"/#/alerts/1": "/#/alerts/1", "//evil.example/x": "/", "https://evil.example": "/", "javascript:alert(1)": "/", "": "/", "alerts": "/",
		"/a)(b c\"'<>": "/a%29%28b%20c%22%27%3C%3E", "/水": "/%E6%B0%B4", "/a\nb": "/",
	} {
		if got := safe(path); got != want {
			t.Errorf("safe(%q) = %q, want %q", path, got, want)
		}
	}
}
