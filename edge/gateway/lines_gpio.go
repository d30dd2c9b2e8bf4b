package gateway

import (
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/gpio"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
)

func openGPIO(b config.Bus, known recalled) (*line, error) {
	chip, err := gpio.New(gpio.Config{Chip: b.GPIO, Keep: known.keep, Boot: known.boot})
	if err != nil {
		return nil, err
	}
	return &line{path: b.GPIO, close: chip.Close, edges: true,
		lend: func(d config.Device) (drivers.Driver, error) { return lendPin(chip, d) },
		relay: func(o config.Output) (drivers.Output, error) {
			out, err := chip.Output(o.Plan.Line, gpio.OutputSettings{ActiveLow: o.Plan.ActiveLow})
			if err != nil {
				return nil, err
			}
			return o.Plan.OpenLine(out)
		},
		look: func() status.Line {
			h := chip.Health()
			return status.Line{Frames: h.Edges, BadChecksum: h.Gone, NoiseBytes: h.Bounces, Unplugged: h.Fault != nil}
		}}, nil
}

func lendPin(chip *gpio.Chip, d config.Device) (drivers.Driver, error) {
	if d.Wire == drivers.PulseLine {
		n, err := chip.Counter(d.ID, d.Pin, d.Contact)
		if err != nil {
			return nil, err
		}
		return d.Plan.OpenPulses(n)
	}
	in, err := chip.Input(d.Pin, d.Contact)
	if err != nil {
		return nil, err
	}
	return d.Plan.OpenInput(in)
}
