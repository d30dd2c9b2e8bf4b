package notify

import (
	"cmp"
	"slices"
)

// open is a delivery that is not finished.
type open struct {
	id, person, level, state, source string
	urgent                           bool // something red waits behind it
	subjects                         []string
	seq                              int64
	next, deadline, lease            int64
	attempts                         int64
	doubt                            bool
}

// red says whether a delivery is red, or a red one waits for it.
func (r open) red() bool { return r.urgent || rank(r.level) == 0 }

func (r open) rank() int {
	if r.red() {
		return 0
	}
	return rank(r.level)
}

// spent is an attempt of the last minute.
type spent struct {
	at     int64
	source string
}

// slot says from when on a channel has room for a message, after the attempts of the last
// minute, the oldest first. Of the messages that a channel takes in a minute no source has
// more than half, the last quarter is for red, and the last of that for who had none yet:
// whoever floods it, the first red message of another place need not wait.
func slot(used []spent, limit int, red bool, source string, now int64) int64 {
	all, own := make([]int64, len(used)), []int64(nil)
	for i, s := range used {
		all[i] = s.at
		if s.source == source {
			own = append(own, s.at)
		}
	}
	part := limit
	if limit >= 4 {
		switch {
		case !red:
			part -= max(limit/4, 2)
		case source != "" && len(own) > 0:
			part -= max(limit/8, 1)
		}
	}
	at := room(all, part, now)
	if source != "" {
		at = max(at, room(own, (limit+1)/2, now))
	}
	return at
}

// room is when fewer than limit of some times lie in the minute before.
func room(times []int64, limit int, now int64) int64 {
	if len(times) < limit {
		return now
	}
	return max(now, times[len(times)-limit]+minute)
}

// pick chooses the delivery to send now, of those of one channel: of those whose turn it is
// and for which there is room, the most severe; of several, one that did not fail; then one
// of the source that had least; then the oldest. One waits while an earlier one to the same receiver about the
// same subject is not finished. -1: none; then wake is when to look again, 0 if that
// depends on nothing known here.
func pick(rows []open, used []spent, limit int, now int64) (chosen int, wake int64) {
	chosen = -1
	had := map[string]int{}
	for _, s := range used {
		had[s.source]++
	}
	busy := map[string]bool{} // receiver and subject
	for _, i := range inTurn(rows) {
		r := rows[i]
		blocked := slices.ContainsFunc(r.subjects, func(s string) bool { return busy[r.person+" "+s] })
		for _, s := range r.subjects {
			busy[r.person+" "+s] = true
		}
		if blocked {
			continue
		}
		if at := r.at(used, limit, now); at > now {
			wake = earlier(wake, at)
			continue
		}
		if chosen < 0 || before(r, rows[chosen], had) {
			chosen = i
		}
	}
	return chosen, wake
}

// at is when a delivery can be looked at: at its deadline it is given up, without room.
func (r open) at(used []spent, limit int, now int64) int64 {
	if r.state == sending {
		return r.lease
	}
	if r.deadline <= now {
		return now
	}
	return min(max(r.next, slot(used, limit, r.red(), r.source, now)), r.deadline)
}

func before(a, b open, had map[string]int) bool {
	return cmp.Or(a.rank()-b.rank(), cmp.Compare(a.attempts, b.attempts), had[a.source]-had[b.source], cmp.Compare(a.seq, b.seq)) < 0
}

// inTurn returns the places of deliveries in the order in which they were formed.
func inTurn(rows []open) []int {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rows[a].seq, rows[b].seq) })
	return order
}
