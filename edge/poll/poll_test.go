package poll_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/poll"
)

// part is a driver that takes a while, or is silent until its deadline.
type part struct {
	takes  time.Duration
	silent bool
	closed *int
}

func (p part) Sample(ctx context.Context) ([]obs.Reading, error) {
	wait := p.takes
	if p.silent {
		wait = time.Hour
	}
	select {
	case <-time.After(wait):
		return []obs.Reading{obs.Of(1)}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p part) Close() error {
	if p.closed != nil {
		*p.closed++
	}
	return nil
}

func device(id string, every time.Duration, p part) poll.Device {
	return poll.Device{ID: id, Every: every, Timeout: 300 * time.Millisecond, Open: func() (drivers.Driver, error) { return p, nil }}
}

// run polls for a while inside a bubble and returns when each device was sampled,
// in milliseconds since the start.
func run(t *testing.T, d time.Duration, devices ...poll.Device) (at map[string][]int64, samples []poll.Sample) {
	t.Helper()
	at = map[string][]int64{}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, stop := context.WithTimeout(t.Context(), d)
		defer stop()
		poll.Line(ctx, time.Now(), devices, func() int64 { return time.Since(start).Milliseconds() }, func(s poll.Sample) {
			at[s.Device] = append(at[s.Device], s.BootMS)
			samples = append(samples, s)
		})
	})
	return at, samples
}

func TestLineKeepsItsGrid(t *testing.T) {
	at, _ := run(t, 4500*time.Millisecond, device("a", time.Second, part{takes: 100 * time.Millisecond}))
	if want := []int64{100, 1100, 2100, 3100, 4100}; !slices.Equal(at["a"], want) {
		t.Errorf("sampled at %v ms, want %v", at["a"], want)
	}
}

func TestOverrunSkipsAndCatchesNothingUp(t *testing.T) {
	d := device("slow", 10*time.Second, part{takes: 25 * time.Second})
	d.Timeout = time.Minute
	at, samples := run(t, time.Minute, d)
	if want := []int64{25_000, 55_000}; !slices.Equal(at["slow"], want) {
		t.Errorf("sampled at %v ms, want %v", at["slow"], want)
	}
	if samples[1].Skipped != 2 {
		t.Errorf("second sample says %d grid points were skipped, want 2", samples[1].Skipped)
	}
}

// A silent device costs the others its own timeout, never a slot.
func TestSilentDeviceCostsItsTimeoutOnly(t *testing.T) {
	at, samples := run(t, 20*time.Second,
		device("silent", time.Second, part{silent: true}),
		device("b", time.Second, part{takes: 20 * time.Millisecond}),
		device("c", 2*time.Second, part{takes: 20 * time.Millisecond}))
	if n := len(at["b"]); n != 20 {
		t.Errorf("b was sampled %d times in 20 s, want 20", n)
	}
	if n := len(at["c"]); n != 10 {
		t.Errorf("c was sampled %d times in 20 s, want 10", n)
	}
	for _, s := range samples {
		if s.Device != "silent" && s.Late > 300*time.Millisecond+20*time.Millisecond {
			t.Errorf("%s began %v after its grid point; the silent device may cost 300 ms", s.Device, s.Late)
		}
		if s.Device == "silent" && !errors.Is(s.Err, context.DeadlineExceeded) {
			t.Errorf("silent device gave %v, want a deadline", s.Err)
		}
	}
}

// On a line with room, one that is silent does not even move the others.
func TestSilentDeviceIsNotNoticedByItsNeighbours(t *testing.T) {
	at, _ := run(t, 29900*time.Millisecond,
		device("a", time.Second, part{takes: 20 * time.Millisecond}),
		device("silent", time.Second, part{silent: true}),
		device("b", time.Second, part{takes: 20 * time.Millisecond}))
	for _, id := range []string{"a", "b"} {
		if len(at[id]) != 30 {
			t.Errorf("%s was sampled %d times in 30 s, want 30", id, len(at[id]))
		}
		for i := 1; i < len(at[id]); i++ {
			if d := at[id][i] - at[id][i-1]; d != 1000 {
				t.Errorf("%s: %d ms between two samples, want 1000", id, d)
			}
		}
	}
	if n := len(at["silent"]); n != 30 {
		t.Errorf("the silent device was asked %d times in 30 s, want 30", n)
	}
}

// Where slots meet, who answered goes before who did not.
func TestFailedDeviceGoesLast(t *testing.T) {
	_, samples := run(t, 30*time.Second,
		device("silent", time.Second, part{silent: true}),
		device("a", 1500*time.Millisecond, part{takes: 20 * time.Millisecond})) // they meet at 2 s, 5 s, …
	for _, s := range samples {
		if s.Device == "a" && s.Late != 0 {
			t.Errorf("a began %v late behind a silent device", s.Late)
		}
	}
}

// On a line that is always busy, the one that fails has its turn all the same.
func TestFailedDeviceIsNotForgotten(t *testing.T) {
	at, _ := run(t, 20*time.Second,
		device("silent", time.Second, part{silent: true}),
		device("busy", 100*time.Millisecond, part{takes: 99 * time.Millisecond}))
	if n := len(at["silent"]); n < 10 {
		t.Errorf("the silent device was asked %d times in 20 s, want at least each second slot", n)
	}
}

func TestOpenIsRetriedAndDriversAreClosed(t *testing.T) {
	closed, tries := 0, 0
	d := poll.Device{ID: "late", Every: time.Second, Timeout: time.Second, Open: func() (drivers.Driver, error) {
		if tries++; tries < 3 {
			return nil, drivers.ErrUnplugged
		}
		return part{closed: &closed}, nil
	}}
	_, samples := run(t, 3500*time.Millisecond, d)
	var faults []string
	for _, s := range samples {
		if s.Err != nil {
			faults = append(faults, drivers.FaultWord(s.Err))
		}
	}
	if want := []string{"unplugged", "unplugged"}; !slices.Equal(faults, want) {
		t.Errorf("faults %v, want %v", faults, want)
	}
	if len(samples) != 4 || closed != 1 {
		t.Errorf("%d samples and %d closes, want 4 and 1", len(samples), closed)
	}
}

func TestStopInTheMiddleReportsNothing(t *testing.T) {
	_, samples := run(t, 50*time.Millisecond, device("a", time.Second, part{silent: true}))
	if len(samples) != 0 {
		t.Errorf("a sample cut short by the stop was reported: %v", samples)
	}
}

// A sample that has begun is completed, if that takes no longer than a second.
func TestLastWord(t *testing.T) {
	for takes, want := range map[time.Duration]int{100 * time.Millisecond: 1, 900 * time.Millisecond: 1, 3 * time.Second: 0} {
		d := device("a", time.Second, part{takes: takes})
		d.Timeout = time.Minute
		began := time.Now()
		_, samples := run(t, 50*time.Millisecond, d)
		if len(samples) != want {
			t.Errorf("a sample of %v: %d are reported, want %d", takes, len(samples), want)
		}
		if time.Since(began) > 5*time.Second {
			t.Error("the end takes longer than it says")
		}
	}
}

func TestNoDevices(t *testing.T) {
	if _, samples := run(t, time.Second); samples != nil {
		t.Errorf("an empty line gave %v", samples)
	}
}

type broken struct{ part }

func (broken) Sample(context.Context) ([]obs.Reading, error) { panic("index out of range") }

// Who is polled after a pause by another line keeps its rhythm; the slot that fell
// into the pause is made up for, older ones are not.
func TestRhythmIsTakenOver(t *testing.T) {
	for pause, want := range map[time.Duration][]int64{
		200 * time.Millisecond:  {10, 1010, 2010, 3010, 4010},
		700 * time.Millisecond:  {10, 1010, 2210, 3010, 4010}, // from 1.5 s to 2.2 s nobody polled
		2700 * time.Millisecond: {10, 1010, 4210, 5010, 6010},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var at []int64
			d := device("a", time.Second, part{takes: 10 * time.Millisecond})
			line := func(until time.Duration) {
				ctx, stop := context.WithDeadline(t.Context(), start.Add(until))
				defer stop()
				poll.Line(ctx, time.Now(), []poll.Device{d, device("b", 10*time.Second, part{})}, func() int64 { return time.Since(start).Milliseconds() }, func(s poll.Sample) {
					if s.Device == "a" {
						at, d.Due = append(at, s.BootMS), s.Next
					}
				})
			}
			line(1500 * time.Millisecond)
			time.Sleep(pause)
			line(1500*time.Millisecond + pause + 2500*time.Millisecond)
			if !slices.Equal(at, want) {
				t.Errorf("after a pause of %v: sampled at %v ms, want %v", pause, at, want)
			}
		})
	}
}

func TestPanickingDriverIsAnErrorOfThatDevice(t *testing.T) {
	at, samples := run(t, 3900*time.Millisecond,
		poll.Device{ID: "broken", Every: time.Second, Timeout: time.Second, Open: func() (drivers.Driver, error) { return broken{}, nil }},
		device("good", time.Second, part{takes: time.Millisecond}))
	if len(at["good"]) != 4 {
		t.Errorf("the good device was sampled %d times beside the broken one, want 4", len(at["good"]))
	}
	for _, s := range samples {
		if s.Device == "broken" && s.Err == nil {
			t.Error("a panic gave readings")
		}
	}
}

func BenchmarkLine(b *testing.B) {
	// One sample's share of the scheduler with 32 devices on the line.
	b.ReportAllocs()
	n := 0
	ctx, stop := context.WithCancel(b.Context())
	var ds []poll.Device
	for range 32 {
		ds = append(ds, device("d", time.Microsecond, part{}))
	}
	poll.Line(ctx, time.Now(), ds, func() int64 { return 0 }, func(poll.Sample) {
		if n++; n == b.N {
			stop()
		}
	})
}

// A driver that is kept is polled on by whoever has it next: it is opened once, never
// closed between, and no grid point is served twice or not at all. A sample that the end cut
// short is taken as soon as the polling goes on.
func TestAKeptDriverIsPolledOn(t *testing.T) {
	for _, c := range []struct {
		name  string
		takes time.Duration
		ends  time.Duration // of the first polling
		want  []int64       // ms at which samples were complete
	}{
		{"between two samples", 100 * time.Millisecond, 2500 * time.Millisecond, []int64{100, 1100, 2100, 3100, 4100}},
		{"in a sample", 100 * time.Millisecond, 2050 * time.Millisecond, []int64{100, 1100, 2100, 3100, 4100}},
		{"in a sample that takes too long", 1500 * time.Millisecond, 2200 * time.Millisecond, []int64{1500, 4700}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, opened, closed := time.Now(), 0, 0
				var at []int64
				var last poll.Sample
				var kept drivers.Driver
				d := poll.Device{ID: "a", Every: time.Second, Timeout: 5 * time.Second, Open: func() (drivers.Driver, error) {
					opened++
					return part{takes: c.takes, closed: &closed}, nil
				}, Keep: func(k drivers.Driver) { kept = k }}
				line := func(until time.Duration) {
					ctx, stop := context.WithTimeout(t.Context(), until-time.Since(start))
					defer stop()
					poll.Line(ctx, time.Now(), []poll.Device{d}, func() int64 { return time.Since(start).Milliseconds() }, func(s poll.Sample) {
						at, last = append(at, s.BootMS), s
					})
				}
				line(c.ends)
				if kept == nil || closed != 0 {
					t.Fatalf("%v is kept, and closed %d times", kept, closed)
				}
				d.Driver, d.Due, d.Keep = kept, last.Next, nil
				line(max(c.ends+2*time.Second, 4500*time.Millisecond))
				if opened != 1 || closed != 1 || !slices.Equal(at, c.want) {
					t.Errorf("opened %d times, closed %d times, sampled at %v ms, want %v", opened, closed, at, c.want)
				}
			})
		})
	}
}
