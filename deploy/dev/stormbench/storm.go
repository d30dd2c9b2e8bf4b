package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	limit   = 1.00 // m
	every   = 15   // s between readings
	hours   = 6
	samples = hours * 3600 / every
	step    = 0.01 // m, the sensor's resolution
)

// kinds are the shapes of a storm, those that stay below the limit among them.
var kinds = [...]string{"single", "double", "slow", "flash", "surge", "stops", "flash-stops", "tide", "calm"}

// storm is a level over time, as it truly is and as a sensor gives it.
type storm struct {
	seed    uint64
	kind    string
	truth   []float64 // m, each sample
	read    []float64 // NaN: no reading
	crosses int       // the first sample at or above the limit, -1: none
}

// sourceHash is over the engine's sources without its tests, in the order of their names.
func sourceHash(dir string) ([32]byte, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		return [32]byte{}, fmt.Errorf("%s: no sources of the rule engine; give -source edge/rule: %w", dir, os.ErrNotExist)
	}
	slices.Sort(names)
	h := sha256.New()
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		b, err := os.ReadFile(n)
		if err != nil {
			return [32]byte{}, err
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(n), len(b))
		h.Write(b)
	}
	return [32]byte(h.Sum(nil)), nil
}

// seedOf is the seed of storm i: each change of the engine meets other storms.
func seedOf(hash [32]byte, i int) uint64 {
	b := sha256.Sum256(binary.BigEndian.AppendUint64(hash[:], uint64(i)))
	return binary.BigEndian.Uint64(b[:])
}

// newStorm makes the storm of a seed.
func newStorm(seed uint64, kind string) *storm {
	r := rand.New(rand.NewPCG(seed, 0))
	return sensed(&storm{seed: seed, kind: kind}, shape(kind, r), r)
}

// sensed gives s its course, a level over minutes, and what the sensor makes of it.
func sensed(s *storm, level func(t float64) float64, r *rand.Rand) *storm {
	s.crosses, s.truth, s.read = -1, make([]float64, samples), make([]float64, samples)
	for i := range s.truth {
		s.truth[i] = level(float64(i) * every / 60)
		if s.crosses < 0 && s.truth[i] >= limit {
			s.crosses = i
		}
	}
	s.sense(r)
	return s
}

// hump is a hydrograph: it rises from t0 to a at t0+tp and recedes slowly (minutes).
func hump(t, t0, tp, a float64) float64 {
	x := (t - t0) / tp
	if x <= 0 {
		return 0
	}
	const k = 3
	return a * math.Exp(k*(math.Log(x)+1-x))
}

// shape draws a level as a function of minutes.
func shape(kind string, r *rand.Rand) func(t float64) float64 {
	in := func(lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }
	base, t0 := in(0.05, 0.30), in(40, 120)
	crest, below := in(1.10, 2.0)-base, in(0.55, 0.95)-base
	one := func(tp, a float64) func(float64) float64 {
		return func(t float64) float64 { return base + hump(t, t0, tp, a) }
	}
	switch kind {
	case "single":
		return one(in(30, 70), crest)
	case "double":
		tp, tp2, gap := in(20, 40), in(25, 50), in(80, 120)
		return func(t float64) float64 {
			return base + max(hump(t, t0, tp, below), hump(t, t0+gap, tp2, crest))
		}
	case "slow":
		return one(in(120, 200), in(1.05, 1.3)-base)
	case "flash":
		return one(in(8, 18), crest)
	case "surge", "tide":
		high, at, period := in(0.70, 0.97), in(100, 260), 745.0
		if kind == "surge" {
			high = in(1.05, 1.30)
		}
		low := in(-0.8, -0.2)
		return func(t float64) float64 { return low + (high-low)*(1+math.Cos(2*math.Pi*(t-at)/period))/2 }
	case "stops":
		return one(in(30, 70), below)
	case "flash-stops":
		return one(in(8, 18), below)
	default: // calm: a slow drift
		drift := in(-0.05, 0.05)
		return func(t float64) float64 { return base + 0.3 + drift*t/60 }
	}
}

// sense gives what the sensor makes of the truth: waves that last longer than a
// reading, noise, spikes that no check has caught, lost readings, an outage, steps.
func (s *storm) sense(r *rand.Rand) {
	noise, waves := 0.002+0.008*r.Float64(), 0.015*r.Float64()
	spikes, lost := 0.01*r.Float64(), 0.05*r.Float64()
	outage, long := r.IntN(samples), 4+r.IntN(12)
	wave := 0.0
	for i, v := range s.truth {
		wave = 0.8*wave + 0.6*waves*r.NormFloat64()
		x := v + wave + noise*r.NormFloat64()
		if r.Float64() < spikes {
			x += (0.1 + r.Float64()) * math.Copysign(1, r.Float64()-0.5)
		}
		if r.Float64() < lost || i >= outage && i < outage+long {
			x = math.NaN()
		}
		s.read[i] = math.Round(x/step) * step
	}
}

// crossed is when the limit was truly reached, ms; only if it was.
func (s *storm) crossed() int64 { return int64(s.crosses) * every * 1000 }
