package sdi12line

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a port in a bubble: in goes to the sensors, out comes from them.
type bench struct {
	in   chan []byte
	out  []byte
	last time.Time
}

func (b *bench) Read(p []byte) (int, error) {
	c, ok := <-b.in
	if !ok {
		return 0, io.EOF
	}
	return copy(p, c), nil
}

func (b *bench) Write(p []byte) int {
	b.out, b.last = append(b.out, p...), time.Now()
	return len(p)
}

// TestExchanges: what the standard's texts ask for, with the time of the last character.
func TestExchanges(t *testing.T) {
	for _, c := range []struct {
		name   string
		sensor *Sensor
		asked  []string
		want   string
		took   time.Duration // at least
	}{
		{"acknowledge", &Sensor{}, []string{"0!"}, "0\r\n", 50 * time.Millisecond},
		{"query", &Sensor{}, []string{"?!"}, "0\r\n", 50 * time.Millisecond},
		{"somebody else", &Sensor{}, []string{"1!"}, "", 0},
		{"no command", &Sensor{}, []string{"0X!"}, "", 0},
		{"identification", &Sensor{ID: "13SIM"}, []string{"0I!"}, "013SIM\r\n", 80 * time.Millisecond},
		{"measurement", &Sensor{Takes: time.Second, Values: []string{"+1.1", "+2.2", "+3.3"}}, []string{"0M!", "", "0D0!"}, "00013\r\n0\r\n0+1.1+2.2+3.3\r\n", time.Second},
		{"aborted by a command", &Sensor{Takes: 3 * time.Second, Values: []string{"+1"}}, []string{"0M!", "0!", "", "", ""}, "00031\r\n0\r\n", 0},
		{"with checksum", &Sensor{Values: []string{"+3.14"}}, []string{"0MC!", "0D0!"}, "00001\r\n0+3.14OqZ\r\n", 0},
		{"concurrent", &Sensor{Takes: time.Second, Values: []string{"+1"}}, []string{"0C!", "", "0D0!"}, "000101\r\n0+1\r\n", 0},
		{"continuous", &Sensor{Values: []string{"+3.14"}}, []string{"0RC0!", "0R1!"}, "0+3.14OqZ\r\n0\r\n", 0},
		{"no such measurement", &Sensor{Values: []string{"+1"}}, []string{"0M1!"}, "00000\r\n", 0},
		{"in two parts", &Sensor{Values: []string{"+1234567.", "-1234567.", "+1234567.", "+1", "+2"}}, []string{"0M!", "0D0!", "0D1!", "0D2!"}, "00005\r\n0+1234567.-1234567.+1234567.+1+2\r\n0\r\n0\r\n", 0},
		{"really in two parts", &Sensor{Values: []string{"+1234567.", "-1234567.", "+1234567.", "-1234567."}}, []string{"0M!", "0D0!", "0D1!"}, "00004\r\n0+1234567.-1234567.+1234567.\r\n0-1234567.\r\n", 0},
		{"a new address", &Sensor{}, []string{"0Ab!", "0!", "b!"}, "b\r\nb\r\n", 0},
		{"silent", &Sensor{Silent: true}, []string{"0!"}, "", 0},
		{"aborts by itself", &Sensor{Aborts: true, Values: []string{"+1"}}, []string{"0M!", "0D0!"}, "00001\r\n0\r\n", 0},
		{"damaged", &Sensor{Damaged: true, Values: []string{"+3.14"}}, []string{"0MC!", "0D0!"}, "00001\r\n0+3.04OqZ\r\n", 0},
		{"noise before", &Sensor{}, []string{"\x00\xff0!"}, "0\r\n", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &bench{in: make(chan []byte)}
			s := c.sensor
			s.Address = '0'
			done := make(chan struct{})
			go func() {
				defer close(done)
				(&Line{Port: b, Sensors: []*Sensor{s}}).Serve()
			}()
			begun := time.Now()
			for _, a := range c.asked {
				if a != "" {
					b.in <- []byte(a)
				}
				time.Sleep(time.Second)
			}
			synctest.Wait()
			close(b.in)
			<-done
			if string(b.out) != c.want || len(c.asked) == 1 && c.want != "" && b.last.Sub(begun) < c.took {
				t.Errorf("%s: %q after %v, want %q after %v", c.name, b.out, b.last.Sub(begun), c.want, c.took)
			}
		})
	}
}
