package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
	"github.com/lamppost-city/lamppost/edge/status"
)

// A camera in a process of its own is read as others are. The process is killed: the camera
// is gone and back, and the camera beside it never is. A camera that sends a part without
// end makes neither process larger. A reload that changes a rule leaves each as it is.
func TestCameraApart(t *testing.T) {
	still := playCamera(t)
	bomb := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=b")
		fmt.Fprint(w, "--b\r\n\r\n\xFF\xD8\xFF")
		for chunk := bytes.Repeat([]byte("x"), 64<<10); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	defer bomb.Close()
	dir, addr := t.TempDir(), fmt.Sprintf("127.0.0.1:%d", port(t))
	cfg := filepath.Join(dir, "gateway.yaml")
	text := fmt.Sprintf("gateway: {id: eyes, language: en}\njournal: {dir: %s, size: 64MB, commit: 1s}\nstatus: {listen: %q}\ndevices:\n"+
		"  apart: {driver: camera, url: %q, every: 1s, apart: true, measure: [motion]}\n  beside: {driver: camera, url: %q, every: 1s}\n  bomb: {driver: camera, url: %q, every: 1s, apart: true}\n",
		filepath.Join(dir, "journal"), addr, still, still, bomb.URL)
	if err := os.WriteFile(cfg, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	gw := place("").start(t, filepath.Join(bin, "lamppost"), "run", "--config", cfg)
	eventually(t, soon, "the gateway's page", func() bool { return place("").listening(addr) })
	page := func() status.Snapshot {
		s, err := (&city{status: addr}).page()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	state := func(s status.Snapshot, id string) (fault string, fresh bool) {
		for _, d := range s.State.Devices {
			if d.ID == id {
				fault = d.Fault
			}
		}
		for _, v := range s.Values {
			fresh = fresh || v.Device == id && v.AgeMS >= 0 && v.AgeMS < 5000 && !v.Stale
		}
		return fault, fresh
	}
	well := func(id string) bool { fault, fresh := state(page(), id); return fault == "" && fresh }
	eventually(t, soon, "both cameras", func() bool { return well("apart") && well("beside") })
	eventually(t, soon, "the bomb to be refused", func() bool { fault, _ := state(page(), "bomb"); return fault == "protocol" })

	own := children(t, gw.cmd.Process.Pid)
	if len(own) != 2 {
		t.Fatalf("%d processes of their own, want that of the camera and that of the bomb", len(own))
	}
	for _, pid := range own {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, soon, "the camera to be back in a new process", func() bool {
		s := page()
		if fault, _ := state(s, "beside"); fault != "" {
			t.Fatalf("the camera beside it has the fault %q", fault)
		}
		fault, fresh := state(s, "apart")
		now := children(t, gw.cmd.Process.Pid)
		old := slices.ContainsFunc(now, func(pid int) bool { return slices.Contains(own, pid) })
		return len(now) == 2 && !old && fault == "" && fresh
	})
	goesOn(t, gw.cmd.Process, cfg, text+"rules:\n  dark: {when: \"apart.brightness < 1\", for: 1m, severity: yellow, message: {en: dark}}\n", page)
	for _, pid := range children(t, gw.cmd.Process.Pid) {
		if kb := residentKB(t, pid); kb > 60_000 {
			t.Errorf("a camera's process holds %d kB", kb)
		}
	}
}

// goesOn gives a gateway a configuration in which only rules are others, and demands that its
// devices' processes are the same ones afterwards and that nobody has to learn anew.
func goesOn(t *testing.T, gateway *os.Process, cfg, text string, page func() status.Snapshot) {
	t.Helper()
	learned := func(s status.Snapshot) bool {
		i := slices.IndexFunc(s.Values, func(v status.Value) bool { return v.Device == "apart" && v.Channel == "motion" })
		return i >= 0 && s.Values[i].V != nil && s.Values[i].AgeMS >= 0 && !s.Values[i].Stale
	}
	eventually(t, soon, "three pictures, from which motion is known", func() bool { return learned(page()) })
	before, was := page().State.Config, children(t, gateway.Pid)
	if err := os.WriteFile(cfg, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := gateway.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	var taken time.Time
	eventually(t, soon, "four more seconds with the other rules", func() bool {
		s := page()
		if !learned(s) {
			t.Fatalf("after the reload the camera learns anew: %+v", s.Values)
		}
		if s.State.Config != before && taken.IsZero() {
			taken = time.Now()
		}
		return !taken.IsZero() && time.Since(taken) > 4*time.Second
	})
	now := children(t, gateway.Pid)
	slices.Sort(was)
	slices.Sort(now)
	if !slices.Equal(was, now) {
		t.Errorf("the processes were %v and are %v after a reload that changes a rule", was, now)
	}
}

// playCamera plays the simulated camera and returns where its still is.
func playCamera(t *testing.T) (url string) {
	t.Helper()
	part, err := parts.Find("camera")
	if err != nil {
		t.Fatal(err)
	}
	values, err := parts.NewValues(part, "camera", 1, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(context.Background())
	ready, left := make(chan string, 1), make(chan error, 1)
	go func() {
		left <- part.Play(ctx, parts.Place{Listen: "127.0.0.1:0"}, parts.Stage{Device: "camera", Source: values, Record: playback.Nobody{}}, func(at string) { ready <- at })
	}()
	t.Cleanup(func() { leave(); <-left })
	select {
	case url = <-ready:
	case err := <-left:
		left <- nil
		t.Fatal(err)
	case <-time.After(soon):
		t.Fatal("no camera")
	}
	return url
}

// children are the processes of devices that a gateway has.
func children(t *testing.T, gateway int) (all []int) {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		words, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || !strings.Contains(string(words), "device-process") {
			continue
		}
		stat, err := os.ReadFile(filepath.Join(dir, "stat"))
		_, rest, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(rest); err == nil && len(f) > 1 && f[1] == strconv.Itoa(gateway) && f[0] != "Z" {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			all = append(all, pid)
		}
	}
	return all
}

func residentKB(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest + " 0")[0])
	if err != nil {
		t.Fatal(err)
	}
	return kb
}
