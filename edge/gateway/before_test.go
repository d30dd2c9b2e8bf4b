package gateway

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/lamppost-city/lamppost/edge/record"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
	"pgregory.net/rapid"
)

// spiky is a site with spike tests and everything that may rest on a spike.
const spiky = `devices:
  gauge: {driver: staff, port: /dev/ttyS1, every: %s, checks: {level: {spike: %s}}}
  other: {driver: staff, port: /dev/ttyS2, every: 1s, checks: {level: {spike: {fail: 0.2}}}}
derived:
  water: {is: "x + 10", of: gauge.level, metric: level}
  twice: {is: "x + y", of: {x: gauge.level, y: other.level}, metric: level}
  deep: {is: "x - 5", of: water.level, metric: level}
  most: {is: max, of: gauge.level, over: 1m, every: 2s}
  least: {is: min, of: deep.level, over: 1m, every: 2s}
rules:
  flood: {when: "gauge.level > 5", hold: 1h, severity: red}
  low: {when: "water.level < 11", clear: "water.level > 12", clear_for: 10m, hold: 1h, severity: blue}
  both: {when: "twice.level > 8", clear_for: 1h, severity: blue}
  either: {when: "deep.level > 10 or other.level > 5", hold: 1h, severity: blue}
  soon: {when: "gauge.level > 5", for: 10m, severity: blue}
  peak: {when: "max(gauge.level, 1m) > 5", hold: 1h, severity: blue}
  wave: {when: "most.level > 5", hold: 1h, severity: blue}
  ebb: {when: "least.level < 6", hold: 1h, severity: blue}
`

// site is a gateway that is stopped and started again between samples.
type site struct {
	t      testing.TB
	g      *Gateway
	cfg    *config.Config
	metric *obs.Catalog
	root   string
	runs   int
	nowMS  int64
}

func newSite(t testing.TB, metrics *obs.Catalog, root, text string) *site {
	s := &site{t: t, metric: metrics, root: root}
	s.cfg = s.config(text)
	s.start()
	return s
}

func (s *site) config(text string) *config.Config {
	s.t.Helper()
	cfg := checkedConfig(s.t, "gateway: {id: g}\njournal: {dir: "+filepath.Join(s.root, "0")+"}\n"+text, s.metric)
	if s.cfg != nil {
		cfg.Journal.Dir = s.cfg.Journal.Dir
	}
	return cfg
}

func (s *site) start() {
	s.t.Helper()
	g, err := open(context.Background(), Options{Config: s.cfg, Catalog: s.metric, BootMS: func() int64 { return s.nowMS }})
	if err != nil {
		s.t.Fatal(err)
	}
	s.g = g
	gen := s.generation()
	g.gen = gen
	g.takeUp(gen)
	gen.heed()
}

func (s *site) generation() *generation {
	s.t.Helper()
	gen, err := newGeneration(s.cfg, s.metric, recalled{}, s.g.civil, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return gen
}

// stop ends the program in order.
func (s *site) stop() {
	s.t.Helper()
	s.g.keepDerived()
	s.g.keepMemory()
	s.g.keepFindings(true)
	s.g.gen.lines.Close()
	if err := s.g.journal.Close(); err != nil {
		s.t.Fatal(err)
	}
}

// kill ends the program without notice: another one finds what the disk has.
func (s *site) kill() {
	s.t.Helper()
	if err := s.g.journal.Sync(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	s.runs++
	dir := filepath.Join(s.root, fmt.Sprint(s.runs))
	if err := os.CopyFS(dir, os.DirFS(s.cfg.Journal.Dir)); err != nil {
		s.t.Fatal(err)
	}
	s.stop()
	if err := os.RemoveAll(s.cfg.Journal.Dir); err != nil {
		s.t.Fatal(err)
	}
	cfg := *s.cfg
	cfg.Journal.Dir, s.cfg = dir, &cfg
}

// reload puts another configuration in force, without an end of the program.
func (s *site) reload(text string) {
	s.t.Helper()
	s.cfg = s.config(text)
	old := s.g.gen
	s.g.gen = s.generation()
	s.g.adopt(s.g.gen, old)
	s.g.gen.heed()
	old.lines.Close()
}

// end ends the program in one of three ways, or not, and starts it again. It says whether
// another one runs then.
func (s *site) end(how int, text string) bool {
	s.t.Helper()
	switch how {
	case 0:
		s.stop()
	case 1:
		s.kill()
	case 2:
		s.reload(text)
		return false
	default:
		return false
	}
	s.start()
	return true
}

func (s *site) say(device string, level float64) {
	s.g.handle(s.g.gen, poll.Sample{Device: device, BootMS: s.nowMS, Readings: []obs.Reading{obs.Of(level), obs.Of(12)}})
}

// active are the rules that have an alert; either is left out where not all that it reads
// has been heard.
func (s *site) active(all bool) string {
	ids := slices.Sorted(maps.Keys(s.g.active))
	return strings.Join(slices.DeleteFunc(ids, func(id string) bool { return id == "either" && !all }), " ")
}

// written are the values and verdicts of the journal, those of each stream in order.
func (s *site) written() (all []string) {
	s.t.Helper()
	s.stop()
	j, err := journal.Open(s.cfg.Journal.Dir, journal.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer j.Close()
	for _, e := range j.Epochs() {
		err := j.Read(e.Epoch, e.First, e.Last, func(r journal.Record) error {
			if r.Kind != record.KindSample {
				return nil
			}
			smp, err := record.DecodeSample(r.Body)
			for i, c := range smp.Channels {
				if c == "level" {
					all = append(all, fmt.Sprintf("%s %d: %v late %v %v", smp.Device, smp.BootMS, smp.Readings[i], smp.Late, smp.LateWhy))
				}
			}
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return strings.Compare(strings.Fields(a)[0], strings.Fields(b)[0]) })
	return all
}

func catalogOf(t testing.TB) *obs.Catalog {
	t.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	return metrics
}

// A restart at any instant, in order, by a kill or as a reload with other checks, is as
// none to a value of which the next one shows that it was wrong: alerts are taken back
// whatever holds them, what is derived is told again, windows never hold it, and not a
// verdict is lost, moved or told twice.
func TestSpikesOverARestart(t *testing.T) {
	metrics := catalogOf(t)
	plain, other := fmt.Sprintf(spiky, "1s", "{fail: 0.2}"), fmt.Sprintf(spiky, "1s", "{fail: 0.25, suspect: 0.1}")
	var folder int
	root := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		folder += 2
		a := newSite(t, metrics, filepath.Join(root, fmt.Sprint(folder)), plain)
		b := newSite(t, metrics, filepath.Join(root, fmt.Sprint(folder+1)), plain)
		defer os.RemoveAll(a.root)
		defer os.RemoveAll(b.root)
		base, heard := 2.0, 0
		for i := range rapid.IntRange(4, 12).Draw(rt, "seconds") {
			if rapid.IntRange(0, 9).Draw(rt, "flood") == 0 {
				base = 7
			}
			level := base + 0.01*float64(i%3)
			if rapid.IntRange(0, 2).Draw(rt, "spike") == 0 {
				level = rapid.SampledFrom([]float64{0.5, 9.9}).Draw(rt, "to")
			}
			for _, device := range []string{"gauge", "other"} {
				a.nowMS, b.nowMS = a.nowMS+250, b.nowMS+250
				if b.end(rapid.IntRange(0, 7).Draw(rt, "end"), other) {
					heard = 0
				}
				a.nowMS, b.nowMS = a.nowMS+250, b.nowMS+250
				v := level
				if device == "other" {
					v = 2 + 0.01*float64(i%2)
				}
				a.say(device, v)
				b.say(device, v)
				heard++
				if x, y := a.active(heard >= 2), b.active(heard >= 2); x != y {
					rt.Fatalf("at %d alerts are %q, with restarts %q", a.nowMS, x, y)
				}
			}
		}
		if x, y := a.written(), b.written(); !slices.Equal(x, y) {
			rt.Fatalf("written is\n%s\nwith restarts\n%s", strings.Join(x, "\n"), strings.Join(y, "\n"))
		}
	})
}

// A kill in the middle of a sample, when its verdict on the one before is on the disk and
// what rests on that has not been taken back yet: the next run does it.
func TestKilledBehindAVerdict(t *testing.T) {
	metrics := catalogOf(t)
	for name, withValue := range map[string]bool{"before the value": false, "behind the value": true} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, metrics, t.TempDir(), fmt.Sprintf(spiky, "1s", "{fail: 0.2}"))
			for i, v := range []float64{2, 2.01, 9.9} {
				s.nowMS = int64(i+1) * 1000
				s.say("other", 2+0.01*float64(i%2))
				s.say("gauge", v)
			}
			if is := s.active(true); is != "both either flood peak" {
				t.Fatalf("a spike raises %q", is)
			}
			s.nowMS = 4000
			s.half("gauge", 2.02, withValue)
			s.kill()
			s.start()
			for i := range 6 {
				s.nowMS = 5000 + int64(i)*1000
				s.say("other", 2+0.01*float64(i%2))
				s.say("gauge", 2+0.01*float64(i%2))
			}
			if is := s.active(true); is != "" {
				t.Errorf("alerts on a value that was wrong go on: %q", is)
			}
			told := map[string]int{}
			for _, line := range s.written() {
				if strings.Contains(line, "late [fail] [spike]") {
					told[strings.Join(strings.Fields(line)[:2], " ")]++
				}
				if strings.HasPrefix(line, "most") && strings.Contains(line, "9.9") {
					t.Errorf("a window holds it: %s", line)
				}
			}
			want := map[string]int{"gauge 3000:": 1, "water 3000:": 1, "deep 3000:": 1, "twice 3000:": 1}
			if !maps.Equal(told, want) {
				t.Errorf("verdicts are %v, want %v", told, want)
			}
		})
	}
}

// half does of a sample what comes to the disk first: the verdict on the one before, and
// the sample itself.
func (s *site) half(device string, level float64, withValue bool) {
	g := s.g
	d := g.gen.devices[device]
	rec, _ := d.take(poll.Sample{Device: device, BootMS: s.nowMS, Readings: []obs.Reading{obs.Of(level), obs.Of(12)}})
	g.keepLate(d)
	if withValue {
		g.keep(&rec, d.shape, d.spec.driver, nil)
	}
}

// A value that stood out and was borne out by the next one has its alert as long as hold
// says, although a restart came between: what was once shown to be wrong before it is none
// of its business.
func TestOldVerdictEndsNothing(t *testing.T) {
	s := newSite(t, catalogOf(t), t.TempDir(), fmt.Sprintf(spiky, "1s", "{fail: 0.2}"))
	for i, v := range []float64{2, 9.9, 7, 7.01, 7.02} { // the spike raises, and the flood goes on from there
		s.nowMS = int64(i+1) * 1000
		s.say("other", 2)
		s.say("gauge", v)
	}
	s.stop()
	s.start()
	for i := range 5 {
		s.nowMS = 6000 + int64(i)*1000
		s.say("gauge", 2+0.01*float64(i%2))
		s.say("other", 2)
	}
	if is := strings.Fields(s.active(true)); !slices.Contains(is, "flood") || !slices.Contains(is, "either") {
		t.Errorf("alerts that hold for an hour are %q", is)
	}
	s.stop()
}
