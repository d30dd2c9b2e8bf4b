package gateway_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// relayBoard is a Modbus TCP unit with coils.
type relayBoard struct {
	address string
	mu      sync.Mutex
	coils   map[uint16]bool
	log     []string // changes
	told    []string // whatever it was set
	changed chan struct{}
}

func newRelayBoard(t *testing.T) *relayBoard {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relayBoard{address: l.Addr().String(), coils: map[uint16]bool{}, changed: make(chan struct{}, 100)}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { r.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return r
}

// serve answers functions 1 and 5 until the other end goes.
func (r *relayBoard) serve(c net.Conn) {
	defer c.Close()
	for {
		head := make([]byte, 7)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		pdu := make([]byte, binary.BigEndian.Uint16(head[4:])-1)
		if _, err := io.ReadFull(c, pdu); err != nil {
			return
		}
		answer := r.answer(pdu)
		binary.BigEndian.PutUint16(head[4:], uint16(len(answer)+1))
		if _, err := c.Write(append(head, answer...)); err != nil {
			return
		}
	}
}

func (r *relayBoard) answer(pdu []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := binary.BigEndian.Uint16(pdu[1:])
	switch pdu[0] {
	case 1:
		b := byte(0)
		if r.coils[at] {
			b = 1
		}
		return []byte{1, 1, b}
	case 5:
		on := pdu[3] == 0xff
		if on != r.coils[at] {
			r.log = append(r.log, fmt.Sprintf("%d %t", at, on))
		}
		r.coils[at] = on
		r.told = append(r.told, fmt.Sprintf("%d %t", at, on))
		r.changed <- struct{}{}
		return pdu
	}
	return []byte{pdu[0] | 0x80, 1}
}

func (r *relayBoard) is(coil uint16) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.coils[coil]
}

// switching is p's configuration with outputs: a coil, a program that writes down what
// it is told, and a coil with an interlock.
func (p *post) switching(r *relayBoard, rest string) *config.Config {
	p.t.Helper()
	return p.switchingBy(r, "max_on: 2m", rest)
}

// switchingBy is switching with other limits of the siren.
func (p *post) switchingBy(r *relayBoard, limits, rest string) *config.Config {
	p.t.Helper()
	script := filepath.Join(p.dir, "lamp.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho $1 >>"+p.said()+"\n"), 0o700); err != nil {
		p.t.Fatal(err)
	}
	src := fmt.Sprintf(`
gateway: {id: post-1, language: en}
journal: {dir: %s, commit: 100ms}
status: {listen: "127.0.0.1:0"}
buses:
  plant: {tcp: %q}
devices:
  pass: {driver: a02yyuw, port: %s, height: 3.0, every: 300ms}
outputs:
  siren: {bus: plant, address: 9, coil: 3, %s, name: {zh: 警笛, en: siren}}
  lamp: {command: [%s], max_on: 1m}
  pump: {bus: plant, address: 9, coil: 4, interlock: "pass.level > 2", max_on: 1m}
%s`, filepath.Join(p.dir, "journal"), r.address, p.port, limits, script, rest)
	cfg, err := config.Load("post.yaml", []byte(src), p.env)
	if err != nil {
		p.t.Fatal(err)
	}
	return cfg
}

func (p *post) said() string { return filepath.Join(p.dir, "said") }

const sirens = `rules:
  flood: {when: "pass.level > 0.5", clear: "pass.level < 0.4", severity: orange, actions: [siren, {output: lamp, for: 1s}, pump]}
`

func output(s status.Snapshot, id string) status.Output {
	i := slices.IndexFunc(s.Outputs, func(o status.Output) bool { return o.ID == id })
	if i < 0 {
		return status.Output{}
	}
	return s.Outputs[i]
}

func (p *post) acts() (out []string) {
	_, events, _ := p.records()
	for _, e := range events {
		if a := e.Actuation; a != nil {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %t %s %s %s", a.Output, a.On, a.Why, a.By, a.Result)))
		}
	}
	return out
}

// With nothing but the board: the alert sounds the siren, its end silences it; for a
// time is for a time; what the interlock does not permit does not run; all is told.
func TestRulesSwitch(t *testing.T) {
	p, r := newPost(t), newRelayBoard(t)
	dry := p.sensor(2900) // 0.1 m
	p.start(p.switching(r, sirens))
	p.until("all outputs off", func(s status.Snapshot) bool {
		return output(s, "siren").State == "off" && output(s, "lamp").State == "off" && output(s, "pump").State == "off" && len(s.Values) > 0 && s.Values[0].V != nil
	})
	dry()
	wet := p.sensor(2200) // 0.8 m
	s := p.until("siren on, lamp off again, pump blocked", func(s status.Snapshot) bool {
		return output(s, "siren").State == "on" && output(s, "lamp").State == "off" && output(s, "lamp").By == "flood"
	})
	if o := output(s, "siren"); !r.is(3) || o.Why != "rule" || o.By != "flood" || o.LeftMS <= 0 || o.LeftMS > 120_000 || o.Name["zh"] != "警笛" {
		t.Errorf("siren %+v, coil %t", o, r.is(3))
	}
	if o := output(s, "pump"); o.State != "off" || !o.Asked || o.Block != "interlock" || r.is(4) {
		t.Errorf("pump %+v", o)
	}
	wet()
	p.sensor(2900)
	p.until("siren off", func(s status.Snapshot) bool { return output(s, "siren").State == "off" })
	if r.is(3) {
		t.Error("the coil is on")
	}
	p.stop()
	if said, err := os.ReadFile(p.said()); err != nil || string(said) != "off\non\noff\n" {
		t.Errorf("the program was told %q, %v", said, err)
	}
	acts := p.acts()
	slices.Sort(acts)
	if want := []string{"lamp false rule flood done", "lamp true rule flood done", "pump true interlock flood blocked", "siren false rule flood done", "siren true rule flood done"}; !slices.Equal(acts, want) {
		t.Errorf("events %q, want %q", acts, want)
	}
}

// A siren whose time is over is heard again when the alert gets worse; what is not heard
// stays off.
func TestWorseSoundsAgain(t *testing.T) {
	p, r := newPost(t), newRelayBoard(t)
	cfg := p.switching(r, `rules:
  flood:
    levels: {red: {when: "pass.level > 1.5"}, orange: {when: "pass.level > 0.5"}}
    actions: [{output: siren, for: 1s}, {output: lamp, for: 1s}]
`)
	cfg.Outputs[slices.IndexFunc(cfg.Outputs, func(o config.Output) bool { return o.ID == "siren" })].Audible = true
	dry := p.sensor(2900) // 0.1 m
	p.start(cfg)
	p.until("all outputs off", func(s status.Snapshot) bool {
		return output(s, "siren").State == "off" && output(s, "lamp").State == "off" && len(s.Values) > 0 && s.Values[0].V != nil
	})
	dry()
	wet := p.sensor(2200) // 0.8 m
	p.until("siren on and off again", func(s status.Snapshot) bool {
		siren, lamp := output(s, "siren"), output(s, "lamp")
		return flooding(s) != nil && siren.State == "off" && siren.By == "flood" && lamp.State == "off" && lamp.By == "flood"
	})
	wet()
	p.sensor(1000) // 2 m
	p.until("siren on again", func(s status.Snapshot) bool {
		return flooding(s).Severity == wire.Red && output(s, "siren").State == "on"
	})
	p.until("and off", func(s status.Snapshot) bool { return output(s, "siren").State == "off" })
	p.stop()
	if said, err := os.ReadFile(p.said()); err != nil || string(said) != "off\non\noff\n" {
		t.Errorf("the lamp was told %q, %v", said, err)
	}
}

// A person is told what became of it; the event says who.
func TestPeopleSwitch(t *testing.T) {
	p, r := newPost(t), newRelayBoard(t)
	p.sensor(2900)
	cfg := p.switching(r, "")
	p.start(cfg)
	p.until("values, and outputs off", func(s status.Snapshot) bool {
		return s.Values[0].V != nil && output(s, "siren").State == "off" && output(s, "siren").ForMS > 1000
	})
	dir := cfg.Journal.Dir
	if o, err := gateway.AskSwitch(t.Context(), dir, "siren", true, 10*time.Second, "li"); err != nil || o.State != "on" || !r.is(3) || !strings.HasPrefix(o.By, "li as ") || o.LeftMS > 10_000 {
		t.Errorf("on = %+v, %v", o, err)
	}
	if o, err := gateway.AskSwitch(t.Context(), dir, "siren", false, time.Hour, ""); err != nil || o.State != "off" || r.is(3) || o.HeldMS <= 0 {
		t.Errorf("off = %+v, %v", o, err)
	}
	if o, err := gateway.AskSwitch(t.Context(), dir, "pump", true, 0, ""); !errors.Is(err, gateway.ErrRefused) || err.Error() != "refused: its interlock is false" || o.State != "off" {
		t.Errorf("pump = %+v, %v", o, err)
	}
	if _, err := gateway.AskSwitch(t.Context(), dir, "horn", true, 0, ""); err == nil || !strings.Contains(err.Error(), `["siren" "lamp" "pump"]`) {
		t.Errorf("horn = %v", err)
	}
	all, err := gateway.AskOutputs(t.Context(), dir)
	if err != nil || len(all) != 3 || all[0].ID != "siren" {
		t.Errorf("outputs = %+v, %v", all, err)
	}
	p.stop()
	if acts := p.acts(); len(acts) != 3 || !strings.HasPrefix(acts[0], "siren true command li as ") {
		t.Errorf("events %q", acts)
	}
}

// A reload leaves on what stays as it is, and sets off what goes or changes; so does
// the end. A rule that is gone wants nothing any more.
func TestReloadSwitches(t *testing.T) {
	p, r := newPost(t), newRelayBoard(t)
	p.sensor(2200)
	p.start(p.switching(r, sirens))
	p.until("siren on, and the lamp at rest", func(s status.Snapshot) bool {
		lamp := output(s, "lamp")
		return output(s, "siren").State == "on" && lamp.State == "off" && lamp.ForMS > 1500 && !lamp.Asked
	})
	told, err := os.ReadFile(p.said())
	if err != nil {
		t.Fatal(err)
	}
	p.reload <- p.switching(r, sirens+"  deep: {when: \"pass.level > 2.5\", severity: red}\n")
	s := p.until("the siren goes on as it was", func(s status.Snapshot) bool {
		return len(s.Outputs) == 3 && s.Values[0].V != nil && s.Values[0].AgeMS < 250
	})
	if o := output(s, "siren"); o.State != "on" || o.By != "flood" {
		t.Errorf("siren %+v", o)
	}
	r.mu.Lock()
	if want := []string{"3 true"}; !slices.Equal(r.log, want) {
		t.Errorf("the board was told %q, want %q", r.log, want)
	}
	r.mu.Unlock()
	p.reload <- p.switching(r, "")
	p.until("siren off without its rule", func(s status.Snapshot) bool { return output(s, "siren").State == "off" })
	p.stop()
	if said, err := os.ReadFile(p.said()); err != nil || string(said) != string(told) {
		t.Errorf("the lamp was told %q, %v, %q before the reloads: they are no switching", said, err, told)
	}
}

// What cannot be read back is not told again by a reload either, whatever has changed beside
// its wiring: who switched it by hand meanwhile, at the board, is not overruled by somebody
// who edits a text. It is shown as what it was told last. That it can be read back after all
// is no other wiring, and then the truth comes out: what is wanted on is set again.
func TestReloadOfWhatCannotBeRead(t *testing.T) {
	p, r := newPost(t), newRelayBoard(t)
	p.sensor(2200)
	with := func(readBack bool, rest string) *config.Config {
		return p.switchingBy(r, fmt.Sprintf("max_on: 2m, feedback_within: 1s, read_back: %t", readBack), sirens+rest)
	}
	told := func() []string {
		r.mu.Lock()
		defer r.mu.Unlock()
		return slices.Clone(r.told)
	}
	p.start(with(false, ""))
	p.until("siren on", func(s status.Snapshot) bool {
		return output(s, "siren").State == "on" && output(s, "pump").State == "off"
	})
	before := told()
	r.mu.Lock()
	r.coils[3] = false // by hand, at the board
	r.mu.Unlock()
	p.reload <- with(false, "  deep: {when: \"pass.level > 2.5\", severity: red}\n")
	s := p.until("the reload is in force", func(s status.Snapshot) bool {
		return len(s.Outputs) == 3 && s.Values[0].V != nil && s.Values[0].AgeMS < 250
	})
	if o := output(s, "siren"); o.State != "on" || o.By != "flood" || o.ForMS == 0 {
		t.Errorf("siren %+v", o)
	}
	if got := told(); !slices.Equal(got, before) {
		t.Errorf("the board was told %q by the reload, %q before", got, before)
	}
	p.reload <- with(true, "")
	p.until("it is asked, and set again", func(status.Snapshot) bool { return r.is(3) })
	if got, want := told(), append(before, "3 true"); !slices.Equal(got, want) {
		t.Errorf("the board was told %q, want %q: no off in between", got, want)
	}
	p.stop()
}

// A longest time that is changed in the middle of a flood is the one by which the siren
// goes on: it is not silent until the water rises anew, and with less it ends.
func TestReloadOfTheLongestTime(t *testing.T) {
	p, r := newPost(t), newRelayBoard(t)
	p.sensor(2200)
	cfg := p.switching(r, sirens)
	with := func(d time.Duration) *config.Config {
		next := p.switching(r, sirens)
		for i := range next.Outputs {
			if next.Outputs[i].ID == "siren" {
				next.Outputs[i].MaxOn = d
			}
		}
		return next
	}
	for i := range cfg.Outputs {
		if cfg.Outputs[i].ID == "siren" {
			cfg.Outputs[i].MaxOn = time.Second
		}
	}
	p.start(cfg)
	p.until("its second is over", func(s status.Snapshot) bool {
		o := output(s, "siren")
		return o.State == "off" && o.Why == "limit"
	})
	p.reload <- with(10 * time.Minute)
	s := p.until("it sounds for what is left of ten minutes", func(s status.Snapshot) bool { return output(s, "siren").State == "on" })
	if o := output(s, "siren"); o.By != "flood" || o.LeftMS <= 120_000 || o.LeftMS > 599_000 {
		t.Errorf("siren %+v", o)
	}
	p.reload <- with(20 * time.Minute)
	s = p.until("and goes on by twenty", func(s status.Snapshot) bool { return output(s, "siren").LeftMS > 600_000 })
	if o := output(s, "siren"); o.State != "on" || o.By != "flood" {
		t.Errorf("siren %+v", o)
	}
	p.reload <- with(time.Second)
	p.until("and ends by one second", func(s status.Snapshot) bool {
		o := output(s, "siren")
		return o.State == "off" && o.Why == "limit"
	})
	p.stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	if want := []string{"3 true", "3 false", "3 true", "3 false"}; !slices.Equal(r.log, want) {
		t.Errorf("the board was told %q, want %q: off and on in between is a switching", r.log, want)
	}
}

// The gateway ends while the siren sounds: off. It starts again while the alert is
// active: the siren stays off, since nobody asked anew.
func TestRestartSwitchesOff(t *testing.T) {
	p, r := newPost(t), newRelayBoard(t)
	p.sensor(2200)
	cfg := p.switching(r, sirens)
	p.start(cfg)
	p.until("siren on", func(s status.Snapshot) bool { return output(s, "siren").State == "on" })
	p.stop()
	if r.is(3) {
		t.Error("the siren sounds and nobody watches over it")
	}
	p.start(cfg)
	s := p.until("the alert again", func(s status.Snapshot) bool { return raised(s) && output(s, "siren").State == "off" })
	if o := output(s, "siren"); o.Asked {
		t.Errorf("siren %+v", o)
	}
	p.stop()
	acts := p.acts()
	if !slices.Contains(acts, "siren false safe  done") {
		t.Errorf("events %q", acts)
	}
}

// A board that does not answer: health says what to do, sampling goes on, and the
// stop is not held up for ever.
func TestDeadBoard(t *testing.T) {
	p := newPost(t)
	p.sensor(2200)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := &relayBoard{address: l.Addr().String()}
	l.Close() // nobody there
	p.start(p.switching(dead, sirens))
	s := p.until("the fault in words", func(s status.Snapshot) bool {
		return slices.ContainsFunc(s.State.Health, func(h wire.Health) bool { return h.About == "siren" }) && raised(s)
	})
	if s.Values[0].V == nil || s.Values[0].AgeMS > 2000 {
		t.Errorf("sampling is disturbed: %+v", s.Values[0])
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Error("the stop takes more than 30 s")
		}
	})
	p.stop()
}

// A chip that is not there is a fault of its outputs, in words, and of nothing else.
func TestMissingChip(t *testing.T) {
	p := newPost(t)
	p.sensor(2200)
	cfg, err := config.Load("post.yaml", fmt.Appendf(nil, `
gateway: {id: post-1, language: en}
journal: {dir: %s, commit: 100ms}
status: {listen: "127.0.0.1:0"}
buses:
  gpio: {gpio: /dev/gpiochip-of-nobody}
devices:
  pass: {driver: a02yyuw, port: %s, height: 3.0, every: 300ms}
outputs:
  siren: {bus: gpio, line: GPIO27}
`, filepath.Join(p.dir, "journal"), p.port), p.env)
	if err != nil {
		t.Fatal(err)
	}
	p.start(cfg)
	s := p.until("the fault in words", func(s status.Snapshot) bool {
		return slices.ContainsFunc(s.State.Health, func(h wire.Health) bool { return h.ID == "output-unplugged" && h.About == "siren" }) && s.Values[0].V != nil
	})
	if o := output(s, "siren"); o.State != "switching-off" || o.Fault != "unplugged" {
		t.Errorf("siren %+v", o)
	}
	p.stop()
}
