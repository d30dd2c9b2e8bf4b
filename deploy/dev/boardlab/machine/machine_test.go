package machine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// await returns when the text is complete, though it came in pieces, and not before.
func TestConsoleAwaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, done := newConsole(), make(chan error)
		go func() { done <- c.await(t.Context(), "lab: ready", nil) }()
		for _, piece := range []string{"boot\nlab", ": re", "ady\n"} {
			synctest.Wait()
			select {
			case err := <-done:
				t.Fatalf("await returned %v before the text was there", err)
			default:
			}
			fmt.Fprint(c, piece)
		}
		if err := <-done; err != nil {
			t.Errorf("await = %v", err)
		}
	})
}

func TestConsoleGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, ended := newConsole(), make(chan struct{})
		close(ended)
		if err := c.await(t.Context(), "x", ended); !errors.Is(err, errOff) {
			t.Errorf("await at a machine that is off = %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := c.await(ctx, "x", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("await at a silent machine = %v", err)
		}
	})
}

func TestConsoleTail(t *testing.T) {
	c := newConsole()
	for n := range 100 {
		fmt.Fprintln(c, "line", n)
	}
	if got := c.tail(); strings.HasPrefix(got, "line 59") || !strings.HasPrefix(got, "line 60\n") || !strings.HasSuffix(got, "line 99") {
		t.Errorf("tail = %q", got)
	}
}

// Nothing of the host is lent but what is named.
func TestNetworkIsClosed(t *testing.T) {
	got := network(Config{Lend: map[string]string{"10.0.2.100:1883": "127.0.0.1:4711"}, Serve: map[int]string{8090: "127.0.0.1:4712"}})
	want := "user,id=net,restrict=on,guestfwd=tcp:10.0.2.100:1883-cmd:socat - TCP4:127.0.0.1:4711,hostfwd=tcp:127.0.0.1:4712-:8090"
	if got != want {
		t.Errorf("network = %s, want %s", got, want)
	}
	if got := network(Config{}); got != "user,id=net,restrict=on" {
		t.Errorf("network of nothing = %s", got)
	}
}

// A RAM disk of several archives begins each at a multiple of four, where the kernel
// looks for it.
func TestConcatenate(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for n, text := range []string{"abcde", "fghi", "j"} {
		files = append(files, filepath.Join(dir, fmt.Sprint(n)))
		if err := os.WriteFile(files[n], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	to := filepath.Join(dir, "all")
	if err := concatenate(to, files); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(to)
	if want := "abcde\x00\x00\x00fghij\x00\x00\x00"; err != nil || string(got) != want {
		t.Errorf("concatenate = %q, %v, want %q", got, err, want)
	}
	if err := concatenate(to, []string{filepath.Join(dir, "nothing")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("concatenate of a file that is not there = %v", err)
	}
}

// fakeQEMU answers a line for each line; lines of more than one answer are separated by
// a bar.
func fakeQEMU(t *testing.T, answers ...string) net.Conn {
	t.Helper()
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "q"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		theirs, err := net.Dial("unix", ln.Addr().String())
		if err != nil {
			return
		}
		defer theirs.Close()
		fmt.Fprintln(theirs, `{"QMP":{"version":{}}}`)
		in := bufio.NewScanner(theirs)
		for _, a := range answers {
			if !in.Scan() {
				return
			}
			fmt.Fprintln(theirs, strings.ReplaceAll(a, "|", "\n"))
		}
	}()
	ours, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ours.Close()
		<-done
	})
	return ours
}

func TestQMP(t *testing.T) {
	q, err := newQMP(fakeQEMU(t, `{"return":{}}`, `{"event":"DEVICE_DELETED"}|{"return":{}}`, `{"error":{"class":"GenericError","desc":"no such device"}}`, `nonsense`))
	if err != nil {
		t.Fatal(err)
	}
	defer q.close()
	if err := q.run("device_del", map[string]any{"id": "x"}); err != nil {
		t.Errorf("a command with an event before its answer = %v", err)
	}
	if err := q.run("device_del", map[string]any{"id": "x"}); err == nil || !strings.Contains(err.Error(), "no such device") {
		t.Errorf("a command that fails = %v, want QEMU's words", err)
	}
	if err := q.run("device_del", nil); err == nil {
		t.Error("an answer that is no JSON passed")
	}
	if err := q.run("device_del", nil); err == nil {
		t.Error("no answer passed")
	}
}
