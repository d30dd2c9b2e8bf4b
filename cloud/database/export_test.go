package database

import "time"

// Forget lets a feed believe that it was cut off from its server for so long.
func (f *Feed) Forget(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = f.seen.Add(-d)
}
