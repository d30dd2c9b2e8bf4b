package nmea0183

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func timeout(t *testing.T, p *drivers.Plan) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), p.Timeout)
}

// line is a sentence with its checksum, of a body without one.
func line(body string) []byte {
	const hex = "0123456789ABCDEF"
	sum := xor([]byte(body))
	return []byte("$" + body + "*" + string(hex[sum>>4]) + string(hex[sum&15]) + "\r\n")
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		in   string
		want sentence
	}{
		{"$WIMWV,39,R,1.3,M,A*06\r\n", sentence{"WI", "MWV", []string{"39", "R", "1.3", "M", "A"}}},
		{"$IIWIQ,MWV*2F\r\n", sentence{"II", "WIQ", []string{"MWV"}}}, // a question that somebody asks
		{string(line("PUBX,00")), sentence{"P", "UBX", []string{"00"}}},
		{string(line("GPTXT")), sentence{"GP", "TXT", nil}},
		{string(line("GPTXT,")), sentence{"GP", "TXT", []string{""}}},
	} {
		got, ok := decode([]byte(c.in))
		if !ok || got.talker != c.want.talker || got.kind != c.want.kind || !slices.Equal(got.fields, c.want.fields) {
			t.Errorf("decode(%q) = %+v, %v", c.in, got, ok)
		}
	}
	for name, in := range map[string]string{
		"nothing": "", "a head": "$", "an end": "*00\r\n", "no checksum": "$WIMWV,39,R,1.3,M,A\r\n", "a wrong one": "$WIMWV,39,R,1.3,M,A*07\r\n",
		"no CR": "$WIMWV,39,R,1.3,M,A*06\n", "no LF": "$WIMWV,39,R,1.3,M,A*06\r", "no hexadecimal digit": "$WIMWV,39,R,1.3,M,A*0G\r\n",
		"an address of four": string(line("WIMW,1")), "two stars": string(line("WIMWV,*,1")), "more behind it": "$WIMWV,39,R,1.3,M,A*06\r\n\r\n",
		"encapsulated": "!" + string(line("AIVDM,1")[1:]),
	} {
		if s, ok := decode([]byte(in)); ok {
			t.Errorf("%s: %q is decoded to %+v", name, in, s)
		}
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]float64{"1": 1, "-5.2": -5.2, "+.5": 0.5, "3.": 3, "011.63": 11.63, "0": 0} {
		if v := number(text); v.number == nil {
			t.Errorf("%q is no number", text)
		} else if f, _ := v.number.Float64(); f != want {
			t.Errorf("%q reads %v", text, f)
		}
	}
	for _, text := range []string{"", ".", "-", "1e5", "0x1", "1.2.3", "1-2", "NaN", "1/3", "1_000", strings.Repeat("1", 21)} {
		if v := number(text); v.number != nil {
			t.Errorf("%q reads %v", text, v.number)
		}
	}
}

func TestDegrees(t *testing.T) {
	for _, c := range []struct {
		field, hemisphere string
		want              float64 // NaN: none
	}{
		{"4807.038", "N", 48.1173}, {"4807.038", "S", -48.1173}, {"0000.000", "N", 0}, {"0959.9999", "N", 9.999998333333334},
		{"4860.0", "N", math.NaN()}, {"4807.038", "", math.NaN()}, {"", "N", math.NaN()}, {"-4807.038", "N", math.NaN()}, {"4807.038", "E", math.NaN()},
	} {
		v := degrees(c.field, c.hemisphere, "N", "S")
		if v.number == nil != math.IsNaN(c.want) {
			t.Errorf("degrees(%s %s) = %v", c.field, c.hemisphere, v)
			continue
		}
		if v.number == nil {
			continue
		}
		if f, _ := v.number.Float64(); f != c.want {
			t.Errorf("degrees(%s %s) = %v, want %v", c.field, c.hemisphere, f, c.want)
		}
	}
}

// FuzzDecode holds that what is accepted is reproduced byte for byte, but for the case
// of its checksum.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{"GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,", "GNRMC,081836.00,V,,,,,,,060724,,,N", "WIXDR,P,1021.3,H,0,C,23.4,C,0", "PUBX,00", "GPTXT"} {
		f.Add(line(body))
	}
	f.Add([]byte("$WIMWV,,R,,M,V*37\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := decode(b)
		if !ok {
			return
		}
		got := s.append(nil)
		if n := len(b) - tail; !bytes.Equal(got[:n], b[:n]) || !strings.EqualFold(string(got[n:]), string(b[n:])) {
			t.Errorf("decode(%q) then append gives %q", b, got)
		}
	})
}

// FuzzSources holds that no sentence makes a reading that breaks the contract: a value
// is a number within the channel's range, or flagged, or not there at all.
func FuzzSources(f *testing.F) {
	for _, body := range []string{"GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,", "GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W",
		"WIMWV,214.8,R,0.1,K,A", "IIMWD,270.0,T,265.0,M,9.7,N,5.0,M", "WIXDR,P,1021.3,H,0,C,23.4,C,0,H,46.1,P,0", "WIXDR,V,0.25"} {
		f.Add(body)
	}
	var all []source
	for _, wind := range []string{relative, trueWind} {
		o := options{Wind: wind, North: 90, Transducer: "0"}
		for _, set := range o.sets() {
			all = append(all, set...)
		}
	}
	f.Fuzz(func(t *testing.T, body string) {
		s, ok := decode(line(body))
		if !ok {
			return
		}
		for _, src := range all {
			v, ok := src.in(s)
			if !ok {
				continue
			}
			r := v.reading(src.Channel)
			missing, outside := r.Quality.Flag == obs.Missing, r.Value < src.Min || r.Value > src.Max
			if missing != math.IsNaN(r.Value) || outside && r.Quality.Usable() {
				t.Errorf("%q: %s reads %+v", body, src.Name, r)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	gga := line("GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,")
	sources := append(positionSources(), fixSources()...)
	b.SetBytes(int64(len(gga)))
	b.ReportAllocs()
	for b.Loop() {
		s, _, _, ok := format.Next(gga)
		if !ok {
			b.Fatal("not decoded")
		}
		for _, src := range sources {
			if v, ok := src.in(s); !ok || v.number == nil {
				b.Fatal(src.Name)
			}
		}
	}
	b.ReportMetric(float64(b.N)*5/b.Elapsed().Seconds(), "readings/s")
}
