package config

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
)

// sameWires says whether two ids of buses surely lead to the same wires: they are
// equal, or both buses name one chip, adapter or host. A chip's label says nothing
// about its node, so what is told here as different may still be one.
func (l *loader) sameWires(a, b string) bool {
	if a == b {
		return true
	}
	var found []Bus
	for _, bus := range l.config.Buses {
		if bus.ID == a || bus.ID == b {
			found = append(found, bus)
		}
	}
	return len(found) == 2 && found[0].wires() != "" && found[0].wires() == found[1].wires()
}

// wires is what a bus hangs on, written in one way; empty for none, and for serial
// ports, which are refused when they are there twice.
func (b Bus) wires() string {
	switch {
	case b.GPIO != "": // gpiochip0 is the name of /dev/gpiochip0, and a label is no path
		if strings.HasSuffix(b.GPIO, labbus.Suffix) || strings.ContainsRune(b.GPIO, filepath.Separator) {
			return "gpio " + strings.TrimPrefix(whole(b.GPIO), "/dev/")
		}
		return "gpio " + b.GPIO
	case b.TCP != "":
		host, port, err := net.SplitHostPort(b.TCP)
		if err != nil {
			return ""
		}
		return "tcp " + net.JoinHostPort(strings.ToLower(host), port)
	}
	if node := b.I2C + b.OneWire; node != "" {
		return "node " + whole(node)
	}
	return ""
}

// whole is the whole path of a node: what the program opens when it is started where
// this one was. Two names that are different then may still be links to one node.
func whole(name string) string {
	path, err := filepath.Abs(name)
	if err != nil { // the folder that this program was started in is gone
		return filepath.Clean(name)
	}
	return path
}

// badLine says what is wrong with the name or number of a GPIO line; empty: nothing
// that can be told without the chip.
func badLine(line string) string {
	n, err := strconv.Atoi(line)
	if line != "" && (err != nil || n >= 0) {
		return ""
	}
	return fmt.Sprintf("%q is no line of a chip; write its name, like GPIO17, or its number, from 0", line)
}

// node judges the name under the key that says what a bus is.
func (l *loader) node(b Bus, key string) {
	if l.wrong("buses", b.ID, key) {
		return
	}
	name := l.doc.Node("buses", b.ID, key).Text()
	_, notNumber := strconv.Atoi(name)
	switch {
	case key == "tcp":
	case relative(name, key):
		l.say("E2505", fmt.Sprintf("%q is not where a bus is; write the whole path of %s", name, nodes[key]), "buses", b.ID, key)
	case name == "", notNumber == nil:
		l.say("E2505", fmt.Sprintf("%q is not where a bus is; write %s", name, nodes[key]), "buses", b.ID, key)
	case impossible(name, key):
		l.say("E2505", fmt.Sprintf("%s is not where a bus is; write %s", name, nodes[key]), "buses", b.ID, key)
	default:
		l.simulated(name, key, "buses", b.ID, key)
	}
}

// others are devices of every Linux machine that are no bus.
var others = regexp.MustCompile(`^/dev/(null|zero|full|u?random|mem|kmsg|tty|console|stdin|stdout|stderr|ptmx|loop[0-9].*|sd[a-z].*|mmcblk.*|nvme.*|video.*|watchdog.*|i2c-.*|tty[A-Z].*|gpiochip.*|spidev.*|rtc.*)$`)

// own are the devices among them that a bus of this kind may have.
var own = map[string]*regexp.Regexp{
	"i2c": regexp.MustCompile(`^/dev/i2c-`), "gpio": regexp.MustCompile(`^/dev/gpiochip`),
	"serial": regexp.MustCompile(`^/dev/tty[A-Z]`), "sdi12": regexp.MustCompile(`^/dev/tty[A-Z]`),
}

// impossible is whether a name is that of something else for certain; udev rules may
// call a bus what they like.
func impossible(name, key string) bool {
	name = filepath.Clean(name)
	if key == "w1" {
		return strings.HasPrefix(name, "/dev/")
	}
	return others.MatchString(name) && (own[key] == nil || !own[key].MatchString(name))
}

// socket is where a simulated bus is that may be beside the file; those of a board have one
// place.
func (l *loader) socket(name string) string {
	if strings.HasSuffix(name, labbus.Suffix) && !filepath.IsAbs(name) {
		return l.besideFile(name)
	}
	return name
}

// relative is whether a name is no whole path, where it must be one: the kernel's own
// nodes and folders have one place. A simulated bus may be anywhere, so ./x.sock and
// ./slaves are good.
func relative(name, key string) bool {
	switch _, err := strconv.Atoi(name); {
	case name == "", err == nil, filepath.IsAbs(name):
		return false
	case key == "i2c":
		return !strings.HasSuffix(name, labbus.Suffix)
	case key == "w1":
		return !strings.ContainsRune(name, filepath.Separator)
	}
	return false
}

// simulated warns of a bus that no board has: the values on it are made up.
func (l *loader) simulated(name, key string, path ...string) {
	switch {
	case slices.Contains([]string{"i2c", "gpio"}, key) && strings.HasSuffix(name, labbus.Suffix):
	case key == "w1" && !strings.HasPrefix(filepath.Clean(name), "/sys/"):
	default:
		return
	}
	l.say("W2505", fmt.Sprintf("%s is a simulated bus, its values are made up; on a real board write %s", name, nodes[key]), path...)
}

// nodes are what the name of each kind of bus looks like.
var nodes = map[string]string{
	"serial": "a port, like /dev/serial/by-id/… (lamppost ports shows them)", "sdi12": "a port, like /dev/serial/by-id/… (lamppost ports shows them)",
	"i2c": "the adapter's node, like /dev/i2c-1", "gpio": "the chip's node, name or label, like /dev/gpiochip0", "w1": "the folder of the slaves, /sys/bus/w1/devices",
}
