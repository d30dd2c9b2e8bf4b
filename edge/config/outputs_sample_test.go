package config_test

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/edge/config"
)

// What the page of each driver of outputs gives to paste is taken by a configuration that
// has its buses, and becomes an output on each of them.
func TestOutputSamplesLoad(t *testing.T) {
	for _, k := range catalog.Outputs() {
		src := "gateway: {id: g}\nbuses:\n  gpio: {gpio: /dev/gpiochip0}\n  rs485-1: {serial: /dev/serial/by-id/adapter, baud: 9600}\n" + k.Sample
		cfg, err := config.Load("sample.yaml", []byte(src), env(t))
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		if len(cfg.Outputs) == 0 {
			t.Errorf("%s: no outputs", k.Name)
		}
		for _, o := range cfg.Outputs {
			if len(o.Plan.Opens()) != 1 || o.MaxOn <= 0 || o.Timeout <= 0 {
				t.Errorf("%s: %s: %+v", k.Name, o.ID, o)
			}
		}
	}
}
