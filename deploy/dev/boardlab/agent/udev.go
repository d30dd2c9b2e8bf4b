//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"
)

// byID is where systemd's udev puts the stable names of serial adapters.
const byID = "/dev/serial/by-id"

// watchSerial keeps the links in byID as udev does, until it is closed: from what the
// kernel tells of devices that come and go, after those that are there already.
func watchSerial() (io.Closer, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}); err != nil {
		unix.Close(fd)
		return nil, err
	}
	socket := os.NewFile(uintptr(fd), "uevents")
	links := map[string]string{} // of a device: its link
	there, err := filepath.Glob("/sys/class/tty/ttyUSB*")
	if err != nil {
		socket.Close()
		return nil, err
	}
	for _, path := range there {
		addLink(links, filepath.Base(path), path)
	}
	go func() {
		b := make([]byte, 64<<10)
		for {
			n, err := socket.Read(b)
			if err != nil {
				return // closed
			}
			follow(links, event(b[:n]))
		}
	}()
	return socket, nil
}

// event takes a kernel's message apart: "add@/devices/…", then KEY=value, each with a
// NUL behind it.
func event(msg []byte) map[string]string {
	e := map[string]string{}
	for field := range bytes.SplitSeq(msg, []byte{0}) {
		if key, value, ok := strings.Cut(string(field), "="); ok {
			e[key] = value
		}
	}
	return e
}

func follow(links map[string]string, e map[string]string) {
	name := e["DEVNAME"]
	if e["SUBSYSTEM"] != "tty" || !strings.HasPrefix(name, "ttyUSB") {
		return
	}
	switch e["ACTION"] {
	case "add":
		addLink(links, name, filepath.Join("/sys", e["DEVPATH"]))
	case "remove":
		if to, err := os.Readlink(links[name]); err == nil && filepath.Base(to) == name {
			os.Remove(links[name])
		}
		delete(links, name)
	}
}

func addLink(links map[string]string, name, path string) {
	id, err := usbName(path)
	if err == nil {
		links[name] = filepath.Join(byID, id)
		err = relink(links[name], "../../"+name)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab: no stable name for", name+":", err)
	}
}

// usbName is the name that systemd's rules (60-serial.rules, usb_id) give a USB serial
// port: manufacturer, product and serial number, interface, port.
func usbName(path string) (string, error) {
	port, err := filepath.EvalSymlinks(filepath.Join(path, "device"))
	if err != nil {
		return "", err
	}
	at := filepath.Dir(port) // the USB interface; the device is one above
	var words []string
	for _, f := range []string{"../manufacturer", "../product", "../serial", "bInterfaceNumber"} {
		b, err := os.ReadFile(filepath.Join(at, f))
		if err != nil {
			return "", err
		}
		words = append(words, regexp.MustCompile(`[^\w.:#@+-]`).ReplaceAllString(strings.TrimSpace(string(b)), "_"))
	}
	name := "usb-" + strings.Join(words[:3], "_") + "-if" + words[3]
	if n, err := os.ReadFile(filepath.Join(port, "port_number")); err == nil {
		name += "-port" + strings.TrimSpace(string(n))
	}
	return name, nil
}
