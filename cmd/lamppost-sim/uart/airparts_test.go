package uart

import (
	"bytes"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// exchange is what a part is asked, and what it says to that; empty: nothing.
type exchange struct{ asks, says string }

// hold gives a part power, lets it warm up, and goes through exchanges.
func hold(t *testing.T, part Hearer, warm time.Duration, s Source, exchanges ...exchange) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if p, ok := part.(Starter); ok {
			p.Start()
		}
		time.Sleep(warm)
		for _, x := range exchanges {
			if got := ask(t, part, s, unhex(t, x.asks)); !bytes.Equal(got, unhex(t, x.says)) {
				t.Errorf("%s is answered with\n% X, want\n%s", x.asks, got, x.says)
			}
		}
	})
}

// ask gives a part a request byte by byte, as a slow line does, and returns all that it
// says to it.
func ask(t *testing.T, part Hearer, s Source, request []byte) (said []byte) {
	t.Helper()
	var held []byte
	for _, c := range request {
		held = append(held, c)
		for len(held) > 0 {
			used, says := part.Hear(held, s)
			for _, x := range says {
				said = append(said, x.Bytes...)
			}
			if used == 0 {
				break
			}
			held = held[used:]
		}
	}
	return said
}

// The commands and their answers are those of the manual; several sources list the
// answers, and not every unit sends them.
func TestPMSCommands(t *testing.T) {
	air := &fixed{values: map[string]float64{"pm1": 5, "pm2_5": 13, "pm10": 22, "particles_0_3": 765, "particles_0_5": 252,
		"particles_1": 29, "particles_2_5": 15, "particles_5": 6, "particles_10": 6}}
	const frame = "42 4D 00 1C 00 05 00 0D 00 16 00 05 00 0D 00 16 02 FD 00 FC 00 1D 00 0F 00 06 00 06 97 00 03 C5"
	p := new(PMS5003)
	hold(t, p, time.Minute, air,
		exchange{"42 4D E2 00 00 01 71", ""}, // it is in active mode
		exchange{"42 4D E1 00 00 01 70", "42 4D 00 04 E1 00 01 74"},
		exchange{"42 4D E2 00 00 01 71", frame},
		exchange{"42 4D E2 00 00 01 72", ""}, // a wrong sum
		exchange{"00 42 42 4D E2 00 00 01 71", frame},
		exchange{"42 4D E1 00 01 01 71", "42 4D 00 04 E1 01 01 75"},
		exchange{"42 4D E1 00 00 01 70", "42 4D 00 04 E1 00 01 74"},
		exchange{"42 4D E4 00 00 01 73", "42 4D 00 04 E4 00 01 77"},
		exchange{"42 4D E2 00 00 01 71", ""}, // it sleeps
		exchange{"42 4D E4 00 01 01 74", ""}, // waking is not acknowledged
	)
	if p.Pause() == 0 {
		t.Error("woken, it is not in active mode")
	}
}

func TestPMSStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(PMS5003)
		p.Start()
		zeros := unhex(t, "42 4D 00 1C 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 AB")
		if frame, lines := p.Frame(&fixed{}); !bytes.Equal(frame, zeros) || lines != nil {
			t.Errorf("while its fan starts it says % X, %v", frame, lines)
		}
		time.Sleep(fanStarts)
		if frame, lines := p.Frame(&fixed{}); bytes.Equal(frame, zeros) || len(lines) != 3 {
			t.Errorf("with its fan running it says % X, %v", frame, lines)
		}
	})
}

// The commands are published, the acknowledgements of sleep and query mode were
// computed from the protocol sheet, and the data frame of A1 60 is published.
func TestSDS011Commands(t *testing.T) {
	air := &fixed{values: map[string]float64{"pm2_5": 123.6, "pm10": 261.8}}
	const data = "AA C0 D4 04 3A 0A A1 60 1D AB"
	hold(t, &SDS011{ID: 0xA160}, time.Minute, air,
		exchange{"AA B4 02 01 01 00 00 00 00 00 00 00 00 00 00 FF FF 02 AB", "AA C5 02 01 01 00 A1 60 05 AB"},
		exchange{"AA B4 04 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 02 AB", data},
		exchange{"AA B4 04 00 00 00 00 00 00 00 00 00 00 00 00 A1 60 05 AB", data},
		exchange{"AA B4 04 00 00 00 00 00 00 00 00 00 00 00 00 A1 61 06 AB", ""}, // another sensor
		exchange{"AA B4 04 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 03 AB", ""}, // a wrong sum
		exchange{"AA B4 02 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 00 AB", "AA C5 02 00 01 00 A1 60 04 AB"},
		exchange{"AA B4 06 01 00 00 00 00 00 00 00 00 00 00 00 FF FF 05 AB", "AA C5 06 01 00 00 A1 60 08 AB"},
		exchange{"AA B4 04 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 02 AB", ""}, // it sleeps
		exchange{"AA B4 06 01 01 00 00 00 00 00 00 00 00 00 00 FF FF 06 AB", "AA C5 06 01 01 00 A1 60 09 AB"},
		exchange{"AA B4 04 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 02 AB", "AA C0 00 00 00 00 A1 60 01 AB"}, // just awake
		exchange{"AA B4 08 01 05 00 00 00 00 00 00 00 00 00 00 FF FF 0C AB", "AA C5 08 01 05 00 A1 60 0F AB"},
		exchange{"AA B4 08 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 06 AB", "AA C5 08 00 05 00 A1 60 0E AB"},
		exchange{"AA B4 07 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 05 AB", "AA C5 07 0F 07 0A A1 60 28 AB"},
		exchange{"AA B4 05 00 00 00 00 00 00 00 00 00 00 B0 B1 A1 60 67 AB", "AA C5 05 00 00 00 B0 B1 66 AB"},
	)
}

func TestSDS011Frames(t *testing.T) {
	for _, c := range []struct {
		id         uint16
		pm25, pm10 float64
		want       string
	}{
		{0x58D9, 0.6, 0.6, "AA C0 06 00 06 00 58 D9 3D AB"}, // captured
		{0x58D9, 0.9, 0.9, "AA C0 09 00 09 00 58 D9 43 AB"}, // captured
		{0xA160, 123.6, 261.8, "AA C0 D4 04 3A 0A A1 60 1D AB"},
	} {
		got, lines := (&SDS011{ID: c.id}).Frame(&fixed{values: map[string]float64{"pm2_5": c.pm25, "pm10": c.pm10}})
		if !bytes.Equal(got, unhex(t, c.want)) || len(lines) != 2 || lines[0].V != c.pm25 {
			t.Errorf("% X, %+v, want %s", got, lines, c.want)
		}
	}
}

// In a working period of five minutes it reports for thirty seconds, and then is
// silent until the period ends.
func TestSDS011WorkingPeriod(t *testing.T) {
	answering(t, &SDS011{}, map[string]float64{"pm2_5": 5}, func(_ *fixed, p *pipe, n *ledger) {
		p.to <- unhex(t, "AA B4 08 01 05 00 00 00 00 00 00 00 00 00 00 FF FF 0C AB")
		p.said(2 * time.Second)
		for range 2 {
			if got := len(p.said(28*time.Second)) / 10; got < 26 || got > 29 {
				t.Errorf("%d frames while it works", got)
			}
			if got := len(p.said(269*time.Second)) / 10; got > 1 {
				t.Errorf("%d frames while its fan stands still", got)
			}
			p.said(3 * time.Second)
		}
	})
}

// The requests are published; the answers were computed from the manual's layout, one of
// them so that its checksum is nought.
func TestMHZ19(t *testing.T) {
	const read = "FF 01 86 00 00 00 00 00 79"
	for ppm, want := range map[float64]string{
		636: "FF 86 02 7C 40 00 00 00 BC",
		544: "FF 86 02 20 40 00 00 00 18",
		400: "FF 86 01 90 40 00 00 00 A9",
		313: "FF 86 01 39 40 00 00 00 00",
	} {
		hold(t, new(MHZ19), 3*time.Minute, &fixed{values: map[string]float64{"co2": ppm}}, exchange{read, want})
	}
	full := &fixed{values: map[string]float64{"co2": 4000}}
	hold(t, new(MHZ19), 179*time.Second, full, exchange{read, "FF 86 01 9A 40 00 00 00 9F"}) // not ready: 410
	hold(t, &MHZ19{WarmUp: time.Minute}, time.Minute, full,
		exchange{read, "FF 86 0F A0 40 00 00 00 8B"},
		exchange{"FF 01 86 00 00 00 00 00 78", ""},
		exchange{"FF 01 87 00 00 00 00 00 78", ""}, // zero calibration is not answered
		exchange{"FF 01 99 00 00 00 07 D0 8F", ""},
		exchange{read, "FF 86 07 D0 40 00 00 00 63"}) // 2000 is the end of the range
}

// The frames are published, or constructed after a published one.
func TestZEFrames(t *testing.T) {
	for _, c := range []struct {
		part  ZE
		value float64
		want  string
	}{
		{ZE{Gas: 0x04, Unit: 3, Decimals: 1, Range: 5000, Steps: 10}, 3.7, "FF 04 03 01 00 25 13 88 38"},
		{ZE{Gas: 0x17, Unit: 4, Range: 5000, Steps: 1}, 37, "FF 17 04 00 00 25 13 88 25"},
		{ZE{Gas: 0x04, Unit: 4, Range: 12500, Steps: 1}, 0, "FF 04 04 00 00 00 30 D4 F4"},
		{ZE{Gas: 0x2A, Unit: 4, Range: 10000, Steps: 1}, 120, "FF 2A 04 00 00 78 27 10 23"},
		{ZE{Gas: 0x2B, Unit: 4, Range: 20000, Steps: 1}, 25, "FF 2B 04 00 00 19 4E 20 4A"},
	} {
		c.part.Channel = "gas"
		got, lines := c.part.Frame(&fixed{values: map[string]float64{"gas": c.value}})
		if !bytes.Equal(got, unhex(t, c.want)) || lines[0].V != c.value {
			t.Errorf("% X, %+v, want %s", got, lines, c.want)
		}
	}
}

func TestZEModes(t *testing.T) {
	const read = "FF 01 86 00 00 00 00 00 79"
	air := &fixed{values: map[string]float64{"hcho": 42}}
	ze07 := &ZE{Gas: 0x17, Unit: 4, Range: 5000, Channel: "hcho", Steps: 32.0 / 42, Mass: 1}
	hold(t, ze07, 0, air, exchange{"FF 01 78 41 00 00 00 00 46", ""}, exchange{read, "FF 86 00 2A 00 00 00 20 30"})
	if ze07.Pause() != 0 {
		t.Error("told to be asked it talks on")
	}
	hold(t, ze07, 0, air, exchange{"FF 01 78 41 00 00 00 00 46", ""}, exchange{"FF 01 78 40 00 00 00 00 47", ""})
	if ze07.Pause() != time.Second {
		t.Error("told to talk it waits to be asked")
	}
	ze03 := &ZE{Old: true, Gas: 4, Unit: 3, Range: 1000, Channel: "hcho", Steps: 1}
	hold(t, ze03, 0, air, exchange{"FF 01 78 41 00 00 00 00 46", ""})
	if ze03.Pause() != time.Second {
		t.Error("a ZE03 takes the words of the others")
	}
	hold(t, ze03, 0, air, exchange{"FF 01 78 04 00 00 00 00 83", ""}, exchange{read, "FF 86 00 2A 00 00 00 00 50"})
	if ze03.Pause() != 0 {
		t.Error("a ZE03 talks on")
	}
	hold(t, ze03, 0, air, exchange{"FF 01 78 04 00 00 00 00 83 FF 01 78 03 00 00 00 00 84", ""})
	if ze03.Pause() != time.Second {
		t.Error("a ZE03 waits to be asked")
	}
}

func TestZPHS01B(t *testing.T) {
	part := &ZPHS01B{
		Before: []Count{{"pm1", 1, 0}, {"pm2_5", 1, 0}, {"pm10", 1, 0}, {"co2", 1, 0}}, Grade: "grade",
		After: []Count{{"temp", 10, 500}, {"rh", 1, 0}, {"hcho", 1, 0}, {"co", 10, 0}, {"o3", 100, 0}, {"no2", 100, 0}},
	}
	const read = "FF 01 86 00 00 00 00 00 79"
	hold(t, part, 3*time.Minute, &fixed{values: map[string]float64{"pm1": 12, "pm2_5": 18, "pm10": 25, "co2": 612, "grade": 1,
		"temp": 23.5, "rh": 48, "hcho": 15, "co": 0.7, "o3": 0.03, "no2": 0.02}},
		exchange{read, "FF 86 00 0C 00 12 00 19 02 64 01 02 DF 00 30 00 0F 00 07 00 03 00 02 00 00 B0"})
	hold(t, part, 3*time.Minute, &fixed{values: map[string]float64{"pm2_5": 3, "pm10": 5, "co2": 418, "temp": -3.5, "rh": 61, "co": 0.2, "o3": 0.01}},
		exchange{read, "FF 86 00 00 00 03 00 05 01 A2 00 01 D1 00 3D 00 00 00 02 00 01 00 00 00 00 BD"},
		exchange{"FF 01 87 00 00 00 00 00 78", ""})
}

func TestZPHS01C(t *testing.T) {
	part := &ZPHS01C{Words: []Count{{"co2", 1, 0}, {"hcho", 1, 0}, {"rh", 10, 0}, {"temp", 10, 500}, {"pm2_5", 1, 0}}}
	hold(t, part, 0, &fixed{values: map[string]float64{"co2": 410, "hcho": 103, "rh": 49, "temp": 27.2, "pm2_5": 54}},
		exchange{"11 02 01 00 EC", "16 0B 01 01 9A 00 67 01 EA 03 04 00 36 B4"},
		exchange{"11 02 01 00 ED", ""},
		exchange{"00 11 02 01 00 EC", "16 0B 01 01 9A 00 67 01 EA 03 04 00 36 B4"},
		exchange{"11 03 03 01 90 58", "16 01 03 E6"},
		exchange{"11 03 0C 02 1E C0", "16 02 0C 02 DA"},
		exchange{"11 03 0C 01 1E C1", "16 02 0C 01 DB"})
}

// The measured values are captures; the other exchanges are published, or computed from
// the datasheet's layout.
func TestSPS30(t *testing.T) {
	channels := make([]string, 10)
	for i := range channels {
		channels[i] = fmt.Sprint("v", i)
	}
	const (
		start = "7E 00 00 02 01 03 F9 7E"
		read  = "7E 00 03 00 FC 7E"
		wake  = "7E 00 7D 31 00 EE 7E"
	)
	for _, want := range []string{
		"7E 00 03 00 28 40 A7 83 20 41 17 77 BB 41 4A 5F 83 41 54 8D DD 41 D2 83 3E 42 7D 33 FC 85 42 26 17 22 42 29 A4 D9 42 2A 29 BC 3F 55 B7 E7 9E 7E",
		"7E 00 03 00 28 40 DF 03 DA 41 7D 31 62 AE 41 27 9E 32 41 2C 10 7D 5E 42 30 7D 5E D3 42 55 C0 4C 42 5E 09 08 42 5F A2 8A 42 5F E4 43 3F 40 FA 1F FF 7E",
		"7E 00 03 00 28 41 06 B1 47 41 26 09 7D 5D 41 39 24 19 41 3C F6 37 42 5B 61 D6 42 82 85 77 42 86 2D AD 42 86 E0 CA 42 86 FF 03 3F 3D 19 E5 5B 7E",
	} {
		body, ok := unstuff(unhex(t, want))
		if !ok {
			t.Fatal(want)
		}
		values := map[string]float64{}
		for i, channel := range channels {
			bits := uint32(0)
			for _, c := range body[5+4*i:][:4] {
				bits = bits<<8 | uint32(c)
			}
			values[channel] = float64(math.Float32frombits(bits))
		}
		part := &SPS30{Channels: channels}
		hold(t, part, 0, &fixed{values: values},
			exchange{read, "7E 00 03 43 00 B9 7E"}, // it does not measure
			exchange{start, "7E 00 00 00 00 FF 7E"},
			exchange{start, "7E 00 00 43 00 BC 7E"},
			exchange{read, "7E 00 03 00 00 FC 7E"}) // nothing yet
		synctest.Test(t, func(t *testing.T) {
			part.Start()
			ask(t, part, &fixed{}, unhex(t, start))
			time.Sleep(time.Second)
			if got := ask(t, part, &fixed{values: values}, unhex(t, read)); !bytes.Equal(got, unhex(t, want)) {
				t.Errorf("% X\nwant %s", got, want)
			}
			if got := ask(t, part, &fixed{values: values}, unhex(t, read)); !bytes.Equal(got, unhex(t, "7E 00 03 00 00 FC 7E")) {
				t.Errorf("read again within the second: % X", got)
			}
			for _, x := range []exchange{
				{"7E 00 10 00 EF 7E", "7E 00 10 43 00 AC 7E"}, // asleep only from rest
				{"7E 00 03 00 FD 7E", ""},                     // a wrong sum
				{"7E 00 80 01 00 7D 5E 7E", "7E 00 80 00 04 00 09 3A 80 B8 7E"},
				{"7E 00 55 00 AA 7E", "7E 00 55 02 00 A8 7E"}, // no such command
				{"7E 00 56 00 A9 7E", "7E 00 56 00 00 A9 7E"},
				{"7E 00 D1 00 2E 7E", "7E 00 D1 00 07 02 02 00 07 00 02 00 1A 7E"},
				{"7E 00 80 05 00 00 00 00 00 7A 7E 7E 7E FF", "7E 00 80 00 00 7F 7E"},
			} {
				if got := ask(t, part, &fixed{}, unhex(t, x.asks)); !bytes.Equal(got, unhex(t, x.says)) {
					t.Errorf("%s is answered with % X, want %s", x.asks, got, x.says)
				}
			}
			ask(t, part, &fixed{}, unhex(t, "7E 00 01 00 FE 7E"))
			ask(t, part, &fixed{}, unhex(t, "7E 00 10 00 EF 7E"))
			time.Sleep(time.Second)
			if got := ask(t, part, &fixed{}, unhex(t, wake)); len(got) != 0 {
				t.Errorf("the first of two wakings is answered with % X", got)
			}
			if got := ask(t, part, &fixed{}, unhex(t, wake)); !bytes.Equal(got, unhex(t, "7E 00 7D 31 00 00 EE 7E")) {
				t.Errorf("woken it says % X", got)
			}
		})
	}
	faulty := &SPS30{Channels: channels, Faulty: true}
	hold(t, faulty, 0, &fixed{}, exchange{start, "7E 00 00 80 00 7F 7E"})
}

// FuzzHear holds that no bytes make a part use more than there are, or say what nobody
// asked for: an answer follows a whole request only.
func FuzzHear(f *testing.F) {
	for _, s := range []string{"42 4D E2 00 00 01 71", "AA B4 04 00 00 00 00 00 00 00 00 00 00 00 00 FF FF 02 AB",
		"FF 01 86 00 00 00 00 00 79", "11 02 01 00 EC", "7E 00 00 02 01 03 F9 7E 7E 00 03 00 FC 7E", "7E 7D 7E"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, part := range []Hearer{new(PMS5003), new(SDS011), new(MHZ19), &ZE{Steps: 1}, new(ZPHS01B), new(ZPHS01C), new(SPS30)} {
			for held := b; len(held) > 0; {
				used, says := part.Hear(held, &fixed{})
				if used < 0 || used > len(held) || used < 4 && len(says) > 0 {
					t.Fatalf("%T uses %d of % X and says %v", part, used, held, says)
				}
				if used == 0 {
					break
				}
				held = held[used:]
			}
		}
	})
}
