package e2e

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
	"github.com/lamppost-city/lamppost/edge/status"
)

// The states into which each driver's part is brought, as the table's columns.
const (
	good      = "good"
	unplugged = "unplugged"
	silent    = "silent"
	noisy     = "noise"
	warming   = "warming-up"
	beyond    = "out-of-range"
	frozen    = "frozen"
	misread   = "wrong-digit"
)

var states = []string{good, unplugged, silent, noisy, misread, warming, beyond, frozen}

// play says how a driver's simulated part is brought into each state.
type play struct {
	kind   string            // the driver's name; empty: the row's
	passes string            // why nothing tells a wrong digit from the right one, a key of neverWords; empty: something does
	warms  string            // the setting while it warms up, where that is not a state of its own
	own    bool              // its profile states no warm-up: while it warms up it is read by a copy that does
	part   string            // the simulator's; empty: called like the driver
	place  string            // keys that say where on its bus the device is, beside what its line says
	keys   string            // further keys of the device
	shown  string            // the channel that is looked at; empty: the part's first
	every  string            // empty: 1s; a value that stands for eight times as long is flat
	beyond string            // the setting beyond the range
	moves  string            // the setting that moves; empty: the first channel around its value
	again  bool              // it says the same again so soon that what is damaged is passed over, nearly always
	asleep bool              // while it warms up, the part itself says nothing: what is flagged is the time after
	never  map[string]string // states that cannot be, and why
	set    func(*act) error  // furnishes what is no part of the simulator; nil: it is one
}

// A value that is not to be trusted says why, and a fault is never a value: the gateway
// reads the simulated part of each driver in each state, over its wire, and the words
// that it then has must be the state's own. docs/faults.md is the table of them;
// UPDATE_GOLDEN=1 writes it.
func TestFaultsAreTold(t *testing.T) {
	t.Parallel()
	kinds := map[string]drivers.Kind{}
	for _, k := range catalog.Builtin(nil) {
		kinds[k.Name] = k
	}
	b := &booth{t: t, dir: t.TempDir(), kinds: kinds}
	b.set()
	b.open()
	b.watch(7 * time.Minute) // some parts are warm after three
	b.judge()
	b.write("../../docs/faults.md", "en")
	b.write("../../docs/faults.zh-CN.md", "zh")
}

// booth is one gateway and a part for each driver in each state.
type booth struct {
	t     *testing.T
	dir   string
	kinds map[string]drivers.Kind
	acts  []*act
	gw    *process
	addr  string
}

// act is one part in one state.
type act struct {
	driver, state, device string
	play                  play
	part                  parts.Part
	place                 string // where it is played
	leave                 context.CancelFunc
	left                  chan error
	seen                  bool // it was read
	said                  string
	heard                 []string  // of a state that can look like several things
	since                 time.Time // when the first of them came, or the first value that counts
	first                 time.Time // when the first fault came
	right                 *float64  // what the part was told to say
	keys                  []string  // of its device, where it is no part
}

// set starts every part.
func (b *booth) set() {
	b.t.Helper()
	for driver, p := range plays {
		if _, ok := b.kinds[p.driver(driver)]; !ok {
			b.t.Errorf("there is no driver %s any more", p.driver(driver))
		}
		for _, state := range states {
			if p.never[state] == "" {
				b.start(driver, state, p)
			}
		}
	}
	for name := range b.kinds {
		if _, ok := plays[name]; !ok {
			b.t.Errorf("nobody plays the driver %s here: every driver of the catalogue has its row", name)
		}
	}
}

// driver is the driver of a row.
func (p play) driver(row string) string { return cmp.Or(p.kind, row) }

// start plays a driver's part in a state.
func (b *booth) start(driver, state string, p play) {
	b.t.Helper()
	a := &act{driver: driver, state: state, device: driver + "-" + state, play: p, left: make(chan error, 1)}
	a.place = filepath.Join(b.dir, a.device)
	if p.set != nil {
		if err := p.set(a); err != nil {
			b.t.Fatalf("%s: %v", a.device, err)
		}
		b.acts = append(b.acts, a)
		return
	}
	var err error
	if p.part == "" {
		a.play.part = p.driver(driver)
	}
	if a.part, err = parts.Find(a.play.part); err != nil {
		b.t.Errorf("%s: %v", driver, err)
		return
	}
	if a.play.shown == "" {
		a.play.shown = a.part.Channels[0].Name
	}
	stage, err := a.stage()
	if err != nil {
		b.t.Errorf("%s: %v", a.device, err)
		return
	}
	if slices.Contains([]parts.Wire{parts.I2C, parts.GPIO}, a.part.Wire) {
		a.place += labbus.Suffix
	}
	ctx, leave := context.WithCancel(context.Background())
	a.leave = leave
	ready, at := make(chan string, 1), parts.Place{Link: a.place}
	if a.part.Wire == parts.HTTP {
		at = parts.Place{Listen: "127.0.0.1:0"}
	}
	go func() {
		a.left <- a.part.Play(ctx, at, stage, func(at string) { ready <- at })
	}()
	select {
	case at := <-ready:
		if a.part.Wire == parts.HTTP {
			a.place = at
		}
	case err := <-a.left:
		b.t.Fatalf("%s: %v", a.device, err)
	}
	b.t.Cleanup(func() { leave(); <-a.left })
	b.acts = append(b.acts, a)
}

// stage says what the part is to do.
func (a *act) stage() (s parts.Stage, err error) {
	s = parts.Stage{Device: a.device, Baud: max(a.part.Line.Baud, 1), Address: max(a.part.Line.Address, 0), Record: playback.Nobody{}}
	if a.part.Wire == parts.Modbus {
		s.Address = max(s.Address, 1)
	}
	if a.part.Line.Baud == 0 {
		s.Baud = 9600
	}
	var faults []scenario.Fault
	setting := ""
	switch a.state {
	case good, unplugged:
		if setting = a.play.moves; setting == "" {
			c, _ := a.part.Channel(a.play.shown)
			setting = fmt.Sprintf("%s=%g~%g", c.Name, c.Is, max(math.Abs(c.Is)/3, 1))
		}
	case beyond:
		setting = a.play.beyond
	case silent:
		faults = []scenario.Fault{{Kind: scenario.Silent}}
	case noisy:
		faults = []scenario.Fault{{Kind: scenario.Noise}}
	case misread:
		faults = []scenario.Fault{a.misreading()}
	case frozen:
		if a.part.Wire == parts.HTTP { // what it shows moves with the clock
			faults = []scenario.Fault{{Kind: scenario.Frozen}}
		}
	case warming:
		setting = a.play.warms
		if slices.Contains(a.part.States, "warm-up") && !a.play.asleep {
			s.State = "warm-up"
		}
	}
	var settings []parts.Setting
	if setting != "" {
		set, err := parts.ParseSetting(setting)
		if err != nil {
			return s, err
		}
		settings = append(settings, set)
	}
	s.Source, err = parts.NewValues(a.part, a.device, 1, settings, faults)
	return s, err
}

// misreading is noise that leaves something well formed: in half of what a part says a
// digit is another one, or, where nothing is written in digits, a bit is wrong.
func (a *act) misreading() scenario.Fault {
	switch a.part.Wire {
	case parts.SDI12: // it is the same from the beginning on
		return scenario.Fault{Kind: scenario.Digit}
	case parts.Serial:
		return scenario.Fault{Kind: scenario.Digit, Probability: 0.5}
	case parts.I2C: // dozens of transactions before the first value
		return scenario.Fault{Kind: scenario.Noise, Probability: 0.05}
	}
	return scenario.Fault{Kind: scenario.Noise, Probability: 0.5}
}

// open starts the gateway.
func (b *booth) open() {
	b.t.Helper()
	b.addr = fmt.Sprintf("127.0.0.1:%d", port(b.t))
	var buses, devices strings.Builder
	for _, a := range b.acts {
		bus, device := a.configured()
		buses.WriteString(bus)
		devices.WriteString(device)
	}
	cfg := filepath.Join(b.dir, "gateway.yaml")
	b.coldProfiles()
	text := fmt.Sprintf("gateway: {id: booth}\nprofiles: profiles\njournal: {dir: %s, size: 64MB, commit: 10s}\nstatus: {listen: %q}\nbuses:\n%sdevices:\n%s",
		filepath.Join(b.dir, "journal"), b.addr, buses.String(), devices.String())
	if err := os.WriteFile(cfg, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.gw = place("").start(b.t, filepath.Join(bin, "lamppost"), "run", "--config", cfg)
	eventually(b.t, soon, "the gateway's page", func() bool {
		select {
		case <-b.gw.done:
			b.t.Fatalf("the gateway ended:\n%s", b.gw.tail())
		default:
		}
		return place("").listening(b.addr)
	})
}

// configured is the bus and the device of a part.
func (a *act) configured() (bus, device string) {
	every := a.play.every
	if every == "" {
		every = "1s"
	}
	keys := append([]string{"every: " + every}, a.keys...)
	if a.play.keys != "" {
		keys = append(keys, a.play.keys)
	}
	if a.state == good || a.state == frozen {
		d, _ := time.ParseDuration(every)
		keys = append(keys, fmt.Sprintf("checks: {%s: {flat: {suspect: %v}}}", a.play.shown, 8*d))
	}
	on := func(kind, more string) { bus = fmt.Sprintf("  b-%s: {%s: %q%s}\n", a.device, kind, a.place, more) }
	switch a.part.Wire {
	case parts.Serial:
		keys = append(keys, fmt.Sprintf("port: %q", a.place))
	case parts.Modbus:
		on("serial", fmt.Sprintf(", baud: %d", a.baud()))
		keys = append(keys, fmt.Sprintf("address: %d", max(a.part.Line.Address, 1)))
	case parts.SDI12:
		on("sdi12", "")
		keys = append(keys, "address: 0")
	case parts.I2C:
		on("i2c", "")
		keys = append(keys, fmt.Sprintf("address: %d", a.part.Line.Address))
	case parts.GPIO:
		on("gpio", "")
	case parts.W1:
		on("w1", "")
	case parts.HTTP:
		keys = append(keys, fmt.Sprintf("url: %q", a.place))
	}
	if a.play.place != "" {
		keys = append(keys, a.play.place)
	}
	if bus != "" {
		keys = append(keys, "bus: b-"+a.device)
	}
	switch driver := a.play.driver(a.driver); {
	case a.play.own && a.state == warming:
		keys = append(keys, "profile: "+a.part.ID+coldProfile)
	case driver == "modbus" || driver == "uart":
		keys = append(keys, "profile: "+a.part.ID)
	default:
		keys = append(keys, "driver: "+driver)
	}
	return bus, fmt.Sprintf("  %s: {%s}\n", a.device, strings.Join(keys, ", "))
}

func (a *act) baud() int {
	if a.part.Line.Baud == 0 {
		return 9600
	}
	return a.part.Line.Baud
}

// watch reads the gateway's page until every part was judged, or for so long.
func (b *booth) watch(long time.Duration) {
	b.t.Helper()
	deadline := time.Now().Add(long)
	for {
		page, err := (&city{status: b.addr}).page()
		if err != nil { // on a busy machine a look may be cut short; the gateway ends the test if it has ended
			select {
			case <-b.gw.done:
				b.t.Fatalf("%v; the gateway ended:\n%s", err, b.gw.tail())
			default:
			}
			pause(b.t, 500*time.Millisecond)
			if time.Now().After(deadline) {
				b.t.Fatal(err)
			}
			continue
		}
		b.learn(page)
		missing := 0
		for _, a := range b.acts {
			if a.said == "" {
				a.hear(page)
			}
			if a.said == "" {
				missing++
			}
		}
		if missing == 0 || time.Now().After(deadline) {
			return
		}
		pause(b.t, 500*time.Millisecond)
	}
}

// hear takes what the page says of a part, once that is settled.
func (a *act) hear(page status.Snapshot) {
	fault := ""
	for _, d := range page.State.Devices {
		if d.ID == a.device {
			fault = d.Fault
		}
	}
	var value *status.Value
	for i, v := range page.Values {
		if v.Device == a.device && v.Channel == a.play.shown && v.AgeMS >= 0 {
			value = &page.Values[i]
		}
	}
	read := value != nil && !value.Stale && fault == ""
	switch {
	case a.state == misread:
		a.misheard(fault, value)
	case a.state == unplugged && !a.seen:
		if a.seen = read; read {
			a.leave() // with its port
		}
	case a.state == silent || a.state == noisy || a.state == unplugged:
		if fault != "" && a.state == noisy {
			a.weigh("fault " + fault)
		} else if fault != "" {
			a.said = "fault " + fault
		}
	case a.state == warming && a.play.warms != "" && value != nil && fault == "" && value.V == nil:
		a.said = value.Why // a rate that has none yet
	case a.state == frozen && read && value.Why == "stale": // a busy machine; it has not stood for long enough
	case !read, value.Why == "warm-up" && a.state != warming:
	case value.Why != "":
		a.said = value.Why
	case a.state == good:
		a.said = "pass"
	}
}
