package gateway

import (
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/lamppost-city/lamppost/edge/quality"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// checked is a gateway whose devices, gauge, twin and post, are judged as text says.
// say gives it a sample, records ends it and returns what was written down.
func checked(t *testing.T, text string) (say func(id string, atS int64, values ...float64) *device, records func() []record.Sample) {
	_, say, records = judging(t, text)
	return say, records
}

// judging is checked with the gateway itself.
func judging(t *testing.T, text string) (g *Gateway, say func(id string, atS int64, values ...float64) *device, records func() []record.Sample) {
	t.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text = "gateway: {id: g, position: {lat: 30.319, lon: 120.142}}\njournal: {dir: " + dir + "}\n" + text
	cfg := checkedConfig(t, text, metrics)
	var bootMS atomic.Int64
	g, err = open(t.Context(), Options{Config: cfg, Catalog: metrics, BootMS: bootMS.Load})
	if err != nil {
		t.Fatal(err)
	}
	gen, err := newGeneration(cfg, metrics, recalled{}, g.civil, nil)
	if err != nil {
		t.Fatal(err)
	}
	g.gen = gen
	gen.heed()
	say = func(id string, atS int64, values ...float64) *device {
		bootMS.Store(atS * 1000)
		rs := make([]obs.Reading, len(values))
		for i, v := range values {
			rs[i] = obs.Of(v)
		}
		g.handle(gen, poll.Sample{Device: id, BootMS: atS * 1000, Readings: rs})
		return gen.devices[id]
	}
	records = func() (all []record.Sample) {
		if err := g.journal.Close(); err != nil {
			t.Fatal(err)
		}
		j, err := journal.Open(filepath.Clean(dir), journal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		for _, e := range j.Epochs() {
			err := j.Read(e.Epoch, e.First, e.Last, func(r journal.Record) error {
				if r.Kind != record.KindSample {
					return nil
				}
				s, err := record.DecodeSample(r.Body)
				all = append(all, s)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return all
	}
	return g, say, records
}

// One wrong low value, and then silence, does not end a flood where the stream has a
// spike test: what came in its place is not known. Two do.
func TestSpikeEndsNoFlood(t *testing.T) {
	for spike, want := range map[string]bool{"{fail: 0.2}": true, "{off: true}": false} {
		g, say, records := judging(t, "devices:\n  gauge: {driver: staff, port: /dev/ttyS1, every: 1s, checks: {level: {spike: "+spike+"}}}\n"+
			"  other: {driver: staff, port: /dev/ttyS2, every: 1s}\nrules:\n  flood: {when: \"gauge.level > 3\", severity: red}\n")
		for i, v := range []float64{2, 3.5, 3.51, 1} {
			say("gauge", int64(100+i), v, 12)
		}
		for s := range int64(300) {
			say("other", 104+s, 1, 12)
		}
		if stands := g.active["flood"] != nil; stands != want {
			t.Errorf("spike %s: the alert stands: %t", spike, stands)
		}
		say("gauge", 500, 3.5, 12)
		say("gauge", 501, 1, 12)
		if say("gauge", 502, 1, 12); g.active["flood"] != nil {
			t.Errorf("spike %s: the alert goes on when the water has gone", spike)
		}
		records()
	}
}

// A spike is written down and sent as it came; when the next value shows it, a record
// of its own repeats it under its time with the final flag, and so it travels.
func TestLateVerdictIsARecordOfItsOwn(t *testing.T) {
	say, records := checked(t, "devices:\n  gauge: {driver: staff, port: /dev/ttyS1, every: 1s, checks: {level: {spike: {suspect: 0.05, fail: 0.2}}}}\n")
	levels := []float64{1.20, 1.21, 1.65, 1.22, 1.23}
	for i, v := range levels {
		say("gauge", int64(100+i), v, 12)
	}
	all := records()
	if len(all) != len(levels)+1 {
		t.Fatalf("%d records, want %d and a late verdict: %+v", len(all), len(levels), all)
	}
	at := slices.IndexFunc(all, func(s record.Sample) bool { return s.Late != nil })
	if at != 3 {
		t.Fatalf("the late verdict is record %d, want 3, before the value that showed it: %+v", at, all)
	}
	sent, late := all[2], all[3]
	if q := sent.Readings[0].Quality; q.Flag != obs.Pass {
		t.Errorf("the spike was sent as %v, want pass", q)
	}
	if late.BootMS != sent.BootMS || len(late.Channels) != 1 || late.Channels[0] != "level" || late.Readings[0] != sent.Readings[0] || late.Late[0] != obs.Fail || late.LateWhy[0] != obs.Spike {
		t.Errorf("the late verdict is %+v on %+v", late, sent)
	}
	vs := sampleValues(nil, &late, 1_795_291_200_000, shapeUnits{"level": {Wire: "m"}})
	pack := &wire.Pack{Gateway: "g", Epoch: "17-9f3ac2d1b07e", Ranges: []wire.Range{{From: 1, To: 1}}, Lane: wire.Backfill, Values: vs}
	msg, err := new(wire.Packer).Append(nil, pack)
	if err != nil {
		t.Fatal(err)
	}
	got, err := new(wire.Unpacker).Unpack("g", msg)
	if err != nil || len(got.Values) != 1 || got.Values[0].Late != obs.Fail || got.Values[0].V != 1.65 {
		t.Errorf("it travels as %s: %+v, %v", msg, got, err)
	}
}

// What a site asks for reaches the streams: neighbours see each other, a position is
// held against the site, ranges are narrowed, and the metric's default (water_temp's
// spike) is at work without a word.
func TestChecksReachTheStreams(t *testing.T) {
	say, records := checked(t, `devices:
  twin:  {driver: staff, port: /dev/ttyS1, every: 1s}
  gauge: {driver: staff, port: /dev/ttyS2, every: 1s, checks: {level: {gross: {suspect: [0, 5]}, neighbour: {with: twin.level, suspect: 0.03, fail: 0.05, within: 5s}}}}
  post:  {driver: gps, port: /dev/ttyS3, every: 1s}
`)
	is := func(d *device, channel int, want obs.Quality) {
		t.Helper()
		if got := d.last[channel].Quality; got != want {
			t.Errorf("%s %s is %v, want %v", d.spec.id, d.channels[channel], got, want)
		}
	}
	pass := obs.Quality{Flag: obs.Pass}
	is(say("gauge", 10, 2, 12), 0, pass) // nobody beside it yet
	say("twin", 11, 2.00, 12)
	is(say("gauge", 12, 2.03, 30), 0, pass)
	is(say("gauge", 13, 2.04, 12), 0, obs.Quality{Flag: obs.Suspect, Why: obs.Neighbour})
	is(say("gauge", 14, 2.08, 12), 0, obs.Quality{Flag: obs.Fail, Why: obs.Neighbour})
	is(say("gauge", 20, 6, 12), 0, obs.Quality{Flag: obs.Suspect, Why: obs.Range})
	is(say("post", 21, 30.3191, 120.142), 1, pass)
	moved := say("post", 22, 30.34, 120.142)
	is(moved, 0, obs.Quality{Flag: obs.Suspect, Why: obs.Place})
	is(moved, 1, obs.Quality{Flag: obs.Suspect, Why: obs.Place})
	late := 0
	for _, s := range records() {
		if s.Late != nil {
			late++
			if s.Device != "gauge" || s.Channels[0] != "water_temp" || s.BootMS != 12_000 || s.Late[0] != obs.Suspect {
				t.Errorf("a late verdict %+v", s)
			}
		}
	}
	if late != 1 {
		t.Errorf("%d late verdicts, want the one on 30 degrees", late)
	}
}

// The season is judged only while the time is known.
func TestSeasonNeedsTheTime(t *testing.T) {
	say, records := checked(t, "devices:\n  gauge: {driver: staff, port: /dev/ttyS1, every: 1s, checks: {level: {climatology: [{suspect: [0, 1]}], rollup: strict}}}\n")
	defer records()
	if q := say("gauge", 10, 2, 12).last[0].Quality; q.Flag != obs.NotEvaluated {
		t.Errorf("without a clock: %v, want not evaluated", q)
	}
	day := time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC)
	d := say("gauge", 11, 2, 12)
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	d.form = newForm(d.spec, metrics, quality.Env{Civil: func(int64) (time.Time, bool) { return day, true }})
	d.streams = nil
	if q := say("gauge", 12, 2, 12).last[0].Quality; q != (obs.Quality{Flag: obs.Suspect, Why: obs.Climatology}) {
		t.Errorf("with a clock: %v, want suspect", q)
	}
}

// Two channels of one device are compared as they were at one moment: a flood that lifts
// both is no disagreement, and one that fails is no witness against the other.
func TestChannelsOfOneMoment(t *testing.T) {
	say, records := checked(t, `devices:
  pair:
    driver: pair
    port: /dev/ttyS1
    every: 1s
    checks:
      level.a: {neighbour: {with: pair.level.b, suspect: 0.1, fail: 0.2, within: 5s}, multivariate: {with: pair.level.b, suspect: 0.5, moves: 0.5, within: 1s}}
      level.b: {neighbour: {with: pair.level.a, suspect: 0.1, fail: 0.2, within: 5s}}
  wild:
    driver: pair
    port: /dev/ttyS2
    every: 1s
    checks:
      level.a: {neighbour: {with: wild.level.b, suspect: 0.1, fail: 0.2, within: 500ms}}
      level.b: {rate: {fail: 12}}
`)
	defer records()
	pass := obs.Quality{Flag: obs.Pass}
	for i, c := range []struct {
		id       string
		a, b     float64
		atA, atB obs.Quality
	}{
		{"pair", 2, 2, pass, pass},
		{"pair", 3, 3, pass, pass},
		{"pair", 1, 1.05, pass, pass},
		{"pair", 1, 1.15, obs.Quality{Flag: obs.Suspect, Why: obs.Neighbour}, obs.Quality{Flag: obs.Suspect, Why: obs.Neighbour}},
		{"wild", 2, 2, pass, pass},
		{"wild", 2, 9, pass, obs.Quality{Flag: obs.Fail, Why: obs.Rate}}, // nobody to compare with
	} {
		d := say(c.id, int64(10+i), c.a, c.b)
		if a, b := d.last[0].Quality, d.last[1].Quality; a != c.atA || b != c.atB {
			t.Errorf("%s at %v and %v: %v and %v, want %v and %v", c.id, c.a, c.b, a, b, c.atA, c.atB)
		}
	}
}

// checkedConfig is a configuration of parts that are never opened.
func checkedConfig(t testing.TB, text string, metrics *obs.Catalog) *config.Config {
	t.Helper()
	kind := func(name string, channels ...drivers.Channel) drivers.Kind {
		p := &drivers.Plan{Channels: channels, OpenSerial: func(drivers.Port) (drivers.Driver, error) { return nil, nil }}
		return drivers.Kind{Name: name, Wire: drivers.SerialLine, Plan: func(func(any) error) (*drivers.Plan, error) { return p, nil }}
	}
	level := drivers.Channel{Name: "level", Min: -1, Max: 10, Resolution: 0.01}
	kinds := []drivers.Kind{kind("staff", level, drivers.Channel{Name: "water_temp", Min: -10, Max: 60, Resolution: 0.1}),
		kind("pair", drivers.Channel{Name: "level.a", Min: -1, Max: 10, Resolution: 0.01}, drivers.Channel{Name: "level.b", Min: -1, Max: 10, Resolution: 0.01}),
		kind("gps", drivers.Channel{Name: "latitude", Min: -90, Max: 90}, drivers.Channel{Name: "longitude", Min: -180, Max: 180})}
	cfg, err := config.Load("checked.yaml", []byte(text), config.Env{Kinds: kinds, Catalog: metrics, Rules: RuleChecker, Derived: DerivedChecker(metrics)})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// A season's hours are those of the place, whatever zone the machine was set up with.
func TestSeasonIsThePlaces(t *testing.T) {
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 6, 15, 23, 30, 0, 0, time.UTC) // 07:30 in China, 18:30 in New York's winter
	for zone, want := range map[string]obs.Flag{"": obs.Pass, `, time_zone: "+08:00"`: obs.Pass, `, time_zone: "-05:00"`: obs.Suspect} {
		text := "gateway: {id: g" + zone + "}\ndevices:\n  gauge: {driver: staff, port: /dev/ttyS1, every: 1s, checks: {level: {climatology: [{suspect: [0, 1]}, {hours: [7, 8], suspect: [0, 5]}]}}}\n"
		gen, err := newGeneration(checkedConfig(t, text, metrics), metrics, recalled{}, func(int64) (time.Time, bool) { return at, true }, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := gen.devices["gauge"]
		if d.take(poll.Sample{Device: "gauge", BootMS: 1000, Readings: []obs.Reading{obs.Of(2), obs.Of(12)}}); d.last[0].Quality.Flag != want {
			t.Errorf("%q: a level of 2 at %v is %v, want %v", zone, at, d.last[0].Quality, want)
		}
		gen.lines.Close()
	}
}
