package sps30

import (
	"bytes"
	"encoding/hex"
	"errors"
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
		Good:   drivertest.Load(t, "testdata/masses.frame"),
		Beyond: drivertest.Load(t, "testdata/beyond.frame"),
		Knows: []drivertest.Exchange{
			{Request: drivertest.Hex(t, "7E 00 00 02 01 03 F9 7E"), Answer: answer{}.append(nil)},
			{Request: drivertest.Hex(t, "7E 00 01 00 FE 7E"), Answer: answer{command: cmdStop}.append(nil)},
		},
	})
}

// The requests are those of the maker's documents; some hold bytes that are replaced.
func TestRequest(t *testing.T) {
	for _, c := range []struct {
		command byte
		data    []byte
		want    string
	}{
		{cmdStart, []byte{1, 3}, "7E 00 00 02 01 03 F9 7E"},
		{cmdStart, []byte{1, 5}, "7E 00 00 02 01 05 F7 7E"},
		{cmdStop, nil, "7E 00 01 00 FE 7E"},
		{cmdRead, nil, "7E 00 03 00 FC 7E"},
		{0x10, nil, "7E 00 10 00 EF 7E"},
		{0x11, nil, "7E 00 7D 31 00 EE 7E"},
		{0x56, nil, "7E 00 56 00 A9 7E"},
		{0x80, []byte{0}, "7E 00 80 01 00 7D 5E 7E"},
		{0x80, []byte{0, 0, 9, 0x3A, 0x80}, "7E 00 80 05 00 00 09 3A 80 B7 7E"},
		{0x80, []byte{0, 0, 0, 0, 0}, "7E 00 80 05 00 00 00 00 00 7A 7E"},
		{cmdInfo, []byte{0}, "7E 00 D0 01 00 2E 7E"},
		{cmdInfo, []byte{3}, "7E 00 D0 01 03 2B 7E"},
		{cmdVer, nil, "7E 00 D1 00 2E 7E"},
		{0xD2, []byte{0}, "7E 00 D2 01 00 2C 7E"},
		{0xD3, nil, "7E 00 D3 00 2C 7E"},
	} {
		if got := request(c.command, c.data...); !bytes.Equal(got, drivertest.Hex(t, c.want)) {
			t.Errorf("request(%02X, % x) = % X, want %s", c.command, c.data, got, c.want)
		}
	}
}

func TestDecode(t *testing.T) {
	if a, ok := decode(drivertest.Hex(t, "7E 00 00 43 00 BC 7E")); !ok || a.state != busy || a.refusal() == nil {
		t.Errorf("start while it measures is decoded to %+v, %v", a, ok)
	}
	for name, s := range map[string]string{
		"nothing":                       "",
		"two delimiters":                "7E 7E",
		"a request":                     "7E 00 03 00 FC 7E",
		"no end":                        "7E 00 03 00 00 FC",
		"another address":               "7E 01 03 00 00 FB 7E",
		"a length that is not there":    "7E 00 03 00 01 FB 7E",
		"a wrong sum":                   "7E 00 03 00 00 FD 7E",
		"an escape before the end":      "7E 00 03 00 00 7D 7E",
		"an escape of another byte":     "7E 00 03 00 00 7D DC 7E",
		"a byte that is to be replaced": "7E 00 11 00 00 EE 7E",
	} {
		if a, ok := decode(drivertest.Hex(t, s)); ok {
			t.Errorf("%s is decoded to %+v", name, a)
		}
	}
	for name, s := range map[string]string{"unknown command": "7E 00 55 02 00 A8 7E", "no reason that is known": "7E 00 03 44 00 B8 7E"} {
		a, ok := decode(drivertest.Hex(t, s))
		if err := a.refusal(); !ok || !errors.Is(err, drivers.ErrException) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is %v, %v", s, err, ok)
		}
	}
}

// on opens the driver on a part that answers as f says, by command.
func on(t *testing.T, f func(command byte) []byte) (drivers.Driver, *drivertest.Port, func() error) {
	t.Helper()
	p := drivertest.NewPort()
	p.Answer = func(request []byte) []drivertest.Chunk {
		return []drivertest.Chunk{{At: 20 * time.Millisecond, Bytes: f(request[2])}}
	}
	d := drivertest.Open(t, Kind(), "", p)
	return d.Driver, p, func() error {
		_, err := d.Once(t.Context())
		return err
	}
}

func commands(p *drivertest.Port) (sent string) {
	for _, w := range p.Written {
		sent += hex.EncodeToString(w[2:3]) + " "
	}
	return strings.TrimSpace(sent)
}

// The part is started once, again when something went wrong, and stopped at the end; it
// is asked again while it has no new value.
func TestStartAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		values := drivertest.Load(t, "testdata/masses.frame").Frame
		state, empty := byte(0), 2
		d, p, sample := on(t, func(command byte) []byte {
			switch {
			case command != cmdRead:
				return answer{command: command, state: state}.append(nil)
			case empty > 0:
				empty--
				return answer{command: cmdRead}.append(nil)
			}
			return values
		})
		for range 2 {
			if err := sample(); err != nil {
				t.Fatal(err)
			}
		}
		if got := commands(p); got != "00 03 03 03 03" {
			t.Errorf("it was told %s", got)
		}
		p.Written, empty = nil, 1000
		if err := sample(); !errors.Is(err, drivers.ErrTimeout) || !strings.Contains(err.Error(), "no new value") {
			t.Errorf("without a new value: %v", err)
		}
		p.Written, empty, state = nil, 0, busy // it measures already
		if err := sample(); err != nil || commands(p) != "00 03" {
			t.Errorf("after a failure it was told %s: %v", commands(p), err)
		}
		p.Written = nil
		for range 2 {
			if err := d.Close(); err != nil || commands(p) != "01" {
				t.Errorf("closed it was told %s: %v", commands(p), err)
			}
		}
	})
}

func TestStartRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, sample := on(t, func(command byte) []byte { return answer{command: command, state: 4}.append(nil) })
		if err := sample(); !errors.Is(err, drivers.ErrException) || !strings.Contains(err.Error(), "starting it") {
			t.Errorf("a part that does not start: %v", err)
		}
	})
}

func TestFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _, _ := on(t, func(command byte) []byte {
			data := map[byte][]byte{cmdInfo: []byte("8A1B2C3D\x00"), cmdVer: {2, 3, 0, 7, 0, 2, 0}}[command]
			return answer{command: command, data: data}.append(nil)
		})
		facts, err := d.(drivers.Informant).Facts(t.Context())
		if err != nil || len(facts) != 2 || facts[0] != (drivers.Fact{Name: "serial_number", Value: "8A1B2C3D"}) || facts[1].Value != "2.3" {
			t.Errorf("facts %+v, %v", facts, err)
		}
	})
}

// FuzzDecode holds that what is accepted is reproduced byte for byte, and has no more
// data than it says.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"captured-1", "captured-2", "captured-3", "captured-4", "no-new-value", "unescaped", "bad-checksum"} {
		f.Add(drivertest.Load(f, "testdata/"+name+".frame").Frame)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, ok := decode(b); ok && (!bytes.Equal(a.append(nil), b) || len(a.data) > maxData) {
			t.Errorf("decode(% x) then append gives % x", b, a.append(nil))
		}
	})
}

// FuzzStream holds that whatever a line brings, each frame that is found stood in it.
func FuzzStream(f *testing.F) {
	good := drivertest.Load(f, "testdata/captured-3.frame").Frame
	f.Add(append(append(bytes.Clone(good), good[:9]...), good...))
	f.Add([]byte{delimiter, delimiter, escape, delimiter})
	f.Fuzz(func(t *testing.T, line []byte) {
		drivertest.Frames(t, format, line, func(a answer) []byte { return a.append(nil) })
	})
}

func BenchmarkDecode(b *testing.B) {
	good := drivertest.Load(b, "testdata/captured-3.frame").Frame
	d := driver{channels: channels}
	b.SetBytes(int64(len(good)))
	b.ReportAllocs()
	for b.Loop() {
		a, _, _, ok := format.Next(good)
		if !ok || len(d.readings(a)) != 10 {
			b.Fatal("not decoded")
		}
	}
	b.ReportMetric(float64(b.N)*10/b.Elapsed().Seconds(), "readings/s")
}

// Whichever bit of an answer is wrong, it is a wrong checksum: also one of the bytes
// that a frame is known by.
func TestEveryWrongBitIsAWrongChecksum(t *testing.T) {
	values := drivertest.Load(t, "testdata/masses.frame").Frame
	for which, whole := range map[byte][]byte{cmdStart: answer{command: cmdStart}.append(nil), cmdRead: values} {
		for bit := range 8 * len(whole) {
			if byte(1)<<(bit%8)^whole[bit/8] == delimiter {
				continue // two frames, by what stands there
			}
			synctest.Test(t, func(t *testing.T) {
				_, _, sample := on(t, func(command byte) []byte {
					b := answer{command: command}.append(nil)
					if command == cmdRead {
						b = bytes.Clone(values)
					}
					if command == which {
						b[bit/8] ^= 1 << (bit % 8)
					}
					return b
				})
				if err := sample(); !errors.Is(err, drivers.ErrChecksum) {
					t.Errorf("answer %02X, bit %d: %v", which, bit, err)
				}
			})
		}
	}
}
