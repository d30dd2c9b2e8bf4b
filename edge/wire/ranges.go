package wire

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// MaxSeq is the largest sequence number: it fits a signed 64-bit integer, so
// that a database can keep it. Sequence numbers begin at 1.
const MaxSeq = 1<<63 - 1

// MaxSet bounds the ranges of a RangeSet: what a cursor may weigh.
const MaxSet = 1024

// Valid says whether r is a range of sequence numbers: 1 ≤ From ≤ To ≤ MaxSeq.
func (r Range) Valid() bool { return r.From >= 1 && r.From <= r.To && r.To <= MaxSeq }

// Count returns how many numbers r holds; 0 if it is not valid.
func (r Range) Count() uint64 {
	if !r.Valid() {
		return 0
	}
	return r.To - r.From + 1
}

// String returns "from-to", also for a single number: "7-7".
func (r Range) String() string { return string(r.append(nil)) }

func (r Range) append(b []byte) []byte {
	b = strconv.AppendUint(b, r.From, 10)
	b = append(b, '-')
	return strconv.AppendUint(b, r.To, 10)
}

// MarshalText makes a range the text "from-to" in JSON. Text, because a JSON
// number above 2^53 does not survive most readers.
func (r Range) MarshalText() ([]byte, error) {
	if !r.Valid() {
		return nil, fmt.Errorf("range %d-%d is not 1 ≤ from ≤ to ≤ 2^63-1", r.From, r.To)
	}
	return r.append(nil), nil
}

// UnmarshalText is the inverse of MarshalText.
func (r *Range) UnmarshalText(b []byte) error {
	parsed, err := ParseRange(string(b))
	if err == nil {
		*r = parsed
	}
	return err
}

// ParseRange reads "from-to", written in decimal without leading zeros.
func ParseRange(s string) (Range, error) {
	from, to, ok := strings.Cut(s, "-")
	f, err1 := parseSeq(from)
	t, err2 := parseSeq(to)
	r := Range{f, t}
	if !ok || err1 != nil || err2 != nil || !r.Valid() {
		return Range{}, fmt.Errorf("range %q is not \"from-to\" with 1 ≤ from ≤ to ≤ 2^63-1", clip(s))
	}
	return r, nil
}

func parseSeq(s string) (uint64, error) {
	if len(s) == 0 || s[0] == '0' || s[0] == '+' {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseUint(s, 10, 63)
}

// RangeSet is a set of sequence numbers, kept as at most MaxSet sorted ranges
// that neither overlap nor touch. The zero value is the empty set. It is not
// safe for concurrent use, and a copy shares its ranges: use Clone.
type RangeSet struct{ ranges []Range }

// SetOf returns the set of all numbers in ranges, or false if it would need more
// than MaxSet ranges or one of them is not valid.
func SetOf(ranges ...Range) (RangeSet, bool) {
	var s RangeSet
	for _, r := range ranges {
		if !s.Add(r) {
			return RangeSet{}, false
		}
	}
	return s, true
}

// Add puts r into the set. It returns false and changes nothing if r is not
// valid or the set would then need more than MaxSet ranges. A cursor loses
// nothing by that: what is not in it is sent again, and the oldest missing range
// always touches one that is in the set.
func (s *RangeSet) Add(r Range) bool {
	if !r.Valid() {
		return false
	}
	// The usual case: the numbers that follow the last range.
	if n := len(s.ranges); n > 0 && s.ranges[n-1].To+1 == r.From {
		s.ranges[n-1].To = r.To
		return true
	}
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].To+1 >= r.From })
	j := i
	for ; j < len(s.ranges) && s.ranges[j].From <= r.To+1; j++ {
		r.From = min(r.From, s.ranges[j].From)
		r.To = max(r.To, s.ranges[j].To)
	}
	if i == j && len(s.ranges) >= MaxSet {
		return false
	}
	s.ranges = slices.Replace(s.ranges, i, j, r)
	return true
}

// Subtract takes r out of the set. It returns false and changes nothing if r is
// not valid or the set would then need more than MaxSet ranges.
func (s *RangeSet) Subtract(r Range) bool {
	if !r.Valid() {
		return false
	}
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].To >= r.From })
	j := i
	var rest []Range
	for ; j < len(s.ranges) && s.ranges[j].From <= r.To; j++ {
		if old := s.ranges[j]; old.From < r.From {
			rest = append(rest, Range{old.From, r.From - 1})
		}
		if old := s.ranges[j]; old.To > r.To {
			rest = append(rest, Range{r.To + 1, old.To})
		}
	}
	if len(s.ranges)-(j-i)+len(rest) > MaxSet {
		return false
	}
	s.ranges = slices.Replace(s.ranges, i, j, rest...)
	return true
}

// Contains says whether every number of r is in the set.
func (s RangeSet) Contains(r Range) bool {
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].To >= r.From })
	return r.Valid() && i < len(s.ranges) && s.ranges[i].From <= r.From && r.To <= s.ranges[i].To
}

// Count returns how many numbers the set holds.
func (s RangeSet) Count() uint64 {
	var n uint64
	for _, r := range s.ranges {
		n += r.Count()
	}
	return n
}

// Len returns how many ranges the set holds; 0 means that it is empty.
func (s RangeSet) Len() int { return len(s.ranges) }

// All yields the ranges in ascending order. The set must not change meanwhile.
func (s RangeSet) All() iter.Seq[Range] { return slices.Values(s.ranges) }

// Ranges returns a copy of the ranges in ascending order.
func (s RangeSet) Ranges() []Range { return slices.Clone(s.ranges) }

// Clone returns a set that shares nothing with s.
func (s RangeSet) Clone() RangeSet { return RangeSet{slices.Clone(s.ranges)} }

// Missing yields the parts of within that are not in the set, in ascending
// order. The set must not change meanwhile.
func (s RangeSet) Missing(within Range) iter.Seq[Range] {
	return func(yield func(Range) bool) {
		if !within.Valid() {
			return
		}
		next := within.From
		i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].To >= within.From })
		for ; i < len(s.ranges) && s.ranges[i].From <= within.To; i++ {
			if r := s.ranges[i]; r.From > next && !yield(Range{next, r.From - 1}) {
				return
			}
			next = s.ranges[i].To + 1
		}
		if next <= within.To {
			yield(Range{next, within.To})
		}
	}
}

// Common yields the parts of r that are in the set, in ascending order. The set
// must not change meanwhile.
func (s RangeSet) Common(r Range) iter.Seq[Range] {
	return func(yield func(Range) bool) {
		if !r.Valid() {
			return
		}
		i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].To >= r.From })
		for ; i < len(s.ranges) && s.ranges[i].From <= r.To; i++ {
			if !yield(Range{max(r.From, s.ranges[i].From), min(r.To, s.ranges[i].To)}) {
				return
			}
		}
	}
}

// MarshalJSON writes the set as an array of "from-to".
func (s RangeSet) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, r := range s.ranges {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(r.append(append(b, '"')), '"')
	}
	return append(b, ']'), nil
}

// UnmarshalJSON is the inverse of MarshalJSON. Ranges that overlap or touch become
// one; errors are those of ParseRange, and a set of more than MaxSet ranges.
func (s *RangeSet) UnmarshalJSON(b []byte) error {
	var ranges []Range
	if err := json.Unmarshal(b, &ranges); err != nil {
		return err
	}
	set, ok := SetOf(ranges...)
	if !ok {
		return fmt.Errorf("a set of %d ranges; at most %d are allowed", len(ranges), MaxSet)
	}
	*s = set
	return nil
}

// clip shortens hostile text for an error message.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
