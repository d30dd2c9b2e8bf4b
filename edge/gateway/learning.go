package gateway

import (
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/poll"
)

// lessons is what a device's driver does not know yet; see drivers.Learner.
type lessons struct {
	drivers.Learning       // as of the last good sample
	renewed          int64 // boot ms at which what it knows was last replaced; 0: never
}

// take books a sample. A driver that was opened anew counts anew.
func (l *lessons) take(s poll.Sample) {
	if s.Err != nil {
		return
	}
	now := learningOf(s.Driver)
	if now.Renewed > l.Renewed {
		l.renewed = s.BootMS
	}
	l.Learning = now
}

// renewedFor is how long it is told that what a device knows was replaced.
const renewedFor = 24 * time.Hour

// tell adds it to what is shown of a device.
func (l *lessons) tell(v *health.Device, now int64) {
	v.Learning = l.Learning
	if since := time.Duration(now-l.renewed) * time.Millisecond; l.renewed > 0 && since < renewedFor {
		v.Renewed = max(since, time.Millisecond)
	}
}

// of says why a channel of a device that answers has no value: what stands in the way of seeing
// it, or of learning it, a word of drivers.Learning.Why; or for about how long yet it is learned,
// ms. since is how long ago the sample was, ms.
func (l *lessons) of(channel string, since int64) (learnsMS int64, hinder string) {
	waits := slices.Contains(l.Waits, channel)
	switch {
	case waits && l.Why == "":
		return max(l.For.Milliseconds()-since, 1), ""
	case waits || slices.Contains(l.Unclear, channel):
		return 0, l.Why
	}
	return 0, ""
}

// learningOf is what a driver does not know yet; nothing, if it does not learn.
func learningOf(driver drivers.Driver) drivers.Learning {
	if d, ok := driver.(drivers.Learner); ok {
		return d.Learning()
	}
	return drivers.Learning{}
}
