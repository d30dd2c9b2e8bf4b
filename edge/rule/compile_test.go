package rule

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Each wrong text has the place that must be named in « ».
func TestCompileErrors(t *testing.T) {
	for _, c := range []struct{ text, id, msg, hint string }{
		{"", "E3101", "the expression is empty", "write a condition like river.level > 3.00"},
		{"river.level «>»", "E3101", "the expression ends too early", "write what belongs behind >"},
		{"river.level > 3 «)»", "E3101", "this bracket closes nothing", "delete it, or open it before"},
		{"river.level «=» 3", "E3101", "= is no operator of a rule", "write =="},
		{"river.level > 3 «pm-north.pm2_5» > 4", "E3101", "pm-north.pm2_5 does not fit here", "write and, or, or an operator before it"},
		{"«rivr».level > 3", "E3102", `no device is called "rivr"`, `did you mean "river"?`},
		{"2 - «pm-nroth».pm2_5 > 3", "E3102", `no device is called "pm-nroth"`, `did you mean "pm-north"?`},
		{"3-«pm-nroth».pm2_5 > 3", "E3102", `no device is called "pm-nroth"`, `did you mean "pm-north"?`},
		{"«river.lvl» > 3", "E3102", `river has no channel "lvl"`, `did you mean "river.level"?`},
		{"«tank.temp.inlt» > 3", "E3102", `tank has no channel "temp.inlt"`, `did you mean "tank.temp.inlet"?`},
		{"1 < 2 and «river» > 3", "E3102", "river is a device, not a value", "write river.level"},
		{"«pm-north» > 3", "E3102", "pm-north is a device, not a value", "write pm-north.pm2_5"},
		{"«levl» > 3", "E3102", `"levl" is nothing that is known here`, "a value is written device.channel"},
		{"river.level > 3 or «treu»", "E3102", `"treu" is nothing that is known here`, `did you mean "true"?`},
		{"«River».level > 3", "E3102", `no device is called "River"`, `did you mean "river"?`},
		{"«averge»(river.level, 5m) > 3", "E3103", `there is no function "averge"`, `did you mean "avg"?`},
		{"«sum»(river.level, 5m) > 3", "E3103", `there is no function "sum"`, "what adds up is a derived stream, is: sum over a time; rules read that"},
		{"«filter»(river.level, 5m) > 3", "E3103", `there is no function "filter"`, "known: abs, avg, count, falls_to, leq, max, min, rate, rise, rises_to, stale, stuck"},
		{"«mx»(river.level, 5m) > 3", "E3103", `there is no function "mx"`, `did you mean "max"?`},
		{"«avg»(river.level) > 3", "E3104", "avg takes 2 argument(s), here are 1", "write avg(device.channel, 10m)"},
		{"avg(«river.level + 1», 5m) > 3", "E3104", "the first argument must be a stream", "write avg(device.channel, 10m)"},
		{"avg(river.level, «300») > 3", "E3104", "the window must be a constant duration", "write avg(device.channel, 10m)"},
		{"avg(river.level, «river.level») > 3", "E3104", "the window must be a constant duration", "write avg(device.channel, 10m)"},
		{"avg(river.level, «500ms») > 3", "E3104", "the window is out of range", "write 1s to 48h"},
		{"avg(river.level, «3d») > 3", "E3104", "the window is out of range", "write 1s to 48h"},
		{"avg(river.level, «5min») > 3", "E3104", `"5min" is neither a number nor a duration`, "write 5m (units: ms s m h d)"},
		{"avg(river.level, «'5 min'») > 3", "E3104", "the window must be a constant duration", "write avg(device.channel, 10m)"},
		{"«river.level + 1»", "E3105", "this is a number, a rule needs a condition", "compare it, like … > 3"},
		{"river.level > 3 and «tank.temp.inlet»", "E3105", "this is a number, here belongs a condition", "compare it, like … > 3"},
		{"(«river.level > 3») + 1 > 2", "E3105", "this is a condition, here belongs a number", "perhaps brackets are missing"},
		{"river.level > 3 ? 1 : «true»", "E3105", "this is a condition, here belongs a number", "perhaps brackets are missing"},
		{"«1 < 2»", "E3106", "the expression reads no stream, so it never changes", "compare a stream: device.channel > 3"},
		{"river.level > «'3'»", "E3108", "rules have no text here", "write 3, without quotes"},
		{"«river.level in 1..3»", "E3108", "rules have no in here", "numbers, comparisons, and or not, and functions of streams can be used"},
		{"river.level > «[»1]", "E3108", "rules have no lists here", "write round brackets ( ), and or between conditions"},
		{"«let» x = 3; x > 2", "E3108", `rules have no "let"`, "write the value itself in each place, or make a stream of it under derived:"},
		{"river.level > 1e99«9»", "E3101", "this number is too large", "nothing that is measured comes near it"},
		{"river.level > 9999999999999999999«9»", "E3101", "this number is too large", "nothing that is measured comes near it"},
		{"河.level > 3", "E3102", `no device is called "河"`, "known: 2nd, pm, pm-north, rain, river, tank"},
	} {
		text := strings.NewReplacer("«", "", "»", "").Replace(c.text)
		_, errs := Compile(Spec{ID: "r", When: text}, street)
		if len(errs) == 0 {
			t.Errorf("%s: no error", c.text)
			continue
		}
		e := errs[0]
		got := []string{e.ID, e.Msg, e.Hint}
		if diff := cmp.Diff([]string{c.id, c.msg, c.hint}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
		from, to := min(e.Offset, len(text)), min(e.Offset+e.Length, len(text))
		if marked := text[:from] + "«" + text[from:to] + "»" + text[to:]; strings.Contains(c.text, "«") && marked != c.text {
			t.Errorf("%s: marked %s", c.text, marked)
		}
		if e.Field != "when" || e.Error() == "" {
			t.Errorf("%s: field %q, %v", c.text, e.Field, e)
		}
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	_, errs := Compile(Spec{ID: "r", When: "rivr.level > 3 and averge(pm-nort.pm2_5, 5min) > tank.temp", Clear: "river.level"}, street)
	var ids []string
	for _, e := range errs {
		ids = append(ids, e.Field+" "+e.ID)
	}
	want := []string{"when E3102", "when E3102", "when E3104", "when E3102", "when E3103", "clear E3105"}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTooMuch(t *testing.T) {
	for name, text := range map[string]string{
		"bytes":   "river.level > 3" + strings.Repeat(" ", maxText),
		"parts":   "river.level > 0" + strings.Repeat("+1", maxNodes),
		"depth":   strings.Repeat("(", 900) + "river.level" + strings.Repeat(")", 900) + " > 3" + strings.Repeat(" + 1", 90),
		"streams": "river.level > 0" + reads(maxReads),
	} {
		if _, errs := Compile(Spec{When: text}, street); len(errs) != 1 || errs[0].ID != "E3107" && errs[0].ID != "E3101" {
			t.Errorf("%s: %v, want one E3107", name, errs)
		}
	}
	if _, errs := Compile(Spec{When: "river.level > 3\xff"}, street); len(errs) != 1 || errs[0].ID != "E3101" {
		t.Errorf("bytes that are no text: %v", errs)
	}
}

func reads(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" + avg(river.level, " + (time.Duration(i+1) * time.Minute).String() + ")")
	}
	return b.String()
}

func TestCrossedLimits(t *testing.T) {
	for _, c := range []struct{ when, clear, want string }{
		{"river.level > 3.00", "river.level < 2.90", ""},
		{"river.level > 3.00", "river.level <= 3.00", ""},
		{"river.level > 3.00", "river.level < 3.10", "E3109 clear 3.1 is above raise 3; clear must be lower than 3"},
		{"3.00 < river.level", "3.10 > river.level", "E3109 clear 3.1 is above raise 3; clear must be lower than 3"},
		{"river.level < 1 + 1", "river.level > 1.5", "E3109 clear 1.5 is below raise 2; clear must be higher than 2"},
		{"river.level > 3.00", "river.level > 2.90", "E3110 clear goes the same way as when (river.level > 3.00); turn the comparison round"},
		{"avg(river.level, 5m) > 3", "avg(river.level, 5m) < 4", "E3109 clear 4 is above raise 3; clear must be lower than 3"},
		{"avg(river.level, 5m) > 3", "avg(river.level, 6m) < 4", ""},
		{"river.level > 3", "tank.temp.inlet < 4", ""},
		{"river.level > 3 and river.level > 1", "river.level < 4", ""},
		{"river.level == 3", "river.level > 4", ""},
	} {
		_, errs := Compile(Spec{When: c.when, Clear: c.clear}, street)
		got := ""
		if len(errs) > 0 {
			got = strings.TrimPrefix(errs[0].Error(), "clear, byte 0: ")
		}
		if got != c.want {
			t.Errorf("when %s, clear %s: %q, want %q", c.when, c.clear, got, c.want)
		}
	}
}

func TestStreamsAreRecognised(t *testing.T) {
	for text, want := range map[string]string{
		"pm-north.pm2_5 > 3":              "[pm-north/pm2_5]",
		"pm-north.pm2_5-pm.pm10 > 3":      "[pm-north/pm2_5 pm/pm10]",
		"3-pm-north.pm2_5 > 3":            "[pm-north/pm2_5]",
		"2nd.level>1e-3+0x1f-1.5e+3":      "[2nd/level]",
		"tank.temp.inlet > river.level":   "[tank/temp.inlet river/level]",
		"avg(tank.temp.inlet,'5m') > 5m":  "[tank/temp.inlet]",
		"max( river.level , 1h30m ) > .5": "[river/level]",
		"river.level /* pm.pm10 */ > 3":   "[river/level]",
	} {
		r := mustCompile(t, Spec{When: text})
		var got []string
		for _, s := range r.Streams() {
			got = append(got, s.String())
		}
		if s := "[" + strings.Join(got, " ") + "]"; s != want {
			t.Errorf("%s reads %s, want %s", text, s, want)
		}
	}
}

func TestSubject(t *testing.T) {
	for text, want := range map[string]struct {
		stream obs.Stream
		limit  float64
	}{
		"river.level > 3.5":                         {level, 3.5},
		"2 * 2 <= river.level":                      {level, 4},
		"stale(tank.temp.inlet) > 5m":               {temp, 300},
		"river.level > tank.temp.inlet":             {level, math.NaN()},
		"tank.temp.inlet > 5 and river.level > 3":   {temp, 5},
		"not (river.level < 3 or river.level > 10)": {level, 3},
	} {
		r := mustCompile(t, Spec{When: text, ID: "x"})
		st, limit := r.Subject()
		if st != want.stream || limit != want.limit && !(math.IsNaN(limit) && math.IsNaN(want.limit)) {
			t.Errorf("%s is about %v and %v, want %v", text, st, limit, want)
		}
		if r.ID() != "x" || r.Spec().When != text {
			t.Errorf("%s: id %q, spec %v", text, r.ID(), r.Spec())
		}
	}
}

func TestQuantity(t *testing.T) {
	for text, want := range map[string]Quantity{
		"river.level > 3":                                 Same,
		"abs(-river.level) > 3":                           Same,
		"abs(-river.level) + 1 > 3":                       Computed,
		"rise(river.level, 5m) > 3":                       Rise,
		"avg(river.level, 5m) > 3":                        Mean,
		"min(river.level, 5m) > 3":                        Least,
		"max(river.level, 5m) > 3":                        Greatest,
		"max(river.level, 1h) - min(river.level, 1h) > 3": Computed,
		"3 < rate(river.level, 5m)":                       PerHour,
		"stale(river.level) > 5m":                         Seconds,
		"1 + count(river.level, 5m) < 3":                  Number,
		"river.level * 2 > 3":                             Other,
		"river.level - tank.temp.inlet > 3":               Other,
		"river.level - rate(river.level, 5m) > 3":         Other,
		"(true ? river.level + 1 : 2) > 3":                Computed,
	} {
		r := mustCompile(t, Spec{When: text})
		c := r.stages[0].when.compared[0]
		if c.quantity != want {
			t.Errorf("%s compares %q, want %q", text, c.quantity, want)
		}
		over := time.Duration(0)
		if strings.Contains(text, ", 5m") && !strings.ContainsAny(text, "+-") || want == PerHour {
			over = 5 * time.Minute
		}
		if c.over != over {
			t.Errorf("%s is over %v, want %v", text, c.over, over)
		}
		e := New([]*Rule{r})
		if e.report(e.rules[0], Normal, 0); e.out[0].Quantity != want {
			t.Errorf("%s: the transition says %q", text, e.out[0].Quantity)
		}
	}
}
