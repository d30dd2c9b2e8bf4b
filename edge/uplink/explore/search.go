package explore

import (
	"fmt"
	"strings"
)

// Report is what a search found.
type Report struct {
	States   int  // different ones
	Steps    int  // that lead from one to another
	Recovers int  // states on the ways from them to the end, when faults stop
	Depth    int  // steps of the longest of the shortest ways
	Complete bool // false: it ended at the limit of states
	Broken   string
	Trace    []string // how it came to that, a line for each step
}

// search is one run of Explore.
type search struct {
	m      *Model
	seen   *table
	from   []uint32 // the state before, by number
	by     []Step
	ends   *table // states on the way to the end
	report Report
}

// Explore visits every state that can be reached, nearest first, and checks each,
// until a law is broken or there are limit states.
func Explore(m *Model, limit int) Report {
	x := search{m: m, seen: newTable(), ends: newTable()}
	x.visit(&State{}, 0, Step{})
	level, depth := 1, 0
	for n := 0; n < len(x.seen.states) && x.report.Broken == ""; n++ {
		if n == level {
			level, depth = len(x.seen.states), depth+1
		}
		if len(x.seen.states) >= limit {
			return x.done(depth)
		}
		s := x.seen.states[n]
		m.Next(s, func(by Step, t State) {
			x.report.Steps++
			if x.report.Broken == "" {
				x.visit(&t, n, by)
			}
		})
	}
	x.report.Complete = x.report.Broken == ""
	return x.done(depth)
}

func (x *search) done(depth int) Report {
	x.report.States, x.report.Recovers, x.report.Depth = len(x.seen.states), len(x.ends.states), depth
	return x.report
}

func (x *search) visit(s *State, from int, by Step) {
	n, fresh := x.seen.put(s)
	if !fresh {
		return
	}
	x.from, x.by = append(x.from, uint32(from)), append(x.by, by)
	if l := s.check(); l != none {
		x.fail(n, l, nil)
		return
	}
	if steps, ok := x.arrives(*s); !ok {
		x.fail(n, neverArrives, steps)
	}
}

// fail keeps the way to state n, and what was tried after it.
func (x *search) fail(n int, l law, after []Step) {
	var way []int
	for i := n; i != 0; i = int(x.from[i]) {
		way = append(way, i)
	}
	x.report.Broken = l.String()
	for i := len(way) - 1; i >= 0; i-- {
		x.report.Trace = append(x.report.Trace, x.by[way[i]].String())
	}
	if after != nil {
		x.report.Trace = append(x.report.Trace, "faults stop; what is under way is lost")
	}
	for _, st := range after {
		x.report.Trace = append(x.report.Trace, st.String())
	}
	s := x.seen.states[n]
	x.report.Trace = append(x.report.Trace, "then: "+s.String())
}

// String is the trace, numbered, and what it breaks.
func (r Report) String() string {
	var b strings.Builder
	for i, line := range r.Trace {
		fmt.Fprintf(&b, "%3d  %s\n", i+1, line)
	}
	if r.Broken != "" {
		fmt.Fprintf(&b, "     broken: %s\n", r.Broken)
	}
	return b.String()
}

func (s Step) String() string {
	set := Set(s.A)
	switch s.Kind {
	case PowerCut:
		text := fmt.Sprintf("power cut: of what was in memory %v is on disk; a new epoch begins", set)
		if s.B&1 == 1 {
			text += "; the saved cursors are too"
		}
		if s.B&2 == 2 {
			text += "; the planned deletion is finished"
		}
		return text
	case Clone:
		return [...]string{"", "another gateway with a copied card sends a record with our newest number",
			"that is stored", "and its acknowledgement comes to both gateways"}[s.B]
	}
	format := [...]string{
		Append: "telemetry is appended", Raise: "an alert is appended", Commit: "memory is committed", Save: "the cursors are saved, for the next commit",
		Send: "%v is sent", Resend: "%v is sent again", Reconnect: "the connection is lost, another one begins", Take: "the acknowledgement of record %d arrives",
		GiveUp: "quota: the oldest record is to be given up", Delete: "the record is overwritten",
		Restart: "the gateway is restarted in order", Damage: "record %d becomes unreadable", Rewind: "the gateway is rewound",
		Deliver: "%v arrives at an aggregator", Store: "an aggregator stores what it received", Backup: "the store is backed up",
		Restore: "the store is restored from its backup", Confirm: "%v is sent, and the broker confirms it",
	}[s.Kind]
	switch {
	case !strings.Contains(format, "%"):
		return format
	case strings.Contains(format, "%d"):
		return fmt.Sprintf(format, s.A)
	}
	return fmt.Sprintf(format, set)
}
