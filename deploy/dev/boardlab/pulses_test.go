package boardlab

import (
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/status"
)

// One edge each millisecond, for a minute in the long form: each is counted by the
// gateway or counted as lost, and the totals say the same. Every rising edge is a pulse.
func (l *lab) edges(t *testing.T) {
	l = l.in(t)
	edges := 4_000
	if l.long {
		edges = 60_000
	}
	before, seen, gone := l.flow(t, l.heard.mark(), anyTotal), uint64(0), uint64(0)
	seen0, gone0 := l.counted(t)
	mark := l.heard.mark()
	cpu := l.usage().CPU
	made := l.pulse(edges)
	eventually(t, "every edge to be counted, or counted as lost", func() bool {
		seen, gone = l.counted(t)
		seen, gone = seen-seen0, gone-gone0
		return seen+gone >= uint64(edges)
	})
	t.Logf("%d edges in %v, %.0f a second (the emulated board could not keep up for %v of it): %d counted, %d lost; the gateway took %v of processor time meanwhile, with everything else on it",
		made.Edges, made.Took.Round(time.Millisecond), float64(made.Edges)/made.Took.Seconds(), made.Slipped.Round(time.Millisecond), seen, gone, l.usage().CPU-cpu)
	if seen+gone != uint64(edges) {
		t.Errorf("%d edges were made, and %d counted and %d called lost", edges, seen, gone)
	}
	want := before.V + float64(edges/2)
	if gone == 0 {
		got := l.flow(t, mark, func(h heard) bool { return h.V >= want })
		if got.V != want || got.Flag != obs.Pass {
			t.Errorf("the total is %v (%v), want %v", got.V, got.Quality, want)
		}
		return
	}
	l.flow(t, mark, func(h heard) bool { return h.Why == obs.Lost }) // the loss travels with the values
}

// The total goes on where it was: after a kill in quiet exactly; after one in the midst
// of pulses at no less than was published and no more than there were, and the reading
// says that nobody watched for a while.
func (l *lab) totals(t *testing.T) {
	l = l.in(t)
	before := l.flow(t, l.heard.mark(), anyTotal)
	l.killGateway()
	mark := l.heard.mark()
	l.startGateway()
	if after := l.flow(t, mark, anyTotal); after.V != before.V || after.Why != obs.Lost {
		t.Errorf("the total is %v (%v) after a kill, want %v, and that nobody watched for a while", after.V, after.Quality, before.V)
	}

	const edges = 4_000
	mark = l.heard.mark()
	var made panel.Made
	call := l.board.Go(panel.Service+".Pulses", panel.Pulses{Pull: l.pull(flowLine), Edges: edges, Every: time.Millisecond}, &made, nil)
	l.flow(t, mark, func(h heard) bool { return h.V > before.V })
	l.killGateway()
	published := before.V
	if vs, _ := l.heard.of("flow", "pulses", mark); len(vs) > 0 {
		published = vs[len(vs)-1].V
	}
	if <-call.Done; call.Error != nil {
		t.Fatal(call.Error)
	}
	mark = l.heard.mark()
	l.startGateway()
	after := l.flow(t, mark, anyTotal)
	t.Logf("%d pulses were made, %v published before the kill, and the total went on at %v", edges/2, published-before.V, after.V-before.V)
	if after.V < published || after.V > before.V+edges/2 || after.Why != obs.Lost {
		t.Errorf("the total is %v (%v), want %v to %v, and that nobody watched for a while", after.V, after.Quality, published, before.V+edges/2)
	}
	mark = l.heard.mark()
	l.pulse(200)
	l.flow(t, mark, func(h heard) bool { return h.V == after.V+100 && h.Flag == obs.Pass })
}

// pulse makes edges on the meter's line, one each millisecond.
func (l *lab) pulse(edges int) (made panel.Made) {
	l.t.Helper()
	ask(l.board, "Pulses", panel.Pulses{Pull: l.pull(flowLine), Edges: edges, Every: time.Millisecond}, &made)
	return made
}

func anyTotal(heard) bool { return true }

// flow waits for a total of the meter behind a mark.
func (l *lab) flow(t *testing.T, after int, ok func(heard) bool) heard {
	t.Helper()
	return l.heard.next(t, after, "flow", "pulses", ok)
}

// counted is how many edges the page says the chip's counters have seen and lost.
func (l *lab) counted(t *testing.T) (seen, gone uint64) {
	t.Helper()
	page, err := l.status()
	i := slices.IndexFunc(page.Lines, func(s status.Line) bool { return s.ID == "gpio" })
	if err != nil || i < 0 {
		t.Fatalf("the page has no line gpio: %v", err)
	}
	return page.Lines[i].Frames, page.Lines[i].BadChecksum
}
