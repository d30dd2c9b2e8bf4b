package drivertest

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/golden"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Part is a part as one test has it: how the device is configured, what the part
// answers, and what that must become.
type Part struct {
	Name    string // for messages
	Source  string // where the answer comes from: captured, published, constructed …
	Options string // YAML of the driver's own options; empty: none

	Frame []byte       // serial: one frame
	Asks  []byte       // serial: the request that Frame answers; nil: the part talks unasked
	Unit  Modbus       // modbus: its registers; copied for each test
	Page  http.Handler // http: its answers

	Chip   func() Chip                            // i2c: makes a fresh chip for each test
	Says   map[string]string                      // sdi12: the values to a measurement, and what it says of itself to I
	Files  map[string]string                      // w1: the slave's files
	Level  *bool                                  // input: whether the line is active, see Level
	Counts []drivers.PulseCount                   // pulse: what the counter says, call by call
	Child  func(question []byte) (lines [][]byte) // process: the program
	Board  func() *Host                           // host: makes a fresh board for each test

	Want      string // one reading per channel; the grammar is in the package comment
	WantFault string // the fault word instead
}

// Load reads a golden frame, or ends the test.
func Load(t testing.TB, path string) Part {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsePart(string(src))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	p.Name = strings.TrimSuffix(filepath.Base(path), ".frame")
	return p
}

func parsePart(src string) (Part, error) {
	f, err := golden.Parse(src)
	return Part{Source: f.Source, Options: f.Options, Asks: f.Asks, Frame: f.Frame, Want: f.Want, WantFault: f.WantFault}, err
}

// reading is what one channel must read.
type reading struct {
	channel string
	obs.Reading
}

// parseWant reads "pm1=0 pm2_5=35/fail/range pm10=none/warm-up".
func parseWant(s string) ([]reading, error) {
	var all []reading
	for _, f := range strings.Fields(s) {
		channel, text, ok := strings.Cut(f, "=")
		value, judgement, judged := strings.Cut(text, "/")
		flag, why, _ := strings.Cut(judgement, "/")
		if !ok {
			return nil, fmt.Errorf("want %q has no '='", f)
		}
		if value == "none" {
			all = append(all, reading{channel, obs.None(obs.Reason(judgement))})
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("want %q: %w", f, err)
		}
		r := reading{channel, obs.Of(v)}
		if judged {
			r.Quality = obs.Quality{Flag: flagNamed(flag), Why: obs.Reason(why)}
		}
		all = append(all, r)
	}
	return all, nil
}

func flagNamed(word string) obs.Flag {
	for _, f := range []obs.Flag{obs.Pass, obs.Suspect, obs.Fail, obs.Missing} {
		if f.String() == word {
			return f
		}
	}
	return obs.NotEvaluated
}

// compare says how readings differ from what is wanted: in number, in order, in
// value (exactly: a division gives 21.2 where a multiplication gives
// 21.200000000000003) or in quality.
func compare(channels []drivers.Channel, got []obs.Reading, want string) error {
	wanted, err := parseWant(want)
	if err != nil {
		return err
	}
	if len(got) != len(channels) {
		return fmt.Errorf("%d readings for %d channels", len(got), len(channels))
	}
	if len(got) != len(wanted) {
		return fmt.Errorf("%d readings, want %d (%s)", len(got), len(wanted), want)
	}
	for i, w := range wanted {
		switch g := got[i]; {
		case channels[i].Name != w.channel:
			return fmt.Errorf("channel %d is %s, want %s", i, channels[i].Name, w.channel)
		case math.IsNaN(g.Value) != (g.Quality.Flag == obs.Missing):
			return fmt.Errorf("%s is %v with flag %v; no value goes with missing and with nothing else", w.channel, g.Value, g.Quality.Flag)
		case g.Value != w.Value && !(math.IsNaN(g.Value) && math.IsNaN(w.Value)):
			return fmt.Errorf("%s is %v, want %v", w.channel, g.Value, w.Value)
		case g.Quality != w.Quality:
			return fmt.Errorf("%s is judged %q (%s), want %q (%s)", w.channel, g.Quality.Flag, g.Quality.Why, w.Quality.Flag, w.Quality.Why)
		}
	}
	return nil
}
