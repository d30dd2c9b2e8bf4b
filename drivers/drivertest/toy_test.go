package drivertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// The toy part sends 'T', a byte of tenths of a degree, and their exclusive or,
// over whatever wire is wanted. Its driver keeps every promise unless told to
// break one.
type flaws struct {
	zeroOnSilence   bool // an error becomes a value
	keepsOld        bool // does not drop what waited
	reusesSlice     bool
	noRange         bool
	noChecksum      bool
	noNoise         bool
	plainError      bool // wraps none of the contract's faults
	deaf            bool // to its context
	closeFails      bool
	staysBroken     bool // after one failure
	breaksAfter     bool // the sample after an odd value fails
	tellsSecret     bool
	swapsChannels   bool
	leavesBodyOpen  bool
	acceptsAnything bool   // any status, any page
	hoards          bool   // keeps every reading
	asks            string // the requests to a part on a serial line, a letter each; empty: the part streams

	lax            bool // takes unknown options
	plainOption    bool // refuses an option with an error of its own
	otherOption    bool // names an option that does not exist
	panicsOnOption bool
	takesAnyScale  bool
}

func toyKind(w drivers.Wire, f flaws) drivers.Kind {
	return drivers.Kind{
		Name: "toy", Wire: w, Readme: "`temp` `rh` `scale` `url`",
		Sample: "devices:\n  t: {driver: toy, port: /dev/ttyS0, bus: b, address: 1, url: \"http://t/\"}\n",
		Plan:   func(decode func(any) error) (*drivers.Plan, error) { return toyPlan(w, f, decode) },
	}
}

func toyPlan(w drivers.Wire, f flaws, decode func(any) error) (*drivers.Plan, error) {
	var o struct {
		Scale float64 `yaml:"scale" range:"-"`
		URL   string  `yaml:"url"`
	}
	o.Scale = 1
	if err := decode(&o); err != nil && !f.lax {
		return nil, err
	}
	if o.Scale <= 0 || o.Scale > 10 {
		switch {
		case f.plainOption:
			return nil, errors.New("the scale is wrong")
		case f.otherOption:
			return nil, &drivers.OptionError{Key: "skale", Msg: "write 0.1 to 10"}
		case f.panicsOnOption:
			panic("scale")
		case !f.takesAnyScale:
			return nil, &drivers.OptionError{Key: "scale", Msg: "write 0.1 to 10"}
		}
	}
	d := &toy{flaws: f, channels: []drivers.Channel{
		{Name: "temp", Min: 0, Max: 20 * o.Scale, Resolution: 0.1 * o.Scale}, {Name: "rh", Max: 100, Resolution: 1},
	}}
	p := &drivers.Plan{Channels: d.channels, Timeout: time.Second, Line: drivers.LineSettings{Baud: 9600}}
	switch w {
	case drivers.SerialLine:
		p.OpenSerial = func(port drivers.Port) (drivers.Driver, error) { d.read = d.serial(port); return d, nil }
	case drivers.ModbusUnit:
		p.OpenModbus = func(m drivers.Modbus) (drivers.Driver, error) { d.read = d.modbus(m); return d, nil }
	default:
		p.OpenHTTP = func(c drivers.Fetcher) (drivers.Driver, error) { d.read = d.http(c); return d, nil }
	}
	return p, nil
}

type toy struct {
	flaws
	channels []drivers.Channel
	read     func(context.Context) (byte, error)
	held     []obs.Reading
	broken   bool
	hoard    [][]obs.Reading
}

func (d *toy) Sample(ctx context.Context) ([]obs.Reading, error) {
	if d.deaf {
		ctx = context.WithoutCancel(ctx)
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, 5*time.Second)
		defer stop()
	}
	v, err := d.read(ctx)
	if err != nil && !d.zeroOnSilence || d.broken {
		d.broken = d.staysBroken
		switch {
		case d.tellsSecret:
			return nil, fmt.Errorf("toy with hunter2: %w", drivers.ErrTimeout)
		case d.plainError:
			return nil, errors.New("it does not work")
		case err == nil:
			err = drivers.ErrDevice
		}
		return nil, fmt.Errorf("toy: %w", err)
	}
	if d.broken = d.breaksAfter && v != 123; d.broken {
		d.staysBroken = true
	}
	if d.held == nil || !d.reusesSlice {
		d.held = make([]obs.Reading, 2)
	}
	d.held[0], d.held[1] = d.channels[0].Read(float64(v)/10), d.channels[1].Read(50)
	if d.hoards {
		d.hoard = append(d.hoard, d.held)
	}
	if d.noRange {
		d.held[0] = obs.Of(float64(v) / 10)
	}
	if d.swapsChannels {
		d.held[0], d.held[1] = d.held[1], d.held[0]
	}
	return d.held, nil
}

func (d *toy) Close() error {
	if d.closeFails {
		return errors.New("already closed")
	}
	return nil
}

func (d *toy) serial(p drivers.Port) func(context.Context) (byte, error) {
	return func(ctx context.Context) (byte, error) {
		if !d.keepsOld {
			if err := p.Discard(); err != nil {
				return 0, err
			}
		}
		for i := range len(d.asks) {
			if _, err := p.Write(ctx, []byte(d.asks[i:i+1])); err != nil {
				return 0, err
			}
		}
		var buf []byte
		one := make([]byte, 1)
		for {
			if _, err := p.Read(ctx, one); err != nil {
				return 0, err
			}
			buf = append(buf, one...)
			if len(buf) < 3 {
				continue
			}
			if buf[0] == 'T' && (d.noChecksum || buf[0]^buf[1] == buf[2]) {
				return buf[1], nil
			}
			buf = buf[1:]
			if !d.noNoise {
				p.Noise(1)
			}
		}
	}
}

func (d *toy) modbus(m drivers.Modbus) func(context.Context) (byte, error) {
	return func(ctx context.Context) (byte, error) {
		regs, err := m.ReadRegisters(ctx, 4, 1, 2)
		if err != nil {
			return 0, err
		}
		return byte(regs[0]), nil
	}
}

func (d *toy) http(c drivers.Fetcher) func(context.Context) (byte, error) {
	return func(ctx context.Context) (byte, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://toy/?password=hunter2", nil)
		if err != nil {
			return 0, err
		}
		res, err := c.Do(req)
		if errors.Is(err, context.DeadlineExceeded) {
			return 0, drivers.ErrTimeout
		}
		if err != nil {
			return 0, errors.Unwrap(err)
		}
		if !d.leavesBodyOpen {
			defer res.Body.Close()
		}
		page, err := io.ReadAll(res.Body)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return 0, drivers.ErrTimeout
		case d.acceptsAnything:
			return append(page, 0, 215)[1], nil
		case err != nil || res.StatusCode != 200 || len(page) != 3 || page[0]^page[1] != page[2]:
			return 0, drivers.ErrProtocol
		}
		return page[1], nil
	}
}
