package drivertest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
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
	// Unguarded says why a flipped bit can become a value: nothing on the line guards
	// what the part says, such as the digits of a text without a checksum. It must still
	// do no harm to the next sample.
	Unguarded string
	// More are other answers of the part, each with what it must become. On a serial
	// line testdata/*.frame does the same.
	More []Part
	// Knows are the commands that a part on a serial line takes beside the request of
	// Part.Asks: what sets it up, wakes it, or asks for something else.
	Knows []Exchange
	// Play makes a golden frame the answer of a part on a wire of calls: it sets the
	// part's Chip, Files or whatever else such a wire has, after the Frame. It is given
	// every part that has a frame, those of testdata/*.frame too.
	Play func(*Part)
	// Secrets are texts that no error may hold: passwords, tokens.
	Secrets []string
	// Catalog is the metric catalogue; nil: the built-in one, see Metrics.
	Catalog *obs.Catalog
}

// Exchange is a command to a part on a serial line and what it says to it: nothing,
// where Answer is nil. With, a text, keeps it to the parts whose options have that text.
type Exchange struct {
	Request, Answer []byte
	With            string
}

// Run tests that the driver keeps its contract, and prints how well it is known.
func Run(t *testing.T, c Config) {
	t.Helper()
	if c.Catalog == nil {
		c.Catalog = Metrics(t)
	}
	t.Run("description", func(t *testing.T) { Describe(t, c.Kind, c.Catalog) })
	c = c.played()
	b := newBench(c)
	for _, check := range b.promises() {
		t.Run(check.name, inBubble(func(ctx context.Context) error { return check.run(ctx, b) }))
	}
	b.golden(t)
	b.more(t)
	e, err := gather(".")
	if err != nil {
		t.Fatal(err)
	}
	b.tapes(t, e.tapes)
	level, why := e.conformance(c.Kind, b.answers(e))
	known, whyKnown := e.realPart(c.Kind.Wire)
	t.Run("the page claims what is true", func(t *testing.T) {
		if err := claims(c.Kind, level, known); err != nil {
			t.Errorf("%v (%s; %s)", err, why, whyKnown)
		}
	})
	if !t.Failed() { // what breaks its promises has no grade
		t.Logf("%s: conformance %s (%s); on a real part: %s (%s)", c.Kind.Name, level, why, known, whyKnown)
	}
}

// answers counts what the driver is tested with.
func (b bench) answers(e evidence) int {
	n := len(b.More) + e.frames
	for _, p := range []Part{b.Good, b.Beyond} {
		if p.Frame == nil && p.Source != "" { // else it is one of the golden frames
			n++
		}
	}
	return n
}

// played makes the frames of the configured parts their answers.
func (c Config) played() Config {
	if c.Play == nil {
		return c
	}
	c.More = slices.Clone(c.More)
	for _, p := range append([]*Part{&c.Good, &c.Beyond}, pointers(c.More)...) {
		if p.Frame != nil {
			c.Play(p)
		}
	}
	return c
}

func pointers(parts []Part) (all []*Part) {
	for i := range parts {
		all = append(all, &parts[i])
	}
	return all
}

// check is one promise. It is a function that returns what is wrong, so that the
// kit itself can be tested on drivers that break it.
type check struct {
	name  string
	run   func(context.Context, bench) error
	asked bool // only for a part that talks when it is asked
}

// bench makes fresh devices of one configuration.
type bench struct {
	Config
	wireKit
}

func newBench(c Config) bench { return bench{c, wires[c.Kind.Wire]} }

func (b bench) promises() []check {
	all := []check{
		{name: "the good answer is read", run: readsGood},
		{name: "readings belong to the caller", run: readingsAreKept},
		{name: "what is out of range is flagged", run: flagsBeyond},
		{name: "silence is an error, never a value", run: silence},
		{name: "a cancelled context ends at once", run: cancelled},
		{name: "close twice", run: closeTwice},
		{name: "a thousand samples keep nothing", run: keepsNothing},
		{name: "a wrong option names its key", run: wrongOptions},
	}
	for _, c := range b.checks {
		if !c.asked || len(b.Good.Asks) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// decode fills a driver's options from YAML.
func decode(options string, out any) error {
	doc, err := yamldoc.Parse("options", []byte(options))
	if err != nil {
		return err
	}
	return doc.Decode(out)
}

// device is an opened device on a simulated wire.
type device struct {
	drivers.Driver
	plan *drivers.Plan
	wire fake
}

// open opens the device that b configures on a wire where p answers; a zero Part is
// a part that is silent.
func (b bench) open(p Part) (device, error) {
	pl, err := Plan(b.Kind, b.Good.Options)
	if err != nil {
		return device{}, fmt.Errorf("plan: %w", err)
	}
	if b.play == nil {
		return device{}, fmt.Errorf("the kit cannot play a part on wire %q", b.Kind.Wire)
	}
	wire := b.play(pl, p)
	if port, ok := wire.(*Port); ok && len(p.Frame) > 0 {
		port.Answer = b.knows(port, port.Answer)
	}
	return opened(pl, wire)
}

func opened(pl *drivers.Plan, wire fake) (device, error) {
	d, err := wire.open(pl)
	if err == nil && d == nil {
		err = fmt.Errorf("open gives no driver and no error")
	}
	return device{Driver: d, plan: pl, wire: wire}, err
}

func (b bench) openPort(port *Port) (device, error) {
	pl, err := Plan(b.Kind, b.Good.Options)
	if err != nil {
		return device{}, fmt.Errorf("plan: %w", err)
	}
	return opened(pl, port)
}

// sample samples once with the time that the plan allows, as the poller does.
func (d device) sample(ctx context.Context) ([]obs.Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, d.plan.Timeout)
	defer cancel()
	rs, err := d.Sample(ctx)
	if err == nil {
		err = d.wire.misuse()
	}
	return rs, err
}

// Metrics returns the metric catalogue that is compiled into the gateway.
func Metrics(t testing.TB) *obs.Catalog {
	t.Helper()
	c, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	return c
}
