package gateway

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// eyed is a meter that sees what it measures, until it is blind.
type eyed struct {
	meter
	mu    sync.Mutex
	n     byte
	blind bool
}

func (e *eyed) Still() ([]byte, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.n++
	return []byte{0xff, 0xd8, e.n, 0xff, 0xd9}, !e.blind
}

func (e *eyed) Sample(ctx context.Context) ([]obs.Reading, error) { return e.meter.Sample(ctx) }

// goBlind lets it see nothing any more from then on.
func (e *eyed) goBlind(in time.Duration) {
	time.AfterFunc(in, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.blind = true
	})
}

// newWatched is a stage whose flood has pictures, the last of them 5 minutes after the
// raise. Nobody is there to take them.
func newWatched(t *testing.T) (*stage, *eyed) {
	b := newStage(t)
	b.began, b.kind = time.Now(), "none"
	e := &eyed{meter: meter{b}}
	b.cfg.Devices[0].Plan.OpenHTTP = func(drivers.Fetcher) (drivers.Driver, error) { return e, nil }
	b.cfg.Rules[0].Still = config.Still{Camera: "river", After: 5 * time.Minute}
	b.cfg.Uplink = &config.Uplink{Brokers: []string{"mqtt://127.0.0.1:1"}, Prefix: wire.DefaultPrefix}
	b.cfg.Journal.Stills = config.Stills{Size: 1 << 20, Age: 24 * time.Hour}
	return b, e
}

// raise lets the flood come and returns the alert that names its pictures.
func (b *stage) raise(g *Gateway) wire.Alert {
	b.t.Helper()
	b.do(step{"flood", 0})
	wait(11 * time.Minute)
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.active["flood"]
	if a == nil || len(a.Pictures) != 3 {
		b.t.Fatalf("the alert is %+v", a)
	}
	return *a
}

// cut ends the power; what the gateway does after it is not on the disk.
func (b *stage) cut(stop func()) {
	b.made++
	dir := filepath.Join(filepath.Dir(b.dir), "cut-"+string(rune('a'+b.made)))
	if err := os.CopyFS(dir, os.DirFS(b.dir)); err != nil {
		b.t.Fatal(err)
	}
	stop()
	b.use(dir)
}

// told are the pictures that will never come, as the journal has it, by why.
func told(t *testing.T, g *Gateway) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, e := range g.journal.Epochs() {
		err := g.journal.Read(e.Epoch, e.First, e.Last, func(r journal.Record) error {
			if r.Kind != record.KindEvent {
				return nil
			}
			ev, err := record.DecodeEvent(r.Body, e.Epoch, r.Seq)
			if err == nil && ev.Missing != nil {
				out[ev.Missing.Why] = append(out[ev.Missing.Why], ev.Missing.Images...)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// A picture that was to be taken after a power cut is taken, if the gateway is back in
// time; else the center is told that it never comes. A gateway without a clock finds out
// first how long it was away.
func TestPicturesThatWereDueInAPowerCut(t *testing.T) {
	for name, c := range map[string]struct {
		off    time.Duration
		synced time.Duration // after the start; 0: never
		taken  bool
	}{
		"back before its moment":        {time.Minute, time.Second, true},
		"back a little late":            {12 * time.Minute, time.Second, true},
		"back too late":                 {16 * time.Minute, time.Second, false},
		"back, and the clock is unsure": {4 * time.Minute, 3 * time.Minute, true},
		"nobody ever knows the time":    {time.Minute, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, _ := newWatched(t)
				b.boot(0)
				g, stop := b.start()
				b.do(step{"sync", 0})
				a := b.raise(g)
				b.cut(stop)
				wait(c.off)
				b.boot(0)
				g, stop = b.start()
				defer func() { stop() }()
				after := a.Pictures[2].Image
				if c.synced > 0 {
					wait(c.synced)
					b.do(step{"sync", 0})
				}
				wait(13 * time.Minute)
				if got := slices.Contains(g.keeper.spool.IDs(), after); got != c.taken {
					t.Errorf("the picture was taken: %v, want %v", got, c.taken)
				}
				if got := slices.Contains(told(t, g)[wire.NotRun], after); got == c.taken {
					t.Errorf("told that it never comes: %v, of a picture that was taken: %v", got, c.taken)
				}
				if kept, ok := g.journal.State(ordersKey); ok {
					t.Errorf("still ordered: %s", kept)
				}
				if c.taken {
					m, _, err := g.keeper.spool.Get(after)
					if err != nil || m.Alert != a.ID || m.Moment != wire.PictureAfter || m.At.Unix < a.At.Unix+5*minutes || m.At.Unix > a.At.Unix+15*minutes+5000 {
						t.Errorf("%+v, %v; the alert is of %d", m, err, a.At.Unix)
					}
				}
			})
		})
	}
}

// A program that is killed and starts again takes the picture at its moment.
func TestPicturesAreTakenAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newWatched(t)
		b.boot(0)
		g, stop := b.start()
		a := b.raise(g)
		b.cut(stop)
		wait(time.Second)
		g, stop = b.start()
		defer func() { stop() }()
		wait(5 * time.Minute)
		m, _, err := g.keeper.spool.Get(a.Pictures[2].Image)
		if late := m.At.BootMS - a.At.BootMS - 5*minutes; err != nil || late < 0 || late > 1000 {
			t.Errorf("%+v, %v, %d ms late", m, err, late)
		}
		if got := told(t, g); len(got) > 0 {
			t.Errorf("told of %v", got)
		}
	})
}

// What the camera does not give and what cannot be read back is told of, each with its
// reason.
func TestPicturesThatNeverComeAreToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, e := newWatched(t)
		b.boot(0)
		g, stop := b.start()
		b.do(step{"sync", 0})
		e.goBlind(9*time.Minute + 50*time.Second) // just before the raise
		a := b.raise(g)
		wait(16 * time.Minute) // it was due 5 minutes after the raise, and might have come 10 later
		if got := told(t, g); !slices.Equal(got[wire.NotTaken], []string{a.Pictures[2].Image}) || len(got) != 1 {
			t.Errorf("a blind camera: told of %v", got)
		}
		torn := filepath.Join(b.dir, "stills", a.Pictures[0].Image+".still")
		if err := os.WriteFile(torn, []byte("torn"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := g.keeper.Get(a.Pictures[0].Image); err == nil {
			t.Error("a torn file was read")
		}
		wait(time.Minute)
		if got := told(t, g); !slices.Equal(got[wire.Unread], []string{a.Pictures[0].Image}) {
			t.Errorf("told of %v; the alert names %+v", got, a.Pictures)
		}
		stop()
	})
}

// A camera that fell silent between the raise and the moment of the picture after it gave
// none of that moment: what it saw last is no picture of later.
func TestNoPictureOfLaterIsFromBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, e := newWatched(t)
		b.boot(0)
		g, stop := b.start()
		b.do(step{"sync", 0})
		e.goBlind(13 * time.Minute) // the raise is at 10, the picture due at 15
		a := b.raise(g)
		wait(16 * time.Minute) // it was due 5 minutes after the raise, and might have come 10 later
		if got := told(t, g); !slices.Equal(got[wire.NotTaken], []string{a.Pictures[2].Image}) || len(got) != 1 {
			t.Errorf("told of %v", got)
		}
		if ids := g.keeper.spool.IDs(); slices.Contains(ids, a.Pictures[2].Image) || !slices.Contains(ids, a.Pictures[1].Image) {
			t.Errorf("there are %v; the alert names %+v", ids, a.Pictures)
		}
		stop()
	})
}

// A camera that is away at the moment of the picture after an alert, because it starts, is
// asked again, and has ten minutes.
func TestACameraThatStartsIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, e := newWatched(t)
		b.boot(0)
		g, stop := b.start()
		b.do(step{"sync", 0})
		e.goBlind(14*time.Minute + 59*time.Second) // the picture is due at 15
		time.AfterFunc(15*time.Minute+50*time.Second, func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.blind = false
		})
		a := b.raise(g)
		wait(6 * time.Minute)
		if got := told(t, g); len(got) != 0 || !slices.Contains(g.keeper.spool.IDs(), a.Pictures[2].Image) {
			t.Errorf("told of %v; there are %v; the alert names %+v", got, g.keeper.spool.IDs(), a.Pictures)
		}
		stop()
	})
}

// A camera whose pictures take minutes has the time for one of a moment.
func TestASlowCameraIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newWatched(t)
		b.cfg.Devices[0].Plan.Timeout = 6 * time.Minute
		b.boot(0)
		g, stop := b.start()
		b.do(step{"sync", 0})
		b.raise(g)
		g.mu.Lock()
		orders := g.orders.List()
		g.mu.Unlock()
		if len(orders) != 1 || orders[0].UntilMS != orders[0].FromMS+720_000 {
			t.Errorf("ordered are %+v", orders)
		}
		stop()
	})
}

func TestAbsentIsBoundedAndShort(t *testing.T) {
	m := newAbsent()
	for range maxMissing + 10 {
		m.add("a", wire.NoRoom)
	}
	m.add("b", wire.TooOld) // no room for it any more
	events := m.take()
	if n := len(events); n != maxMissing/wire.MaxListed {
		t.Errorf("%d events", n)
	}
	for _, e := range events {
		if e.Why != wire.NoRoom || len(e.Images) != wire.MaxListed {
			t.Errorf("%d pictures, %s", len(e.Images), e.Why)
		}
	}
	if m.add("c", wire.TooOld); len(m.take()) != 1 || len(m.take()) != 0 {
		t.Error("what was taken is not gone")
	}
}
