package gateway

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/calibrate"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/pin"
)

// stillEvery is the least time between two pictures that the camera page has a camera
// take, however many look.
const stillEvery = 2 * time.Second

// cameraPage is the page on which cameras are calibrated; nil: there is no book to write
// into.
func (g *Gateway) cameraPage() http.Handler {
	if g.opt.Book == nil {
		return nil
	}
	return calibrate.Handler(&cameras{g: g, failed: map[string]failure{}}, g.opt.Book, door{pin.NewDoor(g.opt.Config.Journal.Dir, nil)}, g.log)
}

// firstPIN makes the number that opens the camera page, if a camera is configured and
// there is none yet, and returns it; empty: there is nothing to tell. It is told once.
func (g *Gateway) firstPIN(cfg *config.Config) string {
	dir := g.opt.Config.Journal.Dir
	if g.opt.Book == nil || g.opt.Config.Status == "" || !hasCamera(cfg) {
		return ""
	}
	if _, err := pin.Made(dir); !errors.Is(err, pin.ErrNone) {
		if err != nil {
			g.log.Warn("the PIN of the camera page cannot be read; lamppost pin --new makes another one", "error", err)
		}
		return ""
	}
	number, err := pin.Make(dir, g.opt.Wall())
	if err != nil {
		g.log.Warn("no PIN can be kept, so the camera page stays closed until the next start", "error", err)
	}
	return number
}

func hasCamera(cfg *config.Config) bool {
	for _, d := range cfg.Devices {
		if d.Plan.OpenHTTP != nil {
			return true
		}
	}
	return false
}

// door is the gateway's pin.Door as the page wants it.
type door struct{ *pin.Door }

// Enter implements calibrate.Door.
func (d door) Enter(number string) (calibrate.Guess, error) {
	guess, err := d.Door.Enter(number)
	return calibrate.Guess(guess), err
}

// cameras is the gateway as the page sees it.
type cameras struct {
	g      *Gateway
	mu     sync.Mutex
	failed map[string]failure // by camera: the last picture that there was not; only cameras are in it
}

// failure is why there was no picture, and when.
type failure struct {
	err error
	at  int64 // boot ms
}

// camera returns a device that is one. The caller holds the lock.
func (c *cameras) camera(id string) *device {
	if c.g.gen == nil {
		return nil
	}
	if d := c.g.gen.devices[id]; d != nil && d.spec.plan != nil && d.spec.plan.OpenHTTP != nil {
		return d
	}
	return nil
}

// Camera implements calibrate.Site.
func (c *cameras) Camera(id string) (calibrate.View, bool) {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	d := c.camera(id)
	if d == nil {
		return calibrate.View{}, false
	}
	v := calibrate.View{Camera: id, Name: d.spec.names, EveryMS: d.spec.every.Milliseconds(), Config: c.g.gen.cfg.Hash, Values: []calibrate.Value{}}
	if d.fault != nil {
		v.Fault, v.Detail = drivers.FaultWord(d.fault), clip(d.fault.Error())
	}
	for _, one := range values(d, c.g.clock.BootMS()) {
		v.Values = append(v.Values, calibrate.Value{Channel: one.Channel, Label: one.Label, Unit: one.Unit, Decimals: one.Decimals,
			V: one.V, QC: one.QC, Why: one.Why, AgeMS: one.AgeMS, LearnsMS: one.LearnsMS, Hinder: one.Hinder})
	}
	for _, f := range d.found {
		v.Boxes = append(v.Boxes, calibrate.Box{Class: f.Class, Score: f.Score, Box: f.Box})
	}
	return v, true
}

// Still implements calibrate.Site.
func (c *cameras) Still(ctx context.Context, id string) (calibrate.Still, error) {
	if s, ok := c.kept(id); ok && s.Age < stillEvery {
		return s, nil
	}
	if err := c.justFailed(id); err != nil {
		return calibrate.Still{}, err
	}
	taken, err := c.g.sampleNow(ctx, id)
	switch s, ok := c.kept(id); {
	case err != nil:
		return calibrate.Still{}, err
	case taken.err != nil:
		c.note(id, taken.err)
		return calibrate.Still{}, taken.err
	case !ok:
		return calibrate.Still{}, errors.New("it answered without a picture")
	default:
		return s, nil
	}
}

// justFailed returns why there was no picture a moment ago; nil: it is worth asking.
func (c *cameras) justFailed(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.failed[id]; ok && c.g.clock.BootMS()-f.at < stillEvery.Milliseconds() {
		return f.err
	}
	delete(c.failed, id)
	return nil
}

func (c *cameras) note(id string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed[id] = failure{err, c.g.clock.BootMS()}
}

// kept is the newest picture of a camera.
func (c *cameras) kept(id string) (calibrate.Still, bool) {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	d := c.camera(id)
	if d == nil {
		return calibrate.Still{}, false
	}
	shot, ok := d.ring.Newest()
	return calibrate.Still{JPEG: shot.JPEG, Age: time.Duration(c.g.clock.BootMS()-shot.BootMS) * time.Millisecond}, ok
}
