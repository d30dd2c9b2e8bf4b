package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var handlers = map[string]Handler{
	"add": func(_ context.Context, with json.RawMessage) (any, error) {
		var n []int
		if err := json.Unmarshal(with, &n); err != nil {
			return nil, errors.New("numbers are needed")
		}
		sum := 0
		for _, v := range n {
			sum += v
		}
		return sum, nil
	},
}

// serving runs a server and returns its path; it has ended when the test ends.
func serving(t *testing.T) string {
	t.Helper()
	path := Path(t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- Serve(ctx, path, handlers, func() { close(ready) }) }()
	<-ready
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve = %v", err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is left behind: %v", err)
		}
	})
	return path
}

func TestAsk(t *testing.T) {
	path := serving(t)
	var sum int
	if err := Ask(t.Context(), path, "add", []int{1, 2, 3}, &sum); err != nil || sum != 6 {
		t.Errorf("Ask = %d, %v", sum, err)
	}
	if err := Ask(t.Context(), path, "add", "x", &sum); err == nil || err.Error() != "numbers are needed" {
		t.Errorf("the handler's words are lost: %v", err)
	}
	if err := Ask(t.Context(), path, "sing", nil, &sum); err == nil || !strings.Contains(err.Error(), `does not know "sing"`) {
		t.Errorf("an unknown question: %v", err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", st.Mode(), err)
	}
}

// Askers who say nothing, or rubbish, do not keep others from being answered.
func TestDeadAskers(t *testing.T) {
	path := serving(t)
	for _, say := range []string{"", "\n", "GET / HTTP/1.1\r\n\r\n"} {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if _, err := io.WriteString(c, say); err != nil {
			t.Fatal(err)
		}
	}
	var sum int
	if err := Ask(t.Context(), path, "add", []int{7}, &sum); err != nil || sum != 7 {
		t.Errorf("Ask = %d, %v", sum, err)
	}
}

func TestAbsent(t *testing.T) {
	dir := t.TempDir()
	if err := Ask(t.Context(), Path(dir), "add", nil, nil); !errors.Is(err, ErrAbsent) {
		t.Errorf("no socket: %v", err)
	}
	// What a gateway that was killed leaves: a name, and nobody behind it.
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: Path(dir), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	if err := Ask(t.Context(), Path(dir), "add", nil, nil); !errors.Is(err, ErrAbsent) {
		t.Errorf("a dead socket: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	if err := Serve(ctx, Path(dir), handlers, stop); err != nil {
		t.Errorf("a dead socket is in the way: %v", err)
	}
}

func TestCannotListen(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 120))
	if err := Serve(t.Context(), long, handlers, nil); err == nil || !strings.Contains(err.Error(), "journal.dir") {
		t.Errorf("a path that is too long: %v", err)
	}
	if err := Serve(t.Context(), filepath.Join(t.TempDir(), "none", "s"), handlers, nil); err == nil {
		t.Error("a folder that is not there was listened in")
	}
}

// FuzzServe: whatever is asked, the answer is one line of JSON that has a result or
// an error, never both.
func FuzzServe(f *testing.F) {
	f.Add([]byte("{\"v\":1,\"do\":\"add\",\"with\":[1]}\n"))
	f.Add([]byte("{\"v\":2,\"do\":\"add\"}"))
	f.Add([]byte("\x00\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &talk{in: bytes.NewReader(b)}
		if serve(t.Context(), c, handlers) != nil {
			return // nothing was said
		}
		out := c.out.Bytes()
		var a answer
		if json.Unmarshal(out, &a) != nil || bytes.Count(out, []byte("\n")) != 1 || (a.Error == "") == (a.Result == nil) {
			t.Errorf("%q was answered with %q", b, out)
		}
	})
}

type talk struct {
	in  io.Reader
	out bytes.Buffer
}

func (c *talk) Read(b []byte) (int, error)  { return c.in.Read(b) }
func (c *talk) Write(b []byte) (int, error) { return c.out.Write(b) }

// A handler knows who asks: the user of this process, by the kernel's word.
func TestAsker(t *testing.T) {
	path := Path(t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	who := func(ctx context.Context, _ json.RawMessage) (any, error) { return Asker(ctx), nil }
	go func() { done <- Serve(ctx, path, map[string]Handler{"who": who}, func() { close(ready) }) }()
	<-ready
	var name string
	if err := Ask(t.Context(), path, "who", nil, &name); err != nil {
		t.Error(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Skip("this user has no name")
	}
	if name != me.Username {
		t.Errorf("asked by %q, want %q", name, me.Username)
	}
	if got := Asker(t.Context()); got != "an unknown user" {
		t.Errorf("without a socket: %q", got)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
