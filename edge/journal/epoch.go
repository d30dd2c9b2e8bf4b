package journal

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Epoch names one opening of a journal. N counts the openings of this
// directory; Salt makes a restored or cloned directory differ from its
// original. No epoch is ever used twice.
type Epoch struct {
	N    uint32
	Salt [6]byte
}

// String returns the form that travels: "17-9f3ac2d1b07e".
func (e Epoch) String() string {
	return strconv.FormatUint(uint64(e.N), 10) + "-" + hex.EncodeToString(e.Salt[:])
}

// ParseEpoch is the inverse of Epoch.String. It accepts nothing else: no sign,
// no leading zero, no capital letters.
func ParseEpoch(s string) (Epoch, error) {
	var e Epoch
	n, salt, ok := strings.Cut(s, "-")
	if !ok || len(salt) != 2*len(e.Salt) {
		return Epoch{}, fmt.Errorf("epoch %q is not a number, '-' and 12 hex digits", s)
	}
	v, err := strconv.ParseUint(n, 10, 32)
	if err != nil {
		return Epoch{}, fmt.Errorf("epoch %q: %w", s, err)
	}
	if _, err := hex.Decode(e.Salt[:], []byte(salt)); err != nil {
		return Epoch{}, fmt.Errorf("epoch %q: %w", s, err)
	}
	if e.N = uint32(v); e.String() != s {
		return Epoch{}, fmt.Errorf("epoch %q is not written as %q", s, e)
	}
	return e, nil
}

// newEpoch makes the epoch that follows counter n.
func newEpoch(n uint32) Epoch {
	e := Epoch{N: n + 1}
	_, _ = rand.Read(e.Salt[:]) // never fails, see crypto/rand
	return e
}

// Range is a closed interval of sequence numbers, From ≤ To.
type Range struct{ From, To uint64 }

// Kind tells the caller's records apart. The journal does not look at it.
// 0 to 239 are the caller's, 240 and above are the journal's own.
type Kind uint8

const firstOwnKind Kind = 0xF0

// Record is one record as it was appended. Body belongs to the journal and is
// valid only until the function it was given to returns.
type Record struct {
	Seq  uint64
	Kind Kind
	Body []byte
}

// Stamp is a moment on the caller's clock: which boot, milliseconds since that
// boot, and Unix milliseconds as then believed (0: not known).
type Stamp struct {
	Boot   string
	BootMS int64
	UnixMS int64
}

// The reasons for a Loss.
const (
	WhyOverflow = "overflow" // dropped from memory: the disk did not take it in time
	WhyDamage   = "damage"   // was committed, cannot be read any more
	WhyQuota    = "quota"    // given up by Trim
)

// Loss says which numbers of an epoch no Read will return, and why. From and To
// are the commits around them, as near as the journal knows: nothing older than
// From and nothing younger than To is lost.
type Loss struct {
	Epoch    Epoch
	Ranges   []Range // ascending, disjoint, not empty
	From, To Stamp
	Why      string
}

// Count returns how many numbers are lost.
func (l Loss) Count() uint64 {
	var n uint64
	for _, r := range l.Ranges {
		n += r.To - r.From + 1
	}
	return n
}

// EpochInfo is what the journal holds of one epoch.
type EpochInfo struct {
	Epoch Epoch
	// First and Last bound the committed numbers that are on disk; First > Last
	// when there are none (then First = Last+1 is the next number).
	First, Last uint64
	// Clean means that Close ended the epoch. Otherwise up to one commit interval
	// after LastCommit is lost, without the journal knowing how many numbers.
	Clean bool
	// Damaged means that the newest segment of the epoch cannot be read to its end: what
	// was committed after LastCommit is lost, nobody knows how many records, because
	// of damage. LastCommit is then that of the epoch before if nothing of this one
	// is left, and zero if there is none.
	Damaged bool
	// Opened is when the oldest segment kept was begun, LastCommit the newest
	// commit on disk. Between LastCommit and the next epoch's Opened nothing was kept.
	Opened, LastCommit Stamp
	// Lost lists what is known to be missing between First and Last, and what was
	// lost by damage before First or after Last. It is found again at every Open.
	Lost []Loss
}
