package gateway

import (
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/gpio"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
)

func openGPIO(b config.Bus) (*line, error) {
	chip, err := gpio.New(gpio.Config{Chip: b.GPIO})
	if err != nil {
		return nil, err
	}
	return &line{path: b.GPIO, close: chip.Close,
		lend: func(d config.Device) (drivers.Driver, error) {
			in, err := chip.Input(d.Pin, d.Contact)
			if err != nil {
				return nil, err
			}
			return d.Plan.OpenInput(in)
		},
		relay: func(o config.Output) (drivers.Output, error) {
			return chip.Output(o.Pin, gpio.OutputSettings{ActiveLow: o.Low})
		},
		look: func() status.Line { return status.Line{Unplugged: chip.Health().Fault != nil} }}, nil
}
