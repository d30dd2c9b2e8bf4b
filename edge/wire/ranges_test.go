package wire

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The set against a map of single numbers.
func TestRangeSetModel(t *testing.T) {
	const top = 60
	rapid.Check(t, func(t *rapid.T) {
		var s RangeSet
		model := map[uint64]bool{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			from := rapid.Uint64Range(1, top).Draw(t, "from")
			r := Range{from, rapid.Uint64Range(from, min(top, from+9)).Draw(t, "to")}
			add := rapid.Bool().Draw(t, "add")
			if add && !s.Add(r) || !add && !s.Subtract(r) {
				t.Fatalf("%v refused", r)
			}
			for n := r.From; n <= r.To; n++ {
				model[n] = add
			}
		}
		checkSorted(t, s)
		for n := uint64(1); n <= top; n++ {
			if s.Contains(Range{n, n}) != model[n] {
				t.Fatalf("Contains(%d) = %v", n, !model[n])
			}
		}
		missing, _ := SetOf(slices.Collect(s.Missing(Range{1, top}))...)
		if missing.Count()+s.Count() != top {
			t.Fatalf("%d in the set, %d missing", s.Count(), missing.Count())
		}
		within := Range{rapid.Uint64Range(1, top).Draw(t, "within"), top}
		common, _ := SetOf(slices.Collect(s.Common(within))...)
		missing, _ = SetOf(slices.Collect(s.Missing(within))...)
		if common.Count()+missing.Count() != within.Count() {
			t.Fatalf("of %v %v are in the set and %v are not", within, common.Ranges(), missing.Ranges())
		}
		for r := range common.All() {
			if !s.Contains(r) {
				t.Fatalf("%v is not in the set", r)
			}
		}
		for r := range missing.All() {
			for n := r.From; n <= r.To; n++ {
				if model[n] {
					t.Fatalf("%d is not missing", n)
				}
			}
		}
	})
}

func checkSorted(t interface{ Fatalf(string, ...any) }, s RangeSet) {
	last := uint64(0)
	for r := range s.All() {
		if !r.Valid() || last > 0 && r.From <= last+1 {
			t.Fatalf("%v behind %d", r, last)
		}
		last = r.To
	}
}

func TestRangeSetBound(t *testing.T) {
	var s RangeSet
	for i := range uint64(MaxSet) {
		if !s.Add(Range{10*i + 1, 10*i + 3}) {
			t.Fatalf("range %d refused", i)
		}
	}
	full := s.Clone()
	if s.Add(Range{5, 6}) || s.Subtract(Range{2, 2}) || !slices.Equal(s.Ranges(), full.Ranges()) {
		t.Error("a full set took a range more")
	}
	if !s.Add(Range{4, 10}) || s.Len() != MaxSet-1 || !s.Contains(Range{1, 13}) {
		t.Errorf("filling a hole: %d ranges", s.Len())
	}
	for _, r := range []Range{{0, 1}, {2, 1}, {1, MaxSeq + 1}} {
		if s.Add(r) || s.Subtract(r) || s.Contains(r) || r.Count() != 0 {
			t.Errorf("%v was taken", r)
		}
	}
	whole, ok := SetOf(Range{1, MaxSeq})
	if !ok || whole.Count() != MaxSeq || !whole.Subtract(Range{MaxSeq, MaxSeq}) || whole.Contains(Range{MaxSeq, MaxSeq}) {
		t.Errorf("at the end of the numbers: %v", whole)
	}
	if _, ok := SetOf(Range{}); ok {
		t.Error("SetOf took an empty range")
	}
}

func TestRangeText(t *testing.T) {
	for _, s := range []string{"1-1", "184202-184204", "1-9223372036854775807"} {
		r, err := ParseRange(s)
		if err != nil || r.String() != s {
			t.Errorf("ParseRange(%s) = %v, %v", s, r, err)
		}
	}
	for _, s := range []string{"", "-", "1", "1-", "-1", "0-1", "01-1", "+1-1", "2-1", "1-2-3", " 1-2", "1-9223372036854775808", "a-b"} {
		if r, err := ParseRange(s); err == nil {
			t.Errorf("ParseRange(%q) = %v", s, r)
		}
	}
	if _, err := json.Marshal(Range{}); err == nil {
		t.Error("an empty range was written")
	}
	set, _ := SetOf(Range{1, 2}, Range{7, 7})
	if b, err := json.Marshal(set); err != nil || string(b) != `["1-2","7-7"]` {
		t.Errorf("%s, %v", b, err)
	}
}

func BenchmarkRangeSetAdd(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var s RangeSet
	b.ReportAllocs()
	for b.Loop() {
		from := r.Uint64N(1<<20) + 1
		if !s.Add(Range{from, from + 20}) {
			s = RangeSet{}
		}
	}
}

// A set comes back from JSON as it went, and nothing that is no set is taken.
func TestRangeSetJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s RangeSet
		for range rapid.IntRange(0, 20).Draw(t, "ranges") {
			from := rapid.Uint64Range(1, 300).Draw(t, "from")
			s.Add(Range{from, from + rapid.Uint64Range(0, 9).Draw(t, "more")})
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var got RangeSet
		if err := json.Unmarshal(b, &got); err != nil || !slices.Equal(got.Ranges(), s.Ranges()) {
			t.Errorf("%s comes back as %v, %v, want %v", b, got.Ranges(), err, s.Ranges())
		}
	})
	for _, bad := range []string{`{}`, `["0-1"]`, `["5-4"]`, `[5]`, `"1-2"`} {
		if got := new(RangeSet); json.Unmarshal([]byte(bad), got) == nil {
			t.Errorf("%s is taken as %v", bad, got.Ranges())
		}
	}
}
