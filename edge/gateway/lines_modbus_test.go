package gateway

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	busmodbus "github.com/lamppost-city/lamppost/drivers/bus/modbus"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/edge/config"
)

// lameHost answers unit 1, refuses unit 2 and leaves the others without an answer. It
// speaks RTU over TCP.
func lameHost(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for request := make([]byte, 8); ; {
			if _, err := io.ReadFull(c, request); err != nil {
				return
			}
			answer := codec.Answer{Function: 3, Data: []byte{0, 7}}
			switch request[0] {
			case 1:
			case 2:
				answer = codec.Answer{Function: 3, Exception: codec.IllegalAddress}
			default:
				continue
			}
			if _, err := c.Write(codec.AppendRTU(nil, request[0], answer.Append(nil))); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// Each slave is on the page and in the figures, with what befell it.
func TestModbusSlavesAreShown(t *testing.T) {
	l, err := openModbus(config.Bus{ID: "far", TCP: lameHost(t), RTU: true, Line: drivers.LineSettings{Baud: 115200}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.id = "far"
	defer l.close()
	l.bus.Unit(3).SetTiming(20*time.Millisecond, 0)
	for unit, want := range map[uint8]error{1: nil, 2: drivers.ErrException, 3: drivers.ErrTimeout} {
		if _, err := l.bus.Unit(unit).ReadRegisters(t.Context(), 3, 0, 1); !errors.Is(err, want) {
			t.Errorf("unit %d: %v, want %v", unit, err, want)
		}
	}
	g := &Gateway{metrics: newMetrics(), gen: &generation{lines: &Lines{all: []*line{l}}, said: map[string]string{}}}
	g.registry.MustRegister(slaveMetrics{g}, lineMetrics{g})
	v := g.lineViews()
	if len(v) != 1 || v[0].Modbus == nil || len(v[0].Modbus.Slaves) != 3 || v[0].Frames != 2 || v[0].Timeouts != 1 || v[0].Unplugged || v[0].Reopened != 0 {
		t.Fatalf("the page shows %+v", v)
	}
	s := v[0].Modbus.Slaves
	if s[0].Answers != 1 || s[0].ResponseMS <= 0 || s[1].Exceptions != 1 || s[1].Fault != "" || s[2].Timeouts != 1 || s[2].Failures != 1 || s[2].Fault != "timeout" {
		t.Errorf("the slaves are %+v", s)
	}
	families, err := g.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			if strings.HasPrefix(f.GetName(), "lamppost_modbus_") {
				got[f.GetName()+" "+m.Label[0].GetValue()+" "+m.Label[1].GetValue()] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	if len(got) != 3*len(slaveFigures()) || got["lamppost_modbus_answers_total far 1"] != 1 || got["lamppost_modbus_exceptions_total far 2"] != 1 || got["lamppost_modbus_timeouts_total far 3"] != 1 {
		t.Errorf("the figures are %v", got)
	}
}

// A slave that is skipped says when it is asked again.
func TestModbusView(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h := busmodbus.Health{Load: 0.4, Units: []busmodbus.UnitHealth{{Address: 9, Failures: 4, NextTry: now.Add(4 * time.Second),
		Cause: drivers.ErrChecksum, Counts: busmodbus.Counts{Requests: 6, Damaged: 4, Retries: 1, Skipped: 12}}}}
	v := modbusView(h, now)
	if s := v.Slaves[0]; v.Busy != 0.4 || s.RetryMS != 4000 || s.Fault != "checksum" || s.BadChecksum != 4 || s.Skipped != 12 || s.Retries != 1 {
		t.Errorf("modbusView = %+v", v)
	}
}

// A slave behind a host that is not there has not been reached, and is not well.
func TestModbusSlaveThatIsNotReached(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	closed.Close()
	l, err := openModbus(config.Bus{ID: "far", TCP: address}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	for range 3 {
		if _, err := l.bus.Unit(1).ReadRegisters(t.Context(), 3, 0, 1); !errors.Is(err, drivers.ErrUnplugged) {
			t.Fatalf("a slave behind nothing: %v", err)
		}
	}
	v := modbusView(l.bus.Health(), time.Now())
	if s := v.Slaves[0]; s.Requests != 3 || s.Unreached != 3 || s.Answers+s.Timeouts != 0 || !s.Away || s.Fault != "unplugged" {
		t.Errorf("the slave is %+v", s)
	}
}
