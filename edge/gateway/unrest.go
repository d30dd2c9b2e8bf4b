package gateway

import "time"

// chatterEvery is how often the log says that a rule chatters: each of its changes would
// be a line, and a rule at its limit has one each second.
const chatterEvery = time.Minute

// unrest is when the log last spoke of each rule that chatters. The zero value is ready.
type unrest map[string]int64

// due says whether the log is to speak of a rule at bootMS, and notes that it does.
func (u *unrest) due(rule string, bootMS int64) bool {
	last, spoken := (*u)[rule]
	if spoken && bootMS >= last && bootMS-last < chatterEvery.Milliseconds() {
		return false
	}
	if *u == nil {
		*u = unrest{}
	}
	(*u)[rule] = bootMS
	return true
}

// over forgets a rule, and says whether it has chattered.
func (u unrest) over(rule string) bool {
	_, was := u[rule]
	delete(u, rule)
	return was
}
