package record_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
	"pgregory.net/rapid"
)

func pass(v float64) obs.Reading { return obs.Reading{Value: v, Quality: obs.Quality{Flag: obs.Pass}} }

func Example() {
	s := record.Sample{Device: "river", BootMS: 412507, Channels: []string{"level", "water_temp"},
		Readings: []obs.Reading{pass(2.71), obs.None(obs.NoEcho)}}
	body, err := s.Append(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := record.DecodeSample(body)
	fmt.Println(len(body), back.Device, back.Readings[0].Value, back.Readings[1].Quality, err)
	// Output:
	// 42 river 2.71 {missing no-echo} <nil>
}

// TestGolden pins the bytes: a journal written by this version stays readable.
func TestGolden(t *testing.T) {
	for _, tc := range []struct {
		name string
		s    record.Sample
		want string
	}{
		{"two values", record.Sample{Device: "river", BootMS: 5000, Channels: []string{"level", "water_temp"}, Readings: []obs.Reading{pass(2.71), pass(18)}},
			"01 05 7269766572 00 02 05 6c6576656c 0a 77617465725f74656d70 8827 11 11 02 00 9e04 24"},
		{"a fault", record.Sample{Device: "air", BootMS: 1, Fault: "timeout"}, "01 03 616972 01 00 01 07 74696d656f7574"},
		{"missing, raw, late", record.Sample{Device: "a", BootMS: 0, Channels: []string{"x", "y"}, Late: []obs.Flag{obs.Fail, 0},
			Readings: []obs.Reading{obs.None("no-echo"), {Value: 1.0 / 3, Quality: obs.Quality{Flag: obs.Suspect, Why: "rate"}}}},
			"01 01 61 02 02 01 78 01 79 00 0c 2a 07 6e6f2d6563686f 04 72617465 03 00 555555555555d53f"},
		{"late, with the reason", record.Sample{Device: "a", BootMS: 1, Channels: []string{"x"}, Late: []obs.Flag{obs.Suspect}, LateWhy: []obs.Reason{"spike"},
			Readings: []obs.Reading{{Value: 2, Quality: obs.Quality{Flag: obs.Pass}}}}, "01 01 61 06 01 01 78 01 11 00 02 05 7370696b65 04"},
	} {
		got, err := tc.s.Append(nil)
		if want := strings.ReplaceAll(tc.want, " ", ""); err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%s: %x, %v, want %s", tc.name, got, err, want)
		}
		back, err := record.DecodeSample(got)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if d := cmp.Diff(tc.s, back, equal...); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
	}
}

var equal = []cmp.Option{cmp.Comparer(func(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}), cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) }),
	cmp.Transformer("empty", func(s []obs.Reading) []obs.Reading { return append([]obs.Reading{}, s...) })}

func TestNumbersComeBackExactly(t *testing.T) {
	for _, tc := range []struct {
		v     float64
		bytes int // of the number, with its digits
	}{
		{0, 2}, {2.71, 3}, {-0.5, 2}, {1013.25, 4}, {187, 3}, {0.001, 2}, {21.4, 3}, {100000, 4}, {123456.789, 5},
		{math.Copysign(0, -1), 8}, {1.0 / 3, 8}, {math.MaxFloat64, 8}, {math.SmallestNonzeroFloat64, 8}, {1e15, 8}, {999999999999999, 9}, {1e-13, 8},
	} {
		s := record.Sample{Channels: []string{""}, Readings: []obs.Reading{pass(tc.v)}}
		b, err := s.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		back, err := record.DecodeSample(b)
		if err != nil || math.Float64bits(back.Readings[0].Value) != math.Float64bits(tc.v) {
			t.Errorf("%v comes back as %v, %v", tc.v, back.Readings, err)
		}
		if n := len(b) - 7; n != tc.bytes {
			t.Errorf("%v takes %d bytes, want %d", tc.v, n, tc.bytes)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.Float64(), rapid.Custom(func(t *rapid.T) float64 {
			digits := rapid.IntRange(0, 6).Draw(t, "digits")
			v, _ := strconv.ParseFloat(fmt.Sprintf("%de-%d", rapid.Int64Range(-1e12, 1e12).Draw(t, "mantissa"), digits), 64)
			return v
		})).Draw(t, "v")
		s := record.Sample{Channels: []string{"x"}, Readings: []obs.Reading{pass(v)}}
		b, err := s.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		back, err := record.DecodeSample(b)
		if err != nil {
			t.Fatal(err)
		}
		got := back.Readings[0]
		if math.IsInf(v, 0) || math.IsNaN(v) {
			if !math.IsNaN(got.Value) || got.Quality != (obs.Quality{Flag: obs.Missing, Why: obs.NotANumber}) {
				t.Fatalf("%v becomes %v", v, got)
			}
		} else if math.Float64bits(got.Value) != math.Float64bits(v) {
			t.Fatalf("%v comes back as %v", v, got.Value)
		}
	})
}

func TestRefusedSamples(t *testing.T) {
	long := strings.Repeat("x", record.MaxName+1)
	one := []obs.Reading{pass(1)}
	for name, s := range map[string]record.Sample{
		"counts differ":  {Channels: []string{"a", "b"}, Readings: one},
		"late differs":   {Channels: []string{"a"}, Readings: one, Late: []obs.Flag{1, 2}},
		"time":           {BootMS: -1},
		"long device":    {Device: long},
		"late why":       {Channels: []string{"a"}, Readings: one, Late: []obs.Flag{3}, LateWhy: []obs.Reason{"a", "b"}},
		"long late why":  {Channels: []string{"a"}, Readings: one, Late: []obs.Flag{3}, LateWhy: []obs.Reason{obs.Reason(long)}},
		"long fault":     {Fault: long},
		"long channel":   {Channels: []string{long}, Readings: one},
		"long reason":    {Channels: []string{"a"}, Readings: []obs.Reading{obs.None(obs.Reason(long))}},
		"no such flag":   {Channels: []string{"a"}, Readings: []obs.Reading{{Quality: obs.Quality{Flag: 5}}}},
		"no such late":   {Channels: []string{"a"}, Readings: one, Late: []obs.Flag{9}},
		"too many":       {Channels: make([]string, record.MaxChannels+1), Readings: make([]obs.Reading, record.MaxChannels+1)},
		"too many (low)": {Channels: make([]string, 2000), Readings: make([]obs.Reading, 2000)},
	} {
		if b, err := s.Append([]byte("kept")); err == nil || string(b) != "kept" {
			t.Errorf("%s: %v, %v", name, b, err)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	s := record.Sample{Device: "river", BootMS: 5000, Channels: []string{"level", "x"}, Readings: []obs.Reading{pass(2.71), pass(1.0 / 3)}, Fault: "part"}
	good, err := s.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if _, err := record.DecodeSample(good[:n]); !errors.Is(err, record.ErrFormat) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	if _, err := record.DecodeSample(append(bytes.Clone(good), 0)); !errors.Is(err, record.ErrFormat) {
		t.Errorf("one byte more: %v", err)
	}
	if _, err := record.DecodeSample(append([]byte{2}, good[1:]...)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("another version: %v", err)
	}
}

// FuzzSample: what the decoder takes, the encoder gives again byte for byte.
func FuzzSample(f *testing.F) {
	for _, s := range []record.Sample{
		{Device: "river", BootMS: 5000, Channels: []string{"level", "x"}, Readings: []obs.Reading{pass(2.71), pass(1.0 / 3)}},
		{Device: "air", Fault: "timeout"},
		{Device: "a", Channels: []string{"x", "y"}, Late: []obs.Flag{obs.Fail, 0}, Readings: []obs.Reading{obs.None("no-echo"), pass(-0.25)}},
		{Device: "a", Channels: []string{"x", "y"}, Late: []obs.Flag{obs.Fail, 0}, LateWhy: []obs.Reason{"gap", ""}, Readings: []obs.Reading{pass(3), pass(-0.25)}},
	} {
		b, err := s.Append(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := record.DecodeSample(b)
		if err != nil {
			return
		}
		again, err := s.Append(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("% x decodes to %+v, which encodes to % x, %v", b, s, again, err)
		}
	})
}

func TestDecoderReuse(t *testing.T) {
	var d record.Decoder
	var s record.Sample
	first, _ := (&record.Sample{Device: "a", Fault: "f", Channels: []string{"x"}, Readings: []obs.Reading{obs.None("y")}, Late: []obs.Flag{3}}).Append(nil)
	second, _ := (&record.Sample{Device: "b", BootMS: 7}).Append(nil)
	if err := d.Sample(first, &s); err != nil {
		t.Fatal(err)
	}
	if err := d.Sample(second, &s); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(record.Sample{Device: "b", BootMS: 7}, s, equal...); diff != "" {
		t.Error(diff)
	}
}

func TestDocuments(t *testing.T) {
	epoch := journal.Epoch{N: 17, Salt: [6]byte{0x9f, 0x3a, 0xc2, 0xd1, 0xb0, 0x7e}}
	at := wire.Moment{Unix: 1795291200123, Boot: "0b1e6c1c-9a52-4a9c-8a3c-0a3c6a1d2b3c", BootMS: 412507}
	e := wire.Event{V: wire.Version, Epoch: "1-000000000000", Seq: 4, At: at, Kind: "boot", Boot: &wire.Boot{Version: "1.0", Epoch: wire.Epoch(epoch.String()), Clean: true}}
	body, err := record.AppendEvent(nil, e)
	if err != nil || bytes.Contains(body, []byte("1-000000000000")) {
		t.Fatalf("%s, %v", body, err)
	}
	back, err := record.DecodeEvent(body, epoch, 99)
	e.Epoch, e.Seq = wire.Epoch(epoch.String()), 99
	if d := cmp.Diff(e, back); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	for name, bad := range map[string][]byte{"empty": nil, "version": {9, '{', '}'}, "json": {1, '{'}, "not valid": []byte("\x01{}"),
		"too long": append([]byte("\x01"), bytes.Repeat([]byte(" "), wire.MaxMessage)...)} {
		if _, err := record.DecodeEvent(bad, epoch, 1); !errors.Is(err, record.ErrFormat) {
			t.Errorf("event %s: %v", name, err)
		}
		if _, err := record.DecodeAlert(bad, epoch, 1); !errors.Is(err, record.ErrFormat) {
			t.Errorf("alert %s: %v", name, err)
		}
	}
}

func alert() wire.Alert {
	at := wire.Moment{Unix: 1795291200123, Boot: "0b1e6c1c-9a52-4a9c-8a3c-0a3c6a1d2b3c", BootMS: 412507}
	v := 3.01
	return wire.Alert{V: wire.Version, ID: "01936d3e-6a10-7b3c-9c1d-2e3f4a5b6c7d", Rev: 2, Rule: "river-high", Stage: "actual", Severity: wire.Orange,
		Condition: "active", At: at, Since: at, Device: "river", Channel: "level", Value: &v, Unit: "m", Text: map[string]string{"en": "river level 3.01 m"}}
}

func TestAlert(t *testing.T) {
	a := alert()
	body, err := record.AppendAlert(nil, a)
	if err != nil {
		t.Fatal(err)
	}
	epoch := journal.Epoch{N: 1}
	back, err := record.DecodeAlert(body, epoch, 5)
	a.Epoch, a.Seq = wire.Epoch(epoch.String()), 5
	if d := cmp.Diff(a, back); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
}

func TestImage(t *testing.T) {
	meta := wire.ImageMeta{V: 1, ID: "01936d3e-6a10-7b3c-9c1d-2e3f4a5b6c7d", Device: "gauge", Bytes: 5}
	body, err := record.AppendImage(nil, meta, []byte{0xff, 0xd8, 1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	got, jpeg, err := record.DecodeImage(body)
	if d := cmp.Diff(meta, got); err != nil || d != "" || !bytes.Equal(jpeg, []byte{0xff, 0xd8, 1, 2, 3}) {
		t.Errorf("%v %s %x", err, d, jpeg)
	}
	for n := range len(body) - 5 {
		if _, _, err := record.DecodeImage(body[:n]); err == nil {
			t.Errorf("cut at %d of %d: no error", n, len(body))
		}
	}
	if _, err := record.AppendImage(nil, meta, make([]byte, journal.MaxRecord)); err == nil {
		t.Error("a picture that does not fit is taken")
	}
}

// FuzzDocuments: an event, alert or picture that is taken can be encoded and
// read back to the same.
func FuzzDocuments(f *testing.F) {
	b, _ := record.AppendAlert(nil, alert())
	f.Add(b)
	b, _ = record.AppendImage(nil, wire.ImageMeta{ID: "x", Device: "gauge"}, []byte("jpeg"))
	f.Add(b)
	b, _ = record.AppendEvent(nil, wire.Event{V: 1, Kind: "config", At: alert().At, Config: &wire.Config{Hash: "a41f09c00112"}})
	f.Add(b)
	epoch := journal.Epoch{N: 1}
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := record.DecodeEvent(b, epoch, 1); err == nil {
			again, _ := record.AppendEvent(nil, e)
			e2, err := record.DecodeEvent(again, epoch, 1)
			if d := cmp.Diff(e, e2); err != nil || d != "" {
				t.Errorf("event %v %s", err, d)
			}
		}
		if a, err := record.DecodeAlert(b, epoch, 1); err == nil {
			again, _ := record.AppendAlert(nil, a)
			a2, err := record.DecodeAlert(again, epoch, 1)
			if d := cmp.Diff(a, a2); err != nil || d != "" {
				t.Errorf("alert %v %s", err, d)
			}
		}
		if m, j, err := record.DecodeImage(b); err == nil {
			again, _ := record.AppendImage(nil, m, j)
			m2, j2, err := record.DecodeImage(again)
			if err != nil || m != m2 || !bytes.Equal(j, j2) {
				t.Errorf("image %+v and %+v, %v", m, m2, err)
			}
		}
	})
}
