package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// place is a network namespace by its name; the empty one is this machine's own.
type place string

// inside runs do in a place, on a thread of its own that dies with it. A socket
// stays in the place where it was made.
func inside[T any](p place, do func() (T, error)) (v T, err error) {
	if p == "" {
		return do()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread is not used for anything else
		if err = p.enter(); err == nil {
			v, err = do()
		}
	}()
	<-done
	return v, err
}

// enter moves the calling thread, which must be locked.
func (p place) enter() error {
	if p == "" {
		return nil
	}
	f, err := os.Open(filepath.Join("/run/netns", string(p)))
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
}

func (p place) dial(addr string) (net.Conn, error) {
	return inside(p, func() (net.Conn, error) { return net.DialTimeout("tcp", addr, 10*time.Second) })
}

func (p place) listening(addr string) bool {
	c, err := p.dial(addr)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// client asks servers in the place. It keeps no connection open.
func (p place) client() *http.Client {
	if p == "" {
		return http.DefaultClient
	}
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(_ context.Context, _, addr string) (net.Conn, error) { return p.dial(addr) }}}
}

func (p place) healthy(url string) bool {
	r, err := p.client().Get(url)
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode/100 == 2
}

// tool runs one of the system's commands, in the place, and fails the test with
// what it said.
func (p place) tool(t *testing.T, input, name string, args ...string) {
	t.Helper()
	if err := p.try(input, name, args...); err != nil {
		t.Fatal(err)
	}
}

func (p place) try(input, name string, args ...string) error {
	_, err := inside(p, func() (struct{}, error) {
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
		cmd.Stdin = strings.NewReader(input)
		if out, err := cmd.CombinedOutput(); err != nil {
			return struct{}{}, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
		}
		return struct{}{}, nil
	})
	return err
}

// mayRearrange skips the test where this process may not make namespaces and
// mounts. Where all parts are demanded, who has the right must also be able to.
func mayRearrange(t *testing.T, tools ...string) {
	t.Helper()
	if os.Getuid() != 0 || !capable(unix.CAP_SYS_ADMIN) || !capable(unix.CAP_NET_ADMIN) {
		t.Skip("needs root with CAP_SYS_ADMIN and CAP_NET_ADMIN, for namespaces and mounts of its own")
	}
	for _, name := range tools {
		part(t, name, "/usr/sbin/"+name, "/sbin/"+name)
	}
}

func capable(bit int) bool {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		if hex, ok := strings.CutPrefix(line, "CapEff:"); ok {
			set, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
			return err == nil && set>>bit&1 == 1
		}
	}
	return false
}

// counters are the bytes that an interface has sent and received, as the process's
// own view of the network has them.
func counters(pid int, device string) (sent, received int64, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/dev", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(b)) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), ":")
		f := strings.Fields(rest)
		if !ok || name != device || len(f) < 9 {
			continue
		}
		received, err1 := strconv.ParseInt(f[0], 10, 64)
		sent, err2 := strconv.ParseInt(f[8], 10, 64)
		return sent, received, errors.Join(err1, err2)
	}
	return 0, 0, fmt.Errorf("process %d has no interface %s", pid, device)
}
