package command

import (
	"context"
	"runtime/debug"
	"time"
)

const (
	// thriftyPercent is how far the heap may grow over what lives, in percent, while a
	// gateway starts. What is read then, all profiles and the configuration, is garbage a
	// moment later, and on a busy board it would be the most memory that the gateway ever
	// takes.
	thriftyPercent = 50
	// settling is how long after its start a gateway has what it will go on with.
	settling = 20 * time.Second
)

// thrift keeps the heap small until the function that it returns is called. From then on
// the collector goes as it went before, and once things have settled, what the start left
// behind goes back to the system: memory, and pages of the program that only it needed. A collector that was set thriftier, or switched off
// (GOGC), stays so.
func thrift(ctx context.Context) (started func()) {
	before := debug.SetGCPercent(thriftyPercent)
	if before < thriftyPercent {
		debug.SetGCPercent(before)
	}
	return func() {
		debug.SetGCPercent(before)
		settled := time.AfterFunc(settling, func() {
			debug.FreeOSMemory()
			forgetProgram()
		})
		context.AfterFunc(ctx, func() { settled.Stop() })
	}
}
