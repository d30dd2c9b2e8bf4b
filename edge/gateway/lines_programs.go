package gateway

import (
	"context"
	"path/filepath"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/process"
)

// programOutput is an output that a program switches: it is run with on or off as its
// last argument, and done when it exits with 0. Off may be asked for again and again;
// the program has to bear that. What it leaves behind in its session ends with it.
type programOutput struct {
	command []string
	mark    string // by which a later run of the gateway finds it
}

// Set runs the program until it ends or ctx does: then it is killed with all that it
// started. Errors: those of process.Run.
func (p programOutput) Set(ctx context.Context, on bool) error {
	return process.Run(ctx, drivers.ProcessSpec{Command: p.command, Env: []string{p.mark}}, onWord(on))
}

// Get cannot tell.
func (p programOutput) Get(context.Context) (on, ok bool, err error) { return false, false, nil }

// Close does nothing: no program runs between calls.
func (p programOutput) Close() error { return nil }

// programMark is what the programs of this gateway's outputs have in their environment.
// The journal is locked, so nobody else's have it.
func (g *Gateway) programMark() string {
	dir, err := filepath.Abs(g.opt.Config.Journal.Dir)
	if err != nil {
		dir = g.opt.Config.Journal.Dir // it says as much as it can
	}
	return "LAMPPOST_OUTPUTS_OF=" + dir
}

// leftoverWait bounds the wait for a killed program that the kernel cannot end yet.
const leftoverWait = 2 * time.Second

// endLeftovers ends what the outputs of an earlier run started and left when it was
// killed: it would switch on after this run has switched off.
func (g *Gateway) endLeftovers(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, leftoverWait)
	defer stop()
	n, err := process.EndMarked(ctx, g.programMark())
	if err != nil {
		g.log.Error("a program of an output may still run from before", "error", err)
	}
	if n > 0 {
		g.log.Warn("programs of outputs still ran from before and were ended", "processes", n)
	}
}
