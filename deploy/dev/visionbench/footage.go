package main

import (
	_ "embed"
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/camera/vision"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// footageList names what real cameras took: as photosList does, and the zones that are
// looked at, each with the seconds between which somebody is in it. Those were read off
// the pictures by eye.
//
//go:embed footage.csv
var footageList string

// footage is one piece. It is shown forwards and backwards in turn, so that nothing jumps.
type footage struct {
	photo
	zones []watched
}

// watched is a zone, and when somebody is in it: seconds of the footage.
type watched struct {
	vision.Zone
	from, to float64
}

// Of footage.
const (
	footageLength = 6 * time.Minute
	footagePace   = 2    // pictures a second that photos.sh keeps
	footageNear   = 5.0  // seconds around somebody's being there that count neither way
	footageWarm   = 60.0 // seconds
)

func footageAll() (all []footage, err error) {
	rows, err := rowsOf("footage.csv", footageList)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		f := footage{photo: photoOf(r)}
		for _, text := range strings.Split(r["zones"], ";") {
			z, err := zoneOf(strings.Fields(text))
			if err != nil {
				return nil, fmt.Errorf("footage.csv: %s: %w", f.name, err)
			}
			f.zones = append(f.zones, z)
		}
		all = append(all, f)
	}
	return all, nil
}

// zoneOf reads a name, two seconds, and the corners of a zone.
func zoneOf(words []string) (z watched, err error) {
	if len(words) < 9 || len(words)%2 == 0 {
		return z, fmt.Errorf("a zone of %d words; write its name, from, to, and the x and y of three corners and more", len(words))
	}
	var v []float64
	for _, w := range words[1:] {
		x, err := strconv.ParseFloat(w, 64)
		if err != nil {
			return z, err
		}
		v = append(v, x)
	}
	z = watched{Zone: vision.Zone{Name: words[0]}, from: v[0], to: v[1]}
	for i := 2; i < len(v); i += 2 {
		z.Area = append(z.Area, vision.Point{X: v[i], Y: v[i+1]})
	}
	return z, nil
}

// seenZone is what came of one zone.
type seenZone struct {
	name        string
	there, told int // pictures with somebody in it, and those of them in which that is told
	empty       int // pictures without
	alarms      int // how often somebody was told who is not there
	was         bool
}

// footageResult is what came of one piece.
type footageResult struct {
	footage
	seconds float64
	zones   []seenZone
	alarms  [3]int // tamper, smoke, flame
	was     [3]bool
	peaks   [2]float64
	told    []string // states of tamper
}

// watchFootage shows a piece to an eye, a picture each second.
func watchFootage(dir string, f footage) (*footageResult, error) {
	names, err := filepath.Glob(filepath.Join(dir, f.pack, f.file+".pictures", "*.jpg"))
	if err != nil || len(names) < 2 {
		return nil, fmt.Errorf("%s: no pictures of it in %s; make vision-photos fetches them", f.name, dir)
	}
	slices.Sort(names)
	r := &footageResult{footage: f, seconds: footageLength.Seconds()}
	var c vision.Config
	for _, z := range f.zones {
		zone := z.Zone
		if len(f.zones) == 1 {
			zone.Name = ""
		}
		c.Zones = append(c.Zones, zone)
		r.zones = append(r.zones, seenZone{name: z.Name})
	}
	eye, err := vision.New(c)
	if err != nil {
		return nil, err
	}
	noon := time.Date(2026, 6, 1, 12, 10, 0, 0, time.UTC)
	for at := time.Duration(0); at < footageLength; at += time.Second {
		k := turning(int(at.Seconds())*footagePace, len(names))
		s, err := lookAt(eye, names[k], noon.Add(at))
		if err != nil {
			return nil, err
		}
		r.take(at.Seconds(), float64(k)/footagePace, s)
	}
	return r, nil
}

// turning is the k-th of 0, 1, … n-1, n-2, … 1, 0, 1 and so on.
func turning(k, n int) int {
	if k %= 2*n - 1; k >= n {
		return 2*n - 2 - k
	}
	return k
}

func lookAt(eye *vision.Eye, name string, at time.Time) (s vision.Seen, err error) {
	r, err := os.Open(name)
	if err != nil {
		return s, err
	}
	defer r.Close()
	m, err := jpeg.Decode(r)
	if err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	return eye.Look(m, at)
}

// take judges one picture: where it stands in the footage, and what was made of it.
func (r *footageResult) take(at, place float64, s vision.Seen) {
	told := func(v obs.Reading, limit float64) bool { return v.Quality.Usable() && v.Value >= limit }
	now := [3]bool{1: told(s.Smoke, likely), 2: told(s.Flame, likely)}
	for i, v := range s.Tamper {
		if told(v, 1) {
			now[0] = true
			if state := vision.State(i).String(); !slices.Contains(r.told, state) {
				r.told = append(r.told, state)
			}
		}
	}
	for i, v := range []obs.Reading{s.Smoke, s.Flame} {
		if v.Quality.Usable() {
			r.peaks[i] = max(r.peaks[i], v.Value)
		}
	}
	for i, is := range now {
		if is && !r.was[i] {
			r.alarms[i]++
		}
	}
	r.was = now
	for i := range r.zones {
		if at >= footageWarm {
			r.zones[i].take(r.footage.zones[i], place, told(s.Presence[i], 1))
		}
	}
}

func (z *seenZone) take(w watched, place float64, told bool) {
	ever := w.to > w.from
	switch {
	case ever && place >= w.from && place <= w.to:
		z.there++
		if told {
			z.told++
		}
	case !ever || place < w.from-footageNear || place > w.to+footageNear:
		z.empty++
		if told && !z.was {
			z.alarms++
		}
	}
	z.was = told
}
