package gateway

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/bus/ptytest"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
)

// How a line is wired stands in the log once, on the page and in the figures.
func TestSerialLineIsShown(t *testing.T) {
	master, slave, err := ptytest.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	l, err := openModbus(config.Bus{ID: "rs485-1", Serial: slave, RS485: serial.Auto}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.id = "rs485-1"
	defer l.close()
	var log bytes.Buffer
	g := &Gateway{metrics: newMetrics(), log: slog.New(slog.NewTextHandler(&log, nil)),
		gen: &generation{lines: &Lines{all: []*line{l}}, said: map[string]string{}}}
	g.registry.MustRegister(lineMetrics{g})
	if g.sayLines(); log.Len() > 0 {
		t.Errorf("said before the line was opened: %s", log.String())
	}
	if err := l.serial.Open(); err != nil {
		t.Fatal(err)
	}
	l.serial.Noise(7)
	g.sayLines()
	g.sayLines()
	if n := strings.Count(log.String(), "rs485=adapter why=\"the kernel's driver of this port has no RS-485 mode\""); n != 1 {
		t.Errorf("said %d times, want once: %s", n, log.String())
	}
	v := g.lineViews()
	if len(v) != 1 || v[0].Serial == nil || v[0].Serial.RS485 != "adapter" || v[0].Serial.Settings != "9600 8N1" || v[0].Unplugged {
		t.Errorf("the page shows %+v", v)
	}
	if g.gen.lines.unswitched("rs485-1") || g.gen.lines.unswitched("none") {
		t.Error("a pseudo terminal is taken for a port of the board")
	}
	families, err := g.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			if len(m.Label) == 1 && m.Label[0].GetName() == "line" {
				got[f.GetName()] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	if got["lamppost_line_up"] != 1 || len(got) != len(lineFigures()) {
		t.Errorf("the figures are %v", got)
	}
}

// An echo that is stated is taken out below the bus; else the bus finds it.
func TestModbusLineConfig(t *testing.T) {
	for echo, want := range map[serial.Echo]serial.Echo{"": "", serial.EchoAuto: "", serial.EchoOn: serial.EchoOn} {
		c := lineConfig(config.Bus{Serial: "/dev/x", RS485: serial.RTS, Echo: echo})
		if c.Echo != want || c.RS485 != serial.RTS || c.Path != "/dev/x" {
			t.Errorf("echo %q gives %+v", echo, c)
		}
	}
}

// That a process had to be started again stands in the log with why, once for each time.
func TestAProcessStartedAgainIsTold(t *testing.T) {
	var log bytes.Buffer
	l := status.Line{ID: "gauge", Program: &status.Program{Running: true}}
	g := &Gateway{metrics: newMetrics(), log: slog.New(slog.NewTextHandler(&log, nil))}
	g.gen = &generation{said: map[string]string{}, lines: &Lines{all: []*line{{id: "gauge", look: func() status.Line { return l }}}}}
	if g.sayLines(); log.Len() > 0 {
		t.Errorf("said of one that was never started again: %s", log.String())
	}
	for n := range 2 {
		l.Reopened, l.Program.Ended = uint64(n+1), "it was ended: it left 3 questions in a row unanswered"
		g.sayLines()
		g.sayLines()
		if got := strings.Count(log.String(), `level=WARN msg="the process of a device was started again" device=gauge why="it was ended: it left 3 questions in a row unanswered"`); got != n+1 {
			t.Errorf("after %d starts it is said %d times: %s", n+1, got, log.String())
		}
	}
}
