package journal

import "time"

// Stats are figures of a journal; counts are since Open.
type Stats struct {
	Bytes    int64  // in all segments
	Quota    int64  // Options.Size
	Segments int    // files
	Broken   int    // of them with damage inside
	Last     uint64 // newest committed number of this epoch
	Next     uint64 // number of the next record
	Waiting  int    // bytes in memory, not on disk yet
	Lost     uint64 // records dropped from memory
	Syncs    uint64 // flushes asked of the device
	Written  uint64 // bytes given to the device's file system
	Degraded bool   // the newest attempt to write failed
	Since    time.Time
	Err      error // why, nil if not Degraded; wraps ErrDegraded
	Commit   time.Duration
}

// Stats returns the figures of this moment.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.stats
	s.Quota, s.Commit = j.o.Size, j.o.Commit
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
	s.Last, s.Next = j.last, j.queue.next
	s.Waiting, s.Lost = j.queue.held, j.queue.lost
	s.Degraded, s.Err, s.Since = j.fail.err != nil, j.fail.err, j.fail.since
	return s
}
