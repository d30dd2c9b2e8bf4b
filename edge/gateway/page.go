package gateway

import (
	"context"
	"net"
	"time"

	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/status"
	"golang.org/x/sync/errgroup"
)

// pageRetry is the pause before a port that was taken is tried again.
const pageRetry = 10 * time.Second

// servePage starts the status page, if there is one, and returns its address, nil
// while it has none: a port that is taken stops nothing, it is tried again.
func (g *Gateway) servePage(ctx context.Context, group *errgroup.Group) net.Addr {
	listen := g.opt.Config.Status
	if listen == "" {
		return nil
	}
	first := make(chan net.Addr, 1)
	tell := func(a net.Addr) {
		select {
		case first <- a:
		default:
		}
	}
	group.Go(func() error { return g.pageLoop(ctx, listen, pageRetry, tell) })
	return <-first
}

func (g *Gateway) pageLoop(ctx context.Context, listen string, retry time.Duration, tell func(net.Addr)) error {
	handler := status.Handler(g.snapshot, g.registry, g.cameraPage())
	for {
		err := status.Serve(ctx, listen, handler, func(a net.Addr) {
			if g.setPage("") {
				g.log.Info("the status page can be reached now", "address", a.String())
			}
			tell(a)
		})
		if err == nil {
			return nil
		}
		if !g.setPage(err.Error()) {
			g.log.Warn("the status page cannot be reached; it is tried again by itself", "error", err)
		}
		tell(nil)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retry):
		}
	}
}

// setPage notes why the page cannot be reached, and returns whether it could not
// before.
func (g *Gateway) setPage(fault string) (before bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before = g.pageFault != ""
	g.pageFault = fault
	return before
}

func (g *Gateway) pageHealth() health.Page {
	return health.Page{Address: g.opt.Config.Status, Error: g.pageFault}
}
