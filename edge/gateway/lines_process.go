package gateway

import (
	"strconv"

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
	ended := ""
	if h.Ended != nil {
		ended = h.Ended.Error()
	}
	return status.Line{Frames: h.Answered, Timeouts: h.Timeouts, Alien: h.Strays, Reopened: h.Restarts, Unplugged: h.Fault != nil,
		Program: &status.Program{Running: h.Running, Memory: h.Memory, CPU: h.CPU, Said: h.Said, Ended: ended}}
}

// sayProgram writes into the log that a device's process had to be started again, and why;
// was is what was said of it before.
func (g *Gateway) sayProgram(l status.Line, was string) (said string) {
	p := l.Program
	if p == nil || p.Ended == "" || l.Reopened == 0 {
		return was
	}
	if said = strconv.FormatUint(l.Reopened, 10); said != was {
		g.log.Warn("the process of a device was started again", "device", l.ID, "why", p.Ended, "so far", l.Reopened)
	}
	return said
}
