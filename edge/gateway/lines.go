package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	busmodbus "github.com/lamppost-city/lamppost/drivers/bus/modbus"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/lamppost-city/lamppost/edge/status"
)

// Tracer sees every byte that crosses a line. It must be quick and must not keep p.
type Tracer func(line string, sent bool, p []byte, at time.Time)

// Lines are the opened wires of a configuration, and the devices on them.
type Lines struct {
	all  []*line
	data string // the folder of the program's own data

	indexed sync.Once
	byID    map[string]*line // see is
}

// is says whether there is a line with this id that is of a kind. It is asked for every
// line and device each time the state is looked at, when all are there.
func (ls *Lines) is(id string, kind func(*line) bool) bool {
	ls.indexed.Do(func() {
		ls.byID = make(map[string]*line, len(ls.all))
		for _, l := range ls.all {
			ls.byID[l.id] = l
		}
	})
	l := ls.byID[id]
	return l != nil && kind(l)
}

// line is one wire: a shared bus, a point-to-point port, or a network device.
type line struct {
	id, path string
	serial   *serial.Line       // the line itself, also below a Modbus bus
	bus      *busmodbus.Bus     // of a Modbus line or host
	look     func() status.Line // of the other wires: how the line is doing, without id and path
	edges    bool               // what look counts are edges, not frames
	fixed    bool               // its speed cannot be chosen
	own      bool               // of one device, which brought it along
	held     bool               // it went on over a reload; see heldLines
	mark     lineMark           // what it and its devices are; zero: nobody asks
	devices  []poll.Device
	before   []drivers.Driver // of a held line, by devices: open since before the reload; nil: not open
	resting  []drivers.Driver // likewise: open, and polled no more

	// lend opens the driver of a device on this line. It must not block on the hardware.
	lend  func(config.Device) (drivers.Driver, error)
	close func() error
	// relay opens an output on this line; nil: it has none. It may block on the hardware.
	relay func(config.Output) (drivers.Output, error)
}

// OpenLines makes the lines of a configuration. Hardware that is missing now is
// opened when it is there; nothing blocks.
func OpenLines(cfg *config.Config, trace Tracer) (*Lines, error) {
	return openLines(cfg, trace, recalled{}, nil)
}

// openLines makes them but for those that are held, which go on as they are.
func openLines(cfg *config.Config, trace Tracer, known recalled, held heldLines) (*Lines, error) {
	ls := &Lines{data: cfg.Journal.Dir}
	for _, b := range cfg.Buses {
		l, err := held[lineKey{id: b.ID}].again(), error(nil)
		if l == nil {
			l, err = openBus(b, trace, known)
		}
		if err != nil {
			ls.close(held)
			return nil, fmt.Errorf("bus %s: %w", b.ID, err)
		}
		ls.all = append(ls.all, l)
	}
	for _, d := range cfg.Devices {
		if err := ls.attach(d, trace, known, held); err != nil {
			ls.close(held)
			return nil, fmt.Errorf("device %s: %w", d.ID, err)
		}
	}
	return ls, nil
}

// openBus makes the owner of a shared wire. Each kind of bus has a file of its own.
func openBus(b config.Bus, trace Tracer, known recalled) (*line, error) {
	var l *line
	var err error
	switch {
	case b.TCP != "", b.Serial != "":
		l, err = openModbus(b, trace)
	case b.I2C != "":
		l, err = openI2C(b, trace)
	case b.OneWire != "":
		l, err = openOneWire(b, trace)
	case b.GPIO != "":
		l, err = openGPIO(b, known)
	case b.SDI12 != "":
		l, err = openSDI12(b, trace)
	default:
		err = errors.New("this kind of bus cannot be opened yet")
	}
	if err != nil {
		return nil, err
	}
	l.id = b.ID
	return l, nil
}

// openOwn makes the wire that a device does not share.
func openOwn(d config.Device, trace Tracer, data string) (*line, error) {
	var l *line
	var err error
	switch d.Wire {
	case drivers.SerialLine:
		l, err = openPort(d, trace)
	case drivers.ChildProcess:
		l, err = openProcess(d, trace)
	case drivers.BoardHost:
		l, err = openBoard(d.Plan.Root, data, trace.on(d.ID))
	case drivers.HTTPHost:
		l, err = openHost(d, trace)
	default:
		err = fmt.Errorf("a device on wire %s has no line of its own", d.Wire)
	}
	if err != nil {
		return nil, err
	}
	l.id, l.own = d.ID, true
	return l, nil
}

func openModbus(b config.Bus, trace Tracer) (*line, error) {
	o := busmodbus.Options{Name: b.ID, Baud: b.Line.Baud, Turnaround: b.Turnaround, Trace: trace.on(b.ID)}
	l := &line{path: b.TCP}
	switch {
	case b.TCP != "" && b.RTU:
		l.bus = busmodbus.NewRTUOverTCP(b.TCP, o)
	case b.TCP != "":
		l.bus = busmodbus.NewTCP(b.TCP, o)
	default:
		s, err := serial.New(lineConfig(b))
		if err != nil {
			return nil, err
		}
		o.Character = s.Character()
		l.path, l.serial, l.bus = b.Serial, s, busmodbus.NewRTU(s, o)
	}
	l.lend = func(d config.Device) (drivers.Driver, error) { return d.Plan.OpenModbus(l.bus.Unit(d.Address)) }
	l.close = l.bus.Close
	return l, nil
}

func openPort(d config.Device, trace Tracer) (*line, error) {
	s, err := serial.New(serial.Config{Path: d.Port, Settings: d.Line, RS485: d.RS485, Echo: d.Echo, Trace: trace.on(d.ID), Streaming: true})
	if err != nil {
		return nil, err
	}
	return &line{path: d.Port, serial: s, close: s.Close,
		lend: func(d config.Device) (drivers.Driver, error) { return d.Plan.OpenSerial(s) }}, nil
}

func openHost(d config.Device, trace Tracer) (*line, error) {
	switch {
	case d.Plan.Apart != nil:
		return openApart(d)
	case d.Plan.Port != "":
		return openWired(d, trace)
	}
	return &line{path: host(d.URL), close: func() error { return nil },
		lend: func(d config.Device) (drivers.Driver, error) { return d.Plan.OpenHTTP(fetcher(d.Timeout, nil)) }}, nil
}

// openWired makes the serial line of a device that is otherwise a host: a camera.
func openWired(d config.Device, trace Tracer) (*line, error) {
	s, err := serial.New(serial.Config{Path: d.Plan.Port, Settings: d.Plan.Line, Trace: trace.on(d.ID)})
	if err != nil {
		return nil, err
	}
	return &line{path: d.Plan.Port, serial: s, close: s.Close,
		lend: func(d config.Device) (drivers.Driver, error) { return d.Plan.OpenHTTP(fetcher(d.Timeout, s)) }}, nil
}

// on returns the tracer for one line, nil if nobody looks.
func (t Tracer) on(line string) func(bool, []byte, time.Time) {
	if t == nil {
		return nil
	}
	return func(sent bool, p []byte, at time.Time) { t(line, sent, p, at) }
}

// attach puts a device on its line, which a point-to-point device brings along.
func (ls *Lines) attach(d config.Device, trace Tracer, known recalled, held heldLines) error {
	i := slices.IndexFunc(ls.all, func(l *line) bool { return l.id == d.Bus }) // the configuration has checked that the bus exists
	if d.Bus == "" {
		l, err := held[lineKey{d.ID, true}].again(), error(nil)
		if l == nil {
			l, err = openOwn(d, trace, ls.data)
		}
		if err != nil {
			return err
		}
		i, ls.all = len(ls.all), append(ls.all, l)
	}
	l := ls.all[i]
	n := len(l.devices)
	l.resting = append(l.resting, nil)
	l.devices = append(l.devices, poll.Device{ID: d.ID, Every: d.Every, Timeout: d.Timeout, Least: d.Plan.MinEvery, Pace: &poll.Pace{},
		Driver: l.driver(n), Keep: func(driver drivers.Driver) { l.resting[n] = driver },
		Open: func() (drivers.Driver, error) {
			driver, err := l.lend(d)
			if err == nil {
				known.restore(d.ID, d.Driver, driver)
			}
			return driver, err
		}})
	return nil
}

// fetcher is the HTTP client of one network device: its own connections, so that
// a wedged camera holds nobody else's. Each answer has one of its own: what a camera sends
// behind its answer, which is a picture without its masks, would be written into the log by
// the client that finds it on a connection it kept. port is its serial line, nil if it has none.
func fetcher(timeout time.Duration, port drivers.Port) drivers.Fetcher {
	return network{port: port, client: http.Client{Timeout: timeout, CheckRedirect: redirected, Transport: &http.Transport{
		Proxy: nil, MaxConnsPerHost: 2, DisableKeepAlives: true,
		ResponseHeaderTimeout: timeout, TLSHandshakeTimeout: timeout, MaxResponseHeaderBytes: 64 << 10,
	}}}
}

// shared says whether a line is a bus.
func (ls *Lines) shared(id string) bool {
	return ls.is(id, func(l *line) bool { return l.bus != nil })
}

// edges says whether a line's counts are of edges.
func (ls *Lines) edges(id string) bool {
	return ls.is(id, func(l *line) bool { return l.edges })
}

// fixed says whether a line has one speed and no other.
func (ls *Lines) fixed(id string) bool {
	return ls.is(id, func(l *line) bool { return l.fixed })
}

// wireWord is the wire of a plan where health has words of its own for it.
func wireWord(p *drivers.Plan) string {
	if p.Port != "" {
		return "" // a camera on a serial line
	}
	for _, w := range p.Opens() {
		switch w {
		case drivers.I2CDevice:
			return "i2c"
		case drivers.OneWireDevice:
			return "w1"
		case drivers.SDI12Sensor:
			return "sdi12"
		case drivers.InputLine, drivers.PulseLine:
			return "gpio"
		case drivers.ChildProcess:
			return "process"
		case drivers.BoardHost:
			return "board"
		case drivers.HTTPHost:
			return "camera"
		}
	}
	return ""
}

// remote says whether a line is a host on the network.
func (ls *Lines) remote(id string) bool {
	return ls.is(id, func(l *line) bool { return l.bus != nil && l.serial == nil })
}

// due lets a device go on in the rhythm that it has.
func (ls *Lines) due(id string, at time.Time) {
	for _, l := range ls.all {
		for i := range l.devices {
			if l.devices[i].ID == id {
				l.devices[i].Due = at
			}
		}
	}
}

// Many lines do not all begin at the same moment: what a hundred give at once fits into
// every buffer, what hundreds give does not. Within a group they do, so that one wake-up
// serves them all. The groups share the first second, which for most is the interval
// of their devices as well: each has its own part of every second.
const (
	groupLines = 128
	groupApart = 250 * time.Millisecond
)

// apart returns how long after one group of lines the next one begins.
func apart(lines int) time.Duration {
	groups := (lines + groupLines - 1) / groupLines
	return min(groupApart, time.Second/time.Duration(max(groups, 1)))
}

// Poll samples all devices of all lines until ctx ends.
func (ls *Lines) Poll(ctx context.Context, bootMS func() int64, sink func(poll.Sample)) {
	var wg sync.WaitGroup
	now, apart := time.Now(), apart(len(ls.all))
	for i, l := range ls.all {
		start := now.Add(time.Duration(i/groupLines) * apart)
		wg.Go(func() { poll.Line(ctx, start, l.devices, bootMS, sink) })
	}
	wg.Wait()
}

// Close gives all lines up.
func (ls *Lines) Close() { ls.close(nil) }

// close gives up those that are not held.
func (ls *Lines) close(held heldLines) {
	ls.but(held, func(l *line) {
		l.rest()
		_ = l.close() // nothing to be done about it, and nothing depends on it
	})
}

// but does something with all lines that are not held, with all at a time.
func (ls *Lines) but(held heldLines, do func(*line)) {
	var wg sync.WaitGroup
	for _, l := range ls.all {
		if held[l.key()] == nil {
			wg.Go(func() { do(l) })
		}
	}
	wg.Wait()
}

// rest closes the drivers that are polled no more.
func (l *line) rest() {
	for i, driver := range l.resting {
		if l.resting[i] = nil; driver != nil {
			_ = driver.Close() // the line is given up; nothing is left to tell
		}
	}
}

// host is what a person needs of a URL: no user, password or query.
func host(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	if u.Host == "" { // a camera of the board itself
		return u.Path
	}
	return u.Host
}

// place says where a device hangs, the same in every language.
func place(d config.Device) string {
	switch d.Wire {
	case drivers.ModbusUnit:
		return d.Bus + " #" + strconv.Itoa(int(d.Address))
	case drivers.I2CDevice:
		return fmt.Sprintf("%s %#x", d.Bus, d.Address)
	case drivers.SDI12Sensor:
		return d.Bus + " #" + string(rune(d.Address))
	case drivers.InputLine, drivers.PulseLine, drivers.OneWireDevice:
		return d.Bus + " " + cmp.Or(d.Pin, d.Slave)
	case drivers.SerialLine:
		return d.Port
	case drivers.BoardHost:
		return boardPlace(d.Plan.Root)
	case drivers.ChildProcess:
		return strings.Join(d.Plan.Process.Command, " ")
	default:
		return host(d.URL)
	}
}
