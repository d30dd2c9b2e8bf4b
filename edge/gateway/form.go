package gateway

import (
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/quality"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// form is what devices alike have in common: their channels, how those travel and
// what they are judged by. It never changes, so that a hundred devices with a hundred
// channels each need it once, in memory and in the processor's cache.
type form struct {
	channels []string
	metrics  []obs.Metric
	limits   []quality.Limits
	shape    *wire.Shape // nil for a device whose samples do not travel
}

// newForm makes the form of a device. env is what its tests may look at; their interval
// and step are the channel's.
func newForm(spec deviceSpec, catalog *obs.Catalog, env quality.Env) *form {
	n := len(spec.plan.Channels)
	f := &form{channels: make([]string, n), metrics: make([]obs.Metric, n), limits: make([]quality.Limits, n)}
	for i, c := range spec.plan.Channels {
		m, _ := catalog.Lookup(c.Name) // the configuration has checked it
		f.channels[i], f.metrics[i] = c.Name, m
		f.limits[i] = quality.Limits{Part: quality.Range{Min: c.Min, Max: c.Max}, Metric: quality.Range{Min: m.Min, Max: m.Max},
			WarmUp: spec.plan.WarmUp, Every: spec.every}
		if checks, asked := spec.checks[c.Name]; asked {
			env.Every, env.Step = spec.every, c.Resolution
			f.limits[i].Narrow(checks.Gross)
			f.limits[i].Tests = quality.NewTests(checks, env)
		}
	}
	return f
}

// travels prepares how samples travel. An error says that the configuration was not
// checked.
func (f *form) travels() (err error) {
	units := make([]string, len(f.metrics))
	for i := range units {
		units[i] = f.metrics[i].Wire
	}
	f.shape, err = wire.NewShape(f.channels, units)
	return err
}

// forms are those of a generation.
type forms struct {
	known map[formKey]*form
	env   quality.Env
}

// formKey says what devices have in common that share a plan.
type formKey struct {
	plan  *drivers.Plan
	every time.Duration
}

// device makes a device of which nothing is known yet.
func (fs forms) device(spec deviceSpec, catalog *obs.Catalog) (*device, error) {
	key := formKey{spec.plan, spec.every}
	f := fs.known[key]
	if f == nil || spec.ownChecks {
		f = newForm(spec, catalog, fs.env)
		if err := f.travels(); err != nil {
			return nil, fmt.Errorf("device %s: %w", spec.id, err)
		}
	}
	if !spec.ownChecks {
		fs.known[key] = f
	}
	return &device{spec: spec, form: f}, nil
}
