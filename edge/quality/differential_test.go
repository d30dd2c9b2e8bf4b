package quality

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// perTest is how many random series each test of the differential test is given.
const perTest = 1000

// TestDifferential compares every test, flag by flag, with another implementation that
// was written from the manual and the reference implementation alone; testdata/PROTOCOL.md
// says how it is asked. The series follow from a hash of this package's sources, so
// that each change meets new ones; the seed is logged.
func TestDifferential(t *testing.T) {
	script := filepath.Join("testdata", "reference.py")
	if _, err := os.Stat(script); errors.Is(err, fs.ErrNotExist) {
		t.Skip("testdata/reference.py is not there")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	seed := sourceSeed(t)
	t.Logf("seed %x", seed)
	ask := startReference(t, python, script)
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rnd := rand.New(rand.NewChaCha8(seed))
			seen := map[int]int{}
			for n := range perTest {
				q, flags := k.make(rnd)
				want := ask(q)
				if !slices.Equal(flags, want) {
					text, _ := json.Marshal(q)
					t.Fatalf("series %d of seed %x\n%s\ngo        %v\nreference %v", n, seed, text, flags, want)
				}
				for _, f := range flags {
					seen[f]++
				}
			}
			for _, f := range k.flags {
				if seen[f] == 0 {
					t.Errorf("no value had flag %d: the series prove nothing about it (seen %v)", f, seen)
				}
			}
			t.Logf("%d series, values by flag %v", perTest, seen)
		})
	}
}

func sourceSeed(t *testing.T) (seed [32]byte) {
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) < 10 {
		t.Fatalf("sources: %v, %v", names, err)
	}
	h := sha256.New()
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(src)
	}
	return [32]byte(h.Sum(nil))
}

// startReference runs the other implementation until the test is over.
func startReference(t *testing.T, python, script string) (ask func(question) []int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python, script)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	return func(q question) []int {
		text, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write(append(text, '\n')); err != nil {
			t.Fatalf("the reference does not read: %v", err)
		}
		if !lines.Scan() {
			t.Fatalf("the reference does not answer %s: %v", text, lines.Err())
		}
		var a struct {
			Flags []int  `json:"flags"`
			Error string `json:"error"`
		}
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil || a.Error != "" {
			t.Fatalf("the reference answers %s to %s: %v", lines.Bytes(), text, err)
		}
		return a.Flags
	}
}

// question is one line of the protocol.
type question struct {
	Test   string         `json:"test"`
	Config map[string]any `json:"config"`
	T      []*float64     `json:"t,omitempty"`
	X      []*float64     `json:"x,omitempty"`
	Y      []*float64     `json:"y,omitempty"`
	Lat    []*float64     `json:"lat,omitempty"`
	Lon    []*float64     `json:"lon,omitempty"`
	Tests  [][]int        `json:"tests,omitempty"`
}

// nulls writes what is not a number as null.
func nulls(x []float64) []*float64 {
	out := make([]*float64, len(x))
	for i, v := range x {
		if v == v {
			out[i] = &x[i]
		}
	}
	return out
}

func seconds(ms []int64) []*float64 {
	out := make([]*float64, len(ms))
	for i, v := range ms {
		out[i] = num(float64(v) / 1000)
	}
	return out
}

// A seed is all that a failure needs to be found again.
func TestSeedDecides(t *testing.T) {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], 7)
	for _, k := range kinds {
		q1, f1 := k.make(rand.New(rand.NewChaCha8(seed)))
		q2, f2 := k.make(rand.New(rand.NewChaCha8(seed)))
		a, _ := json.Marshal(q1)
		b, _ := json.Marshal(q2)
		if string(a) != string(b) || !slices.Equal(f1, f2) {
			t.Errorf("%s differs between two runs of one seed", k.name)
		}
	}
}
