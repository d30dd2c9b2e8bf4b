package gateway

import (
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/overlay"
	"github.com/lamppost-city/lamppost/edge/still"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxSaid bounds how many values are drawn into a picture.
const maxSaid = 4

// sayings are what is drawn into an alert's pictures of the alert itself: its rule and
// severity, and what its streams had shown last at a moment; nil where the camera has no
// overlay. The picture before the alert has the values of its own time, as far as they are
// remembered, and not those that raised it; those of later keep what the raise had, and say
// so.
func (g *Gateway) sayings(gen *generation, d *device, a *wire.Alert, label string, bootMS int64) []string {
	if d.spec.plan == nil || d.spec.plan.Overlay == nil {
		return nil
	}
	lines := []string{label + " " + a.Rule + " " + string(a.Severity)}
	for _, st := range gen.ruleStreams[a.Rule] {
		if v, ok := shownAt(gen.trail.Of(st, bootMS)); ok && len(lines) <= maxSaid {
			lines = append(lines, g.shown(st, v))
		}
	}
	return lines
}

// What stands before the rule in a picture of an alert.
const (
	beforeAlert = "before the alert:"
	atAlert     = "at the alert:"
)

// shownAt is the newest of the readings of one stream that had come by the moment that
// their ages are counted from; ok is false where there is none.
func shownAt(readings []wire.Evidence) (v float64, ok bool) {
	for _, e := range readings { // oldest first
		if e.At >= 0 {
			v, ok = e.V, true
		}
	}
	return v, ok
}

// shown is a value with its unit, in ASCII.
func (g *Gateway) shown(st obs.Stream, v float64) string {
	s := st.String() + " " + strconv.FormatFloat(v, 'g', 5, 64)
	if m, ok := g.catalog.Lookup(st.Channel); ok && m.Unit != "" && m.Unit != "1" {
		s += " " + string(m.Unit)
	}
	return s
}

// caption is what is drawn into a picture of d: when it was taken, what was said of the
// alert, the zones; nil where the camera has no overlay, or the picture goes with no alert.
func (g *Gateway) caption(d *device, s still.Shot, said []string) *overlay.Caption {
	if len(said) == 0 || d.spec.plan == nil || d.spec.plan.Overlay == nil {
		return nil
	}
	when := "time not known"
	if m := g.moment(s.BootMS); m.Unix != 0 {
		when = time.UnixMilli(m.Unix).In(g.zone()).Format("2006-01-02 15:04:05 -07:00")
	}
	return &overlay.Caption{Lines: append([]string{when + "  " + d.spec.id}, said...), Overlay: *d.spec.plan.Overlay}
}

// zoneText is a place's time as the cloud is told it: +08:00; empty where nothing is said.
func zoneText(zone *time.Location) string {
	if zone == nil {
		return ""
	}
	return time.Unix(0, 0).In(zone).Format("-07:00")
}

// zone is the time of the place.
func (g *Gateway) zone() *time.Location {
	if g.gen == nil || g.gen.cfg.Gateway.Zone == nil {
		return time.UTC
	}
	return g.gen.cfg.Gateway.Zone
}
