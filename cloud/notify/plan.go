package notify

import (
	"cmp"
	"slices"
)

// When messages are merged.
const (
	groupWait   = 30_000  // ms that first notices wait for others of their area and rule
	floodSpan   = 600_000 // ms
	floodCount  = 10      // messages in floodSpan, after which come digests
	digestEvery = 300_000 // ms
)

// Kinds of a message.
const (
	single = "single" // about one subject
	group  = "group"  // several of one area and rule
	digest = "digest" // whatever there was, in a flood
	test   = "test"
)

// waiting is an event that is not in a message yet.
type waiting struct {
	event, subject, grp, level string
	due                        int64
}

// past is what a receiver had so far.
type past struct {
	recent int   // messages in the last floodSpan, digests left out
	digest int64 // when the last digest was formed; 0: never
}

// batch is one message to form; items are places in what was given.
type batch struct {
	kind  string
	items []int
}

// plan decides which messages to form now of what waits for one receiver, oldest first,
// and when to look again at the latest; 0: when something comes.
func plan(items []waiting, machine bool, h past, now int64) (out []batch, next int64) {
	used := make([]bool, len(items))
	out = urgent(items, machine, used)
	if !machine {
		h.recent += len(out)
	}
	ripe, next := groups(items, used, now)
	var merged []int
	for _, g := range ripe {
		if h.recent < floodCount {
			out = append(out, batch{kindOf(items, g), g})
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
	return append(out, batch{digest, merged}), next
}

func earlier(a, b int64) int64 {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// urgent are the messages that neither wait nor merge: all of a machine, and red ones,
// each with what waited of its subject before.
func urgent(items []waiting, machine bool, used []bool) (out []batch) {
	for i, it := range items {
		if used[i] || !machine && rank(it.level) != 0 {
			continue
		}
		b := batch{kind: single}
		for j := range i {
			if !machine && !used[j] && items[j].subject == it.subject {
				b.items, used[j] = append(b.items, j), true
			}
		}
		b.items, used[i] = append(b.items, i), true
		out = append(out, b)
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

// open is a delivery that is not finished.
type open struct {
	id, person, level, state string
	subjects                 []string
	seq                      int64
	next, deadline, lease    int64
	attempts                 int64
	doubt                    bool
}

// anything stands for more subjects than are listed.
const anything = "*"

// pick chooses the delivery to send now, of one channel's in their order: the most severe
// whose turn it is, then the oldest. One waits while an earlier one to the same receiver
// about the same subject is not finished. -1: none; then wake is when to look again, 0 if
// that depends on nothing known here.
func pick(rows []open, now int64) (chosen int, wake int64) {
	chosen = -1
	busy := map[string]bool{} // receiver and subject
	for i, r := range rows {
		blocked := behind(busy, r)
		for _, s := range r.subjects {
			busy[r.person+" "+s] = true
		}
		at := min(r.next, r.deadline) // at the deadline it is given up
		if r.state == sending {
			at = r.lease
		}
		switch {
		case blocked:
		case at > now:
			wake = earlier(wake, at)
		case chosen < 0 || rank(r.level) < rank(rows[chosen].level):
			chosen = i
		}
	}
	return chosen, wake
}

// behind says whether an earlier one has to be finished first.
func behind(busy map[string]bool, r open) bool {
	if busy[r.person+" "+anything] {
		return true
	}
	for _, s := range r.subjects {
		if s == anything {
			for k := range busy {
				if len(k) > len(r.person) && k[:len(r.person)+1] == r.person+" " {
					return true
				}
			}
		}
		if busy[r.person+" "+s] {
			return true
		}
	}
	return false
}
