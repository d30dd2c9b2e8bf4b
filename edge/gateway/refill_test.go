package gateway

import (
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// windowsOf is a site whose rules go by what was read before the last value.
const windowsOf = `devices:
  gauge: {driver: staff, port: /dev/ttyS1, every: 1s, checks: {level: {spike: {fail: 5}}}}
rules:
  mean: {when: "avg(gauge.level, 2m) > 3.8", severity: blue}
  rise: {when: "rise(gauge.level, 2m) > 1.35", severity: blue}
  top: {when: "max(gauge.level, 1h) > 8", severity: blue}
  still: {when: "stuck(gauge.level) > 50s", severity: blue}
`

// An end of the program, orderly or not, empties no window: the first reading behind it is
// judged by those before it, without the spike that was taken back.
func TestRestartEmptiesNoWindow(t *testing.T) {
	for name, end := range map[string]func(s *site){"ended": (*site).stop, "killed": (*site).kill} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, catalogOf(t), t.TempDir(), windowsOf)
			s.nowMS = 1_000_000
			level := func(i int) float64 {
				if i == 60 {
					return 9
				}
				return 2 + float64(i)/100
			}
			say := func(v float64) {
				s.nowMS += 1000
				s.say("gauge", v)
			}
			for i := range 130 {
				say(level(i))
			}
			before := gauged(t, s, "mean")
			end(s)
			s.nowMS += 500
			s.start()
			s.nowMS -= 500
			say(level(130))
			if got := gauged(t, s, "mean"); got.Covered < 0.99 || got.Count < before.Count-1 {
				t.Errorf("the window of avg holds %+v, before %+v", got, before)
			}
			if got := s.active(true); got != "" {
				t.Errorf("active: %s", got)
			}
			for range 30 {
				say(4.2)
			}
			end(s)
			s.start()
			for range 30 {
				say(4.2)
			}
			if got := s.active(true); got != "rise still" {
				t.Errorf("active: %q, want rise and still", got)
			}
			s.stop()
		})
	}
}

// A rule that is new by a reload sees what was read before it, also where the device is
// read at other times from now on.
func TestReloadFillsNewWindows(t *testing.T) {
	for name, every := range map[string]string{"a rule alone": "1s", "and another interval": "2s"} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, catalogOf(t), t.TempDir(), windowsOf)
			s.nowMS = 1_000_000
			for i := range 130 {
				s.nowMS += 1000
				s.say("gauge", 2+float64(i)/100)
			}
			s.reload(strings.Replace(windowsOf, "every: 1s", "every: "+every, 1) + "  new: {when: \"avg(gauge.level, 100s) > 2.7\", severity: blue}\n")
			s.nowMS += 1000
			s.say("gauge", 3.3)
			if got := gauged(t, s, "new"); got.Covered < 0.98 || got.Count < 98 {
				t.Errorf("the new window holds %+v", got)
			}
			if got := s.active(true); got != "new" {
				t.Errorf("active: %q, want new", got)
			}
			s.stop()
		})
	}
}

// gauged is how a rule sees the window of the gauge.
func gauged(t *testing.T, s *site, id string) rule.ReadView {
	t.Helper()
	x, ok := s.g.gen.engine.Explain(id)
	if !ok {
		t.Fatalf("no rule %s", id)
	}
	for _, r := range x.Stages[0].When.Reads {
		if (r.Stream == obs.Stream{Device: "gauge", Channel: "level"}) {
			return r
		}
	}
	t.Fatalf("%s reads %+v", id, x)
	return rule.ReadView{}
}

// What a start reads again at most: 262 144 samples of one stream, for windows of 48 h.
func BenchmarkRefill(b *testing.B) {
	s := newSite(b, catalogOf(b), b.TempDir(), `devices:
  gauge: {driver: staff, port: /dev/ttyS1, every: 1s}
rules:
  mean: {when: "avg(gauge.level, 48h) > 3.8", severity: blue}
  top: {when: "max(gauge.level, 48h) > 8", severity: blue}
`)
	for i := range mostRefilled {
		s.nowMS += 600
		s.say("gauge", 2+float64(i%100)/100)
	}
	s.stop()
	s.start()
	for b.Loop() {
		s.g.refill(s.generation().engine, s.generation().engine.Reach())
	}
	s.stop()
}
