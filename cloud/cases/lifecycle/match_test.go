package lifecycle

import (
	"fmt"
	"testing"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// shelf keeps cases for Match as a store would: by their keys.
type shelf struct {
	policy Joining
	own    map[string]string    // alert → case
	cases  map[string]*standing // by id
	by     map[string]string    // key → the newest case with it
	storms map[string][]*standing
	n      int
}

type standing struct {
	Standing
	opened int64
	parent string
	storm  bool
}

func newShelf() *shelf {
	return &shelf{policy: DefaultPolicy().Join, own: map[string]string{}, cases: map[string]*standing{}, by: map[string]string{}, storms: map[string][]*standing{}}
}

func (s *shelf) at(key string) *Standing {
	if c := s.cases[s.by[key]]; key != "" && c != nil {
		return &c.Standing
	}
	return nil
}

// put files a signal and returns its case.
func (s *shelf) put(x Signal) string {
	k := x.Keys()
	near := Near{Same: s.at(k.Same), Place: s.at(k.Place), Cause: s.at(k.Cause), Storm: s.at("big" + k.Storm)}
	if c := s.cases[s.own[x.Alert]]; c != nil {
		near.Own = &c.Standing
	}
	recent := s.storms[k.Storm]
	for len(recent) > 0 && (recent[0].opened < x.At-s.policy.StormIn.Milliseconds() || !recent[0].Open) {
		recent = recent[1:]
	}
	s.storms[k.Storm] = recent
	near.Recent = len(recent)
	p := Match(x, near, s.policy)
	id := p.Case
	if id == "" {
		s.n++
		id = fmt.Sprint("c", s.n)
		c := &standing{Standing{ID: id, Open: true, Child: p.Parent != ""}, x.At, p.Parent, p.Storm}
		s.cases[id] = c
		s.by[k.Same], s.by[k.Place] = id, id
		if p.Storm {
			s.by["big"+k.Storm] = id
			for _, child := range recent {
				child.parent, child.Child = id, true
			}
		} else if p.Parent == "" {
			s.storms[k.Storm] = append(s.storms[k.Storm], c)
		}
	}
	s.cases[id].Last = x.At
	s.own[x.Alert] = id
	return id
}

// rain is the n-th alert of a storm: so many gateways, each with two gauges.
func rain(n, gateways int) Signal {
	g := n % gateways
	return Signal{Alert: fmt.Sprint("a", n), Gateway: fmt.Sprint("gw", g), Device: fmt.Sprint("gauge", n/gateways%2), Channel: "level", Rule: "river-high",
		Category: "06026", Area: fmt.Sprintf("3301050%05d", g/10), District: "330105000000", Severity: wire.Yellow, At: noon + int64(n)*10}
}

// 100 000 alerts of a storm are few cases, and one that stands for it.
func TestStormIsOneCase(t *testing.T) {
	s := newShelf()
	for n := range 100_000 {
		s.put(rain(n, 5000))
	}
	storms, alone := 0, 0
	for _, c := range s.cases {
		switch {
		case c.storm:
			storms++
		case c.parent == "":
			alone++
		}
	}
	if storms != 1 || alone != 0 || len(s.cases) > 11 {
		t.Errorf("%d cases, %d of them storms, %d alone", len(s.cases), storms, alone)
	}
	if len(s.own) != 100_000 {
		t.Errorf("%d alerts have a case", len(s.own))
	}
}

// The rules of joining, one by one.
func TestMatch(t *testing.T) {
	j := DefaultPolicy().Join
	x := rain(0, 10)
	x.At = noon
	open := func(ago int64) *Standing { return &Standing{ID: "c1", Open: true, Last: noon - ago} }
	closed := func(ago int64) *Standing { return &Standing{ID: "c1", Last: noon - ago} }
	offline := x
	offline.Offline = true
	for name, c := range map[string]struct {
		s    Signal
		near Near
		want Placement
	}{
		"nothing near":                 {x, Near{}, Placement{}},
		"its own":                      {x, Near{Own: open(aDay), Same: &Standing{ID: "c2", Open: true}}, Placement{Case: "c1"}},
		"its own is closed":            {x, Near{Own: closed(anHour)}, Placement{RecurrenceOf: "c1"}},
		"the same, however long ago":   {x, Near{Same: open(9 * aDay)}, Placement{Case: "c1"}},
		"the same was closed":          {x, Near{Same: closed(24 * anHour)}, Placement{RecurrenceOf: "c1"}},
		"the same was closed long ago": {x, Near{Same: closed(24*anHour + 1)}, Placement{}},
		"the place":                    {x, Near{Place: open(30 * aMinute)}, Placement{Case: "c1"}},
		"the place, too long ago":      {x, Near{Place: open(30*aMinute + 1)}, Placement{}},
		"the place, closed":            {x, Near{Place: closed(aMinute)}, Placement{}},
		"an open storm":                {x, Near{Storm: open(aDay), Place: &Standing{ID: "c2", Open: true, Last: noon}}, Placement{Case: "c1"}},
		"a storm that is over":         {x, Near{Storm: closed(0)}, Placement{}},
		"the tenth":                    {x, Near{Recent: 9}, Placement{Storm: true}},
		"the ninth":                    {x, Near{Recent: 8}, Placement{}},
		"a silent gateway":             {x, Near{Cause: open(aDay), Recent: 20}, Placement{Parent: "c1"}},
		"a silent gateway is no cause of its silence": {offline, Near{Cause: open(0)}, Placement{}},
		"a cause that is a symptom":                   {x, Near{Cause: &Standing{ID: "c1", Open: true, Child: true}}, Placement{}},
		"a silence that is over":                      {x, Near{Cause: closed(0)}, Placement{}},
	} {
		if got := Match(c.s, c.near, j); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if !j.Later(noon-2*aMinute, noon) || j.Later(noon-2*aMinute-1, noon) || j.Later(noon+1, noon) {
		t.Error("symptoms before their cause")
	}
}

// Keys are as different as what they stand for, whatever it is called.
func TestKeys(t *testing.T) {
	a, b := Signal{Rule: "a|b", Gateway: "c"}, Signal{Rule: "a", Gateway: "b|c"}
	if a.Keys().Same == b.Keys().Same {
		t.Errorf("both are %q", a.Keys().Same)
	}
	if k := (Signal{Rule: "r", Gateway: "g"}).Keys(); k.Place != "" || k.Storm != "" {
		t.Errorf("an alert of nowhere: %+v", k)
	}
	if k := (Signal{Gateway: "g", Offline: true}).Keys(); k.Same != k.Cause {
		t.Errorf("a silence is not found as a cause: %+v", k)
	}
}

// BenchmarkStorm is one alert of a storm of 100 000: finding its case.
func BenchmarkStorm(b *testing.B) {
	const n = 100_000
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s := newShelf()
		for k := range n {
			s.put(rain(k, 5000))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/alert")
}

// BenchmarkDecide is one acknowledgement of a case: decided, and applied.
func BenchmarkDecide(b *testing.B) {
	at := newBench(b)
	b.ReportAllocs()
	for b.Loop() {
		entries, err := Decide(at.c, Command{Action: Acknowledge}, wang, at.w)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Apply(at.c, entries[0]); err != nil {
			b.Fatal(err)
		}
	}
}
