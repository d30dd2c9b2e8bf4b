package uplink

import "github.com/lamppost-city/lamppost/edge/wire"

// Missing returns the parts of a range that the store does not have, ascending.
func (u *Uplink) Missing(epoch wire.Epoch, r wire.Range) []wire.Range {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.cursors.missing(epoch, r)
}
