package parts

import (
	"context"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/registers"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
)

// modbusParts are the Modbus slaves, one for each register table.
func modbusParts() []Part {
	var out []Part
	for _, t := range registers.All() {
		if t.ID == "senseair-s8" {
			out = append(out, alone("senseair", t))
		}
		out = append(out, unit(t))
	}
	return out
}

// unit is a slave on a line with others, or over TCP.
func unit(t registers.Table) Part {
	p := Part{ID: t.ID, Title: titled(t),
		Wire: Modbus, Line: Line{Baud: t.Baud, Format: t.Format, Address: int(t.Address)}, Unit: slave(t)}
	for _, r := range t.Values() {
		p.Channels = append(p.Channels, Channel{Name: r.Channel, Is: r.Is})
		if r.CanMiss() || t.TellsOf(r.Channel) {
			p.Missing = append(p.Missing, r.Channel)
		}
	}
	if t.Reports() {
		p.States = []string{"device"}
	}
	return p
}

// alone is a slave on a serial line of its own, under the name of its driver.
func alone(id string, t registers.Table) Part {
	p, play := unit(t), slave(t)
	p.ID, p.Wire, p.Unit = id, Serial, nil
	p.Serial = func(s Stage) (func(context.Context, Port), error) {
		s.Address = int(t.Address)
		u, err := play(s)
		return func(_ context.Context, port Port) {
			(&modbusslave.Line{Port: port, Baud: s.Baud, Units: []*modbusslave.Unit{u}, Record: s.Record}).Serve() // until the port is closed
		}, err
	}
	return p
}

// titled is what a part is, with its maker's name and its model's.
func titled(t registers.Table) scenario.Text {
	name := strings.TrimSpace(t.Maker + " " + t.Model)
	return scenario.Text{ZH: strings.TrimSpace(name + " " + t.Title.ZH), EN: strings.TrimSpace(name + " " + t.Title.EN)}
}

func slave(t registers.Table) func(Stage) (*modbusslave.Unit, error) {
	return func(s Stage) (*modbusslave.Unit, error) {
		if s.Address < 1 || s.Address > 255 {
			return nil, fmt.Errorf("--address %d: write 1 to 247", s.Address)
		}
		u, err := t.Unit(uint8(s.Address), s.Device, s.Source)
		if err != nil {
			return nil, err
		}
		u.Fault = s.State == "device"
		return u, nil
	}
}
