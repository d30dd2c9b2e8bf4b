package notify

import (
	"cmp"
	"maps"
	"slices"
)

// When messages are merged.
const (
	groupWait   = 30_000  // ms that first notices wait for others of their area and rule
	floodSpan   = 600_000 // ms
	floodCount  = 10      // messages in floodSpan, after which come digests; of red: of one source
	digestEvery = 300_000 // ms
	redMost     = 40      // red messages of all sources in floodSpan, after which they are merged
	surgeEvery  = 60_000  // ms between merged messages of the red events of one source
	surgeMost   = 5       // sources whose red events are merged each for itself; of more, together
)

// Kinds of a message.
const (
	single = "single" // about one subject
	group  = "group"  // several of one area and rule
	digest = "digest" // whatever there was, in a flood, red excepted
	surge  = "surge"  // the red ones of a source that floods, or of all
	test   = "test"
)

// waiting is an event that is not in a message yet.
type waiting struct {
	event, subject, grp, level, source string
	due, n                             int64 // n rises as the events came
}

// past is what a receiver had so far.
type past struct {
	recent int   // messages in the last floodSpan, digests left out
	digest int64 // when the last digest was formed; 0: never
	reds   int   // red messages in the last floodSpan, those that are merged left out
	by     map[string]burst
}

// burst is what a receiver had of the red events of one source; of the source "", merged
// ones of all.
type burst struct {
	singles int   // in the last floodSpan
	surge   int64 // when the last merged one was formed; 0: not in floodSpan
}

// batch is one message to form; items are places in what was given.
type batch struct {
	kind   string
	source string // of a surge; empty: all
	items  []int
}

// plan decides which messages to form now of what waits for one receiver, the most urgent
// first, and when to look again at the latest; 0: when something comes.
func plan(items []waiting, machine bool, h past, now int64) (out []batch, next int64) {
	used := make([]bool, len(items))
	out, next = urgent(items, machine, h, used, now)
	if !machine {
		h.recent += len(out)
	}
	ripe, at := groups(items, used, now)
	if at != 0 {
		next = earlier(next, at)
	}
	var merged []int
	for _, g := range ripe {
		if h.recent < floodCount {
			out = append(out, batch{kind: kindOf(items, g), items: g})
			h.recent++
			continue
		}
		merged = append(merged, g...)
	}
	if len(merged) == 0 {
		return out, next
	}
	if at := h.digest + digestEvery; h.digest != 0 && now < at {
		return out, earlier(next, at)
	}
	slices.Sort(merged)
	return append(out, batch{kind: digest, items: merged}), next
}

func earlier(a, b int64) int64 {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// urgent are the messages that wait for no others: all of a machine, and red ones, each
// with what waited of its subject before. Of a source that has had its share of them, and
// of all if they are too many, the red ones are merged, each minute; whatever waits of their
// subjects waits for that, and goes with them.
func urgent(items []waiting, machine bool, h past, used []bool, now int64) (out []batch, next int64) {
	crowd := map[string][]int{}
	for i, it := range items {
		if used[i] || !machine && rank(it.level) != 0 {
			continue
		}
		if !machine {
			if source, full := h.full(it.source); full {
				crowd[source] = append(crowd[source], about(items, it.subject, used)...)
				continue
			}
			h.reds++
			h.add(it.source)
		}
		out = append(out, batch{kind: single, items: along(items, i, machine, used)})
	}
	if len(crowd) > surgeMost {
		crowd = map[string][]int{"": slices.Concat(slices.Collect(maps.Values(crowd))...)}
	}
	for _, source := range slices.Sorted(maps.Keys(crowd)) {
		members := crowd[source]
		if at := h.by[source].surge + surgeEvery; h.by[source].surge != 0 && now < at {
			next = earlier(next, at)
			continue
		}
		slices.Sort(members)
		out = append(out, batch{surge, source, members})
	}
	return out, next
}

// full says whether the next red event of a source is merged, and with those of which.
func (h past) full(source string) (with string, full bool) {
	if h.reds >= redMost {
		return "", true
	}
	return source, source != "" && h.by[source].singles >= floodCount
}

// add counts a red message.
func (h *past) add(source string) {
	h.by = maps.Clone(h.by)
	if h.by == nil {
		h.by = map[string]burst{}
	}
	b := h.by[source]
	b.singles++
	h.by[source] = b
}

// along is an item with those of its subject that came before and wait.
func along(items []waiting, i int, machine bool, used []bool) (out []int) {
	for j := range items {
		if !machine && !used[j] && items[j].subject == items[i].subject && items[j].n < items[i].n {
			out, used[j] = append(out, j), true
		}
	}
	used[i] = true
	return append(out, i)
}

// about is all that waits of a subject.
func about(items []waiting, subject string, used []bool) (out []int) {
	for i := range items {
		if !used[i] && items[i].subject == subject {
			out, used[i] = append(out, i), true
		}
	}
	return out
}

// groups collects what is left: the ripe groups, the one that waits longest first, and when
// the next ripens.
func groups(items []waiting, used []bool, now int64) (ripe [][]int, next int64) {
	by := map[string][]int{}
	due := map[string]int64{}
	for i, it := range items {
		if used[i] {
			continue
		}
		if d, ok := due[it.grp]; !ok || it.due < d {
			due[it.grp] = it.due
		}
		by[it.grp] = append(by[it.grp], i)
	}
	for g, members := range by {
		if due[g] <= now {
			ripe = append(ripe, members)
		} else {
			next = earlier(next, due[g])
		}
	}
	slices.SortFunc(ripe, func(a, b []int) int {
		return cmp.Or(cmp.Compare(due[items[a[0]].grp], due[items[b[0]].grp]), cmp.Compare(a[0], b[0]))
	})
	return ripe, next
}

func kindOf(items []waiting, members []int) string {
	for _, i := range members {
		if items[i].subject != items[members[0]].subject {
			return group
		}
	}
	return single
}
