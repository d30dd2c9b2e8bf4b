package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/status"
)

func TestOutputTable(t *testing.T) {
	outputs := []status.Output{
		{ID: "siren", State: "on", ForMS: 42_000, Why: "rule", By: "river-high", LeftMS: 78_000},
		{ID: "pump", State: "off", ForMS: 600_000, Why: "interlock", Asked: true, Block: "interlock"},
		{ID: "gate", State: "off", ForMS: 600_000, Why: "interlock", Asked: true, Block: "interlock", Says: "its interlock is unknown: level under maintenance"},
		{ID: "valve", State: "off", ForMS: 3000, Why: "limit", Asked: true, Block: "limit", LeftMS: 57_000},
		{ID: "horn", State: "off", ForMS: 9_000_000, Why: "command", By: "li", HeldMS: 7_200_000},
		{ID: "lamp", State: "switching-off", ForMS: 12_000, Why: "rule", By: "dusk", Fault: "device", Detail: "exit status 3"},
	}
	for lang, want := range map[string]string{"en": `OUTPUT  STATE          SINCE   WHY              NOTE
siren   on             42 s    rule river-high  off in 78 s at the latest
pump    off            10 min  interlock        wanted on, its interlock does not permit it
gate    off            10 min  interlock        wanted on, its interlock does not permit it (its interlock is unknown: level under maintenance)
valve   off            3 s     limit            wanted on, may be in 57 s
horn    off            2 h     command of li    held off for 2 h yet
lamp    switching off  12 s    rule dusk        FAULT device: exit status 3
`, "zh": `输出   状态      持续     原因             说明
siren  开        42 秒    规则 river-high  最迟 78 秒后关闭
pump   关        10 分钟  联锁             要求开启，联锁不允许
gate   关        10 分钟  联锁             要求开启，联锁不允许（联锁条件不明：level 维护中）
valve  关        3 秒     限值             要求开启，57 秒后允许
horn   关        2 小时   人工 li          保持关闭，剩余 2 小时
lamp   正在关闭  12 秒    规则 dusk        故障 device：exit status 3
`} {
		var b bytes.Buffer
		if err := outputTable(&b, outputs, lang); err != nil || b.String() != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", lang, err, b.String(), want)
		}
	}
}

// answering is a gateway's socket that gives one answer to whoever switches, and notes
// the question.
func answering(t *testing.T, answer string) (dir string, asked func() string) {
	t.Helper()
	dir = t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	question := ""
	h := func(_ context.Context, with json.RawMessage) (any, error) {
		question = string(with)
		return json.RawMessage(answer), nil
	}
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- control.Serve(ctx, control.Path(dir), map[string]control.Handler{"switch": h, "outputs": h}, func() { close(ready) })
	}()
	<-ready
	return dir, func() string {
		stop()
		must(t, <-done)
		return question
	}
}

func TestOutputOn(t *testing.T) {
	t.Setenv("SUDO_USER", "li")
	dir, asked := answering(t, `{"output":{"id":"siren","state":"on","for_ms":14,"why":"command","by":"li as root","left_ms":30000}}`)
	out, errs, code := lamppost(t.Context(), "output", "on", "siren", "--for", "30s", "--dir", dir, "--lang", "en")
	if code != exitOK || !strings.Contains(out, "siren   on     0 s    command of li as root  off in 30 s at the latest") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if q := asked(); q != `{"output":"siren","on":true,"for_ms":30000,"sudo":"li"}` {
		t.Errorf("asked %s", q)
	}
}

func TestOutputRefused(t *testing.T) {
	dir, asked := answering(t, `{"output":{"id":"pump","state":"off","why":"safe"},"refused":true,"error":"its interlock is false"}`)
	out, errs, code := lamppost(t.Context(), "output", "on", "pump", "--dir", dir, "--lang", "en")
	if code != exitFindings || !strings.Contains(errs, "error: pump: refused: its interlock is false\nhint:  nothing was switched and nothing waits") || !strings.Contains(out, "pump") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	asked()
}

// Why nothing was switched is said in the reader's language.
func TestOutputRefusedInChinese(t *testing.T) {
	for answer, want := range map[string]string{
		`"refused":true,"error":"its interlock is false"`:                                              "pump：被拒绝：联锁条件不成立",
		`"refused":true,"error":"it stays off for 5m0s; try again in 4s"`:                              "pump：被拒绝：须保持关闭 5m0s；请在 4s 后重试",
		`"error":"the hardware fails (stuck): the hardware did not take off before the gateway ended"`: "pump：硬件故障（stuck）：网关停止前硬件没有接受关闭",
		`"error":"the hardware has not answered yet: context deadline exceeded"`:                       "pump：硬件尚未应答：",
	} {
		dir, asked := answering(t, `{"output":{"id":"pump","state":"off","why":"safe"},`+answer+`}`)
		_, errs, code := lamppost(t.Context(), "output", "on", "pump", "--dir", dir, "--lang", "zh")
		if code != exitFindings || !strings.Contains(strings.ReplaceAll(errs, ": ", "："), want) {
			t.Errorf("%s: exit %d\n%s", answer, code, errs)
		}
		asked()
	}
}

func TestOutputList(t *testing.T) {
	dir, asked := answering(t, `[{"id":"siren","state":"off","for_ms":1000,"why":"safe"}]`)
	must(t, os.WriteFile(filepath.Join(dir, "gateway.yaml"), fmt.Appendf(nil, "gateway: {id: b}\njournal: {dir: %s}\n", dir), 0o600))
	out, errs, code := lamppost(t.Context(), "output", "list", "--config", filepath.Join(dir, "gateway.yaml"), "--lang", "zh")
	if code != exitOK || !strings.Contains(out, "siren  关    1 秒  安全状态  -") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	out, _, code = lamppost(t.Context(), "output", "list", "--json", "--dir", dir)
	var all []status.Output
	if err := json.Unmarshal([]byte(out), &all); code != exitOK || err != nil || len(all) != 1 {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
	asked()
}

// Off reaches the gateway that runs although the file on the disk is wrong by now.
func TestOutputOffDespiteAWrongFile(t *testing.T) {
	dir, asked := answering(t, `{"output":{"id":"siren","state":"off","for_ms":14,"why":"command","by":"root"}}`)
	file := filepath.Join(dir, "gateway.yaml")
	must(t, os.WriteFile(file, fmt.Appendf(nil, "gateway: {id: b}\nbogus: 1\njournal: {dir: %s}\n", dir), 0o600))
	out, errs, code := lamppost(t.Context(), "output", "off", "siren", "--config", file, "--lang", "en")
	if code != exitOK || !strings.Contains(out, "siren   off") || !strings.Contains(errs, "bogus") || !strings.Contains(errs, "is wrong; asking the gateway on "+dir) {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if q := asked(); !strings.Contains(q, `"output":"siren"`) {
		t.Errorf("asked %s", q)
	}
}

func TestOutputMistakes(t *testing.T) {
	empty := t.TempDir()
	for args, want := range map[string]string{
		"list --dir " + empty:                   "4 no gateway is running here",
		"bogus":                                 "2 bogus",
		"on --dir " + empty:                     "2 accepts 1 arg",
		"off siren horn --dir " + empty:         "2 accepts 1 arg",
		"on siren --for 0s --dir " + empty:      "2 write more than nothing",
		"on siren --for soon --dir " + empty:    "2 duration",
		"on siren --lang fr --dir " + empty:     "2 write zh or en",
		"off siren --config /nowhere/here.yaml": "3 --dir",
	} {
		_, errs, code := lamppost(t.Context(), append([]string{"output"}, strings.Fields(args)...)...)
		if exit, text, _ := strings.Cut(want, " "); fmt.Sprint(code) != exit || !strings.Contains(errs, text) {
			t.Errorf("%s: exit %d, want %s:\n%s", args, code, want, errs)
		}
	}
}
