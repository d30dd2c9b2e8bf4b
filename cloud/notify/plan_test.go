package notify

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPlan(t *testing.T) {
	const now = 1_000_000
	w := func(subject, grp, level string, due int64) waiting {
		return waiting{event: subject + "/e", subject: subject, grp: grp, level: level, due: now + due}
	}
	for _, c := range []struct {
		name    string
		items   []waiting
		machine bool
		h       past
		want    string
		next    int64
	}{
		{"nothing", nil, false, past{}, "[]", 0},
		{"a first notice waits for its group", []waiting{w("a", "g", "yellow", 30), w("b", "g", "blue", 30)}, false, past{}, "[]", now + 30},
		{"a ripe group is one message", []waiting{w("a", "g", "yellow", 0), w("b", "g", "blue", 0)}, false, past{}, "[{group  [0 1]}]", 0},
		{"two groups are two", []waiting{w("a", "g", "yellow", -1), w("b", "h", "blue", -2)}, false, past{}, "[{single  [1]} {single  [0]}]", 0},
		{"red goes at once, alone", []waiting{w("a", "g", "yellow", 9), w("r", "event/r", "red", 0), w("q", "event/q", "red", 0)}, false, past{}, "[{single  [1]} {single  [2]}]", now + 9},
		{"red takes along what waits of its subject", []waiting{w("a", "g", "yellow", 9), w("b", "g", "yellow", 9), w("a", "event/x", "red", 0)}, false, past{}, "[{single  [0 2]}]", now + 9},
		{"a flood is one digest", []waiting{w("a", "g", "yellow", 0), w("b", "h", "blue", 0)}, false, past{recent: 10}, "[{digest  [0 1]}]", 0},
		{"the last of ten, then a digest", []waiting{w("a", "g", "yellow", -2), w("b", "h", "blue", 0), w("c", "i", "blue", 0)}, false, past{recent: 9}, "[{single  [0]} {digest  [1 2]}]", 0},
		{"the next digest waits", []waiting{w("a", "g", "yellow", 0)}, false, past{recent: 10, digest: now - 1000}, "[]", now - 1000 + digestEvery},
		{"red passes a flood", []waiting{w("a", "g", "yellow", 0), w("r", "event/r", "red", 0)}, false, past{recent: 99, digest: now - 1}, "[{single  [1]}]", now - 1 + digestEvery},
		{"a machine gets each", []waiting{w("a", "event/a", "yellow", 0), w("a", "event/b", "blue", 0)}, true, past{recent: 99}, "[{single  [0]} {single  [1]}]", 0},
	} {
		for i := range c.items {
			c.items[i].n = int64(i)
		}
		got, next := plan(c.items, c.machine, c.h, now)
		if fmt.Sprint(got) != c.want || next != c.next {
			t.Errorf("%s: %v, %d; want %s, %d", c.name, got, next, c.want, c.next)
		}
	}
}

// Whatever waits: nothing is in two messages, red never beside another subject, and of a
// subject nothing is left behind an item that goes.
func TestPlanLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const now = 1000
		var items []waiting
		groupOf := map[string]string{}
		for i := range rapid.IntRange(0, 30).Draw(t, "n") {
			w := waiting{event: fmt.Sprint(i), subject: fmt.Sprint(rapid.IntRange(0, 6).Draw(t, "s")), level: rapid.SampledFrom([]string{"red", "orange", "yellow", "blue"}).Draw(t, "l"), due: now, n: int64(i)}
			// As place does: what waits of a subject gives the group and time.
			if g, ok := groupOf[w.subject]; ok {
				w.grp = g
			} else {
				w.grp = rapid.SampledFrom([]string{"g", "h"}).Draw(t, "g")
				groupOf[w.subject] = w.grp
			}
			if w.grp == "h" {
				w.due = now + 5
			}
			if w.level == "red" {
				w.grp, w.due = "event/"+w.event, now
			}
			items = append(items, w)
		}
		h := past{recent: rapid.IntRange(0, 12).Draw(t, "recent"), digest: int64(rapid.SampledFrom([]int{0, 1}).Draw(t, "digest"))}
		batches, _ := plan(items, false, h, now)
		seen := map[int]int{}
		for n, b := range batches {
			subjects := map[string]bool{}
			red := false
			for _, i := range b.items {
				if _, twice := seen[i]; twice {
					t.Fatalf("item %d twice", i)
				}
				seen[i] = n
				subjects[items[i].subject] = true
				red = red || items[i].level == "red"
			}
			if red && len(subjects) > 1 {
				t.Fatalf("red is merged: %v", b)
			}
		}
		for i, it := range items {
			if _, goes := seen[i]; it.level == "red" && !goes {
				t.Fatalf("red item %d waits", i)
			}
			for j := range i {
				mine, ok := seen[i]
				his, goes := seen[j]
				if ok && items[j].subject == it.subject && (!goes || his > mine) {
					t.Fatalf("item %d goes before %d of the same subject", i, j)
				}
			}
		}
	})
}

func TestHours(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	night := &Hours{Days: []time.Weekday{time.Friday}, From: 22 * 60, To: 6 * 60, Zone: zone}
	day := &Hours{From: 8 * 60, To: 18*60 + 30, Zone: zone}
	for _, c := range []struct {
		h    *Hours
		at   string
		want bool
	}{
		{nil, "2026-11-23T03:00:00Z", true},
		{day, "2026-11-23T00:00:00Z", true}, {day, "2026-11-22T23:59:59Z", false}, {day, "2026-11-23T10:29:59Z", true}, {day, "2026-11-23T10:30:00Z", false},
		{night, "2026-11-27T22:00:00+08:00", true}, {night, "2026-11-28T05:59:00+08:00", true}, {night, "2026-11-28T06:00:00+08:00", false},
		{night, "2026-11-28T22:00:00+08:00", false}, {night, "2026-11-27T05:00:00+08:00", false},
		{&Hours{Days: []time.Weekday{time.Monday}, Zone: zone}, "2026-11-23T12:00:00+08:00", true}, {&Hours{Days: []time.Weekday{time.Monday}, Zone: zone}, "2026-11-24T12:00:00+08:00", false},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.h.Holds(at); got != c.want {
			t.Errorf("%+v at %s: %v", c.h, c.at, got)
		}
	}
}
