package gateway

import (
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/status"
)

// recent is what one line did lately. Its counts run since it was opened: a share
// of them would blame a line for years that was repaired after its first hour.
type recent struct {
	marks []mark // oldest first; what happened since the first one counts
	since int64  // boot ms of the first look
}

type mark struct {
	bootMS int64
	line   status.Line
}

const (
	recentFrames = 100            // judged lately: enough to tell a share of one in a hundred
	markFrames   = 10             // between two marks
	busyMS       = 60 * 1000      // a line is watched before it is called busy
	recentMS     = 60 * 60 * 1000 // what is older does not count, however slow the line
)

// of takes the counts of now and returns those of the last hundred frames or so.
func (r *recent) of(now int64, l status.Line) health.Line {
	if len(r.marks) == 0 {
		r.since = now
	}
	if n := len(r.marks); n == 0 || tried(l)-tried(r.marks[n-1].line) >= markFrames {
		r.marks = append(r.marks, mark{now, l})
	}
	for len(r.marks) > 1 && (tried(l)-tried(r.marks[1].line) >= recentFrames || now-r.marks[0].bootMS > recentMS) {
		r.marks = r.marks[1:]
	}
	from := r.marks[0].line
	h := health.Line{ID: l.ID, Path: l.Path, Frames: l.Frames - from.Frames, BadChecksum: l.BadChecksum - from.BadChecksum,
		Timeouts: l.Timeouts - from.Timeouts, NoiseBytes: l.NoiseBytes - from.NoiseBytes, Alien: l.Alien - from.Alien}
	if s := l.Serial; s != nil {
		h.Adapter, h.Swapped = s.Adapter, s.Swapped
		if now-r.since >= busyMS {
			h.Busy = s.Busy
		}
	}
	return h
}

// tried counts the frames that came, good and bad.
func tried(l status.Line) uint64 { return l.Frames + l.BadChecksum }
