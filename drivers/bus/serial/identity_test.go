//go:build linux

package serial

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/bus/adapter"
)

// TestSwapped: another adapter comes back under the name; that is noticed and said.
func TestSwapped(t *testing.T) {
	root := t.TempDir()
	s := adapter.System{Sys: filepath.Join(root, "sys")}
	// describe gives the terminal behind link the adapter with this serial number.
	describe := func(link, serial string) {
		t.Helper()
		node, err := filepath.EvalSymlinks(link)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(root, "usb", serial)
		for f, v := range map[string]string{"idVendor": "0403", "idProduct": "6001", "product": "UART", "serial": serial} {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, f), []byte(v), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		class := filepath.Join(s.Sys, "class/tty", filepath.Base(node))
		if err := os.RemoveAll(class); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(class, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(dir, filepath.Join(class, "device")); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(root, "adapter")
	master := plug(t, link)
	describe(link, "A1")
	l, err := New(Config{Path: link, System: s})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Open(); err != nil {
		t.Fatal(err)
	}
	if h := l.Health(); h.Adapter != "UART (0403:6001)" || h.Swapped != "" {
		t.Errorf("health %+v", h)
	}
	again := func(serial, swapped string) {
		t.Helper()
		master.Close()
		if _, err := l.Read(t.Context(), make([]byte, 1)); err == nil {
			t.Fatal("an unplugged line is read")
		}
		master = plug(t, link)
		describe(link, serial)
		if err := l.Open(); err != nil {
			t.Fatal(err)
		}
		if h := l.Health(); h.Swapped != swapped {
			t.Errorf("with %s: swapped is %q, want %q", serial, h.Swapped, swapped)
		}
	}
	again("A1", "") // back, perhaps in another socket
	again("B2", "UART (0403:6001) A1")
}
