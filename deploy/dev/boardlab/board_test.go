package boardlab

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

// The board, with everything on it: what each part shows stands at its own test. Parts
// that do not touch each other run side by side, on one virtual CPU.
func TestBoard(t *testing.T) {
	l := newLab(t)
	l.board.run("/bin/lamppost", "check", "/etc/lamppost/gateway.yaml")
	l.startGateway()
	l.figures("start", l.heard.firstPack().Sub(l.began))
	from := time.Now().Add(5 * time.Second) // behind the first polls
	t.Run("serial settings", l.serialSettings)
	t.Run("ports", l.ports)
	t.Run("parts", func(t *testing.T) {
		t.Run("BME280", l.bme280)
		t.Run("DS18B20", l.ds18b20)
		t.Run("adapter", l.adapter)
		t.Run("camera", l.camera)
		t.Run("levels", l.levels)
	})
	t.Run("edges", l.edges)
	l.figures("after the parts", l.heard.firstPack().Sub(l.began))
	t.Run("street", func(t *testing.T) { l.judgeStreet(t, from) })
	if l.long {
		t.Run("footprint", l.footprint)
	}
	t.Run("totals", l.totals)
	t.Run("gateway killed", l.killed)
	t.Run("power cut", l.powerCut)
}

// plug plugs an adapter in and waits for its stable name.
func (l *lab) plug(serial string) {
	l.t.Helper()
	if err := l.board.Plug(serial); err != nil {
		l.t.Fatal(err)
	}
	eventually(l.t, "the stable name of adapter "+serial, func() bool {
		return len(l.board.list("/dev/serial/by-id/*_"+serial+"-*")) == 1
	})
}

// figures prints what the gateway takes. Times are the emulator's: beside them stands
// what the same program takes to say its version.
func (l *lab) figures(when string, first time.Duration) panel.Usage {
	l.t.Helper()
	began := time.Now()
	version := strings.TrimSpace(l.board.run("/bin/lamppost", "version"))
	bare := time.Since(began)
	m := l.usage()
	const mb = 1e6
	l.t.Logf("%s: first pack at the broker after %v (%s alone takes %v); resident %.1f MB, of it anonymous %.1f MB, peak %.1f MB", when,
		first.Round(time.Millisecond), version, bare.Round(time.Millisecond), float64(m.Resident)/mb, float64(m.Anonymous)/mb, float64(m.Peak)/mb)
	return m
}

// usage is what the gateway takes now.
func (l *lab) usage() (u panel.Usage) {
	l.t.Helper()
	ask(l.board, "Usage", l.pid, &u)
	return u
}

// Flags of struct serial_rs485.
const enabled, onSend = 1 << 0, 1 << 1

// Speed, parity and stop bits reach the emulated hardware: the kernel says how the
// port is set, and QEMU what the UART was told. The PL011 takes the kernel's RS-485
// mode, the others have none, and the gateway says so. Then values come over them.
func (l *lab) serialSettings(t *testing.T) {
	l = l.in(t)
	for _, want := range []struct {
		port string
		panel.Serial
	}{
		{"/dev/ttyAMA0", panel.Serial{Baud: 19200, Parity: "even", StopBits: 1, RS485: enabled | onSend}},
		{"/dev/ttyS1", panel.Serial{Baud: 4800, Parity: "odd", StopBits: 2}},
		{"/dev/ttyUSB0", panel.Serial{Baud: 9600, Parity: "none", StopBits: 1}},
	} {
		got := l.board.serial(want.port)
		// A line is set when its first device is asked, not when the first pack leaves.
		for late := time.Now().Add(30 * time.Second); got != want.Serial && time.Now().Before(late); got = l.board.serial(want.port) {
			<-time.After(200 * time.Millisecond)
		}
		if got != want.Serial {
			t.Errorf("%s is set to %+v, want %+v", want.port, got, want.Serial)
		}
	}
	page, err := l.status()
	if err != nil {
		t.Fatal(err)
	}
	direction := map[string]string{}
	for _, line := range page.Lines {
		if line.Serial != nil {
			direction[line.ID] = line.Serial.RS485 + ": " + line.Serial.RS485Why
		}
	}
	for bus, want := range map[string]string{"rs485-1": "adapter: the kernel's driver of this port has no RS-485 mode",
		"rs485-2": "kernel: RTS is high while sending", "rs485-3": "adapter: the kernel's driver of this port has no RS-485 mode"} {
		if direction[bus] != want {
			t.Errorf("the page says of %s %q, want %q", bus, direction[bus], want)
		}
	}
	for _, s := range []struct {
		device string
		*slave
	}{{"hall", l.hall}, {"store", l.store}} {
		mark := l.heard.mark()
		s.set("temp", 12.3)
		l.heard.next(t, mark, s.device, "temp", is(12.3))
	}
	trace, err := l.board.Trace()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"baudrate=4800 parity='O' data=8 stop=2",
		"ibrd: 78, fbrd: 8", // 24 MHz / (16 × 19200) = 78 + 8/64; QEMU's PL011 tells nothing of parity
		"parity N, data bits 8, stop bits 1",
		"baud rate 9600",
	} {
		if !strings.Contains(trace, want) {
			t.Errorf("QEMU's UARTs were never told %q:\n%s", want, trace)
		}
	}
}

// is takes a good value that is exactly v.
func is(v float64) func(heard) bool {
	return func(h heard) bool { return h.V == v && h.Flag.Usable() && !math.IsNaN(h.V) }
}

// judgeStreet compares what came to the broker with what the simulator put on the
// wires. An answer that came too late for the gateway, on a machine that is shared by
// others and emulated, was counted by it; what was counted may be missing.
func (l *lab) judgeStreet(t *testing.T, from time.Time) {
	l = l.in(t)
	lines, err := truth.ReadFile(filepath.Join(l.street, "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	const every = 2 * time.Second
	run := truth.Run{Lines: lines, From: from.UnixMilli(), To: time.Now().Add(-10 * time.Second).UnixMilli(), Slack: time.Second, Gaps: l.away,
		Every: map[string]time.Duration{"river": every, "weather": every, "cabinet": every, "air": every, "pump": every, "gauge": 20 * time.Second}}
	points, _ := l.heard.points()
	for _, p := range points {
		// Before the gateway opened it, a UART's bytes waited in the host's pty, as they do
		// in no real one: what came first is old.
		if _, ours := run.Every[p.Device]; ours && p.T >= run.From-3000 {
			run.Points = append(run.Points, p)
		}
	}
	page, err := l.status()
	if err != nil {
		t.Fatal(err)
	}
	late := map[string]uint64{}
	for _, line := range page.Lines {
		late[line.ID] = line.Timeouts + line.Alien
	}
	report := truth.Verify(run)
	t.Logf("%s; answers that the gateway counted as late: %v", report.String(), late)
	lineOf := map[string]string{"river": "rs485-1", "weather": "rs485-1", "cabinet": "rs485-1", "pump": "plant"}
	missed := map[string]map[int64]bool{}
	for _, f := range report.Findings {
		line := lineOf[f.Device]
		if f.Kind != truth.Missing || line == "" {
			t.Error(f.Text)
			continue
		}
		if missed[line] == nil {
			missed[line] = map[int64]bool{}
		}
		missed[line][f.T] = true // one answer carries several channels
	}
	for line, at := range missed {
		if uint64(len(at)) > late[line] {
			t.Errorf("%s: %d answers are missing, and the gateway counted only %d that it did not take in time", line, len(at), late[line])
		}
	}
	if report.Matched < 100 {
		t.Errorf("only %d values were judged", report.Matched)
	}
}
