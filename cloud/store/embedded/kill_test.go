package embedded

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/store"
)

// childEnv makes this test binary the process that TestKill kills.
const childEnv = "LAMPPOST_STORE_CHILD"

// child writes rounds of points to 20 streams, takes checkpoints all the time,
// and prints each round that Write has taken.
func child(dir string) error {
	s, err := Open(dir, Options{Memory: 1 << 20})
	if err != nil {
		return err
	}
	start := 0
	if ps, err := s.Query(context.Background(), store.Query{Stream: streamOf(0), To: maxTime}); err == nil {
		start = len(ps)
	}
	fmt.Println("start", start)
	began := time.Now().Truncate(24*time.Hour).UnixMilli() - 1e6
	for n := start; ; n++ {
		var ps []store.Point
		for i := range 20 {
			ps = append(ps, pointOf(i, began+int64(n), float64(n)))
		}
		if refused, err := s.Write(context.Background(), ps); err != nil || len(refused) > 0 {
			return fmt.Errorf("%v %v", refused, err)
		}
		fmt.Println(n + 1)
		if n%10 == 0 {
			s.ask()
		}
	}
}

// TestKill kills a real process with SIGKILL again and again, on one directory.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(3, 4))
	taken := 0
	for round := range 6 {
		if n := killedRun(t, dir, time.Duration(30+r.IntN(300))*time.Millisecond); n > 0 {
			taken = n
		}
		s := open(t, dir, Options{})
		for i := range 20 {
			ps := all(t, s, i)
			if len(ps) < taken {
				t.Fatalf("round %d: stream %d has %d points, %d were taken", round, i, len(ps), taken)
			}
			for n, p := range ps {
				if p.V != float64(n) {
					t.Fatalf("round %d: point %d is %v", round, n, p.V)
				}
			}
		}
		crash(t, s)
	}
	if taken == 0 {
		t.Error("no round took a point")
	}
}

func killedRun(t *testing.T, dir string, after time.Duration) (taken int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the child said nothing")
	}
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	for lines.Scan() {
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			taken = n
		}
	}
	_ = cmd.Wait()
	return taken
}
