package gateway

import (
	"time"

	"github.com/google/uuid"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// stillPatience is how long an alert waits for the picture that was asked for when it
// was raised; then the one before has to do.
const stillPatience = 10 * time.Second

// promise is a picture that an alert names and that is still to be taken.
type promise struct {
	image, alert string
	until        int64 // boot ms
}

// evidenceStill asks a camera for a picture of this moment and returns the id under
// which it will go out with an alert. If none comes in time the newest one goes under
// that id; if there has never been one, the alert names none.
func (g *Gateway) evidenceStill(gen *generation, camera, alertID string) string {
	d := gen.devices[camera]
	if d == nil || g.uplink == nil {
		return ""
	}
	id, err := uuid.NewV7()
	if err != nil {
		return ""
	}
	if d.still == nil && d.fault != nil {
		return "" // it does not answer, and never did
	}
	g.keepPromise(d) // what is still open makes room
	d.promised = &promise{image: id.String(), alert: alertID, until: g.clock.BootMS() + stillPatience.Milliseconds()}
	if pace := gen.lines.pace(camera); pace != nil {
		pace.Now()
	}
	return id.String()
}

// keepPromise sends the newest picture under the id that an alert named.
func (g *Gateway) keepPromise(d *device) {
	if p := d.promised; p != nil && d.still != nil {
		g.sendStill(d, wire.ImageMeta{ID: p.image, Device: d.spec.id, At: g.moment(d.lastAt), Alert: p.alert})
	}
	d.promised = nil
}

// overduePromises sends what there is for alerts whose camera did not answer in time.
// The caller holds the lock.
func (g *Gateway) overduePromises() {
	if g.gen == nil {
		return
	}
	now := g.clock.BootMS()
	for _, d := range g.gen.devices {
		if d.promised != nil && now > d.promised.until {
			g.keepPromise(d)
		}
	}
}
