package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestPlayRefuses(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "line")
	for name, text := range map[string]string{
		"bad.frame": "want: a=1\n\n00\n", "none.yaml": "id: x\n", "one.frame": "source: constructed\nwant: a=1\n\n00\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"play DIR/one.frame", 2, "--link is missing"},
		{"play --link LINK", 2, "no file to play"},
		{"play --link LINK --every 0s DIR/one.frame", 2, "--every is more than 0"},
		{"play --link LINK DIR/bad.frame", 3, "bad.frame: it does not say its source"},
		{"play --link LINK DIR/none.yaml", 3, "it has no fixture that reads registers"},
		{"play --link DIR/one.frame DIR/one.frame", 8, "is not a link"},
		{"play --link LINK --duration 50ms DIR/one.frame", 0, "playing"},
	} {
		args := strings.Fields(strings.NewReplacer("LINK", link, "DIR", dir).Replace(c.args))
		out, err := command(t.Context(), args...)
		if err != nil {
			out += err.Error()
		}
		if code := exitCode(err); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("lamppost-sim %s: exit code %d, want %d, and in this %q:\n%s", c.args, code, c.code, c.want, out)
		}
	}
}

// A profile's slave answers on a real terminal with what its fixtures say.
func TestPlayProfile(t *testing.T) {
	link := filepath.Join(t.TempDir(), "line")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := command(ctx, "play", "--link", link, "--address", "7", "../../firmware-configs/devices/xy-md02.yaml")
		ended <- err
	}()
	fd := -1
	for fd < 0 { // until the link is there
		var err error
		if fd, err = unix.Open(link, unix.O_RDWR|unix.O_NOCTTY, 0); err != nil && t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte{7, 4, 0, 1, 0, 2, 0x20, 0x6D}); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for len(got) < 9 {
		b := make([]byte, 16)
		n, err := unix.Read(fd, b)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b[:n]...)
	}
	if want := "\x07\x04\x04\x01\x31\x02\x22"; string(got[:7]) != want {
		t.Errorf("it answers % x, want % x", got, want)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
