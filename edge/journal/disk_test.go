package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal"
)

// mountEnv says that this process has mounts of its own to play with.
const mountEnv = "LAMPPOST_JOURNAL_MOUNTS"

// ownMounts runs the test once more in a process whose mounts nobody else sees,
// and returns true there. It skips where that is not allowed.
func ownMounts(t *testing.T, needsRoot bool) bool {
	t.Helper()
	if os.Getenv(mountEnv) != "" {
		return true
	}
	how := []string{"--mount"}
	if os.Geteuid() != 0 {
		if needsRoot {
			t.Skip("a loop device needs root: run this test as root")
		}
		how = append(how, "--map-root-user")
	}
	if out, err := exec.Command("unshare", append(how, "true")...).CombinedOutput(); err != nil {
		t.Skipf("mounts of one's own are not allowed here (unshare: %v %s): run this test as root", err, out)
	}
	cmd := exec.Command("unshare", append(how, os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")...)
	cmd.Env = append(os.Environ(), mountEnv+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if bytes.Contains(out, []byte("--- SKIP")) {
		t.Skipf("%s", out)
	}
	return false
}

func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v %s", name, args, err, out)
	}
}

// until waits for the journal's next tries until ok, half a minute at most.
func until(t *testing.T, j *journal.Journal, what string, ok func(journal.Stats) bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		_ = j.Sync(t.Context())
		st := j.Stats()
		if ok(st) {
			return
		}
		<-time.After(max(time.Until(st.Retry), 0) + 20*time.Millisecond)
	}
	t.Fatalf("%s: %+v", what, j.Stats())
}

// ballast fills the file system below dir.
func ballast(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, n := range []int{64 << 10, 4 << 10} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, n))
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return path
}

// TestFullAndReadOnly is the life of a journal on a real file system that fills up,
// becomes read-only, and recovers: appending never fails, alerts are written as
// long as the disk takes anything, nothing is lost.
func TestFullAndReadOnly(t *testing.T) {
	if !ownMounts(t, false) {
		return
	}
	mnt := t.TempDir()
	run(t, "mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mnt)
	t.Cleanup(func() { _ = exec.Command("umount", "-l", mnt).Run() })
	j, err := journal.Open(filepath.Join(mnt, "j"), journal.Options{Size: 64 << 20, SegmentSize: 128 << 10, Reserve: 128 << 10,
		Commit: time.Hour, Urgent: isAlert})
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(0)
	telemetry := func() {
		n = add(t, j, noise(int(n+1), 3000))
	}
	telemetry()
	mustSync(t, j)
	weight := ballast(t, mnt)
	for i := 0; !j.Stats().Degraded; i++ {
		if i == 200 {
			t.Fatal("600 KB went into a full disk")
		}
		telemetry()
		_ = j.Sync(t.Context())
	}
	if st := j.Stats(); st.Pending == 0 || st.Trouble != journal.TroubleFull || !st.Retry.After(st.Since) {
		t.Fatalf("stats %+v", st)
	}
	run(t, "mount", "-o", "remount,ro", mnt)
	until(t, j, "read-only", func(s journal.Stats) bool { return s.Trouble == journal.TroubleReadOnly })
	telemetry()
	run(t, "mount", "-o", "remount,rw", mnt)
	until(t, j, "full again", func(s journal.Stats) bool { return s.Trouble == journal.TroubleFull })
	if n, err = j.Append(alert, []byte(noise(int(n+1), 3000))); err != nil {
		t.Fatal(err)
	}
	if err := j.SyncTo(t.Context(), n); err != nil {
		t.Errorf("an alert on a full disk: %v", err)
	}
	telemetry()
	if err := os.Remove(weight); err != nil {
		t.Fatal(err)
	}
	until(t, j, "recovered", func(s journal.Stats) bool { return !s.Degraded && s.Waiting == 0 && s.Pending == 0 })
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, filepath.Join(mnt, "j"))
	next := uint64(1)
	if err := r.Read(j.Epoch(), 0, 1<<62, func(rec journal.Record) error {
		if rec.Seq != next || string(rec.Body) != noise(int(rec.Seq), 3000) {
			return fmt.Errorf("record %d, want %d as appended", rec.Seq, next)
		}
		next++
		return nil
	}); err != nil || next != n+1 {
		t.Errorf("read up to %d of %d: %v", next-1, n, err)
	}
}

// TestFileSystemError makes ext4 find an error and go read-only under the journal,
// as it does on a worn card: what was synced is there after the repair.
func TestFileSystemError(t *testing.T) {
	if !ownMounts(t, true) {
		return
	}
	mnt, dev := loopExt4(t, "errors=remount-ro")
	j, err := journal.Open(filepath.Join(mnt, "j"), journal.Options{Size: 8 << 20, SegmentSize: 1 << 20, Commit: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		add(t, j, noise(i+1, 3000))
		mustSync(t, j)
	}
	trigger := filepath.Join("/sys/fs/ext4", filepath.Base(dev), "trigger_fs_error")
	if err := os.WriteFile(trigger, []byte("1"), 0); err != nil {
		_ = j.Close()
		t.Skipf("this kernel cannot pretend a file system error: %v", err)
	}
	add(t, j, noise(21, 3000))
	if err := j.Sync(t.Context()); !errors.Is(err, journal.ErrDegraded) {
		t.Errorf("Sync = %v, want ErrDegraded", err)
	}
	if got, _ := readAll(t, j, j.Epoch()); len(got) != 20 {
		t.Errorf("%d records are readable, want 20", len(got))
	}
	if st := j.Stats(); st.Trouble != journal.TroubleReadOnly && st.Trouble != journal.TroubleIO {
		t.Errorf("stats %+v", st)
	}
	if err := j.Close(); !errors.Is(err, journal.ErrDegraded) {
		t.Errorf("Close = %v, want to hear that something could not be written", err)
	}
	run(t, "umount", mnt)
	_ = exec.Command("e2fsck", "-p", dev).Run() // what the board's start does
	run(t, "mount", dev, mnt)
	again, err := journal.Open(filepath.Join(mnt, "j"), journal.Options{Size: 8 << 20, SegmentSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if got, damage := readAll(t, again, j.Epoch()); damage != nil || !slices.Equal(got, numbers(1, 20)) {
		t.Errorf("records %v, %v, want 1 to 20", got, damage)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// loopExt4 mounts an ext4 with the block size of a card on a loop device.
func loopExt4(t testing.TB, options string) (mnt, dev string) {
	t.Helper()
	dir := t.TempDir()
	img, mnt := filepath.Join(dir, "img"), filepath.Join(dir, "mnt")
	if err := errors.Join(os.WriteFile(img, nil, 0o600), os.Truncate(img, 256<<20), os.Mkdir(mnt, 0o700)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", img).CombinedOutput(); err != nil {
		t.Skipf("needs mkfs.ext4: %v %s", err, out)
	}
	out, err := exec.Command("losetup", "--find", "--show", img).CombinedOutput()
	if err != nil {
		t.Skipf("needs a loop device: %v %s", err, out)
	}
	dev = strings.TrimSpace(string(out))
	t.Cleanup(func() { _ = exec.Command("losetup", "-d", dev).Run() })
	run(t, "mount", "-o", options, dev, mnt)
	t.Cleanup(func() { _ = exec.Command("umount", "-l", mnt).Run() })
	return mnt, dev
}

// deviceBytes is what the block layer has written to dev.
func deviceBytes(b *testing.B, dev string) int64 {
	b.Helper()
	run(b, "sync")
	text, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(dev), "stat"))
	if err != nil {
		b.Fatal(err)
	}
	n, err := strconv.ParseInt(strings.Fields(string(text))[6], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return n * 512
}

// BenchmarkDevice measures what reaches the device, by the block layer's count,
// beside the journal's own estimate. It needs root for a loop device with ext4:
// go test -run '^$' -bench Device -benchtime 1x ./edge/journal
func BenchmarkDevice(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("a loop device needs root: run this benchmark as root")
	}
	for _, rate := range []struct {
		name               string
		perCommit, commits int
		secs               float64 // between two commits
	}{
		{"2 a second, commit 10s", 20, 1000, 10},
		{"2000 a second, commit 10s", 20000, 100, 10},
		{"2000 a second, commit 1s", 2000, 1000, 1},
		{"alerts", 0, 500, 60},
	} {
		for _, how := range []string{"append only", "allocated", "recycled"} {
			b.Run(rate.name+"/"+how, func(b *testing.B) {
				for b.Loop() {
					measure(b, rate.perCommit, rate.commits, rate.secs, how)
				}
			})
		}
	}
}

func measure(b *testing.B, perCommit, commits int, secs float64, how string) {
	mnt, dev := loopExt4(b, "defaults")
	o := journal.Options{Size: 96 << 20, Commit: time.Hour, Buffer: 16 << 20}
	if how == "append only" {
		o.FS = journal.AppendOnly{}
	}
	if how == "recycled" {
		o.Size = 16 << 20
	}
	j, err := journal.Open(filepath.Join(mnt, "j"), o)
	if err != nil {
		b.Fatal(err)
	}
	if how == "recycled" { // go round until every file was a segment before
		for range 40 {
			for range 16 {
				if _, err := j.Append(1, []byte(noise(1, 64<<10))); err != nil {
					b.Fatal(err)
				}
			}
			if err := errors.Join(j.Sync(b.Context()), j.Trim(b.Context(), allStored, nil)); err != nil {
				b.Fatal(err)
			}
		}
	}
	before, st := deviceBytes(b, dev), j.Stats()
	sample := newSampler()
	for range commits {
		for n := 0; n < perCommit; n += 10 {
			if _, err := j.Append(1, sample()); err != nil {
				b.Fatal(err)
			}
		}
		if perCommit == 0 {
			if _, err := j.AppendState(3, []byte(noise(2, 900)), "rule", []byte("state")); err != nil {
				b.Fatal(err)
			}
		}
		if err := errors.Join(j.Sync(b.Context()), j.Trim(b.Context(), allStored, nil)); err != nil {
			b.Fatal(err)
		}
	}
	got, now := deviceBytes(b, dev)-before, j.Stats()
	if perCommit > 0 {
		b.ReportMetric(float64(got)/float64(commits*perCommit), "devB/reading")
		b.ReportMetric(float64(now.Written-st.Written)/float64(commits*perCommit), "B/reading")
	}
	b.ReportMetric(float64(got)/float64(commits), "devB/commit")
	b.ReportMetric(float64(got)/float64(commits)*86400/secs/1e6, "devMB/day")
	b.ReportMetric(float64(now.Flash-st.Flash)/float64(got), "estimate/real")
	_ = j.Close()
}

// newSampler returns bodies of ten readings each, of devices whose values wander.
func newSampler() func() []byte {
	values := make([]byte, 200)
	n := 0
	return func() []byte {
		n++
		device := n % 20
		body := fmt.Appendf(nil, "station-%02d temp rh pm1 pm2_5 pm10 noise pressure wind_speed wind_dir level", device)
		body = append(body, byte(n), byte(n>>8), byte(n>>16))
		for i := range 10 {
			v := &values[device*10+i]
			*v += byte(uint64(n*(i+3))*2654435761>>27)%5 - 2
			body = append(body, byte(i), *v, 0x40)
		}
		return body
	}
}
