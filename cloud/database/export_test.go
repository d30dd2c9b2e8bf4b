package database

import (
	"context"
	"time"
)

// Forget lets a feed believe that it was cut off from its server for so long.
func (f *Feed) Forget(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = f.seen.Add(-d)
}

// ByTheWall says whether a feed knows by the clock on the wall when it last heard.
func (f *Feed) ByTheWall() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen == f.seen.Round(0)
}

// Tidy lets the server forget what is old.
func (f *Feed) Tidy(ctx context.Context) error { return f.tidy(ctx) }
