// Package full is a street with one of everything: a part for each driver of the
// gateway, alive at once, on wires of its kind, with a gateway configuration that reads
// them all and a truth log of every value that went over a wire. Two tables say who
// plays, and what the gateway is told about a part beside its wire; a test compares them
// with the catalogue of drivers.
package full

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/lab"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pty"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/street"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Street is the street with one of everything. Close must be called.
type Street struct {
	o     street.Options // Scenario, Speed and Loop mean nothing here
	log   *truth.Log
	ports []*pty.Port
	plays []func(context.Context) error // what lives while the street does
	shut  []func() error

	buses, devices []entry // of the gateway's configuration
	places         []street.Place
}

// entry is one bus or device of the gateway's configuration: its id and its keys.
type entry struct {
	id   string
	keys []string // "key: value", in order
}

// Open makes the wires, the truth log and the gateway's configuration. Nothing answers
// on a serial line before Run. An error that wraps street.ErrStorage is that of the
// directory; truth.ErrInUse says that another simulator uses it.
func Open(o street.Options) (*Street, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	if o.Journal == "" {
		o.Journal = filepath.Join(dir, "journal")
	}
	s := &Street{o: o}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Street) open() (err error) {
	if err := os.MkdirAll(s.o.Dir, 0o755); err != nil {
		return fmt.Errorf("%w: %w", street.ErrStorage, err)
	}
	if s.log, err = truth.Create(s.TruthPath()); err != nil {
		return fmt.Errorf("%w: %w", street.ErrStorage, err)
	}
	all := players()
	for _, furnish := range []func([]parts.Part) error{s.lines, s.sdi12, s.rs485, s.plant, s.i2c, s.oneWire, s.gpio, s.cameras, s.own} {
		if err := furnish(all); err != nil {
			return err
		}
	}
	if err := s.writeConfig(); err != nil {
		return fmt.Errorf("%w: %w", street.ErrStorage, err)
	}
	return nil
}

// stage is what a part is played with: values that move a little.
func (s *Street) stage(p parts.Part) (parts.Stage, error) {
	var settings []parts.Setting
	for _, c := range p.Channels {
		if steady(p, c) {
			continue
		}
		settings = append(settings, parts.Setting{Channel: c.Name, Is: c.Is, By: max(c.Is, -c.Is) / 100})
	}
	v, err := parts.NewValues(p, device(p), s.o.Seed, settings, nil)
	baud := p.Line.Baud
	if baud == 0 {
		baud = usualBaud
	}
	return parts.Stage{Device: device(p), Baud: baud, Address: p.Line.Address, Source: v, Record: s.log}, err
}

// usualBaud is the speed of parts whose maker states none.
const usualBaud = 9600

// steady says whether a channel stands still: states, the rates that pulses are made of,
// and sensors on SDI-12, whose values stand as they were when they were started.
func steady(p parts.Part, c parts.Channel) bool {
	return p.Pin != nil || p.Wire == parts.SDI12 || c.Is == 0 || c.Is == 1
}

// port makes a serial port.
func (s *Street) port(name string) (*pty.Port, error) {
	p, err := pty.Open(filepath.Join(s.o.Dir, "dev", name))
	if err != nil {
		return nil, err
	}
	s.ports = append(s.ports, p)
	return p, nil
}

// lines puts every part with a serial line of its own on one.
func (s *Street) lines(all []parts.Part) error {
	for _, p := range all {
		if p.Wire != parts.Serial {
			continue
		}
		port, err := s.serial(p)
		if err != nil {
			return err
		}
		s.device(p, "port: "+quote(port.Link()))
		s.places = append(s.places, street.Place{Wire: device(p), At: port.Link() + " -> " + port.Device(), Devices: device(p)})
	}
	return nil
}

func (s *Street) serial(p parts.Part) (*pty.Port, error) {
	stage, err := s.stage(p)
	if err != nil {
		return nil, err
	}
	play, err := p.Serial(stage)
	if err != nil {
		return nil, err
	}
	port, err := s.port(device(p))
	if err != nil {
		return nil, err
	}
	s.plays = append(s.plays, func(ctx context.Context) error { play(ctx, port); return nil })
	return port, nil
}

func (s *Street) sdi12(all []parts.Part) error {
	for _, p := range all {
		if p.Wire != parts.SDI12 {
			continue
		}
		port, err := s.serial(p)
		if err != nil {
			return err
		}
		bus := device(p) + "-line"
		s.bus(bus, port.Link()+" -> "+port.Device(), device(p), "sdi12: "+quote(port.Link()))
		s.device(p, "bus: "+bus, fmt.Sprintf("address: %d", p.Line.Address))
		s.tells(device(p), p.Channels...)
	}
	return nil
}

// i2c puts all chips on one bus.
func (s *Street) i2c(all []parts.Part) error {
	var slots []lab.Slot
	var names []string
	for _, p := range all {
		if p.Chip == nil {
			continue
		}
		stage, err := s.stage(p)
		if err != nil {
			return err
		}
		slots = append(slots, lab.Slot{Address: uint8(p.Line.Address), Device: device(p), Chip: p.Chip(stage), Source: stage.Source})
		names = append(names, device(p))
		s.device(p, "bus: i2c-1", fmt.Sprintf("address: %#x", p.Line.Address))
	}
	b, err := lab.OpenI2C(filepath.Join(s.o.Dir, "dev", "i2c-1.sock"), s.log, slots...)
	if err != nil {
		return err
	}
	s.shut = append(s.shut, b.Close)
	s.bus("i2c-1", b.Path(), list(names), "i2c: "+quote(b.Path()))
	return nil
}

func (s *Street) oneWire(all []parts.Part) error {
	var slaves []lab.Slave
	var names []string
	for _, p := range all {
		if p.Slave == nil {
			continue
		}
		stage, err := s.stage(p)
		if err != nil {
			return err
		}
		slave := p.Slave(stage)
		slaves, names = append(slaves, slave), append(names, device(p))
		s.device(p, "bus: w1", "id: "+slave.ID)
	}
	w, err := lab.OpenW1(filepath.Join(s.o.Dir, "dev", "w1"), s.log, slaves...)
	if err != nil {
		return err
	}
	s.shut = append(s.shut, w.Close)
	s.plays = append(s.plays, w.Run)
	s.bus("w1", w.Path(), list(names), "w1: "+quote(w.Path()))
	return nil
}

// gpio puts everything that has a line on one chip. A part that drives nothing is an
// output.
func (s *Street) gpio(all []parts.Part) error {
	var pins []lab.Pin
	var names []string
	for _, p := range all {
		if p.Pin == nil {
			continue
		}
		stage, err := s.stage(p)
		if err != nil {
			return err
		}
		pin := p.Pin(stage)
		pins, names = append(pins, pin), append(names, device(p))
		if pin.Actuator == nil {
			s.device(p, "bus: gpio", "line: "+pin.Name)
		}
	}
	c, err := lab.OpenGPIO(filepath.Join(s.o.Dir, "dev", "gpio.sock"), "lamppost-sim", s.log, pins...)
	if err != nil {
		return err
	}
	s.shut = append(s.shut, c.Close)
	s.plays = append(s.plays, func(ctx context.Context) error { c.Run(ctx); return nil })
	s.bus("gpio", c.Path(), list(names), "gpio: "+quote(c.Path()))
	return nil
}

// cameras opens what is asked over HTTP. It answers from here on.
func (s *Street) cameras(all []parts.Part) error {
	for _, p := range all {
		if p.Wire != parts.HTTP {
			continue
		}
		stage, err := s.stage(p)
		if err != nil {
			return err
		}
		run, err := p.Own(stage)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(context.Background())
		at, done := make(chan string, 1), make(chan error, 1)
		go func() { done <- run(ctx, "127.0.0.1:0", func(place string) { at <- place }) }()
		s.shut = append(s.shut, func() error { cancel(); return <-done })
		select {
		case place := <-at:
			s.device(p, "url: "+quote(place))
			s.places = append(s.places, street.Place{Wire: device(p), At: place, Devices: device(p)})
		case err := <-done:
			done <- nil // for Close, which waits for the end
			return err
		}
	}
	return nil
}

// Run lets the street live until ctx ends. It calls ready when every device answers.
// The error is that of a wire that failed. Run is called once.
func (s *Street) Run(ctx context.Context, ready func()) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s.mark("start", fmt.Sprintf("street full, seed %d", s.o.Seed))
	var all sync.WaitGroup
	for _, play := range s.plays {
		all.Go(func() {
			if err := play(ctx); err != nil {
				stop(err)
			}
		})
	}
	ready()
	<-ctx.Done()
	err := context.Cause(ctx)
	for _, p := range s.ports {
		p.Close()
	}
	all.Wait()
	s.mark("stop", "")
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

func (s *Street) mark(event, detail string) {
	s.log.Add(truth.Line{T: time.Now().UnixMilli(), Event: event, Detail: detail})
}

// Close removes the links, sockets and folders and flushes the truth log. An error that
// wraps street.ErrStorage says that the log is not whole. It is called once.
func (s *Street) Close() error {
	var errs []error
	for _, p := range s.ports {
		errs = append(errs, p.Close())
	}
	for _, shut := range s.shut {
		errs = append(errs, shut())
	}
	if s.log == nil {
		return errors.Join(errs...)
	}
	if err := s.log.Close(); err != nil {
		errs = append(errs, fmt.Errorf("%w: the truth log is not whole: %w", street.ErrStorage, err))
	}
	return errors.Join(errs...)
}

// Places returns the wires.
func (s *Street) Places() []street.Place { return s.places }

// TruthPath is the truth log, ConfigPath the gateway's configuration.
func (s *Street) TruthPath() string { return filepath.Join(s.o.Dir, "truth.jsonl") }

// ConfigPath is the gateway configuration that Open writes.
func (s *Street) ConfigPath() string { return filepath.Join(s.o.Dir, "gateway.yaml") }
