package uplink

import (
	"bytes"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/wire"
)

var _ Clock = (*clock.Clock)(nil)

// boardClock is a board's clock in a bubble: trusted from the moment somebody
// says what time it is.
type boardClock struct {
	mu     sync.Mutex
	start  time.Time
	offset int64 // Unix at boot; 0: not known
	errMS  int64
	heard  int
}

func (c *boardClock) BootMS() int64 { return time.Since(c.start).Milliseconds() }

func (c *boardClock) Unix(bootMS int64) (unixMS, errMS int64, trusted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.offset == 0 {
		return 0, 0, false
	}
	return c.offset + bootMS, c.errMS, true
}

func (c *boardClock) Observe(source string, bootMS, unixMS, errMS int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard++
	if c.offset == 0 && source == "uplink" {
		c.offset, c.errMS = unixMS-bootMS, errMS
	}
}

// A board that does not know the time: its readings are shown, not stored; the
// answer to them tells the time, with half the round trip as error; then they are
// stored under it.
func TestClockless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		board := &boardClock{start: time.Now()}
		c.clock = func() int64 { return base + board.BootMS() }
		c.slow, c.behind = 100*time.Millisecond, 200*time.Millisecond
		c.ack = func(a arrival) bool { return a.pack == nil || a.pack.Boot == "" } // nobody tells the time yet
		j := newMemory(epoch17)
		u, stop := c.start(t, Options{Journal: j, Clock: board, Boot: bootID})
		defer stop()
		sample := func(seq uint64) {
			v := reading(seq)
			v.Time = board.BootMS()
			j.put(epoch17, Record{Undated: true, Values: []wire.Value{v}})
			u.Offer(seq, []wire.Value{v})
		}
		for seq := uint64(1); seq <= 60; seq++ {
			sample(seq)
			after(time.Second)
		}
		live := c.arrivals(wire.LiveTopic)
		if len(live) < 50 || live[0].pack.Boot != bootID || live[0].pack.Values[0].Time != 0 || len(c.stored) != 0 {
			t.Fatalf("%d packs, %d epochs stored: %+v", len(live), len(c.stored), live[0].pack)
		}
		if s := u.Status(); s.OnWay != 0 || s.Waiting != 60 || s.Resent != 0 || len(c.arrivals(wire.BackfillTopic)) != 0 {
			t.Errorf("%+v", s)
		}
		c.change(func() { c.ack = nil })
		sample(61)
		after(2 * time.Second)
		unixMS, errMS, trusted := board.Unix(0)
		if off := unixMS - base; !trusted || off < -errMS || off > errMS || errMS > 160 {
			t.Fatalf("boot was at %d ± %d, %v", off, errMS, trusted)
		}
		j.change(func() { // the adapter dates them now
			for i := range j.records[epoch17] {
				r := &j.records[epoch17][i]
				v := r.Values[0]
				v.Time, _, _ = board.Unix(v.Time)
				r.Undated, r.Values = false, []wire.Value{v}
			}
		})
		after(20 * time.Second)
		if n := c.check(t, epoch17, 61); n != 0 || u.Status().Waiting != 0 {
			t.Errorf("%d twice, %+v", n, u.Status())
		}
		sample(62)
		after(2 * time.Second)
		live = c.arrivals(wire.LiveTopic)
		last := live[len(live)-1].pack
		if last.Boot != "" || last.Values[0].Time != unixMS+board.BootMS()-2000 {
			t.Errorf("%+v at %d", last, board.BootMS())
		}
	})
}

// Pictures travel in pieces behind everything, come again until acknowledged, and
// a camera's newest still replaces the one before.
func TestImages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		deaf := true
		c.ack = func(a arrival) bool { return a.kind != wire.ImageTopic || !deaf }
		u, stop := c.start(t, Options{})
		defer stop()
		id := func(n int) string { return alert(n, 1, 1).ID }
		picture := func(n int, device, alert string, size int) []byte {
			jpeg := bytes.Repeat([]byte{byte(n)}, size)
			m := wire.ImageMeta{ID: id(n), Device: device, At: wire.Moment{Unix: base}, Alert: alert}
			if err := u.Image(m, jpeg); err != nil {
				t.Fatal(err)
			}
			return jpeg
		}
		picture(1, "gauge", "", 40_000)
		flood := picture(2, "gauge", id(9), 50_000)
		newest := picture(3, "gauge", "", 20_000)
		after(10 * time.Second)
		if s := u.Status(); s.Images != 2 {
			t.Errorf("%d pictures wait", s.Images)
		}
		if n := len(c.arrivals(wire.ImageTopic)); n < 6 || n > 9 {
			t.Errorf("%d pieces in the first round", n)
		}
		c.change(func() { deaf = false })
		after(2 * time.Minute)
		if !bytes.Equal(c.pictures[id(2)], flood) || !bytes.Equal(c.pictures[id(3)], newest) || u.Status().Images != 0 {
			t.Errorf("%d pictures arrived, %d wait", len(c.pictures), u.Status().Images)
		}
		if err := u.Image(wire.ImageMeta{}, []byte{1}); err == nil {
			t.Error("a picture without an id was taken")
		}
	})
}
