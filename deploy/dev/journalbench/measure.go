package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/record"
)

// perSample is how many readings a sample has.
const perSample = 10

// street returns encoded samples as a street's gateway writes them: 20 devices with
// ten channels each, values that wander at the resolution of real parts, one in
// fifty suspect.
func street(n int) ([][]byte, error) {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"temp", "rh", "pm1", "pm2_5", "pm10", "noise", "pressure", "wind_speed", "wind_dir", "level"}
	digits := []float64{10, 10, 1, 1, 1, 10, 10, 10, 1, 1000}
	begin := []float64{21.4, 61.4, 12, 35, 41, 55.2, 1013.2, 2.4, 187, 2.713}
	step := []float64{0.1, 0.2, 1, 2, 2, 1.5, 0.1, 0.5, 8, 0.004}
	at := make([][]float64, 20)
	out := make([][]byte, n)
	for i := range out {
		d := i % len(at)
		if at[d] == nil {
			at[d] = slices.Clone(begin)
		}
		s := record.Sample{Device: fmt.Sprintf("station-%02d", d), BootMS: 412507 + int64(i)*5 + int64(r.IntN(3)), Channels: names}
		for c := range names {
			at[d][c] = math.Abs(at[d][c] + r.NormFloat64()*step[c])
			q := obs.Quality{Flag: obs.Pass}
			if r.IntN(50) == 0 {
				q = obs.Quality{Flag: obs.Suspect, Why: "rate"}
			}
			s.Readings = append(s.Readings, obs.Reading{Value: math.Round(at[d][c]*digits[c]) / digits[c], Quality: q})
		}
		var err error
		if out[i], err = s.Append(nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// load is what is done to each contender.
type load struct {
	bodies [][]byte
	group  int // samples in a commit
	alerts int // records with a commit of their own, behind the samples
}

// figures are one run's.
type figures struct {
	perSecond float64       // samples appended and committed
	cpu       time.Duration // for each sample, of the whole process
	disk      float64       // bytes for each reading, in files; of room taken beforehand only what is used
	device    float64       // bytes for each reading, written to the device
	flushes   float64       // of the device for each commit; negative: not known
	alert     time.Duration // median of a record with its own commit
	alertDev  float64       // bytes written to the device for each
}

// measure runs one contender on a fresh place.
func measure(c contender, p place, l load) (f figures, err error) {
	s, err := c.open(p.dir())
	if err != nil {
		return f, err
	}
	bytes, flushes, err := p.written()
	if err != nil {
		return f, err
	}
	begin, cpu := time.Now(), cpuTime()
	for i, b := range l.bodies {
		if err := s.append(b); err != nil {
			return f, err
		}
		if (i+1)%l.group == 0 {
			if err := s.commit(); err != nil {
				return f, err
			}
		}
	}
	if err := s.commit(); err != nil {
		return f, err
	}
	n := float64(len(l.bodies))
	f.perSecond, f.cpu = n/time.Since(begin).Seconds(), (cpuTime()-cpu)/time.Duration(len(l.bodies))
	after, flushed, err := p.written()
	if err != nil {
		return f, err
	}
	f.device, f.flushes = float64(after-bytes)/(n*perSample), -1
	if flushed >= 0 {
		f.flushes = float64(flushed-flushes) / math.Ceil(n/float64(l.group))
	}
	total, err := onDisk(p.dir())
	if err != nil {
		return f, err
	}
	if o, ok := s.(interface{ taken() int64 }); ok {
		total = o.taken()
	}
	f.disk = float64(total) / (n * perSample)
	if err := f.single(s, l); err != nil {
		return f, err
	}
	last, _, err := p.written()
	if err != nil {
		return f, err
	}
	f.alertDev = float64(last-after) / float64(max(l.alerts, 1))
	return f, complete(s, len(l.bodies)+l.alerts)
}

// single times records that are committed alone, as an alert is.
func (f *figures) single(s sink, l load) error {
	var took []time.Duration
	for i := range l.alerts {
		begin := time.Now()
		if err := s.append(l.bodies[i%len(l.bodies)]); err != nil {
			return err
		}
		if err := s.commit(); err != nil {
			return err
		}
		took = append(took, time.Since(begin))
	}
	f.alert = median(took)
	return nil
}

// complete reads back what was written: a fast way to lose data is no contender.
func complete(s sink, want int) error {
	n, err := s.count()
	if err != nil {
		return err
	}
	if n != want {
		return fmt.Errorf("%d of %d records can be read back", n, want)
	}
	return s.close()
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median[T time.Duration | float64](v []T) T {
	if len(v) == 0 {
		return 0
	}
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}
