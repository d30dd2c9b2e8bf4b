// Package adapter knows the serial ports of a machine: under which names each can be
// opened, which of them stays the same, what is plugged in there and who holds it. It
// only reads sysfs, /dev/serial and /proc; it opens no port.
//
// A port's node (/dev/ttyUSB0) is given out in the order of plugging in. Its name below
// /dev/serial/by-id says which adapter it is, and its name below by-path which socket.
// Adapters of one make without a serial number share one by-id name, so that of two of
// them only one has it: then the socket is the name to use, see [Port.Stable].
//
// Source: the kernel's Documentation/ABI/testing/sysfs-tty and sysfs-bus-usb, and
// udev's rule 60-serial.
package adapter

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// System is where a machine's own file systems are. The zero value is this machine.
type System struct {
	Sys, Dev, Proc string // "/sys", "/dev", "/proc"
}

func (s System) sys(parts ...string) string  { return below(s.Sys, "/sys", parts) }
func (s System) dev(parts ...string) string  { return below(s.Dev, "/dev", parts) }
func (s System) proc(parts ...string) string { return below(s.Proc, "/proc", parts) }

func below(root, usual string, parts []string) string {
	if root == "" {
		root = usual
	}
	return filepath.Join(append([]string{root}, parts...)...)
}

// Port is one serial port.
type Port struct {
	Node   string   // /dev/ttyUSB0
	ByID   []string // its names below /dev/serial/by-id; more than one is rare
	ByPath []string // its names below /dev/serial/by-path
	Driver string   // the kernel's driver: ftdi_sio, ch341-uart, cdc_acm, uart-pl011; may be empty
	USB    *USB     // nil: it is no USB adapter
	// Twin says that another adapter is plugged in which cannot be told from this one:
	// same make, no serial number. Their by-id name leads to either of them.
	Twin bool
}

// USB is what an adapter says of itself.
type USB struct {
	Vendor, Product string // four hex digits: "1a86", "7523"
	Maker, Name     string // as the adapter has them; may be empty
	Serial          string // its serial number; empty: it has none
	Socket          string // where it is plugged in: "1-1.2"
	Interface       string // of an adapter with several ports: "00"; may be empty
}

// Ports lists the serial ports of the machine that have hardware behind them, by node.
func (s System) Ports() ([]Port, error) {
	entries, err := os.ReadDir(s.sys("class", "tty"))
	if err != nil {
		return nil, fmt.Errorf("serial ports: %w", err)
	}
	byID, byPath := s.links("by-id"), s.links("by-path")
	var ports []Port
	for _, e := range entries {
		if p, ok := s.port(e.Name()); ok {
			p.ByID, p.ByPath = byID[e.Name()], byPath[e.Name()]
			ports = append(ports, p)
		}
	}
	slices.SortFunc(ports, func(a, b Port) int { return compareNodes(a.Node, b.Node) })
	for i, p := range ports {
		ports[i].Twin = p.USB != nil && p.USB.Serial == "" && slices.ContainsFunc(ports, func(o Port) bool {
			return o.USB != nil && o.USB.Socket != p.USB.Socket && o.Fingerprint() == p.Fingerprint()
		})
	}
	return ports, nil
}

// compareNodes puts ttyUSB10 behind ttyUSB9.
func compareNodes(a, b string) int {
	base := func(s string) string { return strings.TrimRight(s, "0123456789") }
	if base(a) == base(b) && len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// Find returns the port that a name leads to, a node or a link to one.
func (s System) Find(name string) (Port, bool) {
	node, err := filepath.EvalSymlinks(name)
	if err != nil {
		return Port{}, false
	}
	if _, err := os.Lstat(s.sys("class", "tty", filepath.Base(node), "device")); err != nil {
		return Port{}, false
	}
	ports, err := s.Ports()
	i := slices.IndexFunc(ports, func(p Port) bool { return filepath.Base(p.Node) == filepath.Base(node) })
	if err != nil || i < 0 {
		return Port{}, false
	}
	return ports[i], true
}

// port reads what sysfs has on one terminal; ok is false if there is no hardware.
func (s System) port(name string) (p Port, ok bool) {
	dir := s.sys("class", "tty", name)
	device, err := filepath.EvalSymlinks(filepath.Join(dir, "device"))
	if err != nil {
		return Port{}, false // a virtual console, a pseudo terminal
	}
	// The 8250 driver makes ttyS0 to ttyS3 on every machine, and says with type 0 which
	// of them have no UART.
	if word(filepath.Join(dir, "type")) == "0" {
		return Port{}, false
	}
	p = Port{Node: s.dev(name), Driver: driver(device)}
	p.USB = usb(device)
	return p, true
}

// driver is that of the device itself. Since Linux 6.5 two stages of the serial core
// stand between a terminal and its device; they are not what is asked for.
func driver(device string) string {
	for dir := device; len(dir) > 1; dir = filepath.Dir(dir) {
		to, err := os.Readlink(filepath.Join(dir, "driver"))
		if err != nil {
			continue
		}
		if bus, err := os.Readlink(filepath.Join(dir, "subsystem")); err == nil && filepath.Base(bus) == "serial-base" {
			continue
		}
		return filepath.Base(to)
	}
	return ""
}

// usb climbs from a terminal's device to the adapter that it belongs to.
func usb(device string) *USB {
	u := &USB{}
	for dir := device; len(dir) > 1; dir = filepath.Dir(dir) {
		if n := word(filepath.Join(dir, "bInterfaceNumber")); n != "" {
			u.Interface = n
		}
		if u.Vendor = word(filepath.Join(dir, "idVendor")); u.Vendor != "" {
			u.Product, u.Serial, u.Socket = word(filepath.Join(dir, "idProduct")), word(filepath.Join(dir, "serial")), filepath.Base(dir)
			u.Maker, u.Name = word(filepath.Join(dir, "manufacturer")), word(filepath.Join(dir, "product"))
			return u
		}
	}
	return nil
}

// maxWord bounds what is read of a file of sysfs. What a USB adapter says of itself
// is text from outside.
const maxWord = 256

// word reads a short file; what cannot be read or printed is left out.
func word(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	b := make([]byte, maxWord)
	n, err := f.Read(b)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return -1
	}, string(b[:n])))
}

// links maps the terminals to their names in a folder of /dev/serial, in order.
func (s System) links(folder string) map[string][]string {
	out := map[string][]string{}
	entries, err := os.ReadDir(s.dev("serial", folder))
	if err != nil {
		return out // no udev, or no adapter
	}
	for _, e := range entries {
		name := s.dev("serial", folder, e.Name())
		if to, err := os.Readlink(name); err == nil {
			out[filepath.Base(to)] = append(out[filepath.Base(to)], name)
		}
	}
	return out
}

// Stable returns the name that still leads to this port after a restart and after
// adapters were plugged in anew: the adapter's, wherever it is plugged in, or where that
// is ambiguous its socket's. For a port on the board that is its node.
func (p Port) Stable() string {
	names := append(slices.Clone(p.ByID), p.ByPath...)
	if p.Twin {
		names = p.ByPath
	}
	if p.USB == nil || len(names) == 0 {
		return p.Node
	}
	return names[0]
}

// Fingerprint says which adapter it is, wherever it is plugged in: vendor, product and
// serial number, or for a port on the board the driver.
func (p Port) Fingerprint() string {
	if p.USB == nil {
		return p.Driver
	}
	return strings.TrimRight(p.USB.Vendor+":"+p.USB.Product+" "+p.USB.Serial, " ")
}

// String says what is there, as people call it: "FTDI FT232R USB UART (0403:6001)".
func (p Port) String() string {
	if p.USB == nil {
		if p.Driver == "" {
			return filepath.Base(p.Node)
		}
		return p.Driver
	}
	name := strings.TrimSpace(p.USB.Maker + " " + p.USB.Name)
	if strings.HasPrefix(p.USB.Name, p.USB.Maker) {
		name = p.USB.Name
	}
	return strings.TrimSpace(name + " (" + p.USB.Vendor + ":" + p.USB.Product + ")")
}
