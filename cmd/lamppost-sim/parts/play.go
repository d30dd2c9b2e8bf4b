package parts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pty"
	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
)

// ErrWire says that a wire could not be made.
var ErrWire = errors.New("the wire cannot be made")

// Place is where a part is played: one of the two.
type Place struct {
	Link   string // the path of a serial port, socket or directory to make
	Listen string // a TCP address; port 0 is any free one
}

// Check says whether p can be played at a place.
func (p Part) Check(at Place) error {
	switch {
	case (at.Link == "") == (at.Listen == ""):
		return fmt.Errorf("write where to play: %s", p.wayHint())
	case p.Serial != nil && at.Listen != "":
		return fmt.Errorf("%s hangs on a serial line of its own: write --link PATH", p.ID)
	case p.Serial == nil && p.Unit == nil && (p.Wire == HTTP) != (at.Listen != ""):
		return fmt.Errorf("%s is played elsewhere: %s", p.ID, p.wayHint())
	}
	return nil
}

func (p Part) wayHint() string {
	switch p.Wire {
	case Modbus:
		return "--link PATH for RTU on a serial port, or --listen 127.0.0.1:502 for Modbus TCP"
	case HTTP:
		return "--listen 127.0.0.1:8081"
	case I2C, GPIO:
		return "--link PATH" + labbus.Suffix
	case W1:
		return "--link DIR"
	default:
		return "--link PATH"
	}
}

// Play plays p until ctx ends. It calls ready with where the part is when it can be
// read. An error that wraps ErrWire, or ErrInUse where another part is played at the same
// place, means that nothing was played.
func (p Part) Play(ctx context.Context, at Place, s Stage, ready func(at string)) error {
	if err := p.Check(at); err != nil {
		return err
	}
	release, err := claim(at.Link)
	if err != nil {
		return err
	}
	defer release()
	if s.Source.Mishap().Unplug {
		return p.pulled(ctx, at, s, ready)
	}
	switch {
	case p.Own != nil:
		run, err := p.Own(s)
		if err != nil {
			return err
		}
		return run(ctx, at.Link+at.Listen, ready)
	case p.Chip != nil || p.Pin != nil || p.Slave != nil:
		return p.onBench(ctx, at.Link, s, ready)
	case p.Unit != nil:
		u, err := p.Unit(s)
		if err != nil {
			return err
		}
		if at.Listen != "" {
			return host(ctx, at.Listen, u, s, ready)
		}
		line := &modbusslave.Line{Baud: s.Baud, Units: []*modbusslave.Unit{u}, Record: s.Record}
		return onPort(ctx, at.Link, ready, func(_ context.Context, port Port) {
			line.Port = port
			line.Serve()
		})
	default:
		play, err := p.Serial(s)
		if err != nil {
			return err
		}
		return onPort(ctx, at.Link, ready, play)
	}
}

// onPort makes a serial port and plays on it.
func onPort(ctx context.Context, link string, ready func(string), play func(context.Context, Port)) error {
	port, err := pty.Open(link)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrWire, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		play(ctx, port)
	}()
	ready(port.Link() + " -> " + port.Device())
	<-ctx.Done()
	err = port.Close()
	<-done
	return err
}

// host plays a unit behind a TCP address.
func host(ctx context.Context, address string, u *modbusslave.Unit, s Stage, ready func(string)) error {
	ln, err := listen(ctx, address)
	if err != nil {
		return err
	}
	h := &modbusslave.Host{Units: []*modbusslave.Unit{u}, Record: s.Record}
	ready("modbus-tcp://" + ln.Addr().String())
	return h.Serve(ctx, ln)
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWire, err)
	}
	return ln, nil
}
