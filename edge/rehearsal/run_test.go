package rehearsal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/rehearsal"
	"github.com/lamppost-city/lamppost/edge/rule"
)

var river = obs.Stream{Device: "river", Channel: "level"}

func compiled(t *testing.T, s rule.Spec) *rule.Rule {
	t.Helper()
	r, errs := rule.Compile(s, rule.Streams{river: {Every: 10 * time.Second, Min: -20, Step: 0.01}})
	if len(errs) > 0 {
		t.Fatal(errs[0])
	}
	return r
}

func parsed(t *testing.T, text string, pack bool) ([]rehearsal.Test, yamldoc.Problems) {
	t.Helper()
	doc, err := yamldoc.Parse("t.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return rehearsal.Parse(doc.Node("tests"), pack)
}

// steps writes a result in one line: expected|came.
func steps(r rehearsal.Result) string {
	var all []string
	word := func(is rule.Standing) string {
		return strings.TrimSpace(strings.TrimPrefix(is.Stage, "actual") + " " + is.Severity)
	}
	for _, s := range r.Steps {
		text := ""
		if s.Expected != nil {
			text = fmt.Sprintf("%v %s", s.Expected.From, word(s.Expected.Is))
		}
		if text += "|"; s.Got != nil {
			text += fmt.Sprintf("%v %s", s.Got.At, word(s.Got.Is))
		}
		if !s.Right {
			text += "!"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func TestRun(t *testing.T) {
	high := rule.Spec{ID: "r", When: "river.level > 3", Clear: "river.level < 2.9", For: 20 * time.Second, ClearFor: 30 * time.Second}
	silent := rule.Spec{ID: "r", When: "stale(river.level) > 1m"}
	for _, c := range []struct {
		name, series, expect, want string
		rule                       rule.Spec
		passed                     bool
	}{
		{"as expected", "2x2 3.1x5 2x9", "{40s: red, 1m40s: normal}", "40s red|40s red, 1m40s |1m40s ", high, true},
		{"within a range", "2x2 3.1x5 2x9", "{30s..1m: red, 1m..2m: normal}", "30s red|40s red, 1m0s |1m40s ", high, true},
		{"too early to be it", "2x2 3.1x5 2x9", "{50s: red, 1m40s: normal}", "|40s red!, 50s red|!, 1m40s |1m40s ", high, false},
		{"another severity", "2x2 3.1x5", "{40s: orange}", "40s orange|40s red!", high, false},
		{"more than expected", "2x2 3.1x5 2x9", "{40s: red}", "40s red|40s red, |1m40s !", high, false},
		{"less than expected", "2x9", "{40s: red}", "40s red|!", high, false},
		{"nothing, as expected", "2x9", "{}", "", high, true},
		{"nothing expected, and yet", "2x2 3.1x5", "{}", "|40s red!", high, false},
		// Timers run without readings, also behind the last one.
		{"silence", "2x3 _x5", "{1m20.001s..1m21s: red}", "1m20.001s red|1m21s red", silent, true},
		{"silence behind the end", "2x3", "{1m21s: red}", "1m21s red|1m21s red", silent, true},
		{"silence from the beginning", "_x3", "{1m1s: red}", "1m1s red|1m1s red", silent, true},
	} {
		tests, wrong := parsed(t, fmt.Sprintf("tests:\n  - {name: x, rule: r, every: 10s, series: {river.level: %q}, expect: %s}\n", c.series, c.expect), false)
		if len(wrong) > 0 {
			t.Fatalf("%s: %v", c.name, wrong)
		}
		res := tests[0].Run(compiled(t, c.rule), "red", map[string]obs.Stream{"river.level": river}, nil, nil)
		if got := steps(res); got != c.want || res.Passed != c.passed {
			t.Errorf("%s: %s, passed %v\nwant %s, %v", c.name, got, res.Passed, c.want, c.passed)
		}
	}
}

// A schedule is tested by saying when the test begins; without that nobody knows the time.
func TestRunOnASchedule(t *testing.T) {
	night := rule.Spec{ID: "r", When: "river.level > 3", Schedule: rule.Schedule{Set: true, Days: 1 << time.Friday, From: 22 * 60, To: 6 * 60}}
	for start, want := range map[string]string{
		"": "0s red|0s red", "start: fri 22:00, ": "0s red|0s red", "start: sat 05:00, ": "0s red|0s red", "start: 2026-11-20 23:59, ": "0s red|0s red",
		"start: fri 21:59, ": "0s red|!, |1m0s red!", "start: sat 06:00, ": "0s red|!", "start: thu 23:00, ": "0s red|!", "start: 2026-11-19 23:00, ": "0s red|!",
	} {
		tests, wrong := parsed(t, fmt.Sprintf("tests:\n  - {name: x, rule: r, %severy: 10s, series: {river.level: 4x12}, expect: {0s: red}}\n", start), false)
		if len(wrong) > 0 {
			t.Fatalf("%s: %v", start, wrong)
		}
		if got := steps(tests[0].Run(compiled(t, night), "red", map[string]obs.Stream{"river.level": river}, nil, nil)); got != want {
			t.Errorf("%s: %s, want %s", start, got, want)
		}
	}
}

func TestParseMistakes(t *testing.T) {
	for _, c := range []struct {
		text string
		pack bool
		want string
	}{
		{"{name: x, series: {a: 1}, expect: {}}", false, "t.yaml:2:5: E3201 this test names no rule; write rule: …"},
		{"{name: x, use: r, series: {a: 1}, expect: {}}", false, "t.yaml:2:15: E3201 use does not belong here; write rule: …"},
		{"{name: x, rule: r, series: {a: 1}, expect: {}}", true, "t.yaml:2:15: E3201 rule does not belong here; write use: …"},
		{"{name: x, rule: r, with: {a: 1}, series: {a: 1}, expect: {}}", false, "t.yaml:2:24: E3201 with belongs to the tests of a pack; the configuration says it"},
		{"{name: x, use: r, series: {a: 1 b 3}, expect: {}}", true, `t.yaml:2:37: E3202 "b" is no reading`},
		{"{name: x, use: r, series: {a: 1}}", true, "E3203 this test expects nothing, not even that nothing happens; write expect: {2m: red}, or expect: {}"},
		{"{name: x, use: r, series: {a: 1}, expect: {2 min: red}}", true, `t.yaml:2:48: E3203 "2 min" is no time; write how long after the first reading, like 2m30s, or 2m..3m`},
		{"{name: x, use: r, series: {a: 1}, expect: {3m..2m: red}}", true, `E3203 "3m..2m" is no time`},
		{"{name: x, use: r, series: {a: 1}, expect: {2m: crimson}}", true, `E3203 "crimson" is nothing that an alert can become; write normal, red, orange, yellow, blue, or forecast before one of them`},
		{"{name: x, use: r, series: {a: 1}, expect: {2m: red, 1m: normal}}", true, "t.yaml:2:57: E3203 1m comes before what stands above it; put the changes in the order of their times"},
		{"{name: x, use: r, every: 10ms, series: {a: 1}, expect: {}}", true, "E3204 this interval cannot be; write 1s to 1d"},
		{"{name: x, use: r, every: 1d, series: {a: 1x40}, expect: {}}", true, "E3204 this test takes more than 30 days; make it shorter"},
		{"{name: x, use: r, start: friday, series: {a: 1}, expect: {}}", true, `t.yaml:2:30: E3204 "friday" is no time to start at; write the time of the place, like "2026-11-20 22:00", or "fri 22:00"`},
		{"{name: x, use: r, start: fri 25:00, series: {a: 1}, expect: {}}", true, `E3204 "fri 25:00" is no time to start at`},
		{"{nam: x, use: r, series: {a: 1}, expect: {}}", true, `E1101 unknown key "nam"`},
	} {
		tests, wrong := parsed(t, "tests:\n  - "+c.text+"\n", c.pack)
		if len(tests) > 0 || !strings.Contains(wrong.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.text, wrong, c.want)
		}
	}
}

// A simulation counts what a person would: how often, how early, how often for nothing.
func TestSimulation(t *testing.T) {
	r := compiled(t, rule.Spec{ID: "r", When: "river.level >= 3", Clear: "river.level < 2.9", Forecast: rule.Forecast{Severity: "red", Within: 20 * time.Minute, Window: 15 * time.Minute}})
	var timeline []string
	s := rehearsal.NewSimulation([]*rule.Rule{r}, nil, func(h rehearsal.Happening) {
		text := h.Was.Stage + ">" + h.Is.Stage
		if h.Ahead {
			text += " ahead"
		}
		timeline = append(timeline, text)
	})
	begin := time.Date(2026, 7, 15, 6, 0, 0, 0, time.UTC).UnixMilli()
	series, err := rehearsal.ParseSeries("2x90 +0.01x100 3.0x30 -0.02x60 1.8x90 +0.008x130 -0.02x40 2.0x90 9! 2.0x3 3.5x6 2x12")
	if err != nil {
		t.Fatal(err)
	}
	if s.Reads(obs.Stream{Device: "x", Channel: "level"}) || !s.Reads(river) {
		t.Error("Reads")
	}
	for i, p := range series {
		s.Take(rehearsal.Record{UnixMS: begin + int64(i)*10_000, Stream: river, Reading: p.Reading})
	}
	all := s.Finish()
	got := all[0]
	want := "forecast then actual ahead, cleared, a false forecast, a rise without one"
	if text := strings.Join(timeline, ", "); text != ">forecast, forecast>actual ahead, actual>, >forecast, forecast>, >actual, actual>" {
		t.Errorf("%s: %s", want, text)
	}
	if got.Alerts != 2 || got.Forecasts != 2 || got.True != 1 || got.False != 1 || got.Missed != 1 || got.Open != 0 || got.Unusable != 1 || got.Readings != len(series) {
		t.Errorf("%+v", got)
	}
	if lead := got.Median(); lead < 5*time.Minute || lead > 17*time.Minute || lead != got.P10() {
		t.Errorf("lead %v", lead)
	}
	if from, to := s.Span(); from != begin || to != begin+int64(len(series)-1)*10_000 {
		t.Errorf("span %d to %d", from, to)
	}
	if got.Raised < 5*time.Minute || got.Raised > 10*time.Minute {
		t.Errorf("alerts stood for %v", got.Raised)
	}
}

// A schedule goes by the time at which the readings were taken, in the zone of the place.
func TestSimulationOfASchedule(t *testing.T) {
	r := compiled(t, rule.Spec{ID: "r", When: "river.level > 3", Schedule: rule.Schedule{Set: true, From: 22 * 60, To: 6 * 60}})
	zone := time.FixedZone("", 8*3600)
	for hour, want := range map[int]int{21: 0, 23: 1, 5: 1, 7: 0} {
		s := rehearsal.NewSimulation([]*rule.Rule{r}, zone, nil)
		begin := time.Date(2026, 7, 15, hour, 0, 0, 0, zone).UnixMilli()
		for i := range int64(60) {
			s.Take(rehearsal.Record{UnixMS: begin + i*10_000, Stream: river, Reading: obs.Of(4)})
		}
		if got := s.Finish()[0].Alerts; got != want {
			t.Errorf("at %d:00 %d alerts, want %d", hour, got, want)
		}
	}
}

func TestSortRecordsKeepsEqualsInOrder(t *testing.T) {
	all := []rehearsal.Record{{UnixMS: 2, Reading: obs.Of(1)}, {UnixMS: 1, Reading: obs.Of(2)}, {UnixMS: 2, Reading: obs.Of(3)}}
	rehearsal.SortRecords(all)
	if all[0].Value != 2 || all[1].Value != 1 || all[2].Value != 3 {
		t.Errorf("%v", all)
	}
}

// Of several readings of one moment the first is taken, and the others are counted; one that
// was recorded once more, with its verdict, is the same one.
func TestReadingsOfOneMoment(t *testing.T) {
	r, errs := rule.Compile(rule.Spec{ID: "r", When: "river.level > 3"}, rule.Streams{river: {Every: 10 * time.Second}})
	if len(errs) > 0 {
		t.Fatal(errs[0])
	}
	s := rehearsal.NewSimulation([]*rule.Rule{r}, nil, nil)
	for _, x := range []struct {
		at int64
		v  float64
	}{{0, 1}, {0, 4}, {0, 5}, {60_000, 2}, {60_000, 2}, {120_000, 4}, {60_000, 9}} {
		s.Take(rehearsal.Record{UnixMS: 1.7e12 + x.at, Stream: river, Reading: obs.Of(x.v)})
	}
	if all := s.Finish(); s.Doubles() != 2 || all[0].Readings != 3 || all[0].Alerts != 1 {
		t.Errorf("%d doubles, %+v", s.Doubles(), all)
	}
}

// BenchmarkSimulation replays a day of one stream at ten seconds.
func BenchmarkSimulation(b *testing.B) {
	r, errs := rule.Compile(rule.Spec{ID: "r", When: "avg(river.level, 10m) > 3 and stale(river.level) < 5m"}, rule.Streams{river: {Every: 10 * time.Second}})
	if len(errs) > 0 {
		b.Fatal(errs[0])
	}
	for b.Loop() {
		s := rehearsal.NewSimulation([]*rule.Rule{r}, nil, nil)
		for i := range int64(8640) {
			s.Take(rehearsal.Record{UnixMS: 1.7e12 + i*10_000, Stream: river, Reading: obs.Of(float64(i % 300 / 100))})
		}
		s.Finish()
	}
	b.ReportMetric(8640, "readings/op")
}
