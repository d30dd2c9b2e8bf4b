package uplink

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// A store that was restored from an older copy gets again what came since, also
// when the gateway is restarted at once, and nothing else.
func TestRewind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		var saved []byte
		synced := 0
		j := newMemory(epoch17, epoch18).fillUp(epoch17, 3000).fillUp(epoch18, 1000)
		o := Options{Epoch: epoch18, Journal: j, Save: func(s []byte) error { saved = s; return nil }, Sync: func() error { synced++; return nil }}
		u, stop := c.start(t, o)
		after(20 * time.Second)
		if s := u.Status(); s.Waiting != 0 || u.cursors.floor != 18 {
			t.Fatalf("before: %+v", s)
		}
		n, err := u.Rewind(base + 2001) // from record 2001 of epoch 17 on, 1000 of it; none of epoch 18, whose readings are older
		if err != nil || n != 1000 || synced != 2 {
			t.Fatalf("Rewind = %d, %v, synced %d times", n, err, synced)
		}
		if got := c.check(t, epoch17, 3000); got != 0 {
			t.Fatalf("%d came twice before the rewind", got)
		}
		now := slices.Clone(saved) // a crash right here
		stop()
		again := newCity(t)
		o.Saved = now
		u, stop = again.start(t, o)
		defer stop()
		after(20 * time.Second)
		if len(again.stored[epoch17]) != 1000 || again.stored[epoch17][2001] != 1 || len(again.stored[epoch18]) != 0 || u.Status().Waiting != 0 {
			t.Errorf("after the restart %d and %d records came", len(again.stored[epoch17]), len(again.stored[epoch18]))
		}
	})
}

// A rewind while connected: what is on its way goes again, alerts stay what they are.
func TestRewindConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.behind = 3 * time.Second // answers of the store as it was are still coming
		j := newMemory(epoch17).fillUp(epoch17, 999)
		a := alert(1, 1, 1000)
		j.put(epoch17, Record{Alert: &a})
		u, stop := c.start(t, Options{Journal: j})
		defer stop()
		if err := u.Alert(a); err != nil {
			t.Fatal(err)
		}
		after(2 * time.Second)
		if n, err := u.Rewind(0); err != nil || n != 0 {
			t.Fatalf("Rewind = %d, %v", n, err)
		}
		c.check(t, epoch17, 1000) // all had arrived
		after(2 * time.Second)    // the old answers are here
		if s := u.Status(); s.Alerts != 0 || s.Waiting != 999 {
			t.Errorf("answers of before the rewind: %+v", s)
		}
		after(20 * time.Second)
		if again := c.check(t, epoch17, 999); again != 999 || u.Status().Waiting != 0 {
			t.Errorf("%d came again, %d wait", again, u.Status().Waiting)
		}
	})
}

// What was acknowledged before its commit is sent again as well.
func TestRewindBeforeCommit(t *testing.T) {
	j := newMemory(epoch17).fillUp(epoch17, 10)
	u, err := New(Options{Gateway: gw, Epoch: epoch17, Brokers: []string{"mqtt://unused"}, Journal: j,
		Saved: []byte(`{"v":1,"stores":["st-1"],"epochs":{"17-9f3ac2d1b07e":["1-11"]}}`),
		Sync:  func() error { j.fillUp(epoch17, 11); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := u.Rewind(0); n != 11 || err != nil || u.Stored(epoch17, one(11)) {
		t.Errorf("Rewind = %d, %v; record 11 counts as stored: %v", n, err, u.Stored(epoch17, one(11)))
	}
}

func TestRewindErrors(t *testing.T) {
	o := Options{Gateway: gw, Epoch: epoch17, Brokers: []string{"mqtt://unused"}}
	u, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Rewind(0); err == nil {
		t.Error("rewound without a journal")
	}
	full := errors.New("no space left on device")
	o.Journal = newMemory(epoch17).fillUp(epoch17, 10)
	o.Saved = []byte(`{"v":1,"stores":["st-1"],"epochs":{"17-9f3ac2d1b07e":["1-10"]}}`)
	for name, spoil := range map[string]func(*Options){
		"save": func(o *Options) { o.Save = func([]byte) error { return full } },
		"sync": func(o *Options) { o.Save, o.Sync = func([]byte) error { return nil }, func() error { return full } },
	} {
		bad := o
		spoil(&bad)
		if u, err = New(bad); err != nil {
			t.Fatal(err)
		}
		if n, err := u.Rewind(0); n != 10 || !errors.Is(err, full) || u.Stored(epoch17, one(1)) {
			t.Errorf("%s: Rewind = %d, %v", name, n, err)
		}
	}
	if _, _, err := RewindSaved([]byte("{"), nil, nil); err == nil {
		t.Error("rewound what cannot be read")
	}
}

// Whatever was stored and whatever is rewound: exactly what was asked for is missing
// afterwards, besides what was missing before, or more; never less.
func TestRewindSavedModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := decodeCursors(nil)
		if err != nil {
			t.Fatal(err)
		}
		number := rapid.Uint64Range(1, 60)
		part := rapid.Custom(func(t *rapid.T) wire.Range {
			from := number.Draw(t, "from")
			return wire.Range{From: from, To: from + number.Draw(t, "more")}
		})
		var extents, again []Extent
		stored := map[wire.Epoch]map[uint64]bool{}
		for n := uint32(1); n <= 4; n++ {
			e := wire.NewEpoch(n, [6]byte{1})
			extents = append(extents, Extent{e, wire.Range{From: 1, To: 120}})
			stored[e] = map[uint64]bool{}
			for _, r := range rapid.SliceOfN(part, 0, 5).Draw(t, "stored") {
				c.add(e, r)
			}
			if rapid.Bool().Draw(t, "whole") {
				c.add(e, wire.Range{From: 1, To: 120})
			}
			if rapid.Bool().Draw(t, "rewind") {
				again = append(again, Extent{e, part.Draw(t, "again")})
			}
		}
		current := wire.NewEpoch(4, [6]byte{1})
		c.prune(extents, current)
		for _, x := range extents {
			for seq := x.Range.From; seq <= x.Range.To; seq++ {
				stored[x.Epoch][seq] = c.contains(x.Epoch, wire.Range{From: seq, To: seq})
			}
		}
		saved, err := c.encode()
		if err != nil {
			t.Fatal(err)
		}
		state, records, err := RewindSaved(saved, extents, again)
		if err != nil {
			t.Fatal(err)
		}
		var want uint64
		for _, x := range again {
			for seq := x.Range.From; seq <= x.Range.To; seq++ {
				if stored[x.Epoch][seq] {
					stored[x.Epoch][seq] = false
					want++
				}
			}
		}
		after, err := decodeCursors(state)
		if err != nil || records != want {
			t.Fatalf("%d records, want %d; %v", records, want, err)
		}
		for _, x := range extents {
			for seq := x.Range.From; seq <= x.Range.To; seq++ {
				if got := after.contains(x.Epoch, wire.Range{From: seq, To: seq}); got != stored[x.Epoch][seq] {
					t.Fatalf("%s %d: stored %v, want %v", x.Epoch, seq, got, stored[x.Epoch][seq])
				}
			}
		}
	})
}

// A cursor that is full of holes forgets little things for large ones, and takes
// nothing for stored that is not; a hole that cannot be noted costs what follows it.
func TestCursorFull(t *testing.T) {
	c, err := decodeCursors(nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range wire.MaxSet {
		c.add(epoch17, one(10*n+10))
	}
	if !c.full(epoch17) || c.add(epoch17, one(1)) {
		t.Error("one range more than there may be")
	}
	if !c.add(epoch17, wire.Range{From: 100_000, To: 100_099}) || c.contains(epoch17, one(10)) || !c.contains(epoch17, one(20)) || !c.contains(epoch17, wire.Range{From: 100_000, To: 100_099}) {
		t.Error("a hundred records did not take the place of one")
	}
	if !c.add(epoch17, one(21)) || !c.contains(epoch17, wire.Range{From: 20, To: 21}) {
		t.Error("what joins a range costs no room")
	}
	c.rewind(nil, []Extent{{epoch17, wire.Range{From: 100_040, To: 100_050}}})
	if c.contains(epoch17, one(100_045)) || c.contains(epoch17, one(100_099)) || !c.contains(epoch17, one(100_039)) {
		t.Error("a hole in a full cursor")
	}
}

// Newest first, whatever is scattered, everything gets there in the end.
func TestCursorFullDrains(t *testing.T) {
	for _, order := range []string{Oldest, Newest} {
		synctest.Test(t, func(t *testing.T) {
			c := newCity(t)
			j := newMemory(epoch17).fillUp(epoch17, 20_000)
			u, stop := c.start(t, Options{Journal: j, Limits: Limits{Order: order}})
			u.mu.Lock()
			for n := range wire.MaxSet {
				u.cursors.add(epoch17, one(15*n+15))
			}
			u.mu.Unlock()
			defer stop()
			after(time.Minute)
			if s := u.Status(); s.Waiting != 0 || s.OnWay != 0 {
				t.Errorf("%s: %+v", order, s)
			}
			if n := len(c.stored[epoch17]); n < 20_000-wire.MaxSet {
				t.Errorf("%s: %d came", order, n)
			}
		})
	}
}

// Other stores than before have nothing yet; one that is still among them keeps what
// is known. Several pinned stores are names of one destination: what any has, it has.
func TestStoresChange(t *testing.T) {
	saved := []byte(`{"v":1,"stores":["st-1"],"floor":17,"epochs":{"17-9f3ac2d1b07e":["1-10"]}}`)
	for _, c := range []struct {
		name   string
		stores []string
		stored bool
	}{
		{"none configured", nil, true},
		{"the same", []string{"st-1"}, true},
		{"one more", []string{"st-2", "st-1"}, true},
		{"another", []string{"st-2"}, false},
	} {
		o := Options{Gateway: gw, Epoch: epoch17, Brokers: []string{"mqtt://unused"}, Saved: saved, Stores: c.stores, Journal: newMemory(epoch17).fillUp(epoch17, 20)}
		u, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Stored(epoch17, wire.Range{From: 1, To: 10}); got != c.stored {
			t.Errorf("%s: stored %v", c.name, got)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.store = "st-2"
		u, stop := c.start(t, Options{Stores: []string{"st-1", "st-2"}})
		defer stop()
		offer(u, 1, 10)
		after(2 * time.Second)
		if !u.Stored(epoch17, wire.Range{From: 1, To: 10}) {
			t.Error("the second of two stores does not count")
		}
	})
}
