//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"
)

// The structures have the sizes that the kernel's ioctl numbers carry, on a 64-bit kernel.
func TestStructures(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("the board is a 64-bit one")
	}
	for name, size := range map[string][2]uintptr{
		"serial_rs485": {unsafe.Sizeof(rs485{}), 32},
	} {
		if size[0] != size[1] {
			t.Errorf("%s has %d bytes, want %d", name, size[0], size[1])
		}
	}
}

func TestEvent(t *testing.T) {
	e := event([]byte("add@/devices/a/ttyUSB0\x00ACTION=add\x00DEVPATH=/devices/a/ttyUSB0\x00SUBSYSTEM=tty\x00DEVNAME=ttyUSB0\x00SEQNUM=7\x00"))
	if e["ACTION"] != "add" || e["DEVPATH"] != "/devices/a/ttyUSB0" || e["SUBSYSTEM"] != "tty" || e["DEVNAME"] != "ttyUSB0" || len(e) != 5 {
		t.Errorf("event = %v", e)
	}
	if e := event(nil); len(e) != 0 {
		t.Errorf("event of nothing = %v", e)
	}
}

// A port's stable name is what systemd's udev makes of the same device: with the port's
// number where the driver has one, and with nothing in it that a path may not have.
func TestUSBName(t *testing.T) {
	root := t.TempDir()
	iface := filepath.Join(root, "usb1/1-1/1-1:1.0")
	tty := filepath.Join(iface, "ttyUSB0")
	for path, text := range map[string]string{
		"../manufacturer": "1a86\n", "../product": "USB Serial/A\n", "../serial": "5614\n", "bInterfaceNumber": "00\n", "ttyUSB0/port_number": "0\n",
	} {
		full := filepath.Join(iface, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	class := filepath.Join(root, "class/ttyUSB0")
	if err := os.MkdirAll(class, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(tty, filepath.Join(class, "device")); err != nil {
		t.Fatal(err)
	}
	got, err := usbName(class)
	if want := "usb-1a86_USB_Serial_A_5614-if00-port0"; err != nil || got != want {
		t.Errorf("usbName = %q, %v, want %q", got, err, want)
	}
	if err := os.Remove(filepath.Join(tty, "port_number")); err != nil {
		t.Fatal(err)
	}
	got, err = usbName(class)
	if want := "usb-1a86_USB_Serial_A_5614-if00"; err != nil || got != want {
		t.Errorf("usbName without a port number = %q, %v, want %q", got, err, want)
	}
}

func TestCPU(t *testing.T) {
	got, err := cpu("106 (a) b) S 1 106 0 0 -1 4194560 900 0 0 0 150 25 0 0 20 0 8 0 33 1")
	if want := 1750 * time.Millisecond; err != nil || got != want {
		t.Errorf("cpu = %v, %v, want %v", got, err, want)
	}
	for _, bad := range []string{"", "1 (a) S 1", "1 (a) S 1 1 0 0 -1 0 0 0 0 0 x 1 0"} {
		if _, err := cpu(bad); err == nil {
			t.Errorf("cpu(%q) passed", bad)
		}
	}
}
