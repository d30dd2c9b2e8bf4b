package main

import (
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
