package gateway

import (
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/sdi12"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
)

func openSDI12(b config.Bus, trace Tracer) (*line, error) {
	s, err := serial.New(serial.Config{Path: b.SDI12, Settings: sdi12.Settings, RS485: b.RS485, OwnBreaks: true, Trace: trace.on(b.ID)})
	if err != nil {
		return nil, err
	}
	bus := sdi12.New(s, b.ID)
	return &line{path: b.SDI12, serial: s, fixed: true, close: bus.Close,
		lend: func(d config.Device) (drivers.Driver, error) { return d.Plan.OpenSDI12(bus.Sensor(d.Address)) },
		look: func() status.Line {
			h := bus.Health()
			return status.Line{Frames: h.Answers, BadChecksum: h.Damaged, Timeouts: h.Timeouts, NoiseBytes: h.Noise, Alien: h.Alien}
		}}, nil
}
