package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// A history is the life of a board, told in advance: what its clocks do while a
// whole gateway runs on it. It plays in a bubble, so that weeks take no time, and
// is judged by the truth that only the test knows.
type history struct {
	Chip  string // none: 1970 at each boot; fake: what was saved last; battery
	Boots []lifetime
}

// lifetime is one boot.
type lifetime struct {
	PPM   int64 // by how much boot time runs too fast
	Steps []step
	Cut   bool          // the power goes; else the gateway is stopped in order
	Off   time.Duration // before the next boot
}

// step is one thing that happens: wait, sync (by Arg ms at most), lose (nobody keeps
// the clock any more), jump (somebody sets the wall clock by Arg ms), flood (the water
// is high from here on), ebb, suspend, restart (of the program).
type step struct {
	What string
	Arg  int64
}

// stage plays a history on a board.
type stage struct {
	t       *testing.T
	cfg     *config.Config
	metrics *obs.Catalog
	dir     string
	made    int // directories

	began   time.Time     // of the bubble
	asleep  time.Duration // suspended, in all
	battery int64         // what the chip shows besides the truth, ms
	saved   int64         // what fake-hwclock saved, Unix ms
	boots   []power
	water   float64

	kind   string
	kernel struct {
		off    int64 // wall clock besides the truth at loss, or while synced
		synced bool
		err    int64
		lostAt int64 // boot ms; 0: it is kept
	}

	given map[given]int64 // every date that was ever given
	order []given

	mu sync.Mutex // the gateway reads what a step changes
}

// power is a boot as it really was.
type power struct {
	id    string
	start int64 // true time of boot time 0
	ppm   int64
}

type given struct {
	epoch  string
	seq    uint64
	stream obs.Stream
}

// bubbled is a directory too long for the path of a socket: the gateway then goes on
// without its control socket. Whoever waits for a connection is not idle to the
// bubble, whose time would stand still.
var bubbled = strings.Repeat("b", 110)

const startOfTime = 1_795_291_200_000

func (b *stage) truth() int64 {
	return startOfTime + (time.Since(b.began) + b.asleep).Milliseconds()
}

func (b *stage) now() *power { return &b.boots[len(b.boots)-1] }

func (p *power) bootMS(truth int64) int64 {
	d := truth - p.start
	return d + d*p.ppm/1_000_000
}

func (p *power) truth(bootMS int64) int64 { return p.start + bootMS - bootMS*p.ppm/1_000_000 }

func (b *stage) bootMS() int64 { return b.now().bootMS(b.truth()) }

// wall is what the wall clock says.
func (b *stage) wall() int64 {
	if k := &b.kernel; k.lostAt != 0 {
		return b.now().truth(k.lostAt) + k.off + b.bootMS() - k.lostAt
	}
	return b.truth() + b.kernel.off
}

func (b *stage) ask() clock.Kernel {
	k := clock.Kernel{BootMS: b.bootMS(), UnixMS: b.wall(), ErrMS: b.kernel.err, Synced: b.kernel.synced}
	if b.kernel.lostAt != 0 {
		k.ErrMS += (k.BootMS - b.kernel.lostAt) * 500 / 1_000_000
		k.Synced = k.Synced && k.ErrMS < 16_000
	}
	return k
}

func (b *stage) chip() (int64, bool) {
	if b.kind != "battery" {
		return 0, false
	}
	return (b.truth()+b.battery)/1000*1000 + 500, true
}

// boot starts the kernel: the wall clock is set by what there is.
func (b *stage) boot(ppm int64) {
	b.boots = append(b.boots, power{fmt.Sprintf("00000000-0000-4000-8000-%012d", len(b.boots)+1), b.truth(), ppm})
	b.kernel.synced, b.kernel.err, b.kernel.lostAt = false, 16_000, 1
	switch wall := b.truth(); b.kind {
	case "battery":
		b.kernel.off = b.battery
	case "fake":
		b.kernel.off = b.saved - wall
	default:
		b.kernel.off = -wall
	}
	wait(3 * time.Second) // until the program starts
}

// start opens the gateway and lets it run; stop ends it in order.
func (b *stage) start() (g *Gateway, stop func()) {
	ctx, cancel := context.WithCancel(b.t.Context())
	ready := make(chan Started, 1)
	g, err := open(ctx, Options{Config: b.cfg, Catalog: b.metrics, Log: slog.New(slog.DiscardHandler),
		Boot:   clock.Boot{ID: b.now().id},
		BootMS: func() int64 { b.mu.Lock(); defer b.mu.Unlock(); return b.bootMS() },
		Kernel: func() clock.Kernel { b.mu.Lock(); defer b.mu.Unlock(); return b.ask() },
		Chip:   func() (int64, bool) { b.mu.Lock(); defer b.mu.Unlock(); return b.chip() },
		Wall:   func() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return time.UnixMilli(b.wall()) },
		Ready:  func(s Started) { ready <- s }})
	if err != nil {
		b.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- g.run(ctx) }()
	<-ready
	return g, func() {
		cancel()
		if err := errors.Join(<-done, g.journal.Close()); err != nil {
			b.t.Errorf("the gateway ended with %v", err)
		}
	}
}

func wait(d time.Duration) {
	time.Sleep(d) // in a bubble: no real time passes
	synctest.Wait()
}

// play runs the whole history and judges every date that comes up on the way.
func (b *stage) play(h history) {
	b.kind = h.Chip
	for _, l := range h.Boots {
		b.boot(l.PPM)
		g, stop := b.start()
		for _, s := range l.Steps {
			if s.What == "restart" {
				stop()
				wait(time.Second)
				g, stop = b.start()
				continue
			}
			b.do(s)
			b.judge(g)
		}
		b.saved = b.wall()
		if l.Cut {
			b.made++
			dir := filepath.Join(filepath.Dir(b.dir), fmt.Sprint("journal-", b.made))
			if err := os.CopyFS(dir, os.DirFS(b.dir)); err != nil {
				b.t.Fatal(err)
			}
			stop()
			b.use(dir)
		} else {
			stop()
		}
		wait(l.Off)
	}
}

func (b *stage) use(dir string) {
	cfg := *b.cfg
	cfg.Journal.Dir = dir
	b.dir, b.cfg = dir, &cfg
}

func (b *stage) do(s step) {
	b.change(s)
	switch s.What {
	case "wait":
		wait(time.Duration(s.Arg) * time.Millisecond)
	case "sync":
		wait(5 * time.Second)
	}
}

func (b *stage) change(s step) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch k := &b.kernel; s.What {
	case "wait":
	case "sync":
		k.off, k.err, k.synced, k.lostAt = s.Arg, max(s.Arg, -s.Arg)+2, true, 0
		b.battery = s.Arg // the kernel sets the chip
	case "lose":
		k.lostAt = b.bootMS()
	case "jump":
		at, wall := b.bootMS(), b.wall()+s.Arg
		k.off, k.synced, k.lostAt = wall-b.now().truth(at), false, at
	case "suspend":
		b.asleep += time.Duration(s.Arg) * time.Millisecond
	case "flood":
		b.water = 2
	case "ebb":
		b.water = 0
	default:
		b.t.Fatalf("step %q", s.What)
	}
}

// judge reads all that could travel now, as the uplink does, and holds every date
// against the truth, against its stated bound and against what was said before.
func (b *stage) judge(g *Gateway) {
	b.t.Helper()
	src := &source{journal: g.journal, dates: g.dates, units: g.catalog, log: g.log}
	b.order = b.order[:0]
	for _, e := range g.journal.Epochs() {
		p := b.of(e.Opened.Boot)
		err := g.journal.Read(e.Epoch, e.First, e.Last, func(rec journal.Record) error {
			out := src.travel(e.Epoch, p.id, rec)
			if rec.Kind == record.KindSample && !out.Undated {
				at, _ := g.clock.Date(p.id, src.sample.BootMS)
				b.moment(fmt.Sprintf("sample %d of %s", rec.Seq, e.Epoch), wire.Moment{Boot: p.id, BootMS: src.sample.BootMS, Unix: at.UnixMS, ErrorMS: at.ErrMS})
				for _, v := range out.Values {
					b.value(given{e.Epoch.String(), rec.Seq, v.Stream}, v, at)
				}
			}
			if ev := out.Event; ev != nil {
				b.moment(ev.Kind, ev.At)
				if ev.Gap != nil {
					b.moment("gap's begin", ev.Gap.From)
					b.moment("gap's end", ev.Gap.To)
				}
			}
			if a := out.Alert; a != nil {
				b.moment("alert", a.At)
				b.moment("alert's begin", a.Since)
			}
			return nil
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	b.rising()
}

func (b *stage) of(id string) *power {
	for i := range b.boots {
		if b.boots[i].id == id {
			return &b.boots[i]
		}
	}
	b.t.Fatalf("boot %q never was", id)
	return nil
}

func (b *stage) value(k given, v wire.Value, at clock.Date) {
	if was, ok := b.given[k]; ok && was != v.Time {
		b.t.Fatalf("%+v was dated %d and is dated %d", k, was-startOfTime, v.Time-startOfTime)
	}
	b.given[k] = v.Time
	b.order = append(b.order, k)
	if at.Guess != (v.Why == obs.Time) || at.Guess && v.Flag != obs.Suspect {
		b.t.Fatalf("%+v: guessed %v, and flagged %v %q", k, at.Guess, v.Flag, v.Why)
	}
}

// moment holds a date against the truth, if there is one.
func (b *stage) moment(what string, m wire.Moment) {
	if m.Unix == 0 {
		return
	}
	if off := m.Unix - b.of(m.Boot).truth(m.BootMS); max(off, -off) > m.ErrorMS+1 { // the test's own rounding
		b.t.Fatalf("%s at %d of boot %s: %d ms off, stated ± %d", what, m.BootMS, m.Boot, off, m.ErrorMS)
	}
}

// rising demands that the times of each stream rise in the order of the records.
func (b *stage) rising() {
	last := map[obs.Stream]int64{}
	for _, k := range b.order {
		if b.given[k] <= last[k.stream] {
			b.t.Fatalf("%+v: dated %d, the one before %d", k, b.given[k]-startOfTime, last[k.stream]-startOfTime)
		}
		last[k.stream] = b.given[k]
	}
}

// meter is a sensor without a wire.
type meter struct{ b *stage }

func (m meter) Sample(context.Context) ([]obs.Reading, error) {
	m.b.mu.Lock()
	defer m.b.mu.Unlock()
	return []obs.Reading{obs.Of(m.b.water)}, nil
}
func (m meter) Close() error { return nil }

// newStage is a board with one sensor and one rule; more is appended to its
// configuration.
func newStage(t *testing.T, more ...string) *stage {
	t.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	b := &stage{t: t, metrics: metrics, given: map[given]int64{}, battery: 20_000}
	kind := drivers.Kind{Name: "meter", Wire: drivers.HTTPHost, Plan: func(decode func(any) error) (*drivers.Plan, error) {
		var o struct {
			URL string `yaml:"url,required"`
		}
		return &drivers.Plan{Channels: []drivers.Channel{{Name: "level", Min: -10, Max: 10}}, Timeout: time.Second,
			OpenHTTP: func(drivers.Fetcher) (drivers.Driver, error) { return meter{b}, nil }}, decode(&o)
	}}
	src := fmt.Sprintf(`
gateway: {id: post-1, language: en}
journal: {dir: "%s", commit: 1m}
devices:
  river: {driver: meter, url: "http://192.0.2.1/", every: 30s}
rules:
  flood: {when: "river.level > 1", for: 10m, severity: orange, message: {en: "high"}}
%s`, filepath.Join(t.TempDir(), bubbled, "journal"), strings.Join(more, ""))
	b.cfg, err = config.Load("post.yaml", []byte(src), config.Env{Kinds: []drivers.Kind{kind}, Catalog: metrics, Rules: RuleChecker, Derived: DerivedChecker(metrics)})
	if err != nil {
		t.Fatal(err)
	}
	b.cfg.Status = ""
	b.use(b.cfg.Journal.Dir)
	return b
}

const (
	minutes = int64(60_000)
	hours   = 60 * minutes
)
