// Package street builds the simulated street and runs it: an RS-485 line with
// three Modbus slaves and a board of relays, a Modbus TCP meter, two sensors on serial lines of their
// own and a camera at a river, all driven by one scenario, with a log of every
// value that went over a wire and a gateway configuration that fits.
package street

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/camera"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pty"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/uart"
)

// ErrScenario says that a scenario cannot be played in this street, ErrStorage
// that the directory cannot be written.
var (
	ErrScenario = errors.New("the scenario does not fit the street")
	ErrStorage  = errors.New("the directory cannot be written")
)

// Options say what to play and what to write into the gateway's configuration.
type Options struct {
	Scenario *scenario.Scenario
	Dir      string // made if it is not there
	Seed     uint64
	Speed    float64 // of the scenario; wires always run in real time. For tests
	Loop     bool    // repeat the cycle; else hold the last values after one

	Gateway string        // id
	Broker  string        // URL
	Key     string        // whose commands the gateway carries out; empty: nobody's
	Journal string        // directory; "": Dir/journal
	Commit  time.Duration // of the journal
	Status  string        // address of the gateway's status page
}

// Street is a simulated street. Close must be called.
type Street struct {
	o      Options
	clock  clock
	course *scenario.Course
	parts  map[string]part // by profile
	log    *truth.Log
	ports  map[string]*pty.Port // by wire
	line   modbusslave.Line
	host   modbusslave.Host
	voices []*uart.Talker
	cam    camera.Camera
	tcp    net.Listener // Modbus TCP
	web    net.Listener // the camera
}

// Open makes the wires, the truth log and the gateway's configuration. Nothing
// answers before Run. An error that wraps ErrScenario is the scenario's fault;
// truth.ErrInUse says that another simulator uses the directory.
func Open(o Options) (*Street, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	if o.Journal == "" {
		o.Journal = filepath.Join(dir, "journal")
	}
	if o.Journal, err = filepath.Abs(o.Journal); err != nil {
		return nil, err
	}
	s := &Street{o: o, clock: clock{speed: o.Speed}, course: o.Scenario.Course(o.Seed, o.Loop), ports: map[string]*pty.Port{}}
	if s.parts, err = readParts(); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrScenario, o.Scenario.Name, err)
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// check compares the scenario with what the street has.
func (s *Street) check() error {
	if err := checkFaults(s.o.Scenario.Faults); err != nil {
		return err
	}
	needed := append(s.channels(), seen...)
	var missing, unknown []string
	for _, q := range needed {
		if _, ok := s.o.Scenario.Quantities[q]; !ok {
			missing = append(missing, q)
		}
	}
	for _, q := range slices.Sorted(maps.Keys(s.o.Scenario.Quantities)) {
		if strings.Contains(q, ".") && !slices.Contains(needed, q) {
			unknown = append(unknown, q)
		}
	}
	switch {
	case missing != nil:
		return fmt.Errorf("quantities are missing: %s (write base: calm to take them from there)", strings.Join(missing, ", "))
	case unknown != nil:
		return fmt.Errorf("quantities that no device reports: %s", strings.Join(unknown, ", "))
	}
	return nil
}

// channels returns all that the devices report, as device.channel.
func (s *Street) channels() []string {
	out := []string{"air.pm1", "air.pm2_5", "air.pm10", "underpass.level"}
	for _, size := range []string{"0_3", "0_5", "1", "2_5", "5", "10"} {
		out = append(out, "air.particles_"+size)
	}
	for _, sl := range slaves() {
		for _, channel := range sl.channels {
			out = append(out, sl.device+"."+channel)
		}
	}
	return out
}

func (s *Street) open() (err error) {
	if err := os.MkdirAll(s.o.Dir, 0o755); err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	if s.log, err = truth.Create(s.TruthPath()); err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	for _, wire := range []string{line, air, underpass} {
		if s.ports[wire], err = pty.Open(filepath.Join(s.o.Dir, "dev", wire)); err != nil {
			return err
		}
	}
	if s.tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if s.web, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if err := s.furnish(); err != nil {
		return err
	}
	if err := s.writeConfig(); err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	return nil
}

// furnish puts the devices on their wires.
func (s *Street) furnish() error {
	s.line = modbusslave.Line{Port: s.ports[line], Baud: lineBaud, Record: s.log}
	s.host = modbusslave.Host{Record: s.log}
	for _, sl := range slaves() {
		u, err := modbusslave.NewUnit(sl.address, sl.device, s.parts[sl.profile].registers, s.source(sl.device))
		if err != nil {
			return err
		}
		u.Limit = s.parts[sl.profile].limit
		u.Turnaround = 12*time.Millisecond + time.Duration(sl.address)*3*time.Millisecond // each part has a pace of its own
		if sl.wire == line {
			s.line.Units = append(s.line.Units, u)
		} else {
			s.host.Units = append(s.host.Units, u)
		}
	}
	board := modbusslave.NewRelays(relayAddress, relays, relayCount, s.source(relays))
	board.Turnaround = 8 * time.Millisecond
	s.line.Units = append(s.line.Units, board)
	for device, part := range map[string]uart.Part{air: new(uart.PMS5003), underpass: uart.A02YYUW{Height: underpassHeight}} {
		s.voices = append(s.voices, &uart.Talker{Port: s.ports[device], Baud: lineBaud, Device: device, Part: part, Source: s.source(device), Record: s.log})
	}
	e := &eye{}
	e.clock, e.course, e.device, e.names = &s.clock, s.course, gauge, namesOf(gauge)
	s.cam = camera.Camera{Device: gauge, Scene: camera.NewScene(), Source: e, Record: s.log}
	return nil
}

func (s *Street) source(device string) *source {
	return &source{clock: &s.clock, course: s.course, device: device, names: namesOf(device)}
}

// Run lets the street live until ctx ends; the scenario begins when ready is
// called, which is when every device answers. The error is that of a wire that
// failed. Run is called once.
func (s *Street) Run(ctx context.Context, ready func()) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s.clock.start = time.Now()
	s.mark("start", fmt.Sprintf("scenario %s, seed %d, speed %v", s.o.Scenario.Name, s.o.Seed, s.o.Speed))
	web := &http.Server{Handler: &s.cam, ReadHeaderTimeout: 5 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		BaseContext: func(net.Listener) context.Context { return ctx }}
	c := &conductor{clock: &s.clock, course: s.course, log: s.log, plugs: map[string]plug{pump: cable{s.host.Cut}}}
	for wire, p := range s.ports {
		c.plugs[wire] = p
	}
	var all sync.WaitGroup
	run := func(f func() error) {
		all.Go(func() {
			if err := f(); err != nil {
				stop(err)
			}
		})
	}
	run(func() error { s.line.Serve(); return nil })
	run(func() error { return s.host.Serve(ctx, s.tcp) })
	run(func() error { return served(web.Serve(s.web)) })
	run(func() error { return c.conduct(ctx) })
	for _, v := range s.voices {
		run(func() error { v.Run(ctx); return nil })
	}
	ready()
	<-ctx.Done()
	err := context.Cause(ctx)
	hangUp(web)
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

// hangUp lets a picture that is on its way arrive, and be written down.
func hangUp(web *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if web.Shutdown(ctx) != nil {
		web.Close()
	}
}

func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Street) mark(event, detail string) {
	s.log.Add(truth.Line{T: time.Now().UnixMilli(), Event: event, Detail: detail})
}

// Close removes the ports' links, closes what is open and flushes the truth log.
// An error that wraps ErrStorage says that the log is not whole. It is called once.
func (s *Street) Close() error {
	for _, p := range s.ports {
		if p != nil {
			p.Close()
		}
	}
	for _, l := range []net.Listener{s.tcp, s.web} {
		if l != nil {
			l.Close()
		}
	}
	if s.log == nil {
		return nil
	}
	if err := s.log.Close(); err != nil {
		return fmt.Errorf("%w: the truth log is not whole: %w", ErrStorage, err)
	}
	return nil
}

// StillURL is where the camera is.
func (s *Street) StillURL() string { return "http://" + s.web.Addr().String() + camera.Path }

// Place is a wire of the street, for a person to read.
type Place struct{ Wire, At, Devices string }

// Places returns the wires, the serial ones first.
func (s *Street) Places() []Place {
	at := map[string]string{pump: "modbus-tcp://" + s.tcp.Addr().String(), gauge: s.StillURL()}
	for wire, p := range s.ports {
		at[wire] = p.Link() + " -> " + p.Device()
	}
	var out []Place
	for _, wire := range []string{line, air, underpass, pump, gauge} {
		out = append(out, Place{wire, at[wire], strings.Join(wires()[wire], ", ")})
	}
	return out
}
