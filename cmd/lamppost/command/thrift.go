package command

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// thriftyPercent is how far the heap may grow over what lives, in percent, while a
	// gateway starts, and while it has little to do. What is read at the start, all
	// profiles and the configuration, is garbage a moment later, and on a busy board it
	// would be the most memory that the gateway ever takes.
	thriftyPercent = 30
	// paceEvery is how often it is asked whether the gateway has little to do.
	paceEvery = 10 * time.Second
	// settling is how many of these after its start a gateway has what it will go on with.
	settling = 2
	// Collections in paceEvery from which on a heap that is kept small costs more than it
	// is worth, and up to which one that may grow can be kept small again. A thrifty
	// collector goes three times as often as GOGC=100, so the second is a quarter of the
	// first, and a gateway does not swing between them.
	busyCollections = 12
	calmCollections = busyCollections / 4
)

// thrift keeps the heap small until the function that it returns is called. From then on
// the collector goes as it went before where there is much to do, and thriftily where
// there is little, as on a lamp post with forty devices: there collecting a small heap
// some times a minute costs next to nothing, and room for more garbage is memory that
// nobody else can use. Once things have settled, what the start left behind goes back to
// the system: memory, and pages of the program that only it needed. A collector that was
// set thriftier, or switched off (GOGC), stays so.
func thrift(ctx context.Context) (started func()) {
	before := debug.SetGCPercent(thriftyPercent)
	if before < thriftyPercent {
		debug.SetGCPercent(before)
	}
	return func() {
		debug.SetGCPercent(before)
		go keepPace(ctx, before)
	}
}

// keepPace sets the collector's pace until ctx ends. before is what GOGC says.
func keepPace(ctx context.Context, before int) {
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	percent, seen := before, collections()
	for looks := 1; ; looks++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := collections()
		if next := pace(percent, before, now-seen); next != percent {
			percent = next
			debug.SetGCPercent(percent)
		}
		seen = now
		if looks == settling {
			debug.FreeOSMemory()
			forgetProgram()
		}
	}
}

// pace says how far the heap may grow in the next paceEvery, in percent, after so many
// collections in the last one.
func pace(percent, before int, collections uint64) int {
	switch {
	case before < thriftyPercent || collections >= busyCollections:
		return before
	case collections <= calmCollections:
		return thriftyPercent
	}
	return percent
}

// collections returns how many there were since the start.
func collections() uint64 {
	s := []metrics.Sample{{Name: "/gc/cycles/automatic:gc-cycles"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 { // a runtime that does not count them is left as it is
		return 0
	}
	return s[0].Value.Uint64()
}
