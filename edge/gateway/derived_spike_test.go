package gateway

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/derive"
)

// What is derived of a stream with a spike test is as safe as the stream: one wrong value
// ends no flood that is told by a formula, an alert that stands on a wrong result alone is
// taken back, the result itself is judged in a record of its own, and no window holds it.
func TestSpikesOfDerivedStreams(t *testing.T) {
	g, say, records := judging(t, `devices:
  gauge: {driver: staff, port: /dev/ttyS1, every: 1s, checks: {level: {spike: {fail: 0.2}}}}
  other: {driver: staff, port: /dev/ttyS2, every: 1s}
derived:
  water: {is: "x + 10", of: gauge.level, metric: level}
  most: {is: max, of: gauge.level, over: 1m, every: 2s}
  least: {is: min, of: water.level, over: 1m, every: 2s}
rules:
  flood: {when: "water.level > 13", severity: red}
  wave: {when: "most.level > 5", severity: blue}
  low: {when: "water.level < 12", hold: 1h, severity: blue}
  ebb: {when: "least.level < 12", severity: blue}
`)
	active := func(rule string, want bool) {
		t.Helper()
		if is := g.active[rule] != nil; is != want {
			t.Errorf("%s has an alert: %t, want %t", rule, is, want)
		}
	}
	second := int64(100)
	read := func(levels ...float64) {
		for _, v := range levels {
			say("gauge", second, v, 12)
			second++
		}
	}
	read(3.5, 3.51, 3.52, 9.9, 3.53, 3.54)
	active("flood", true)
	active("wave", false)
	read(1)
	active("low", true) // it raises
	for range 20 {
		say("other", second, 1, 12)
		second++
	}
	active("flood", true) // and ends nothing
	read(3.55)
	active("low", false) // it was wrong
	active("ebb", false)
	for range 100 {
		read(3.5)
	}
	active("flood", true)
	active("ebb", false)
	late := 0
	for _, s := range records() {
		if s.Device == "most" && s.Readings[0].Value > 5 || s.Device == "least" && s.Readings[0].Value < 12 {
			t.Errorf("a window holds a spike: %+v", s)
		}
		if s.Device == "water" && s.Late != nil {
			late++
			if v := s.Readings[0].Value; s.Late[0] != obs.Fail || s.LateWhy[0] != obs.Spike || v != 19.9 && v != 11 {
				t.Errorf("the verdict on a result is %+v", s)
			}
		}
	}
	if late != 2 {
		t.Errorf("%d results were judged late, want 2", late)
	}
}

// A start that reads from the journal what came after the kept state judges it as it was
// judged when it was new.
func TestSpikesAreReplayed(t *testing.T) {
	g, say, records := judging(t, `devices:
  gauge: {driver: staff, port: /dev/ttyS1, every: 1s, checks: {level: {spike: {fail: 0.2}}}}
derived:
  most: {is: max, of: gauge.level, over: 1m, every: 2s}
`)
	say("gauge", 100, 3.5, 12)
	g.keepDerived()
	for i, v := range []float64{3.51, 9.9, 3.52, 3.53, 3.54} {
		say("gauge", int64(101+i), v, 12)
	}
	cfg, catalog := g.gen.cfg, g.catalog
	records()
	again, err := open(t.Context(), Options{Config: cfg, Catalog: catalog, BootMS: func() int64 { return 110_000 }})
	if err != nil {
		t.Fatal(err)
	}
	defer again.journal.Close()
	gen, err := newGeneration(cfg, catalog, recalled{}, again.civil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if late := again.restoreDerived(gen); len(late) > 0 {
		t.Errorf("verdicts were left untold: %+v", late)
	}
	most := func(want float64, outs []derive.Output) {
		t.Helper()
		if len(outs) == 0 {
			t.Fatal("nothing is derived")
		}
		for _, o := range outs {
			if o.Readings[0].Value != want {
				t.Errorf("the most is %v, want %v", o.Readings, want)
			}
		}
	}
	most(3.53, gen.derived.Tick(again.at(112_000))) // the newest is still to be judged
	gen.derived.Await(obs.Stream{Device: "gauge", Channel: "level"}, again.at(113_000), obs.Of(3.53))
	most(3.54, gen.derived.Tick(again.at(116_000)))
}
