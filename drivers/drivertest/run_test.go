package drivertest

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lamppost-city/lamppost/drivers"
)

func frameOf(v byte) []byte { return []byte{'T', v, 'T' ^ v} }

func toyBench(t *testing.T, w drivers.Wire, f flaws) bench {
	var asks []byte
	if f.asks != "" {
		asks = []byte("Q")
	}
	part := func(name string, v byte, want string) Part {
		page := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(frameOf(v)) }
		return Part{
			Name: name, Source: "constructed", Frame: frameOf(v), Asks: asks, Want: want, Page: http.HandlerFunc(page),
			Unit: Modbus{Registers: map[uint8]map[uint16]uint16{4: {1: uint16(v), 2: 0}}},
		}
	}
	return newBench(Config{
		Kind: toyKind(w, f), Knows: []Exchange{{Request: []byte("S")}}, Secrets: []string{"hunter2"}, Catalog: Metrics(t),
		Good:   part("good", 123, "temp=12.3 rh=50"),
		Beyond: part("beyond", 201, "temp=20.1/fail/range rh=50"),
	})
}

// failing returns the names of the checks that a driver with these flaws fails.
func failing(t *testing.T, w drivers.Wire, f flaws) (names []string) {
	b := toyBench(t, w, f)
	for _, c := range b.promises() {
		synctest.Test(t, func(t *testing.T) {
			if c.run(t.Context(), b) != nil {
				names = append(names, c.name)
			}
		})
	}
	return names
}

// A kit that lets a broken driver pass is worse than none: each flaw must fail the
// check that is meant for it.
func TestKitFindsFlaws(t *testing.T) {
	for _, c := range []struct {
		name  string
		wire  drivers.Wire
		flaws flaws
		want  string
	}{
		{"no flaw, serial", drivers.SerialLine, flaws{}, ""},
		{"no flaw, modbus", drivers.ModbusUnit, flaws{}, ""},
		{"no flaw, http", drivers.HTTPHost, flaws{}, ""},
		{"no flaw, a part that is asked", drivers.SerialLine, flaws{asks: "Q"}, ""},
		{"asks for something else", drivers.SerialLine, flaws{asks: "X"}, "the good answer is read"},
		{"no flaw, a part that is set up before it is asked", drivers.SerialLine, flaws{asks: "SQ"}, ""},
		{"sends a command that the part does not know", drivers.SerialLine, flaws{asks: "XQ"}, "the good answer is read"},
		{"a late answer is taken", drivers.SerialLine, flaws{asks: "Q", keepsOld: true}, "a late answer is not taken for the next"},
		{"keeps its readings", drivers.SerialLine, flaws{hoards: true}, "a thousand samples keep nothing"},
		{"keeps its readings, modbus", drivers.ModbusUnit, flaws{hoards: true}, "a thousand samples keep nothing"},
		{"an option that is misspelt", drivers.HTTPHost, flaws{lax: true}, "a wrong option names its key"},
		{"an error that names no option", drivers.HTTPHost, flaws{plainOption: true}, "a wrong option names its key"},
		{"an error that names another option", drivers.HTTPHost, flaws{otherOption: true}, "a wrong option names its key"},
		{"a plan that panics", drivers.HTTPHost, flaws{panicsOnOption: true}, "a wrong option names its key"},
		{"an option makes a bad plan", drivers.HTTPHost, flaws{takesAnyScale: true}, "a wrong option names its key"},
		{"a value for silence", drivers.SerialLine, flaws{zeroOnSilence: true}, "silence is an error, never a value"},
		{"a value for a failed request", drivers.ModbusUnit, flaws{zeroOnSilence: true}, "a call that fails is never a value"},
		{"a value for a refused connection", drivers.HTTPHost, flaws{zeroOnSilence: true}, "a refused connection is an error"},
		{"old bytes are read", drivers.SerialLine, flaws{keepsOld: true}, "what waited is dropped"},
		{"one slice for all", drivers.SerialLine, flaws{reusesSlice: true}, "readings belong to the caller"},
		{"no range", drivers.ModbusUnit, flaws{noRange: true}, "what is out of range is flagged"},
		{"no checksum", drivers.SerialLine, flaws{noChecksum: true}, "a flipped bit is never a value"},
		{"noise is kept quiet", drivers.SerialLine, flaws{noNoise: true}, "noise before a good frame"},
		{"an error of its own", drivers.SerialLine, flaws{plainError: true}, "silence is an error, never a value"},
		{"the unplugged adapter is not told", drivers.SerialLine, flaws{plainError: true}, "an unplugged adapter is told from silence"},
		{"a wire that is gone is not told", drivers.ModbusUnit, flaws{plainError: true}, "a wire that is gone is told from silence"},
		{"a refusal is not told", drivers.ModbusUnit, flaws{plainError: true}, "a refusal is told from silence"},
		{"deaf to cancel", drivers.SerialLine, flaws{deaf: true}, "a cancelled context ends at once"},
		{"deaf to the deadline", drivers.ModbusUnit, flaws{deaf: true}, "silence is an error, never a value"},
		{"closes once", drivers.SerialLine, flaws{closeFails: true}, "close twice"},
		{"stays broken", drivers.SerialLine, flaws{staysBroken: true}, "a failed sample leaves the next able to succeed"},
		{"stays broken, modbus", drivers.ModbusUnit, flaws{staysBroken: true}, "a failed sample leaves the next able to succeed"},
		{"stays broken, http", drivers.HTTPHost, flaws{staysBroken: true}, "a failed sample leaves the next able to succeed"},
		{"tells a secret", drivers.HTTPHost, flaws{tellsSecret: true}, "a refused connection is an error"},
		{"channels in another order", drivers.SerialLine, flaws{swapsChannels: true}, "the good answer is read"},
		{"bodies left open", drivers.HTTPHost, flaws{leavesBodyOpen: true}, "an answer other than 200 is an error"},
		{"any status is good", drivers.HTTPHost, flaws{acceptsAnything: true}, "an answer other than 200 is an error"},
		{"any page is good", drivers.HTTPHost, flaws{acceptsAnything: true}, "rubbish is an error"},
		{"half a page is good", drivers.HTTPHost, flaws{acceptsAnything: true}, "an answer that is cut short is an error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := failing(t, c.wire, c.flaws)
			if c.want == "" && len(got) > 0 {
				t.Errorf("a driver without flaws fails %q", got)
			}
			if c.want != "" && !strings.Contains(strings.Join(got, "\n"), c.want) {
				t.Errorf("it fails %q, want %q among them", got, c.want)
			}
		})
	}
}

// Where nothing guards what a part says a flipped bit may become a value, if the test
// says so; it may not spoil the next sample.
func TestUnguarded(t *testing.T) {
	for _, c := range []struct {
		unguarded string
		flaws     flaws
		passes    bool
	}{
		{"", flaws{noChecksum: true}, false},
		{"a byte without a checksum", flaws{noChecksum: true}, true},
		{"a byte without a checksum", flaws{noChecksum: true, asks: "Q"}, true},
		{"a byte without a checksum", flaws{noChecksum: true, breaksAfter: true}, false},
		{"a byte without a checksum", flaws{noChecksum: true, plainError: true}, false},
	} {
		b := toyBench(t, drivers.SerialLine, c.flaws)
		b.Unguarded = c.unguarded
		synctest.Test(t, func(t *testing.T) {
			if err := flippedBit(t.Context(), b); (err == nil) != c.passes {
				t.Errorf("%q, %+v: %v", c.unguarded, c.flaws, err)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	catalog := Metrics(t)
	for _, w := range []drivers.Wire{drivers.SerialLine, drivers.ModbusUnit, drivers.HTTPHost} {
		if errs := describe(toyKind(w, flaws{}), catalog); len(errs) > 0 {
			t.Errorf("%s: %v", w, errs)
		}
	}
	// planned changes the plan that the toy makes.
	planned := func(change func(*drivers.Plan)) func(*drivers.Kind) {
		return func(k *drivers.Kind) {
			k.Plan = func(decode func(any) error) (*drivers.Plan, error) {
				p, err := toyPlan(drivers.SerialLine, flaws{}, decode)
				if err == nil {
					change(p)
				}
				return p, err
			}
		}
	}
	for _, c := range []struct {
		want   string
		change func(*drivers.Kind)
	}{
		{"its name", func(k *drivers.Kind) { k.Name = "Toy Part" }},
		{"none that a plan can ask for", func(k *drivers.Kind) { k.Wire = "string and tins" }},
		{"has no devices", func(k *drivers.Kind) { k.Sample = "device: {}" }},
		{"toy/sample.yaml:1:", func(k *drivers.Kind) { k.Sample = "\tdevices:" }},
		{"has no port", func(k *drivers.Kind) { k.Sample = "devices: {t: {driver: toy}}" }},
		{`driver is "tow"`, func(k *drivers.Kind) { k.Sample = "devices: {t: {driver: tow, port: p}}" }},
		{"colour", func(k *drivers.Kind) { k.Sample = "devices: {t: {driver: toy, port: p, colour: red}}" }},
		{"does not name `scale`", func(k *drivers.Kind) { k.Readme = "`temp` `rh` `url` scale" }},
		{"does not name `rh`", func(k *drivers.Kind) { k.Readme = "`temp` `scale`" }},
		{"Open functions are for [serial modbus]", planned(func(p *drivers.Plan) {
			p.OpenModbus = func(drivers.Modbus) (drivers.Driver, error) { return nil, nil }
		})},
		{"Open functions are for []", planned(func(p *drivers.Plan) { p.OpenSerial = nil })},
		{"timeout 0s", planned(func(p *drivers.Plan) { p.Timeout = 0 })},
		{"baud rate", planned(func(p *drivers.Plan) { p.Line.Baud = 0 })},
		{"no channels", planned(func(p *drivers.Plan) { p.Channels = nil })},
		{"channel rh twice", planned(func(p *drivers.Plan) { p.Channels = append(p.Channels, p.Channels[1]) })},
		{"is no metric", planned(func(p *drivers.Plan) { p.Channels[0].Name = "colour" })},
		{"is not allowed", planned(func(p *drivers.Plan) { p.Channels[0].Name = "Temp" })},
		{"no resolution", planned(func(p *drivers.Plan) { p.Channels[0].Resolution = 0 })},
		{"in steps of", planned(func(p *drivers.Plan) { p.Channels[0].Max = -1 })},
		{"its metric only from", planned(func(p *drivers.Plan) { p.Channels[0].Max = 1000 })},
	} {
		k := toyKind(drivers.SerialLine, flaws{})
		c.change(&k)
		var all []string
		for _, err := range describe(k, catalog) {
			all = append(all, err.Error())
		}
		if got := strings.Join(all, "\n"); !strings.Contains(got, c.want) {
			t.Errorf("describe gives %q, want %q", got, c.want)
		}
	}
}
