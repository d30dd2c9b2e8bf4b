package journal_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal"
)

// childEnv makes this test binary the process that TestKill kills.
const childEnv = "LAMPPOST_JOURNAL_CHILD"

// child appends records as fast as it can and prints each number that Sync has
// confirmed, until it is killed.
func child(dir string) error {
	j, err := journal.Open(dir, journal.Options{Size: 2 << 20, SegmentSize: 64 << 10})
	if err != nil {
		return err
	}
	fmt.Println("epoch", j.Epoch())
	for i := uint64(1); ; i++ {
		body := binary.BigEndian.AppendUint64(nil, i)
		body = append(body, noise(int(i), int(i%300))...)
		if _, err := j.AppendState(1, body, "cursor", body[:8]); err != nil {
			return err
		}
		if i%7 != 0 {
			continue
		}
		if err := j.SyncTo(context.Background(), i); err != nil {
			return err
		}
		fmt.Println(i)
		if err := j.Trim(context.Background(), func(journal.Epoch, journal.Range) []journal.Range { return nil }, nil); err != nil {
			return err
		}
	}
}

// TestKill kills a real process with SIGKILL while it writes, rolls and recycles.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 7))
	for round := range pick(10, 400) {
		epoch, synced := killedRun(t, dir, time.Duration(20+r.IntN(120))*time.Millisecond)
		dead := reader(t, dir) // before anybody repairs anything
		j, err := journal.Open(dir, journal.Options{Size: 2 << 20, SegmentSize: 64 << 10})
		if err != nil {
			t.Fatal(err)
		}
		if seen := dead.Epochs(); seen[len(seen)-1].Epoch != epoch || seen[len(seen)-1].Last != infoOf(j, epoch).Last {
			t.Errorf("round %d: a reader saw %+v, the journal finds %+v", round, seen[len(seen)-1], infoOf(j, epoch))
		}
		info := infoOf(j, epoch)
		if info.Last < synced || info.Clean || len(info.Lost) > 0 {
			t.Errorf("round %d: %d confirmed, found %+v", round, synced, info)
		}
		next := info.First
		err = j.Read(epoch, 1, 1<<62, func(r journal.Record) error {
			if r.Seq != next || binary.BigEndian.Uint64(r.Body) != r.Seq || string(r.Body[8:]) != noise(int(r.Seq), int(r.Seq%300)) {
				return fmt.Errorf("record %d, want %d", r.Seq, next)
			}
			next++
			return nil
		})
		if err != nil || next != info.Last+1 {
			t.Errorf("round %d: read to %d of %d: %v", round, next-1, info.Last, err)
		}
		if s, _ := j.State("cursor"); info.Last > 0 && binary.BigEndian.Uint64(s) != info.Last {
			t.Errorf("round %d: cursor %d, newest record %d", round, binary.BigEndian.Uint64(s), info.Last)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
}

func killedRun(t *testing.T, dir string, after time.Duration) (journal.Epoch, uint64) {
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
	epoch, err := journal.ParseEpoch(strings.TrimPrefix(lines.Text(), "epoch "))
	if err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	synced := uint64(0)
	for lines.Scan() {
		if n, err := strconv.ParseUint(lines.Text(), 10, 64); err == nil {
			synced = n
		}
	}
	_ = cmd.Wait()
	return epoch, synced
}
