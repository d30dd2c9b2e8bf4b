package performance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func ms(v int64) *int64 { return &v }

// Mean, median and 95th percentile are told only of as many as they mean something for.
func TestSpread(t *testing.T) {
	upTo := func(n int) (out []int64) {
		for i := n; i > 0; i-- {
			out = append(out, int64(i)*10)
		}
		return out
	}
	for _, c := range []struct {
		took []int64
		want view.StepFigures
	}{
		{nil, view.StepFigures{}},
		{[]int64{10, 25, 30, 90}, view.StepFigures{Done: 4, Mean: ms(38)}},
		{[]int64{5, 1, 4, 1000, 2}, view.StepFigures{Done: 5, Mean: ms(202), Median: ms(4)}},
		{[]int64{6, 1, 4, 3, 2, 7}, view.StepFigures{Done: 6, Mean: ms(3), Median: ms(3)}},
		{upTo(19), view.StepFigures{Done: 19, Mean: ms(100), Median: ms(100)}},
		{upTo(20), view.StepFigures{Done: 20, Mean: ms(105), Median: ms(105), P95: ms(190)}},
		{upTo(100), view.StepFigures{Done: 100, Mean: ms(505), Median: ms(505), P95: ms(950)}},
		{upTo(101), view.StepFigures{Done: 101, Mean: ms(510), Median: ms(510), P95: ms(960)}},
	} {
		if got := spread(c.took); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v: %+v, want %+v", c.took, got, c.want)
		}
	}
}

// some is a case that anything may have happened to between 0 and 1000.
func some(r *rand.Rand) Measure {
	at := func() int64 { return 1 + r.Int64N(1000) }
	is := func() bool { return r.IntN(2) == 0 }
	whose := func() string { return []string{"", "water", "roads"}[r.IntN(3)] }
	m := Measure{Opened: at(), Severity: severities[1+r.IntN(4)], Rule: []string{"", "river-high", "wind"}[r.IntN(3)], Department: whose(),
		Tasked: is(), Reworked: is(), Returned: is(), Reopened: is(), Recurs: is(), Answered: is(), FalseAlarm: is(), Resolution: resolutions[r.IntN(len(resolutions))]}
	if is() {
		m.Handled, m.Paused = m.Opened+at(), r.Int64N(5)
	}
	if is() {
		m.Closed = m.Opened + at()
	}
	for range r.IntN(6) {
		s := Step{Name: steps[r.IntN(6)], Start: at(), Due: at()}
		if s.Name == lifecycle.StepSign || s.Name == lifecycle.StepHandle {
			s.Task, s.Department = 1+r.IntN(3), whose()
		}
		if is() {
			s.End, s.Done = s.Start+at(), is()
		}
		m.Steps = append(m.Steps, s)
	}
	return m
}

// What is counted by area, by department and by severity is the whole, each case once; and
// what is counted of one department is its line of the whole.
func TestGroupsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 50 {
		var all []Measure
		for range r.IntN(60) {
			all = append(all, some(r))
		}
		figures := func(department string) (p view.Performance) {
			c := NewCount(200, 700, 600, department)
			for i := range all {
				c.Add(fmt.Sprint(i), "a", fmt.Sprint("area", i%3), &all[i])
			}
			c.Into(&p)
			return p
		}
		p := figures("")
		for name, groups := range map[string][]view.PerformanceGroup{"areas": p.Areas, "departments": p.Departments, "severities": p.Severities} {
			if got, want := sum(groups), counts(p.Total); got != want {
				t.Fatalf("round %d: the sum of %s is %v, all are %v", round, name, got, want)
			}
		}
		raised := 0
		for i := range all {
			if all[i].Opened >= 200 && all[i].Opened < 700 {
				raised++
			}
		}
		if p.Total.Raised != raised {
			t.Fatalf("round %d: %d raised, counted %d", round, raised, p.Total.Raised)
		}
		for _, g := range p.Departments {
			if g.Key == "" {
				continue
			}
			own := figures(g.Key).Total
			own.Key, own.Overdue, g.Overdue = g.Key, 0, 0 // which of two departments is late first is another matter
			if !reflect.DeepEqual(own, g) {
				t.Fatalf("round %d: of %s alone %+v, its line is %+v", round, g.Key, own, g)
			}
		}
	}
}

// counts are the numbers of a group that add up.
func counts(g view.PerformanceGroup) (out [36]int) {
	copy(out[:], []int{g.Raised, g.Concluded, g.EverClosed, g.Reopened, g.Recurring, g.Dispatched, g.Returned, g.Handled, g.Reworked, g.Closed, g.Answered, g.FalseAlarms})
	for i, s := range g.Steps {
		out[12+3*i], out[13+3*i], out[14+3*i] = s.Done, s.Due, s.InTime
	}
	out[12+3*7+1], out[12+3*7+2] = g.SelfRecovered, g.Overdue // whole ways are not due
	return out
}

func sum(groups []view.PerformanceGroup) (out [36]int) {
	for _, g := range groups {
		for i, n := range counts(g) {
			out[i] += n
		}
	}
	return out
}

// What is late counts with the deadline that passed first, by how late that is.
func TestOverdue(t *testing.T) {
	const hours = int64(3_600_000)
	now := 1000 * hours
	c := NewCount(0, 1, now, "") // nothing else is in the span
	for i, late := range []int64{0, hours - 1, hours, 23 * hours, 24 * hours, 167 * hours, 168 * hours} {
		c.Add(fmt.Sprint(i), "a", "a", &Measure{Opened: 5, Severity: wire.Red, Department: "water", Steps: []Step{
			{Name: lifecycle.StepSign, Task: 1, Department: "roads", Due: now - late}, {Name: lifecycle.StepHandle, Task: 1, Department: "roads", Due: now}}})
	}
	c.Add("not yet", "a", "a", &Measure{Opened: 5, Steps: []Step{{Name: lifecycle.StepClose, Due: now + 1}}})
	c.Add("suspended", "a", "a", &Measure{Opened: 5, Steps: []Step{{Name: lifecycle.StepHandle}}})
	c.Add("done", "a", "a", &Measure{Opened: 5, Steps: []Step{{Name: lifecycle.StepClose, Due: 5, End: 9, Done: true}}})
	var p view.Performance
	c.Into(&p)
	if o := p.Overdue; o.Cases != 7 || o.Ages != [4]int{2, 2, 2, 1} || len(o.Oldest) != 7 ||
		o.Oldest[0] != (view.OverdueCase{ID: "6", Severity: wire.Red, Area: "a", Department: "roads", Step: "sign", Due: now - 168*hours}) {
		t.Errorf("%+v", o)
	}
	if len(p.Departments) != 1 || p.Departments[0].Key != "roads" || p.Departments[0].Overdue != 7 {
		t.Errorf("%+v", p.Departments)
	}
}

// What was stored is read as it was, and what is cut short or broken is found.
func TestMeasureIsKept(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var d Decoder
	var got Measure
	for range 200 {
		m := some(r)
		raw := m.Encode()
		if err := d.Decode(raw, &got); err != nil {
			t.Fatal(err)
		}
		if len(m.Steps) == 0 {
			m.Steps, got.Steps = nil, nil
		}
		if !reflect.DeepEqual(got, m) {
			t.Fatalf("%+v was read as %+v", m, got)
		}
		for n := range raw {
			if err := d.Decode(raw[:n], &got); !errors.Is(err, ErrDamaged) {
				t.Fatalf("%d of %d bytes: %v", n, len(raw), err)
			}
		}
		if err := d.Decode(append(raw, 0), &got); !errors.Is(err, ErrDamaged) {
			t.Fatalf("a byte too many: %v", err)
		}
	}
}

// Whatever is read is written so that the same is read again.
func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 4 {
		f.Add(some(r).Encode())
	}
	f.Add([]byte{form, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var d Decoder
		var m, again Measure
		if d.Decode(raw, &m) != nil {
			return
		}
		if err := d.Decode(m.Encode(), &again); err != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("%+v was read as %+v, %v", m, again, err)
		}
	})
}
