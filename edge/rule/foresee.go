package rule

import (
	"fmt"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// brief writes a duration as rules do, without zeroes behind.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// A pre-alert is withdrawn when the limit is one and a half times as far away as it
// was raised for, or no trend leads there, for a third of the window.
const (
	withdrawAt = 1.5
	withdrawIn = 3
)

// foresee makes the stage that comes before of: its condition is that the trend
// reaches of's limit in time.
func foresee(f Forecast, of *stage, known Streams) (*stage, []*Error) {
	failAt := func(field, id, msg, hint string) (*stage, []*Error) {
		return nil, []*Error{{Field: field, ID: id, Msg: msg, Hint: hint}}
	}
	fail := func(id, msg, hint string) (*stage, []*Error) { return failAt("forecast", id, msg, hint) }
	c := of.when.limitOf()
	if c == nil || c.value.op != opLast {
		return fail("E3111", "a forecast needs a condition that compares one value with a number", "write when: \"device.channel > 3.00\", or use rises_to(device.channel, 3.00, 15m) in a rule of its own")
	}
	if known[c.stream].Turns {
		return fail("E3111", c.stream.Device+"."+c.stream.Channel+" is a direction, which has no trend", "leave the forecast out")
	}
	if known[c.stream].Total {
		return fail("E3111", c.stream.Device+"."+c.stream.Channel+" is a running total, whose trend leads to every number in time", "leave the forecast out")
	}
	if f.Method == "" {
		f.Method = TheilSen
	}
	every := known[c.stream].Every
	least := (minTrend - 1) * every
	switch {
	case f.Method != TheilSen && f.Method != Holt:
		return failAt("forecast.method", "E3112", fmt.Sprintf("%q is no method of forecasting", f.Method), yamldoc.Hint(string(f.Method), []string{string(TheilSen), string(Holt)}))
	case f.Within < minSpan:
		return fail("E3112", "within is missing", "write how far ahead to look, like within: 30m")
	case f.Within < 2*every:
		return failAt("forecast.within", "E3112", fmt.Sprintf("the stream gives one reading every %s, which leaves no time to warn %s ahead", brief(every), brief(f.Within)), "write "+brief(max(10*time.Minute, 2*every))+" or more")
	case f.Window == 0:
		return fail("E3112", "the window is out of range", "write 1s to 48h, like window: 15m")
	case f.Window < minSpan || f.Window > maxSpan:
		return failAt("forecast.window", "E3112", "the window is out of range", "write 1s to 48h")
	case f.Window < least:
		return failAt("forecast.window", "E3112", fmt.Sprintf("a trend needs %d readings, the stream gives one every %s", minTrend, brief(every)), "write at least "+brief(least))
	case f.Within > 2*f.Window:
		return failAt("forecast.window", "E3112", fmt.Sprintf("the readings of %s cannot tell what is in %s", brief(f.Window), brief(f.Within)), "write at least "+brief(f.Within/2))
	}
	r := of.when.reads[c.value.read]
	r.window = f.Window.Milliseconds()
	up := c.kind == opMore || c.kind == opMoreEq
	compare := func(o op, within time.Duration) *program {
		n := &node{op: opFalls, num: c.limit, method: f.Method}
		if up {
			n.op = opRises
		}
		root := &node{op: o, a: n, b: &node{op: opConst, num: within.Seconds()}}
		return &program{root: root, reads: []read{r}, compared: []comparison{{node: root, value: n, limit: within.Seconds(), kind: o, stream: c.stream, quantity: Until}}}
	}
	return &stage{Standing: Standing{Stage: StageForecast, Severity: f.Severity}, settle: f.Window / withdrawIn,
		when: compare(opLessEq, f.Within), clear: compare(opMoreEq, time.Duration(withdrawAt*float64(f.Within)))}, nil
}
