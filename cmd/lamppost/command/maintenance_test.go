package command

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/gateway"
)

func TestMaintenanceTable(t *testing.T) {
	all := []gateway.Maintained{{LeftMS: 7_200_000, By: "li", Rules: []string{"river-high", "air"}}, {Device: "river", LeftMS: 600_000, By: "root",
		Barred: []gateway.Barred{{Output: "pump", On: true, WithinMS: 30_000, Reads: []string{"river.level"}}, {Output: "gate", WithinMS: 30_000, Reads: []string{"river.level", "river.temp"}}}}}
	for lang, want := range map[string]string{"en": `DEVICE      LEFT    BY    RULES
whole site  2 h     li    river-high, air
river       10 min  root  -
# pump is ON and goes off within 30 s, until the maintenance ends: its interlock reads river.level
# gate is off and cannot be switched on meanwhile: its interlock reads river.level, river.temp
`, "zh": `设备      剩余     操作人  规则
整个站点  2 小时   li      river-high, air
river     10 分钟  root    -
# pump 处于开启，30 秒内将关闭，直到检修结束：其联锁读取 river.level
# gate 处于关闭，期间不能开启：其联锁读取 river.level、river.temp
`} {
		var b bytes.Buffer
		if err := maintenanceTable(&b, all, lang); err != nil || b.String() != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", lang, err, b.String(), want)
		}
	}
	var b bytes.Buffer
	if err := maintenanceTable(&b, nil, "en"); err != nil || b.String() != "nothing is under maintenance\n" {
		t.Errorf("%v %q", err, b.String())
	}
}

// What is asked of the gateway, and what is refused before anybody is asked.
func TestMaintenanceAsks(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	question := ""
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- control.Serve(ctx, control.Path(dir), map[string]control.Handler{"maintenance": func(_ context.Context, with json.RawMessage) (any, error) {
			question = string(with)
			return []gateway.Maintained{}, nil
		}}, func() { close(ready) })
	}()
	<-ready
	t.Cleanup(func() { stop(); <-done })
	t.Setenv("SUDO_USER", "")
	page, err := os.ReadFile("../../../docs/field-engineers.md")
	must(t, err)
	asks := map[string]string{
		"list":                    `{}`,
		"on river --for 2h":       `{"device":"river","for_ms":7200000,"set":true}`,
		"on --all --for 30m":      `{"all":true,"for_ms":1800000,"set":true}`,
		"off river":               `{"device":"river","set":true}`,
		"on river":                "2 for how long is missing",
		"on --for 2h":             "2 name one device, or write --all for the whole site",
		"off":                     "2 name one device, or write --all for the whole site",
		"on river --all --for 2h": "2 name one device, or write --all for the whole site",
	}
	for _, line := range regexp.MustCompile(`(?m)^lamppost maintenance ([^#]*)#`).FindAllStringSubmatch(string(page), -1) {
		if asks[strings.TrimSpace(line[1])] == "" {
			t.Errorf("the page has %q, which is not asked here", line[1])
		}
	}
	for args, want := range asks {
		question = ""
		_, errs, code := lamppost(t.Context(), append([]string{"maintenance"}, append(strings.Fields(args), "--dir", dir)...)...)
		if code == exitOK && question != want || code != exitOK && (code != exitUsage || !strings.Contains(errs, strings.TrimPrefix(want, "2 "))) {
			t.Errorf("%s: exit %d, asked %s, said %s, want %s", args, code, question, errs, want)
		}
	}
}
