package config

import (
	"cmp"
	"fmt"
	"net"
	"regexp"
	"slices"
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
	RTUOverTCP bool           `yaml:"rtu"`
	I2C        string         `yaml:"i2c"`
	GPIO       string         `yaml:"gpio"`
	OneWire    string         `yaml:"w1"`
	SDI12      string         `yaml:"sdi12"`
	Line       lineKeys       `yaml:",inline"`
	Turnaround *time.Duration `yaml:"turnaround"`
}

// lineKeys are the settings of a serial line.
type lineKeys struct {
	Baud   int    `yaml:"baud"`
	Parity string `yaml:"parity"`
	Stop   int    `yaml:"stop"`
	Data   int    `yaml:"data"`
	RS485  string `yaml:"rs485"`
	Echo   string `yaml:"echo"`
}

func (k lineKeys) settings() drivers.LineSettings {
	return drivers.LineSettings{Baud: k.Baud, Parity: k.Parity, StopBits: k.Stop, DataBits: k.Data}
}

func (l *loader) buses() {
	for _, id := range l.doc.Node("buses").Keys() {
		k := l.raw.Buses[id]
		if l.id(id, "buses", id); l.wrong("buses", id) {
			continue // no map
		}
		b := Bus{ID: id, Serial: l.found(k.Serial), TCP: k.TCP, RTU: k.RTUOverTCP, Line: k.Line.settings(),
			I2C: l.socket(k.I2C), GPIO: l.socket(k.GPIO), OneWire: l.found(k.OneWire), SDI12: l.found(k.SDI12), RS485: serial.Direction(k.Line.RS485), Echo: serial.Echo(k.Line.Echo)}
		if k.Turnaround != nil {
			b.Turnaround = *k.Turnaround
		}
		l.bus(b, k)
		if b.Turnaround > time.Second {
			l.say("E2502", "a turnaround is at most 1s; 20ms is usual", "buses", id, "turnaround")
		}
		l.config.Buses = append(l.config.Buses, b)
	}
}

// busKinds are the keys of which a bus has exactly one.
var busKinds = []string{"serial", "tcp", "i2c", "gpio", "w1", "sdi12"}

// kind returns the key that says what b is.
func (b Bus) kind() string {
	for i, set := range []string{b.Serial, b.TCP, b.I2C, b.GPIO, b.OneWire, b.SDI12} {
		if set != "" {
			return busKinds[i]
		}
	}
	return ""
}

// bus judges what a bus is, and that only a serial line has a line's settings.
func (l *loader) bus(b Bus, k busKeys) {
	var kinds []string
	for _, key := range busKinds {
		if l.has("buses", b.ID, key) {
			kinds = append(kinds, key)
		}
	}
	if len(kinds) != 1 {
		l.sayKey("E2501", "a bus is exactly one thing; write serial: /dev/… (RS-485), tcp: \"host:502\", i2c: /dev/i2c-1, gpio: /dev/gpiochip0, w1: /sys/bus/w1/devices or sdi12: /dev/…", "buses", b.ID)
		return
	}
	l.node(b, kinds[0])
	switch kinds[0] {
	case "serial":
		l.port(k.Serial, "buses", b.ID, "serial")
		l.line(k.Line, "buses", b.ID)
		l.modbusLine(b)
	case "sdi12":
		l.port(k.SDI12, "buses", b.ID, "sdi12")
		l.sdi12Line(k.Line, b)
	case "tcp":
		l.host(b)
		if b.RTU { // the speed of the line behind the host
			l.line(lineKeys{Baud: k.Line.Baud}, "buses", b.ID)
		}
	}
	for _, key := range append(slices.Clone(lineWords), "turnaround") {
		behind := b.RTU && (key == "baud" || key == "turnaround")
		if !slices.Contains([]string{"serial", "sdi12"}, kinds[0]) && !behind && l.has("buses", b.ID, key) {
			l.sayKey("E2502", key+" is a setting of serial lines; delete it", "buses", b.ID, key)
		}
	}
	if kinds[0] != "tcp" && l.has("buses", b.ID, "rtu") {
		l.sayKey("E2502", "rtu says that a host speaks RTU frames over TCP; delete it", "buses", b.ID, "rtu")
	}
}

func (l *loader) host(b Bus) {
	if host, port, err := net.SplitHostPort(b.TCP); err != nil || host == "" || !validPort(port, false) {
		l.say("E2503", fmt.Sprintf("%q is not the address of a host; write host:port, like 192.168.1.20:502", b.TCP), "buses", b.ID, "tcp")
	}
	for _, other := range l.config.Buses {
		if other.TCP == b.TCP {
			l.say("W2502", fmt.Sprintf("bus %s goes to the same host; two connections may disturb each other, put the devices on one bus", other.ID), "buses", b.ID, "tcp")
		}
	}
}

// line judges each setting by itself, so that each problem finds its place.
func (l *loader) line(k lineKeys, path ...string) {
	for key, s := range map[string]drivers.LineSettings{"baud": {Baud: k.Baud}, "parity": {Parity: k.Parity}, "stop": {StopBits: k.Stop}, "data": {DataBits: k.Data}} {
		l.lineKey(serial.CheckSettings(s), append(path[:len(path):len(path)], key)...)
	}
	for key, v := range map[string]int{"baud": k.Baud, "stop": k.Stop, "data": k.Data} {
		if at := append(path[:len(path):len(path)], key); v == 0 && l.has(at...) && !l.wrong(at...) {
			l.say("E2502", key+" cannot be 0; delete it for what the parts are delivered with, or write what they are set to", at...)
		}
	}
	l.lineKey(serial.CheckDirection(serial.Direction(k.RS485)), append(path[:len(path):len(path)], "rs485")...)
	l.lineKey(serial.CheckEcho(serial.Echo(k.Echo)), append(path[:len(path):len(path)], "echo")...)
	l.unusual(k.Baud, append(path[:len(path):len(path)], "baud")...)
}

// renumbered are the names that the kernel gives out in the order of plugging in.
var renumbered = regexp.MustCompile(`^/dev/tty(USB|ACM)[0-9]+$`)

// port judges a device node and refuses one that somebody else has.
func (l *loader) port(name string, path ...string) {
	if renumbered.MatchString(name) {
		hint := "write the one that lamppost ports shows (ls -l /dev/serial/by-id/)"
		if l.env.StableName != nil {
			if stable := l.env.StableName(name); stable != "" && stable != name {
				hint = "write " + stable
			}
		}
		l.say("W2501", fmt.Sprintf("the name %s changes when adapters are plugged in anew; %s", name, hint), path...)
	}
	for _, b := range l.config.Buses {
		if node := cmp.Or(b.Serial, b.SDI12); node != "" && whole(node) == whole(name) {
			l.say("E2504", fmt.Sprintf("%s is the line of bus %s already; only one may speak on it", name, b.ID), path...)
			return
		}
	}
	for _, d := range l.config.Devices {
		if d.Port != "" && whole(d.Port) == whole(name) {
			l.say("E2504", fmt.Sprintf("%s is the line of device %s already; only one may speak on it", name, d.ID), path...)
			return
		}
	}
}
