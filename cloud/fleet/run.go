package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

const (
	beat     = 200 * time.Millisecond // how often changes are published
	perEvent = 500                    // values in one live event at most
	saveTime = 5 * time.Second        // for the last snapshot
	hearTime = 5 * time.Minute        // how often it is read what others have saved
)

// Run publishes changes, watches for gateways that went quiet, saves what is
// shown and removes old events, until ctx ends; then it saves once more. It
// returns the error of that last save.
func (r *Registry) Run(ctx context.Context) error {
	publish := time.NewTicker(beat)
	defer publish.Stop()
	watch := time.NewTicker(10 * time.Second)
	defer watch.Stop()
	save := time.NewTicker(30 * time.Second)
	defer save.Stop()
	prune := time.NewTicker(time.Hour)
	defer prune.Stop()
	// Others save at the latest half a minute after they heard something.
	first := time.NewTimer(time.Minute)
	defer first.Stop()
	hear := time.NewTicker(hearTime)
	defer hear.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
			defer cancel()
			return errors.Join(r.Save(last), r.watch(last, time.Now()))
		case <-publish.C:
			r.flush()
		case now := <-watch.C:
			r.sweep(now.UnixMilli())
		case <-save.C:
			// What cannot be saved now is tried again in half a minute; the health check
			// of the database tells people about it.
			_ = errors.Join(r.Save(ctx), r.watch(ctx, time.Now()))
		case <-first.C:
			r.hearOthers(ctx)
		case <-hear.C:
			r.hearOthers(ctx)
		case now := <-prune.C:
			_ = r.prune(ctx, now)
		}
	}
}

// hearOthers takes over what other aggregators know. What fails is tried again the next time.
func (r *Registry) hearOthers(ctx context.Context) {
	if r.o.Shared {
		_ = r.Heard(ctx)
	}
}

// flush publishes what changed since the last call.
func (r *Registry) flush() {
	r.changedMu.Lock()
	changed := r.changed
	r.changed = map[*gateway]struct{}{}
	r.changedMu.Unlock()
	var values []view.Value
	for g := range changed {
		g.mu.Lock()
		announce := g.announce
		g.announce = false
		for _, s := range g.dirty {
			if l := g.values[s]; l != nil {
				l.dirty = false
				values = append(values, r.value(g, s))
			}
		}
		g.dirty = g.dirty[:0]
		g.mu.Unlock()
		if announce {
			r.o.Publish("gateway", g.view(time.Now()))
		}
	}
	for len(values) > 0 {
		n := min(len(values), perEvent)
		r.o.Publish("values", view.Values{Values: values[:n]})
		values = values[n:]
	}
}
