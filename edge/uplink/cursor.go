package uplink

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// cursors is what the store has, as ranges for each epoch of the journal. Epochs
// numbered below floor it has whole; they cost nothing more to remember.
type cursors struct {
	floor  uint32
	epochs map[wire.Epoch]*wire.RangeSet
	stores []string // pinned
	spent  *spent   // as it was saved last, or is to be
	dirty  bool
}

// maxEpochs bounds the cursors: beyond it an epoch is remembered as having
// nothing, and is sent again.
const maxEpochs = 1000

// pin makes stores those whose acknowledgements count; none: as before. It returns
// false if what is known came from other stores altogether: it is then forgotten,
// because what one destination has says nothing about the next.
func (c *cursors) pin(stores []string) bool {
	if len(stores) == 0 {
		return true
	}
	same := len(c.stores) == 0 || slices.ContainsFunc(stores, func(s string) bool { return slices.Contains(c.stores, s) })
	if !same {
		c.floor, c.epochs = 0, make(map[wire.Epoch]*wire.RangeSet)
	}
	c.dirty = c.dirty || !slices.Equal(c.stores, stores)
	c.stores = slices.Clone(stores)
	return same
}

// add returns false if the cursor cannot take the range: it is then sent again.
func (c *cursors) add(e wire.Epoch, r wire.Range) bool {
	if e.Counter() < c.floor {
		return true
	}
	set := c.epochs[e]
	if set == nil {
		if len(c.epochs) >= maxEpochs {
			return false
		}
		set = new(wire.RangeSet)
		c.epochs[e] = set
	}
	if set.Contains(r) {
		return true
	}
	c.dirty = true
	return set.Add(r) || makeRoom(set, r)
}

// makeRoom puts r into a full set in place of the smallest range, if that has fewer
// numbers: those are then sent again. Else r is.
func makeRoom(set *wire.RangeSet, r wire.Range) bool {
	least := r
	for old := range set.All() {
		if old.Count() < least.Count() {
			least = old
		}
	}
	return least != r && set.Subtract(least) && set.Add(r)
}

// full says whether an epoch's set has no room for one more range.
func (c *cursors) full(e wire.Epoch) bool {
	set := c.epochs[e]
	return set != nil && set.Len() >= wire.MaxSet
}

func (c *cursors) contains(e wire.Epoch, r wire.Range) bool {
	set := c.epochs[e]
	return e.Counter() < c.floor || set != nil && set.Contains(r)
}

// missing returns the parts of r that the store does not have.
func (c *cursors) missing(e wire.Epoch, r wire.Range) []wire.Range {
	if e.Counter() < c.floor {
		return nil
	}
	set := c.epochs[e]
	if set == nil {
		return []wire.Range{r}
	}
	var out []wire.Range
	for m := range set.Missing(r) {
		out = append(out, m)
	}
	return out
}

// prune raises the floor over epochs that the store has whole, and forgets those
// that the journal does not hold any more. current is still being written.
func (c *cursors) prune(extents []Extent, current wire.Epoch) {
	held := map[wire.Epoch]bool{current: true}
	for _, x := range extents {
		held[x.Epoch] = true
	}
	for _, x := range extents {
		if x.Epoch == current || len(c.missing(x.Epoch, x.Range)) > 0 || x.Epoch.Counter() >= current.Counter() {
			break
		}
		c.floor = max(c.floor, x.Epoch.Counter()+1)
	}
	for e := range c.epochs {
		if !held[e] || e.Counter() < c.floor {
			delete(c.epochs, e)
			c.dirty = true
		}
	}
}

// savedState is how cursors are kept in the journal.
type savedState struct {
	V      int                             `json:"v"`
	Stores []string                        `json:"stores,omitempty"`
	Floor  uint32                          `json:"floor,omitempty"`
	Epochs map[wire.Epoch]*json.RawMessage `json:"epochs,omitempty"`
	Spent  *spent                          `json:"spent,omitempty"`
}

const savedVersion = 1

// encode writes the cursors and whose they are.
func (c *cursors) encode() ([]byte, error) {
	out := savedState{V: savedVersion, Spent: c.spent, Stores: c.stores, Floor: c.floor, Epochs: make(map[wire.Epoch]*json.RawMessage)}
	for e, set := range c.epochs {
		text, err := set.MarshalJSON()
		if err != nil {
			return nil, err
		}
		raw := json.RawMessage(text)
		out.Epochs[e] = &raw
	}
	return json.Marshal(out)
}

// decode is the inverse.
func decodeCursors(saved []byte) (cursors, error) {
	c := cursors{epochs: make(map[wire.Epoch]*wire.RangeSet)}
	if len(saved) == 0 {
		return c, nil
	}
	var in savedState
	if err := json.Unmarshal(saved, &in); err != nil {
		return c, fmt.Errorf("saved cursors: %w", err)
	}
	if in.V != savedVersion || len(in.Epochs) > maxEpochs {
		return c, fmt.Errorf("saved cursors: version %d with %d epochs is not one of ours", in.V, len(in.Epochs))
	}
	for _, s := range in.Stores {
		if err := obs.CheckID(s); err != nil {
			return c, fmt.Errorf("saved cursors: store: %w", err)
		}
	}
	if s := in.Spent; s != nil && (s.Used < 0 || s.Day < 0 || s.From < 0 || !(s.Samples >= 0) || !(s.Readings >= 0)) {
		return c, fmt.Errorf("saved cursors: %+v spent is not possible", *s)
	}
	epochs := make(map[wire.Epoch]*wire.RangeSet)
	for e, raw := range in.Epochs {
		var ranges []wire.Range
		if raw == nil || json.Unmarshal(*raw, &ranges) != nil || e.Validate() != nil {
			return c, fmt.Errorf("saved cursors: epoch %q is not readable", e)
		}
		set, ok := wire.SetOf(ranges...)
		if !ok {
			return c, fmt.Errorf("saved cursors: epoch %q has too many ranges", e)
		}
		epochs[e] = &set
	}
	c.spent = in.Spent
	c.floor, c.stores, c.epochs = in.Floor, in.Stores, epochs
	return c, nil
}
