package journal

import (
	"errors"
	"syscall"
	"time"
)

// What keeps a degraded journal from writing.
const (
	TroubleFull     = "full"      // no room, or no quota
	TroubleReadOnly = "read-only" // the file system was remounted, or cannot be written
	TroubleIO       = "io"        // anything else the disk says
)

// Stats are figures of a journal; counts are since Open.
type Stats struct {
	Bytes    int64  // in all files, spares included
	Quota    int64  // Options.Size
	Spare    int64  // bytes of Bytes that lie ready: the reserve
	Segments int    // files that hold records
	Broken   int    // of them with damage inside
	Last     uint64 // newest committed number of this epoch
	Next     uint64 // number of the next record
	Waiting  int    // bytes in memory, not on disk yet
	Pending  uint64 // records in memory
	Lost     uint64 // records dropped from memory

	Wear                  // since Open
	Day     Wear          // per day, from the last 24 hours; not scaled up in the first hour
	DayOver time.Duration // how much time Day rests on
	Life    Wear          // since the directory was made, as far as its newest segment tells; Written is not known

	Degraded bool      // the newest attempt to write failed
	Trouble  string    // what the matter is, one of the Trouble… words; "" if not Degraded
	Since    time.Time // first failed attempt
	Retry    time.Time // next attempt
	Err      error     // why, nil if not Degraded; wraps ErrDegraded
	Commit   time.Duration
}

// Stats returns the figures of this moment.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := Stats{Quota: j.o.Size, Commit: j.o.Commit, Wear: j.wear.total}
	for _, seg := range j.segs {
		if seg.gone {
			continue
		}
		s.Bytes += seg.size
		s.Segments++
		if seg.broken {
			s.Broken++
		}
	}
	for _, sp := range j.spares {
		s.Spare += sp.size
	}
	s.Bytes += s.Spare
	s.Day, s.DayOver = j.wear.day(time.Now())
	s.Life = j.life()
	s.Last, s.Next = j.last, j.queue.next
	s.Waiting, s.Lost = j.queue.held, j.queue.lost
	for _, c := range j.queue.chunks {
		s.Pending += c.count
	}
	if f := j.fail; f.err != nil {
		s.Degraded, s.Err, s.Since, s.Retry, s.Trouble = true, f.err, f.since, f.next, troubleOf(f.err)
	}
	return s
}

// life returns what the journal cost the flash since its beginning. The mutex is held.
func (j *Journal) life() Wear {
	w := j.wear.total
	w.Syncs += j.before.Syncs
	w.Flash += j.before.Flash
	w.Written = 0
	return w
}

func troubleOf(err error) string {
	switch {
	case isFull(err):
		return TroubleFull
	case errors.Is(err, syscall.EROFS):
		return TroubleReadOnly
	}
	return TroubleIO
}
