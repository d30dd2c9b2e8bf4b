package command

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/rule"
)

func some(v float64) *float64 { return &v }

// What explain prints: each state of a condition in one sentence, in both languages, and
// what is missing named.
func TestExplainText(t *testing.T) {
	b, err := Options{}.loadBuiltin(true)
	must(t, err)
	level := gateway.StreamWhy{Stream: "road.level", Value: some(0.29), AgeMS: 4000, StaleMS: 30_000, Known: true, Newest: gateway.Newest{Value: some(0.29), QC: 1, AgeMS: 4000}}
	gone := gateway.StreamWhy{Stream: "road.level", Value: some(0.29), AgeMS: 240_000, StaleMS: 30_000, Newest: gateway.Newest{QC: 9, Why: "no-echo", Fault: "timeout"}}
	bad := gateway.StreamWhy{Stream: "rain.rain", WindowMS: 600_000, Value: some(12.5), AgeMS: 1000, StaleMS: 30_000, Known: true, Covered: 0.2, Newest: gateway.Newest{Value: some(999), QC: 4, Why: "range"}}
	stuck := gateway.StreamWhy{Stream: "road.level", Value: some(0.29), AgeMS: 240_000, StaleMS: 30_000, Newest: gateway.Newest{Value: some(0.29), QC: 4, Why: "flat", AgeMS: 900}}
	when := func(is string, streams ...gateway.StreamWhy) gateway.ConditionWhy {
		return gateway.ConditionWhy{Text: "road.level >= 0.27", Is: is, Streams: streams, Parts: []gateway.PartWhy{{Text: "road.level >= 0.27", Is: is, Value: streams[0].Value, Limit: some(0.27), Stream: streams[0].Stream}}}
	}
	clear := when("false", level)
	for _, c := range []struct {
		stage  gateway.StageWhy
		en, zh string
	}{
		{gateway.StageWhy{Phase: "normal", When: when("false", level)}, "does not fire: the condition is not met", "不告警：条件不满足"},
		{gateway.StageWhy{Phase: "normal", When: when("unknown", gone)}, "cannot be judged; road.level is silent for 4 min", "无法判断；road.level 已 4 分钟无可用读数"},
		{gateway.StageWhy{Phase: "normal", When: when("unknown", stuck)}, "cannot be judged; road.level answers, but nothing usable for 4 min (fail: flat)", "无法判断；road.level 有应答，但已 4 分钟无可用读数（不合格：数据不变）"},
		{gateway.StageWhy{Phase: "normal", When: gateway.ConditionWhy{Is: "unknown", Parts: []gateway.PartWhy{{Is: "unknown", Quantity: "other"}}}},
			"cannot be judged; what it computes has no finite result just now, like a division by 0", "无法判断；此刻算式没有有限的结果，如除以 0"},
		{gateway.StageWhy{Phase: "normal", When: when("unknown", bad)}, "cannot be judged; of the last 10 min of rain.rain only 20 % are known", "无法判断；rain.rain 最近 10 分钟只有 20% 有读数"},
		{gateway.StageWhy{Phase: "normal", When: when("unknown", gateway.StreamWhy{Stream: "a.b"})}, "cannot be judged; a.b has given nothing usable since the start", "无法判断；a.b 自启动以来无可用读数"},
		{gateway.StageWhy{Phase: "pending", Running: true, RanMS: 12_000, NeedsMS: 20_000, When: when("true", level)}, "met, not yet for long enough: 12 s of 20 s", "条件已满足，时间未到：12 秒／20 秒"},
		{gateway.StageWhy{Phase: "pending", RanMS: 12_000, NeedsMS: 20_000, When: when("unknown", gone)}, "met, not yet for long enough: 12 s of 20 s, the timer stands still; road.level is silent for 4 min", "条件已满足，时间未到：12 秒／20 秒，计时暂停；road.level 已 4 分钟无可用读数"},
		{gateway.StageWhy{Phase: "active", SinceMS: 60_000, When: when("true", level)}, "fires: met for 60 s", "告警中：条件已满足 60 秒"},
		{gateway.StageWhy{Phase: "active", When: when("false", level), Clear: &clear}, "stays: its clear is not true yet", "保持：解除条件尚未成立"},
		{gateway.StageWhy{Phase: "active", When: when("unknown", gone)}, "stays: what is unknown does not clear; road.level is silent for 4 min", "保持：数据未知时不解除；road.level 已 4 分钟无可用读数"},
		{gateway.StageWhy{Phase: "clearing", Running: true, RanMS: 30_000, NeedsMS: 60_000, When: when("false", level)}, "over, not yet for long enough: 30 s of 60 s", "条件已解除，时间未到：30 秒／60 秒"},
	} {
		if got := b.sentence(c.stage, false, "en"); got != c.en {
			t.Errorf("%s\nwant %s", got, c.en)
		}
		if got := b.sentence(c.stage, false, "zh"); got != c.zh {
			t.Errorf("%s\nwant %s", got, c.zh)
		}
	}
	kept := gateway.StageWhy{Phase: "active", When: when("false", level), Clear: &clear}
	kept.Clear.Is = "true"
	if got := b.sentence(kept, true, "en"); got != "stays as it is: it does not judge" {
		t.Errorf("kept back: %s", got)
	}
	if got := idleText(gateway.RuleState{Idle: "depends", KeptBy: []string{"port", "mast"}}, "en"); got != "does not judge: it depends on port, mast, which has an alert or is kept back itself" {
		t.Errorf("kept back by two: %s", got)
	}
	// A forecast's numbers are times, and that an alert chatters is said.
	var out strings.Builder
	must(t, b.explain(&out, gateway.RuleWhy{RuleState: gateway.RuleState{Rule: "r", Phase: "active", Stage: "forecast", Severity: "yellow", Changes: 12, ChatterMS: 900_000},
		Stages: []gateway.StageWhy{{Stage: "forecast", Severity: "yellow", Phase: "active", When: gateway.ConditionWhy{Text: "rises_to(road.level, 0.27, 10m) <= 10m", Is: "true",
			Parts: []gateway.PartWhy{{Text: "rises_to(road.level, 0.27, 10m) <= 10m", Is: "true", Value: some(7.8), Limit: some(600), Stream: "road.level", Quantity: "until"}}}}}}, "en"))
	for _, line := range []string{"chatters: 12 changes in 15 min; ", "rises_to(road.level, 0.27, 10m) <= 10m  true  7.8 s  limit 10 min"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q is not in\n%s", line, out.String())
		}
	}
	out.Reset()
	must(t, b.explain(&out, gateway.RuleWhy{RuleState: gateway.RuleState{Rule: "subway", Use: "underpass-flood", Phase: "active", Stage: "actual", Severity: "orange"},
		Stages: []gateway.StageWhy{{Stage: "actual", Severity: "orange", Phase: "active", SinceMS: 60_000, Clear: &clear,
			When: gateway.ConditionWhy{Text: "road.level >= 0.27 and rise(rain.rain, 10m) > 5", Is: "true", Streams: []gateway.StreamWhy{level, bad},
				Parts: []gateway.PartWhy{{Text: "road.level >= 0.27", Is: "true", Value: some(0.29), Limit: some(0.27), Stream: "road.level"},
					{Text: "rise(rain.rain, 10m) > 5", Is: "true", Value: some(9), Bound: true, Limit: some(5), Stream: "rain.rain"}}}}}}, "en"))
	want := `subway (underpass-flood): active, alert: orange

orange: fires: met for 60 s
  when   road.level >= 0.27 and rise(rain.rain, 10m) > 5  true
         road.level >= 0.27                               true   0.29 m                       limit 0.27 m
         rise(rain.rain, 10m) > 5                         true   9.0 mm (as far as is known)  limit 5.0 mm
  clear  road.level >= 0.27                               false  0.29 m                       limit 0.27 m

STREAM      VALUE    AGE      STALE  QUALITY
road.level  0.29 m   4 s ago  30 s   pass
rain.rain   12.5 mm  1 s ago  30 s   fail: range: 999.0 mm
`
	if out.String() != want {
		t.Errorf("\n%s\nwant\n%s", out.String(), want)
	}
}

// A rule that does not judge says why, in both languages.
func TestIdleRulesSayWhy(t *testing.T) {
	b, err := Options{}.loadBuiltin(true)
	must(t, err)
	for _, why := range []string{"maintenance", "depends", "schedule", "broken"} {
		for lang, begins := range map[string]string{"en": "does not judge: ", "zh": "暂不判断："} {
			var out strings.Builder
			must(t, b.explain(&out, gateway.RuleWhy{RuleState: gateway.RuleState{Rule: "subway", Phase: "normal", Idle: why}}, lang))
			if line := strings.Split(out.String(), "\n")[1]; !strings.HasPrefix(line, begins) || restText(why, lang) == "" {
				t.Errorf("%s, %s: %q", why, lang, line)
			}
		}
	}
}

// A number that a rule compared has the unit that it has there, and is called what it is.
func TestMeasuredText(t *testing.T) {
	b, err := Options{}.loadBuiltin(true)
	must(t, err)
	for quantity, want := range map[rule.Quantity]string{
		rule.Same: "10.34 m", rule.Mean: "10.34 m (mean of 10 min)", rule.Leq: "10.34 m (Leq of 10 min)", rule.Rise: "10.34 m (rise within 10 min)",
		rule.Least: "10.34 m (lowest of 10 min)", rule.Greatest: "10.34 m (highest of 10 min)", rule.Computed: "10.34 m (computed)",
		rule.PerHour: "10.34 m/h (change in 10 min)", rule.Number: "10.34 (readings in 10 min)", rule.Other: "10.34 (computed)",
		rule.Seconds: "10.3 s (time without data)", rule.Unmoved: "10.3 s (time without movement)", rule.Until: "10.3 s (time until it is reached)",
	} {
		if got := b.measured("level", string(quantity), some(10.34)) + whatText(obs.Stream{}, quantity, 10*time.Minute, nil, "en"); got != want {
			t.Errorf("%q: %s, want %s", quantity, got, want)
		}
	}
	made := map[string]alert.Made{"wet": {What: "sum", Over: time.Hour}}
	for q, want := range map[rule.Quantity]string{rule.Same: " (sum of 1 h)", rule.PerHour: " (change in 10 min)"} {
		if got := whatText(obs.Stream{Device: "wet", Channel: "level"}, q, 10*time.Minute, made, "en"); got != want {
			t.Errorf("%q of what is derived:%s, want%s", q, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0 s", 599.9: "599.9 s", 600: "10 min", 7260: "2 h"} {
		if got := lengthText(v); got != want {
			t.Errorf("%v s: %s, want %s", v, got, want)
		}
	}
}

// A rule on what goes by the clock says that it waits for that, and not that a sensor is
// silent; one that has a value says nothing of it.
func TestExplainWaitsForTheClock(t *testing.T) {
	b, err := Options{}.loadBuiltin(true)
	must(t, err)
	for lang, want := range map[string]string{"en": "cannot be judged; aqi.aqi waits for the clock: it goes by the time of day", "zh": "无法判断；aqi.aqi 等待时钟"} {
		for _, waits := range []bool{true, false} {
			var out strings.Builder
			st := gateway.StreamWhy{Stream: "aqi.aqi", StaleMS: 10_800_000, Clock: waits}
			must(t, b.explain(&out, gateway.RuleWhy{RuleState: gateway.RuleState{Rule: "haze", Phase: "normal"}, Stages: []gateway.StageWhy{{Stage: "actual", Severity: "yellow", Phase: "normal",
				When: gateway.ConditionWhy{Text: "aqi.aqi > 150", Is: "unknown", Streams: []gateway.StreamWhy{st}}}}}, lang))
			if strings.Contains(out.String(), want) != waits {
				t.Errorf("%s, waits %v:\n%s", lang, waits, out.String())
			}
		}
	}
}

// A rule on what a camera learns yet says for how long, and one on what it cannot see says why;
// neither calls the stream silent. One that has a value says nothing of it.
func TestExplainLearning(t *testing.T) {
	b, err := Options{}.loadBuiltin(true)
	must(t, err)
	until := regexp.MustCompile(`\d\d:\d\d`)
	for _, c := range []struct {
		newest       gateway.Newest
		known        bool
		lang         string
		want, wantIn string // in the sentence, and in the list of streams
	}{
		{gateway.Newest{QC: 9, Why: "warm-up", LearnsMS: 31_000}, false, "en", "cannot be judged; yard.smoke is learned yet: its device learns what it sees, for about 40 s more, until TT:TT; pictures", "missing: warm-up; its device learns"},
		{gateway.Newest{QC: 9, Why: "warm-up", LearnsMS: 31_000}, false, "zh", "无法判断；yard.smoke 尚在学习：设备正在学习所见画面，还需约 40 秒，至 TT:TT", "缺测：预热中；设备正在学习"},
		{gateway.Newest{QC: 9, Why: "unclear", Hinder: "blank"}, false, "en", "cannot be judged; yard.smoke cannot be seen: what it sees is no view, next to no edges are in it", "missing: unclear; what it sees is no view"},
		{gateway.Newest{QC: 9, Why: "unclear", Hinder: "blocked"}, false, "zh", "yard.smoke 无法看到：镜头被遮挡", "；镜头被遮挡"},
		{gateway.Newest{QC: 9, Why: "unclear", Hinder: "a later word"}, false, "en", "yard.smoke has given nothing usable since the start", "missing: unclear"},
		{gateway.Newest{QC: 9, Why: "unclear", Hinder: "blocked"}, true, "en", "cannot be judged\n", "; something is before the lens"},
	} {
		var out strings.Builder
		st := gateway.StreamWhy{Stream: "yard.smoke", StaleMS: 30_000, Known: c.known, Newest: c.newest}
		if c.known {
			st.Value = new(float64)
		}
		must(t, b.explain(&out, gateway.RuleWhy{RuleState: gateway.RuleState{Rule: "fire", Phase: "normal"}, Stages: []gateway.StageWhy{{Stage: "actual", Severity: "yellow", Phase: "normal",
			When: gateway.ConditionWhy{Text: "yard.smoke > 40", Is: "unknown", Streams: []gateway.StreamWhy{st}}}}}, c.lang))
		if got := until.ReplaceAllString(out.String(), "TT:TT"); !strings.Contains(got, c.want) || !strings.Contains(got, c.wantIn) {
			t.Errorf("%+v, %s:\n%s\nwant %q and %q", c.newest, c.lang, got, c.want, c.wantIn)
		}
	}
}

// Whoever asks for one rule has those replayed that it depends on, too, and not shown.
func TestSimulatedDependencies(t *testing.T) {
	cfg := &config.Config{Rules: []config.Rule{{ID: "a"}, {ID: "b", Depends: []string{"a"}}, {ID: "c", Depends: []string{"b", "a"}}, {ID: "d"}}}
	for _, c := range []struct{ only, want string }{{"", "[a b c d]"}, {"d", "[d]"}, {"c", "[c b a]"}, {"a d", "[a d]"}, {"nobody", "[]"}} {
		s := &simulating{only: strings.Fields(c.only)}
		if got := fmt.Sprint(s.needed(cfg)); got != c.want {
			t.Errorf("of %q: %s, want %s", c.only, got, c.want)
		}
		if s.asked("a") != (c.only == "" || strings.HasPrefix(c.only, "a")) {
			t.Errorf("of %q: a is shown: %v", c.only, s.asked("a"))
		}
	}
}
