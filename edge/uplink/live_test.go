package uplink

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// TestLiveQueueKeepsItsBuffer: what is taken out round by round leaves no buffers
// behind, holds on to no reading, and a burst does not stay for ever.
func TestLiveQueueKeepsItsBuffer(t *testing.T) {
	readings := []obs.Reading{{Value: 1, Quality: obs.Quality{Flag: obs.Pass}}}
	shape, err := wire.NewShape([]string{"level"}, []string{"m"})
	if err != nil {
		t.Fatal(err)
	}
	var q liveQueue
	seq := uint64(0)
	round := func(n int) {
		for range n {
			seq++
			q.push(sample{seq: seq, whole: wire.Sample{Device: "river", Shape: shape, Readings: readings}})
		}
		for len(q.items) > 0 {
			first := q.items[0].seq
			some := min(7, len(q.items))
			if got := q.drop(some); got != some || len(q.items) > 0 && q.items[0].seq != first+uint64(some) {
				t.Fatalf("%d values went, then %+v", got, q.items[0])
			}
		}
		if q.values != 0 {
			t.Fatalf("%d values in an empty queue", q.values)
		}
	}
	round(100)
	if n := testing.AllocsPerRun(50, func() { round(100) }); n != 0 {
		t.Errorf("%v allocations for a hundred samples", n)
	}
	for i, s := range q.items[:cap(q.items)] {
		if s.whole.Readings != nil {
			t.Fatalf("slot %d still holds readings", i)
		}
	}
	round(4 * mostSlots)
	if cap(q.items) > mostSlots {
		t.Errorf("%d slots kept after a burst", cap(q.items))
	}
}
