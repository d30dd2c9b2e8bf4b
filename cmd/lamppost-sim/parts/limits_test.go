package parts

import (
	"context"
	"io"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// deaf is a port that nobody writes to.
type deaf struct{ closed chan struct{} }

func (d deaf) Read([]byte) (int, error) { <-d.closed; return 0, io.EOF }
func (deaf) Write(b []byte) int         { return len(b) }

// ears keep what a part has said.
type ears struct {
	mu   sync.Mutex
	said map[string]float64
}

func (e *ears) Add(lines ...truth.Line) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range lines {
		e.said[l.Channel] = l.V
	}
}

// says plays a part that talks by itself and returns what it says of a channel that is
// set to v.
func says(t *testing.T, p Part, channel string, v float64) (said float64, talks bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := &ears{said: map[string]float64{}}
		s := Stage{Device: p.ID, Baud: max(p.Line.Baud, 9600), Record: e}
		var err error
		if s.Source, err = NewValues(p, p.ID, 1, []Setting{{Channel: channel, Is: v}}, nil); err != nil {
			t.Fatal(err)
		}
		play, err := p.Serial(s)
		if err != nil {
			t.Fatal(err)
		}
		port := deaf{make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); play(ctx, port) }()
		time.Sleep(2 * time.Minute) // of the bubble
		stop()
		close(port.closed)
		<-done
		said, talks = e.said[channel]
	})
	return said, talks
}

// A part that talks says what it is set to at both ends of its limits, and not what lies
// beyond them.
func TestLimitsAreTrue(t *testing.T) {
	tried := 0
	for _, p := range All() {
		if p.Serial == nil {
			continue
		}
		for channel, l := range spans[p.ID] {
			if p.Wire != Serial || math.IsInf(l.hi, 1) {
				continue
			}
			mid := (l.lo + l.hi) / 2
			if _, talks := says(t, p, channel, mid); !talks {
				continue // it has to be asked
			}
			tried++
			for _, v := range []float64{l.lo + (l.hi-l.lo)/50, mid, l.hi - (l.hi-l.lo)/50} {
				said, _ := says(t, p, channel, v)
				if math.Abs(said-v) > max(0.5, (l.hi-l.lo)/9000) {
					t.Errorf("%s: %s=%v is said as %v, within %v", p.ID, channel, v, said, l)
				}
			}
			if p.ID == "nmea0183" {
				continue // a text says any number; degrees end where they do
			}
			for _, v := range []float64{l.lo - (l.hi - l.lo), l.hi + (l.hi - l.lo)} {
				if said, talks := says(t, p, channel, v); talks && math.Abs(said-v) < (l.hi-l.lo)/2 {
					t.Errorf("%s: %s=%v is said as %v, which the limits %v deny", p.ID, channel, v, said, l)
				}
			}
		}
	}
	if tried < 15 {
		t.Errorf("only %d channels of parts that talk were tried", tried)
	}
}

// Every channel of the table is one of a part, every part stands within its limits as
// it is played without a setting, and what its registers hold is what is told.
func TestSpansFit(t *testing.T) {
	for id := range spans {
		p, err := Find(id)
		if err != nil {
			t.Error(err)
			continue
		}
		for channel := range spans[id] {
			if _, ok := p.Channel(channel); !ok {
				t.Errorf("%s has no channel %s", id, channel)
			}
		}
	}
	for _, p := range All() {
		for _, c := range p.Channels {
			if l, _ := p.span(c.Name, c.Is); !(c.Is >= l.lo && c.Is <= l.hi) {
				t.Errorf("%s.%s is %v, which is not within %v", p.ID, c.Name, c.Is, l)
			}
		}
	}
}
