package modbus

import (
	"os"
	"strings"
	"testing"
)

// collected are Modbus answers from documents and from parts, with what they say, as
// they were collected before the profiles were written; and where each is tested: as a
// fixture of a profile, or in the codec.
var collected = []struct{ answer, says, where string }{
	{"11 03 06 AE 41 56 52 43 40 49 AD", "44609 22098 17216", "codec"},
	{"01 83 02 C0 F1", "exception 02", "codec"},
	{"01 17 0C 00 FE 0A CD 00 01 00 03 00 0D 00 FF 1D 79", "an answer to function 23", "codec"},
	{"01 03 04 00 02 00 5A DB C8", "sector 2, 90 deg", "rs-fx-n01"},
	{"01 03 02 02 18 B9 2E", "noise 53.6", "sm7901b"},
	{"02 03 02 00 25 3D 9F", "wind 3.7", "sen0483"},
	{"01 04 02 01 31 79 74", "temperature 30.5", "xy-md02"},
	{"01 04 02 FF 9B B9 6B", "temperature -10.1", "xy-md02"},
	{"01 03 04 00 F6 01 1F 5A 59", "temperature 24.6, humidity 28.7", "huawei-02312pbl"},
	{"01 03 08 00 00 C8 41 B8 1E 21 41 25 56", "temperature 25.0, pH 10.07", "phg-2091"},
	{"01 03 0A 00 00 C8 41 CD CC 2C 41 00 00 20 CD", "25.0, 10.8, error 0", "yosemitech-y511"},
	{"01 03 04 3F 9E 04 19 54 C3", "1.2345 bar", "keller-36xw"},
	{"01 03 04 99 9A 3F 99 25 1A", "1.2 m3/h", "tuf-2000m"},
	{"01 03 0E 09 59 4C 30 39 31 36 31 31 32 31 30 31 00 D9 90", "serial number YL0916112101", "yosemitech-y520"},
	{"01 04 14 08 D1 00 6C 00 00 00 F4 00 00 00 26 00 00 01 F4 00 64 00 00 51 34", "225.7 V, 0.108 A, 24.4 W, 38 Wh, 50.0 Hz, 1.00", "pzem-004t"},
	{"01 04 10 05 40 00 0A 00 0D 00 00 00 02 00 00 00 00 00 00 D6 29", "13.44 V, 0.10 A, 1.3 W, 2 Wh", "pzem-017"},
	{"01 04 04 43 66 33 33 5A FA", "230.2 V", "sdm120"},
	{"FE 04 08 00 00 00 00 00 00 01 9C 16 E3", "412 ppm, status 0", "senseair-s8"},
	{"01 03 20 00 19 00 01 00 02 00 5A 02 6D 00 EB 01 F4 00 0C 00 17 03 F4 00 00 61 A8 00 FA 00 0C 01 C2 00 00 3B EA", "a weather louver", "weather-01f4"},
	// Beyond the list: what the makers' sections print or what was constructed there.
	{"FE 04 08 00 20 00 00 00 00 00 00 36 D8", "status 0x0020", "senseair-s8"},
	{"01 04 04 0F A0 4E 20 CC CA", "4000 uA, 20000 uA", "waveshare-ai-8ch"},
	{"01 03 04 41 B8 00 00 6E 2A", "23.0 degC", "keller-36xw"},
	{"01 03 04 7F FF FF FF D2 67", "NaN: channel error", "keller-36xw"},
	{"01 03 02 04 D2 3A D9", "1234 mm", "lx-80"},
	{"01 03 0A 40 E6 66 66 00 11 00 91 00 00 E9 EC", "pH 7.2, quality 0", "aqua-troll-400"},
	{"01 04 06 06 5A 00 00 27 8D E3 6D", "16.26 degC, 1012.5 mbar", "leveline"},
	{"0C 03 04 04 D2 00 EB C7 B5", "123.4 mm, 23.5 degC", "urm14"},
	{"0F 03 02 FF FF D0 35", "no echo", "urm15"},
	{"01 03 02 00 25 79 9F", "3.7 m/s", "rs-fsjt-n01"},
	{"02 03 04 03 84 00 04 88 9D", "90.0 deg, sector 4", "sen0482"},
	{"01 04 04 01 31 02 22 2A CE", "30.5 degC, 54.6 %", "xy-md02"},
	{"01 04 02 7F FF D9 40", "not available", "wxt530"},
	{"01 04 04 44 9A 40 00 FE 9B", "1234.0 W", "sdm120"},
	{"01 03 04 00 01 5F 90 92 6F", "900.00 W/m2", "sr05-d1a3"},
	{"01 03 08 02 A3 02 A0 00 03 00 FB B7 7C", "675 W/m2, 25.1 degC", "smp10"},
}

// TestCollectedAnswersAreTested: none of them was forgotten.
func TestCollectedAnswersAreTested(t *testing.T) {
	p := builtIn(t)
	codec, err := os.ReadFile("../codec/modbus/vectors_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range collected {
		if c.where == "codec" {
			if !strings.Contains(string(codec), c.answer) {
				t.Errorf("%s (%s) is in no test of the codec", c.answer, c.says)
			}
			continue
		}
		f, ok := p.Get(c.where)
		if !ok {
			t.Errorf("there is no profile %s", c.where)
			continue
		}
		found := false
		for _, x := range f.Fixtures {
			found = found || strings.Join(strings.Fields(x.Response), " ") == c.answer
		}
		if !found {
			t.Errorf("%s (%s) is no fixture of %s", c.answer, c.says, c.where)
		}
	}
}

// TestSwappedChecksumIsRefused: the bytes of a CRC in the wrong order.
func TestSwappedChecksumIsRefused(t *testing.T) {
	if _, err := ParseExchange("01 03 00 00 00 02 C4 0B", "01 03 04 00 02 00 5A C8 DB"); err == nil || !strings.HasPrefix(err.Error(), "response: ") {
		t.Errorf("got %v", err)
	}
}
