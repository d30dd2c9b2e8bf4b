package uplink

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// descents counts how often a pack of history begins before the one before it ended.
func descents(packs []*wire.Pack) (down int) {
	for i := 1; i < len(packs); i++ {
		a, b := packs[i-1], packs[i]
		if b.Epoch.Counter() < a.Epoch.Counter() || b.Epoch == a.Epoch && b.Ranges[0].From < a.Ranges[0].From {
			down++
		}
	}
	return down
}

func history(c *city) (packs []*wire.Pack) {
	for _, a := range c.arrivals(wire.BackfillTopic) {
		packs = append(packs, a.pack)
	}
	return packs
}

// Oldest first is ascending throughout; newest first descends from pack to pack,
// over epochs too, and ascends within each; what is committed meanwhile goes first.
func TestOrder(t *testing.T) {
	for _, order := range []string{Oldest, Newest} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCity(t)
				j := newMemory(epoch17, epoch18).fillUp(epoch17, 3000).fillUp(epoch18, 4000)
				u, stop := c.start(t, Options{Epoch: epoch18, Journal: j, Limits: Limits{Order: order, Backfill: 2000}})
				defer stop()
				after(1500 * time.Millisecond)
				j.fillUp(epoch18, 4100) // only in the journal
				after(30 * time.Second)
				packs := history(c)
				first, down := packs[0], descents(packs)
				for _, p := range packs {
					if !slices.IsSortedFunc(p.Values, func(a, b wire.Value) int { return int(a.Time - b.Time) }) {
						t.Errorf("%s: not ascending", p.Ranges)
					}
				}
				late := 0 // packs before what was committed last
				for _, a := range c.arrivals(wire.BackfillTopic) {
					if p := a.pack; p.Epoch == epoch18 && p.Ranges[len(p.Ranges)-1].To == 4100 {
						break
					}
					late++
				}
				switch order {
				case Oldest:
					if first.Epoch != epoch17 || first.Ranges[0].From != 1 || down != 0 || late != len(packs)-1 {
						t.Errorf("begins with %s %v, goes back %d times, what came last is pack %d of %d", first.Epoch, first.Ranges, down, late, len(packs))
					}
				case Newest:
					if first.Epoch != epoch18 || first.Ranges[0].To != 4000 || down < len(packs)-3 || late > len(packs)*2/3 {
						t.Errorf("begins with %s %v, goes back %d times of %d, %d before what came last", first.Epoch, first.Ranges, down, len(packs), late)
					}
				}
				if n := c.check(t, epoch17, 3000) + c.check(t, epoch18, 4100); n != 0 || u.Status().Waiting != 0 || j.read > 9000 {
					t.Errorf("%d came twice, %d wait, %d were read", n, u.Status().Waiting, j.read)
				}
			})
		})
	}
}

// A restart without a word sends again what was acknowledged since the last save
// and what was on its way, and no more.
func TestRestartTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every, rate = 2 * time.Second, 1000
		c := newCity(t)
		var saved []byte
		stored := 0 // when it was saved
		j := newMemory(epoch17).fillUp(epoch17, 20_000)
		o := Options{Journal: j, Limits: Limits{SaveEvery: every, Backfill: rate}}
		o.Save = func(s []byte) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			saved, stored = s, len(c.stored[epoch17])
			return nil
		}
		u, stop := c.start(t, o)
		after(9900 * time.Millisecond)
		crash, onWay := slices.Clone(saved), u.Status().OnWay
		c.mu.Lock()
		tail := len(c.stored[epoch17]) - stored
		c.mu.Unlock()
		if tail < rate || uint64(tail) > uint64(every.Seconds()*rate)+onWay+2*1200 {
			t.Errorf("%d records came since the last save, %d on their way", tail, onWay)
		}
		stop()
		before := len(c.stored[epoch17])
		o.Saved = crash
		u, stop = c.start(t, o)
		defer stop()
		after(30 * time.Second)
		again := c.check(t, epoch17, 20_000)
		if bound := int(every.Seconds()*rate) + int(onWay) + 2*1200; again == 0 || again > bound {
			t.Errorf("%d of %d records came again, %d are the bound", again, before, bound)
		}
		if u.Status().Waiting != 0 {
			t.Errorf("%+v", u.Status())
		}
	})
}

// Through real brokers, which keep the order of one connection.
func TestOrderReal(t *testing.T) {
	for name, start := range brokers() {
		for _, order := range []string{Oldest, Newest} {
			t.Run(name+"-"+order, func(t *testing.T) {
				const records = 20_000
				address, _ := start(t)
				g := newAggregator(t, address, records)
				connect(t, Options{Brokers: []string{"mqtt://" + address}, Journal: newMemory(epoch17).fillUp(epoch17, records), Limits: Limits{Order: order, Backfill: 1 << 30}})
				eventually(t, "all is stored", func() bool { return over(g.full) })
				g.mu.Lock()
				defer g.mu.Unlock()
				want := map[string]int{Oldest: 0, Newest: len(g.history) - 1}[order]
				if down := descents(g.history); len(g.history) < records/1200 || down != want {
					t.Errorf("of %d packs %d begin before the one before, want %d", len(g.history), down, want)
				}
			})
		}
	}
}

func TestPick(t *testing.T) {
	ranges := []wire.Range{{From: 1, To: 10}, {From: 20, To: 20}, {From: 30, To: 40}}
	for _, c := range []struct {
		n           uint64
		first, last []wire.Range
	}{
		{3, []wire.Range{{From: 1, To: 3}}, []wire.Range{{From: 38, To: 40}}},
		{12, []wire.Range{{From: 1, To: 10}, {From: 20, To: 20}, {From: 30, To: 30}}, []wire.Range{{From: 20, To: 20}, {From: 30, To: 40}}},
		{100, ranges, ranges},
	} {
		if got := pick(ranges, c.n); !slices.Equal(got, c.first) {
			t.Errorf("the first %d: %v", c.n, got)
		}
		if got := pickLast(ranges, c.n); !slices.Equal(got, c.last) {
			t.Errorf("the last %d: %v", c.n, got)
		}
	}
}
