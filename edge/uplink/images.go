package uplink

import (
	"context"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Album is where pictures lie that are not in memory. It is safe for concurrent use.
type Album interface {
	// Get reads a picture back; an error: it will never come. It may block on the disk.
	Get(id string) (meta wire.ImageMeta, jpeg []byte, err error)
	// Done says that a store has it. It must not block.
	Done(id string)
}

// picture is one image on its way, piece by piece.
type picture struct {
	id, device string
	alert      bool
	kept       bool // it is in Options.Album; pieces are here only while they are sent
	pieces     [][]byte
	count      int // of pieces; 0: not known, because it was not read yet
	bytes      int // of all pieces, known with count
	next       int // piece to send
	onWay      bool
	again      time.Time // when all are sent: when to begin anew
	pause      time.Duration
}

// imageQueue holds pictures until they are acknowledged. Of each camera the newest still
// replaces one that is not through; a picture that belongs to an alert is not replaced.
// Of those that are in memory the oldest gives way when there are too many, those of
// alerts last; of those that are kept elsewhere only the one on its way is in memory.
type imageQueue struct {
	pictures []*picture
	want     string             // the one to be read next; empty: none
	dropped  func(image string) // of an alert that gave way; nil: nobody is told
}

const (
	maxPictures     = 16
	maxPictureBytes = 8 << 20
	imagePause      = 30 * time.Second
	imageMostPause  = 10 * time.Minute
)

func (q *imageQueue) push(p *picture) {
	q.pictures = filter(q.pictures, func(old *picture) bool {
		return old.id != p.id && (old.alert || old.device != p.device || p.alert)
	})
	q.pictures = append(q.pictures, p)
	for {
		n, size := q.held()
		if n <= 1 || n <= maxPictures && size <= maxPictureBytes {
			return
		}
		if lost := q.giveUp(p); lost != nil && lost.alert && q.dropped != nil {
			q.dropped(lost.id)
		}
	}
}

// held returns how many pictures are nowhere but here, and their bytes.
func (q *imageQueue) held() (n, size int) {
	for _, p := range q.pictures {
		if p.kept {
			continue
		}
		n++
		for _, piece := range p.pieces {
			size += len(piece)
		}
	}
	return n, size
}

// giveUp drops the oldest that is nowhere but here, one of an alert only if there is no
// other; never the newest. It returns the one.
func (q *imageQueue) giveUp(newest *picture) *picture {
	for _, alerts := range []bool{false, true} {
		for i, p := range q.pictures {
			if p != newest && !p.kept && p.alert == alerts {
				q.pictures = append(q.pictures[:i], q.pictures[i+1:]...)
				return p
			}
		}
	}
	return nil
}

// due returns the picture whose next piece goes now, those of alerts first and of those
// the newest, else when to ask again (zero: not before something happens). They go one
// after another, since a cloud puts only a few together at a time: what was begun is
// ended first, unless it belongs to no alert.
func (q *imageQueue) due(now time.Time) (p *picture, at time.Time) {
	for _, alerts := range []bool{true, false} {
		for _, p := range q.pictures {
			switch {
			case p.alert != alerts:
			case p.onWay:
				return nil, time.Time{} // a confirmation wakes the sender
			case p.next > 0 && p.next < p.count:
				return p, now
			}
		}
		for _, p := range slices.Backward(q.pictures) {
			switch {
			case p.alert != alerts:
			case p.next < p.count || p.count == 0:
				return p, now
			case !p.again.After(now):
				p.next = 0
				return p, now
			case at.IsZero() || p.again.Before(at):
				at = p.again
			}
		}
	}
	return nil, at
}

// sent notes that the next piece of p is on its way.
func (p *picture) sent(now time.Time) {
	p.onWay = true
	if p.next++; p.next == p.count {
		p.pause = min(max(2*p.pause, imagePause), imageMostPause)
		p.again = now.Add(p.pause)
		if p.kept {
			p.pieces = nil // read again if it has to go again
		}
	}
}

// begin makes all pictures start anew, on a new connection.
func (q *imageQueue) begin() {
	for _, p := range q.pictures {
		p.next, p.onWay, p.again, p.pause = 0, false, time.Time{}, 0
		if p.kept {
			p.pieces = nil
		}
	}
}

// done drops a picture that a store has and says whether it is kept elsewhere.
func (q *imageQueue) done(id string) (kept bool) {
	q.pictures = filter(q.pictures, func(p *picture) bool {
		kept = kept || p.id == id && p.kept
		return p.id != id
	})
	return kept
}

// read hands over a picture that was asked for; no pieces: it will never come.
func (q *imageQueue) read(id string, pieces [][]byte) {
	q.want = ""
	for _, p := range q.pictures {
		if p.id == id && len(pieces) > 0 {
			p.pieces, p.count, p.next, p.bytes = pieces, len(pieces), min(p.next, len(pieces)-1), sizeOf(pieces)
			return
		}
	}
	q.done(id)
}

func newPicture(meta wire.ImageMeta, jpeg []byte) (*picture, error) {
	pieces, err := wire.EncodeImage(meta, jpeg)
	if err != nil {
		return nil, err
	}
	return &picture{id: meta.ID, device: meta.Device, alert: meta.Alert != "", pieces: pieces, count: len(pieces), bytes: sizeOf(pieces)}, nil
}

func sizeOf(pieces [][]byte) (n int) {
	for _, p := range pieces {
		n += len(p)
	}
	return n
}

// pieceCost is what a piece costs beside itself: its topic, MQTT and the answer.
const pieceCost = 200

// rest is what the pieces that are still to be sent cost; 0: not known, because it was not
// read yet.
func (p *picture) rest() int64 {
	if p.count == 0 {
		return 0
	}
	left := p.count - p.next
	return int64(left*p.bytes/p.count + left*pieceCost)
}

// Kept sends pictures of alerts that lie in Options.Album, which must be set: when the
// link has room, oldest first, and again until a store acknowledges them, on every
// connection. After a start, hand over all that wait.
func (u *Uplink) Kept(ids ...string) {
	u.mu.Lock()
	for _, id := range ids {
		u.images.push(&picture{id: id, alert: true, kept: true})
	}
	u.mu.Unlock()
	signal(u.wake)
}

// Forget drops a picture of Kept that is in the Album no more: it is neither sent nor counted
// as waiting. One whose pieces are under way is found out when the next is read.
func (u *Uplink) Forget(id string) {
	u.mu.Lock()
	u.images.pictures = filter(u.images.pictures, func(p *picture) bool { return p.id != id || !p.kept || p.next > 0 || p.onWay })
	u.mu.Unlock()
}

// fetchLoop reads the pictures that the sender asks for, until ctx ends.
func (u *Uplink) fetchLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-u.fetch:
		}
		u.mu.Lock()
		id := u.images.want
		u.mu.Unlock()
		if id == "" {
			continue
		}
		meta, jpeg, err := u.o.Album.Get(id)
		var pieces [][]byte
		if err == nil {
			pieces, err = wire.EncodeImage(meta, jpeg)
		}
		if err != nil {
			u.o.Log.Warn("uplink: a picture is given up", "picture", id, "error", err)
		}
		u.mu.Lock()
		u.images.read(id, pieces)
		u.mu.Unlock()
		signal(u.wake)
	}
}
