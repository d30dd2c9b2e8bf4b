package gateway

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/poll"
)

// impairment is what is wrong beside a part that answers; see drivers.Impaired.
type impairment struct {
	err   error            // of the last good sample; nil: nothing
	since int64            // boot ms
	told  string           // the fault word that the log has; empty: it has none
	said  map[string]int64 // when each fault word was told last, boot ms
}

// quietFor is how long the same fault beside a part is not told of again, if it comes and goes.
const quietFor = 10 * time.Minute

// news says whether the log has to be told: of what went wrong, that it is something else
// now (late, and then ended for what it took), or that it is over.
func (i *impairment) news(now int64) bool {
	if i.err == nil {
		over := i.told != ""
		i.told = ""
		return over
	}
	word := drivers.FaultWord(i.err)
	if last, ever := i.said[word]; word == i.told || ever && now-last < quietFor.Milliseconds() {
		return false
	}
	if i.said == nil {
		i.said = map[string]int64{}
	}
	i.told, i.said[word] = word, now
	return true
}

// sayImpaired has the log know what is wrong beside a part that answers, once.
func (g *Gateway) sayImpaired(d *device, now int64) {
	switch i := &d.impaired; {
	case !i.news(now):
	case i.err != nil:
		g.log.Warn("a part of a device fails, the rest of it goes on", "device", d.spec.id, "error", clip(i.err.Error()))
	default:
		g.log.Info("the part of a device works again", "device", d.spec.id)
	}
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
