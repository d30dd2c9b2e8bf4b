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

// The board, with everything on it, in one boot: what each part shows stands at its
// own test. They run one after the other, on one virtual CPU.
func TestBoard(t *testing.T) {
	l := newLab(t)
	l.plug(ours)
	l.board.run("/bin/lamppost", "check", "/etc/lamppost/gateway.yaml")
	l.startGateway()
	l.figures("start", l.heard.firstPack().Sub(l.began))
	from := time.Now().Add(5 * time.Second) // behind the first polls
	t.Run("serial settings", l.serialSettings)
	t.Run("street", func(t *testing.T) { l.judgeStreet(t, from) })
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

// figures prints what the gateway takes.
func (l *lab) figures(when string, first time.Duration) {
	l.t.Helper()
	var m panel.Memory
	ask(l.board, "Memory", l.pid, &m)
	const mb = 1e6
	l.t.Logf("%s: first pack at the broker after %v; resident %.1f MB, of it anonymous %.1f MB, peak %.1f MB", when,
		first.Round(time.Millisecond), float64(m.Resident)/mb, float64(m.Anonymous)/mb, float64(m.Peak)/mb)
}

// Speed, parity and stop bits reach the emulated hardware: the kernel says how the
// port is set, and QEMU what the UART was told. Then values come over it.
func (l *lab) serialSettings(t *testing.T) {
	for _, want := range []struct {
		port string
		panel.Serial
	}{
		{"/dev/ttyAMA0", panel.Serial{Baud: 19200, Parity: "even", StopBits: 1}},
		{"/dev/ttyS1", panel.Serial{Baud: 4800, Parity: "odd", StopBits: 2}},
		{"/dev/ttyUSB0", panel.Serial{Baud: 9600, Parity: "none", StopBits: 1}},
	} {
		got := l.board.serial(want.port)
		got.RS485, got.RS485Flags = false, 0
		if got != want.Serial {
			t.Errorf("%s is set to %+v, want %+v", want.port, got, want.Serial)
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

// judgeStreet compares what came to the broker with what the simulator put on the wires.
func (l *lab) judgeStreet(t *testing.T, from time.Time) {
	lines, err := truth.ReadFile(filepath.Join(l.street, "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	run := truth.Run{Lines: lines, From: from.UnixMilli(), To: time.Now().Add(-10 * time.Second).UnixMilli(), Slack: time.Second,
		Every: map[string]time.Duration{"river": 2 * time.Second, "weather": 2 * time.Second, "cabinet": 2 * time.Second,
			"air": 2 * time.Second, "pump": 2 * time.Second, "gauge": 20 * time.Second}}
	points, _ := l.heard.points()
	for _, p := range points {
		if _, ours := run.Every[p.Device]; ours {
			run.Points = append(run.Points, p)
		}
	}
	report := truth.Verify(run)
	t.Log(report.String())
	if err := report.Err(); err != nil {
		t.Error(err)
	}
}
