package gateway

import (
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/process"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
)

// openProcess makes the owner of a driver that is a program of its own.
func openProcess(d config.Device, trace Tracer) (*line, error) {
	c, err := process.New(process.Config{Name: "the program", ProcessSpec: d.Plan.Process, Trace: trace.on(d.ID)})
	if err != nil {
		return nil, err
	}
	return &line{path: c.String(), close: c.Close, look: func() status.Line { return viewProcess(c.Health()) },
		lend: func(d config.Device) (drivers.Driver, error) { return d.Plan.OpenProcess(c) }}, nil
}

func viewProcess(h process.Health) status.Line {
	return status.Line{Frames: h.Answered, Timeouts: h.Timeouts, Alien: h.Strays, Reopened: h.Restarts, Unplugged: h.Fault != nil,
		Program: &status.Program{Running: h.Running, Memory: h.Memory, CPU: h.CPU, Said: h.Said}}
}
