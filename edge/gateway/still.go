package gateway

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/overlay"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/lamppost-city/lamppost/edge/still"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// picture names the pictures of a revision: of a raise the one before it, which leaves
// now, one of this moment and one of later, of any other revision one of this moment.
// If there has never been a picture of the camera, the revision names none. The caller
// holds the lock.
func (g *Gateway) picture(gen *generation, s config.Still, a *wire.Alert, raised bool) {
	if was := g.active[a.Rule]; !raised && was != nil && was.Stage == a.Stage && was.Severity == a.Severity {
		return // it looks as it looked: the picture of then stays
	}
	a.Image = ""
	d := gen.devices[s.Camera]
	if d == nil || g.uplink == nil && g.keeper == nil {
		return
	}
	now := a.At.BootMS
	if _, seen := d.ring.Newest(); !seen && d.fault != nil {
		return // it does not answer, and never did
	}
	said := g.sayings(gen, d, a, atAlert, now)
	if shot, ok := d.ring.Before(now); ok && raised {
		if id := g.sendBefore(d, shot, a.ID, g.sayings(gen, d, a, beforeAlert, shot.BootMS), now); id != "" {
			a.Pictures = append(a.Pictures, pictured(id, wire.PictureBefore, shot.BootMS, a))
		}
	}
	if a.Image = g.order(d, still.Order{Alert: a.ID, Moment: wire.PictureAt, FromMS: now, Said: said}); raised && a.Image != "" {
		a.Pictures = append(a.Pictures, pictured(a.Image, wire.PictureAt, now, a))
	}
	if after := now + s.After.Milliseconds(); raised && s.After > 0 {
		if id := g.order(d, still.Order{Alert: a.ID, Moment: wire.PictureAfter, FromMS: after, OldestMS: after, Said: said}); id != "" {
			a.Pictures = append(a.Pictures, pictured(id, wire.PictureAfter, after, a))
		}
	}
	g.keepOrders()
	g.askCameras(gen, now)
}

func pictured(id, moment string, bootMS int64, a *wire.Alert) wire.Picture {
	return wire.Picture{Image: id, Moment: moment, SinceMS: bootMS - a.Since.BootMS}
}

// beforehand is the picture before an alert that was sent last.
type beforehand struct {
	id     string
	shotMS int64 // when it was taken,
	sentMS int64 // and sent, boot ms
	said   []string
}

// sendBefore sends the picture before an alert and returns its id; empty if it cannot be sent.
// Alerts that are raised together have one, as long as the same is drawn into it.
func (g *Gateway) sendBefore(d *device, shot still.Shot, alertID string, said []string, now int64) string {
	b := &d.before
	if b.id == "" || b.shotMS != shot.BootMS || now-b.sentMS > still.Patience.Milliseconds() || !slices.Equal(b.said, said) {
		*b = beforehand{g.sendShot(d, shot, alertID, wire.PictureBefore, said), shot.BootMS, now, said}
	}
	return b.id
}

// order has a picture of a camera taken and returns the id that it will have; empty if
// there is none to be had. Alerts of one moment have one picture, unless something else is
// drawn into it.
func (g *Gateway) order(d *device, x still.Order) string {
	id, err := uuid.NewV7()
	if err != nil {
		return ""
	}
	x.Camera, x.Image = d.spec.id, id.String()
	if p := d.spec.plan; p != nil && p.Timeout > still.Patience { // a slow one, which may be taking another just now
		x.UntilMS = x.FromMS + 2*p.Timeout.Milliseconds()
	}
	if x.Moment == wire.PictureAfter {
		x.UntilMS = max(x.UntilMS, x.FromMS+afterGrace.Milliseconds())
	}
	if image := g.orders.Same(x); image != "" {
		return image
	}
	g.addOrder(x)
	return x.Image
}

// addOrder takes an order in; what gives way to it has the picture that there is.
func (g *Gateway) addOrder(x still.Order) {
	for _, x := range g.orders.Add(x) {
		g.fillOrder(g.gen, x)
	}
}

// askCameras has the pictures taken whose moment has come, and gives up those that did
// not come in time. The caller holds the lock.
func (g *Gateway) askCameras(gen *generation, bootMS int64) {
	for _, camera := range g.orders.Due(bootMS) {
		if pace := gen.lines.pace(camera); pace != nil {
			pace.Now()
		}
	}
	overdue := g.orders.Overdue(bootMS)
	for _, x := range overdue {
		g.fillOrder(gen, x)
	}
	if len(overdue) > 0 {
		g.keepOrders()
	}
}

// fillOrder sends the newest picture of the camera under the id that an alert has named.
func (g *Gateway) fillOrder(gen *generation, x still.Order) {
	if gen == nil {
		return
	}
	d := gen.devices[x.Camera]
	if d == nil {
		g.log.Warn("a picture that an alert names was not taken: its camera is not configured any more", "device", x.Camera, "alert", x.Alert, "moment", x.Moment)
		g.absent.add(x.Image, wire.NoCamera)
		return
	}
	shot, ok := d.ring.Newest()
	if !ok || shot.BootMS < x.OldestMS {
		g.absent.add(x.Image, wire.NotTaken)
		g.log.Warn("a picture that an alert names was not taken: the camera gave none in time", "device", x.Camera, "alert", x.Alert, "moment", x.Moment)
		return
	}
	g.sendStill(d, wire.ImageMeta{ID: x.Image, Device: x.Camera, At: g.moment(shot.BootMS), Alert: x.Alert, Moment: x.Moment}, shot.JPEG, g.caption(d, shot, x.Said))
}

// stillOf is the picture of a sample, if it has one.
func stillOf(s *poll.Sample) ([]byte, bool) {
	src, ok := s.Driver.(drivers.StillSource)
	if !ok || s.Err != nil {
		return nil, false
	}
	return src.Still()
}

// takeStill keeps a camera's newest picture, gives it to the alerts that wait for it,
// and uploads it if that is asked for.
func (g *Gateway) takeStill(gen *generation, d *device, s poll.Sample) {
	jpeg, ok := stillOf(&s)
	if !ok {
		if g.orders.Again(d.spec.id, s.BootMS) {
			g.armTimer(gen)
		}
		return
	}
	shot := still.Shot{BootMS: s.BootMS, JPEG: jpeg}
	d.ring.Add(shot)
	d.found = nil
	if f, ok := s.Driver.(drivers.Finder); ok {
		d.found, _ = f.Found()
	}
	filled := g.orders.Filled(d.spec.id, s.BootMS)
	for _, x := range filled {
		g.fillOrder(gen, x)
	}
	if len(filled) > 0 {
		g.keepOrders()
	}
	if d.spec.upload > 0 && (d.sentAt == 0 || s.BootMS-d.sentAt >= d.spec.upload.Milliseconds()-int64(d.spec.every/2/time.Millisecond)) {
		d.sentAt = s.BootMS
		g.sendShot(d, shot, "", "", nil)
	}
}

// sendShot sends a picture under a new id and returns that; empty if it cannot be sent.
func (g *Gateway) sendShot(d *device, s still.Shot, alertID, moment string, said []string) string {
	id, err := uuid.NewV7()
	if err != nil || !g.sendStill(d, wire.ImageMeta{ID: id.String(), Device: d.spec.id, At: g.moment(s.BootMS), Alert: alertID, Moment: moment}, s.JPEG, g.caption(d, s, said)) {
		return ""
	}
	return id.String()
}

func (g *Gateway) sendStill(d *device, meta wire.ImageMeta, jpeg []byte, c *overlay.Caption) bool {
	if meta.Alert != "" && g.keeper != nil {
		g.keeper.take(putting{meta, jpeg, c, d.spec.plan != nil && d.spec.plan.Apart != nil})
		return true
	}
	if g.uplink == nil {
		return false
	}
	if err := g.uplink.Image(meta, jpeg); err != nil {
		g.log.Warn("a picture cannot be sent", "device", meta.Device, "error", err)
		if meta.Alert != "" {
			g.absent.add(meta.ID, wire.NotToSend)
		}
		return false
	}
	return true
}
