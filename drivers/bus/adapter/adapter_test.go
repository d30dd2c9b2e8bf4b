package adapter_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/bus/adapter"
)

// cabinet lays out the file systems of a board with a UART of its own, two adapters
// that cannot be told apart, one that can, a modem and a phantom port, as kernels 6.1
// and 6.6 do.
func cabinet(t *testing.T) adapter.System {
	t.Helper()
	root := t.TempDir()
	s := adapter.System{Sys: filepath.Join(root, "sys"), Dev: filepath.Join(root, "dev"), Proc: filepath.Join(root, "proc")}
	file := func(text string, parts ...string) {
		t.Helper()
		p := filepath.Join(append([]string{root}, parts...)...)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to string, parts ...string) {
		t.Helper()
		p := filepath.Join(append([]string{root}, parts...)...)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, p); err != nil {
			t.Fatal(err)
		}
	}
	usb := func(socket, vendor, product, maker, name, serial string) string {
		dir := "sys/devices/usb1/" + socket
		for f, v := range map[string]string{"idVendor": vendor, "idProduct": product, "manufacturer": maker, "product": name, "serial": serial} {
			if v != "" {
				file(v+"\n", dir, f)
			}
		}
		file("00\n", dir, socket+":1.0", "bInterfaceNumber")
		return filepath.Join(root, dir, socket+":1.0")
	}
	tty := func(name, device, driver string) {
		file("", "dev", name)
		link(device, "sys/class/tty", name, "device")
		if err := os.MkdirAll(device, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/sys/bus/x/drivers/"+driver, filepath.Join(device, "driver")); err != nil {
			t.Fatal(err)
		}
	}
	for i, socket := range []string{"1-1.2", "1-1.3"} {
		tty(fmt.Sprintf("ttyUSB%d", i+9), filepath.Join(usb(socket, "1a86", "7523", "", "USB Serial", ""), fmt.Sprintf("ttyUSB%d", i+9)), "ch341-uart")
		link(fmt.Sprintf("../../ttyUSB%d", i+9), "dev/serial/by-path", "pci-0:"+socket+":1.0-port0")
	}
	link("../../ttyUSB10", "dev/serial/by-id/usb-1a86_USB_Serial-if00-port0")
	tty("ttyUSB2", filepath.Join(usb("1-1.4", "0403", "6001", "FTDI", "FT232R USB UART", "A50285BI"), "ttyUSB2"), "ftdi_sio")
	link("../../ttyUSB2", "dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0")
	link("../../ttyUSB2", "dev/serial/by-path/pci-0:1-1.4:1.0-port0")
	tty("ttyACM0", usb("1-1.5", "2c7c", "0125", "Quectel\x07", "Quectel EC25", "77"), "cdc_acm")

	uart := filepath.Join(root, "sys/devices/platform/fe201000.serial")
	tty("ttyAMA0", filepath.Join(uart, "fe201000.serial:0", "fe201000.serial:0.0"), "port")
	link("/sys/bus/serial-base", "sys/devices/platform/fe201000.serial/fe201000.serial:0/fe201000.serial:0.0/subsystem")
	link("/sys/bus/amba/drivers/uart-pl011", "sys/devices/platform/fe201000.serial/driver")
	file("32\n", "sys/class/tty/ttyAMA0/type")
	tty("ttyS3", filepath.Join(root, "sys/devices/platform/serial8250"), "serial8250")
	file("0\n", "sys/class/tty/ttyS3/type")
	file("", "sys/class/tty/tty1/dev") // a virtual console
	return s
}

func TestPorts(t *testing.T) {
	s := cabinet(t)
	ports, err := s.Ports()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range ports {
		got = append(got, strings.ReplaceAll(fmt.Sprintf("%s: %s, %s, twin %v, %s", filepath.Base(p.Node), p.Driver, p, p.Twin, p.Stable()), s.Dev, "/dev"))
	}
	want := []string{
		"ttyACM0: cdc_acm, Quectel EC25 (2c7c:0125), twin false, /dev/ttyACM0",
		"ttyAMA0: uart-pl011, uart-pl011, twin false, /dev/ttyAMA0",
		"ttyUSB2: ftdi_sio, FTDI FT232R USB UART (0403:6001), twin false, /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0",
		"ttyUSB9: ch341-uart, USB Serial (1a86:7523), twin true, /dev/serial/by-path/pci-0:1-1.2:1.0-port0",
		"ttyUSB10: ch341-uart, USB Serial (1a86:7523), twin true, /dev/serial/by-path/pci-0:1-1.3:1.0-port0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the ports are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if u := ports[2].USB; u.Socket != "1-1.4" || u.Serial != "A50285BI" || u.Interface != "00" || ports[2].Fingerprint() != "0403:6001 A50285BI" {
		t.Errorf("the FTDI adapter is %+v", *u)
	}
	if u := ports[0].USB; u.Maker != "Quectel" {
		t.Errorf("what an adapter says of itself is shown as %q", u.Maker)
	}
}

func TestFind(t *testing.T) {
	s := cabinet(t)
	p, ok := s.Find(filepath.Join(s.Dev, "serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"))
	if !ok || filepath.Base(p.Node) != "ttyUSB2" {
		t.Errorf("Find = %+v, %v", p, ok)
	}
	for _, name := range []string{"tty1", "ttyS3", "absent", "../sys"} {
		if p, ok := s.Find(filepath.Join(s.Dev, name)); ok {
			t.Errorf("Find(%s) = %+v", name, p)
		}
	}
	if _, err := (adapter.System{Sys: "/nowhere"}).Ports(); err == nil {
		t.Error("no sysfs, and no error")
	}
}

func TestHolders(t *testing.T) {
	s := cabinet(t)
	for pid, holds := range map[string]string{"812": filepath.Join(s.Dev, "ttyUSB2"), "9": filepath.Join(s.Dev, "ttyUSB2"), "77": "/dev/null"} {
		dir := filepath.Join(s.Proc, pid)
		if err := os.MkdirAll(filepath.Join(dir, "fd"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "comm"), []byte("prog"+pid+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(holds, filepath.Join(dir, "fd", "3")); err != nil {
			t.Fatal(err)
		}
	}
	got, all := s.Holders(filepath.Join(s.Dev, "ttyUSB2"))
	if want := []adapter.Holder{{9, "prog9"}, {812, "prog812"}}; !all || !slices.Equal(got, want) {
		t.Errorf("Holders = %v, %v; want %v", got, all, want)
	}
}

// On a machine whose ports are real there is nothing to compare with but sysfs itself:
// every port has a terminal there, and no pseudo terminal is among them.
func TestThisMachine(t *testing.T) {
	ports, err := adapter.System{}.Ports()
	if err != nil {
		t.Skip(err)
	}
	for _, p := range ports {
		if _, err := os.Stat(filepath.Join("/sys/class/tty", filepath.Base(p.Node))); err != nil || strings.HasPrefix(p.Node, "/dev/pts") {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if f, err := os.Open(os.DevNull); err == nil {
		defer f.Close()
		self, _ := adapter.System{}.Holders(os.DevNull)
		if !slices.ContainsFunc(self, func(h adapter.Holder) bool { return h.PID == os.Getpid() }) {
			t.Errorf("%v does not name this test, which has /dev/null open", self)
		}
	}
}
