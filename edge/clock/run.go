package clock

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Tick is one look at the clock chip: at BootMS it showed UnixMS. Chips show whole
// seconds; UnixMS is the middle of the one that was shown.
type Tick struct {
	BootMS int64 `json:"b"`
	UnixMS int64 `json:"t"`
}

// Run is what is on record of one boot: what Settle needs to date it. A Run is
// plain data; the Timeline in it is shared by copies and must not be changed.
type Run struct {
	Timeline *Timeline // which boot, and its anchors; never nil
	// Order rises from boot to boot: the counter of the first journal epoch in it.
	Order uint32
	// Began is the boot time, in milliseconds, from which on no other run can have
	// been going: 0, unless the boot id is one that a program made for itself.
	Began int64
	Until int64 // boot time of the latest moment on record, milliseconds, ≥ Began
	// First and Last are looks at the clock chip; nil: none. First was taken before
	// anybody had set the chip in this boot.
	First, Last *Tick
}

// runJSON is how a Run is kept in the journal.
type runJSON struct {
	V       int      `json:"v"`
	Boot    string   `json:"boot"`
	Order   uint32   `json:"n,omitempty"`
	Began   int64    `json:"began,omitempty"`
	Until   int64    `json:"until,omitempty"`
	First   *Tick    `json:"first,omitempty"`
	Last    *Tick    `json:"last,omitempty"`
	After   int64    `json:"after,omitempty"`
	Anchors []Anchor `json:"anchors,omitempty"`
}

// Version 1 had boot and anchors alone.
const runVersion = 2

// MarshalJSON writes {"v":2,"boot":…,"n":17,"until":…,"anchors":[{"s":"kernel","b":12000,"t":…,"e":4}]};
// what is zero is left out.
func (r Run) MarshalJSON() ([]byte, error) {
	if r.Timeline == nil {
		return nil, errors.New("clock: a run without a boot")
	}
	return json.Marshal(runJSON{runVersion, r.Timeline.Boot, r.Order, r.Began, r.Until, r.First, r.Last, r.Timeline.After, r.Timeline.Anchors()})
}

// UnmarshalJSON is the inverse: a Run that was written dates every moment as
// before. It also reads what version 1 wrote. On an error r is unchanged.
func (r *Run) UnmarshalJSON(b []byte) error {
	var in runJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("clock: run: %w", err)
	}
	if in.V < 1 || in.V > runVersion || !validBoot(in.Boot) {
		return fmt.Errorf("clock: run: version %d, boot %q: not one of ours", in.V, in.Boot)
	}
	if in.Began < 0 || in.Until < 0 || in.Until > maxMS || in.Began > maxMS || in.After < 0 || in.After > maxMS {
		return fmt.Errorf("clock: run: began %d, until %d, after %d: out of range", in.Began, in.Until, in.After)
	}
	for _, t := range []*Tick{in.First, in.Last} {
		if t != nil && (t.BootMS < 0 || t.BootMS > maxMS || t.UnixMS < 0 || t.UnixMS > maxMS) {
			return fmt.Errorf("clock: run: the clock chip cannot have shown %+v", *t)
		}
	}
	line := &Timeline{Boot: in.Boot, After: in.After}
	for _, a := range in.Anchors {
		if err := line.Add(a); err != nil {
			return fmt.Errorf("clock: run: %w", err)
		}
	}
	*r = Run{Timeline: line, Order: in.Order, Began: in.Began, Until: max(in.Until, in.Began), First: in.First, Last: in.Last}
	return nil
}
