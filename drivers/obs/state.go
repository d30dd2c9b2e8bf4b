package obs

// State says what an instrument and its wire are doing. It is kept apart from the
// quality flag, which says what the numbers are worth: a regulator reads a fault as the
// instrument's own statement, so a flag alone never makes one.
type State string

// The states, the gravest first: where only one can be told, it is the first that holds.
const (
	StateNoAnswer    State = "no-answer"   // silent, or nobody could ask it
	StateDamaged     State = "damaged"     // the wire garbles what it says
	StateStopped     State = "stopped"     // off, by plan
	StateFault       State = "fault"       // it reports a fault of its own
	StateCalibrating State = "calibrating" // calibration, or a check of its zero
	StateMaintenance State = "maintenance" // somebody works on it
	StateBeyond      State = "beyond"      // more than it can measure
	StateManual      State = "manual"      // a person typed the value in
	StateWarming     State = "warming"     // not ready yet
	StateOK          State = "ok"
)

// states is the order of precedence: B > F > D > C > M > T > S > N in the letters of
// HJ 212.
var states = []State{StateNoAnswer, StateDamaged, StateStopped, StateFault, StateCalibrating, StateMaintenance, StateBeyond, StateManual, StateWarming, StateOK}

// Gravest returns the state that is told where only one can be; StateOK for none.
func Gravest(all ...State) State {
	for _, s := range states {
		for _, one := range all {
			if one == s {
				return s
			}
		}
	}
	return StateOK
}

// stateOf is what reasons and fault words say of the instrument. What is not here says
// something of the number only: range, flat, spike, rate and the like.
var stateOf = map[Reason]State{
	WarmUp: StateWarming, Calibration: StateCalibrating, Maintenance: StateMaintenance, Instrument: StateFault,
	SwitchedOff: StateStopped, Manual: StateManual,
	"timeout": StateNoAnswer, "unplugged": StateNoAnswer, "busy": StateNoAnswer, "error": StateNoAnswer,
	"checksum": StateDamaged, "protocol": StateDamaged,
	"exception": StateFault, "device": StateFault, "wrong-part": StateFault,
}

// StateOf returns what a reading says of its instrument: its reason, or the word of a
// fault as its reason. Out of the part's own range it is beyond; that is a failed value
// with reason range, a suspect one is only unusual.
func StateOf(q Quality) State {
	if s, ok := stateOf[q.Why]; ok {
		return s
	}
	if q.Flag == Fail && q.Why == Range {
		return StateBeyond
	}
	return StateOK
}

// Edition is one edition of a protocol that tells states in signs of its own.
type Edition string

// HJ2122017 is HJ 212-2017, data flags (letters). The edition of 2025, in force since
// 2026-01-01, may have others; it gets a table when it has been read.
const HJ2122017 Edition = "HJ 212-2017"

// signs are the letters by edition.
var signs = map[Edition]map[State]string{
	HJ2122017: {StateNoAnswer: "B", StateDamaged: "B", StateStopped: "F", StateFault: "D", StateCalibrating: "C",
		StateMaintenance: "M", StateBeyond: "T", StateManual: "S", StateWarming: "F", StateOK: "N"},
}

// read is what the letters say, with the flag of a value that bears one.
var read = map[Edition]map[string]signed{
	HJ2122017: {
		"N": {StateOK, Quality{}},
		"F": {StateStopped, Quality{Fail, SwitchedOff}},
		"M": {StateMaintenance, Quality{Fail, Maintenance}},
		"S": {StateManual, Quality{NotEvaluated, Manual}},
		"D": {StateFault, Quality{Fail, Instrument}},
		"C": {StateCalibrating, Quality{Fail, Calibration}},
		"T": {StateBeyond, Quality{Fail, Range}},
		"B": {StateNoAnswer, Quality{Missing, "timeout"}}, // of its logger: what stands there is no value
	},
}

type signed struct {
	state State
	q     Quality
}

// Sign returns the sign of a state in an edition; ok is false for one without a table.
func Sign(e Edition, s State) (sign string, ok bool) {
	sign, ok = signs[e][s]
	return sign, ok
}

// ReadSign is what a sign from an instrument says: its state, and the least that holds
// of a value which bears it. ok is false for a sign the edition does not have.
func ReadSign(e Edition, sign string) (s State, q Quality, ok bool) {
	r, ok := read[e][sign]
	return r.state, r.q, ok
}

// ExceptionState is what a Modbus exception code says of the unit that answers with it
// (MODBUS Application Protocol V1.1b3, section 7): a fault only where the unit says so.
func ExceptionState(code uint8) State {
	switch code {
	case 0x04, 0x08: // server device failure, memory parity error
		return StateFault
	case 0x0A, 0x0B: // a gateway that cannot reach it
		return StateNoAnswer
	default: // 1, 2, 3: asked for what it does not have; 5, 6: it is busy
		return StateOK
	}
}
