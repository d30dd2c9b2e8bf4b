package gateway

import (
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/w1"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
)

func openOneWire(b config.Bus, trace Tracer) (*line, error) {
	bus, err := w1.New(w1.Config{Path: b.OneWire, Trace: trace.on(b.ID)})
	if err != nil {
		return nil, err
	}
	return &line{path: b.OneWire, close: bus.Close,
		lend: func(d config.Device) (drivers.Driver, error) {
			slave, err := bus.Slave(d.Slave)
			if err != nil {
				return nil, err
			}
			return d.Plan.OpenOneWire(slave)
		},
		look: func() status.Line {
			h := bus.Health()
			return status.Line{Frames: h.Reads, Timeouts: h.Empty + h.Stuck, Unplugged: h.Fault != nil}
		}}, nil
}
