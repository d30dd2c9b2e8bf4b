package uplink

import "github.com/lamppost-city/lamppost/edge/wire"

// Saved is what was kept of an uplink, for whoever looks at a journal from outside.
type Saved struct {
	Stores  []string // pinned because they acknowledged; none: the configuration names them
	cursors cursors
}

// ReadSaved reads what Options.Save was given last; nothing at all means that no
// store has anything.
func ReadSaved(state []byte) (Saved, error) {
	c, err := decodeCursors(state)
	return Saved{c.stores, c}, err
}

// Missing returns the parts of a range that no store had when that was saved: up to
// Limits.SaveEvery before now.
func (s *Saved) Missing(e wire.Epoch, r wire.Range) []wire.Range { return s.cursors.missing(e, r) }
