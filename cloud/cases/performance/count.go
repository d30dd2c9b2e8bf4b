package performance

import (
	"cmp"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// What whole ways are called, beside the steps.
const (
	wayHandled = "handled" // from when a case was raised until it was handled
	wayClosed  = "closed"  // and until it was closed
)

// How many steps there must be before a figure says more than the steps themselves.
const (
	fewestMedian = 5
	fewestP95    = 20
)

const (
	mostOldest = 10
	mostRules  = 20
)

// Count adds up the measures of cases. It is for one goroutine.
type Count struct {
	from, to, now int64
	department    string

	total                         *tally
	areas, departments, gravities map[string]*tally
	rules                         map[string]*view.RuleVerdicts
	overdue                       view.Overdue
}

// tally is a group while it is counted: its figures, and how long each step took.
type tally struct {
	view.PerformanceGroup
	took   [8][]int64
	due    [8]int
	inTime [8]int
}

// NewCount returns an empty Count for the time from one moment on and before another, as it
// stands now, all in Unix milliseconds; of a department, or with an empty one of all.
func NewCount(from, to, now int64, department string) *Count {
	return &Count{from: from, to: to, now: now, department: department, total: &tally{}, areas: map[string]*tally{}, departments: map[string]*tally{},
		gravities: map[string]*tally{}, rules: map[string]*view.RuleVerdicts{}}
}

// Add counts a case. within is the area that it is counted for, area where it is.
func (c *Count) Add(id, area, within string, m *Measure) {
	if c.mine(m.Department) {
		for _, t := range c.groups(within, m.Department, m.Severity) {
			c.whole(t, m)
		}
		c.verdict(m)
	}
	var late *Step // the deadline that passed first, and whose it is
	var lateOf string
	for i := range m.Steps {
		s := &m.Steps[i]
		whose := m.Department
		if s.Task != 0 {
			whose = s.Department
		}
		if !c.mine(whose) {
			continue
		}
		if c.counts(s) {
			for _, t := range c.groups(within, whose, m.Severity) {
				c.step(t, s)
			}
		}
		if c.late(s) && (late == nil || s.Due < late.Due) {
			late, lateOf = s, whose
		}
	}
	if late != nil {
		c.isOverdue(id, area, within, lateOf, m.Severity, late)
	}
}

func (c *Count) mine(department string) bool {
	return c.department == "" || c.department == department
}

// groups are those that something counts in.
func (c *Count) groups(area, department string, severity wire.Severity) [4]*tally {
	return [4]*tally{c.total, of(c.areas, area), of(c.departments, department), of(c.gravities, string(severity))}
}

func of(groups map[string]*tally, key string) *tally {
	t := groups[key]
	if t == nil {
		t = &tally{PerformanceGroup: view.PerformanceGroup{Key: key}}
		groups[key] = t
	}
	return t
}

// within says whether a moment lies in the span.
func (c *Count) within(at int64) bool { return at >= c.from && at < c.to }

// whole counts what is of the case as a whole.
func (c *Count) whole(t *tally, m *Measure) {
	add := func(n *int, is bool) {
		if is {
			*n++
		}
	}
	if c.within(m.Opened) {
		t.Raised++
		add(&t.Concluded, m.Closed > 0)
		add(&t.EverClosed, m.Closed > 0 || m.Reopened)
		add(&t.Reopened, m.Reopened)
		add(&t.Recurring, m.Recurs)
		add(&t.Dispatched, m.Tasked)
		add(&t.Returned, m.Returned)
	}
	if m.Handled > 0 && c.within(m.Handled) {
		t.Handled++
		add(&t.Reworked, m.Reworked)
		t.took[6] = append(t.took[6], m.Handled-m.Opened-m.Paused)
	}
	if m.Closed > 0 && c.within(m.Closed) {
		t.Closed++
		add(&t.Answered, m.Answered)
		add(&t.FalseAlarms, m.FalseAlarm)
		add(&t.SelfRecovered, m.Resolution == lifecycle.SelfRecovery)
		if m.Resolution != lifecycle.WithParent && m.Resolution != lifecycle.Duplicate {
			t.took[7] = append(t.took[7], m.Closed-m.Opened)
		}
	}
}

// verdict counts what was found about the rule that raised the case.
func (c *Count) verdict(m *Measure) {
	if m.Rule == "" || m.Closed == 0 || !c.within(m.Closed) || m.Resolution == lifecycle.WithParent || m.Resolution == lifecycle.Duplicate {
		return
	}
	r := c.rules[m.Rule]
	if r == nil {
		r = &view.RuleVerdicts{Rule: m.Rule}
		c.rules[m.Rule] = r
	}
	r.Closed++
	if m.FalseAlarm {
		r.FalseAlarms++
	}
}

// counts says whether a step was done, or due, in the span.
func (c *Count) counts(s *Step) bool { return s.Done && c.within(s.End) || c.isDue(s) }

// isDue says whether a step was due in the span and is judged: its deadline has passed, or it
// was done before.
func (c *Count) isDue(s *Step) bool {
	return s.Due > 0 && c.within(s.Due) && (s.End > 0 || s.Due <= c.now)
}

func (c *Count) late(s *Step) bool { return s.End == 0 && s.Due > 0 && s.Due <= c.now }

// step counts one.
func (c *Count) step(t *tally, s *Step) {
	i := slices.Index(steps, s.Name)
	if s.Done && c.within(s.End) {
		t.took[i] = append(t.took[i], s.End-s.Start-s.Paused)
	}
	if c.isDue(s) {
		t.due[i]++
		if s.Done && s.End <= s.Due {
			t.inTime[i]++
		}
	}
}

// isOverdue counts a case by the deadline that passed first: once, for whose that is.
func (c *Count) isOverdue(id, area, within, whose string, severity wire.Severity, s *Step) {
	for _, t := range c.groups(within, whose, severity) {
		t.Overdue++
	}
	c.overdue.Cases++
	late := time.Duration(c.now-s.Due) * time.Millisecond
	for i, most := range []time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 1<<63 - 1} {
		if late < most {
			c.overdue.Ages[i]++
			break
		}
	}
	old := &c.overdue.Oldest
	x := view.OverdueCase{ID: id, Severity: severity, Area: area, Department: whose, Step: string(s.Name), Due: s.Due}
	at, _ := slices.BinarySearchFunc(*old, x, func(a, b view.OverdueCase) int { return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.ID, b.ID)) })
	*old = slices.Insert(*old, at, x)
	*old = (*old)[:min(len(*old), mostOldest)]
}

// Into writes the figures into p.
func (c *Count) Into(p *view.Performance) {
	p.Total = c.total.figures()
	p.Areas, p.Departments = sorted(c.areas), sorted(c.departments)
	p.Severities = []view.PerformanceGroup{}
	for _, s := range severities[1:] {
		p.Severities = append(p.Severities, of(c.gravities, string(s)).figures())
	}
	p.Rules = []view.RuleVerdicts{}
	for _, r := range c.rules {
		p.Rules = append(p.Rules, *r)
	}
	slices.SortFunc(p.Rules, func(a, b view.RuleVerdicts) int {
		return cmp.Or(b.FalseAlarms-a.FalseAlarms, b.Closed-a.Closed, cmp.Compare(a.Rule, b.Rule))
	})
	p.Rules = p.Rules[:min(len(p.Rules), mostRules)]
	p.Overdue = c.overdue
	if p.Overdue.Oldest == nil {
		p.Overdue.Oldest = []view.OverdueCase{}
	}
}

// sorted are groups by their keys, those without one last.
func sorted(groups map[string]*tally) []view.PerformanceGroup {
	out := []view.PerformanceGroup{}
	for _, t := range groups {
		if !t.empty() {
			out = append(out, t.figures())
		}
	}
	slices.SortFunc(out, func(a, b view.PerformanceGroup) int {
		if (a.Key == "") != (b.Key == "") {
			return len(b.Key) - len(a.Key)
		}
		return cmp.Compare(a.Key, b.Key)
	})
	return out
}

// empty says whether nothing of the span was counted.
func (t *tally) empty() bool {
	n := t.Raised + t.Handled + t.Closed + t.Overdue
	for i := range t.took {
		n += len(t.took[i]) + t.due[i]
	}
	return n == 0
}

// figures works out what a group comes to.
func (t *tally) figures() view.PerformanceGroup {
	g := t.PerformanceGroup
	g.Steps = make([]view.StepFigures, 8)
	for i := range g.Steps {
		name := [2]string{wayHandled, wayClosed}[i&1]
		if i < len(steps) {
			name = string(steps[i])
		}
		g.Steps[i] = spread(t.took[i])
		g.Steps[i].Step, g.Steps[i].Due, g.Steps[i].InTime = name, t.due[i], t.inTime[i]
	}
	return g
}

// spread works out mean, median and 95th percentile. The mean is rounded down, the median of
// an even number is the mean of the two in the middle, the percentile the smallest one that at
// least 95 of 100 do not exceed.
func spread(took []int64) (f view.StepFigures) {
	n := len(took)
	f.Done = n
	if n == 0 {
		return f
	}
	slices.Sort(took)
	sum := int64(0)
	for _, ms := range took {
		sum += ms
	}
	mean := sum / int64(n)
	f.Mean = &mean
	if n >= fewestMedian {
		median := (took[(n-1)/2] + took[n/2]) / 2
		f.Median = &median
	}
	if n >= fewestP95 {
		p95 := took[(95*n+99)/100-1]
		f.P95 = &p95
	}
	return f
}
