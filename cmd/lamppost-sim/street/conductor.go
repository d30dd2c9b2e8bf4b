package street

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// beat is how often the conductor looks at the score.
const beat = 20 * time.Millisecond

// conductor writes the marks of the scenario into the truth log, and pulls
// adapters out and puts them back. What else goes wrong the devices do themselves.
type conductor struct {
	clock  *clock
	course *scenario.Course
	log    *truth.Log
	plugs  map[string]plug // by wire
	active []scenario.Fault
	cycle  int64
}

// plug is a wire that can be pulled out.
type plug interface {
	Unplug() error
	Replug() error
}

// conduct runs until ctx ends or a plug cannot be put back.
func (c *conductor) conduct(ctx context.Context) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := c.step(c.clock.now()); err != nil {
				return err
			}
		}
	}
}

// step brings the street to where the scenario is at now.
func (c *conductor) step(now time.Duration) error {
	if n := c.course.Cycle(now); n != c.cycle {
		c.cycle = n
		c.log.Add(truth.Line{T: time.Now().UnixMilli(), Event: "cycle", Detail: fmt.Sprintf("cycle %d begins", n+1)})
	}
	var under []scenario.Fault
	for _, a := range c.course.Active(now) {
		under = append(under, a.Fault)
	}
	var errs []error
	for _, f := range c.active {
		if !slices.Contains(under, f) {
			errs = append(errs, c.end(f))
		}
	}
	for _, f := range under {
		if !slices.Contains(c.active, f) {
			errs = append(errs, c.begin(f))
		}
	}
	c.active = under
	return errors.Join(errs...)
}

// begin marks a fault before it takes hold, so that no frame it spoils comes
// before the mark.
func (c *conductor) begin(f scenario.Fault) error {
	c.mark(f.On, string(f.Kind))
	if p, ok := c.plugs[f.On]; ok && f.Kind == scenario.Unplug {
		return p.Unplug()
	}
	return nil
}

func (c *conductor) end(f scenario.Fault) error {
	event := string(f.Kind) + "-over"
	if f.Kind == scenario.Unplug {
		event = "replug"
		if p, ok := c.plugs[f.On]; ok {
			if err := p.Replug(); err != nil {
				return err
			}
		}
	}
	c.mark(f.On, event)
	return nil
}

// mark writes one line for each device that an event concerns.
func (c *conductor) mark(on, event string) {
	devices := wires()[on]
	if devices == nil {
		devices = []string{on}
	}
	for _, d := range devices {
		c.log.Add(truth.Line{T: time.Now().UnixMilli(), Event: event, Device: d})
	}
}

// cable is a plug that cuts a network device off.
type cable struct{ cut func(out bool) }

func (c cable) Unplug() error { c.cut(true); return nil }
func (c cable) Replug() error { c.cut(false); return nil }
