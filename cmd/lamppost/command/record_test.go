package command

import (
	"encoding/json"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/drivers/bus/tape"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/relay"
)

// still is a part on which nothing happens.
type still map[string]float64

func (s still) Value(channel string) float64 { return s[channel] }
func (still) Mishap() scenario.Mishap        { return scenario.Mishap{} }

type nobody struct{}

func (nobody) Add(...truth.Line) {}

// hall serves an XY-MD02 whose identity can be asked, as unit 1 of a host, and returns
// a configuration file that has it.
func hall(t *testing.T) (path string) {
	t.Helper()
	unit, err := modbusslave.NewUnit(1, "hall", []modbusslave.Register{
		{Channel: "temp", Function: 4, Address: 1, Type: modbusslave.Int16, Scale: 0.1},
		{Channel: "rh", Function: 4, Address: 2, Type: modbusslave.Uint16, Scale: 0.1},
		{Channel: "serial", Function: 3, Address: 0, Type: modbusslave.Uint16, Scale: 1},
	}, still{"temp": 30.5, "rh": 54.6, "serial": 4711})
	must(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	served := make(chan error, 1)
	host := &modbusslave.Host{Units: []*modbusslave.Unit{unit}, Record: nobody{}}
	go func() { served <- host.Serve(t.Context(), ln) }()
	t.Cleanup(func() { must(t, <-served) })
	t.Chdir(t.TempDir())
	must(t, os.Mkdir("profiles", 0o755))
	must(t, os.WriteFile("profiles/hall-sensor.yaml", []byte(`id: hall-sensor
name: {zh: 试验, en: test}
maker: nobody
source: {document: made up for this test}
sure: true
identify: none
facts: [{name: serial_number, function: 3, register: 0, type: uint16}]
channels:
  - {name: temp, function: 4, register: 1, type: int16, scale: 0.1, min: -40, max: 80}
  - {name: rh, function: 4, register: 2, type: uint16, scale: 0.1, min: 0, max: 100}
fixtures:
  - {source: constructed, request: 01 04 00 01 00 02 20 0B, response: 01 04 04 01 31 02 22 2A CE, values: {temp: 30.5, rh: 54.6}}
  - {source: constructed, request: 01 03 00 00 00 01 84 0A, response: 01 03 02 12 67 F5 0E, facts: {serial_number: "4711"}}
`), 0o600))
	must(t, os.WriteFile("g.yaml", []byte("gateway: {id: g}\nprofiles: profiles\nbuses: {plant: {tcp: \""+ln.Addr().String()+"\"}}\n"+
		"devices:\n  hall: {profile: hall-sensor, bus: plant, address: 1, every: 10ms}\n  gone: {profile: xy-md02, bus: plant, address: 9}\n"), 0o600))
	return "g.yaml"
}

// A tape that was recorded on the command line can be read, and says what was asked
// for and what the part told.
func TestRecordCommand(t *testing.T) {
	config := hall(t)
	out, errs, code := lamppost(t.Context(), "record", "hall", "--config", config, "-o", "hall.tape", "-d", "100ms", "--by", "the bench", "--note", "nothing provoked", "--lang", "en")
	if code != exitOK || out != "" || !strings.Contains(errs, "temp=30.5 rh=54.6") || !strings.Contains(errs, "hall.tape: ") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	f, err := os.Open("hall.tape")
	must(t, err)
	defer f.Close()
	got, err := tape.Read("hall.tape", f)
	must(t, err)
	if got.By != "the bench" || got.Framing != "tcp" || got.Options != "{profile: hall-sensor}" || strings.Join(got.Notes, "|") != "nothing provoked|serial_number 4711" || got.Samples() == 0 {
		t.Errorf("%+v, %d samples", got.Header, got.Samples())
	}
	if _, errs, code = lamppost(t.Context(), "record", "gone", "--config", config, "-o", "gone.tape", "-d", "1ms", "--lang", "zh"); code != exitSilent || !strings.Contains(errs, "gone.tape：0 次采样有应答，1 次失败") {
		t.Errorf("a part that is not there: exit %d\n%s", code, errs)
	}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"record nobody --config g.yaml -o x", exitUsage, "devices: hall, gone"},
		{"record hall --config g.yaml", exitUsage, "output"},
		{"record hall --config g.yaml -o x -d -1s", exitUsage, "negative"},
		{"record hall --config g.yaml -o nowhere/x -d 1ms", exitStorage, "there is no directory nowhere"},
		{"record hall --config none.yaml -o x", exitConfig, "none.yaml"},
	} {
		if _, errs, code := lamppost(t.Context(), strings.Fields(c.args)...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", c.args, code, c.code, c.want, errs)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a tape was left behind that holds nothing")
	}
}

// An output is recorded only by who says that it may be moved; it is off at the end, and
// the tape plays to its driver.
func TestRecordSwitches(t *testing.T) {
	board := modbusslave.NewRelays(1, "board", 8, still{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	served := make(chan error, 1)
	host := &modbusslave.Host{Units: []*modbusslave.Unit{board}, Record: nobody{}}
	go func() { served <- host.Serve(t.Context(), ln) }()
	t.Cleanup(func() { must(t, <-served) })
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("g.yaml", []byte("gateway: {id: g}\nbuses: {plant: {tcp: \""+ln.Addr().String()+"\"}}\noutputs:\n"+
		"  siren: {bus: plant, address: 1, coil: 3}\n  none: {bus: plant, address: 1, register: 8, on: 1, off: 0, read_back: false}\n"), 0o600))
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"record siren --config g.yaml -o x", exitUsage, "make that safe, and add --switch"},
		{"record pump --switch --config g.yaml -o x", exitUsage, "outputs: siren, none"},
		{"record none --switch --config g.yaml -o none.tape -d 1ms", exitSilent, "none may be on still, switch it off by hand"},
		{"record siren --switch --config g.yaml -o siren.tape -d 1ms --by bench", exitOK, "off: done"},
	} {
		if _, errs, code := lamppost(t.Context(), strings.Fields(c.args)...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", c.args, code, c.code, c.want, errs)
		}
	}
	for name, options := range map[string]string{"siren.tape": "{coil: 3}", "none.tape": "{register: 8, on: 1, off: 0, read_back: false}"} {
		f, err := os.Open(name)
		must(t, err)
		defer f.Close()
		got, err := tape.Read(name, f)
		must(t, err)
		// The last off always; the first one only where the 1 ms are not over before it.
		if n := got.Samples(); got.Driver != "relay" || got.Options != options || n < 1 || n > 2 {
			t.Errorf("%s: %+v, %d switchings", name, got.Header, got.Samples())
		}
		p, err := relay.Kind().Plan(func(out any) error {
			doc, err := yamldoc.Parse(name, []byte(got.Options))
			if err != nil {
				return err
			}
			return doc.Decode(out)
		})
		must(t, err)
		must(t, tape.PlayOutput(t.Context(), p, got))
	}
}

// read shows what a part says of itself, below its values.
func TestReadShowsFacts(t *testing.T) {
	config := hall(t)
	out, errs, code := lamppost(t.Context(), "read", "hall", "--config", config, "--lang", "en")
	if code != exitOK || !strings.Contains(out, "\n  serial_number: 4711\n") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	out, _, _ = lamppost(t.Context(), "read", "hall", "--config", config, "--json")
	var got jsonOutcome
	must(t, json.Unmarshal([]byte(out), &got))
	if got.Facts["serial_number"] != "4711" || len(got.Readings) != 2 {
		t.Errorf("%s", out)
	}
}

// The state of an instrument and its letter are those of the field engineers' page, which
// shows what this test reads.
func TestReadTellsTheLetter(t *testing.T) {
	pages := map[string]string{}
	for _, name := range []string{"field-engineers.md", "field-engineers.zh-CN.md"} {
		src, err := os.ReadFile("../../../docs/" + name)
		must(t, err)
		pages[name] = string(src)
	}
	config := hall(t)
	src, err := os.ReadFile("profiles/hall-sensor.yaml")
	must(t, err)
	must(t, os.WriteFile("profiles/hall-sensor.yaml", []byte(strings.Replace(string(src), "sure: true", "sure: true\nwarm_up: 3m", 1)), 0o600))
	out, errs, code := lamppost(t.Context(), "read", "hall", "--config", config, "--json")
	if code != exitOK {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	out = regexp.MustCompile(`"took_ms":\d+`).ReplaceAllString(out, `"took_ms":3`)
	for name, page := range pages {
		if !strings.Contains(page, "```json\n"+out+"```\n") {
			t.Errorf("docs/%s does not show\n%s", name, out)
		}
	}
}

// While a part warms up read says so, at the value and how long it lasts.
func TestReadShowsWarmUp(t *testing.T) {
	config := hall(t)
	src, err := os.ReadFile("profiles/hall-sensor.yaml")
	must(t, err)
	must(t, os.WriteFile("profiles/hall-sensor.yaml", []byte(strings.Replace(string(src), "sure: true", "sure: true\nwarm_up: 3m", 1)), 0o600))
	flags := map[string]string{"en": "fail: warm-up", "zh": "不合格：预热中（warm-up）"}
	for lang, want := range map[string]string{"en": "  warm-up: values count 3m0s after opening; ", "zh": "  预热（warm-up）：打开 3m0s 之后数值才可信；"} {
		out, errs, code := lamppost(t.Context(), "read", "hall", "--config", config, "--lang", lang)
		if code != exitOK || strings.Count(out, flags[lang]) != 2 || strings.Count(out, want) != 1 {
			t.Errorf("exit %d\n%s%s", code, out, errs)
		}
	}
}
