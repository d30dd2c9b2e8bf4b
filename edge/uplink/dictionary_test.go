package uplink

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// dictionaryOf returns the dictionary that a message names.
func dictionaryOf(t *testing.T, payload []byte) uint32 {
	t.Helper()
	var h zstd.Header
	if err := h.Decode(payload); err != nil {
		t.Fatalf("not compressed: %v: %s", err, payload)
	}
	return h.DictionaryID
}

// newest returns the dictionary of the last pack that came, and how many came.
func (c *city) newest(t *testing.T, kind wire.Kind) (id uint32, n int) {
	t.Helper()
	as := c.arrivals(kind)
	if len(as) == 0 {
		t.Fatalf("no %s came", kind)
	}
	return dictionaryOf(t, as[len(as)-1].payload), len(as)
}

// A dictionary is used from the first acknowledgement that lists it, on that
// connection; no longer once somebody speaks who does not know it; and what was
// packed with it then comes again without.
func TestDictionaryIsUsedWhereAllCanReadIt(t *testing.T) {
	known := wire.Dictionaries()[0]
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.reads = []uint32{99999, known}
		j := newMemory(epoch17)
		u, stop := c.start(t, Options{Journal: j, Limits: Limits{Compress: On}})
		defer stop()
		n := 0
		send := func() {
			from := n + 1
			n += 20
			offer(u, uint64(from), uint64(n)) // before the commit, else they may go as history
			j.fillUp(epoch17, n)
			after(3 * time.Second)
		}
		send()
		if id := dictionaryOf(t, c.arrivals(wire.LiveTopic)[0].payload); id != 0 {
			t.Errorf("dictionary %d before anybody listed it", id)
		}
		send()
		if id, _ := c.newest(t, wire.LiveTopic); id != known {
			t.Errorf("dictionary %d, want %d", id, known)
		}

		// Another aggregator, an older one, takes over while a pack waits for its answer.
		c.change(func() { c.ack = func(arrival) bool { return false } })
		send()
		if id, _ := c.newest(t, wire.LiveTopic); id != known {
			t.Errorf("dictionary %d, want %d", id, known)
		}
		c.change(func() { c.ack, c.reads = nil, nil })
		c.say(wire.Ack{})
		after(20 * time.Second)
		if id, _ := c.newest(t, wire.BackfillTopic); id != 0 {
			t.Errorf("dictionary %d, and one of two cannot read it", id)
		}
		c.say(wire.Ack{Dictionaries: []uint32{known}})
		send()
		if id, _ := c.newest(t, wire.LiveTopic); id != 0 {
			t.Errorf("dictionary %d, and one of two cannot read it", id)
		}

		// A new connection begins anew, without, whatever the last one ended with.
		c.change(func() { c.reads = []uint32{known} })
		for range 2 {
			c.cut()
			after(10 * time.Second)
			_, before := c.newest(t, wire.LiveTopic)
			send()
			as := c.arrivals(wire.LiveTopic)
			if len(as) <= before || dictionaryOf(t, as[before].payload) != 0 {
				t.Errorf("%d packs, the first on a new connection names dictionary %d", len(as)-before, dictionaryOf(t, as[before].payload))
			}
			send()
			if id, _ := c.newest(t, wire.LiveTopic); id != known {
				t.Errorf("dictionary %d, want %d", id, known)
			}
		}
		stop()
		c.check(t, epoch17, n)
	})
}

// What the filler packed while the dictionary was withdrawn is not sent.
func TestParcelOfAWithdrawnDictionary(t *testing.T) {
	u, err := New(Options{Gateway: gw, Epoch: epoch17, Brokers: []string{"mqtt://unused"}})
	if err != nil {
		t.Fatal(err)
	}
	u.up(1)
	known := wire.Dictionaries()[0]
	for _, c := range []struct {
		packed, now uint32
		want        int
	}{{0, 0, 1}, {known, known, 1}, {0, known, 1}, {known, 0, 0}} {
		u.prepared = nil
		u.packer.use(c.now)
		u.apply(parcel{harvest: harvest{epoch: epoch17}, pack: &shipment{lane: backfillLane}, dictionary: c.packed}, time.Now())
		if len(u.prepared) != c.want {
			t.Errorf("packed with %d, now %d: %d prepared, want %d", c.packed, c.now, len(u.prepared), c.want)
		}
	}
}
