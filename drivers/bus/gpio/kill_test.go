//go:build linux

package gpio

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("LAMPPOST_TEST_COUNT"); dir != "" {
		countOn(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// piped is a machine whose one line gives the events that come out of a pipe.
type piped struct{ *os.File }

func (piped) chips() ([]chip, error) {
	return []chip{{name: "gpiochip0", lines: make([]lineInfo, 1)}}, nil
}
func (p piped) line(chip, want) (handle, error) { return p, nil }
func (piped) now() time.Duration                { return kernel{}.now() }
func (piped) get() (bool, error)                { return false, nil }
func (piped) set(bool) error                    { return nil }

// countOn counts what comes on descriptor 3 and prints the total each time it is read,
// until it is killed.
func countOn(dir string) {
	if err := unix.SetNonblock(3, true); err != nil {
		panic(err)
	}
	c, err := newChip(Config{Chip: "gpiochip0", Keep: dir, Boot: boot}, piped{os.NewFile(3, "events")})
	if err != nil {
		panic(err)
	}
	n, err := c.Counter("rain", "0", drivers.PinSettings{})
	if err != nil {
		panic(err)
	}
	for {
		got, err := n.Count(context.Background())
		if err != nil {
			panic(err)
		}
		fmt.Println(got.Total, got.Lost)
	}
}

// A program that is killed while edges pour in loses no pulse that it had told of, and
// counts none twice; what it had read and not yet told of is at most one batch.
func TestKillMinusNine(t *testing.T) {
	dir := t.TempDir()
	read := uint64(0) // pulses that the programs had taken from the pipe
	for run := range 6 {
		first, last, taken := oneRun(t, dir, 200*(run+1))
		read += taken
		_, m, err := openKeeper(dir, "rain")
		if err != nil {
			t.Fatal(err)
		}
		if first > last || m.total < last || m.total > read || read-m.total > 32 {
			t.Errorf("run %d: told of %d to %d, kept %d, taken %d", run, first, last, m.total, read)
		}
		read = m.total // the rest of the batch was lost with the program, in the time that counts as unwatched
		if m.lost != 0 {
			t.Errorf("run %d: %d lost", run, m.lost)
		}
	}
	if read < 100 {
		t.Errorf("only %d pulses in all runs: the test proves nothing", read)
	}
}

// oneRun lets a program count until it has told its total so many times, and kills it.
func oneRun(t *testing.T, dir string, tellings int) (first, last, taken uint64) {
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env, cmd.ExtraFiles, cmd.Stderr = append(os.Environ(), "LAMPPOST_TEST_COUNT="+dir), []*os.File{out}, os.Stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	written := make(chan int)
	go func() { written <- pour(in) }()
	lines := bufio.NewScanner(said)
	for i := 0; i < tellings && lines.Scan(); i++ {
		var lost uint64
		if _, err := fmt.Sscan(lines.Text(), &last, &lost); err != nil {
			t.Fatalf("the program says %q", lines.Text())
		}
		if i == 0 {
			first = last
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, said)
	_ = cmd.Wait() // it was killed, and says so
	if err := in.SetWriteDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	edges := <-written
	left, err := unix.IoctlGetInt(int(out.Fd()), unix.TIOCINQ)
	if err != nil {
		t.Fatal(err)
	}
	return first, last, uint64(edges-left/eventSize+1) / 2
}

// pour writes edges, the first of them rising, until it is stopped, and says how many.
func pour(in *os.File) (edges int) {
	defer in.Close()
	var p []byte
	for ; ; edges++ {
		p = event{at: time.Duration(edges) * ms, rising: edges%2 == 0, seq: uint32(edges + 1)}.put(p[:0])
		if _, err := in.Write(p); err != nil {
			return edges
		}
	}
}

func BenchmarkBatch(b *testing.B) {
	for _, size := range []int{1, 64} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			c, err := newChip(Config{Chip: "x", Keep: shared(b)}, piped{})
			if err != nil {
				b.Fatal(err)
			}
			n, err := c.Counter("bench", "0", drivers.PinSettings{})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			var p []byte
			for i := range size {
				p = event{at: time.Duration(i), rising: i%2 == 0, seq: uint32(i + 1)}.put(p)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				n.take(p)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/edge")
		})
	}
}

// BenchmarkEdges takes one edge at a time through a pipe, as they come on a slow line:
// the costliest way.
func BenchmarkEdges(b *testing.B) {
	out, in, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	c, err := newChip(Config{Chip: "gpiochip0", Keep: shared(b)}, piped{out})
	if err != nil {
		b.Fatal(err)
	}
	n, err := c.Counter("bench", "0", drivers.PinSettings{})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if _, err := n.Count(b.Context()); err != nil {
		b.Fatal(err)
	}
	p := make([]byte, 0, eventSize)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		p = event{at: time.Duration(i), rising: i%2 == 0, seq: uint32(i + 1)}.put(p[:0])
		if _, err := in.Write(p); err != nil {
			b.Fatal(err)
		}
	}
}

// shared is a folder in memory, if there is one.
func shared(b *testing.B) string {
	dir, err := os.MkdirTemp("/dev/shm", "lamppost-bench-")
	if err != nil {
		return b.TempDir()
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
