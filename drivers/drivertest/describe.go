package drivertest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// commonKeys are the keys of a device that belong to the configuration, not to
// the driver.
var commonKeys = []string{
	"driver", "profile", "port", "bus", "address", "line", "id", "baud", "parity", "stop", "data", "rs485", "echo",
	"active", "pull", "debounce", "spacing", "every", "timeout", "name", "upload", "checks",
}

// wireKeys are the keys without which a device of a wire cannot be found.
var wireKeys = map[drivers.Wire][]string{
	drivers.SerialLine: {"port"}, drivers.ModbusUnit: {"bus", "address"}, drivers.HTTPHost: {"url"}, drivers.I2CDevice: {"bus", "address"},
	drivers.InputLine: {"bus", "line"}, drivers.PulseLine: {"bus", "line"}, drivers.OneWireDevice: {"bus", "id"},
	drivers.SDI12Sensor: {"bus", "address"}, drivers.ChildProcess: {"command"},
	drivers.BoardHost: {}, // there is one
}

// Describe tests what a kind says about itself: that every device in its sample
// can be planned, that its channels are metrics of the catalogue with a range and
// a resolution, and that its README names every option and, unless they come from
// a profile, every channel.
func Describe(t *testing.T, k drivers.Kind, catalog *obs.Catalog) {
	t.Helper()
	for _, err := range describe(k, catalog) {
		t.Error(err)
	}
}

func describe(k drivers.Kind, catalog *obs.Catalog) (wrong []error) {
	fail := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(k.Name+": "+format, args...)) }
	if err := obs.CheckID(k.Name); err != nil {
		fail("its name: %w", err)
	}
	if wireKeys[k.Wire] == nil {
		fail("wire %q is none that a plan can ask for", k.Wire)
	}
	doc, err := yamldoc.Parse(k.Name+"/sample.yaml", []byte(k.Sample))
	if err != nil {
		fail("%w", err)
		return wrong
	}
	devices := doc.Node("devices")
	if devices.Len() == 0 {
		fail("sample.yaml has no devices")
	}
	for _, id := range devices.Keys() {
		for _, err := range describeDevice(k, devices.Node(id), catalog) {
			fail("sample.yaml: %s: %w", id, err)
		}
	}
	return wrong
}

func describeDevice(k drivers.Kind, n *yamldoc.Node, catalog *obs.Catalog) (wrong []error) {
	fail := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	for _, key := range wireKeys[k.Wire] {
		if n.Node(key) == nil {
			fail("has no %s", key)
		}
	}
	if driver := n.Node("driver").Text(); driver != k.Name && n.Node("profile") == nil {
		fail("driver is %q", driver)
	}
	var options any
	pl, err := k.Plan(func(out any) error { options = out; return n.DecodeBeside(out, commonKeys...) })
	if err != nil {
		fail("plan: %w", err)
		return wrong
	}
	wrong = append(wrong, describePlan(k.Wire, pl, catalog)...)
	for _, key := range unbounded(reflect.TypeOf(options)) {
		fail("option %s has no range: say in its tag what it can be, with its unit, like `range:\"-10..10 °C\"`, or `range:\"%s\"` where Plan judges it", key, yamldoc.Elsewhere)
	}
	names := keysOf(reflect.TypeOf(options))
	if n.Node("profile") == nil { // a profile's channels stand in the profile
		names = append(names, channelNames(pl)...)
	}
	for _, name := range names {
		if !strings.Contains(k.Readme, "`"+name+"`") {
			fail("README.md does not name `%s`", name)
		}
	}
	return wrong
}

// keysOf lists the option keys of the struct that a driver decodes into, those of
// inlined structs among them.
func keysOf(t reflect.Type) (keys []string) {
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil
	}
	for i := range t.Elem().NumField() {
		f := t.Elem().Field(i)
		switch key, how, _ := strings.Cut(f.Tag.Get("yaml"), ","); {
		case how == "inline":
			keys = append(keys, keysOf(reflect.PointerTo(f.Type))...)
		case key != "" && key != "-":
			keys = append(keys, key)
		}
	}
	return keys
}

// unbounded lists the numbers among a driver's options of which nobody says what they can
// be.
func unbounded(t reflect.Type) (keys []string) {
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil
	}
	for i := range t.Elem().NumField() {
		f := t.Elem().Field(i)
		switch key, how, _ := strings.Cut(f.Tag.Get("yaml"), ","); {
		case how == "inline":
			keys = append(keys, unbounded(reflect.PointerTo(f.Type))...)
		case key != "" && key != "-" && f.Tag.Get("range") == "" && numeric(f.Type):
			keys = append(keys, key)
		}
	}
	return keys
}

// numeric says whether a type is that of a number or of several, durations and sizes among
// them. A type that reads itself judges itself.
func numeric(t reflect.Type) bool {
	switch _, reads := reflect.New(t).Interface().(interface{ UnmarshalText([]byte) error }); t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return numeric(t.Elem())
	case reflect.Float32, reflect.Float64, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return !reads
	}
	return false
}

func channelNames(p *drivers.Plan) (names []string) {
	for _, c := range p.Channels {
		names = append(names, c.Name)
	}
	return names
}

func describePlan(w drivers.Wire, p *drivers.Plan, catalog *obs.Catalog) (wrong []error) {
	fail := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if opens := p.Opens(); !slices.Equal(opens, []drivers.Wire{w}) {
		fail("a device on wire %s, and the plan's Open functions are for %v", w, opens)
	}
	if p.Timeout <= 0 || p.MinEvery < 0 || p.WarmUp < 0 {
		fail("timeout %v, shortest interval %v, warm-up %v", p.Timeout, p.MinEvery, p.WarmUp)
	}
	if w == drivers.SerialLine && p.Line.Baud <= 0 {
		fail("the plan does not say the part's baud rate")
	}
	if w == drivers.I2CDevice && len(p.Addresses) == 0 {
		fail("the plan does not say which addresses the part can have")
	}
	if len(p.Channels) == 0 {
		fail("no channels")
	}
	for i, c := range p.Channels {
		if slices.Contains(channelNames(p)[:i], c.Name) {
			fail("channel %s twice", c.Name)
		}
		if err := describeChannel(c, catalog); err != nil {
			wrong = append(wrong, err)
		}
	}
	return wrong
}

func describeChannel(c drivers.Channel, catalog *obs.Catalog) error {
	if err := obs.CheckChannel(c.Name); err != nil {
		return err
	}
	m, ok := catalog.Lookup(c.Name)
	switch {
	case !ok:
		return fmt.Errorf("channel %s is no metric of the catalogue", c.Name)
	case c.Resolution <= 0:
		return fmt.Errorf("channel %s states no resolution", c.Name)
	case c.Min >= c.Max || c.Resolution > c.Max-c.Min:
		return fmt.Errorf("channel %s goes from %v to %v in steps of %v", c.Name, c.Min, c.Max, c.Resolution)
	case c.Min < m.Min || c.Max > m.Max:
		return fmt.Errorf("channel %s goes from %v to %v, its metric only from %v to %v", c.Name, c.Min, c.Max, m.Min, m.Max)
	}
	return nil
}
