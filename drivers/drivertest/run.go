package drivertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Config says what is tested and how the part behaves.
type Config struct {
	Kind drivers.Kind
	// Good is the part in good order. Its readings all have a value and no flag.
	Good Part
	// Beyond is the part at a value outside a channel's range: at least one reading
	// must be flagged Fail with reason range. Its Options are Good's.
	Beyond Part
	// NeverBeyond says why no reading is ever flagged so. Beyond may then be left out,
	// or be any other answer of the part.
	NeverBeyond string
	// Secrets are texts that no error may hold: passwords, tokens.
	Secrets []string
	// Tape says where the recorded traffic of a real part in testdata comes from, on
	// which every fault was provoked; Field, where it ran and for how many months.
	Tape, Field string
	// Catalog is the metric catalogue; nil: the repository's, see Metrics.
	Catalog *obs.Catalog
}

// Run tests that the driver keeps its contract, and prints its grade.
func Run(t *testing.T, c Config) {
	t.Helper()
	if c.Catalog == nil {
		c.Catalog = Metrics(t)
	}
	t.Run("description", func(t *testing.T) { Describe(t, c.Kind, c.Catalog) })
	b := bench{c}
	for _, check := range b.checks() {
		t.Run(check.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := check.run(t.Context(), b); err != nil {
					t.Error(err)
				}
			})
		})
	}
	golden := b.golden(t)
	switch {
	case c.Field != "":
		t.Logf("%s: grade gold (%s)", c.Kind.Name, c.Field)
	case c.Tape != "":
		t.Logf("%s: grade silver (%s)", c.Kind.Name, c.Tape)
	case golden > 0:
		t.Logf("%s: grade bronze (%d golden frames)", c.Kind.Name, golden)
	default:
		t.Logf("%s: grade bronze", c.Kind.Name)
	}
}

// check is one promise. It is a function that returns what is wrong, so that the
// kit itself can be tested on drivers that break it.
type check struct {
	name string
	run  func(context.Context, bench) error
}

// bench makes fresh devices of one configuration.
type bench struct{ Config }

func (b bench) checks() []check {
	all := []check{
		{"the good answer is read", readsGood},
		{"readings belong to the caller", readingsAreKept},
		{"what is out of range is flagged", flagsBeyond},
		{"silence is an error, never a value", silence},
		{"a cancelled context ends at once", cancelled},
		{"close twice", closeTwice},
	}
	switch b.Kind.Wire {
	case drivers.SerialLine:
		return append(all, serialChecks...)
	case drivers.ModbusUnit:
		return append(all, modbusChecks...)
	default:
		return append(all, httpChecks...)
	}
}

// plan plans the device with YAML options.
func plan(k drivers.Kind, options string) (*drivers.Plan, error) {
	return k.Plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(options))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

// device is an opened device on a simulated wire; one of the wires is set.
type device struct {
	drivers.Driver
	plan *drivers.Plan
	port *Port
	unit *Modbus
	web  *Fetcher
}

// open opens the device that p configures on a wire where p answers; a zero Part
// is a part that is silent.
func (b bench) open(p Part) (device, error) {
	pl, err := plan(b.Kind, b.Good.Options)
	if err != nil {
		return device{}, fmt.Errorf("plan: %w", err)
	}
	d := device{plan: pl}
	switch b.Kind.Wire {
	case drivers.SerialLine:
		if len(p.Frame) == 0 {
			return b.openPort(NewPort())
		}
		return b.openPort(NewPort(stream(pl, p.Frame)...))
	case drivers.ModbusUnit:
		d.unit = &p.Unit
		d.unit.Silent = d.unit.Silent || p.Unit.Registers == nil && p.Unit.Bits == nil
		d.Driver, err = pl.OpenModbus(d.unit)
	default:
		d.web = &Fetcher{Handler: p.Page}
		d.Driver, err = pl.OpenHTTP(d.web)
	}
	return d, err
}

func (b bench) openPort(port *Port) (device, error) {
	pl, err := plan(b.Kind, b.Good.Options)
	if err != nil {
		return device{}, fmt.Errorf("plan: %w", err)
	}
	d := device{plan: pl, port: port}
	d.Driver, err = pl.OpenSerial(port)
	return d, err
}

// sample samples once with the time that the plan allows, as the poller does.
func (d device) sample(ctx context.Context) ([]obs.Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, d.plan.Timeout)
	defer cancel()
	rs, err := d.Sample(ctx)
	if err == nil && d.unit != nil {
		err = d.unit.Misuse
	}
	return rs, err
}

// Metrics returns the repository's metric catalogue, found above the folder that
// the test runs in.
func Metrics(t testing.TB) *obs.Catalog {
	t.Helper()
	const name = "firmware-configs/metrics/metrics.yaml"
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		src, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		c, err := obs.ParseCatalog(name, src)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Fatalf("no %s above the test's folder", name)
	return nil
}
