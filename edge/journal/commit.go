package journal

import (
	"errors"
	"fmt"
	"time"
)

const (
	firstPause = time.Second
	longPause  = time.Minute
	writeBytes = 256 << 10 // written at once, before the sync
)

// run is the committer: the only goroutine that writes.
func (j *Journal) run(w *writer) {
	defer close(j.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var first time.Time // when the oldest entry waiting was seen
	for {
		wait := time.Hour
		j.mu.Lock()
		switch {
		case j.fail.kept && pressing(j.queue.chunks):
			wait = 0
		case j.fail.err != nil:
			wait = time.Until(j.fail.next)
		case j.queue.urgent || j.queue.held >= commitBytes:
			wait = 0
		case j.queue.held > 0:
			if first.IsZero() {
				first = time.Now()
			}
			wait = time.Until(first.Add(j.o.Commit))
		}
		j.mu.Unlock()
		if wait <= 0 {
			first = time.Now() // what comes in during the commit waits since now
			if j.commit(w, false); j.idle() {
				first = time.Time{}
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-j.kick:
		case <-timer.C:
		case <-j.quit:
			j.commit(w, true)
			w.finish()
			return
		}
	}
}

func (j *Journal) idle() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.queue.held == 0
}

// commit makes one attempt to write and sync everything that waits, and tells
// everybody how it ended.
func (j *Journal) commit(w *writer, final bool) {
	j.mu.Lock()
	batch := j.queue.take()
	j.queue.urgent = false
	j.mu.Unlock()
	err := w.write(batch, final)
	if err != nil && !errors.Is(err, errKept) {
		w.abandon()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.queue.flying = 0
	j.fail.note(err)
	j.fail.kept = errors.Is(err, errKept) || isFull(err) && len(j.spares) > 0 && !w.pressing
	close(j.changed)
	j.changed = make(chan struct{})
}

func (f *failure) note(err error) {
	if err == nil {
		*f = failure{}
		return
	}
	now := time.Now()
	if f.err == nil {
		f.since = now
	}
	f.err = fmt.Errorf("journal: %w: %w", ErrDegraded, err)
	f.pause = min(max(2*f.pause, firstPause), longPause)
	f.next = now.Add(f.pause)
}
