package aggregator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/store/embedded"
	"github.com/lamppost-city/lamppost/cloud/store/influx"
	"github.com/lamppost-city/lamppost/edge/journal"
)

// lateStore is a store that may not be there yet: a server that starts after the
// aggregator, or that is away. Until it is there everything is unavailable, which
// its users know how to bear.
type lateStore struct {
	openIt func(context.Context) (store.Store, error)
	log    *slog.Logger

	mu   sync.Mutex
	s    store.Store // nil: not open yet
	why  error
	done bool // closed
}

// openStore opens the store. An embedded one must open; a server may come later.
func (p *parts) openStore(ctx context.Context) error {
	p.store = &lateStore{log: p.o.Log.With("part", "store")}
	p.onClose(p.store.Close)
	if c := p.o.Settings.Store.Influx; c != nil {
		p.store.openIt = func(ctx context.Context) (store.Store, error) {
			return influx.Open(ctx, influx.Options{URL: c.URL, Token: c.Token, Org: c.Org, Bucket: c.Bucket})
		}
		if err := p.store.try(ctx); err != nil {
			p.store.log.Warn("the store is not there yet; trying again until it is", "error", err)
		}
		return nil
	}
	p.store.openIt = func(context.Context) (store.Store, error) {
		return embedded.Open(filepath.Join(p.o.Settings.Data, "store"),
			embedded.Options{Retention: p.o.Settings.Store.Embedded.Retention, Log: p.store.log})
	}
	err := p.store.try(ctx)
	if errors.Is(err, journal.ErrLocked) {
		return fmt.Errorf("%w: %w", ErrInUse, err)
	}
	if err != nil {
		return storage(err)
	}
	return nil
}

// try opens the store if it is not open.
func (l *lateStore) try(ctx context.Context) error {
	s, err := l.openIt(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.why = err
	if err != nil {
		return err
	}
	if l.done {
		return s.Close()
	}
	l.s = s
	return nil
}

// run keeps trying until the store is open or ctx ends. It returns nil.
func (l *lateStore) run(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for l.get() == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if l.try(ctx) == nil {
				l.log.Info("the store is there")
			}
		}
	}
	return nil
}

func (l *lateStore) get() store.Store {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.s
}

func (l *lateStore) away() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Errorf("%w: it is not open yet: %w", store.ErrUnavailable, l.why)
}

// check says whether the store is open.
func (l *lateStore) check(context.Context) error {
	if l.get() == nil {
		return l.away()
	}
	return nil
}

// ID returns the store's id, empty while it is not open.
func (l *lateStore) ID() string {
	if s := l.get(); s != nil {
		return s.ID()
	}
	return ""
}

// Write is store.Store's.
func (l *lateStore) Write(ctx context.Context, ps []store.Point) ([]store.Refusal, error) {
	if s := l.get(); s != nil {
		return s.Write(ctx, ps)
	}
	return nil, l.away()
}

// Query is store.Store's.
func (l *lateStore) Query(ctx context.Context, q store.Query) ([]store.Point, error) {
	if s := l.get(); s != nil {
		return s.Query(ctx, q)
	}
	return nil, l.away()
}

// Close closes the store if it is open.
func (l *lateStore) Close() error {
	l.mu.Lock()
	s := l.s
	l.done, l.s = true, nil
	l.mu.Unlock()
	if s == nil {
		return nil
	}
	return s.Close()
}
