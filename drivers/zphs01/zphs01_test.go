package zphs01

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/room.frame"),
		Beyond: drivertest.Load(t, "testdata/beyond.frame"),
	})
}

// The other protocol keeps the same promises.
func TestConformanceC(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/c-manual.frame"),
		Beyond: drivertest.Load(t, "testdata/c-beyond.frame"),
	})
}

func TestOptions(t *testing.T) {
	for _, c := range []struct{ yaml, key, msg string }{
		{"model: zphs01", "model", "write zphs01b or zphs01c"},
		{"temp_zero: 435", "temp_zero", "write 500 or 437"},
		{"cell: o3", "cell", "write ch2o or voc"},
		{"cell: voc", "cell", "has both cells"},
		{"{model: zphs01c, temp_zero: 437}", "temp_zero", "delete the line"},
	} {
		_, err := plan(func(out any) error {
			doc, err := yamldoc.Parse("options", []byte(c.yaml))
			if err != nil {
				return err
			}
			return doc.Decode(out)
		})
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != c.key || !strings.Contains(o.Msg, c.msg) {
			t.Errorf("options %s give %v, want %s: %s", c.yaml, err, c.key, c.msg)
		}
	}
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
	for i, name := range []string{"room", "c-manual", "bad-checksum", "c-bad-checksum"} {
		f.Add(i%2 == 1, drivertest.Load(f, "testdata/"+name+".frame").Frame)
	}
	f.Fuzz(func(t *testing.T, other bool, line []byte) {
		p := protocolB
		if other {
			p = protocolC
		}
		format := p.format()
		for rest := line; ; {
			a, left, d, ok := format.Next(rest)
			if !ok {
				return
			}
			if got := rest[d.Bytes : len(rest)-len(left)]; !bytes.Equal(p.append(nil, a), got) {
				t.Fatalf("answer %+v is not what stood there: % x", a, got)
			}
			rest = left
		}
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
