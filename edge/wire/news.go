package wire

import "slices"

// What a revision of an alert tells.
const (
	Raised       = "raised"       // it is new
	Reached      = "reached"      // what was forecast has come
	Worse        = "worse"        // it is more severe
	Milder       = "milder"       // it is less severe
	Acknowledges = "acknowledged" // somebody has seen it
	Aside        = "aside"        // work on what it is about began or ended
	Restless     = "restless"     // it began to come and go, or has calmed down
	Repeated     = "repeated"     // nothing new: it stands as it stood, as after a restart
	Over         = "over"         // it is cleared
)

// News is what a tells that prev, the revision before, did not; prev is nil where nobody
// knows that one.
func (a *Alert) News(prev *Alert) string {
	switch {
	case a.Condition == "cleared":
		return Over
	case a.Rev <= 1:
		return Raised
	case prev == nil || prev.ID != a.ID:
		return Repeated
	case prev.Stage == "forecast" && a.Stage != prev.Stage:
		return Reached
	case a.Severity.Above(prev.Severity):
		return Worse
	case prev.Severity.Above(a.Severity):
		return Milder
	case prev.Acknowledged == nil && a.Acknowledged != nil:
		return Acknowledges
	case a.Maintenance.goesOn() != prev.Maintenance.goesOn():
		return Aside
	case (a.Chatter == nil) != (prev.Chatter == nil):
		return Restless
	}
	return Repeated
}

// Renews says that a tells nothing new but when the limit is expected: nobody has to be
// told of it who was told of prev. Seen from a later moment the same range is no other.
func (a *Alert) Renews(prev *Alert) bool {
	if prev == nil || a.Expected == nil || a.Chatter != nil || prev.Stage != a.Stage || a.News(prev) != Repeated {
		return false
	}
	if prev.Expected == nil {
		return true
	}
	return a.At.later(prev.At, a.Expected.ToMS) != prev.Expected.ToMS
}

// later is ms after m as seen from the moment from, by the same boot's time where both
// have it.
func (m Moment) later(from Moment, ms int64) int64 {
	if m.Boot != "" && m.Boot == from.Boot {
		return m.BootMS - from.BootMS + ms
	}
	return m.Unix - from.Unix + ms
}

// Above says whether s is more severe than o. Words that are none count as more than all.
func (s Severity) Above(o Severity) bool {
	rank := func(s Severity) int { return slices.Index([]Severity{Red, Orange, Yellow, Blue}, s) }
	return rank(s) < rank(o)
}

func (w *Worked) goesOn() bool { return w != nil && w.Until == nil }
