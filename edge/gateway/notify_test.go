package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/notify"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// With no uplink, a rule that is pending looks closer, and when it raises and clears a
// panel of the site is told, with a signature; a panel that is not there hinders nothing.
func TestRulesTellAndLookCloser(t *testing.T) {
	p := newPost(t)
	secret := filepath.Join(p.dir, "secret")
	if err := os.WriteFile(secret, []byte("pump house\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	told := make(chan wire.Alert, 20)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		var doc struct {
			Gateway string
			wire.Alert
		}
		if err != nil || json.Unmarshal(b, &doc) != nil || doc.Gateway != "post-1" || r.Header.Get("Lamppost-Signature") != notify.Signature("pump house", b) {
			t.Errorf("%v %s %s", err, r.Header, b)
		}
		told <- doc.Alert
	}))
	defer s.Close()
	cfg, err := config.Load("post.yaml", fmt.Appendf(nil, `
gateway: {id: post-1, language: en}
journal: {dir: %s, commit: 100ms}
status: {listen: "127.0.0.1:0"}
devices:
  pass: {driver: a02yyuw, port: %s, height: 3.0, every: 2s}
notify:
  panel: {webhook: %q, secret_file: %s}
  gone:  {webhook: "http://127.0.0.1:9/alarm", timeout: 1s}
rules:
  flood: {when: "pass.level > 0.5", for: 3s, clear: "pass.level < 0.4", severity: orange, notify: [gone, panel], look_closer: {every: 200ms}}
`, filepath.Join(p.dir, "journal"), p.port, s.URL, secret), p.env)
	if err != nil {
		t.Fatal(err)
	}
	dry := p.sensor(2900)
	p.start(cfg)
	p.until("a value", func(s status.Snapshot) bool { return len(s.Values) > 0 && s.Values[0].V != nil })
	dry()
	wet := p.sensor(2200)
	raised := <-told
	if raised.Rule != "flood" || raised.Condition != "active" || raised.Rev != 1 {
		t.Errorf("told %+v", raised)
	}
	p.until("that a target is gone is told", func(s status.Snapshot) bool {
		for _, h := range s.State.Health {
			if h.ID == "notify-failed" && h.About == "gone" {
				return strings.Contains(h.Text["en"], "gone could not be told of alerts") && strings.Contains(h.Text["zh"], "无法把告警通知给 gone")
			}
		}
		return false
	})
	wet()
	p.sensor(2900)
	cleared := <-told
	if cleared.Condition != "cleared" || cleared.ID != raised.ID {
		t.Errorf("told %+v", cleared)
	}
	p.stop()
	samples, _, alerts := p.records()
	var at []int64
	for _, r := range samples {
		if r.Device == "pass" && r.Fault == "" {
			at = append(at, r.BootMS)
		}
	}
	var pending []int64 // between the first reading that met the rule and the alert
	for i := 1; i < len(at); i++ {
		if at[i] > alerts[0].Since.BootMS && at[i] <= alerts[0].At.BootMS {
			pending = append(pending, at[i]-at[i-1])
		}
	}
	if len(pending) < 6 || slices.Max(pending) > 1500 {
		t.Errorf("while it was pending it was read after %v ms", pending)
	}
}
