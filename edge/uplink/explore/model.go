package explore

// Bounds say how much may happen in one history. The zero value allows nothing.
type Bounds struct {
	Telemetry, Alerts int // records appended, besides gaps
	Connections       int // lost connections
	Crashes           int // power cuts of the gateway
	Restarts          int // orderly ones
	Trims             int // quota events
	Damages           int // records that become unreadable
	Restores          int // of the store, from a backup taken at any time before
	Clones            int // a copied card that sends one record under the present number
	Aggregators       int // 1 or 2
}

// bug is a mistake that can be built in, to see that it is found.
type bug uint32

const (
	ackEarly       bug = 1 << iota // an aggregator acknowledges what it received
	pubackIsStored                 // the broker's confirmation counts as stored
	highestSeen                    // an acknowledgement names the highest number instead of ranges
	trimFirst                      // a record is given up before the gap is on disk
	saveAhead                      // cursors are saved with what was sent, not with what was acknowledged
	noOutageGap                    // a power cut is not declared
	outageOnce                     // the gap of a power cut, lost in the next one, is not declared again
	gapForgotten                   // giving up an unsent gap does not pass on what it declares
	gapOverStored                  // a gap names what the store has
	doubleRows                     // the store does not know rows by their key
	bareEpoch                      // an epoch is a counter without salt
	sameEpoch                      // a restart goes on in the same epoch
	rewindEarly                    // a rewind is answered before it is on disk
	lateAck                        // acknowledgements outlive a restore of the store
	noProbe                        // the oldest message is not sent again unless a later one was acknowledged
	fifo                           // alerts queue behind telemetry
)

// fault is what happens a bounded number of times.
type fault uint

const (
	connection fault = iota
	crash
	restart
	trim
	damage
	restore
	clones
	backups
)

func (s *State) spent(f fault) int { return int(s.used >> (3 * f) & 7) }
func (s *State) spend(f fault)     { s.used += 1 << (3 * f) }

// Kind is a kind of step.
type Kind uint8

// The steps. What Step.A and Step.B mean is said here.
const (
	Append    Kind = iota // telemetry
	Raise                 // an alert
	Commit                // everything in memory, with the saved cursors
	Save                  // the cursors, for the next commit
	Send                  // the pack with set A in lane B for the first time on this connection
	Resend                // the pack with set A in lane B again
	Reconnect             //
	Take                  // the acknowledgement of record A
	GiveUp                // plan: the oldest record; a gap for it, if it must be declared
	Delete                // the record that was planned
	PowerCut              // set A of what was in memory survives; B bit 0: the saved cursors too, bit 1: a planned deletion is finished
	Restart               // in order
	Damage                // record A becomes unreadable, and that is noticed
	Rewind                // the operator's command arrives
	Deliver               // the pack with set A to aggregator B
	Store                 // aggregator A stores what it received
	Backup                // of the store
	Restore               //
	Clone                 // B: 1 another gateway sends, 2 is stored, 3 its acknowledgement comes
	Confirm               // the broker's PUBACK for the pack with set A
)

// Step is one thing that happens.
type Step struct {
	Kind Kind
	A, B uint8
}

// Model says what can happen next. It may be used from many goroutines.
type Model struct {
	b     Bounds
	bugs  bug
	packs *packTable

	playing bool // see Playing
}

// New returns the model within bounds: as the system is meant to be. It panics if
// a history could need more than Records records or four epochs.
func New(b Bounds) *Model {
	if b.Telemetry+b.Alerts+b.Crashes+b.Trims+b.Damages > Records || b.Crashes+b.Restarts > 3 {
		panic("explore: the bounds are too wide for the state")
	}
	return &Model{b: b, packs: newPackTable()}
}

func broken(b Bounds, bugs bug) *Model {
	m := New(b)
	m.bugs = bugs
	return m
}

func (m *Model) has(b bug) bool { return m.bugs&b != 0 }

// Next calls emit with every step that is possible in s and the state after it.
func (m *Model) Next(s State, emit func(Step, State)) {
	out := func(k Kind, a, b uint8, t State) {
		if t.recvA < t.recvB {
			t.recvA, t.recvB = t.recvB, t.recvA // the aggregators are alike
		}
		if t != s {
			emit(Step{k, a, b}, t)
		}
	}
	m.gateway(s, out)
	m.uplink(s, out)
	m.faults(s, out)
	m.cloud(s, out)
}

// Do returns the state after a step, false if the step is not possible in s.
func (m *Model) Do(s State, want Step) (after State, ok bool) {
	m.Next(s, func(got Step, t State) {
		if got == want {
			after, ok = t, true
		}
	})
	return after, ok
}

type emitter func(Kind, uint8, uint8, State)
