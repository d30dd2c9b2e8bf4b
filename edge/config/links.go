package config

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
)

// validPort accepts 1 to 65535, and 0 where any free port will do.
func validPort(port string, any bool) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && (n > 0 || any)
}

// busKeys are the keys of a bus.
type busKeys struct {
	Serial     string         `yaml:"serial"`
	TCP        string         `yaml:"tcp"`
	Line       lineKeys       `yaml:",inline"`
	Turnaround *time.Duration `yaml:"turnaround"`
}

// lineKeys are the settings of a serial line.
type lineKeys struct {
	Baud   int    `yaml:"baud"`
	Parity string `yaml:"parity"`
	Stop   int    `yaml:"stop"`
}

func (k lineKeys) settings() drivers.LineSettings {
	return drivers.LineSettings{Baud: k.Baud, Parity: k.Parity, StopBits: k.Stop}
}

func (l *loader) buses() {
	for _, id := range l.doc.Node("buses").Keys() {
		k := l.raw.Buses[id]
		if l.id(id, "buses", id); l.wrong("buses", id) {
			continue // no map
		}
		b := Bus{ID: id, Serial: k.Serial, TCP: k.TCP, Line: k.Line.settings()}
		if k.Turnaround != nil {
			b.Turnaround = *k.Turnaround
		}
		switch {
		case l.has("buses", id, "serial") == l.has("buses", id, "tcp"):
			l.sayKey("E2501", "a bus is either a serial line or a host; write serial: /dev/… or tcp: \"host:502\"", "buses", id)
		case k.TCP != "":
			l.host(b)
		default:
			l.port(k.Serial, "buses", id, "serial")
			l.line(k.Line, "buses", id)
		}
		if b.Turnaround > time.Second {
			l.say("E2502", "a turnaround is at most 1s; 20ms is usual", "buses", id, "turnaround")
		}
		l.config.Buses = append(l.config.Buses, b)
	}
}

func (l *loader) host(b Bus) {
	if host, port, err := net.SplitHostPort(b.TCP); err != nil || host == "" || !validPort(port, false) {
		l.say("E2503", fmt.Sprintf("%q is not the address of a host; write host:port, like 192.168.1.20:502", b.TCP), "buses", b.ID, "tcp")
	}
	for _, key := range []string{"baud", "parity", "stop", "turnaround"} {
		if l.has("buses", b.ID, key) {
			l.sayKey("E2502", key+" is a setting of serial lines; delete it, the host has its own", "buses", b.ID, key)
		}
	}
	for _, other := range l.config.Buses {
		if other.TCP == b.TCP {
			l.say("W2502", fmt.Sprintf("bus %s goes to the same host; two connections may disturb each other, put the devices on one bus", other.ID), "buses", b.ID, "tcp")
		}
	}
}

// line judges each setting by itself, so that each problem finds its place.
func (l *loader) line(k lineKeys, path ...string) {
	for key, s := range map[string]drivers.LineSettings{"baud": {Baud: k.Baud}, "parity": {Parity: k.Parity}, "stop": {StopBits: k.Stop}} {
		var wrong *drivers.OptionError
		if err := serial.CheckSettings(s); errors.As(err, &wrong) {
			l.say("E2502", wrong.Msg, append(path[:len(path):len(path)], key)...)
		}
	}
}

// renumbered are the names that the kernel gives out in the order of plugging in.
var renumbered = regexp.MustCompile(`^/dev/tty(USB|ACM)[0-9]+$`)

// port judges a device node and refuses one that somebody else has.
func (l *loader) port(name string, path ...string) {
	if renumbered.MatchString(name) {
		l.say("W2501", fmt.Sprintf("the name %s changes when adapters are plugged in anew; write the one that ls -l /dev/serial/by-id/ shows", name), path...)
	}
	for _, b := range l.config.Buses {
		if b.Serial != "" && filepath.Clean(b.Serial) == filepath.Clean(name) {
			l.say("E2504", fmt.Sprintf("%s is the line of bus %s already; only one may speak on it", name, b.ID), path...)
			return
		}
	}
	for _, d := range l.config.Devices {
		if d.Port != "" && filepath.Clean(d.Port) == filepath.Clean(name) {
			l.say("E2504", fmt.Sprintf("%s is the line of device %s already; only one may speak on it", name, d.ID), path...)
			return
		}
	}
}
