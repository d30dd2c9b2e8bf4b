package modbus

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func planYAML(p *Profiles, src string) (*drivers.Plan, error) {
	return p.plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(src))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

func planned(t testing.TB, p *Profiles, src string) *drivers.Plan {
	t.Helper()
	pl, err := planYAML(p, src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return pl
}
