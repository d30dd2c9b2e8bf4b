package gateway

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/poll"
)

// impairment is what is wrong beside a part that answers; see drivers.Impaired.
type impairment struct {
	err   error // of the last good sample; nil: nothing
	since int64 // boot ms
}

// take books a sample. One that failed says nothing of what is beside the part.
func (i *impairment) take(s poll.Sample) {
	if s.Err != nil {
		return
	}
	err := impairedOf(s.Driver)
	if i.err == nil {
		i.since = s.BootMS
	}
	i.err = err
}

// tell adds it to what is shown of a device.
func (i *impairment) tell(v *health.Device, now int64) {
	if i.err != nil && v.Fault == "" {
		v.Impaired, v.For = clip(i.err.Error()), time.Duration(now-i.since)*time.Millisecond
	}
}

// impairedOf is what a driver says is wrong beside its part; nil if nothing, or if it
// cannot tell.
func impairedOf(driver drivers.Driver) error {
	if d, ok := driver.(drivers.Impaired); ok {
		return d.Impaired()
	}
	return nil
}
