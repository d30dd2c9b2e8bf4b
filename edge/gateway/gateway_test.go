package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/bus/ptytest"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
	"go.uber.org/goleak"
)

// TestMain is also the process of a device that runs apart, and the one that draws.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != gateway.ApartCommand {
		goleak.VerifyTestMain(m)
		return
	}
	serve := func() error {
		return gateway.ServeApart(context.Background(), os.Stdin, os.Stdout, catalog.Builtin(nil))
	}
	if len(os.Args) > 2 {
		serve = func() error { return gateway.ServeDraw(os.Stdin, os.Stdout) }
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// post is one gateway on one ranging sensor whose distance the test decides.
type post struct {
	t       *testing.T
	metrics *obs.Catalog
	env     config.Env
	dir     string
	port    string
	reload  chan *config.Config
	page    string
	camera  string // address of a still; empty: there is no camera
	stop    func()
}

func newPost(t *testing.T) *post {
	t.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	profiles, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	p := &post{t: t, metrics: metrics, dir: t.TempDir(), reload: make(chan *config.Config)}
	p.env = config.Env{Kinds: catalog.Builtin(profiles), Catalog: metrics, Rules: gateway.RuleChecker, Derived: gateway.DerivedChecker(metrics)}
	p.port = filepath.Join(p.dir, "tty")
	return p
}

// sensor puts an A02YYUW on the port that sees the given distance until the test
// or the returned function ends it.
func (p *post) sensor(millimetres int) (unplug func()) {
	p.t.Helper()
	master, slave, err := ptytest.Open()
	if err != nil {
		p.t.Fatal(err)
	}
	os.Remove(p.port)
	if err := os.Symlink(slave, p.port); err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		h, l := byte(millimetres>>8), byte(millimetres)
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := master.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
				return
			}
			_, _ = master.Write([]byte{0xff, h, l, byte(0xff + int(h) + int(l))}) // nobody may be listening
		}
	}()
	end := func() {
		cancel()
		<-done
		master.Close()
	}
	p.t.Cleanup(end)
	return end
}

func (p *post) config(rules string) *config.Config {
	p.t.Helper()
	src := fmt.Sprintf(`
gateway: {id: post-1, language: en}
journal: {dir: %s, commit: 100ms}
status: {listen: "127.0.0.1:0"}
devices:
  pass: {driver: a02yyuw, port: %s, height: 3.0, every: 300ms}
%s
rules:
%s`, filepath.Join(p.dir, "journal"), p.port, p.eye(), rules)
	cfg, err := config.Load("post.yaml", []byte(src), p.env)
	if err != nil {
		p.t.Fatal(err)
	}
	return cfg
}

// eye is the configuration of the camera, if there is one.
func (p *post) eye() string {
	if p.camera == "" {
		return ""
	}
	return "  eye: {driver: camera, url: \"" + p.camera + "\", every: 1s}"
}

const flood = `  flood: {when: "pass.level > 0.5", for: 400ms, severity: orange, message: {en: "{value} m of water"}}`

// start runs the gateway until stop is called; stop demands that it ends well.
func (p *post) start(cfg *config.Config) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	ready, done := make(chan gateway.Started, 1), make(chan error, 1)
	go func() {
		done <- gateway.Run(ctx, gateway.Options{Config: cfg, Catalog: p.metrics, Version: "test", Reload: p.reload,
			Ready: func(s gateway.Started) { ready <- s }})
	}()
	select {
	case s := <-ready:
		p.page = s.Status.String()
	case err := <-done:
		p.t.Fatalf("Run = %v", err)
	}
	stopped := false
	p.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			p.t.Errorf("Run = %v after a stop", err)
		}
		http.DefaultClient.CloseIdleConnections()
	}
	p.t.Cleanup(p.stop)
}

func (p *post) snapshot() (s status.Snapshot) {
	p.t.Helper()
	r, err := http.Get("http://" + p.page + "/status.json")
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// until waits for the page to say what ok looks for.
func (p *post) until(what string, ok func(status.Snapshot) bool) status.Snapshot {
	p.t.Helper()
	late := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		s := p.snapshot()
		if ok(s) {
			return s
		}
		select {
		case <-tick.C:
		case <-late:
			b, _ := json.Marshal(s)
			p.t.Fatalf("waited in vain for %s: %s", what, b)
		}
	}
}

func raised(s status.Snapshot) bool { return len(s.Alerts) == 1 }

// records reads everything the journal holds, by kind.
func (p *post) records() (samples []record.Sample, events []wire.Event, alerts []wire.Alert) {
	p.t.Helper()
	j, err := journal.Open(filepath.Join(p.dir, "journal"), journal.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	defer j.Close()
	for _, e := range j.Epochs() {
		err := j.Read(e.Epoch, e.First, e.Last, func(r journal.Record) error {
			switch r.Kind {
			case record.KindSample:
				s, err := record.DecodeSample(r.Body)
				samples = append(samples, s)
				return err
			case record.KindEvent:
				ev, err := record.DecodeEvent(r.Body, e.Epoch, r.Seq)
				events = append(events, ev)
				return err
			case record.KindAlert:
				a, err := record.DecodeAlert(r.Body, e.Epoch, r.Seq)
				alerts = append(alerts, a)
				return err
			}
			return nil
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return samples, events, alerts
}

func kinds(events []wire.Event) (out []string) {
	for _, e := range events {
		out = append(out, e.Kind)
	}
	return out
}

// With no uplink at all: sampled, judged, alerted, kept; after a restart the alert
// is still the same one, and the pause is declared.
func TestOnItsOwn(t *testing.T) {
	p := newPost(t)
	p.sensor(2200) // 3.0 m above the ground: 0.8 m of water
	p.start(p.config(flood))
	first := p.until("the flood's alert", raised)
	if a := first.Alerts[0]; a.Text["en"] != "0.80 m of water" || a.Severity != wire.Orange || *a.Limit != 0.5 {
		t.Errorf("alert %+v", a)
	}
	if v := first.Values[0]; v.V == nil || *v.V != 0.8 || v.QC != 1 {
		t.Errorf("value %+v, want 0.8, pass", v)
	}
	p.stop()

	p.start(p.config(flood))
	second := p.until("the same alert", raised)
	if a, b := first.Alerts[0], second.Alerts[0]; a.ID != b.ID || b.Rev <= a.Rev || a.Since.BootMS != b.Since.BootMS {
		t.Errorf("after a restart alert %s rev %d since %d became %s rev %d since %d", a.ID, a.Rev, a.Since.BootMS, b.ID, b.Rev, b.Since.BootMS)
	}
	p.stop()

	samples, events, alerts := p.records()
	if n := slices.IndexFunc(samples, func(s record.Sample) bool { return s.Device == "pass" && s.Readings[0].Value == 0.8 }); n < 0 {
		t.Errorf("no sample of the sensor among %d", len(samples))
	}
	if n := slices.IndexFunc(samples, func(s record.Sample) bool { return s.Device == "gateway" }); n < 0 {
		t.Error("no heartbeat was written")
	}
	if k := kinds(events); !slices.Contains(k, "boot") || !slices.Contains(k, "config") {
		t.Errorf("events %v", k)
	}
	i := slices.IndexFunc(events, func(e wire.Event) bool { return e.Gap != nil })
	if i < 0 || events[i].Gap.Why != "stopped" || events[i].Gap.From.BootMS > events[i].Gap.To.BootMS {
		t.Errorf("the pause is not declared: %+v", events)
	}
	if len(alerts) != 2 || alerts[0].ID != alerts[1].ID {
		t.Errorf("alerts %+v, want two revisions of one", alerts)
	}
}

// An unplugged sensor is silence, said in words; it neither clears nor raises; it
// comes back by itself.
func TestUnplugged(t *testing.T) {
	p := newPost(t)
	unplug := p.sensor(2200)
	p.start(p.config(flood))
	p.until("the flood's alert", raised)
	unplug()
	os.Remove(p.port)
	s := p.until("the fault in words", func(s status.Snapshot) bool { return len(s.State.Health) > 0 })
	if h := s.State.Health[0]; h.ID != "device-unplugged" || h.About != "pass" {
		t.Errorf("health %+v", h)
	}
	if !raised(s) {
		t.Error("the alert ended because its sensor was pulled")
	}
	p.sensor(2900) // 0.1 m
	p.until("the alert's end", func(s status.Snapshot) bool { return len(s.Alerts) == 0 && len(s.State.Health) == 0 })
	p.stop()
	_, events, alerts := p.records()
	var turns []bool
	for _, e := range events {
		if e.Device != nil {
			turns = append(turns, e.Device.Up)
		}
	}
	if !slices.Equal(turns, []bool{false, true}) {
		t.Errorf("device events up: %v, want down, then up", turns)
	}
	if last := alerts[len(alerts)-1]; last.Condition != "cleared" || last.Cleared == nil {
		t.Errorf("last revision %+v", last)
	}
}

// A reload replaces rules and devices and keeps what is known; an alert whose rule
// is gone ends.
func TestReload(t *testing.T) {
	p := newPost(t)
	p.sensor(2200)
	p.start(p.config(flood))
	p.until("the flood's alert", raised)
	before := p.snapshot().State.Config
	p.reload <- p.config(`  deep: {when: "pass.level > 0.7", severity: red}`)
	s := p.until("the new rule's alert alone", func(s status.Snapshot) bool {
		return len(s.Alerts) == 1 && s.Alerts[0].Rule == "deep"
	})
	if s.State.Config == before {
		t.Error("the state names the old configuration")
	}
	p.stop()
	_, _, alerts := p.records()
	if i := slices.IndexFunc(alerts, func(a wire.Alert) bool { return a.Rule == "flood" && a.Condition == "cleared" }); i < 0 {
		t.Errorf("the alert of the rule that is gone was never ended: %+v", alerts)
	}
}

// A journal that somebody else has ends the start with an error that says so.
func TestRunRefuses(t *testing.T) {
	p := newPost(t)
	cfg := p.config(flood)
	p.start(cfg)
	if err := gateway.Run(t.Context(), gateway.Options{Config: cfg, Catalog: p.metrics}); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("a second gateway took the same journal: %v", err)
	}
}

// Who looks for the status page where another program is misses a page; the gateway
// misses nothing, and can be asked on its socket.
func TestTakenPortStopsNothing(t *testing.T) {
	p := newPost(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := p.config(flood)
	taken := *cfg
	taken.Status = l.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	started, done := make(chan gateway.Started, 1), make(chan error, 1)
	go func() {
		done <- gateway.Run(ctx, gateway.Options{Config: &taken, Catalog: p.metrics, Ready: func(s gateway.Started) { started <- s }})
	}()
	if s := <-started; s.Status != nil || s.Devices == 0 {
		t.Errorf("started as %+v", s)
	}
	for err = control.ErrAbsent; errors.Is(err, control.ErrAbsent); { // until the socket is there
		_, err = gateway.AskRewind(ctx, cfg.Journal.Dir, time.Time{})
	}
	if err == nil || !strings.Contains(err.Error(), "no uplink") {
		t.Errorf("AskRewind = %v", err)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
}

// A board that boots in 1970 works, says so, and dates nothing.
func TestNoClock(t *testing.T) {
	p := newPost(t)
	p.sensor(2200)
	cfg := p.config(flood)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready, done := make(chan gateway.Started, 1), make(chan error, 1)
	go func() {
		done <- gateway.Run(ctx, gateway.Options{Config: cfg, Catalog: p.metrics, Ready: func(s gateway.Started) { ready <- s },
			Kernel: func() clock.Kernel { return clock.Kernel{} }, Wall: func() time.Time { return time.Unix(77, 0) }})
	}()
	p.page = (<-ready).Status.String()
	s := p.until("the flood's alert", raised)
	if s.State.Clock != clock.Unsynced || s.Alerts[0].At.Unix != 0 || s.Alerts[0].At.BootMS == 0 {
		t.Errorf("clock %q, alert at %+v: nothing may be dated", s.State.Clock, s.Alerts[0].At)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}
