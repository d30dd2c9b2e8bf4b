package registers_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/registers"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
)

// TestAnswersAsPublished: a slave filled from a maker's table says to a request, byte for
// byte, what is printed of the part, or was computed by hand after its manual.
func TestAnswersAsPublished(t *testing.T) {
	for _, c := range []struct {
		name, part    string
		is            says
		request, want string // want "" is silence
	}{
		{"3.7 m/s", "sen0483", says{"wind_speed": 3.7}, "02 03 00 00 00 01 84 39", "02 03 02 00 25 3D 9F"},
		{"90 deg, sector 4 of 16", "sen0482", says{"wind_dir": 90}, "02 03 00 00 00 02 C4 38", "02 03 04 03 84 00 04 88 9D"},
		{"sector 2 of 8, 90 deg", "rs-fx-n01", says{"wind_dir": 90}, "01 03 00 00 00 02 C4 0B", "01 03 04 00 02 00 5A DB C8"},
		{"3.7 m/s", "rs-fsjt-n01", says{"wind_speed": 3.7}, "01 03 00 00 00 01 84 0A", "01 03 02 00 25 79 9F"},
		{"53.6 dB", "sm7901b", says{"noise": 53.6}, "01 03 00 00 00 01 84 0A", "01 03 02 02 18 B9 2E"},
		{"the louver's 16 registers", "weather-01f4", says{"wind_speed": 2.5, "wind-force": 1, "wind_dir": 90, "rh": 62.1, "temp": 23.5, "noise": 50, "pm2_5": 12, "pm10": 23,
			"pressure": 1012, "illuminance": 25000, "rain": 1.2, "radiation": 450}, "01 03 01 F4 00 10 04 08",
			"01 03 20 00 19 00 01 00 02 00 5A 02 6D 00 EB 01 F4 00 0C 00 17 03 F4 00 00 61 A8 00 FA 00 0C 01 C2 00 00 3B EA"},
		{"30.5 degC, 54.6 %", "xy-md02", says{"temp": 30.5, "rh": 54.6}, "01 04 00 01 00 02 20 0B", "01 04 04 01 31 02 22 2A CE"},
		{"-10.1 degC", "xy-md02", says{"temp": -10.1}, "01 04 00 01 00 01 60 0A", "01 04 02 FF 9B B9 6B"},
		{"24.6 degC, 28.7 %", "huawei-02312pbl", says{"temp": 24.6, "rh": 28.7}, "01 03 00 02 00 02 65 CB", "01 03 04 00 F6 01 1F 5A 59"},
		{"not available", "wxt530", says{"rh": none}, "01 04 00 0A 00 01 11 C8", "01 04 02 7F FF D9 40"},
		{"412 ppm", "senseair-s8", says{"co2": 412}, "FE 04 00 00 00 04 E5 C6", "FE 04 08 00 00 00 00 00 00 01 9C 16 E3"},
		{"412 ppm, woken", "senseair-s8", says{"co2": 412}, "00 FE 04 00 00 00 04 E5 C6", "FE 04 08 00 00 00 00 00 00 01 9C 16 E3"},
		{"its baseline's period", "senseair-s8", says{"co2": 412}, "FE 03 00 1F 00 01 A1 C3", "FE 03 02 00 B4 AC 27"},
		{"its baseline switched off", "senseair-s8", says{"co2": 412}, "FE 06 00 1F 00 00 AC 03", "FE 06 00 1F 00 00 AC 03"},
		{"225.7 V and the rest", "pzem-004t", says{"voltage": 225.7, "current": 0.108, "power": 24.4, "energy": 0.038, "frequency": 50, "power_factor": 1}, "01 04 00 00 00 0A 70 0D",
			"01 04 14 08 D1 00 6C 00 00 00 F4 00 00 00 26 00 00 01 F4 00 64 00 00 51 34"},
		{"13.44 V and the rest", "pzem-017", says{"voltage": 13.44, "current": 0.1, "power": 1.3, "energy": 0.002}, "01 04 00 00 00 08 F1 CC",
			"01 04 10 05 40 00 0A 00 0D 00 00 00 02 00 00 00 00 00 00 D6 29"},
		{"230.2 V", "sdm120", says{"voltage": 230.2}, "01 04 00 00 00 02 71 CB", "01 04 04 43 66 33 33 5A FA"},
		{"1234 W", "sdm120", says{"power": 1234}, "01 04 00 0C 00 02 B1 C8", "01 04 04 44 9A 40 00 FE 9B"},
		{"900 W/m2", "sr05-d1a3", says{"radiation": 900}, "01 03 00 02 00 02 65 CB", "01 03 04 00 01 5F 90 92 6F"},
		{"675 W/m2, raw 672, deviation 3, 25.1 degC", "smp3", says{"radiation": 675, "irradiance-raw": 672, "standard-deviation": 3, "temp.body": 25.1},
			"01 03 00 05 00 04 54 08", "01 03 08 02 A3 02 A0 00 03 00 FB B7 7C"},
		{"1.2345 bar", "keller-33x", says{"water_pressure": 123.45}, "01 03 00 02 00 02 65 CB", "01 03 04 3F 9E 04 19 54 C3"},
		{"23 degC", "keller-33x", says{"water_temp": 23}, "01 03 00 08 00 02 45 C9", "01 03 04 41 B8 00 00 6E 2A"},
		{"a channel error", "keller-33x", says{"water_pressure": none}, "01 03 00 02 00 02 65 CB", "01 03 04 7F FF FF FF D2 67"},
		{"25 degC, pH 10.07", "phg-2091", says{"water_temp": 25, "ph": 10.07}, "01 03 26 00 00 04 4F 41", "01 03 08 00 00 C8 41 B8 1E 21 41 25 56"},
		{"serial number", "yosemitech-y520", nil, "01 03 09 00 00 07 07 94", "01 03 0E 09 59 4C 30 39 31 36 31 31 32 31 30 31 00 D9 90"},
		{"serial number of its type", "yosemitech-y504", nil, "01 03 09 00 00 07 07 94", "01 03 0E 09 59 4C 30 31 31 36 31 31 32 31 30 31 00 58 7A"},
		{"serial number of its type", "yosemitech-y511", nil, "01 03 09 00 00 07 07 94", "01 03 0E 09 59 4C 32 39 31 36 31 31 32 31 30 31 00 D2 28"},
		{"serial number of its type", "yosemitech-y514", nil, "01 03 09 00 00 07 07 94", "01 03 0E 09 59 4C 34 38 31 36 31 31 32 31 30 31 00 9D 65"},
		{"serial number of its type", "yosemitech-y532", nil, "01 03 09 00 00 07 07 94", "01 03 0E 09 59 4C 34 33 31 36 31 31 32 31 30 31 00 EC 80"},
		{"serial number of its type", "yosemitech-y513", nil, "01 03 09 00 00 07 07 94", "01 03 0E 09 59 4C 34 37 31 36 31 31 32 31 30 31 00 AD 55"},
		{"serial number of its type", "yosemitech-y533", nil, "01 03 09 00 00 07 07 94", "01 03 0E 09 59 4C 34 34 31 36 31 31 32 31 30 31 00 5D 5A"},
		{"serial number of its type", "yosemitech-y551", nil, "01 03 09 00 00 07 07 94", "01 03 0E 09 59 4C 35 31 31 36 31 31 32 31 30 31 00 49 B6"},
		{"serial number of its type", "yosemitech-y700", nil, "01 03 09 00 00 07 07 94", "01 03 0E 09 59 4C 36 30 31 36 31 31 32 31 30 31 00 17 37"},
		{"serial number of its type", "yosemitech-y4000", nil, "01 03 14 00 00 07 01 F8", "01 03 0E 09 59 4C 32 30 31 36 31 31 32 31 30 31 00 02 07"},
		{"start", "yosemitech-y511", nil, "01 03 25 00 00 00 4E C6", "01 03 00 20 F0"},
		{"start, then 25 degC, 10.8, no error", "yosemitech-y511", says{"water_temp": 25, "turbidity": 10.8}, "01 03 25 00 00 00 4E C6 | 01 03 26 00 00 05 8E 81", "01 03 0A 00 00 C8 41 CD CC 2C 41 00 00 20 CD"},
		{"a register that it does not have", "yosemitech-y511", nil, "01 03 00 00 00 01 84 0A", ""},
		{"start of the conductivity probe", "yosemitech-y520", nil, "01 10 1C 00 00 00 00 D8 92", "01 10 1C 00 00 00 C7 99"},
		{"pH 7.2, what it is, its unit, its quality", "aqua-troll-400", says{"ph": 7.2}, "01 03 06 02 00 05 24 81", "01 03 0A 40 E6 66 66 00 11 00 91 00 00 E9 EC"},
		{"16.26 degC, 1012.5 mbar", "leveline", says{"water_temp": 16.26, "water_pressure": 101.25}, "01 04 00 00 00 03 B0 0B", "01 04 06 06 5A 00 00 27 8D E3 6D"},
		{"123.4 mm, 23.5 degC", "urm14", says{"distance": 0.1234, "temp": 23.5}, "0C 03 00 05 00 02 D5 17", "0C 03 04 04 D2 00 EB C7 B5"},
		{"no echo", "urm15", says{"distance": none}, "0F 03 00 05 00 01 95 25", "0F 03 02 FF FF D0 35"},
		{"1.2 m3/h", "tuf-2000m", says{"flow": 1.2}, "01 03 00 00 00 02 C4 0B", "01 03 04 99 9A 3F 99 25 1A"},
		{"4 and 20 mA", "waveshare-ai-8ch", says{"loop_current.in1": 4, "loop_current.in2": 20}, "01 04 00 00 00 02 71 CB", "01 04 04 0F A0 4E 20 CC CA"},
	} {
		t.Run(c.part+" "+c.name, func(t *testing.T) {
			if got := exchange(t, c.part, c.is, strings.Split(c.request, "|")); !bytes.Equal(got, unhex(t, c.want)) {
				t.Errorf("to %s it says % X\nwant %s", c.request, got, c.want)
			}
		})
	}
}

// TestDecimalsAsPrinted: a number and, in the next register, how many of its digits
// follow the point.
func TestDecimalsAsPrinted(t *testing.T) {
	for v, want := range map[float64]string{7.24: "01 03 04 02 D4 00 02", 0: "01 03 04 00 00 00 02"} {
		if got := exchange(t, "kuntze", says{"ph": v}, []string{"01 03 10 28 00 02 40 C3"}); !bytes.HasPrefix(got, unhex(t, want)) {
			t.Errorf("pH %v goes as % X, want %s", v, got, want)
		}
	}
}

// says is a source: what is not named is 0.
type says map[string]float64

func (s says) Value(channel string) float64 { return s[channel] }
func (says) Mishap() scenario.Mishap        { return scenario.Mishap{} }

// exchange sends requests to a part, each after the answer to the one before, and returns
// the last answer.
func exchange(t *testing.T, part string, is says, requests []string) (answer []byte) {
	t.Helper()
	table, ok := registers.Get(part)
	if !ok {
		t.Fatalf("there is no table of %s", part)
	}
	u, err := table.Unit(max(table.Address, 1), part, is)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := &wire{in: make(chan []byte)}
		done := make(chan struct{})
		go func() {
			defer close(done)
			(&modbusslave.Line{Port: w, Baud: 9600, Units: []*modbusslave.Unit{u}, Record: playback.Nobody{}}).Serve()
		}()
		for _, r := range requests {
			w.out = nil
			w.in <- unhex(t, r)
			<-time.After(time.Second) // of the bubble: the line has said what it has to say
			synctest.Wait()
		}
		answer = w.out
		close(w.in)
		<-done
	})
	return answer
}

// wire is a port in memory.
type wire struct {
	in  chan []byte
	out []byte
}

func (w *wire) Read(b []byte) (int, error) {
	p, ok := <-w.in
	if !ok {
		return 0, os.ErrClosed
	}
	return copy(b, p), nil
}

func (w *wire) Write(b []byte) int {
	w.out = append(w.out, b...)
	return len(b)
}

// unhex reads "01 03 00".
func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
