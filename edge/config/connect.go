package config

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// wires says which keys a wire needs, and which belong to another one.
var wires = map[drivers.Wire]struct {
	what  string
	needs []string
	never []string
}{
	drivers.SerialLine: {"hangs on a serial port of its own", []string{"port"}, []string{"bus", "address", "url"}},
	drivers.ModbusUnit: {"is a unit on a bus", []string{"bus", "address"}, []string{"port", "url", "baud", "parity", "stop"}},
	drivers.HTTPHost:   {"is a network device", nil, []string{"port", "bus", "address", "baud", "parity", "stop"}},
}

// examples of what a missing key looks like.
var examples = map[string]string{"port": "port: /dev/ttyAMA1", "bus": "bus: rs485-1", "address": "address: 3"}

// connection judges how a device is reached.
func (l *loader) connection(d *Device, k deviceKeys) {
	w := wires[d.Wire]
	for _, key := range w.needs {
		if !l.has("devices", d.ID, key) {
			l.sayKey("E2603", fmt.Sprintf("%s %s, so it needs %s; add %s", d.ID, w.what, key, examples[key]), "devices", d.ID)
		}
	}
	for _, key := range w.never {
		if l.has("devices", d.ID, key) {
			hint := "delete it"
			if slices.Contains([]string{"baud", "parity", "stop"}, key) && d.Bus != "" {
				hint = "write it at buses." + d.Bus
			}
			l.sayKey("E2604", fmt.Sprintf("%s %s, so %s does not fit; %s", d.ID, w.what, key, hint), "devices", d.ID, key)
		}
	}
	switch d.Wire {
	case drivers.SerialLine:
		l.line(k.Line, "devices", d.ID)
		d.Line = merge(k.Line.settings(), d.Line)
		if d.Port != "" {
			l.port(d.Port, "devices", d.ID, "port")
		}
	case drivers.ModbusUnit:
		d.Line = drivers.LineSettings{}
		l.unit(d, k.Address)
	}
}

// merge prefers what is stated in a to b, and to the usual settings.
func merge(a, b drivers.LineSettings) drivers.LineSettings {
	return drivers.LineSettings{
		Baud:     cmp.Or(a.Baud, b.Baud, 9600),
		Parity:   cmp.Or(a.Parity, b.Parity, "none"),
		StopBits: cmp.Or(a.StopBits, b.StopBits, 1),
	}
}

// unit judges bus and address.
func (l *loader) unit(d *Device, address *int) {
	i := slices.IndexFunc(l.config.Buses, func(b Bus) bool { return b.ID == d.Bus })
	if i < 0 && l.has("devices", d.ID, "bus") {
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
	if address == nil || l.wrong("devices", d.ID, "address") {
		return
	}
	low, high := 1, 247
	if i >= 0 && l.config.Buses[i].TCP != "" {
		low, high = 0, 255
	}
	if *address < low || *address > high {
		l.say("E2605", fmt.Sprintf("%d is no unit address; write %d to %d", *address, low, high), "devices", d.ID, "address")
		return
	}
	d.Address = uint8(*address)
	for _, other := range l.config.Devices {
		if i >= 0 && other.Bus == d.Bus && other.Address == d.Address && other.Wire == d.Wire {
			l.say("E2605", fmt.Sprintf("address %d on %s is %s already; give each unit an address of its own", d.Address, d.Bus, other.ID), "devices", d.ID, "address")
			return
		}
	}
}

// settle completes a serial bus with what its parts are delivered with, if they
// agree.
func (l *loader) settle(b *Bus) {
	var on []Device
	for _, d := range l.config.Devices {
		if d.Wire == drivers.ModbusUnit && d.Bus == b.ID {
			on = append(on, d)
		}
	}
	if len(on) == 0 && !l.mentioned(b.ID) {
		l.sayKey("W2502", fmt.Sprintf("no device uses bus %s; delete it, or write bus: %s at a device", b.ID, b.ID), "buses", b.ID)
	}
	if b.TCP != "" {
		return
	}
	var parts drivers.LineSettings
	for _, d := range on {
		own := d.Plan.Line
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
}

// mentioned says whether a device names the bus, even one that was refused.
func (l *loader) mentioned(bus string) bool {
	for _, id := range l.doc.Node("devices").Keys() {
		if l.doc.Node("devices", id, "bus").Text() == bus {
			return true
		}
	}
	return false
}
