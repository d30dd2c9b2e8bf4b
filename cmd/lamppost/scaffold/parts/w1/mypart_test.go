package mypart

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

const source = "constructed for this made-up part; say where your files come from"

// What every driver promises, and what this part answers.
func TestConformance(t *testing.T) {
	part := func(name, temperature, options, want string) drivertest.Part {
		return drivertest.Part{Name: name, Source: source, Files: map[string]string{"temperature": temperature}, Options: options, Want: want}
	}
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   part("room", "21500\n", "", "temp=21.5"),
		Beyond: part("too hot", "85001\n", "", "temp=85.001/fail/range"),
		More: []drivertest.Part{
			part("frost", "-12300\n", "", "temp=-12.3"),
			part("offset", "21500\n", "offset: -1.5", "temp=20"),
			{Name: "no number", Source: source, Files: map[string]string{"temperature": "none\n"}, WantFault: "protocol"},
		},
	})
}
