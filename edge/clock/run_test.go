package clock

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// FuzzRun: what is read is written again, is the same, and dates the same.
func FuzzRun(f *testing.F) {
	f.Add([]byte(`{"v":1,"boot":"`+bootID+`","anchors":[{"s":"kernel","b":12000,"t":1795291212000,"e":4},{"s":"uplink","b":90000,"t":1795291280000,"e":40}]}`), int64(100))
	f.Add([]byte(`{"v":2,"boot":"`+bootID+`","n":7,"until":90000,"first":{"b":5000,"t":1795291205500},"last":{"b":80000,"t":1795291280500},"after":1795291200000}`), int64(100))
	f.Add([]byte(`{"v":2,"boot":"`+bootID+`","n":7,"began":800,"until":90000,"after":1795291200000,"anchors":[{"s":"bounds","b":40000,"t":1795291212000,"e":4000}]}`), int64(60_000))
	f.Fuzz(func(t *testing.T, text []byte, at int64) {
		var a, b Run
		if json.Unmarshal(text, &a) != nil {
			return
		}
		again, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(again, &b); err != nil {
			t.Fatalf("%v: %s", err, again)
		}
		if third, _ := json.Marshal(b); string(third) != string(again) {
			t.Fatalf("%s, then %s", again, third)
		}
		at &= 1<<50 - 1
		u1, e1, t1 := a.Timeline.Unix(at)
		u2, e2, t2 := b.Timeline.Unix(at)
		if u1 != u2 || e1 != e2 || t1 != t2 {
			t.Errorf("Unix(%d) = %d ± %d %v, then %d ± %d %v", at, u1, e1, t1, u2, e2, t2)
		}
	})
}

func TestRunUnmarshalRefuses(t *testing.T) {
	r := Run{Timeline: line(t, Anchor{FromKernel, 1000, truth, 5})}
	for _, bad := range []string{``, `[]`, `{"v":3,"boot":"` + bootID + `"}`, `{"v":0,"boot":"` + bootID + `"}`, `{"v":1,"boot":"x"}`,
		`{"v":2,"boot":"` + bootID + `","until":-1}`, `{"v":2,"boot":"` + bootID + `","after":-1}`, `{"v":2,"boot":"` + bootID + `","last":{"b":-1,"t":5}}`,
		`{"v":1,"boot":"` + bootID + `","anchors":[{"s":"kernel","b":2,"t":1795291212000},{"s":"kernel","b":2,"t":1795291212000}]}`} {
		if err := json.Unmarshal([]byte(bad), &r); err == nil {
			t.Errorf("%s: taken", bad)
		}
	}
	if unix, _, _ := r.Timeline.Unix(1000); unix != truth {
		t.Errorf("a failed read changed the run: %d", unix)
	}
	if _, err := json.Marshal(Run{}); err == nil {
		t.Error("a run without a boot was written")
	}
}

// What a clock chip shows is taken only where it can be a time.
func TestReadChip(t *testing.T) {
	for text, want := range map[string]int64{"1795291200\n": 1_795_291_200_500, "946684800\n": 0, "": 0, "x\n": 0, "-5\n": 0, "99999999999999\n": 0} {
		sys := t.TempDir()
		file := filepath.Join(sys, chipFile)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := readChip(sys); got != want || ok != (want != 0) {
			t.Errorf("the chip says %q: %d, %v, want %d", text, got, ok, want)
		}
	}
	if _, ok := readChip(t.TempDir()); ok {
		t.Error("a board without a chip has one")
	}
}
