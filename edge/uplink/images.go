package uplink

import (
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// picture is one image on its way, piece by piece.
type picture struct {
	id, device string
	alert      bool
	pieces     [][]byte
	next       int       // piece to send
	onWay      bool      // a piece is not confirmed by the broker yet
	again      time.Time // when all are sent: when to begin anew
	pause      time.Duration
}

// imageQueue holds pictures in memory until they are acknowledged. Of each camera
// the newest still replaces one that is not through; a picture that belongs to an
// alert is not replaced, but the oldest gives way when there are too many.
type imageQueue struct{ pictures []*picture }

const (
	maxPictures     = 16
	maxPictureBytes = 8 << 20
	imagePause      = 30 * time.Second
	imageMostPause  = 10 * time.Minute
)

func (q *imageQueue) push(p *picture) {
	q.pictures = filter(q.pictures, func(old *picture) bool {
		return old.alert || old.device != p.device || p.alert
	})
	q.pictures = append(q.pictures, p)
	for len(q.pictures) > 1 && (len(q.pictures) > maxPictures || q.size() > maxPictureBytes) {
		q.pictures = q.pictures[1:]
	}
}

func (q *imageQueue) size() (n int) {
	for _, p := range q.pictures {
		for _, piece := range p.pieces {
			n += len(piece)
		}
	}
	return n
}

// due returns the picture whose next piece goes now, those of alerts first, else
// when to ask again (zero: not before something happens).
func (q *imageQueue) due(now time.Time) (p *picture, at time.Time) {
	for _, alerts := range []bool{true, false} {
		for _, p := range q.pictures {
			switch {
			case p.alert != alerts || p.onWay:
			case p.next < len(p.pieces):
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
	if p.next++; p.next == len(p.pieces) {
		p.pause = min(max(2*p.pause, imagePause), imageMostPause)
		p.again = now.Add(p.pause)
	}
}

// begin makes all pictures start anew, on a new connection.
func (q *imageQueue) begin() {
	for _, p := range q.pictures {
		p.next, p.onWay, p.again, p.pause = 0, false, time.Time{}, 0
	}
}

// done drops a picture that a store has.
func (q *imageQueue) done(id string) {
	q.pictures = filter(q.pictures, func(p *picture) bool { return p.id != id })
}

func newPicture(meta wire.ImageMeta, jpeg []byte) (*picture, error) {
	pieces, err := wire.EncodeImage(meta, jpeg)
	if err != nil {
		return nil, err
	}
	return &picture{id: meta.ID, device: meta.Device, alert: meta.Alert != "", pieces: pieces}, nil
}
