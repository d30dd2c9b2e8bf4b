package loop

import (
	"context"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// driver reads the transmitters on one module.
type driver struct {
	module  drivers.Driver
	signals []signal // in the order of the module's readings
}

var (
	_ drivers.Informant = (*driver)(nil)
	_ drivers.Recycler  = (*driver)(nil)
)

// Sample implements drivers.Driver.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	rs, err := d.module.Sample(ctx)
	if err != nil {
		return nil, err
	}
	for i := range rs {
		rs[i] = d.signals[i].read(rs[i])
	}
	return rs, nil
}

// Recycle implements drivers.Recycler: the readings are the module's.
func (d *driver) Recycle(old []obs.Reading) {
	if r, ok := d.module.(drivers.Recycler); ok {
		r.Recycle(old)
	}
}

// Facts implements drivers.Informant: what the module says of itself, and the current of
// each loop, which tells a broken wire from a shorted one.
func (d *driver) Facts(ctx context.Context) (all []drivers.Fact, err error) {
	if in, ok := d.module.(drivers.Informant); ok {
		if all, err = in.Facts(ctx); err != nil {
			return nil, err
		}
	}
	rs, err := d.module.Sample(ctx)
	if err != nil {
		return nil, err
	}
	for i, r := range rs {
		name := strings.ReplaceAll(d.signals[i].input, ".", "_")
		value, means := told(r)
		all = append(all, drivers.Fact{Name: name, Label: d.signals[i].input + " → " + d.signals[i].channel.Name, Value: value, Means: means})
	}
	return all, nil
}

// Close implements drivers.Driver.
func (d *driver) Close() error { return d.module.Close() }
