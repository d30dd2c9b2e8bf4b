package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
)

// A camera with an infrared lamp shows another picture from dusk to dawn: grey, lit from
// where it stands. Each camera here lives through several of these evenings and mornings,
// and nothing else happens to it.
const (
	duskEvery     = 2 * time.Second
	duskStretch   = 40 * time.Minute // of day, and of night, in turn
	duskStretches = 6
	duskFrames    = 40 // pictures of each sort that are drawn, and shown again and again
)

// duskKinds are the films in which a camera sees by its infrared lamp.
var duskKinds = []string{"infrared", "river-infrared"}

// dusk is what came of one camera's evenings and mornings.
type dusk struct {
	kind     string
	seed     uint64
	night    bool // the camera was switched on by night
	switches int
	told     map[string]bool // states of tamper that were told
	longest  float64         // seconds for which one of the states of the view was neither 0 nor 1
	after    float64         // seconds after a switch until clarity is within a third of 100 % again, at most
	settled  int             // switches after which it came there before the next
}

// duskAll watches cameras of each kind side by side, every other one switched on by night.
func duskAll(hash [32]byte, each int) ([]dusk, error) {
	n := len(duskKinds) * 2 * each
	all, errs := make([]dusk, n), make([]error, n)
	var wg sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range all {
		free <- struct{}{}
		wg.Go(func() {
			all[i], errs[i] = watchDusk(duskKinds[i/(2*each)], seedOf(hash, 900_000+i), i%2 == 1)
			<-free
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
}

func watchDusk(kind string, seed uint64, night bool) (dusk, error) {
	w, h := 320, 240
	if strings.HasPrefix(kind, "river") {
		w, h = 640, 480
	}
	film, err := scenery.New(kind, seed, w, h)
	if err != nil {
		return dusk{}, err
	}
	var shown [2][]image.Image // by day, by night
	for i, from := range []time.Duration{0, film.From + 5*time.Second} {
		for n := range duskFrames {
			b, _, err := film.JPEG(from + time.Duration(n)*duskEvery)
			if err != nil {
				return dusk{}, err
			}
			m, err := jpeg.Decode(bytes.NewReader(b))
			if err != nil {
				return dusk{}, err
			}
			shown[i] = append(shown[i], m)
		}
	}
	eye, err := vision.New(configOf(film))
	if err != nil {
		return dusk{}, err
	}
	d := dusk{kind: kind, seed: seed, night: night, told: map[string]bool{}}
	return d, d.live(eye, shown)
}

// live shows day and night in turn. Each stretch begins within an hour: what is usual in
// that hour is learned of both.
func (d *dusk) live(eye *vision.Eye, shown [2][]image.Image) error {
	at := time.Date(2026, 6, 1, 16, 10, 0, 0, time.UTC)
	which, unknown := 0, 0.0
	if d.night {
		which = 1
	}
	for s := range duskStretches {
		began, near := at, false
		for n := 0; at.Sub(began) < duskStretch; n++ {
			seen, err := eye.Look(shown[which][n%duskFrames], at)
			if err != nil {
				return err
			}
			at = at.Add(duskEvery)
			if s == 0 && n < 60 { // it gets to know its view
				continue
			}
			unknown = d.judge(&seen, unknown)
			if s > 0 && !near && seen.Clarity.Quality.Usable() && math.Abs(seen.Clarity.Value-100) < 100/3 {
				near = true
				d.settled++
				d.after = max(d.after, at.Sub(began).Seconds())
			}
		}
		if s > 0 {
			d.switches++
		}
		which = 1 - which
	}
	return nil
}

// judge takes one picture, and returns for how long a state of the view has been unknown.
func (d *dusk) judge(seen *vision.Seen, unknown float64) float64 {
	open := false
	for i, r := range seen.Tamper {
		if r.Quality.Usable() && r.Value >= 1 {
			d.told[vision.State(i).String()] = true
		}
		open = open || !r.Quality.Usable()
	}
	if !open {
		return 0
	}
	unknown += duskEvery.Seconds()
	d.longest = max(d.longest, unknown)
	return unknown
}

// duskTable sums up by kind, and by whether a camera was switched on by night.
func duskTable(w io.Writer, all []dusk, lang string) {
	head := "| scene | switched on | cameras | switches | tamper, false | a state unknown for, at most | clarity near 100 % again | after, at most |"
	words := [2]string{"by day", "by night"}
	if lang == "zh" {
		head = "| 场景 | 开机时 | 摄像机数 | 切换次数 | 干扰误报 | 某一状态未知，最长 | 清晰度恢复到 100 % 附近 | 用时，最长 |"
		words = [2]string{"白天", "夜间"}
	}
	fmt.Fprintln(w, head+"\n| --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, kind := range duskKinds {
		for i, night := range []bool{false, true} {
			sum, n, told := dusk{}, 0, 0
			for _, d := range all {
				if d.kind != kind || d.night != night {
					continue
				}
				n++
				told += len(d.told)
				sum.switches += d.switches
				sum.settled += d.settled
				sum.longest, sum.after = max(sum.longest, d.longest), max(sum.after, d.after)
			}
			fmt.Fprintf(w, "| %s | %s | %d | %d | %d | %.0f s | %d / %d | %.0f s |\n", kind, words[i], n, sum.switches, told, sum.longest, sum.settled, sum.switches, sum.after)
		}
	}
}

// duskSeeds lists the cameras' seeds, in the order in which they were watched.
func duskSeeds(all []dusk) string {
	var seeds []string
	for _, d := range all {
		seeds = append(seeds, fmt.Sprintf("%016x", d.seed))
	}
	return strings.Join(seeds, ", ")
}
