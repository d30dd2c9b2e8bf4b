package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/action"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// tended is a gateway by hand, with its siren, that can be asked for maintenance.
func tended(t *testing.T, flood string) (g *Gateway, gen *generation, out bell, sample func(level float64), ask func(q MaintainQuestion) []Maintained, bootMS *atomic.Int64) {
	bootMS = &atomic.Int64{}
	bootMS.Store(100_000)
	g, gen, out = sounding(t, bootMS, flood)
	<-out.set // off, at the start
	if v, err := gen.switching.board.Settled(t.Context(), "siren"); err != nil || v.State != "off" {
		t.Fatalf("at the start: %+v, %v", v, err)
	}
	sample = func(level float64) {
		g.handle(gen, poll.Sample{Device: "pass", BootMS: bootMS.Add(1000), Readings: []obs.Reading{obs.Of(level)}})
	}
	ask = func(q MaintainQuestion) []Maintained {
		t.Helper()
		with, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := g.answerMaintain(t.Context(), with)
		if err != nil {
			t.Fatal(err)
		}
		return got.([]Maintained)
	}
	return g, gen, out, sample, ask, bootMS
}

const flooded = `when: "pass.level > 0.5", severity: orange`

// Somebody works on the sensor: the hand in front of it raises nothing, sounds nothing,
// and is written down as what it is. Then it counts again.
func TestMaintenanceRaisesNothing(t *testing.T) {
	g, gen, out, sample, ask, bootMS := tended(t, flooded)
	sample(0.1)
	all := ask(MaintainQuestion{Device: "pass", ForMS: 60_000, Set: true, Sudo: "li"})
	if len(all) != 1 || all[0].Device != "pass" || all[0].LeftMS != 60_000 || strings.Join(all[0].Rules, " ") != "flood" || !strings.HasPrefix(all[0].By, "li as ") {
		t.Errorf("%+v", all)
	}
	for range 30 {
		sample(0.9)
	}
	// The board may still be about to set it off, as it does at the start.
	if g.active["flood"] != nil || strings.HasSuffix(gen.switching.board.Views()[0].State, "on") {
		t.Errorf("under maintenance: alert %+v, siren %+v", g.active["flood"], gen.switching.board.Views()[0])
	}
	if q := gen.devices["pass"].last[0].Quality; q != (obs.Quality{Flag: obs.Fail, Why: obs.Maintenance}) {
		t.Errorf("the readings are flagged %+v", q)
	}
	told := false
	for _, h := range g.state().Health {
		told = told || h.ID == "maintenance" && h.About == "pass" && strings.Contains(h.Text["en"], "flood") && strings.Contains(h.Text["zh"], "维护")
	}
	if !told {
		t.Errorf("the state says nothing of it: %+v", g.state().Health)
	}
	if u := g.upkeepOf("pass"); u == nil || !strings.HasPrefix(u.By, "li as ") || u.UntilMS%60_000 != 0 {
		t.Errorf("of the device the state says %+v", u)
	}
	if u := g.upkeepOf("siren"); u != nil {
		t.Errorf("of another one it says %+v", u)
	}
	// It ends by itself, and needs no reading for that.
	if at, ok := g.upkeepEnds(); !ok || at != 101_000+60_000 {
		t.Errorf("ends at %d, %v", at, ok)
	}
	bootMS.Store(161_000)
	g.mu.Lock()
	g.tick(gen, bootMS.Load())
	g.mu.Unlock()
	if all := ask(MaintainQuestion{}); len(all) != 0 {
		t.Errorf("still under maintenance: %+v", all)
	}
	if u := g.upkeepOf("pass"); u != nil {
		t.Errorf("after it the state says of the device %+v", u)
	}
	sample(0.9)
	if !<-out.set || g.active["flood"] == nil {
		t.Errorf("after it: alert %+v", g.active["flood"])
	}
}

// An alert that stands stays, whatever the sensor gives meanwhile; the end of
// maintenance lets it clear.
func TestMaintenanceClearsNothing(t *testing.T) {
	g, _, out, sample, ask, _ := tended(t, flooded)
	sample(0.9)
	if !<-out.set {
		t.Fatal("no siren")
	}
	ask(MaintainQuestion{All: true, ForMS: time.Hour.Milliseconds(), Set: true})
	for range 10 {
		sample(0.1)
	}
	if g.active["flood"] == nil {
		t.Error("the alert cleared under maintenance")
	}
	if all := ask(MaintainQuestion{All: true, Set: true}); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	sample(0.1)
	if <-out.set || g.active["flood"] != nil {
		t.Error("it does not clear afterwards")
	}
}

// A restart does not end maintenance; the time in which nothing ran does not count
// while the clock is not trusted, so it is never longer than it was asked for in time
// that the gateway ran.
func TestMaintenanceSurvives(t *testing.T) {
	g, _, _, sample, ask, bootMS := tended(t, flooded)
	sample(0.1)
	ask(MaintainQuestion{Device: "pass", ForMS: 600_000, Set: true})
	bootMS.Add(60_000)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.upkeeps = map[string]upkeep{}
	g.restoreUpkeep()
	if u := g.upkeeps["pass"]; u.until != 101_000+600_000 {
		t.Errorf("in the same boot it ends at %d", u.until)
	}
	g.upkeeps = map[string]upkeep{}
	kept := `{"v":1,"boot":"0a1b2c3d-0000-4000-8000-000000000000","at_ms":5000,"left_ms":30000,"by":"li"}`
	for key, state := range map[string]string{"pass": kept, "*": `{"v":9}`, "gone": `nonsense`} {
		if err := g.journal.SetState(upkeepKey+key, []byte(state)); err != nil {
			t.Fatal(err)
		}
	}
	g.restoreUpkeep()
	if u := g.upkeeps["pass"]; len(g.upkeeps) != 1 || u.until != bootMS.Load()+30_000 || u.by != "li" {
		t.Errorf("from another boot: %+v", g.upkeeps)
	}
}

func TestMaintenanceRefuses(t *testing.T) {
	g, _, _, _, _, _ := tended(t, flooded)
	for with, want := range map[string]string{
		`{"device":"pas","for_ms":1000,"set":true}`:            `there is no device "pas"; this gateway has ["pass"]`,
		`{"device":"pass","for_ms":99999999999999,"set":true}`: "for how long? at most 7d",
		`nonsense`: "for how long? at most 7d",
	} {
		if _, err := g.answerMaintain(t.Context(), json.RawMessage(with)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", with, err, want)
		}
	}
}

// A rule that chatters is one alert, which says so, and a rule whose evaluation panics
// is stopped, told in the state, and the gateway goes on.
func TestChatterAndPanicAreTold(t *testing.T) {
	g, gen, out, sample, _, bootMS := tended(t, flooded+`, schedule: {days: [mon-sun]}`)
	done := make(chan struct{})
	defer close(done)
	go func() { // the siren does not matter here
		for {
			select {
			case <-out.set:
			case <-done:
				return
			}
		}
	}()
	ids := map[string]bool{}
	for i := range 16 {
		bootMS.Add(59_000)
		sample([]float64{0.9, 0.1}[i%2])
		if a := g.active["flood"]; a != nil {
			ids[a.ID] = true
		}
	}
	a := g.active["flood"]
	if a == nil || a.Chatter == nil || a.Chatter.Changes < 9 || !strings.Contains(a.Text["en"], "(chattering since ") || !strings.Contains(a.Text["zh"], "反复") || a.Validate() != nil {
		t.Errorf("%+v, %v", a, a.Validate())
	}
	unrest := 0
	events, _ := written(t, g)
	for _, e := range events {
		if u := e.Unrest; u != nil && (u.Rule != "flood" || !u.On || u.Changes < 5) {
			t.Errorf("unrest is written down as %+v", u)
		} else if u != nil {
			unrest++
		}
	}
	if unrest != 1 {
		t.Errorf("unrest is written down %d times", unrest)
	}
	if len(ids) > 5 {
		t.Errorf("%d alerts, want no new ones once it chatters", len(ids))
	}
	gen.engine.Civil(func(int64) (time.Time, bool) { panic("no such time zone") })
	sample(0.9)
	sample(0.9)
	told := false
	for _, h := range g.state().Health {
		told = told || h.ID == "rule-stopped" && h.Level == "fail" && strings.Contains(h.Text["en"], "no such time zone")
	}
	if !told || g.active["flood"] == nil {
		t.Errorf("alert %+v, health %+v", g.active["flood"], g.state().Health)
	}
}

// What began and ended is in the journal, each as an event of its own, and an alert that
// stands meanwhile says so; after a restart, too.
func TestMaintenanceIsWrittenDown(t *testing.T) {
	g, gen, out, sample, ask, bootMS := tended(t, flooded)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-out.set:
			case <-done:
				return
			}
		}
	}()
	sample(0.9)
	if a := g.active["flood"]; a == nil || a.Maintenance != nil {
		t.Fatalf("%+v", a)
	}
	ask(MaintainQuestion{Device: "pass", ForMS: 60_000, Set: true, Sudo: "li"})
	begun := *g.active["flood"]
	sample(0.1)
	g.tellAside(gen, bootMS.Load(), "") // once is enough
	if a := g.active["flood"]; a == nil || a.Rev != begun.Rev || a.Maintenance == nil || a.Maintenance.Until != nil || !strings.HasPrefix(a.Maintenance.By, "li as ") || !strings.Contains(a.Text["en"], "under maintenance since") {
		t.Errorf("under maintenance: %+v", a)
	}
	bootMS.Add(60_000)
	g.mu.Lock()
	g.tick(gen, bootMS.Load())
	g.mu.Unlock()
	if a := g.active["flood"]; a == nil || a.Maintenance == nil || a.Maintenance.Until == nil || strings.Contains(a.Text["en"], "under maintenance") {
		t.Errorf("afterwards: %+v", a)
	}
	var told []string
	events, revisions := written(t, g)
	for _, e := range events {
		if m := e.Maintenance; m != nil {
			told = append(told, fmt.Sprintf("%s %t %d %q", m.Device, m.On, m.ForMS, m.By))
		}
	}
	if len(told) != 2 || !strings.HasPrefix(told[0], `pass true 60000 "li as `) || told[1] != `pass false 0 ""` || revisions != 3 {
		t.Errorf("events %q, %d revisions", told, revisions)
	}
}

// written is what this run has put into the journal: events, and how many revisions.
func written(t *testing.T, g *Gateway) (events []wire.Event, revisions int) {
	t.Helper()
	if err := g.journal.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := g.journal.Epochs()
	last := all[len(all)-1]
	if err := g.journal.Read(last.Epoch, last.First, last.Last, func(r journal.Record) error {
		switch r.Kind {
		case record.KindEvent:
			e, err := record.DecodeEvent(r.Body, last.Epoch, r.Seq)
			if err != nil {
				return err
			}
			events = append(events, e)
		case record.KindAlert:
			revisions++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return events, revisions
}

// Who works on a sensor is told at once which outputs that stops, and an output that goes
// off for it says why.
func TestMaintenanceTellsWhatStops(t *testing.T) {
	g, gen, out, sample, ask, _ := tended(t, flooded)
	sample(0.9)
	if !<-out.set {
		t.Fatal("no siren")
	}
	for gen.switching.board.Views()[0].State != "on" { // it was set, and says so in a moment
		runtime.Gosched()
	}
	all := ask(MaintainQuestion{Device: "pass", ForMS: 120_000, Set: true})
	want := []Barred{{Output: "siren", On: true, WithinMS: 30_000, Reads: []string{"pass.level"}}}
	if len(all) != 1 || !reflect.DeepEqual(all[0].Barred, want) {
		t.Errorf("told is %+v, want %+v", all, want)
	}
	for _, h := range g.state().Health {
		if h.ID == "maintenance" && (!strings.Contains(h.Text["en"], "Off as long, since their interlocks read it: siren.") || !strings.Contains(h.Text["zh"], "保持关闭的输出：siren。")) {
			t.Errorf("the state says %q", h.Text)
		}
	}
	for range 32 {
		sample(0.9)
	}
	if <-out.set {
		t.Error("it goes on without its interlock")
	}
	told := func() (said string) {
		events, _ := written(t, g)
		for _, e := range events {
			if a := e.Actuation; a != nil && a.Why == wire.WhyInterlock && a.Result == wire.Done {
				said = a.Detail
			}
		}
		return said
	}
	for told() == "" {
		runtime.Gosched()
	}
	if said := told(); said != "its interlock is unknown: pass under maintenance" {
		t.Errorf("the event says %q", said)
	}
	if o := g.outputViews()[0]; !o.Asked || o.Says != "its interlock is unknown: pass under maintenance" {
		t.Errorf("%+v", o)
	}
	// It goes on again once the maintenance has ended and the sensor has spoken.
	ask(MaintainQuestion{Device: "pass", Set: true})
	sample(0.9)
	if !<-out.set {
		t.Error("it stays off after the maintenance")
	}
}

// What is off stays off from the first moment of maintenance on, though what was read
// before counts for a while yet for what is on.
func TestMaintenanceKeepsOffAtOnce(t *testing.T) {
	_, gen, _, sample, ask, _ := tended(t, flooded)
	sample(0.1)
	ask(MaintainQuestion{Device: "pass", ForMS: 120_000, Set: true})
	if _, err := gen.switching.board.On(t.Context(), "siren", "li", 0); !errors.Is(err, action.ErrRefused) || !strings.Contains(err.Error(), "its interlock is unknown: pass under maintenance") {
		t.Errorf("On = %v", err)
	}
	ask(MaintainQuestion{Device: "pass", Set: true})
	sample(0.1)
	if _, err := gen.switching.board.On(t.Context(), "siren", "li", 0); errors.Is(err, action.ErrRefused) {
		t.Errorf("On after the maintenance = %v", err)
	}
}

// What was refused because somebody worked on the interlock's sensor is thought over at the
// moment the maintenance ends, by hand or by itself, with what is known then: no reading has
// to come first.
func TestMaintenanceEndsAndTheSirenSounds(t *testing.T) {
	for _, byHand := range []bool{true, false} {
		var bootMS atomic.Int64
		bootMS.Store(100_000)
		g, gen, out := soundingBy(t, &bootMS, `
devices:
  pass: {driver: a02yyuw, port: /dev/ttyS0, height: 3.0, every: 1s}
  yard: {driver: a02yyuw, port: /dev/ttyS1, height: 3.0, every: 1s}
outputs: {siren: {bus: gpio, line: GPIO27, min_off: 0s, per_hour: 3600, interlock: "pass.level > -1.4"}}
rules: {flood: {when: "yard.level > 0.5", severity: orange, actions: [siren]}}
`)
		<-out.set // off, at the start
		if _, err := gen.switching.board.Settled(t.Context(), "siren"); err != nil {
			t.Fatal(err)
		}
		say := func(device string, level float64) {
			g.handle(gen, poll.Sample{Device: device, BootMS: bootMS.Add(1000), Readings: []obs.Reading{obs.Of(level)}})
		}
		say("pass", 0.1)
		maintain := func(ms int64) {
			with, err := json.Marshal(MaintainQuestion{Device: "pass", ForMS: ms, Set: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := g.answerMaintain(t.Context(), with); err != nil {
				t.Fatal(err)
			}
		}
		maintain(10_000)
		say("yard", 0.9)
		if o := g.outputViews()[0]; !o.Asked || o.Block != "interlock" || o.Says != "its interlock is unknown: pass under maintenance" {
			t.Fatalf("under maintenance: %+v", o)
		}
		if byHand {
			maintain(0)
		} else {
			bootMS.Add(10_000)
			g.mu.Lock()
			g.tick(gen, bootMS.Load())
			g.mu.Unlock()
		}
		if !<-out.set {
			t.Errorf("by hand %t: the siren stays off", byHand)
		}
	}
}

// An interlock goes by no value of which nobody knows whether it is a spike, and forgets
// one that was.
func TestInterlockThroughSpikes(t *testing.T) {
	var bootMS atomic.Int64
	bootMS.Store(100_000)
	g, gen, out := soundingBy(t, &bootMS, `
devices: {pass: {driver: a02yyuw, port: /dev/ttyS0, height: 3.0, every: 1s, checks: {level: {spike: {suspect: 0.2, fail: 1}}}}}
outputs: {siren: {bus: gpio, line: GPIO27, interlock: "max(pass.level, 10s) < 1.5 and stuck(pass.level) > 3s"}}
`)
	<-out.set // off, at the start
	got := ""
	for _, level := range []float64{0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 2, 0.1, 0.1, 0.4, 0.1, 0.1, 0.7, 0.7, 0.7} {
		g.handle(gen, poll.Sample{Device: "pass", BootMS: bootMS.Add(1000), Readings: []obs.Reading{obs.Of(level)}})
		got += string("-?+"[gen.switching.conditions[conditionID("siren", false)].is+1])
	}
	if want := "??---??++++?++?++?--"; got != want {
		t.Errorf("the interlock is %s, want %s", got, want)
	}
}
