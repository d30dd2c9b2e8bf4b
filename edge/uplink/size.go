package uplink

import (
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Bounds of a pack: on a slow link as many readings as a quarter of a second
// carries, but not so few that it is mostly head; on a fast one Limits.Readings.
const (
	leastReadings  = 20
	firstReading   = 25.0    // bytes of a reading in a plain pack, until it is known better
	firstLive      = 50.0    // and of one in a small pack
	slowLink       = 125_000 // bytes/s, 1 Mbit/s: below that compressing pays
	slowHysteresis = 2
	mostPack       = wire.MaxMessage * 3 / 4 // bytes; the next one may be longer than the last
)

// packReadings returns how many readings a pack may have now.
func (u *Uplink) packReadings() int {
	if u.perReading == 0 {
		u.perReading = firstReading
	}
	n := int(min(u.link.pacer.message(), mostPack) / u.perReading)
	return min(max(n, leastReadings), u.o.Limits.Readings)
}

// weigh learns from a pack how many bytes a reading takes.
func (u *Uplink) weigh(payload []byte, values int) {
	if u.perReading > 0 {
		u.perReading = smooth(u.perReading, payload, values)
	}
}

func smooth(per float64, payload []byte, values int) float64 {
	if values == 0 {
		return per
	}
	return per + (float64(len(payload))/float64(values)-per)/8
}

// compress says whether the next pack is to be compressed: where bytes cost money, or
// time. On a fast link the processor has better things to do.
func (u *Uplink) compress() bool {
	rate := u.link.pacer.known()
	switch {
	case u.o.Limits.Compress != Auto:
		return u.o.Limits.Compress == On
	case u.o.Limits.PerDay > 0:
		return true
	case rate > 0 && rate < slowLink:
		u.small = true
	case rate > slowHysteresis*slowLink:
		u.small = false
	}
	return u.small
}

// statePause returns how long the state waits for changes to come together: it takes
// one part in stateShare of the link, and of a day's bytes.
func (u *Uplink) statePause() time.Duration {
	n := stateShare * len(u.state.payload)
	pause := max(stateEvery, u.takes(n))
	if u.budget.perDay > 0 {
		pause = max(pause, time.Duration(float64(aDay)*float64(n)/float64(u.budget.perDay)))
	}
	return pause
}

// sparing is by how much what is only repeated becomes rarer where bytes cost money.
func (u *Uplink) sparing() time.Duration {
	if u.budget.perDay > 0 {
		return 10
	}
	return 1
}

// takes returns how long the link is busy with n bytes; 0 if that is not known.
func (u *Uplink) takes(n int) time.Duration {
	if rate := u.link.pacer.known(); rate > 0 {
		return seconds(float64(n) / rate)
	}
	return 0
}
