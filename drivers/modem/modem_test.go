package modem

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:      Kind(),
		Good:      drivertest.Load(t, "testdata/csq.frame"),
		Beyond:    drivertest.Load(t, "testdata/csq-beyond.frame"),
		Unguarded: "an answer is text without a checksum",
	})
}

func planYAML(src string) (*drivers.Plan, error) {
	return plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(src))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

func TestOptions(t *testing.T) {
	_, err := planYAML("command: cops")
	var o *drivers.OptionError
	if !errors.As(err, &o) || o.Key != "command" || !strings.Contains(o.Msg, "write csq or cesq") {
		t.Errorf("%v", err)
	}
}

// Every number of both commands is the standard's strength, a flag, or no value.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		command string
		n       int
		want    string
	}{
		{"csq", 0, "-113 "}, {"csq", 1, "-111 "}, {"csq", 30, "-53 "}, {"csq", 31, "-51 "}, {"csq", 32, "NaN range"}, {"csq", 98, "NaN range"}, {"csq", 99, "NaN instrument"}, {"csq", 199, "NaN range"},
		{"cesq", 0, "-141 "}, {"cesq", 1, "-140 "}, {"cesq", 97, "-44 "}, {"cesq", 98, "NaN range"}, {"cesq", 255, "NaN instrument"},
	} {
		r := commands[c.command].reading(c.n)
		if got := fmt.Sprint(r.Value, " ", r.Quality.Why); got != c.want {
			t.Errorf("%s %d: %s, want %s", c.command, c.n, got, c.want)
		}
	}
}

// An answer that comes too late belongs to nobody, and a modem that talks without end is
// asked all the same.
func TestAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pl, err := planYAML("")
		if err != nil {
			t.Fatal(err)
		}
		late := 3 * time.Second
		port := drivertest.NewPort()
		port.Answer = func([]byte) []drivertest.Chunk {
			after := late
			late = 20 * time.Millisecond
			level := map[bool]string{true: "5", false: "18"}[after > time.Second]
			return []drivertest.Chunk{{At: after, Bytes: []byte("\r\n+CSQ: " + level + ",99\r\n\r\nOK\r\n")}}
		}
		d, err := pl.OpenSerial(port)
		if err != nil {
			t.Fatal(err)
		}
		if rs, err := d.Sample(t.Context()); !errors.Is(err, drivers.ErrTimeout) {
			t.Fatalf("a modem that thinks: %v, %v", rs, err)
		}
		rs, err := d.Sample(t.Context())
		if err != nil || rs[0].Value != -77 {
			t.Errorf("the next: %v, %v; -103 is the late one's", rs, err)
		}
	})
}

// What a modem says becomes a number of its answer, or a fault; and what is accepted is
// read the same when it is written again, however it is cut in pieces.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{"\r\n+CSQ: 18,99\r\n\r\nOK\r\n", "AT+CSQ\r\r\n+CSQ: 2,0\r\nOK\r\n", "\r\nERROR\r\n", "\xff\xfe\r\nOK\r\n", "+CSQ: 1,2,3\r\nOK\r"} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, said []byte, at int) {
		whole := answer{command: commands["csq"]}
		err := whole.take(said)
		if err != nil && !errors.Is(err, drivers.ErrProtocol) && !errors.Is(err, drivers.ErrException) {
			t.Errorf("%q: %v", said, err)
		}
		if len(said) <= longest { // else what is thrown away depends on the pieces
			at = min(max(at, 0), len(said))
			pieces := answer{command: commands["csq"]}
			perr := pieces.take(said[:at])
			if perr == nil && !pieces.done {
				perr = pieces.take(said[at:])
			}
			if fmt.Sprint(perr) != fmt.Sprint(err) || pieces.value != whole.value || pieces.done != whole.done {
				t.Errorf("%q cut at %d: %+v, %v; whole %+v, %v", said, at, pieces, perr, whole, err)
			}
		}
		if err != nil || !whole.done || !whole.valued {
			return
		}
		again := answer{command: commands["csq"]}
		if err := again.take(fmt.Appendf(nil, "\r\n+CSQ: %d,99\r\n\r\nOK\r\n", whole.value)); err != nil || again.value != whole.value || whole.value < 0 || whole.value > 255 {
			t.Errorf("%q is %d, and written again %d, %v", said, whole.value, again.value, err)
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	said := []byte("\r\n+CSQ: 18,99\r\n\r\nOK\r\n")
	b.ReportAllocs()
	for b.Loop() {
		a := answer{command: commands["csq"]}
		if err := a.take(said); err != nil || a.value != 18 {
			b.Fatal(err)
		}
	}
}
