package gateway

import "testing"

// The log speaks of a rule that chatters at once and then each minute, of each rule for
// itself, and anew when it chatters again.
func TestUnrestIsLoggedByTheMinute(t *testing.T) {
	var u unrest
	said := map[string]int{}
	for at := int64(0); at < 180_000; at += 1000 {
		for _, rule := range []string{"a", "b"} {
			if rule == "b" && at < 90_000 {
				continue
			}
			if u.due(rule, at) {
				said[rule]++
			}
		}
	}
	if said["a"] != 3 || said["b"] != 2 {
		t.Errorf("said %v, want 3 lines of a and 2 of b", said)
	}
	if !u.over("a") || u.over("a") || u.over("c") {
		t.Error("what is over is over once, and what never was is not")
	}
	if !u.due("a", 180_000) {
		t.Error("a chatters again and nothing is said")
	}
	if !u.due("a", 0) {
		t.Error("after a restart of the clock nothing is said")
	}
}
