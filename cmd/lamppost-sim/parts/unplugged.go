package parts

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/lab"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pty"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
)

// pulled plays a part whose wire is pulled out: it is made and taken away at once, with
// what a killed simulator may have left in its place, and stays away until ctx ends.
func (p Part) pulled(ctx context.Context, at Place, s Stage, ready func(string)) error {
	wire, where, err := p.wire(ctx, at, s)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrWire, err)
	}
	if err := wire.Close(); err != nil {
		return fmt.Errorf("%w: %w", ErrWire, err)
	}
	s.Record.Add(truth.Line{T: time.Now().UnixMilli(), Event: "unplug", Device: s.Device})
	ready(where + ", unplugged")
	<-ctx.Done()
	return nil
}

// wire makes p's wire with nobody on it who answers.
func (p Part) wire(ctx context.Context, at Place, s Stage) (io.Closer, string, error) {
	if at.Listen != "" {
		ln, err := listen(ctx, at.Listen)
		if err != nil {
			return nil, "", err
		}
		return ln, ln.Addr().String(), nil
	}
	if err := p.benchName(at.Link); err != nil {
		return nil, "", err
	}
	var wire io.Closer
	var err error
	switch p.Wire {
	case I2C:
		wire, err = lab.OpenI2C(at.Link, s.Record)
	case GPIO:
		wire, err = lab.OpenGPIO(at.Link, "lamppost-sim", s.Record)
	case W1:
		wire, err = lab.OpenW1(at.Link, s.Record, p.Slave(s))
	default:
		wire, err = pty.Open(at.Link)
	}
	return wire, at.Link, err
}

// benchName says whether a path can be the name of p's bus, if that is a socket.
func (p Part) benchName(path string) error {
	if (p.Wire == I2C || p.Wire == GPIO) && !strings.HasSuffix(path, labbus.Suffix) {
		return fmt.Errorf("%q is no name for a simulated bus: it ends in %s", path, labbus.Suffix)
	}
	return nil
}
