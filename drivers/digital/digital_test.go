package digital

import (
	"errors"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:        Kind(),
		Good:        drivertest.Part{Name: "closed", Source: "constructed", Level: drivertest.Level(true), Want: "contact=1"},
		NeverBeyond: "a level is 0 or 1",
		More: []drivertest.Part{
			{Name: "open", Source: "constructed", Level: drivertest.Level(false), Want: "contact=0"},
			{Name: "door", Source: "constructed", Options: "{channel: open}", Level: drivertest.Level(true), Want: "open=1"},
			{Name: "dry float switch", Source: "constructed", Options: "{channel: wet.sump}", Level: drivertest.Level(false), Want: "wet.sump=0"},
			{Name: "power fail", Source: "constructed", Options: "{channel: mains}", Level: drivertest.Level(false), Want: "mains=0"},
		},
	})
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

func TestLevels(t *testing.T) {
	pl, err := planYAML("channel: open.lid")
	if err != nil || pl.Channels[0].Name != "open.lid" {
		t.Fatalf("%+v, %v", pl, err)
	}
	in := &drivertest.Input{}
	d, err := pl.OpenInput(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{false, true, false} {
		in.On = on
		rs, err := d.Sample(t.Context())
		if err != nil || (rs[0].Value == 1) != on || rs[0].Value != 0 && rs[0].Value != 1 {
			t.Errorf("active %v: %v, %v", on, rs, err)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, bad := range []string{"channel: temp", "channel: open.", "channel: ''"} {
		_, err := planYAML(bad)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != "channel" {
			t.Errorf("%s gives %v", bad, err)
		}
	}
}
