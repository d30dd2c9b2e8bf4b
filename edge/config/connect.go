package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// wires says which keys a wire needs, and which belong to another one.
var wires = map[drivers.Wire]struct {
	what  string
	needs []string
	on    []string // the kinds of bus that it can hang on
}{
	drivers.SerialLine:    {"hangs on a serial port of its own", []string{"port"}, nil},
	drivers.ModbusUnit:    {"is a unit on a bus", []string{"bus", "address"}, []string{"serial", "tcp"}},
	drivers.HTTPHost:      {"is a network device", nil, nil},
	drivers.I2CDevice:     {"has an address on an I2C bus", []string{"bus", "address"}, []string{"i2c"}},
	drivers.InputLine:     {"is a line of a GPIO chip", []string{"bus", "line"}, []string{"gpio"}},
	drivers.PulseLine:     {"is a line of a GPIO chip", []string{"bus", "line"}, []string{"gpio"}},
	drivers.OneWireDevice: {"is a slave on a 1-Wire bus", []string{"bus", "id"}, []string{"w1"}},
	drivers.SDI12Sensor:   {"has an address on an SDI-12 line", []string{"bus", "address"}, []string{"sdi12"}},
	drivers.ChildProcess:  {"is a program of its own", nil, nil},
	drivers.BoardHost:     {"is the board itself", nil, nil},
}

// placeKeys are the keys that say where a device is. Those that its wire does not
// need do not fit it; url is http's and some drivers' own.
var placeKeys = []string{"port", "bus", "address", "line", "id", "baud", "parity", "stop", "data", "rs485", "echo",
	"active", "pull", "debounce", "spacing"}

// lineWords are the keys of a serial line's settings.
var lineWords = []string{"baud", "parity", "stop", "data", "rs485", "echo"}

// setWords are those of them that say, at a part on a shared line, what it was set to.
var setWords = lineWords[:3]

// fits says whether a key may stand at a device on wire w.
func fits(w drivers.Wire, key string) bool {
	switch {
	case slices.Contains(lineWords, key):
		return w == drivers.SerialLine || w == drivers.ModbusUnit && slices.Contains(setWords, key)
	case slices.Contains(pinWords, key):
		return pinFits(w, key)
	case key == "url":
		return w == drivers.HTTPHost
	}
	return slices.Contains(wires[w].needs, key)
}

// examples of what a missing key looks like.
var examples = map[string]string{"port": "port: /dev/ttyAMA1", "bus": "bus: rs485-1", "address": "address: 3", "line": "line: GPIO17", "id": "id: 28-0316a2794eff"}

// busExamples are the buses that are no Modbus line.
var busExamples = map[drivers.Wire]string{drivers.I2CDevice: "bus: i2c-1, a bus with the key i2c:", drivers.InputLine: "bus: gpio, a bus with the key gpio:",
	drivers.PulseLine: "bus: gpio, a bus with the key gpio:", drivers.OneWireDevice: "bus: w1, a bus with the key w1:", drivers.SDI12Sensor: "bus: soil, a bus with the key sdi12:"}

// exampleOf is what a missing key looks like on a wire.
func exampleOf(w drivers.Wire, key string) string {
	if text := busExamples[w]; key == "bus" && text != "" {
		return text
	}
	if key == "address" && w == drivers.I2CDevice {
		return "address: 0x76"
	}
	return examples[key]
}

// connection judges how a device is reached.
func (l *loader) connection(d *Device, k deviceKeys) {
	w := wires[d.Wire]
	for _, key := range w.needs {
		if !l.has("devices", d.ID, key) {
			l.sayKey("E2603", fmt.Sprintf("%s %s, so it needs %s; add %s", d.ID, w.what, key, exampleOf(d.Wire, key)), "devices", d.ID)
		}
	}
	for _, key := range append(slices.Clone(placeKeys), "url") {
		if !fits(d.Wire, key) && !(key == "baud" && ownSpeed(d)) && l.has("devices", d.ID, key) {
			hint := "delete it"
			if slices.Contains(lineWords, key) && d.Bus != "" {
				hint = "write it at buses." + d.Bus
			}
			l.sayKey("E2604", fmt.Sprintf("%s %s, so %s does not fit; %s", d.ID, w.what, key, hint), "devices", d.ID, key)
		}
	}
	if d.Wire == drivers.SerialLine {
		l.line(k.Line, "devices", d.ID)
		if d.Plan != nil && d.Plan.LineOnly {
			l.onlySpeed(*d, k.Line.settings())
		}
		d.Line = merge(k.Line.settings(), d.Line)
		d.RS485, d.Echo = serial.Direction(k.Line.RS485), serial.Echo(cmp.Or(k.Line.Echo, string(serial.EchoAuto)))
		switch {
		case impossible(d.Port, "serial"):
			l.say("E2505", fmt.Sprintf("%s is not where a part is; write %s", d.Port, nodes["serial"]), "devices", d.ID, "port")
		case d.Port != "":
			l.port(d.Port, "devices", d.ID, "port")
		}
		return
	}
	d.Line = drivers.LineSettings{}
	l.setTo(d, k.Line)
	l.url(d)
	l.pin(d, k.Contact)
	l.slave(d)
	if len(w.on) > 0 {
		l.place(d, k.Address)
	}
}

// ownSpeed says whether the speed of a line is the driver's to judge: that of a device which
// names its serial line in its url.
func ownSpeed(d *Device) bool {
	return d.Wire == drivers.HTTPHost && (d.Plan == nil || d.Plan.Port != "")
}

// url judges the serial line that a device names in its url.
func (l *loader) url(d *Device) {
	if d.Wire != drivers.HTTPHost || d.Plan == nil || d.Plan.Port == "" {
		return
	}
	d.Port, d.Line = d.Plan.Port, d.Plan.Line
	if impossible(d.Port, "serial") {
		l.say("E2505", fmt.Sprintf("%s is not where a part is; write %s", d.Port, nodes["serial"]), "devices", d.ID, "url")
		return
	}
	l.port(d.Port, "devices", d.ID, "url")
}

// merge prefers what is stated in a to b, and to the usual settings.
func merge(a, b drivers.LineSettings) drivers.LineSettings {
	return drivers.LineSettings{
		Baud:     cmp.Or(a.Baud, b.Baud, 9600),
		Parity:   cmp.Or(a.Parity, b.Parity, "none"),
		StopBits: cmp.Or(a.StopBits, b.StopBits, 1),
		DataBits: cmp.Or(a.DataBits, b.DataBits),
	}
}

// place judges the bus that a device names, and where on it the device is.
func (l *loader) place(d *Device, address *yamldoc.Node) {
	i := slices.IndexFunc(l.config.Buses, func(b Bus) bool { return b.ID == d.Bus })
	bus := Bus{}
	switch w := wires[d.Wire]; {
	case i >= 0:
		if bus = l.config.Buses[i]; bus.kind() != "" && !slices.Contains(w.on, bus.kind()) {
			l.say("E2602", fmt.Sprintf("%s %s, and %s is %s; name a bus that has one of the keys %s", d.ID, w.what, d.Bus, bus.kind(), strings.Join(w.on, ", ")), "devices", d.ID, "bus")
			return
		}
	case l.has("devices", d.ID, "bus"):
		var ids []string
		for _, b := range l.config.Buses {
			ids = append(ids, b.ID)
		}
		hint := yamldoc.Hint(d.Bus, ids)
		if len(ids) == 0 {
			hint = "add it under buses:"
		}
		l.say("E2602", fmt.Sprintf("there is no bus %q; %s", d.Bus, hint), "devices", d.ID, "bus")
	}
	if address.Kind() != yamldoc.Null && !l.address(d, bus, address) {
		return
	}
	for _, other := range l.config.Devices {
		if i >= 0 && l.sameWires(other.Bus, d.Bus) && other.Address == d.Address && other.Pin == d.Pin && other.Slave == d.Slave {
			l.taken(*d, other)
			return
		}
	}
}

// taken reports that two devices are at one place.
func (l *loader) taken(d, other Device) {
	key := wires[d.Wire].needs[1]
	if l.has("devices", d.ID, key) {
		l.say("E2605", fmt.Sprintf("%s %s on %s is %s already; give each device a place of its own", key, l.doc.Node("devices", d.ID, key).Text(), d.Bus, other.ID), "devices", d.ID, key)
	}
}

// address reads an address as the wire writes it; false if it is none.
func (l *loader) address(d *Device, bus Bus, n *yamldoc.Node) bool {
	if d.Wire == drivers.SDI12Sensor {
		text := n.Text()
		if len(text) != 1 || !strings.Contains("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", text) {
			l.say("E2605", fmt.Sprintf("%q is no SDI-12 address; write one character, 0-9, a-z or A-Z", text), "devices", d.ID, "address")
			return false
		}
		d.Address = text[0]
		return true
	}
	var v int
	before := len(l.problems)
	if l.take(n.Decode(&v)); len(l.problems) > before {
		return false
	}
	low, high, text := 1, 255, "%d is no unit address; write %d to %d"
	switch {
	case d.Wire == drivers.ModbusUnit && bus.TCP == "" && (v < low || v > high):
		l.say("E2605", fmt.Sprintf("%d is no unit address; write %d to %d, or, for a part that is alone on its line, what its maker has every such part answer to, up to %d", v, low, lastUnit, high), "devices", d.ID, "address")
		return false
	case d.Wire == drivers.I2CDevice:
		low, high, text = 0x03, 0x77, "%#x is no I2C address; write %#x to %#x"
	case bus.TCP != "":
		low, high = 0, 255
	}
	if v < low || v > high {
		l.say("E2605", fmt.Sprintf(text, v, low, high), "devices", d.ID, "address")
		return false
	}
	d.Address = uint8(v)
	return l.own(*d)
}

// own refuses an I2C address that the part cannot be set to. One that is not planned may
// be any.
func (l *loader) own(d Device) bool {
	if d.Plan == nil || d.Plan.Addresses == nil || slices.Contains(d.Plan.Addresses, d.Address) {
		return true
	}
	var all []string
	for _, a := range d.Plan.Addresses {
		all = append(all, fmt.Sprintf("%#x", a))
	}
	l.say("E2605", fmt.Sprintf("a %s cannot be at %#x; write %s", d.Driver, d.Address, strings.Join(all, " or ")), "devices", d.ID, "address")
	return false
}

// settle completes a serial bus with what its parts are delivered with, if they
// agree.
func (l *loader) settle(b *Bus) {
	var on []Device
	for _, d := range l.config.Devices {
		if d.Bus == b.ID {
			on = append(on, d)
		}
	}
	if len(on) == 0 && !l.mentioned(b.ID) {
		l.sayKey("W2502", fmt.Sprintf("no device uses bus %s; delete it, or write bus: %s at a device", b.ID, b.ID), "buses", b.ID)
	}
	if b.Serial == "" {
		l.roomFor(*b, on)
		return
	}
	l.reserved(*b, on)
	var parts drivers.LineSettings
	for _, d := range on {
		own := merge(d.Line, d.Plan.Line)
		l.unlike(*b, d)
		for _, s := range []struct {
			key        string
			set, clash bool
			a, b       any
		}{
			{"baud", b.Line.Baud != 0, parts.Baud != 0 && own.Baud != 0 && parts.Baud != own.Baud, parts.Baud, own.Baud},
			{"parity", b.Line.Parity != "", parts.Parity != "" && own.Parity != "" && parts.Parity != own.Parity, parts.Parity, own.Parity},
			{"stop", b.Line.StopBits != 0, parts.StopBits != 0 && own.StopBits != 0 && parts.StopBits != own.StopBits, parts.StopBits, own.StopBits},
		} {
			if s.clash && !s.set {
				l.sayKey("E2502", fmt.Sprintf("the parts on %s are delivered with different settings (%s %v and %v); set them all to the same and write %s: … here", b.ID, s.key, s.a, s.b, s.key), "buses", b.ID)
			}
		}
		parts = drivers.LineSettings{Baud: cmp.Or(parts.Baud, own.Baud), Parity: cmp.Or(parts.Parity, own.Parity), StopBits: cmp.Or(parts.StopBits, own.StopBits)}
	}
	b.Line = merge(b.Line, parts)
	b.RS485 = cmp.Or(b.RS485, serial.Auto)
	l.roomFor(*b, on)
}

// mentioned says whether a device or output names the bus, even one that was refused.
func (l *loader) mentioned(bus string) bool {
	for _, id := range l.doc.Node("devices").Keys() {
		if l.doc.Node("devices", id, "bus").Text() == bus {
			return true
		}
	}
	for _, id := range l.doc.Node("outputs").Keys() {
		if l.doc.Node("outputs", id, "bus").Text() == bus {
			return true
		}
	}
	return false
}
