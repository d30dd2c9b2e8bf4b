package gateway

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/process"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	alone "github.com/lamppost-city/lamppost/edge/apart"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
)

// ApartCommand is the word after this program's name that makes it the process of one
// device; see ServeApart.
const ApartCommand = "device-process"

// apartLines are enough for ten pictures of 4 MB a second, in pieces.
const apartLines = 1000

// openApart makes a network device a process of its own, in which this program runs again.
func openApart(d config.Device) (*line, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("a process of its own: %w", err)
	}
	own := d.Plan.Apart
	c, err := process.New(process.Config{Name: "its process", ProcessSpec: drivers.ProcessSpec{
		Command: []string{program, ApartCommand}, Memory: own.Memory, Children: own.Children, Lines: apartLines,
		// The collector works harder before the limit is reached; GOGC=50 keeps what waits
		// for it to half of what is used.
		Env: []string{fmt.Sprintf("GOMEMLIMIT=%d", own.Memory*3/4), "GOGC=50", "GOMAXPROCS=1"},
	}})
	if err != nil {
		return nil, err
	}
	device := alone.Device{Driver: d.Driver, Options: own.Options, Channels: len(d.Plan.Channels), MaxStill: own.MaxStill}
	return &line{path: host(d.URL), close: c.Close, look: func() status.Line { return viewProcess(c.Health()) },
		lend: func(config.Device) (drivers.Driver, error) { return alone.New(c, device), nil }}, nil
}

// ServeApart is such a process: it opens the network device that it is told to, of one of
// these kinds, and answers the gateway's questions on in until that ends.
func ServeApart(ctx context.Context, in io.Reader, out io.Writer, kinds []drivers.Kind) error {
	return alone.Serve(ctx, in, out, func(driver, options string) (drivers.Driver, error) {
		i := slices.IndexFunc(kinds, func(k drivers.Kind) bool { return k.Name == driver })
		if i < 0 || kinds[i].Wire != drivers.HTTPHost {
			return nil, fmt.Errorf("%w: there is no driver %q of network devices", drivers.ErrProtocol, driver)
		}
		doc, err := yamldoc.Parse("options", []byte(options))
		if err != nil {
			return nil, err
		}
		plan, err := kinds[i].Plan(func(o any) error { return doc.Decode(o) })
		if err != nil {
			return nil, err
		}
		return openThere(plan)
	})
}

// openThere opens a device in a process of its own. A serial line that it hangs on is given
// back by the kernel when the process ends.
func openThere(plan *drivers.Plan) (drivers.Driver, error) {
	if plan.Port == "" {
		return plan.OpenHTTP(fetcher(plan.Timeout, nil))
	}
	s, err := serial.New(serial.Config{Path: plan.Port, Settings: plan.Line})
	if err != nil {
		return nil, err
	}
	return plan.OpenHTTP(fetcher(plan.Timeout, s))
}
