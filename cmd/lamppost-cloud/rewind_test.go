package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/commands"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestMoment(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, zone)
	for text, want := range map[string]time.Time{
		"everything":                time.UnixMilli(0),
		"36h":                       now.Add(-36 * time.Hour),
		"2026-11-21":                time.Date(2026, 11, 21, 0, 0, 0, 0, zone),
		"2026-11-22T08:00:00+08:00": time.Date(2026, 11, 22, 8, 0, 0, 0, zone),
		"2026-11-22T00:00:00Z":      time.Date(2026, 11, 22, 8, 0, 0, 0, zone),
	} {
		if got, err := moment(text, now); err != nil || got != want.UnixMilli() {
			t.Errorf("moment(%q) = %d, %v, want %d", text, got, err, want.UnixMilli())
		}
	}
	for _, bad := range []string{"", "-1h", "0", "yesterday", "2026-11-23", "2026-11-22T13:00:00+08:00", "1969-01-01", "1.5"} {
		if got, err := moment(bad, now); err == nil {
			t.Errorf("moment(%q) = %d", bad, got)
		}
	}
}

func TestKeyIsPrinted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("STATE_DIRECTORY", dir)
	key, err := commands.EnsureKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	if code := run(t.Context(), []string{"key"}, &out, &errOut); code != 0 {
		t.Fatalf("exit %d: %s", code, errOut.String())
	}
	if got, err := wire.ParseKey(strings.TrimSpace(out.String())); err != nil || !got.Equal(key.Public()) {
		t.Errorf("printed %q, %v", out.String(), err)
	}
}

// Every gateway is asked, and one that cannot be does not keep the others from it.
func TestRewindAsksEach(t *testing.T) {
	asked := map[string]float64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && r.URL.Path == "/api/v1/gateways":
			fmt.Fprint(w, `{"gateways":[{"id":"a"},{"id":"b"},{"id":"c"}]}`)
		case r.Method == http.MethodPost && r.URL.Path == "/api/v1/gateways/b/commands":
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"error":{"id":"E7110","text":{"zh":"已满","en":"as many as allowed wait"},"field":""}}`)
		case r.Method == http.MethodPost && r.Header.Get("Content-Type") == "application/json":
			var body struct {
				Kind  string
				Since float64
				By    string
			}
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.By != "王芳" || body.Kind != "rewind" {
				t.Errorf("body %+v, %v", body, err)
			}
			id := strings.Split(r.URL.Path, "/")[4]
			asked[id] = body.Since
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprintf(w, `{"id":"command-%s"}`, id)
		default:
			t.Errorf("%s %s", r.Method, r.URL)
		}
	}))
	defer s.Close()
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{"rewind", "--all", "--since", "2026-01-01T00:00:00Z", "--by", "王芳", "--api", s.URL}, &out, &errOut)
	if code != exitFailed || out.String() != "a: asked, command command-a\nc: asked, command command-c\n" ||
		!strings.Contains(errOut.String(), "b: E7110") || !strings.Contains(errOut.String(), "1 of 3") {
		t.Errorf("exit %d\n%s%s", code, out.String(), errOut.String())
	}
	if want := float64(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()); asked["a"] != want || asked["c"] != want {
		t.Errorf("asked %v, want since %v", asked, want)
	}
}

func TestRenderCommands(t *testing.T) {
	issued := time.Date(2026, 11, 22, 8, 0, 0, 0, time.Local).UnixMilli()
	on := true
	var b bytes.Buffer
	err := renderCommands(&b, []view.Command{
		{ID: "x", Kind: "rewind", Issued: issued, State: "refused", Why: "key", Sent: 1},
		{ID: "y", Kind: "rewind", Issued: issued, Since: issued, By: "王芳", State: "done", Sent: 2, Records: 77},
		{ID: "z", Kind: "actuate", Output: "lamp", On: &on, ForMS: 5000, Issued: issued, State: "refused", Why: "blocked", Detail: "its interlock is false", Sent: 1},
		{ID: "a", Kind: "acknowledge", Alert: "a1", Issued: issued, State: "done", Outputs: []string{"siren"}, Sent: 1},
		{ID: "r", Kind: "read", Device: "river", Issued: issued, State: "expired", Sent: 4},
	}, false)
	const want = `ASKED                KIND         ABOUT                      BY  STATE              SENT  RESULT                  ID
2026-11-22 08:00:00  rewind       everything                 -   refused (key)      1     -                       x
2026-11-22 08:00:00  rewind       since 2026-11-22 08:00:00  王芳  done               2     77 records go again     y
2026-11-22 08:00:00  actuate      lamp on for 5s             -   refused (blocked)  1     its interlock is false  z
2026-11-22 08:00:00  acknowledge  a1                         -   done               1     silenced siren          a
2026-11-22 08:00:00  read         river                      -   expired            4     -                       r
`
	if err != nil || b.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, b.String(), want)
	}
}
