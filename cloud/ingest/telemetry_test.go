package ingest

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestPackIsStoredThenAcknowledged(t *testing.T) {
	for _, lane := range []wire.Lane{wire.Live, wire.Backfill} {
		t.Run(string(lane), func(t *testing.T) {
			r := newRig(t)
			g := r.gateway("gw", "")
			p := g.pack(10, 12, func(p *wire.Pack) { p.Lane = lane; p.Ranges = []wire.Range{{From: 7, To: 12}, {From: 20, To: 20}} })
			g.sendPack(p)
			a := g.ack("the pack", anything)
			if a.Store != "st-memory" || a.Epoch != p.Epoch || len(a.Stored) != 2 || a.Stored[0] != p.Ranges[0] || a.Stored[1] != p.Ranges[1] {
				t.Errorf("acknowledged %+v, want exactly %v", a, p.Ranges)
			}
			if d := time.Since(time.UnixMilli(a.Time)); d < 0 || d > patience || a.Credit == nil || a.Credit.Backfill < 1 {
				t.Errorf("time %d, credit %+v", a.Time, a.Credit)
			}
			if want := (map[wire.Lane]string{wire.Live: p.Echo()})[lane]; a.Echo != want {
				t.Errorf("echo %q, want %q", a.Echo, want)
			}
			for n := int64(10); n <= 12; n++ {
				if !r.store.has("gw", "river/level", noon+n*1000) {
					t.Errorf("reading %d is acknowledged and not stored", n)
				}
			}
			if vs := r.fleet.Values("gw"); len(vs) != 1 || *vs[0].V != 12 {
				t.Errorf("shown: %+v", vs)
			}
		})
	}
}

func TestDuplicatesAreAcknowledgedAgain(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	for range 3 {
		g.sendPack(g.pack(1, 5))
		g.stored(epoch(1), wire.Range{From: 1, To: 5})
	}
	// Packed another way, and on another lane.
	g.sendPack(g.pack(3, 8, func(p *wire.Pack) { p.Lane = wire.Backfill }))
	g.stored(epoch(1), wire.Range{From: 3, To: 8})
	if n := r.store.count(); n != 8 {
		t.Errorf("%d readings stored, want 8", n)
	}
}

func TestPackWithoutReadingsIsAcknowledged(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	g.sendPack(g.pack(1, 5, func(p *wire.Pack) { p.Values = nil }))
	g.stored(epoch(1), wire.Range{From: 1, To: 5})
	if r.store.writes != 0 {
		t.Error("the store was asked to write nothing")
	}
}

func TestClocklessPackIsShownAndAnsweredOnly(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	p := g.pack(1, 1, func(p *wire.Pack) { p.Boot = "01234567-89ab"; p.Values[0].Time = 5000 })
	g.sendPack(p)
	a := g.ack("the pack", anything)
	if a.Echo != p.Echo() || a.Time == 0 || len(a.Stored)+len(a.Refused) > 0 {
		t.Errorf("answer %+v, want time and echo only", a)
	}
	if vs := r.fleet.Values("gw"); len(vs) != 1 || !vs[0].Undated {
		t.Errorf("shown: %+v", vs)
	}
	if r.store.count() != 0 {
		t.Error("a reading without a date was stored")
	}
}

func TestStoreOutage(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	r.store.set(errDown)
	g.sendPack(g.pack(1, 3))
	r.eventually("the outage shows", func() bool { return r.in.CheckStore(t.Context()) != nil })
	g.silence(func(a wire.Ack) bool { return len(a.Stored) > 0 })
	if vs := r.fleet.Values("gw"); len(vs) != 1 {
		t.Error("readings are not shown while the store is down")
	}
	if c := r.in.credit(); c.Backfill != 0 {
		t.Errorf("credit %+v invites history while the store is down", c)
	}
	r.store.set(nil)
	g.stored(epoch(1), wire.Range{From: 1, To: 3}) // without being sent again
	if err := r.in.CheckStore(t.Context()); err != nil {
		t.Errorf("CheckStore = %v", err)
	}
}

// A message that is longer than the whole lane is set aside like any other: it must
// not make the lane leave the broker, which would deliver a retained one each time.
func TestMessageLongerThanTheLane(t *testing.T) {
	r := newRig(t)
	l := r.in.lanes[0]
	m := &message{topic: "lamppost/v1/gw/live", payload: make([]byte, l.limit+1), acked: make(chan struct{}, 1)}
	l.take(m)
	select {
	case <-m.acked:
	case <-l.full:
		t.Error("the lane calls itself full")
	case <-time.After(patience):
		t.Error("the message is not acknowledged to the broker")
	}
	g := r.gateway("gw", "")
	g.sendPack(g.pack(1, 1))
	g.ack("what came behind it", func(a wire.Ack) bool { return len(a.Stored) > 0 })
}

// While the store is down a lane takes what it can hold, then leaves the broker,
// and comes back by itself. What it could not take comes again from the gateway.
func TestFullLaneLeavesAndReturns(t *testing.T) {
	r := newRig(t)
	r.stop()
	r.start(func(in *Ingest) { in.lanes[0].limit = 4000 })
	g := r.gateway("gw", "")
	r.store.set(errDown)
	const packs = 200
	for n := uint64(1); n <= packs; n++ {
		g.sendPack(g.pack(n, n))
	}
	r.eventually("the lane leaves", func() bool {
		err := r.in.CheckLink(t.Context())
		return err != nil && strings.Contains(err.Error(), "wait for the store")
	})
	if r.in.lanes[0].bytes.Load() > 4000+1000 {
		t.Errorf("the lane holds %d bytes, 4000 are allowed", r.in.lanes[0].bytes.Load())
	}
	r.store.set(nil)
	r.eventually("the lane returns", func() bool { return r.in.CheckLink(t.Context()) == nil })
	var have wire.RangeSet
	for have.Count() < packs {
		for m := range have.Missing(wire.Range{From: 1, To: packs}) {
			g.sendPack(g.pack(m.From, min(m.To, m.From+20)))
			break
		}
		a := g.ack("what was missing", func(a wire.Ack) bool { return len(a.Stored) > 0 })
		for _, s := range a.Stored {
			have.Add(s)
		}
	}
	if n := r.store.count(); n != packs {
		t.Errorf("%d readings stored, want %d", n, packs)
	}
}

func TestRefusedReadings(t *testing.T) {
	old := func(p store.Point) string {
		if p.Time < noon+3000 {
			return "older than the retention of 90d"
		}
		return ""
	}
	t.Run("some", func(t *testing.T) {
		r := newRig(t)
		r.store.refuse = old
		g := r.gateway("gw", "")
		g.sendPack(g.pack(1, 5)) // 1 and 2 are too old
		g.stored(epoch(1), wire.Range{From: 1, To: 5})
		gaps, err := r.fleet.Gaps(t.Context(), "gw", 0, 0)
		if err != nil || len(gaps) != 1 || gaps[0].From != noon+1000 || gaps[0].To != noon+2000 || gaps[0].Why != "retention" {
			t.Errorf("gaps %+v, %v", gaps, err)
		}
		if why := r.parkedWhy(); len(why) != 1 || !strings.Contains(why[0], "refused by the store") {
			t.Errorf("set aside: %q", why)
		}
	})
	t.Run("all", func(t *testing.T) {
		r := newRig(t)
		r.store.refuse = old
		g := r.gateway("gw", "")
		g.sendPack(g.pack(1, 2))
		a := g.ack("the refusal", func(a wire.Ack) bool { return len(a.Refused) > 0 })
		if len(a.Stored) != 0 || a.Refused[0].Retry || a.Refused[0].Why != "retention" || a.Refused[0].Range != (wire.Range{From: 1, To: 2}) {
			t.Errorf("answer %+v", a)
		}
	})
	t.Run("and they cannot be set aside", func(t *testing.T) {
		r := newRig(t)
		r.store.refuse = old
		r.db.set(errDown)
		g := r.gateway("gw", "")
		g.sendPack(g.pack(1, 2))
		g.silence(func(a wire.Ack) bool { return len(a.Stored)+len(a.Refused) > 0 })
		r.db.set(nil)
		g.sendPack(g.pack(1, 2))
		g.ack("the refusal", func(a wire.Ack) bool { return len(a.Refused) > 0 })
	})
}

func TestTwoGatewaysUnderOneID(t *testing.T) {
	r := newRig(t)
	a, b := r.gateway("gw", "/a"), r.gateway("gw", "/b")
	send := func(g *gateway, e wire.Epoch, n uint64, v float64) {
		g.sendPack(g.pack(n, n, func(p *wire.Pack) {
			p.Epoch = e
			p.Values[0].V = v
			p.Values[0].Stream.Channel = "ch" + string(rune('a'+e.Counter()))
		}))
		g.stored(e, wire.Range{From: n, To: n})
	}
	// The second speaks while the first goes on for longer than a restart can explain.
	end := time.After(patience)
	for n := uint64(1); ; n++ {
		send(a, epoch(1), n, 1)
		send(b, epoch(2), n, 2)
		if v, _ := r.fleet.Gateway("gw"); v.Conflict {
			if v.Health[0].ID != "clone" {
				t.Errorf("health %+v", v.Health)
			}
			break
		}
		select {
		case <-end:
			t.Fatal("nobody notices two journals under one id")
		case <-time.After(100 * time.Millisecond):
		}
	}
	if len(r.fleet.Values("gw")) != 2 {
		t.Error("not both are shown")
	}
}

// What has been acknowledged is stored, and in the end everything is, whatever is
// killed meanwhile.
func TestKillsAndOutages(t *testing.T) {
	const records = 400
	r := newRig(t)
	g := r.gateway("gw", "")
	rnd := rand.New(rand.NewPCG(7, 7))
	var have wire.RangeSet
	note := func(a wire.Ack) {
		for _, s := range a.Stored {
			for n := s.From; n <= s.To; n++ {
				if !r.store.has("gw", "river/level", noon+int64(n)*1000) {
					t.Fatalf("record %d is acknowledged and not stored", n)
				}
			}
			have.Add(s)
		}
	}
	next := uint64(1)
	for round := 0; have.Count() < records; round++ {
		switch rnd.IntN(8) {
		case 0:
			r.stop()
			r.start()
		case 1:
			r.store.set(errDown)
		case 2:
			r.store.set(nil)
		}
		if next <= records {
			to := min(next+rnd.Uint64N(20), records)
			g.sendPack(g.pack(next, to))
			next = to + 1
		}
		for m := range have.Missing(wire.Range{From: 1, To: next - 1}) {
			to := min(m.From+rnd.Uint64N(50), m.To)
			g.sendPack(g.pack(m.From, to, func(p *wire.Pack) { p.Lane = wire.Backfill }))
			break
		}
		for drained := false; !drained; {
			select {
			case a := <-g.acks:
				note(a)
			case <-time.After(20 * time.Millisecond):
				drained = true
			}
		}
		if round > 2000 {
			t.Fatalf("%d of %d records after %d rounds", have.Count(), records, round)
		}
	}
	if n := r.store.count(); n != records {
		t.Errorf("%d readings stored, want %d", n, records)
	}
}
