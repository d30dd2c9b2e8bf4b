package uplink

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/uplink/explore"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// twin is the uplink beside the model of it. Whatever the uplink does of itself
// must be a step that the model allows; what the world does is done to both; and
// what both believe to be stored must be the same.
type twin struct {
	t    *testing.T
	rng  *rand.Rand
	m    *explore.Model
	said []string // the history, for the report

	mu   sync.Mutex
	s    explore.State
	u    *Uplink
	link *twinLink
	end  func()
	keys []twinKey // of each record of the model
	keep []byte    // saved cursors, as the next commit takes them
	disk []byte    // and as they are on disk
	// none are the numbers in packs behind which nothing stands any more.
	none map[wire.Epoch][]wire.Range
	fair bool // faults have stopped: what is sent arrives and is answered
}

type twinKey struct {
	epoch wire.Epoch
	seq   uint64
}

type twinLink struct {
	w    *twin
	h    handshake
	once sync.Once
	gone chan struct{}
}

func (l *twinLink) lost() <-chan struct{} { return l.gone }
func (l *twinLink) err() error            { return errLost }
func (l *twinLink) close(bool)            { l.cut() }
func (l *twinLink) cut()                  { l.once.Do(func() { close(l.gone) }) }

func (l *twinLink) publish(topic string, _ bool, payload []byte, done func(error)) {
	if !over(l.gone) {
		l.w.sent(l, topic, payload)
	}
	go done(nil)
}

func twinEpoch(e uint8) wire.Epoch { return wire.Epoch(fmt.Sprintf("%d-00000000000%d", 17+e, e)) }

// do makes a step in the model; it must be possible.
func (w *twin) do(st explore.Step) {
	after, ok := w.m.Do(w.s, st)
	if !ok {
		w.t.Errorf("the model does not allow: %v\nin %v\nafter\n  %s", st, w.s.String(), strings.Join(w.said, "\n  "))
		return
	}
	w.said = append(w.said, st.String())
	w.s = after
	for r := len(w.keys); r < int(w.s.N); r++ {
		seq := uint64(1)
		if r > 0 && w.keys[r-1].epoch == twinEpoch(w.s.Now) {
			seq = w.keys[r-1].seq + 1
		}
		w.keys = append(w.keys, twinKey{twinEpoch(w.s.Now), seq})
	}
}

// start begins a process on what is on disk.
func (w *twin) start() {
	dead := new(bool)
	u, err := New(Options{Gateway: gw, Epoch: twinEpoch(w.s.Now), Brokers: []string{"mqtt://unused"}, Stores: []string{"st-1"}, Saved: w.disk,
		Save: func(b []byte) error { return w.save(dead, b) }, Journal: w, Limits: Limits{Readings: 2, SaveEvery: 3 * time.Second}})
	if err != nil {
		w.t.Fatal(err)
	}
	u.dial = func(_ context.Context, h handshake) (link, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if *dead {
			return nil, errLost
		}
		w.link = &twinLink{w: w, h: h, gone: make(chan struct{})}
		return w.link, nil
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := u.Run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	w.mu.Lock()
	w.u, w.keep = u, w.disk
	w.mu.Unlock()
	w.end = func() {
		w.mu.Lock()
		*dead = true
		l := w.link
		w.mu.Unlock()
		if l != nil {
			l.cut()
		}
		cancel()
		<-ended
		w.mu.Lock()
		w.link = nil
		w.mu.Unlock()
	}
}

// world does to the uplink what was just done to the model.
func (w *twin) world(st explore.Step, before explore.State) {
	w.mu.Lock()
	s, keys, l := w.s, w.keys, w.link
	w.mu.Unlock()
	newest := keys[max(len(keys)-1, 0):]
	switch st.Kind {
	case explore.Append:
		w.u.Offer(newest[0].seq, []wire.Value{reading(newest[0].seq)})
	case explore.Commit:
		w.toDisk()
		w.handOver(s.Disk&^before.Disk, s, keys)
	case explore.Reconnect:
		l.cut()
	case explore.GiveUp, explore.Damage:
		if s.N > before.N {
			w.must(w.u.Event(eventOf(newest[0])))
		}
	case explore.PowerCut:
		if st.B&1 == 1 {
			w.toDisk()
		}
		w.end()
		w.start()
		w.handOver(s.Disk, s, keys) // a gateway does so with those that are active
		if s.N > before.N {
			w.must(w.u.Event(eventOf(newest[0])))
		}
	case explore.Take:
		w.mu.Lock()
		a := w.ackFor(int(st.A))
		w.mu.Unlock()
		w.hear(l, a)
	case explore.Clone:
		if st.B == 3 {
			k := newest[0]
			foreign := wire.Epoch(fmt.Sprintf("%d-ffffffffffff", k.epoch.Counter()))
			w.hear(l, wire.Ack{V: wire.Version, Store: "st-1", Epoch: foreign, Stored: []wire.Range{{From: 1, To: 8}}})
		}
	}
}

// toDisk commits what was saved.
func (w *twin) toDisk() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disk = w.keep
}

// handOver gives the uplink the alerts among records that are on disk.
func (w *twin) handOver(records explore.Set, s explore.State, keys []twinKey) {
	for r, k := range keys {
		if (records & s.Alerts &^ s.Cursor).Has(r) {
			w.must(w.u.Alert(alertOf(k)))
		}
	}
}

func (w *twin) ackFor(r int) wire.Ack {
	k := w.keys[r]
	a := wire.Ack{V: wire.Version, Store: "st-1", Epoch: k.epoch, Stored: []wire.Range{{From: k.seq, To: k.seq}}}
	a.Stored = append(a.Stored, w.none[k.epoch]...)
	if w.s.Alerts.Has(r) {
		a.Stored, a.Alerts = nil, []wire.Revised{{ID: alertOf(k).ID, Rev: 1}}
	}
	return a
}

func (w *twin) must(err error) {
	if err != nil {
		w.t.Error(err)
	}
}

// compare looks whether both believe the same.
func (w *twin) compare() {
	w.mu.Lock()
	s, keys := w.s, w.keys
	w.mu.Unlock()
	for r, k := range keys {
		if !(s.RAM | s.Disk).Has(r) {
			continue
		}
		if got := w.u.Stored(k.epoch, wire.Range{From: k.seq, To: k.seq}); got != s.Cursor.Has(r) {
			w.t.Errorf("record %d: the uplink says stored %v\nin %v\nafter\n  %s", r, got, s.String(), strings.Join(w.said, "\n  "))
		}
	}
}

// turn lets some time pass, in which the uplink does what it does, and then lets
// one thing happen.
func (w *twin) turn() {
	time.Sleep(time.Duration(w.rng.IntN(7000)) * time.Millisecond)
	synctest.Wait()
	w.compare()
	w.mu.Lock()
	before := w.s
	var can []explore.Step
	w.m.Next(before, func(st explore.Step, _ explore.State) {
		switch st.Kind {
		case explore.Send, explore.Resend, explore.Save: // the uplink's own
		case explore.Reconnect, explore.Take:
			if w.link != nil && !over(w.link.gone) {
				can = append(can, st)
			}
		case explore.Append, explore.Deliver, explore.Store, explore.Commit:
			can = append(can, st, st, st)
		default:
			can = append(can, st)
		}
	})
	if len(can) == 0 {
		w.mu.Unlock()
		return
	}
	st := can[w.rng.IntN(len(can))]
	w.do(st)
	w.mu.Unlock()
	w.world(st, before)
}

// settle lets faults stop, and everything sent be answered.
func (w *twin) settle() {
	w.mu.Lock()
	w.fair = true
	w.mu.Unlock()
	for range 120 {
		time.Sleep(5 * time.Second)
		synctest.Wait()
		w.mu.Lock()
		before := w.s
		for _, st := range []explore.Step{{Kind: explore.Commit}, {Kind: explore.Delete}} {
			if after, ok := w.m.Do(w.s, st); ok && after != w.s {
				w.do(st)
			}
		}
		w.mu.Unlock()
		w.world(explore.Step{Kind: explore.Commit}, before)
	}
	w.compare()
	status := w.u.Status()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.s.Arrived() || status.Waiting != 0 {
		w.t.Errorf("not all has arrived: %v\n%+v\nafter\n  %s", w.s.String(), status, strings.Join(w.said, "\n  "))
	}
}

// TestUplinkIsTheModel plays random histories of the explored model against the
// uplink itself: what it sends, sends again and believes must be what the model
// allows, and in the end everything must have arrived.
func TestUplinkIsTheModel(t *testing.T) {
	bounds := explore.Bounds{Telemetry: 3, Alerts: 1, Connections: 2, Crashes: 2, Trims: 1, Damages: 1, Clones: 1, Aggregators: 2}
	histories := 150
	if testing.Short() {
		histories = 60
	}
	steps := 0
	for n := range histories {
		synctest.Test(t, func(t *testing.T) {
			w := &twin{t: t, rng: rand.New(rand.NewPCG(1, uint64(n))), m: explore.Playing(bounds), none: make(map[wire.Epoch][]wire.Range)}
			w.start()
			defer func() { w.end() }()
			for range 50 {
				if w.turn(); t.Failed() {
					return
				}
			}
			w.settle()
			steps += len(w.said)
		})
		if t.Failed() {
			t.Fatalf("history %d", n)
		}
	}
	t.Logf("%d histories, %d steps", histories, steps)
}
