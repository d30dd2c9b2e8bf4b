package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/drivers/bus/gpio"
	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
	"github.com/lamppost-city/lamppost/edge/status"
)

// outputCell is a kind of output in one state: what the gateway says then, or why that
// cannot be.
type outputCell struct {
	says  string        // a fault word
	never string        // a key of outputNever
	part  string        // the simulator's; empty: none, the hardware is not there or a program
	state string        // the part's own
	fault scenario.Kind // that befalls it
	keys  string        // of the output, beside where it is
	pull  bool          // it is pulled out when it was off
	held  bool          // another program has the line
}

// outputPlays are the rows of the table. Their cells are unplugged, silent, noise, refuses,
// does not move and neither, in this order.
var outputPlays = []struct {
	kind  string
	cells []outputCell
}{
	{"line", []outputCell{{says: "unplugged", part: "relay", keys: "line: RELAY", pull: true}, {never: "at-once"}, {never: "no-bits"},
		{says: "busy", part: "relay", keys: "line: RELAY", held: true}, {never: "no-contact"}, {never: "two-states"}}},
	{"coil", []outputCell{{says: "unplugged", part: "relay-board", keys: "address: 1, coil: 2", pull: true}, {says: "timeout", part: "relay-board", keys: "address: 1, coil: 2", fault: scenario.Silent},
		{says: "checksum", part: "relay-board", keys: "address: 1, coil: 2", fault: scenario.Noise}, {says: "exception", part: "relay-board", keys: "address: 1, coil: 8"},
		{says: "astray", part: "relay-board", keys: "address: 1, coil: 2", state: "welded"}, {never: "two-states"}}},
	{"register", []outputCell{{says: "unplugged", part: "relay-board", keys: "address: 1, register: 2, on: 1, off: 0", pull: true}, {says: "timeout", part: "relay-board", keys: "address: 1, register: 2, on: 1, off: 0", fault: scenario.Silent},
		{says: "checksum", part: "relay-board", keys: "address: 1, register: 2, on: 1, off: 0", fault: scenario.Noise}, {says: "exception", part: "relay-board", keys: "address: 1, register: 2, on: 1, off: 7"},
		{says: "astray", part: "relay-board", keys: "address: 1, register: 2, on: 1, off: 0", state: "welded"}, {never: "told-once"}}},
	{"command", []outputCell{{says: "unplugged", keys: "command: [/nowhere/lamp.sh]"}, {says: "timeout", keys: "command: [/bin/sh, -c, sleep 60], timeout: 300ms"}, {never: "no-bits"},
		{says: "device", keys: `command: [/bin/sh, -c, "exit 3"]`}, {never: "not-asked"}, {never: "not-asked"}}},
}

var outputNever = map[string]map[string]string{
	"at-once":    {"en": "The kernel answers at once.", "zh": "内核立即应答。"},
	"no-bits":    {"en": "No bytes cross a wire that could be damaged.", "zh": "线路上没有可能被损坏的字节。"},
	"no-contact": {"en": "What is read back is the pin, which obeys. A `feedback` sees the contact, and then says `astray`.", "zh": "读回的是引脚电平，总与设置一致；触点是否动作由 `feedback` 判断，不符时显示 `astray`。"},
	"two-states": {"en": "It has two states and no third; switched by hand it is set again.", "zh": "只有两种状态；若被人工改变，网关会重新设置。"},
	"told-once":  {"en": "Told as an event with the word `device`; what can be set and not be read back is then not asked any more.", "zh": "以事件告知，用词为 `device`；能设置却读不回状态的硬件，此后不再询问。"},
	"not-asked":  {"en": "A program cannot be asked for a state; a `feedback` sees the load.", "zh": "程序无法回答状态；负载是否动作由 `feedback` 判断。"},
}

// stand is one gateway with an output for each cell.
type stand struct {
	t            *testing.T
	dir, cfg     string
	addr         string
	buses, outs  strings.Builder
	waits, pulls map[string]string // by output: what it has to say; which are to be pulled out when they are off
	leave        map[string]func()
}

// A gateway that cannot switch says so, and why, in the word of the table; and what
// confirms without moving is not believed. The section of docs/faults.md is written from
// the same table, with UPDATE_GOLDEN=1.
func TestFaultsOfOutputsAreTold(t *testing.T) {
	s := &stand{t: t, dir: t.TempDir(), waits: map[string]string{}, pulls: map[string]string{}, leave: map[string]func(){}}
	for _, row := range outputPlays {
		for i, c := range row.cells {
			if c.never == "" {
				s.set(fmt.Sprintf("%s-%d", row.kind, i), row.kind, c)
			}
		}
	}
	s.run()
	for _, lang := range []string{"en", "zh"} {
		s.page(lang)
	}
}

// set starts the part of an output and configures it.
func (s *stand) set(id, kind string, c outputCell) {
	s.t.Helper()
	s.waits[id] = c.says
	keys := c.keys
	if c.part != "" {
		at := filepath.Join(s.dir, id)
		bus := fmt.Sprintf("serial: %q, baud: 9600", at)
		if kind == "line" {
			at += labbus.Suffix
			bus = fmt.Sprintf("gpio: %q", at)
		}
		s.play(id, at, c)
		fmt.Fprintf(&s.buses, "  b-%s: {%s}\n", id, bus)
		keys = "bus: b-" + id + ", " + keys
	}
	fmt.Fprintf(&s.outs, "  %s: {%s}\n", id, keys)
	if c.pull {
		s.pulls[id] = id
	}
}

func (s *stand) play(id, at string, c outputCell) {
	s.t.Helper()
	p, err := parts.Find(c.part)
	if err != nil {
		s.t.Fatal(err)
	}
	var faults []scenario.Fault
	if c.fault != "" {
		faults = append(faults, scenario.Fault{Kind: c.fault})
	}
	stage := parts.Stage{Device: id, Baud: 9600, Address: 1, State: c.state, Record: playback.Nobody{}}
	if stage.Source, err = parts.NewValues(p, id, 1, nil, faults); err != nil {
		s.t.Fatal(err)
	}
	ctx, leave := context.WithCancel(context.Background())
	left, ready := make(chan error, 1), make(chan struct{})
	go func() { left <- p.Play(ctx, parts.Place{Link: at}, stage, func(string) { close(ready) }) }()
	select {
	case <-ready:
	case err := <-left:
		s.t.Fatalf("%s: %v", id, err)
	}
	gone := make(chan struct{})
	s.leave[id] = func() { leave(); <-gone }
	go func() { <-left; close(gone) }()
	s.t.Cleanup(s.leave[id])
	if c.held {
		s.hold(at)
	}
}

// hold takes the line of a relay, as another program does.
func (s *stand) hold(at string) {
	s.t.Helper()
	chip, err := gpio.New(gpio.Config{Chip: at})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := chip.Close(); err != nil {
			s.t.Error(err)
		}
	})
	line, err := chip.Output("RELAY", gpio.OutputSettings{})
	if err == nil {
		err = line.Set(s.t.Context(), false)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// run starts the gateway and waits until each output has said what it has to.
func (s *stand) run() {
	s.t.Helper()
	s.addr = fmt.Sprintf("127.0.0.1:%d", port(s.t))
	s.cfg = filepath.Join(s.dir, "gateway.yaml")
	text := fmt.Sprintf("gateway: {id: stand}\njournal: {dir: %s, size: 64MB, commit: 10s}\nstatus: {listen: %q}\nbuses:\n%soutputs:\n%s",
		filepath.Join(s.dir, "journal"), s.addr, s.buses.String(), s.outs.String())
	if err := os.WriteFile(s.cfg, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	gw := place("").start(s.t, filepath.Join(bin, "lamppost"), "run", "--config", s.cfg)
	eventually(s.t, soon, "the gateway's page", func() bool {
		select {
		case <-gw.done:
			s.t.Fatalf("the gateway ended:\n%s", gw.tail())
		default:
		}
		return place("").listening(s.addr)
	})
	last := ""
	eventually(s.t, 2*soon, "each output to say its word", func() bool {
		page, err := (&city{status: s.addr}).page()
		if err != nil {
			return false
		}
		for _, o := range page.Outputs {
			s.hear(o)
		}
		var waiting []string
		for id, word := range s.waits {
			waiting = append(waiting, id+" "+word)
		}
		slices.Sort(waiting)
		if now := strings.Join(waiting, ", "); now != last {
			s.t.Logf("still to be said: %s", now)
			last = now
		}
		return len(s.waits) == 0
	})
}

// hear takes what the page says of an output. A word that is not the one waited for may
// come first: of noise, one frame can be so bad that nothing is left of it.
func (s *stand) hear(o status.Output) {
	switch _, pull := s.pulls[o.ID]; {
	case pull && o.State == "off" && o.Fault == "":
		delete(s.pulls, o.ID)
		s.leave[o.ID]()
		ends(s.t, "lamppost", "output", "off", o.ID, "--config", s.cfg, "--lang", "en") // whoever says off sets it again
	case !pull && o.Fault == s.waits[o.ID]:
		delete(s.waits, o.ID)
	}
}

// page compares the section of docs/faults.md with the table.
func (s *stand) page(lang string) {
	s.t.Helper()
	name, want := map[string]string{"en": "../../docs/faults.md", "zh": "../../docs/faults.zh-CN.md"}[lang], outputsSection(lang)
	src, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatal(err)
	}
	head, section, _ := strings.Cut(string(src), toldOutputsTitle[lang])
	if os.Getenv("UPDATE_GOLDEN") != "" && !s.t.Failed() {
		if err := os.WriteFile(name, []byte(head+want), 0o644); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(toldOutputsTitle[lang]+section, want); diff != "" {
		s.t.Errorf("%s does not end with what the gateway said (-page +gateway); run this test with UPDATE_GOLDEN=1:\n%s", name, diff)
	}
}

// outputsSection is the end of the page of faults.
func outputsSection(lang string) string {
	text := toldOutputsTitle[lang] + toldOutputsHead[lang]
	var notes []string
	for _, row := range outputPlays {
		text += "| `" + row.kind + "` |"
		for _, c := range row.cells {
			switch {
			case c.never != "":
				if !slices.Contains(notes, c.never) {
					notes = append(notes, c.never)
				}
				text += fmt.Sprintf(" — (%d) |", slices.Index(notes, c.never)+1)
			case c.says == "astray":
				text += " `astray` |"
			default:
				text += map[string]string{"en": " fault", "zh": " 故障"}[lang] + " `" + c.says + "` |"
			}
		}
		text += "\n"
	}
	text += "\n"
	for i, n := range notes {
		text += fmt.Sprintf("%d. %s\n", i+1, outputNever[n][lang])
	}
	return text
}

var toldOutputsTitle = map[string]string{"en": "\n## Outputs\n\n", "zh": "\n## 输出\n\n"}

var toldOutputsHead = map[string]string{
	"en": "What the gateway says of an output ([`relay`](../drivers/relay/README.md)) whose hardware is in one of these states, on its page and with\n" +
		"`lamppost output list`; `TestFaultsOfOutputsAreTold` brings simulated hardware into each of them. *Does not move*: it confirms and stays as it\n" +
		"is. *Neither*: what is read back is no state of the output.\n\n" +
		"| output | unplugged | silent | noise on the wire | refuses | does not move | neither |\n| --- | --- | --- | --- | --- | --- | --- |\n",
	"zh": "输出（[`relay`](../drivers/relay/README.md)）的硬件处于下列状态时，网关在其页面上及 `lamppost output list` 中的说明；\n" +
		"`TestFaultsOfOutputsAreTold` 让模拟硬件逐一进入这些状态。*不动作*：硬件确认了命令，状态却不变。*状态不符*：读回的既不是开也不是关。\n\n" +
		"| 输出 | 拔出 | 无应答 | 线路干扰 | 拒绝 | 不动作 | 状态不符 |\n| --- | --- | --- | --- | --- | --- | --- |\n",
}
