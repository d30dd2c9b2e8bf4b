package main

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"image"
	_ "image/png" // photographs come as JPEG and as PNG
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers/camera/vision"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// photosList names the photographs: Debian's package, the file in it, author, licence, and
// what it shows.
//
//go:embed photos.csv
var photosList string

// photo is one photograph, or one piece of footage.
type photo struct{ name, pack, file, author, licence, shows, showsChinese string }

func photoList() (all []photo, err error) {
	rows, err := rowsOf("photos.csv", photosList)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		all = append(all, photoOf(r))
	}
	return all, nil
}

// rowsOf reads a table whose first line names its columns.
func rowsOf(name, text string) (rows []map[string]string, err error) {
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, column := range all[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func photoOf(row map[string]string) photo {
	return photo{row["name"], row["package"], row["file"], row["author"], row["licence"], row["shows"], row["shows_zh"]}
}

// treatments are what is done to a photograph from the second minute on. The first is
// nothing: there all that is told is false.
var treatments = []string{"", "blocked", "defocused", "moved", "dark"}

// photoFilm is a photograph as a camera before it would see it: a mast that sways, clouds
// that pass over everything, noise, JPEG.
type photoFilm struct {
	photo
	treatment string
	pix       []uint8 // RGB, wider than what is shown
	soft      []uint8 // the same out of focus
	w, h      int
	dice      uint64
}

// Of a photographed film.
const (
	photoLength = 4 * time.Minute
	photoFrom   = 2 * time.Minute
	shownWide   = 320
	shownHigh   = 240
	rim         = 1.5 // of the shown size that is kept, so that a camera can turn
)

// loadPhoto reduces a photograph.
func loadPhoto(dir string, p photo, treatment string, seed uint64) (*photoFilm, error) {
	r, err := os.Open(filepath.Join(dir, p.pack, p.file))
	if err != nil {
		return nil, fmt.Errorf("%w; make vision-photos fetches it", err)
	}
	defer r.Close()
	m, _, err := image.Decode(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.file, err)
	}
	f := &photoFilm{photo: p, treatment: treatment, w: int(shownWide * rim), h: int(shownHigh * rim), dice: seed}
	f.pix = make([]uint8, 3*f.w*f.h)
	b := m.Bounds()
	scale := min(float64(b.Dx())/float64(f.w), float64(b.Dy())/float64(f.h))
	for y := range f.h {
		for x := range f.w {
			c := box(m, b, float64(x)*scale, float64(y)*scale, scale)
			copy(f.pix[3*(y*f.w+x):], c[:])
		}
	}
	if treatment == "defocused" {
		f.soften()
	}
	return f, nil
}

// box is the mean of a square of a picture, sampled at 16 places at most.
func box(m image.Image, b image.Rectangle, x, y, side float64) (c [3]uint8) {
	var sum [3]uint32
	const n = 4
	for j := range n {
		for i := range n {
			r, g, bl, _ := m.At(b.Min.X+int(x+side*float64(i)/n), b.Min.Y+int(y+side*float64(j)/n)).RGBA()
			sum[0], sum[1], sum[2] = sum[0]+r>>8, sum[1]+g>>8, sum[2]+bl>>8
		}
	}
	return [3]uint8{uint8(sum[0] / n / n), uint8(sum[1] / n / n), uint8(sum[2] / n / n)}
}

// picture draws a moment.
func (f *photoFilm) picture(at time.Duration) *image.RGBA {
	t := at.Seconds()
	treatment := ""
	if at >= photoFrom {
		treatment = f.treatment
	}
	phase := float64(f.dice % 1000)
	left := (rim-1)/2*shownWide + 1.2*math.Sin(t*7.3+phase)*math.Sin(t/11)
	top := (rim-1)/2*shownHigh + 0.6*math.Sin(t*5.1+phase)
	if treatment == "moved" {
		left += 0.15 * shownWide
	}
	gain := 0.85 + 0.15*math.Sin(t/23+phase)
	if treatment == "dark" {
		gain *= 0.02
	}
	m := image.NewRGBA(image.Rect(0, 0, shownWide, shownHigh))
	noise := f.dice ^ uint64(at)*0x9e3779b97f4a7c15
	for y := range shownHigh {
		for x := range shownWide {
			c := f.at(left+float64(x), top+float64(y), treatment)
			for k := range 3 {
				noise = noise*6364136223846793005 + 1442695040888963407
				grain := float64(noise>>33&0xFF+noise>>41&0xFF)/64 - 4
				m.Pix[m.PixOffset(x, y)+k] = uint8(min(max(c[k]*gain+grain, 0), 255))
			}
			m.Pix[m.PixOffset(x, y)+3] = 255
		}
	}
	return m
}

// at is what the lens shows of a place.
func (f *photoFilm) at(x, y float64, treatment string) (c [3]float64) {
	switch treatment {
	case "blocked":
		return [3]float64{70 + x/30, 66 + y/40, 60}
	case "defocused":
		return f.between(f.soft, x, y)
	}
	return f.between(f.pix, x, y)
}

// soften is the photograph out of focus: means of eleven by eleven pixels.
func (f *photoFilm) soften() {
	f.soft = make([]uint8, len(f.pix))
	const r = 5
	for y := range f.h {
		for x := range f.w {
			var sum [3]int
			n := 0
			for v := max(y-r, 0); v <= min(y+r, f.h-1); v++ {
				for u := max(x-r, 0); u <= min(x+r, f.w-1); u++ {
					for k := range sum {
						sum[k] += int(f.pix[3*(v*f.w+u)+k])
					}
					n++
				}
			}
			for k := range sum {
				f.soft[3*(y*f.w+x)+k] = uint8(sum[k] / n)
			}
		}
	}
}

// between is the photograph between its pixels.
func (f *photoFilm) between(pix []uint8, x, y float64) (c [3]float64) {
	x, y = min(max(x, 0), float64(f.w-2)), min(max(y, 0), float64(f.h-2))
	i, j := int(x), int(y)
	u, v := x-float64(i), y-float64(j)
	at := 3 * (j*f.w + i)
	for k := range c {
		upper := float64(pix[at+k])*(1-u) + float64(pix[at+3+k])*u
		lower := float64(pix[at+3*f.w+k])*(1-u) + float64(pix[at+3*f.w+3+k])*u
		c[k] = upper*(1-v) + lower*v
	}
	return c
}

// photoResult is what came of one.
type photoResult struct {
	photo
	treatment string
	found     bool
	after     float64
	alarms    [4]int // tamper, smoke, flame, presence
	peaks     [2]float64
	err       error
}

// watchPhoto shows one to an eye, a picture each second as JPEG of quality 70.
func watchPhoto(f *photoFilm) (r photoResult) {
	r = photoResult{photo: f.photo, treatment: f.treatment}
	eye, err := vision.New(vision.Config{Zones: []vision.Zone{{Area: vision.Polygon{{X: 0, Y: 0.5}, {X: 1, Y: 0.5}, {X: 1, Y: 1}, {X: 0, Y: 1}}}}})
	if err != nil {
		r.err = err
		return r
	}
	noon := time.Date(2026, 6, 1, 12, 10, 0, 0, time.UTC)
	var was [4]bool
	for at := time.Duration(0); at < photoLength; at += time.Second {
		m, err := throughJPEG(f.picture(at), 70)
		if err != nil {
			r.err = err
			return r
		}
		s, err := eye.Look(m, noon.Add(at))
		if err != nil {
			r.err = err
			return r
		}
		r.take(at, s, &was)
	}
	return r
}

func (r *photoResult) take(at time.Duration, s vision.Seen, was *[4]bool) {
	told := func(v obs.Reading, limit float64) bool { return v.Quality.Usable() && v.Value >= limit }
	now := [4]bool{1: told(s.Smoke, likely), 2: told(s.Flame, likely), 3: told(s.Presence[0], 1)}
	during := at >= photoFrom && r.treatment != ""
	for i, v := range s.Tamper {
		switch state := vision.State(i).String(); {
		case !told(v, 1):
		case during && state == r.treatment:
			if !r.found {
				r.found, r.after = true, (at - photoFrom).Seconds()
			}
		default:
			now[0] = true
		}
	}
	for i, v := range []obs.Reading{s.Smoke, s.Flame} {
		if v.Quality.Usable() {
			r.peaks[i] = max(r.peaks[i], v.Value)
		}
	}
	for i := range now {
		// while something is done to the camera, only its state of tamper counts
		if now[i] && !was[i] && (i == 0 || !during) {
			r.alarms[i]++
		}
	}
	*was = now
}

// watchPhotos watches those whose name contains something, two at a time, in order.
func watchPhotos(dir string, hash [32]byte, only string) ([]photoResult, error) {
	list, err := photoList()
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(p photo) bool { return !strings.Contains(p.name, only) })
	results := make([]photoResult, len(list)*len(treatments))
	var wg sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range results {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			f, err := loadPhoto(dir, list[i/len(treatments)], treatments[i%len(treatments)], seedOf(hash, 50_000+i))
			if err != nil {
				results[i].err = err
				return
			}
			results[i] = watchPhoto(f)
		})
	}
	wg.Wait()
	for _, r := range results {
		if r.err != nil {
			return nil, r.err
		}
	}
	return results, nil
}
