package gateway

import (
	"context"
	"path/filepath"
	"time"

	"github.com/lamppost-city/lamppost/drivers/bus/process"
)

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
