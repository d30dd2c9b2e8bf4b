package mypart

import (
	"fmt"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// chip is the part at work: it answers with frame, once it was told to measure and was
// given the time.
func chip(frame []byte) func() drivertest.Chip {
	return func() drivertest.Chip {
		var begun time.Time
		return func(w, r []byte) error {
			switch {
			case len(w) == 1 && w[0] == measure && len(r) == 0:
				begun = time.Now()
			case len(w) > 0 || begun.IsZero() || time.Since(begun) < takes:
				return fmt.Errorf("%w: nobody acknowledged", drivers.ErrTimeout)
			default:
				copy(r, frame)
			}
			return nil
		}
	}
}

const source = "constructed for this made-up part; say where your frames come from"

// What every driver promises, and what this part answers.
func TestConformance(t *testing.T) {
	part := func(name string, s state, options, want string) drivertest.Part {
		return drivertest.Part{Name: name, Source: source, Chip: chip(s.append(nil)), Options: options, Want: want}
	}
	damaged := state{temp: 215, rh: 480}.append(nil)
	damaged[4] ^= 1
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   part("room", state{215, 480}, "", "temp=21.5 rh=48"),
		Beyond: part("too hot", state{851, 0}, "", "temp=85.1/fail/range rh=0"),
		More: []drivertest.Part{
			part("frost", state{-123, 915}, "", "temp=-12.3 rh=91.5"),
			part("offset", state{215, 480}, "offset: -1.5", "temp=20 rh=48"),
			{Name: "a flipped bit", Source: source, Chip: chip(damaged), WantFault: "checksum"},
		},
	})
}
