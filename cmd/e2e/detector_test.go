package e2e

import (
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

	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// A camera's detector is heard, also in a camera's own process, and is gone when that is
// killed, and back with it. One that hangs is told by the gateway, whose readings of that
// camera go on, and nothing of any detector is left when the gateway has gone.
func TestDetectorOfOthers(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil && os.Getenv("LAMPPOST_REQUIRE_PARTS") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("there is no python3 here")
	}
	dir, addr := t.TempDir(), fmt.Sprintf("127.0.0.1:%d", port(t))
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	example, err := os.ReadFile("../../drivers/camera/examples/moving.py")
	if err != nil {
		t.Fatal(err)
	}
	moving, hangs := write("moving.py", example), write("hangs.py", []byte("import time\ntime.sleep(1000)\n"))
	still := playCamera(t)
	cfg := write("gateway.yaml", fmt.Appendf(nil, "gateway: {id: eyes, language: en}\njournal: {dir: %s, size: 64MB, commit: 1s}\nstatus: {listen: %q}\ndevices:\n"+
		"  apart: {driver: camera, url: %q, every: 1s, apart: true, detector: {program: [%s, %s], find: {moving: 0.4}, size: 160x120, grey: true, timeout: 10s}}\n"+
		"  hangs: {driver: camera, url: %q, every: 1s, detector: {program: [%s, %s], find: {person: 0.5}, timeout: 500ms, start: 1s}}\n",
		filepath.Join(dir, "journal"), addr, still, python, moving, still, python, hangs))
	gw := place("").start(t, filepath.Join(bin, "lamppost"), "run", "--config", cfg)
	eventually(t, soon, "the gateway's page", func() bool { return place("").listening(addr) })
	page := func() status.Snapshot {
		s, err := (&city{status: addr}).page()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	fresh := func(s status.Snapshot, device, channel string, within time.Duration) bool {
		return slices.ContainsFunc(s.Values, func(v status.Value) bool {
			return v.Device == device && v.Channel == channel && v.V != nil && v.AgeMS >= 0 && v.AgeMS < within.Milliseconds()
		})
	}
	const lately = 15 * time.Second
	eventually(t, soon, "the detector's findings", func() bool { return fresh(page(), "apart", "found.moving", lately) })
	eventually(t, soon, "the hanging detector to be told", func() bool {
		s := page()
		return fresh(s, "hangs", "brightness", lately) && !fresh(s, "hangs", "found.person", lately) &&
			slices.ContainsFunc(s.State.Health, func(h wire.Health) bool {
				return h.ID == "device-impaired" && strings.Contains(h.Text["en"], "detector")
			})
	})

	cameras, detectors := children(t, gw.cmd.Process.Pid), running(t, moving)
	if len(cameras) != 1 || len(detectors) != 1 {
		t.Fatalf("%d processes of cameras, %d detectors that find what moves; want one each", len(cameras), len(detectors))
	}
	if err := syscall.Kill(cameras[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	eventually(t, soon, "another detector in another process", func() bool {
		now := running(t, moving)
		return len(now) == 1 && now[0] != detectors[0] && fresh(page(), "apart", "found.moving", time.Since(killed))
	})
	gw.stop()
	eventually(t, soon, "every detector to be gone", func() bool { return len(running(t, moving)) == 0 && len(running(t, hangs)) == 0 })
}

// running are the processes that run a script.
func running(t *testing.T, script string) (all []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		words, err := os.ReadFile(file)
		if err != nil || !slices.Contains(strings.Split(string(words), "\x00"), script) {
			continue // another's, or gone since
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pid)
	}
	return all
}
