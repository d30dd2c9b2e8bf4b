package drivertest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// FuzzCounts fuzzes a driver on a pulse line: a line on which anything may happen, and a
// counter on it that keeps to drivers.Pulses, or from some point on says what it likes.
// The driver's first channel is the total, the second its rate; a third is the gust of
// that. The law:
//
//   - the total is what the counter says: it falls only where that does;
//   - a rate is never negative nor infinite, and flagged fail above its channel's Max;
//   - a rate has no value before two pulses came, or none for idle; it is above nought
//     only after two pulses, or one behind such a pause. Both begin anew when pulses may
//     have been missed;
//   - a gust is no less than its rate;
//   - what may have missed pulses is flagged, suspect or worse.
func FuzzCounts(f *testing.F, k drivers.Kind, options string, idle time.Duration) {
	for _, seed := range []string{"\x02\x10", "\x00\x60\x00\x60\x02\x10\x00\x60\x02\x10", "\x02\x00\x00\x60\x02\x10\x04\x60\x02\x60\x00\x10\x02\x10",
		"\x02\x10\x01\xff\x02\xff\x05\xff\x02\xff\x02\xff\x02\xff\x00\x20\x02\x20", "\x07\x00\x02\x00\x06ABCDEFGHIJKLMNOPQRSTUVWX\x02\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if err := playScript(t.Context(), k, options, idle, script[:min(len(script), 4096)]); err != nil {
			t.Error(err)
		}
	})
}

// playScript takes a fresh device through a script and holds what it reads to the law.
func playScript(ctx context.Context, k drivers.Kind, options string, idle time.Duration, script []byte) error {
	pl, err := Plan(k, options)
	if err != nil {
		return err
	}
	line := &scripted{script: script, honest: true, watched: time.Hour}
	line.count.At = line.watched
	d, err := pl.OpenPulses(line)
	if err != nil {
		return err
	}
	law := countLaw{channels: pl.Channels, idle: idle}
	for n := 1; line.play(); n++ {
		rs, err := d.Sample(ctx)
		if err != nil {
			return fmt.Errorf("sample %d: %w", n, err)
		}
		if err := law.judge(line, rs); err != nil {
			return fmt.Errorf("sample %d of %+v: %w", n, line.said, err)
		}
	}
	return d.Close()
}

// scripted is a line on which happens what bytes say, and the counter on it.
type scripted struct {
	script  []byte
	count   drivers.PulseCount // as it is said next
	said    drivers.PulseCount
	honest  bool          // the counter has said no nonsense yet
	since   int           // pulses since watched
	watched time.Duration // since when none was missed
	recent  []time.Duration
}

// play lets happen what the script says up to the next sample; false: it is at its end.
func (s *scripted) play() bool {
	for {
		what, gap := s.next(), s.next()
		if s.script == nil {
			return false
		}
		s.count.At += time.Duration(1+gap&15) << (gap >> 4) * time.Millisecond
		switch what % 8 {
		case 0, 1:
			s.pulse()
		case 2, 3:
			return true
		case 4: // the kernel dropped edges, and this one is the first behind them
			s.miss()
			s.pulse()
		case 5: // the line was opened again
			s.miss()
		case 6:
			return s.nonsense()
		case 7:
			for range 20 {
				s.count.At += 4 * time.Millisecond
				s.pulse()
			}
		}
	}
}

// next is the next byte of the script, which is nil behind its end.
func (s *scripted) next() byte {
	if len(s.script) == 0 {
		s.script = nil
		return 0
	}
	b := s.script[0]
	s.script = s.script[1:]
	return b
}

func (s *scripted) pulse() {
	c := &s.count
	if c.Period = 0; c.Last > 0 {
		c.Period = c.At - c.Last
	}
	c.Total, c.Last = c.Total+1, c.At
	s.since++
	s.recent = append(s.recent, c.At)
	for c.At-s.recent[0] >= 3*time.Second {
		s.recent = s.recent[1:]
	}
	c.Peak = max(c.Peak, float64(len(s.recent))/3)
}

func (s *scripted) miss() {
	s.count.Missed, s.count.Last, s.count.Period = true, 0, 0
	s.since, s.watched, s.recent = 0, s.count.At, nil
}

// nonsense lets the counter say what the next bytes are.
func (s *scripted) nonsense() bool {
	var raw [24]byte
	for i := range raw {
		raw[i] = s.next()
	}
	at := func(i int) uint64 { return binary.LittleEndian.Uint64(raw[i:]) }
	s.honest = false
	s.count = drivers.PulseCount{Total: at(0), Last: time.Duration(at(4)), Period: time.Duration(at(8)), At: time.Duration(at(12)),
		Peak: math.Float64frombits(at(16)), Missed: raw[3]&1 == 1}
	return true
}

// Count implements drivers.Pulses.
func (s *scripted) Count(context.Context) (drivers.PulseCount, error) {
	s.said = s.count
	s.count.Missed, s.count.Peak = false, 0
	return s.said, nil
}

// State implements drivers.Pulses.
func (s *scripted) State() []byte { return nil }

// Restore implements drivers.Pulses.
func (s *scripted) Restore([]byte) error { return nil }

// countLaw is what holds for every driver of a counter.
type countLaw struct {
	channels []drivers.Channel
	idle     time.Duration

	total drivers.PulseCount // that of the sample before
	value float64
	idled bool // none came for idle, since pulses were missed last
}

func (l *countLaw) judge(s *scripted, rs []obs.Reading) error {
	if len(rs) != len(l.channels) || len(rs) < 2 {
		return fmt.Errorf("%d readings of %d channels", len(rs), len(l.channels))
	}
	c := s.said
	l.idled = l.idled && !c.Missed || c.At-max(c.Last, s.watched) >= l.idle
	exact, step := float64(c.Total)*l.channels[0].Resolution, l.channels[0].Resolution
	switch v := rs[0].Value; {
	case math.Abs(v-exact) > step/2+exact/1e12:
		return fmt.Errorf("%d pulses of %v are %v", c.Total, step, v)
	case c.Total >= l.total.Total && v < l.value:
		return fmt.Errorf("the total falls from %v to %v", l.value, v)
	}
	l.total, l.value = c, rs[0].Value
	for i, r := range rs {
		if c.Missed && r.Quality.Flag < obs.Suspect {
			return fmt.Errorf("%s is %+v though pulses may have been missed", l.channels[i].Name, r)
		}
	}
	for i, r := range rs[1:] {
		if err := l.rate(s, l.channels[i+1], r); err != nil {
			return fmt.Errorf("%s: %w", l.channels[i+1].Name, err)
		}
	}
	if len(rs) > 2 && rs[2].Value < rs[1].Value {
		return fmt.Errorf("a gust of %v in a mean of %v", rs[2].Value, rs[1].Value)
	}
	return nil
}

// rate judges one rate.
func (l *countLaw) rate(s *scripted, ch drivers.Channel, r obs.Reading) error {
	switch v := r.Value; {
	case r.Quality.Flag == obs.Missing:
		return nil
	case !(v >= 0) || math.IsInf(v, 0):
		return fmt.Errorf("%v is no rate", v)
	case v > ch.Max && r.Quality.Flag != obs.Fail:
		return fmt.Errorf("%v is above %v and not flagged", v, ch.Max)
	case s.honest && s.since < 2 && !l.idled:
		return fmt.Errorf("%v after %d pulses, and no pause of %v", v, s.since, l.idle)
	case s.honest && s.since == 0 && v > 0:
		return fmt.Errorf("%v without a pulse", v)
	}
	return nil
}
