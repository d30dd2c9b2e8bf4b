package gateway

import (
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/i2c"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
)

func openI2C(b config.Bus, trace Tracer) (*line, error) {
	bus, err := i2c.New(i2c.Config{Path: b.I2C, Trace: trace.on(b.ID)})
	if err != nil {
		return nil, err
	}
	return &line{path: b.I2C, close: bus.Close,
		lend: func(d config.Device) (drivers.Driver, error) { return d.Plan.OpenI2C(bus.Device(d.Address)) },
		look: func() status.Line {
			h := bus.Health()
			return status.Line{Frames: h.Transactions, Timeouts: h.NoAck + h.Timeouts + h.Stuck, Reopened: h.Reopened, Unplugged: h.Fault != nil}
		}}, nil
}
