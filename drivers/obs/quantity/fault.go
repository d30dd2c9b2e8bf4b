package quantity

// Reason says what a fault is about.
type Reason uint8

// The reasons.
const (
	Units     Reason = iota // units that do not go together
	Circle                  // a direction
	Logarithm               // a level in decibels
	Nothing                 // no result, or always the same
)

// Fault is what is wrong with an operation.
type Fault struct {
	Why     Reason
	Operand int       // which operand it is about, from 1; 0: the whole
	Units   [2]string // of operands that do not go together; both empty where Msg says all
	Msg     string    // empty for Units
	Hint    string    // what to write instead, in a formula; may be empty
}

// The ways out of what formulas cannot do.
const (
	vectorMean = "write is: vector-mean with of: {speed: …, dir: …}"
	energyMean = "for the energy mean of two write 10*log10((10^(a/10) + 10^(b/10)) / 2); of one over a time, is: leq"
	turn       = "turn it by adding degrees, like x + 180, or write sin(x) and cos(x)"
	decibels   = "add or subtract decibels, like x - 3; energies are 10^(x/10)"
)

func jumps() *Fault {
	return &Fault{Why: Circle, Msg: "the difference of two directions jumps at north: 350 and 10 are 20 apart, not 340",
		Hint: "write 180 - abs(abs(a - b) - 180), which is how far they are apart"}
}
