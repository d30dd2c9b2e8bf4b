package truth_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var samples = []truth.Line{
	{T: 1795291200123, Device: "river", Channel: "level", V: 2.713, Resolution: 0.001, Via: truth.Answer, Good: true},
	{T: 1, Device: "river", Channel: "level", V: 0, Resolution: 0.001, Via: truth.Answer, Fault: "crc"},
	{T: 2, Device: "river", Via: truth.Silence},
	{T: 3, Device: "air", Event: "unplug"},
	{T: 4, Event: "start", Detail: `cloudburst "seed 1"` + "\n"},
	{T: 5, Device: "gauge", V: 2.31, Via: truth.Still, Good: true, SHA256: "ab12"},
}

func TestLineIsTheContract(t *testing.T) {
	for i, want := range []string{
		`{"t":1795291200123,"device":"river","channel":"level","v":2.713,"resolution":0.001,"via":"answer","good":true}`,
		`{"t":1,"device":"river","channel":"level","v":0,"resolution":0.001,"via":"answer","good":false,"fault":"crc"}`,
		`{"t":2,"device":"river","via":"silence"}`,
		`{"t":3,"event":"unplug","device":"air"}`,
		`{"t":4,"event":"start","detail":"cloudburst \"seed 1\"\n"}`,
		`{"t":5,"device":"gauge","v":2.31,"via":"still","good":true,"sha256":"ab12"}`,
	} {
		if got := string(samples[i].Append(nil)); got != want+"\n" {
			t.Errorf("Append(%+v) = %swant %s", samples[i], got, want)
		}
	}
}

func TestLogReadsBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "truth.jsonl")
	l, err := truth.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := truth.Create(path); !errors.Is(err, truth.ErrInUse) {
		t.Errorf("a second log on the same file: %v, want %v", err, truth.ErrInUse)
	}
	l.Add(truth.Line{T: 6, Channel: "rain", V: math.NaN()}, truth.Line{T: 7, Channel: "rain", V: math.Inf(1)}) // no JSON
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 250 {
				l.Add(samples...)
			}
		})
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := truth.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 4*250*len(samples) || !reflect.DeepEqual(got[:len(samples)], samples) {
		t.Errorf("read back %d lines, the first %+v", len(got), got[:min(len(got), len(samples))])
	}
}

func TestCreateEmptiesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "truth.jsonl")
	if err := os.WriteFile(path, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := truth.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	l.Add(samples[2])
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if lines, err := truth.ReadFile(path); err != nil || len(lines) != 1 {
		t.Errorf("%d lines, %v; want the new one only", len(lines), err)
	}
}

func TestReadTornAndBad(t *testing.T) {
	whole := string(samples[0].Append(nil))
	lines, err := truth.Read(strings.NewReader(whole + `{"t":17952`))
	if err != nil || len(lines) != 1 {
		t.Errorf("a torn last line: %d lines, %v; want 1 and no error", len(lines), err)
	}
	if _, err = truth.Read(strings.NewReader(whole + "nonsense\n" + whole)); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a bad line in the middle: %v, want an error that names line 2", err)
	}
}

// What Read accepts, Append writes and Read reads again, unchanged.
func FuzzRead(f *testing.F) {
	for _, s := range samples {
		f.Add(s.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, err := truth.Read(strings.NewReader(string(b)))
		if err != nil {
			return
		}
		var again []byte
		for i, l := range lines {
			if l.Event != "" || l.Via == truth.Silence { // such a line carries no value
				lines[i].V, lines[i].Good = 0, false
			}
			again = l.Append(again)
		}
		back, err := truth.Read(strings.NewReader(string(again)))
		if err != nil || !reflect.DeepEqual(back, lines) {
			t.Errorf("%q was read as %+v, written as %q, read again as %+v (%v)", b, lines, again, back, err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 0, 256)
	for b.Loop() {
		buf = samples[0].Append(buf[:0])
	}
}
