package fleet_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cloud/fleet"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestOnline(t *testing.T) {
	type step struct {
		conn   int64
		online bool
		want   bool
	}
	for name, steps := range map[string][]step{
		"comes and goes":                   {{1, true, true}, {1, false, false}, {2, true, true}},
		"an old last will arrives late":    {{1, true, true}, {2, true, true}, {1, false, true}},
		"will overtakes its announcement":  {{1, false, false}, {1, true, false}, {2, true, true}},
		"told twice":                       {{3, true, true}, {3, true, true}},
		"an older announcement is ignored": {{3, false, false}, {2, true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			for i, s := range steps {
				if err := b.Online("gw", wire.Online{Conn: s.conn, Online: s.online}, noon.Add(time.Duration(i)*time.Second)); err != nil {
					t.Fatal(err)
				}
				if g, _ := b.Gateway("gw"); g.Online != s.want {
					t.Errorf("step %d: online = %v, want %v", i, g.Online, s.want)
				}
			}
		})
	}
}

func TestLivePacksBringAGatewayBack(t *testing.T) {
	b := open(t)
	if err := b.Online("gw", wire.Online{Conn: 9, Online: true}, noon); err != nil {
		t.Fatal(err)
	}
	if err := b.Online("gw", wire.Online{Conn: 9}, noon); err != nil {
		t.Fatal(err)
	}
	b.observe(t, pack("1-00000000000a"), noon.Add(time.Second)) // a straggler
	if g, _ := b.Gateway("gw"); g.Online {
		t.Error("a pack one second after the last will counts as a return")
	}
	back := pack("2-00000000000b")
	back.Lane = wire.Backfill
	b.observe(t, back, noon.Add(time.Minute))
	if g, _ := b.Gateway("gw"); g.Online {
		t.Error("backfill counts as a return; it may come from a broker's queue")
	}
	b.observe(t, pack("2-00000000000b"), noon.Add(time.Minute))
	if g, _ := b.Gateway("gw"); !g.Online || g.Since != noon.Add(time.Minute).UnixMilli() {
		t.Errorf("after live packs online = %v since %d", g.Online, g.Since)
	}
	// Its connection numbers began anew, and its last will still counts.
	if err := b.Online("gw", wire.Online{Conn: 1}, noon.Add(2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if g, _ := b.Gateway("gw"); g.Online {
		t.Error("the last will of a gateway that began to count anew was ignored")
	}
}

func TestQuietGatewayIsOffline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, path)
		b := openOn(t, db, fleet.Options{})
		if err := b.Online("gw", wire.Online{Conn: 1, Online: true}, time.Now()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()
		time.Sleep(fleet.Quiet - time.Second)
		if g, _ := b.Gateway("gw"); !g.Online {
			t.Error("offline before its time")
		}
		time.Sleep(15 * time.Second)
		if g, _ := b.Gateway("gw"); g.Online {
			t.Error("still online after saying nothing for so long")
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := openOn(t, db, fleet.Options{}).Gateways(); len(got) != 1 || got[0].Online {
			t.Errorf("after a restart: %+v", got)
		}
	})
}

func state(epoch wire.Epoch, bootMS int64, devices ...string) wire.State {
	s := wire.State{Epoch: epoch, At: wire.Moment{Boot: "b", BootMS: bootMS}, Version: fmt.Sprint(epoch, bootMS)}
	for _, d := range devices {
		s.Devices = append(s.Devices, wire.DeviceState{ID: d, EveryMS: 5000})
	}
	return s
}

func TestOlderStatesAreIgnored(t *testing.T) {
	b := open(t)
	for _, s := range []wire.State{state("2-00000000000a", 10), state("2-00000000000a", 9), state("1-00000000000b", 99), state("3-00000000000c", 1), state("2-00000000000a", 11)} {
		if err := b.State("gw", s, noon); err != nil {
			t.Fatal(err)
		}
	}
	if g, _ := b.Gateway("gw"); g.Version != "3-00000000000c1" {
		t.Errorf("the state shown is %s, want the one of epoch 3", g.Version)
	}
}

func TestRemovedDeviceIsForgotten(t *testing.T) {
	b := open(t)
	b.observe(t, pack("1-00000000000a", value("river/level", 1, 1), value("old/level", 1, 1), value("gateway/uptime", 1, 60)), noon)
	if err := b.State("gw", state("1-00000000000a", 1, "river"), noon); err != nil {
		t.Fatal(err)
	}
	vs := b.Values("gw")
	if len(vs) != 2 || vs[0].Device != "gateway" || vs[1].Device != "river" {
		t.Errorf("values %+v, want those of gateway and river", vs)
	}
	if vs[1].EveryMS != 5000 || vs[0].EveryMS != 60_000 {
		t.Errorf("intervals %d and %d, want 60000 and 5000", vs[0].EveryMS, vs[1].EveryMS)
	}
}

func TestRetainedMessagesDoNotCountAsSeen(t *testing.T) {
	b := open(t)
	if err := b.State("gw", state("1-00000000000a", 1), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := b.Online("gw", wire.Online{Conn: 1, Online: true}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if g, _ := b.Gateway("gw"); g.LastSeen != 0 || !g.Online {
		t.Errorf("last seen %d, online %v; want 0 and true", g.LastSeen, g.Online)
	}
}

func TestTwoJournalsUnderOneID(t *testing.T) {
	type word struct {
		epoch wire.Epoch
		at    time.Duration
	}
	for name, c := range map[string]struct {
		words []word
		want  bool
	}{
		"a restart":                   {[]word{{"1-00000000000a", 0}, {"1-00000000000a", 1}, {"2-00000000000b", 2}, {"2-00000000000b", 60}}, false},
		"a straggler after a restart": {[]word{{"1-00000000000a", 0}, {"2-00000000000b", 2}, {"1-00000000000a", 3}, {"2-00000000000b", 4}}, false},
		"two at the same time":        {[]word{{"1-00000000000a", 0}, {"2-00000000000b", 2}, {"1-00000000000a", 8}}, true},
		"taking turns by the minute":  {[]word{{"1-00000000000a", 0}, {"9-00000000000b", 60}, {"1-00000000000a", 120}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // findings look at the clock
				db := openDB(t, filepath.Join(t.TempDir(), "a.db"))
				b := openOn(t, db, fleet.Options{})
				begin := time.Now()
				for _, w := range c.words {
					b.observe(t, pack(w.epoch), begin.Add(w.at*time.Second))
				}
				time.Sleep(c.words[len(c.words)-1].at * time.Second)
				g, _ := b.Gateway("gw")
				if g.Conflict != c.want || (len(g.Health) > 0) != c.want {
					t.Errorf("conflict = %v with %d findings, want %v", g.Conflict, len(g.Health), c.want)
				}
				time.Sleep(11 * time.Minute)
				if g, _ := b.Gateway("gw"); g.Conflict {
					t.Error("the conflict never goes away")
				}
			})
		})
	}
}

// Who works on a device, and until when, comes through to those who look.
func TestUpkeepIsShown(t *testing.T) {
	b := open(t)
	s := state("1-00000000000a", 1, "river", "air")
	s.Devices[0].Upkeep = &wire.Upkeep{UntilMS: 1_795_291_200_000, By: "li"}
	if err := b.State("gw", s, noon); err != nil {
		t.Fatal(err)
	}
	g, _ := b.Gateway("gw")
	if u := g.Devices[0].Upkeep; u == nil || *u != *s.Devices[0].Upkeep {
		t.Errorf("river: %+v", u)
	}
	if u := g.Devices[1].Upkeep; u != nil {
		t.Errorf("air: %+v", u)
	}
}
