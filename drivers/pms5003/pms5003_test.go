package pms5003

import (
	"errors"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/indoors.frame"),
		Beyond: drivertest.Load(t, "testdata/saturated.frame"),
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

func TestOptions(t *testing.T) {
	for _, c := range []struct{ yaml, key, msg string }{
		{"model: sds011", "model", `"sds011" is not in this family; write one of pms1003, pms3003, pms5003`},
		{"model: PMS5003", "model", "write one of"},
		{"set: cf1", "set", "write atmospheric or factory"},
		{"{model: pms3003, counts: true}", "counts", "the pms3003 does not count particles"},
	} {
		_, err := planYAML(c.yaml)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != c.key || !strings.Contains(o.Msg, c.msg) {
			t.Errorf("options %s give %v, want %s: %s", c.yaml, err, c.key, c.msg)
		}
	}
	if _, err := planYAML("modell: pms5003"); err == nil || !strings.Contains(err.Error(), "modell") {
		t.Errorf("an unknown key gives %v", err)
	}
}

// Every model's plan fits its frame: a word index beyond the frame would read
// another model's layout.
func TestModels(t *testing.T) {
	for model, l := range models {
		counts := l.counts > 0
		sources := l.channels(atmosphericSet, counts)
		for _, s := range append(sources, source{word: l.status}) {
			if s.word >= l.words {
				t.Errorf("%s: %s is word %d of %d", model, s.Name, s.word, l.words)
			}
		}
		if n := frameLen(l.words); size([]byte{'B', 'M', 0, byte(n - headLen)}) != n {
			t.Errorf("%s: frames of %d bytes are not known to the framing", model, n)
		}
		p, err := planYAML("model: " + model)
		if err != nil || len(p.Channels) != len(l.channels(atmosphericSet, false)) {
			t.Errorf("%s: plan %+v, %v", model, p, err)
		}
	}
}
