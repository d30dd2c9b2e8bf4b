package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const detectorSource = "../../../drivers/camera/vision"

// On films that nobody has chosen: the staff is read to centimetres and not where it is
// hidden, a covered, blurred and hanging camera is told, a fire by night is seen, and a
// red lorry is none. What is asked for lies below what is measured, so that new films do
// not fail it by chance; the seeds are told when they do.
func TestFilmsAreJudged(t *testing.T) {
	if testing.Short() {
		t.Skip("it watches eight films")
	}
	hash, err := sourceHash(detectorSource)
	if err != nil {
		t.Fatal(err)
	}
	var tasks []task
	for i, kind := range []string{"river", "river-hidden", "blocked", "defocused", "frozen", "flame-night", "red-lorry", "person"} {
		tasks = append(tasks, task{kind, seedOf(hash, 90_000+i)})
	}
	results, err := watchAll(tasks)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		wrong := ""
		switch r.kind {
		case "river", "river-hidden":
			if s := scoreOf([]result{r}, sorts[0]); len(r.errors) < r.due/2 || r.wrong > (r.due+r.hidden)/20 || s.alarms > 0 {
				wrong = "the staff is not read"
			}
		case "blocked", "defocused", "frozen":
			if !r.tamper.found {
				wrong = "it is not told"
			}
		case "flame-night":
			if !r.flame.found {
				wrong = "no flame is told"
			}
		case "red-lorry":
			if r.flame.alarms > 0 {
				wrong = "it is told as a flame"
			}
		case "person":
			if !r.presence.found {
				wrong = "nobody is told"
			}
		}
		if wrong != "" {
			t.Errorf("%s, seed %016x: %s: %+v", r.kind, r.seed, wrong, r)
		}
	}
}

// A camera that is covered when it is first looked at has no view: nothing that a cover or
// smoke could be told by is told as well, in films that nobody has chosen.
func TestCoveredFromTheBeginning(t *testing.T) {
	if testing.Short() {
		t.Skip("it watches four films")
	}
	hash, err := sourceHash(detectorSource)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		seed := seedOf(hash, 95_000+i)
		f, err := scenery.New("blocked", seed, 320, 240)
		if err != nil {
			t.Fatal(err)
		}
		eye, err := vision.New(configOf(f))
		if err != nil {
			t.Fatal(err)
		}
		noon := time.Date(2026, 6, 1, 12, 10, 0, 0, time.UTC)
		for at := f.From; at < f.To; at += time.Second {
			b, _, err := f.JPEG(at)
			if err != nil {
				t.Fatal(err)
			}
			m, err := jpeg.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			s, err := eye.Look(m, noon.Add(at))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range []obs.Reading{s.Tamper[vision.Blocked], s.Clarity, s.Smoke, s.Flame, s.Presence[0]} {
				if r.Quality.Usable() {
					t.Fatalf("seed %016x: %v after the cover %+v is told as good", seed, at-f.From, r)
				}
			}
		}
		if !eye.Learning().Blank {
			t.Errorf("seed %016x: a cover is told as a view", seed)
		}
	}
}

// The figures of a report are made of films as they should be.
func TestScores(t *testing.T) {
	var d detection
	for _, p := range []struct {
		there, near, told bool
		after             float64
	}{
		{false, false, true, -50}, {false, false, true, -49}, {false, false, false, -48}, // one false alarm
		{false, true, true, -5}, {true, true, false, 0}, {true, true, true, 7}, {true, true, true, 8}, {false, true, true, 99},
		{false, false, true, 160}, // it stays: no new one
	} {
		d.take(p.there, p.near, p.told, p.after)
	}
	if want := (detection{event: true, found: true, after: 7, alarms: 1, raised: true}); d != want {
		t.Errorf("%+v, want %+v", d, want)
	}
	rs := []result{{seconds: 360, tamper: d}, {seconds: 360}, {seconds: 720, tamper: detection{event: true, alarms: 2}}}
	s := scoreOf(rs, sorts[0])
	if got := s.String(); got != "1 / 2, 7 s | 3" || s.perDay() != 180 {
		t.Errorf("%s, %v a day", got, s.perDay())
	}
	if got := share([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.95); got != 10 {
		t.Errorf("p95 of one to ten is %v", got)
	}
}

// Each change of the detector meets other films, and so does each kind and number.
func TestSeedsFollowTheSources(t *testing.T) {
	seen := map[uint64]bool{}
	tasks := plan([32]byte{1}, 3, "", 0)
	for _, more := range [][]task{tasks, plan([32]byte{2}, 3, "", 0)} {
		for _, one := range more {
			seen[one.seed] = true
		}
	}
	if len(tasks) != 3*len(scenery.Kinds()) || len(seen) != 2*len(tasks) {
		t.Errorf("%d films, %d seeds of two detectors", len(tasks), len(seen))
	}
}

// A photograph, here one that is drawn, is watched as a camera would see it: nothing is
// told while nothing happens, and each thing that is done to it by its name.
func TestPhotographsAreWatched(t *testing.T) {
	if testing.Short() {
		t.Skip("it watches four minutes")
	}
	dir := t.TempDir()
	m := image.NewRGBA(image.Rect(0, 0, 600, 450))
	dice := rand.New(rand.NewPCG(3, 4))
	for y := 0; y < 450; y += 15 {
		for x := 0; x < 600; x += 12 {
			c := color.RGBA{uint8(60 + dice.IntN(140)), uint8(60 + dice.IntN(140)), uint8(60 + dice.IntN(120)), 255}
			draw.Draw(m, image.Rect(x, y, x+12, y+15), image.NewUniform(c), image.Point{}, draw.Src)
		}
	}
	p := photo{pack: "a-package", file: "tiles.png"}
	if err := os.Mkdir(filepath.Join(dir, p.pack), 0o700); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, p.pack, p.file), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := loadPhoto(dir, p, "blocked", 5)
	if err != nil {
		t.Fatal(err)
	}
	if r := watchPhoto(f); r.err != nil || !r.found || r.alarms != [4]int{} {
		t.Errorf("%+v", r)
	}
	if _, err := loadPhoto(dir, photo{pack: "a-package", file: "none.jpg"}, "", 5); err == nil || !strings.Contains(err.Error(), "make vision-photos") {
		t.Errorf("a photograph that is missing: %v", err)
	}
}

// Every photograph has an author, a licence and a package, and pages are written in both
// languages, with the version of each package.
func TestPhotographsAreNamed(t *testing.T) {
	list, err := photoList()
	if err != nil || len(list) < 5 {
		t.Fatalf("%d photographs, %v", len(list), err)
	}
	moving, err := footageAll()
	if err != nil || len(moving) < 2 {
		t.Fatalf("%d pieces of footage, %v", len(moving), err)
	}
	docs, dir, names := t.TempDir(), t.TempDir(), map[string]bool{}
	var all []photoResult
	var films []*footageResult
	for _, p := range list {
		for _, what := range treatments {
			all = append(all, photoResult{photo: p, treatment: what, found: what == "moved", after: 60})
		}
	}
	for _, f := range moving {
		films = append(films, &footageResult{footage: f, zones: make([]seenZone, len(f.zones))})
		list = append(list, f.photo)
	}
	for _, p := range list {
		if names[p.name] || p.name == "" || p.pack == "" || p.author == "" || p.licence == "" || p.shows == "" || p.showsChinese == "" || filepath.IsAbs(p.file) {
			t.Errorf("%+v", p)
		}
		names[p.name] = true
		if err := os.MkdirAll(filepath.Join(dir, p.pack), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, p.pack, "VERSION"), []byte("7.5-"+p.pack+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := photoPages(docs, dir, [32]byte{1}, all, films); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vision-photos.md", "vision-photos.zh-CN.md"} {
		page, err := os.ReadFile(filepath.Join(docs, name))
		text := string(page)
		if err != nil || strings.Count(text, "| 60 s |") != len(all)/len(treatments) || strings.Count(text, " 7.5-") != len(list) || !strings.Contains(text, list[0].author) {
			t.Errorf("%s: %v\n%s", name, err, page)
		}
	}
	if err := photoPages(docs, t.TempDir(), [32]byte{1}, all, films); err == nil || !strings.Contains(err.Error(), "make vision-photos") {
		t.Errorf("pages of packages whose version nobody knows: %v", err)
	}
}

// Footage goes forwards and backwards without a jump, and what is told in it counts where
// somebody is and where nobody is.
func TestFootageIsJudged(t *testing.T) {
	var way []int
	for k := range 12 {
		way = append(way, turning(k, 4))
	}
	if want := []int{0, 1, 2, 3, 2, 1, 0, 0, 1, 2, 3, 2}; !slices.Equal(way, want) {
		t.Errorf("it goes %v, want %v", way, want)
	}
	w := watched{from: 20, to: 30}
	var z seenZone
	for _, p := range []struct {
		place float64
		told  bool
	}{{1, true}, {2, true}, {3, false}, {16, true}, {20, false}, {25, true}, {30, true}, {34, true}, {36, true}, {50, false}} {
		z.take(w, p.place, p.told)
	}
	if want := (seenZone{there: 3, told: 2, empty: 5, alarms: 1}); z != want {
		t.Errorf("%+v, want %+v", z, want)
	}
	for _, text := range []string{"yard 0 0 0.1 0.1 0.2 0.1", "yard 0 0 0.1 0.1 0.2 0.1 0.2", "yard 0 x 0.1 0.1 0.2 0.1 0.2 0.2"} {
		if _, err := zoneOf(strings.Fields(text)); err == nil {
			t.Errorf("%q is a zone", text)
		}
	}
	if _, err := watchFootage(t.TempDir(), footage{photo: photo{name: "none", pack: "p", file: "f"}}); err == nil || !strings.Contains(err.Error(), "make vision-photos") {
		t.Errorf("footage that is missing: %v", err)
	}
}

// Footage, here one that is drawn, is watched as it is: somebody who walks to and fro in
// one half of it is told there, and nobody in the other.
func TestFootageIsWatched(t *testing.T) {
	if testing.Short() {
		t.Skip("it watches six minutes")
	}
	dir := t.TempDir()
	to := filepath.Join(dir, "p", "f.pictures")
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(5, 6))
	m := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range m.Pix {
		m.Pix[i] = uint8(100 + dice.IntN(40))
	}
	for k := range 80 {
		one := image.NewGray(m.Rect)
		copy(one.Pix, m.Pix)
		x := 20 + 3*max(k-40, 0)
		draw.Draw(one, image.Rect(x, 150, x+14, 200), image.NewUniform(color.Gray{20}), image.Point{}, draw.Src)
		for i := range one.Pix {
			one.Pix[i] += uint8(dice.IntN(4))
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, one, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, fmt.Sprintf("%04d.jpg", k)), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	left := watched{vision.Zone{Name: "left", Area: vision.Polygon{{X: 0.2, Y: 0.5}, {X: 0.6, Y: 0.5}, {X: 0.6, Y: 1}, {X: 0.2, Y: 1}}}, 28, 38}
	right := watched{vision.Zone{Name: "right", Area: vision.Polygon{{X: 0.7, Y: 0.5}, {X: 1, Y: 0.5}, {X: 1, Y: 1}, {X: 0.7, Y: 1}}}, 0, 0}
	r, err := watchFootage(dir, footage{photo{name: "walk", pack: "p", file: "f"}, []watched{left, right}})
	if err != nil {
		t.Fatal(err)
	}
	l, o := r.zones[0], r.zones[1]
	if l.there < 50 || l.told < l.there*8/10 || l.alarms > 0 || o.there > 0 || o.empty < 250 || o.alarms > 0 {
		t.Errorf("left %+v, right %+v", l, o)
	}
}
