package notify

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPick(t *testing.T) {
	const now = 100_000
	row := func(person, level, state string, at int64, subjects ...string) open {
		return open{person: person, level: level, state: state, next: now + at, lease: now + at, deadline: now + 9999, subjects: subjects}
	}
	from := func(source string, r open) open { r.source = source; return r }
	late := row("", "blue", queued, 500, "a")
	late.deadline = now - 1
	heir := row("", "blue", queued, 0, "b")
	heir.urgent = true
	had := func(n int, source string) (out []spent) {
		for i := range n {
			out = append(out, spent{now - 1000 + int64(i), source})
		}
		return out
	}
	for _, c := range []struct {
		name string
		rows []open
		used []spent
		want int
		wake int64
	}{
		{"nothing", nil, nil, -1, 0},
		{"the oldest", []open{row("", "blue", queued, 0, "a"), row("", "blue", queued, 0, "b")}, nil, 0, 0},
		{"the most severe", []open{row("", "blue", queued, 0, "a"), row("", "red", queued, 0, "b")}, nil, 1, 0},
		{"what red waits for", []open{row("", "orange", queued, 0, "a"), heir, row("", "red", queued, 0, "b")}, nil, 1, 0},
		{"in order of its subject", []open{row("", "blue", queued, 0, "a"), row("", "red", queued, 0, "a")}, nil, 0, 0},
		{"behind one that rests", []open{row("", "blue", queued, 50, "a"), row("", "red", queued, 0, "a")}, nil, -1, now + 50},
		{"beside one that rests", []open{row("", "blue", queued, 50, "a"), row("", "red", queued, 0, "b")}, nil, 1, now + 50},
		{"behind one that is being sent", []open{row("", "blue", sending, 50, "a"), row("", "red", queued, 0, "a")}, nil, -1, now + 50},
		{"one whose process died", []open{row("", "blue", sending, -1, "a")}, nil, 0, 0},
		{"other persons do not wait", []open{row("w", "blue", queued, 50, "a"), row("l", "red", queued, 0, "a")}, nil, 1, now + 50},
		{"what is too late", []open{late}, had(20, "x"), 0, 0},
		{"the source that had less", []open{from("x", row("", "red", queued, 0, "a")), from("y", row("", "red", queued, 0, "b"))}, had(3, "x"), 1, 0},
		{"no source has more than half", []open{from("x", row("", "red", queued, 0, "a")), from("y", row("", "blue", queued, 0, "b"))}, had(10, "x"), 1, now + 9999},
		{"the last quarter is for red", []open{row("", "orange", queued, 0, "a")}, had(15, "x"), -1, now + 9999},
		{"which has it", []open{row("", "orange", queued, 0, "a"), row("", "red", queued, 0, "b")}, had(15, "x"), 1, now + 9999},
		{"nothing beyond the limit", []open{row("", "red", queued, 0, "a")}, had(20, "x"), -1, now + 9999},
	} {
		for i := range c.rows {
			c.rows[i].seq = int64(i)
		}
		if got, wake := pick(c.rows, c.used, 20, now); got != c.want || wake != c.wake {
			t.Errorf("%s: %d, %d; want %d, %d", c.name, got, wake, c.want, c.wake)
		}
	}
}

// There is always room for the first red message of another place, whatever one hostile
// source, and all that is less severe, sent before; and never more than the limit.
func TestSlotLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(4, 40).Draw(t, "limit")
		var used []spent
		now := int64(1_000_000)
		for i := range rapid.IntRange(0, 400).Draw(t, "steps") {
			now += int64(rapid.IntRange(0, 4000).Draw(t, fmt.Sprint("wait", i)))
			used = slices.DeleteFunc(used, func(s spent) bool { return s.at <= now-minute })
			red := rapid.Bool().Draw(t, fmt.Sprint("red", i))
			source := "hostile"
			if !red && rapid.Bool().Draw(t, fmt.Sprint("another", i)) {
				source = fmt.Sprint("other", i%30)
			}
			if slot(used, limit, red, source, now) > now {
				continue
			}
			used = append(used, spent{now, source})
			if len(used) > limit {
				t.Fatalf("%d in a minute, the limit is %d", len(used), limit)
			}
			if at := slot(used, limit, true, "new", now); at > now {
				t.Fatalf("after %d messages the first red one of another place waits for %d ms", len(used), at-now)
			}
		}
	})
}
