package health

import (
	"strings"
	"testing"
	"time"
)

func TestOutputs(t *testing.T) {
	for _, c := range []struct {
		o          Output
		id, en, zh string
	}{
		{Output{ID: "pump", Fault: "timeout", Detail: "unit 9: no answer in time", For: 3 * time.Minute}, "output-timeout",
			"Output pump cannot be switched off, for 3 min: unit 9: no answer in time. It may still be on", "输出 pump 已 3 分钟无法关闭"},
		{Output{ID: "siren", On: true, Fault: "unplugged", Detail: "gone"}, "output-unplugged", "Output siren cannot be switched on, for 0 s: gone. Check", "输出 siren 已 0 秒无法开启"},
		{Output{ID: "pump", On: true, Fault: "astray", Detail: "the feedback says off"}, "output-astray", "Output pump should be on, and for 0 s its feedback has not agreed", "输出 pump 应为开，但反馈已 0 秒不一致"},
		{Output{ID: "pump", Fault: "stuck", Detail: "a call"}, "output-stuck", "Output pump should be off, and its hardware has hung", "输出 pump 应为关，但硬件已"},
	} {
		h := Assess(View{Outputs: []Output{c.o}})
		if len(h) != 1 || h[0].ID != c.id || h[0].About != c.o.ID || h[0].Level != "fail" || !strings.HasPrefix(h[0].Text["en"], c.en) || !strings.HasPrefix(h[0].Text["zh"], c.zh) {
			t.Errorf("%+v: %+v", c.o, h)
		}
	}
	if h := Assess(View{Outputs: []Output{{ID: "pump"}}}); len(h) != 0 {
		t.Errorf("a good output: %+v", h)
	}
}
