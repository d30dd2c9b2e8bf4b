package drivers

// Doubter is a driver that can come to suspect that another part answers than the one
// it reads, without being sure: a sure one fails its samples with ErrWrongPart instead.
// A suspicion takes nothing from the values; it is told beside them.
type Doubter interface {
	// Doubt says in half a sentence what does not fit, or is empty. It belongs to the
	// last Sample and is asked by whom Sample is called by; it does not touch the part.
	Doubt() string
}
