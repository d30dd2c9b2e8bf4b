package derive

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// staleAfter is for how many milliseconds a reading speaks for a stream.
func staleAfter(every time.Duration) int64 { return max(3*every, 30*time.Second).Milliseconds() }

// bound is what a sparse result says. What is made of derived streams may rest on sparse
// ones itself, so that it says nothing.
func (c *compiler) bound(ins []Known) obs.Bound {
	if c.s.Is == "water-class" { // it takes nothing that is sparse
		return obs.AtLeast
	}
	for _, o := range c.s.Of {
		if _, derived := c.specs[o.Stream.Device]; derived {
			return obs.Unbound
		}
	}
	switch c.s.Is {
	case "min":
		return obs.AtMost
	case "max", "wetness":
		return obs.AtLeast
	case "sum", "intensity":
		if ins[0].Metric.Min >= 0 {
			return obs.AtLeast
		}
	}
	return obs.Unbound
}
