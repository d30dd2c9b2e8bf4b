package gateway

import (
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// lent is what a driver filled, and who may still read it: the status page until the
// device's next good sample, the uplink until it has packed them.
type lent struct {
	readings []obs.Reading // nil: none
	seq      uint64        // under which they were written down
	oldest   uint64        // the uplink holds none from before
}

// lend notes that kept is what can be read of d from now on, and gives what it replaces
// back to the driver if nobody can read that any more. A fault replaces nothing.
func (d *device) lend(to drivers.Driver, kept lent) {
	if kept.readings == nil {
		return
	}
	old := d.lent
	d.lent = kept
	if r, ok := to.(drivers.Recycler); ok && old.readings != nil && old.seq < kept.oldest {
		r.Recycle(old.readings)
	}
}
