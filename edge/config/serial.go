package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
)

// lineKey reports what is wrong with one setting of a line.
func (l *loader) lineKey(err error, path ...string) {
	var wrong *drivers.OptionError
	if errors.As(err, &wrong) {
		l.say("E2502", wrong.Msg, path...)
	}
}

// unusual asks whether a speed is meant that ports are not commonly set to.
func (l *loader) unusual(baud int, path ...string) {
	if baud == 0 || serial.Usual(baud) || serial.CheckSettings(drivers.LineSettings{Baud: baud}) != nil {
		return
	}
	hint := "a line that cannot says so when it is opened"
	for _, near := range []int{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200} {
		if off := baud - near; max(off, -off)*20 <= near {
			hint = fmt.Sprintf("did you mean %d?", near)
		}
	}
	l.say("W2503", fmt.Sprintf("%d bit/s is an unusual speed, which not every adapter can make; %s", baud, hint), path...)
}

// difference is a setting that a part and its line do not share.
type difference struct{ key, part, line string }

// differences lists the settings of a line that are stated otherwise for a part.
func differences(line, part drivers.LineSettings) (all []difference) {
	if line.Baud != 0 && part.Baud != 0 && line.Baud != part.Baud {
		all = append(all, difference{"baud", fmt.Sprintf("%d bit/s", part.Baud), fmt.Sprintf("%d bit/s", line.Baud)})
	}
	if line.Parity != "" && part.Parity != "" && line.Parity != part.Parity {
		all = append(all, difference{"parity", "parity " + part.Parity, "parity " + line.Parity})
	}
	if line.StopBits != 0 && part.StopBits != 0 && line.StopBits != part.StopBits {
		all = append(all, difference{"stop", fmt.Sprintf("stop %d", part.StopBits), fmt.Sprintf("stop %d", line.StopBits)})
	}
	return all
}

// setTo takes what a part on a shared line was set to, other than it is delivered.
func (l *loader) setTo(d *Device, k lineKeys) {
	if d.Wire != drivers.ModbusUnit {
		return
	}
	l.line(lineKeys{Baud: k.Baud, Parity: k.Parity, Stop: k.Stop, Data: k.Data}, "devices", d.ID)
	d.Line = lineKeys{Baud: k.Baud, Parity: k.Parity, Stop: k.Stop}.settings()
	i := slices.IndexFunc(l.config.Buses, func(b Bus) bool { return b.ID == d.Bus })
	if i < 0 || l.config.Buses[i].Serial != "" {
		return
	}
	for _, key := range setWords {
		if l.has("devices", d.ID, key) {
			l.sayKey("E2604", fmt.Sprintf("bus %s is no serial line, so %s does not fit; delete it", d.Bus, key), "devices", d.ID, key)
		}
	}
}

// unlike warns of a part that is delivered with other settings than the file states
// for its line: it answers only if somebody has set it so, and the file should say that.
// What it says must be what the line runs with.
func (l *loader) unlike(b Bus, d Device) {
	for _, x := range differences(b.Line, d.Line) {
		if !l.wrong("buses", b.ID, x.key) && !l.wrong("devices", d.ID, x.key) {
			l.sayKey("E2502", fmt.Sprintf("the part is set to %s, and bus %s runs with %s; all parts of a line speak alike: set the part or the bus", x.part, b.ID, x.line), "devices", d.ID, x.key)
		}
	}
	var part, line, keys []string
	for _, x := range differences(b.Line, d.Plan.Line) {
		if !l.wrong("buses", b.ID, x.key) && !l.has("devices", d.ID, x.key) {
			part, line = append(part, x.part), append(line, x.line)
			keys = append(keys, fmt.Sprintf("%s: %v", x.key, l.doc.Node("buses", b.ID, x.key).Text()))
		}
	}
	if len(part) > 0 {
		l.sayKey("W2504", fmt.Sprintf("%s is delivered with %s, and bus %s runs with %s; change the bus, or set the part to that and write %s at it",
			cmp.Or(d.Profile, d.Driver), strings.Join(part, ", "), b.ID, strings.Join(line, ", "), strings.Join(keys, ", ")), "devices", d.ID)
	}
}

// onlySpeed refuses settings that a part cannot be brought to: at another speed it
// never answers.
func (l *loader) onlySpeed(d Device, stated drivers.LineSettings) {
	for _, x := range differences(stated, d.Plan.Line) {
		if !l.wrong("devices", d.ID, x.key) {
			l.sayKey("E2502", fmt.Sprintf("%s speaks with %s and cannot be set to %s; delete %s", d.Driver, x.part, x.line, x.key), "devices", d.ID, x.key)
		}
	}
}

// modbusLine refuses what a Modbus line would not do: RTU frames have 8 bits, and it
// looks for its own requests in any case.
func (l *loader) modbusLine(b Bus) {
	if b.Line.DataBits == 7 {
		l.say("E2502", "Modbus RTU needs 8 data bits; delete it", "buses", b.ID, "data")
	}
	if b.Echo == serial.EchoOff {
		l.say("E2502", "a Modbus line finds out by itself whether it echoes; write auto, or on for an adapter that does", "buses", b.ID, "echo")
	}
}

// sdi12Line refuses settings that the standard fixes. Who switches the adapter it
// does not.
func (l *loader) sdi12Line(k lineKeys, b Bus) {
	for _, key := range lineWords {
		if key != "rs485" && l.has("buses", b.ID, key) {
			l.sayKey("E2502", key+" is fixed on an SDI-12 line, which runs at 1200 bit/s 7E1 and finds an echo by itself; delete it", "buses", b.ID, key)
		}
	}
	if l.has("buses", b.ID, "turnaround") {
		l.sayKey("E2502", "turnaround is a setting of Modbus lines; delete it", "buses", b.ID, "turnaround")
	}
	l.lineKey(serial.CheckDirection(serial.Direction(k.RS485)), "buses", b.ID, "rs485")
}

// defaultOf says where a direction comes from that the file does not state; nowhere,
// if there is none.
func defaultOf(d serial.Direction) string {
	if d == "" {
		return ""
	}
	return "default"
}
