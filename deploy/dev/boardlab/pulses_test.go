package boardlab

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/status"
)

// One edge each millisecond, for a minute in the long form, made in the kernel:
// each is counted by the gateway or counted as lost, and the totals say the same. Every
// rising edge is a pulse.
func (l *lab) edges(t *testing.T) {
	l = l.in(t)
	edges := 4_000
	if l.long {
		edges = 60_000
	}
	before := l.pulses(t, wheel, l.heard.mark(), anyTotal)
	seen0, gone0 := l.counted(t, wheel)
	mark := l.heard.mark()
	cpu := l.usage().CPU
	took, behind := l.turn(t, edges, time.Millisecond)
	l.pulses(t, wheel, l.heard.mark(), anyTotal)
	l.pulses(t, wheel, l.heard.mark(), anyTotal) // begun after the last edge
	seen, gone := l.counted(t, wheel)
	seen, gone = seen-seen0, gone-gone0
	t.Logf("%d edges in %v, %.1f a second (the emulated board was behind by %v at worst): %d counted, %d lost; the gateway took %v of processor time meanwhile, with everything else on it",
		edges, took.Round(time.Millisecond), float64(edges)/took.Seconds(), behind.Round(time.Millisecond), seen, gone, l.usage().CPU-cpu)
	if seen+gone != uint64(edges) {
		t.Errorf("%d edges were made, and %d counted and %d called lost", edges, seen, gone)
	}
	want := before.V + float64(edges/2)
	if gone == 0 {
		got := l.pulses(t, wheel, mark, func(h heard) bool { return h.V >= want })
		if got.V != want || got.Flag != obs.Pass {
			t.Errorf("the total is %v (%v), want %v", got.V, got.Quality, want)
		}
		return
	}
	l.pulses(t, wheel, mark, func(h heard) bool { return h.Why == obs.Lost }) // the loss travels with the values
}

// wheel is the device on the line that the kernel moves, and its bus; flow hangs on a
// line that the agent moves.
const (
	wheel = "wheel"
	flow  = "flow"
)

// turn makes edges on the wheel's line and waits until all are made. They took took,
// and the latest of them came behind its time by behind.
func (l *lab) turn(t *testing.T, edges int, every time.Duration) (took, behind time.Duration) {
	t.Helper()
	const command = "/sys/devices/platform/labedge/command"
	l.board.write(command, fmt.Sprintf("%d %d", edges, every.Microseconds()))
	limit := time.After(soon + 5*time.Duration(edges)*every)
	look := time.NewTicker(time.Second) // looking costs the board time, too
	defer look.Stop()
	var made, late, worst, left int
	for {
		text := l.board.read(command)
		if _, err := fmt.Sscan(text, &made, &late, &worst, &left); err != nil {
			t.Fatalf("%s: %q: %v", command, text, err)
		}
		if left == 0 {
			break
		}
		select {
		case <-look.C:
		case <-limit:
			t.Fatalf("the wheel has made %d edges, %d are left", made, left)
		}
	}
	return time.Duration(edges)*every + time.Duration(late)*time.Microsecond, time.Duration(worst) * time.Microsecond
}

// The total goes on where it was: after a kill in quiet exactly; after one in the midst
// of pulses at no less than was published and no more than there were, and the reading
// says that nobody watched for a while.
func (l *lab) totals(t *testing.T) {
	l = l.in(t)
	before := l.pulses(t, flow, l.heard.mark(), anyTotal)
	l.killGateway()
	mark := l.heard.mark()
	l.startGateway()
	if after := l.pulses(t, flow, mark, unwatched); after.V != before.V {
		t.Errorf("the total is %v after a kill, want %v", after.V, before.V)
	}

	const edges = 4_000
	mark = l.heard.mark()
	var made panel.Made
	call := l.board.Go(panel.Service+".Pulses", panel.Pulses{Pull: l.pull(flowLine), Edges: edges, Every: time.Millisecond}, &made, nil)
	l.pulses(t, flow, mark, func(h heard) bool { return h.V > before.V })
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
	after := l.pulses(t, flow, mark, unwatched)
	t.Logf("%d pulses were made, %v published before the kill, and the total went on at %v", edges/2, published-before.V, after.V-before.V)
	if after.V < published || after.V > before.V+edges/2 {
		t.Errorf("the total is %v, want %v to %v", after.V, published, before.V+edges/2)
	}
	mark = l.heard.mark()
	l.pulse(200)
	l.pulses(t, flow, mark, func(h heard) bool { return h.V == after.V+100 && h.Flag == obs.Pass })
}

// pulse makes edges on the meter's line, one each millisecond.
func (l *lab) pulse(edges int) (made panel.Made) {
	l.t.Helper()
	ask(l.board, "Pulses", panel.Pulses{Pull: l.pull(flowLine), Edges: edges, Every: time.Millisecond}, &made)
	return made
}

func anyTotal(heard) bool { return true }

// unwatched is the one reading after a start that says that nobody watched for a while. On
// a busy machine it is not the first that is heard: the newest are sent before it.
func unwatched(h heard) bool { return h.Why == obs.Lost }

// pulses waits for a total of a meter behind a mark.
func (l *lab) pulses(t *testing.T, meter string, after int, ok func(heard) bool) heard {
	t.Helper()
	return l.heard.next(t, after, meter, "pulses", ok)
}

// counted is how many edges the page says the counters of a bus have seen and lost.
func (l *lab) counted(t *testing.T, bus string) (seen, gone uint64) {
	t.Helper()
	page, err := l.status()
	i := slices.IndexFunc(page.Lines, func(s status.Line) bool { return s.ID == bus })
	if err != nil || i < 0 {
		t.Fatalf("the page has no line %s: %v", bus, err)
	}
	return page.Lines[i].Frames, page.Lines[i].BadChecksum
}
