package gateway

import (
	"slices"

	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/status"
)

// recent is what one line did lately. Its counts run since it was opened: a share
// of them would blame a line for years that was repaired after its first hour.
type recent struct {
	marks []mark // oldest first; what happened since the first one counts
	since int64  // boot ms of the first look
}

// mark is the counts of a line at one look: of what a line's view holds beside them
// a hundred lines would keep half a megabyte.
type mark struct {
	bootMS                              int64
	frames, bad, timeouts, noise, alien uint64
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
	m := mark{now, l.Frames, l.BadChecksum, l.Timeouts, l.NoiseBytes, l.Alien}
	if n := len(r.marks); n == 0 || m.tried()-r.marks[n-1].tried() >= markFrames {
		r.marks = append(r.marks, m)
	}
	for len(r.marks) > 1 && (m.tried()-r.marks[1].tried() >= recentFrames || now-r.marks[0].bootMS > recentMS) {
		r.marks = slices.Delete(r.marks, 0, 1)
	}
	from := r.marks[0]
	h := health.Line{ID: l.ID, Path: l.Path, Frames: m.frames - from.frames, BadChecksum: m.bad - from.bad,
		Timeouts: m.timeouts - from.timeouts, NoiseBytes: m.noise - from.noise, Alien: m.alien - from.alien}
	if s := l.Serial; s != nil {
		h.Adapter, h.Swapped = s.Adapter, s.Swapped
		if now-r.since >= busyMS {
			h.Busy = s.Busy
		}
	}
	return h
}

// tried counts the frames that came, good and bad.
func (m mark) tried() uint64 { return m.frames + m.bad }
