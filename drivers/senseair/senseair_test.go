package senseair

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/published.frame"),
		Beyond: drivertest.Load(t, "testdata/beyond.frame"),
	})
}

// The same promises hold when the baseline is set first, and when the part is woken.
func TestConformanceSetUp(t *testing.T) {
	good, beyond := drivertest.Load(t, "testdata/published.frame"), drivertest.Load(t, "testdata/beyond.frame")
	for options, knows := range map[string][]drivertest.Exchange{
		`baseline: "off"`: {{Request: drivertest.Hex(t, "FE 03 00 1F 00 01 A1 C3"), Answer: drivertest.Hex(t, "FE 03 02 00 00 AC 50")}},
		"wake: true":      {{Request: []byte{0}}},
	} {
		t.Run(options, func(t *testing.T) {
			good.Options, beyond.Options = options, options
			drivertest.Run(t, drivertest.Config{Kind: Kind(), Good: good, Beyond: beyond, Knows: knows})
		})
	}
}

func TestOptions(t *testing.T) {
	drivertest.Refuses(t, Kind(), []drivertest.Refusal{
		{Options: "baseline: false", Key: "baseline", Says: "write keep, on or off"},
		{Options: "baseline_period: 180", Key: "baseline_period", Says: `write that, or delete the line`},
		{Options: `{baseline: "off", baseline_period: 180}`, Key: "baseline_period", Says: `baseline: "on"`},
		{Options: `{baseline: "on", baseline_period: 23}`, Says: "baseline_period cannot be 23 h; write 24 to 4800 h"},
		{Options: `{baseline: "on", baseline_period: 4801}`, Says: "baseline_period cannot be 4801 h; write 24 to 4800 h"},
		{Options: `{baseline: "on", baseline_period: 65716}`, Says: "baseline_period cannot be 65716 h; write 24 to 4800 h"}, // 180 in 16 bits
	})
}

// bench is a part with its registers, which writes down what it is asked. The frames are
// put together here, not by the codec.
type bench struct {
	*drivertest.Port
	period   string // register HR32, four hexadecimal digits
	stubborn bool   // it confirms what it is told and keeps what it has
	refuses  string // what it says to a write instead
}

var checksums = map[string]string{
	"FE03020000": "AC50", "FE03020030": "AC44", "FE030200B4": "AC27",
	"FE06001F0000": "AC03", "FE06001F0030": "AC17", "FE06001F00B4": "AC74", "FE8602": "F391",
	"FE0408000000000000019C": "16E3",
}

func (b *bench) answer(t *testing.T) func([]byte) []drivertest.Chunk {
	return func(request []byte) []drivertest.Chunk {
		asked := strings.ToUpper(hex.EncodeToString(request))
		said := ""
		switch {
		case asked == "FE0400000004E5C6":
			said = "FE0408000000000000019C"
		case asked == "FE03001F0001A1C3":
			said = "FE0302" + b.period
		case strings.HasPrefix(asked, "FE06001F") && b.refuses != "":
			said = b.refuses
		case strings.HasPrefix(asked, "FE06001F"):
			if said = asked[:12]; !b.stubborn {
				b.period = asked[8:12]
			}
		default:
			return nil
		}
		sum, known := checksums[said]
		if !known {
			t.Errorf("the bench has no checksum for %s", said)
		}
		return []drivertest.Chunk{{At: 20 * time.Millisecond, Bytes: drivertest.Hex(t, said+sum)}}
	}
}

func (b *bench) sent() (out []string) {
	for _, w := range b.Written {
		out = append(out, strings.ToUpper(hex.EncodeToString(w)))
	}
	return out
}

func open(t *testing.T, options string, b *bench) func() ([]obs.Reading, error) {
	t.Helper()
	b.Port = drivertest.NewPort()
	b.Answer = b.answer(t)
	d := drivertest.Open(t, Kind(), options, b.Port)
	return func() ([]obs.Reading, error) {
		return d.Once(t.Context())
	}
}

// The requests, as published programs have them.
const (
	readValues = "FE0400000004E5C6"
	readPeriod = "FE03001F0001A1C3"
	period180  = "FE06001F00B4AC74"
	periodOff  = "FE06001F0000AC03"
)

// What the part keeps without power is written where it differs, and only there, and
// only if the configuration says so: before the first sample and after each that failed.
func TestBaseline(t *testing.T) {
	for _, c := range []struct {
		name, options, period string
		want                  []string // two good samples, one without an answer, a good one
	}{
		{"kept", "{}", "00B4", []string{readValues, readValues, readValues, readValues}},
		{"to be off", `baseline: "off"`, "00B4", []string{readPeriod, periodOff, readPeriod, readValues, readValues, readValues, readPeriod, readValues}},
		{"off already", `baseline: "off"`, "0000", []string{readPeriod, readValues, readValues, readValues, readPeriod, readValues}},
		{"to be on", `baseline: "on"`, "0000", []string{readPeriod, period180, readPeriod, readValues, readValues, readValues, readPeriod, readValues}},
		{"to be on for two days", `{baseline: "on", baseline_period: 48}`, "0030", []string{readPeriod, readValues, readValues, readValues, readPeriod, readValues}},
		{"woken", "wake: true", "00B4", []string{"00", readValues, "00", readValues, "00", readValues, "00", readValues}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bench{period: c.period}
				sample := open(t, c.options, b)
				answer := b.Answer
				for i := range 4 {
					b.Answer = answer
					if i == 2 {
						b.Answer = nil
					}
					rs, err := sample()
					if (err != nil) != (i == 2) || err == nil && rs[0].Value != 412 {
						t.Fatalf("sample %d: %v, %v", i, rs, err)
					}
				}
				if got := b.sent(); !slices.Equal(got, c.want) {
					t.Errorf("sent %v\nwant %v", got, c.want)
				}
			})
		})
	}
}

// A part that does not take the setting says so, and is not read as if it had.
func TestBaselineRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		part bench
		want error
	}{
		{"it refuses", bench{period: "00B4", refuses: "FE8602"}, drivers.ErrException},
		{"it keeps what it has", bench{period: "00B4", stubborn: true}, drivers.ErrProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := open(t, `baseline: "off"`, &c.part)()
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), "setting the baseline correction") {
					t.Errorf("a sample ends with %v, want %v", err, c.want)
				}
				if slices.Contains(c.part.sent(), readValues) {
					t.Error("its value was asked for all the same")
				}
			})
		})
	}
}

// A part that must be woken has its time between the first byte and the request.
func TestWakingTakesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{period: "00B4"}
		sample := open(t, "wake: true", b)
		var woken, asked time.Time
		answer := b.Answer
		b.Answer = func(request []byte) []drivertest.Chunk {
			if len(request) == 1 {
				woken = time.Now()
				return nil
			}
			asked = time.Now()
			return answer(request)
		}
		if _, err := sample(); err != nil || asked.Sub(woken) < 5*time.Millisecond {
			t.Errorf("asked %v after waking, %v; want 5 ms or more", asked.Sub(woken), err)
		}
	})
}

// Every bit of the meter status has its name in the error, and in the page.
func TestStatusBits(t *testing.T) {
	for bit, words := range []string{"fatal", "offset regulation", "algorithm", "output", "self-diagnostics", "", "memory", "bit 7", "bit 8", "bit 9",
		"bit 10", "bit 11", "bit 12", "bit 13", "bit 14", "bit 15"} {
		err := status(1 << bit).fault()
		switch {
		case bit == 5 && err != nil:
			t.Errorf("out of range is no fault of the part: %v", err)
		case bit == 5:
		case !errors.Is(err, drivers.ErrDevice) || !strings.Contains(err.Error(), words):
			t.Errorf("bit %d: %v, want %s", bit, err, words)
		case bit < 7 && !strings.Contains(readme, "| "+words):
			t.Errorf("README.md does not say what to do about %s", words)
		}
	}
	err := status(0x61).fault()
	if err == nil || !strings.Contains(err.Error(), "0061") || !strings.Contains(err.Error(), "fatal") || !strings.Contains(err.Error(), "memory") || strings.Contains(err.Error(), "range") {
		t.Errorf("three bits at once: %v", err)
	}
	if err := status(0).fault(); err != nil {
		t.Errorf("no bit: %v", err)
	}
}

// A part can be asked what it is. The numbers are those that one of them said.
func TestFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := drivertest.NewPort()
		answer := "FE 04 0C 01 06 00 00 00 01 01 4F 03 19 2C 50 40 1C"
		port.Answer = func(request []byte) []drivertest.Chunk {
			if !slices.Equal(request, drivertest.Hex(t, "FE 04 00 19 00 06 B5 C0")) {
				t.Errorf("it was asked % X", request)
			}
			return []drivertest.Chunk{{At: time.Millisecond, Bytes: drivertest.Hex(t, answer)}}
		}
		d := drivertest.Open(t, Kind(), "{}", port)
		want := []drivers.Fact{{Name: "type", Value: "01060000"}, {Name: "firmware", Value: "1.79"}, {Name: "serial_number", Value: "03192C50"}}
		got, err := d.Driver.(drivers.Informant).Facts(t.Context())
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("it says of itself %v, %v; want %v", got, err, want)
		}
		answer = "FE 84 02 F2 F1"
		if got, err := d.Driver.(drivers.Informant).Facts(t.Context()); !errors.Is(err, drivers.ErrException) {
			t.Errorf("a part that refuses says %v, %v", got, err)
		}
	})
}

// Whichever bit of the answer is wrong, it is a wrong checksum: also one of the bytes
// that a frame is known by.
func TestEveryWrongBitIsAWrongChecksum(t *testing.T) {
	whole, err := hex.DecodeString("FE0408000000000000019C16E3")
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(whole) {
		synctest.Test(t, func(t *testing.T) {
			b := &bench{period: "00B4"}
			sample := open(t, "{}", b)
			b.Answer = func([]byte) []drivertest.Chunk {
				frame := slices.Clone(whole)
				frame[bit/8] ^= 1 << (bit % 8)
				return []drivertest.Chunk{{Bytes: frame}}
			}
			if _, err := sample(); !errors.Is(err, drivers.ErrChecksum) {
				t.Errorf("bit %d: %v", bit, err)
			}
		})
	}
}
