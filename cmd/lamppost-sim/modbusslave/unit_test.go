package modbusslave

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// Whole exchanges, each from the manual or forum named in the datasheet notes;
// their checksums were computed apart from this code.
func TestAnswerVectors(t *testing.T) {
	weather := &fixed{values: map[string]float64{"wind_speed": 2.5, "force": 1, "sector": 2, "wind_dir": 90, "rh": 62.1, "temp": 23.5, "noise": 50,
		"pm2_5": 12, "pm10": 23, "pressure": 1012, "illuminance": 25000, "light": 25000, "rain": 1.2, "radiation": 450}}
	keller := func(channel string, at uint16, v float64) *Unit {
		return unit(t, 1, "river", &fixed{values: map[string]float64{channel: v}},
			Register{Channel: channel, Function: 3, Address: at, Type: Float32, Scale: 1, Resolution: 0.0001})
	}
	seventeen := unit(t, 17, "plc", &fixed{values: map[string]float64{"a": 44609, "b": 22098, "c": 17216}},
		Register{Channel: "a", Function: 3, Address: 107, Type: Uint16, Scale: 1},
		Register{Channel: "b", Function: 3, Address: 108, Type: Uint16, Scale: 1},
		Register{Channel: "c", Function: 3, Address: 109, Type: Uint16, Scale: 1})
	for _, c := range []struct {
		name          string
		unit          *Unit
		request, want string
		truth         string
	}{
		{"XY-MD02 one register", thermometer(t, &fixed{values: map[string]float64{"temp": 30.5}}), "01 04 00 01 00 01 60 0A", "01 04 02 01 31 79 74", "temp=30.5"},
		{"XY-MD02 both", thermometer(t, &fixed{values: map[string]float64{"temp": 30.5, "rh": 54.6}}), "01 04 00 01 00 02 20 0B", "01 04 04 01 31 02 22 2A CE", "temp=30.5 rh=54.6"},
		{"below zero", thermometer(t, &fixed{values: map[string]float64{"temp": -10.1}}), "01 04 00 01 00 01 60 0A", "01 04 02 FF 9B B9 6B", "temp=-10.1"},
		{"0x01F4 weather", louver(t, weather), "01 03 01 F4 00 10 04 08",
			"01 03 20 00 19 00 01 00 02 00 5A 02 6D 00 EB 01 F4 00 0C 00 17 03 F4 00 00 61 A8 00 FA 00 0C 01 C2 00 00 3B EA",
			"wind_speed=2.5 force=1 sector=2 wind_dir=90 rh=62.1 temp=23.5 noise=50 pm2_5=12 pm10=23 pressure=1012 illuminance=25000 light=25000 rain=1.2 radiation=450 spare=0"},
		{"SDM voltage", meter(t, &fixed{values: map[string]float64{"voltage": 230.2}}), "01 04 00 00 00 02 71 CB", "01 04 04 43 66 33 33 5A FA", "voltage=230.2"},
		{"SDM power", meter(t, &fixed{values: map[string]float64{"power": 1234}}), "01 04 00 0C 00 02 B1 C8", "01 04 04 44 9A 40 00 FE 9B", "power=1234"},
		{"Keller P1", keller("p1", 2, 1.2345), "01 03 00 02 00 02 65 CB", "01 03 04 3F 9E 04 19 54 C3", "p1=1.2345"},
		{"Keller TOB1", keller("tob1", 8, 23), "01 03 00 08 00 02 45 C9", "01 03 04 41 B8 00 00 6E 2A", "tob1=23"},
		{"textbook", seventeen, "11 03 00 6B 00 03 76 87", "11 03 06 AE 41 56 52 43 40 49 AD", "a=44609 b=22098 c=17216"},
		{"too many registers", meterHolding(t), "01 03 00 00 00 7E C5 EA", "01 83 03 01 31", ""},
		{"illegal address", meterHolding(t), "01 03 10 00 00 01 80 CA", "01 83 02 C0 F1", ""},
		{"illegal function", meterHolding(t), "01 07 41 E2", "01 87 01 82 30", ""},
		{"a write is refused", meterHolding(t), "01 06 00 01 00 03 98 0B", "01 86 01 83 A0", ""},
		{"half a number is no value", meter(t, &fixed{values: map[string]float64{"voltage": 230.2}}), "01 04 00 00 00 01 31 CA", "01 04 02 43 66 08 2A", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			frame, more := request(unhex(t, c.request))
			if more || frame == nil {
				t.Fatalf("request(%s) took %v, more %v", c.request, frame, more)
			}
			pdu, lines := c.unit.answer(frame[1 : len(frame)-2])
			if got := seal(append([]byte{c.unit.Address}, pdu...)); string(got) != string(unhex(t, c.want)) {
				t.Errorf("answer = % X\nwant     %s", got, c.want)
			}
			var got []string
			for _, l := range lines {
				got = append(got, fmt.Sprintf("%s=%v", l.Channel, l.V))
			}
			if text := strings.Join(got, " "); text != c.truth {
				t.Errorf("truth %s\nwant  %s", text, c.truth)
			}
		})
	}
}

func meterHolding(t *testing.T) *Unit {
	return unit(t, 1, "m", &fixed{}, Register{Channel: "a", Function: 3, Address: 0, Type: Uint16, Scale: 1},
		Register{Channel: "b", Function: 3, Address: 500, Type: Uint16, Scale: 1})
}

// Some parts serve only a few registers at a time.
func TestLimit(t *testing.T) {
	u := louver(t, &fixed{})
	u.Limit = 8
	for count, want := range map[byte]int{8: 2 + 16, 9: 2} {
		if pdu, _ := u.answer([]byte{3, 1, 0xF4, 0, count}); len(pdu) != want {
			t.Errorf("%d registers of at most 8: % X", count, pdu)
		}
	}
}

func TestRequest(t *testing.T) {
	read := unhex(t, "01 03 00 6B 00 03 74 17")
	coils := unhex(t, "01 0F 00 13 00 0A 02 CD 01 72 CB")
	registers := unhex(t, "01 10 00 01 00 02 04 00 0A 01 02 92 30")
	both := unhex(t, "01 17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF 46 91")
	for _, whole := range [][]byte{read, coils, registers, both} {
		for n := range whole {
			if frame, more := request(whole[:n]); frame != nil || !more {
				t.Errorf("request(% X) = % X, more %v; want to wait", whole[:n], frame, more)
			}
		}
		if frame, _ := request(append(append([]byte(nil), whole...), 0xAA)); string(frame) != string(whole) {
			t.Errorf("request(% X AA) = % X", whole, frame)
		}
		torn := append([]byte(nil), whole...)
		torn[len(torn)-1] ^= 1
		if frame, more := request(torn); frame != nil || more {
			t.Errorf("request(% X) with a wrong checksum = % X, more %v", torn, frame, more)
		}
	}
	if frame, more := request(make([]byte, 300)); frame != nil || more {
		t.Errorf("300 zeros: % X, more %v", frame, more)
	}
}

func TestChecksum(t *testing.T) {
	if got := checksum([]byte("123456789")); got != 0x4B37 {
		t.Errorf("checksum = %04X, want 4B37", got)
	}
}

// Whatever a master sends: an answer is sealed, short enough, and an exception or
// as many registers as were asked for.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{"01 04 00 01 00 01 60 0A", "01 03 00 00 00 7E C5 EA", "01 07 41 E2", "01 17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF 46 91"} {
		f.Add(unhex(f, s))
	}
	u := thermometer(f, &fixed{values: map[string]float64{"temp": 30.5, "rh": 54.6}})
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, more := request(b)
		if frame == nil {
			return
		}
		if more || !sealed(frame) || len(frame) > len(b) {
			t.Fatalf("request(% X) = % X, more %v", b, frame, more)
		}
		pdu, lines := u.answer(frame[1 : len(frame)-2])
		switch {
		case len(pdu) == 2 && pdu[0] == frame[1]|0x80 && lines == nil:
		case len(pdu) == 2+int(pdu[1]) && int(pdu[1]) == 2*int(frame[5]) && len(pdu) <= 253:
		default:
			t.Errorf("request % X is answered % X with %d values", frame, pdu, len(lines))
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	u := louver(b, &fixed{values: map[string]float64{"temp": 23.5, "rain": 1.2}})
	pdu := []byte{3, 1, 0xF4, 0, 16}
	b.ReportAllocs()
	for b.Loop() {
		answer, _ := u.answer(pdu)
		if len(seal(append([]byte{1}, answer...))) != 37 {
			b.Fatal("wrong length")
		}
	}
}

// A register that keeps what it is told says it afterwards; others are no settings.
func TestSettings(t *testing.T) {
	u := thermometer(t, &fixed{values: map[string]float64{"temp": 20}})
	u.Settings = map[uint16]uint16{0x1F: 180}
	for _, c := range []struct{ name, request, want string }{
		{"as it is delivered", "03001F0001", "030200B4"},
		{"written", "06001F0030", "06001F0030"},
		{"read again", "03001F0001", "03020030"},
		{"two at once", "03001F0002", "8301"},
		{"another register", "0600200030", "8601"},
	} {
		request, err := hex.DecodeString(c.request)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := u.answer(request); strings.ToUpper(hex.EncodeToString(got)) != c.want {
			t.Errorf("%s: %s is answered with %X, want %s", c.name, c.request, got, c.want)
		}
	}
}
