package ezo

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct{ name, good, other string }{{"pH", "ph", "ph-beyond"}, {"oxygen at a temperature", "do-both", "do-beyond"}} {
		t.Run(c.name, func(t *testing.T) {
			drivertest.Run(t, drivertest.Config{
				Kind:      Kind(),
				Good:      drivertest.Load(t, "testdata/"+c.good+".frame"),
				Beyond:    drivertest.Load(t, "testdata/"+c.other+".frame"),
				Knows:     identities(),
				Unguarded: "an answer is text without a checksum",
			})
		})
	}
}

// identities are what each circuit says to i.
func identities() (all []drivertest.Exchange) {
	for word, c := range circuits {
		all = append(all, drivertest.Exchange{Request: []byte("i\r"), Answer: []byte("?i," + c.calls + ",2.16\r*OK\r"), With: "type: " + word})
	}
	return all
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
	for src, want := range map[string]string{
		"type: co2":                           "type: \"co2\" is no circuit that is read; write one of do, ec, orp, ph, rtd",
		"{type: do, outputs: []}":             "outputs: ; write each that the part has enabled once: mg, percent",
		"{type: do, outputs: [mg, mg]}":       "outputs: mg, mg; write each",
		"{type: do, outputs: [mg, ppm]}":      "outputs: mg, ppm; write each",
		"{type: ec, outputs: [sg]}":           "outputs: none of them becomes a channel",
		"{type: orp, temperature: 20}":        "temperature: an EZO-ORP has no compensation",
		"{type: ph, temperature: 0}":          "temperature cannot be 0 °C; write 0.01 to 60 °C",
		"{type: ph, temperature: 19.5, t: 1}": "t",
	} {
		if _, err := planYAML(src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %q", src, err, want)
		}
	}
	p, err := planYAML("{type: ec, outputs: [salinity, sg, ec]}")
	if err != nil || len(p.Channels) != 2 || p.Channels[0].Name != "conductivity" || p.Channels[1].Name != "salinity" {
		t.Errorf("the channels are %+v, %v; want them in the part's order", p, err)
	}
}

// open opens a device on a line that answers each request after 900 ms, as the part
// does, and talks by itself as well where chunks say so.
func open(t *testing.T, options string, answers map[string]string, chunks ...drivertest.Chunk) (drivers.Driver, *drivertest.Port) {
	t.Helper()
	p, err := planYAML(options)
	if err != nil {
		t.Fatal(err)
	}
	port := drivertest.NewPort(chunks...)
	port.Answer = func(request []byte) []drivertest.Chunk {
		return []drivertest.Chunk{{At: 900 * time.Millisecond, Bytes: []byte(answers[string(request)])}}
	}
	d, err := p.OpenSerial(port)
	if err != nil {
		t.Fatal(err)
	}
	return d, port
}

const isPH = "?i,pH,1.98\r*OK\r"

// A circuit as it is delivered talks once a second. Whenever a sample begins, also in
// the middle of such a line, it takes the reading that *OK stands behind.
func TestContinuousMode(t *testing.T) {
	for offset := range 60 {
		synctest.Test(t, func(t *testing.T) {
			var own []drivertest.Chunk
			for s := range 4 {
				for i, c := range "6.111\r" {
					own = append(own, drivertest.Chunk{At: time.Duration(s)*time.Second + time.Duration(20+i)*time.Millisecond, Bytes: []byte{byte(c)}})
				}
			}
			d, _ := open(t, "type: ph", map[string]string{"R\r": "7.82\r*OK\r", "i\r": isPH}, own...)
			time.Sleep(time.Duration(offset) * time.Millisecond)
			if rs, err := d.Sample(t.Context()); err != nil || rs[0].Value != 7.82 {
				t.Errorf("begun after %d ms: %v, %v", offset, rs, err)
			}
		})
	}
}

// The end of an answer that came too late, cut off by the next sample, is not a value.
func TestTailOfALateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := []drivertest.Chunk{{At: 1600 * time.Millisecond, Bytes: []byte("7.")}, {At: 1602 * time.Millisecond, Bytes: []byte("82\r*OK\r")}}
		p, err := planYAML("type: ph")
		if err != nil {
			t.Fatal(err)
		}
		port := drivertest.NewPort()
		asked := 0
		port.Answer = func(request []byte) []drivertest.Chunk {
			if string(request) == "i\r" {
				return []drivertest.Chunk{{At: 300 * time.Millisecond, Bytes: []byte(isPH)}}
			}
			if asked++; asked == 1 {
				return late
			}
			return []drivertest.Chunk{{At: 900 * time.Millisecond, Bytes: []byte("6.5\r*OK\r")}}
		}
		d, err := p.OpenSerial(port)
		if err != nil {
			t.Fatal(err)
		}
		if rs, err := d.Sample(t.Context()); !errors.Is(err, drivers.ErrTimeout) {
			t.Fatalf("%v, %v before the answer", rs, err)
		}
		time.Sleep(101 * time.Millisecond) // between its two pieces
		if rs, err := d.Sample(t.Context()); err != nil || rs[0].Value != 6.5 {
			t.Errorf("%v, %v, want 6.5", rs, err)
		}
	})
}

func TestFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := map[string]string{"i\r": "?i,pH,1.98\r*OK\r"}
		d, _ := open(t, "type: ph", answers)
		facts, err := d.(drivers.Informant).Facts(t.Context())
		if want := []drivers.Fact{{Name: "circuit", Value: "EZO-pH"}, {Name: "firmware", Value: "1.98"}}; err != nil || !slices.Equal(facts, want) {
			t.Errorf("Facts = %v, %v", facts, err)
		}
		answers["i\r"] = "?i,D.O.,1.98\r*OK\r"
		if _, err := d.(drivers.Informant).Facts(t.Context()); !errors.Is(err, drivers.ErrWrongPart) {
			t.Errorf("Facts of another part: %v", err)
		}
	})
}

// A pH is a number as good as any oxygen: the part is asked what it is before the first
// sample and after one that failed, not between good ones. A damaged word is no other part.
func TestAnotherCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := map[string]string{"i\r": isPH, "R\r": "7.12\r*OK\r"}
		d, port := open(t, "type: do", answers)
		rs, err := d.Sample(t.Context())
		if !errors.Is(err, drivers.ErrWrongPart) || !strings.Contains(err.Error(), "EZO-pH, and type is DO") {
			t.Errorf("a pH circuit reads as %v, %v", rs, err)
		}
		answers["i\r"] = "?i,D.O.,1.98\r*OK\r"
		for range 2 {
			if rs, err := d.Sample(t.Context()); err != nil || rs[0].Value != 7.12 {
				t.Errorf("the right circuit reads as %v, %v", rs, err)
			}
		}
		if n := len(port.Written); n != 5 { // i i, i R R
			t.Errorf("%d commands: %q", n, port.Written)
		}
		delete(answers, "R\r")
		if _, err := d.Sample(t.Context()); !errors.Is(err, drivers.ErrTimeout) {
			t.Errorf("without an answer: %v", err)
		}
		answers["i\r"] = isPH
		if rs, err := d.Sample(t.Context()); !errors.Is(err, drivers.ErrWrongPart) {
			t.Errorf("exchanged for a pH circuit it reads as %v, %v", rs, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		d, port := open(t, "type: do", nil)
		words := []string{"?i,tO,1.98\r*OK\r", "?i,DO,1.98\r*OK\r", "7.12\r*OK\r"}
		port.Answer = func([]byte) []drivertest.Chunk {
			said := words[0]
			words = words[1:]
			return []drivertest.Chunk{{At: 300 * time.Millisecond, Bytes: []byte(said)}}
		}
		if rs, err := d.Sample(t.Context()); err != nil || rs[0].Value != 7.12 {
			t.Errorf("after a damaged word: %v, %v", rs, err)
		}
	})
}

// A sample writes a question and one command, and nothing that the part keeps.
func TestWritesNoSetting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, port := open(t, "{type: ph, temperature: 19.5}", map[string]string{"RT,19.5\r": "7.82\r*OK\r", "i\r": isPH})
		if _, err := d.Sample(t.Context()); err != nil || !slices.EqualFunc(port.Written, []string{"i\r", "RT,19.5\r"}, func(b []byte, s string) bool { return string(b) == s }) {
			t.Errorf("%q was written, %v", port.Written, err)
		}
	})
}

func TestClassify(t *testing.T) {
	for line, want := range map[string]class{
		"7.82": reading, "8.31,96.4": reading, "-12.5": reading, "0": reading, ".5": reading, "3.": reading,
		"*OK": code, "*WA": code, "?*OK,1": query, "?,O,%,mg": query, "no output": empty,
		"": garbled, "7.8.2": garbled, "8.31,": garbled, ",": garbled, "-": garbled, "1e5": garbled, "NaN": garbled, "7\x00": garbled, "+7": garbled, ".": garbled,
	} {
		if got := classify(line); got != want {
			t.Errorf("classify(%q) = %d, want %d", line, got, want)
		}
	}
}

// FuzzAnswer holds that whatever comes, an answer is done only by *OK, and a reading is a
// line of the input that consists of numbers, with nothing garbled between it and *OK.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{"7.82\r*OK\r", "?*OK,1\r", "?,O,%,mg\r*OK\r", "8.31,96.4\r", "*ER\r", "*WA\r*RE\r7.82\r*OK\r", "no output\r*OK\r", "\n82\r7.8x\r*OK\r"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, a := driver{buf: slices.Clone(b)}, answer{}
		if err := d.lines(&a); err != nil && drivers.FaultWord(err) == "error" {
			t.Fatalf("%q: %v is no fault", b, err)
		}
		if a.done && !strings.Contains(string(b), "*OK\r") {
			t.Fatalf("%q is done without *OK", b)
		}
		if a.reading == "" {
			return
		}
		values, ok := fields(a.reading)
		if !ok || !a.clean || !strings.Contains(string(b), a.reading+"\r") {
			t.Fatalf("%q reads %q", b, a.reading)
		}
		for i, text := range strings.Split(a.reading, ",") {
			if v, err := strconv.ParseFloat(text, 64); err != nil || v != values[i] || math.IsInf(v, 0) {
				t.Fatalf("%q: field %d is %v", b, i, values[i])
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	said := []byte("8.31,96.4\r*OK\r")
	c := circuits["do"]
	d := driver{circuit: c, outputs: c.outputs}
	b.SetBytes(int64(len(said)))
	b.ReportAllocs()
	for b.Loop() {
		var a answer
		d.buf = append(d.buf[:0], said...)
		if err := d.lines(&a); err != nil || !a.done {
			b.Fatal(err)
		}
		if rs, err := d.readings(a); err != nil || rs[1].Value != 96.4 {
			b.Fatal(rs, err)
		}
	}
	b.ReportMetric(float64(b.N)*2/b.Elapsed().Seconds(), "readings/s")
}
