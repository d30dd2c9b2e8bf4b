package gateway

import (
	"slices"

	"github.com/lamppost-city/lamppost/edge/calibrate"
)

// mostLooked is how many files are read for one look at the pictures of a camera.
const mostLooked = 4 * calibrate.MaxKept

// Kept implements calibrate.Site.
func (c *cameras) Kept(id string) []calibrate.Kept {
	all := []calibrate.Kept{}
	k := c.g.keeper
	if k == nil || k.spool == nil {
		return all
	}
	ids := k.spool.IDs() // oldest first
	for _, image := range slices.Backward(ids[max(0, len(ids)-mostLooked):]) {
		meta, _, err := k.Get(image)
		if err != nil || meta.Device != id {
			continue // it may have gone meanwhile, and a damaged one is set aside
		}
		held := c.g.uplink != nil && c.g.uplink.Held(image)
		if all = append(all, calibrate.Kept{Image: image, Alert: meta.Alert, Moment: meta.Moment, Unix: meta.At.Unix, Held: held}); len(all) == calibrate.MaxKept {
			break
		}
	}
	return all
}

// Picture implements calibrate.Site.
func (c *cameras) Picture(id, image string) ([]byte, bool) {
	k := c.g.keeper
	if k == nil || k.spool == nil {
		return nil, false
	}
	meta, jpeg, err := k.Get(image)
	if err != nil || meta.Device != id {
		return nil, false
	}
	return jpeg, true
}
