package zphs01

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/room.frame"),
		Beyond: drivertest.Load(t, "testdata/beyond.frame"),
	})
}

// The other protocol keeps the same promises, whatever is done about the fan.
func TestConformanceC(t *testing.T) {
	for _, fan := range []string{"", ", fan: on", ", fan: rest"} {
		t.Run(fan, func(t *testing.T) {
			good, beyond := drivertest.Load(t, "testdata/c-manual.frame"), drivertest.Load(t, "testdata/c-beyond.frame")
			good.Options = "{model: zphs01c" + fan + "}"
			beyond.Options = good.Options
			drivertest.Run(t, drivertest.Config{Kind: Kind(), Good: good, Beyond: beyond, Knows: fanWorks})
		})
	}
}

// The commands for the fan and what the manual says that they are confirmed with.
var (
	startFan, started = []byte{0x11, 0x03, 0x0C, 0x02, 0x1E, 0xC0}, []byte{0x16, 0x02, 0x0C, 0x02, 0xDA}
	stopFan, stopped  = []byte{0x11, 0x03, 0x0C, 0x01, 0x1E, 0xC1}, []byte{0x16, 0x02, 0x0C, 0x01, 0xDB}

	fanWorks = []drivertest.Exchange{{Request: startFan, Answer: started, With: "fan"}, {Request: stopFan, Answer: stopped, With: "fan"}}
)

// The commands are those of the manual.
func TestCommand(t *testing.T) {
	for _, c := range []struct {
		body []byte
		want string
	}{
		{[]byte{cmdRead, 0}, "11 02 01 00 EC"},
		{[]byte{cmdZero, 400 >> 8, 400 & 0xFF}, "11 03 03 01 90 58"},
		{[]byte{cmdDust, dustOn, dustEnd}, "11 03 0C 02 1E C0"},
		{[]byte{cmdDust, dustOff, dustEnd}, "11 03 0C 01 1E C1"},
	} {
		if got := fmt.Sprintf("% X", command(c.body...)); got != c.want {
			t.Errorf("command(% x) = %s, want %s", c.body, got, c.want)
		}
	}
	if !bytes.Equal(command(cmdDust, dustOn, dustEnd), startFan) || !bytes.Equal(command(cmdDust, dustOff, dustEnd), stopFan) {
		t.Error("the part of this test answers to other commands")
	}
}

// The fan is started when it may have been stopped, and with rest it works for the
// sample only, long enough.
func TestFan(t *testing.T) {
	ask := protocolC.question
	for _, c := range []struct {
		fan  string
		want [][]byte // two good samples, one without an answer to the question, a good one
	}{
		{"keep", [][]byte{ask, ask, ask, ask}},
		{"on", [][]byte{startFan, ask, ask, ask, startFan, ask}},
		{"rest", [][]byte{startFan, ask, stopFan, startFan, ask, stopFan, startFan, ask, startFan, ask, stopFan}},
	} {
		t.Run(c.fan, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				good := drivertest.Load(t, "testdata/c-manual.frame").Frame
				port := drivertest.NewPort()
				var sent [][]byte
				var begun, asked time.Time
				silent := false
				port.Answer = func(request []byte) []drivertest.Chunk {
					sent = append(sent, request)
					said := map[string][]byte{string(startFan): started, string(stopFan): stopped}[string(request)]
					if bytes.Equal(request, ask) {
						if asked = time.Now(); !silent {
							said = good
						}
					}
					return []drivertest.Chunk{{At: 20 * time.Millisecond, Bytes: said}}
				}
				d := drivertest.Open(t, Kind(), "{model: zphs01c, fan: "+c.fan+"}", port)
				for i := range 4 {
					silent, begun = i == 2, time.Now()
					rs, err := d.Once(t.Context())
					if (err != nil) != silent || err == nil && rs[0].Value != 54 {
						t.Fatalf("sample %d: %v, %v", i, rs, err)
					}
					if c.fan == "rest" && asked.Sub(begun) < spinUp {
						t.Errorf("sample %d was asked for %v after the start of the fan", i, asked.Sub(begun))
					}
				}
				if !slices.EqualFunc(sent, c.want, bytes.Equal) {
					t.Errorf("sent % X\nwant % X", sent, c.want)
				}
			})
		})
	}
}

// A module that does not do what it is told is not read as if it had.
func TestFanRefused(t *testing.T) {
	for name, c := range map[string]struct {
		confirms []byte
		want     error
	}{"silence": {nil, drivers.ErrTimeout}, "the opposite": {stopped, drivers.ErrProtocol}, "a calibration": {[]byte{0x16, 0x01, 0x03, 0xE6}, drivers.ErrProtocol}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				port := drivertest.NewPort()
				port.Answer = func(request []byte) []drivertest.Chunk {
					if !bytes.Equal(request, startFan) {
						t.Errorf("it was sent % X", request)
					}
					return []drivertest.Chunk{{At: time.Millisecond, Bytes: c.confirms}}
				}
				d := drivertest.Open(t, Kind(), "{model: zphs01c, fan: on}", port)
				if _, err := d.Once(t.Context()); !errors.Is(err, c.want) || !strings.Contains(err.Error(), "starting its fan") {
					t.Errorf("a sample ends with %v, want %v", err, c.want)
				}
			})
		})
	}
}

func TestOptions(t *testing.T) {
	drivertest.Refuses(t, Kind(), []drivertest.Refusal{
		{Options: "model: zphs01", Key: "model", Says: "write zphs01b or zphs01c"},
		{Options: "temp_zero: 435", Key: "temp_zero", Says: "write 500 or 437"},
		{Options: "cell: o3", Key: "cell", Says: "write ch2o or voc"},
		{Options: "cell: voc", Key: "cell", Says: "has both cells"},
		{Options: "{model: zphs01c, temp_zero: 437}", Key: "temp_zero", Says: "delete the line"},
		{Options: "fan: rest", Key: "fan", Says: "delete the line"},
		{Options: "{model: zphs01c, fan: stop}", Key: "fan", Says: "write keep, on or rest"},
	})
}

// Every channel's bytes stand inside the answer of its model.
func TestSourcesFit(t *testing.T) {
	for _, c := range []struct {
		protocol protocol
		sources  []source
	}{{protocolB, sourcesB(usualZero)}, {protocolC, sourcesC("ch2o")}, {protocolC, sourcesC("voc")}} {
		room := c.protocol.size - len(c.protocol.head) - 1
		for _, s := range c.sources {
			if s.at+1 >= room && !(s.byte && s.at < room) || room > maxBody {
				t.Errorf("%s is byte %d of %d", s.Name, s.at, room)
			}
		}
	}
}

// FuzzDecode holds that what is accepted is reproduced byte for byte: no byte of an
// answer goes unread or unchecked.
func FuzzDecode(f *testing.F) {
	for i, name := range []string{"room", "c-manual", "bad-checksum", "c-bad-checksum", "beyond", "c-started", "beyond", "c-calibrated"} {
		f.Add(i%2 == 1, drivertest.Load(f, "testdata/"+name+".frame").Frame)
	}
	f.Fuzz(func(t *testing.T, other bool, line []byte) {
		p := protocolB
		if other {
			p = protocolC
		}
		drivertest.Frames(t, p.format(), line, func(a answer) []byte { return p.append(nil, a) })
	})
}

func BenchmarkDecode(b *testing.B) {
	good := drivertest.Load(b, "testdata/room.frame").Frame
	sources, format := sourcesB(usualZero), protocolB.format()
	b.SetBytes(int64(len(good)))
	b.ReportAllocs()
	for b.Loop() {
		a, _, _, ok := format.Next(good)
		if !ok || sources[3].value(a) != 612 {
			b.Fatal("not decoded")
		}
	}
}
