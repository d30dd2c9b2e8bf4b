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
)

// What is asked for reaches the aggregator, and the gateway's answer the asker.
func TestAsk(t *testing.T) {
	for _, c := range []struct {
		args, path, body, answer string
		code                     int
		says                     string
	}{
		{"read gw river", "/gateways/gw/commands", `{"by":"li","device":"river","kind":"read"}`, `"state":"done"`, exitOK, "gw: done\n"},
		{"still gw gauge", "/gateways/gw/commands", `{"by":"li","device":"gauge","kind":"still"}`, `"state":"done","image":"pic"`, exitOK, "gw: done picture pic\n"},
		{"still gw gauge", "/gateways/gw/commands", `{"by":"li","device":"gauge","kind":"still"}`, `"state":"done","image":"pic","detail":"it waits"`, exitOK, "gw: done picture pic: it waits\n"},
		{"switch gw lamp on --for 30s", "/gateways/gw/commands", `{"by":"li","for_ms":30000,"kind":"actuate","on":true,"output":"lamp"}`, `"state":"refused","why":"blocked","detail":"its interlock is false"`, exitFailed, "gw refuses: blocked: its interlock is false"},
		{"switch gw lamp off", "/gateways/gw/commands", `{"by":"li","for_ms":0,"kind":"actuate","on":false,"output":"lamp"}`, `"state":"expired"`, exitFailed, "did not answer in time"},
		{"read gw river --wait 1ms", "/gateways/gw/commands", `{"by":"li","device":"river","kind":"read"}`, `"state":"waiting"`, exitFailed, "not answered command c1 yet"},
		{"read gw river --wait 0", "/gateways/gw/commands", `{"by":"li","device":"river","kind":"read"}`, `"state":"waiting"`, exitOK, "gw: asked, command c1\n"},
		{"acknowledge a1 --note wet", "/alerts/a1/acknowledge", `{"by":"li","note":"wet"}`, `"state":"done","outputs":["siren","horn"]`, exitOK, "gw: done silenced siren, horn\n"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			kind := strings.Fields(c.args)[0]
			if r.Method == http.MethodGet && r.URL.Path == "/api/v1/commands/c1" {
				fmt.Fprintf(w, `{"id":"c1","gateway":"gw","kind":%q,%s}`, kind, c.answer)
				return
			}
			var got map[string]any
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.URL.Path != "/api/v1"+c.path {
				t.Errorf("%s: %s %v", c.args, r.URL.Path, err)
			}
			if b, _ := json.Marshal(got); string(b) != c.body {
				t.Errorf("%s: asked %s, want %s", c.args, b, c.body)
			}
			made := fmt.Sprintf(`{"id":"c1","gateway":"gw","kind":%q,"state":"waiting"}`, kind)
			if kind == "acknowledge" {
				made = `{"id":"a1","command":` + made + `}`
			}
			fmt.Fprint(w, made)
		}))
		var out, errs bytes.Buffer
		code := run(t.Context(), append(strings.Fields(c.args), "--by", "li", "--api", s.URL), &out, &errs)
		if code != c.code || !strings.Contains(out.String()+errs.String(), c.says) {
			t.Errorf("%s: exit %d, want %d\n%s%s", c.args, code, c.code, out.String(), errs.String())
		}
		s.Close()
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"id":"a1","acknowledged":{"by":"王芳","at":1795291200000,"note":"pump is on"}}`)
	}))
	defer s.Close()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"acknowledge", "a1", "--by", "li", "--api", s.URL}, &out, &errs)
	when := time.UnixMilli(1795291200000).Format("2006-01-02 15:04:05")
	if text := errs.String(); code != exitFailed || !strings.Contains(text, "王芳 acknowledged it at "+when) || !strings.Contains(text, ": pump is on") {
		t.Errorf("acknowledged twice: exit %d, %s", code, text)
	}
	for _, bad := range []string{"read gw", "switch gw lamp maybe", "acknowledge", "still"} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), strings.Fields(bad), &out, &errs); code != 2 {
			t.Errorf("%s: exit %d, want 2", bad, code)
		}
	}
}
