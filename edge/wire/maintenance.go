package wire

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Maintenance says that somebody began, or ended, work on a device or on the whole site:
// meanwhile its readings are flagged so, and rules that read it neither raise nor clear.
type Maintenance struct {
	Device string `json:"device,omitempty"` // empty: the whole site
	On     bool   `json:"on"`
	By     string `json:"by,omitempty"`     // who began or ended it; empty: it ended by itself
	ForMS  int64  `json:"for_ms,omitempty"` // after which time it ends by itself, if On
}

func (m *Maintenance) check() error {
	err := first(at("device", ifSet(m.Device, obs.CheckID)), at("by", short(m.By, MaxText)))
	if err == nil && (m.ForMS < 0 || m.ForMS > maxTime) {
		return fmt.Errorf("for_ms: %d is no time", m.ForMS)
	}
	return err
}

// Upkeep is that somebody works on a device now.
type Upkeep struct {
	UntilMS int64  `json:"until_ms"` // Unix ms at which it ends by itself, to the minute; 0: the clock is not trusted
	By      string `json:"by"`
}

func (u *Upkeep) check() error {
	switch {
	case u == nil:
		return nil
	case u.UntilMS < 0 || u.UntilMS > maxTime:
		return fmt.Errorf("until_ms: %d is no time", u.UntilMS)
	}
	return at("by", short(u.By, MaxText))
}

// Unrest says that the alert of a rule began to come and go so often that it is kept as
// it was at its worst, or that it has calmed down.
type Unrest struct {
	Rule    string `json:"rule"`
	On      bool   `json:"on"`
	Changes int    `json:"changes,omitempty"` // so far, if On
}

func (u *Unrest) check() error {
	if u.Changes < 0 {
		return fmt.Errorf("changes: %d is no number of changes", u.Changes)
	}
	return at("rule", obs.CheckID(u.Rule))
}

// Worked is that somebody worked on what an alert is about while it stood: the alert was
// not judged from Since to Until.
type Worked struct {
	Since Moment  `json:"since"`
	Until *Moment `json:"until,omitempty"` // nil: it goes on
	By    string  `json:"by,omitempty"`
}

func (w *Worked) check() error {
	if w == nil {
		return nil
	}
	err := first(at("since", w.Since.check()), at("by", short(w.By, MaxText)))
	if err == nil && w.Until != nil {
		err = at("until", w.Until.check())
	}
	return err
}
