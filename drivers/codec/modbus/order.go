package modbus

import "slices"

// Order is the order of the bytes of one number on the wire, A being the highest
// byte. Any of three things may be swapped: the bytes of each word, the words of
// each 32-bit half, the halves of a 64-bit number. Applied twice, an order gives the
// number back.
type Order uint8

// The four orders that most parts use. For four-register types CDAB means all four
// words in reverse order, DCBA all eight bytes. For one register only the bytes can
// change place: BADC and DCBA.
const (
	ABCD Order = iota
	CDAB       // low word first
	BADC       // bytes of each word swapped
	DCBA       // both: little endian
)

// The other four, of four-register types only, named by all eight bytes. Parts that
// handle a 64-bit number as a pair of 32-bit ones have them.
const (
	CDABGHEF Order = iota + 4 // low word first in each half, high half first
	EFGHABCD                  // low half first, high word first in each
	DCBAHGFE                  // each half little endian, high half first
	FEHGBADC                  // low half first, bytes of each word swapped
)

var orderNames = [...]string{ABCD: "abcd", CDAB: "cdab", BADC: "badc", DCBA: "dcba",
	CDABGHEF: "cdabghef", EFGHABCD: "efghabcd", DCBAHGFE: "dcbahgfe", FEHGBADC: "fehgbadc"}

// OrderNames returns the names of all orders, as profiles write them.
func OrderNames() []string { return slices.Clone(orderNames[:]) }

// String returns the order's name as profiles write it.
func (o Order) String() string { return name(orderNames[:], uint8(o)) }

// UnmarshalText accepts the names that String gives.
func (o *Order) UnmarshalText(b []byte) error {
	i, err := index(orderNames[:], string(b))
	*o = Order(i)
	return err
}

// MarshalText returns what String does.
func (o Order) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Fits says whether o means something for a number in n registers.
func (o Order) Fits(n int) bool {
	return o <= DCBA || o <= FEHGBADC && n == 4
}

// swaps says what o swaps: whose bit in an index of words is inverted, and whether
// the bytes of a word are.
var swaps = [...]struct {
	words int // 1: the words of a half, 2: the halves
	bytes bool
}{
	CDAB: {words: 3}, BADC: {bytes: true}, DCBA: {words: 3, bytes: true},
	CDABGHEF: {words: 1}, EFGHABCD: {words: 2}, DCBAHGFE: {words: 1, bytes: true}, FEHGBADC: {words: 2, bytes: true},
}

// join puts words in order o together, highest byte first. There are 1, 2 or 4.
func (o Order) join(words []uint16) uint64 {
	var raw uint64
	s := swaps[o%Order(len(swaps))]
	for i := range words {
		w := words[i^s.words&(len(words)-1)]
		if s.bytes {
			w = w<<8 | w>>8
		}
		raw = raw<<16 | uint64(w)
	}
	return raw
}
