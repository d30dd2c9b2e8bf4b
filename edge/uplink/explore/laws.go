package explore

// law is one that can be broken.
type law uint8

const (
	none law = iota
	lossUndeclared
	rowTwice
	ackWithoutRow
	cursorAhead
	gapIsWrong
	numberTwice
	alertWaits
	neverArrives
)

func (l law) String() string {
	return [...]string{
		none:           "no law is broken",
		lossUndeclared: "a record is gone that was never stored, and no gap that is held or stored declares it",
		rowTwice:       "a record is stored twice",
		ackWithoutRow:  "a record is acknowledged that was never stored",
		cursorAhead:    "the gateway takes a record for stored that was never stored",
		gapIsWrong:     "a gap names a record that the gateway knows to be stored",
		numberTwice:    "a number is given to a second record while the first may be stored under it",
		alertWaits:     "telemetry leaves while an alert waits",
		neverArrives:   "faults have stopped, and still not everything is stored or declared",
	}[l]
}

// check returns the law that s breaks.
func (s *State) check() law {
	switch {
	case s.broken != none:
		return s.broken
	case s.Acked&^s.Had != 0:
		return ackWithoutRow
	case (s.Cursor|s.Saved|s.queued)&^s.Had != 0:
		return cursorAhead
	case s.gone()&^s.Had&^s.declaredBy(s.RAM|s.Disk|s.Had) != 0:
		return lossUndeclared
	}
	return none
}

// Arrived says whether all is well at the end: what the gateway holds is in the
// store, and what it lost was there or is declared there.
func (s *State) Arrived() bool {
	held := s.RAM | s.Disk
	return held&^s.Rows == 0 && s.gone()&^s.Had&^s.declaredBy(s.Had) == 0 && s.rewind == 0
}
