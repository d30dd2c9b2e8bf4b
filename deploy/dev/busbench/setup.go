//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pace"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/poll"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

const (
	slaves    = 32
	registers = 15             // that one read of the profile covers
	profileID = "weather-01f4" // eleven values
	silentOne = 9              // the addresses of the broken ones
	noisyOne  = 20
)

// manySilent are more slaves than a budget for one would do for.
var manySilent = []int{2, 5, silentOne, 13, 16, 23, 27, 30}

var bauds = [...]int{9600, 19200}

// setup is a line and how it is asked.
type setup struct {
	baud   int
	every  time.Duration
	silent []int // their addresses
	noisy  bool
}

// turnaround is how long a slave takes to answer: 5 to 36 ms.
func turnaround(address int) time.Duration { return time.Duration(5+(address*7)%32) * time.Millisecond }

// ideal is the least time that one exchange with a slave can take.
func ideal(baud, address int) time.Duration {
	const request, answer = 8, 5 + 2*registers
	return pace.Characters(request+answer, baud) + pace.Characters(7, baud)/2 + turnaround(address)
}

// round is the least time in which all can be asked.
func round(baud int) (d time.Duration) {
	for a := 1; a <= slaves; a++ {
		d += ideal(baud, a)
	}
	return d
}

// partly is the interval at which the line is two thirds full.
func partly(baud int) time.Duration { return (round(baud) * 3 / 2).Round(100 * time.Millisecond) }

func name(address int) string { return fmt.Sprintf("s%02d", address) }

// line makes the slaves, broken ones included.
func (s setup) line(port modbusslave.Port) (*modbusslave.Line, error) {
	profiles, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		return nil, err
	}
	p, ok := profiles.Get(profileID)
	if !ok {
		return nil, fmt.Errorf("there is no device profile %q", profileID)
	}
	var held []modbusslave.Register
	for _, r := range p.Channels {
		held = append(held, modbusslave.Register{Channel: r.Channel, Function: r.Function, Address: r.Address,
			Type: modbusslave.Type(r.Type.String()), Order: r.Order.String(), Scale: r.Scale.Float(), Resolution: r.Resolution.Float()})
	}
	course, begin := (&scenario.Scenario{Cycle: scenario.Duration(24 * time.Hour), Faults: s.faults()}).Course(1, false), time.Now()
	l := &modbusslave.Line{Port: port, Baud: s.baud, Record: nowhere{}}
	for a := 1; a <= slaves; a++ {
		u, err := modbusslave.NewUnit(uint8(a), name(a), held, &source{course: course, begin: begin, name: name(a)})
		if err != nil {
			return nil, err
		}
		u.Turnaround = turnaround(a)
		l.Units = append(l.Units, u)
	}
	return l, nil
}

func (s setup) faults() (fs []scenario.Fault) {
	always := scenario.Duration(24 * time.Hour)
	for _, a := range s.silent {
		fs = append(fs, scenario.Fault{Kind: scenario.Silent, On: name(a), To: always})
	}
	if s.noisy {
		fs = append(fs, scenario.Fault{Kind: scenario.Noise, On: name(noisyOne), To: always, Probability: 0.5},
			scenario.Fault{Kind: scenario.Garbage, On: name(noisyOne), To: always, Probability: 0.5})
	}
	return fs
}

// source gives a slave its values, which do not matter, and its mishaps.
type source struct {
	course *scenario.Course
	begin  time.Time
	name   string
	frames atomic.Uint64
}

func (s *source) Value(string) float64 { return 42 }

func (s *source) Mishap() scenario.Mishap {
	return s.course.Mishap(time.Since(s.begin), s.frames.Add(1), s.name)
}

// nowhere takes truth lines.
type nowhere struct{}

func (nowhere) Add(...truth.Line) {}

// config is the gateway's configuration of the line at path.
func (s setup) config(path string) (*config.Config, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "gateway: {id: bench}\nbuses:\n  line: {serial: %q, baud: %d, parity: none, stop: 1}\ndevices:\n", path, s.baud)
	for a := 1; a <= slaves; a++ {
		fmt.Fprintf(&b, "  %s: {profile: %s, bus: line, address: %d, every: %v}\n", name(a), profileID, a, s.every)
	}
	profiles, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		return nil, err
	}
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load("busbench.yaml", b.Bytes(), config.Env{Kinds: catalog.Builtin(profiles.Set), Catalog: metrics})
	if cfg == nil {
		return nil, err
	}
	return cfg, nil // what remains are warnings
}

// tally is what came of a line, by address.
type tally struct {
	took   time.Duration
	good   [slaves + 1]int
	missed [slaves + 1]int // slots that passed without an answer
}

// settling is how many rounds pass before anything counts: a new part is asked once what
// tells it from others.
const settling = 5

// poll lets ask poll the line for a while and counts.
func (s setup) poll(ctx context.Context, cfg *config.Config, measure time.Duration, ask func(context.Context, func(poll.Sample)) error) (tally, error) {
	byName := map[string]int{}
	for _, d := range cfg.Devices {
		byName[d.ID] = int(d.Address)
	}
	var t tally
	begin := time.Now().Add(settling * round(s.baud))
	enough, stop := context.WithDeadline(ctx, begin.Add(measure))
	defer stop()
	err := ask(enough, func(p poll.Sample) {
		if time.Now().Before(begin) {
			return
		}
		address := byName[p.Device]
		t.missed[address] += p.Skipped
		if p.Err != nil {
			t.missed[address]++
			return
		}
		t.good[address]++
	})
	t.took = time.Since(begin)
	return t, errors.Join(err, ctx.Err())
}

// used is the share of the time that good answers needed at least.
func (t tally) used(baud int) float64 {
	var d time.Duration
	for a := 1; a <= slaves; a++ {
		d += time.Duration(t.good[a]) * ideal(baud, a)
	}
	return float64(d) / float64(t.took)
}

// others counts the good answers of the slaves that are never broken, and the slots
// that they missed.
func (t tally) others() (good, missed int) {
	for a := 1; a <= slaves; a++ {
		if a != noisyOne && !slices.Contains(manySilent, a) {
			good, missed = good+t.good[a], missed+t.missed[a]
		}
	}
	return good, missed
}

// table is what is found out about one speed. The states are: all well, beside a
// silent one, beside a noisy one, beside both.
type table struct {
	used   float64
	full   [4]float64 // of what the others got when all were well
	partly [4]float64 // of the others' slots
}

// fill measures one speed in all states.
func fill(baud int, measure func(setup) (tally, error)) (table, error) {
	var out table
	var well int // what the others got when all were
	for i := range out.full {
		s := setup{baud: baud, every: time.Second, noisy: i&2 != 0}
		if i&1 != 0 {
			s.silent = []int{silentOne}
		}
		t, err := measure(s)
		if err != nil {
			return out, err
		}
		good, _ := t.others()
		if i == 0 {
			out.used, well = t.used(baud), good
		}
		out.full[i] = float64(good) / float64(well)
		s.every = partly(baud)
		if t, err = measure(s); err != nil {
			return out, err
		}
		good, missed := t.others()
		out.partly[i] = float64(good) / float64(good+missed)
	}
	return out, nil
}
