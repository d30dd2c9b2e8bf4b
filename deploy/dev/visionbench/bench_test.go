package main

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
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
// languages.
func TestPhotographsAreNamed(t *testing.T) {
	list, err := photoList()
	if err != nil || len(list) < 5 {
		t.Fatalf("%d photographs, %v", len(list), err)
	}
	var all []photoResult
	for _, p := range list {
		if p.pack == "" || p.author == "" || p.licence == "" || p.shows == "" || filepath.IsAbs(p.file) {
			t.Errorf("%+v", p)
		}
		for _, what := range treatments {
			all = append(all, photoResult{photo: p, treatment: what, found: what == "moved", after: 60})
		}
	}
	dir := t.TempDir()
	if err := photoPages(dir, [32]byte{1}, all); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vision-photos.md", "vision-photos.zh-CN.md"} {
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || strings.Count(string(page), "| 60 s |") != len(list) || !strings.Contains(string(page), list[0].author) {
			t.Errorf("%s: %v\n%s", name, err, page)
		}
	}
}
