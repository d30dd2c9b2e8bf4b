package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxWait is how long a condition may have to last at most. What lasts longer is not for
// an alert to find.
const maxWait = 7 * 24 * time.Hour

// waits judges how long conditions must last.
func (l *loader) waits(r Rule) {
	l.wait(r, r.For, "for")
	l.wait(r, r.ClearFor, "clear_for")
	for _, v := range r.Levels {
		l.wait(r, v.For, "levels", string(v.Severity), "for")
		l.wait(r, v.ClearFor, "levels", string(v.Severity), "clear_for")
	}
}

func (l *loader) wait(r Rule, d time.Duration, keys ...string) {
	if d <= maxWait {
		return
	}
	path := append([]string{"rules", r.ID}, keys...)
	if r.Use != "" { // the pack's times stand there
		if path = []string{"rules", r.ID, "with"}; !l.has(path...) {
			path[2] = "use"
		}
	}
	l.say("E2712", fmt.Sprintf("a condition cannot have to last %s; write 7d or less", brief(d)), path...)
}

// closest is the shortest time that any rule asks for while it looks closer; 0 if none
// does.
func (l *loader) closest() (least time.Duration) {
	for _, k := range l.raw.Rules {
		if every := k.Closer.Every; every != nil && *every >= minEvery && (least == 0 || *every < least) {
			least = *every
		}
	}
	return least
}

// ahead judges how severe a pre-alert is: what is only expected is no worse than what it
// expects.
func (l *loader) ahead(r *Rule, f *Forecast) {
	if slices.Index(severities, string(f.Severity)) >= slices.Index(severities, string(r.Severity)) || !slices.Contains(severities, string(f.Severity)) {
		return
	}
	l.say("E2706", fmt.Sprintf("a pre-alert cannot be %s where the limit that it expects is %s; write %s, or leave severity out", f.Severity, r.Severity, r.Severity), "rules", r.ID, "forecast", "severity")
}

// classes are the first two digits of the codes of components and matters of the city:
// GB/T 47678.5-2026 has 01 to 10, what it replaces had 21 beside them.
var classes = []string{"01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "21"}

// category judges a category code. A city may have words of its own; digits are those of
// the standards: a type is 5 (2 + 3), before 2026 it was 4 (2 + 2), and the code of a
// matter has the 6 digits of the district in front.
func (l *loader) category(code string, path ...string) {
	l.short(code, maxArea, path...)
	if code == "" || strings.Trim(code, "0123456789") != "" {
		return
	}
	kind := code
	if len(code) == 11 || len(code) == 10 {
		kind = code[6:]
	}
	if (len(kind) != 5 && len(kind) != 4) || !slices.Contains(classes, kind[:2]) {
		l.say("W2703", fmt.Sprintf("%s is no code of GB/T 47678.5 (5 digits, 01 to 10 in front) or of those before it (4 digits); write one like 06011, with 6 digits of the district before it or without, or a word of the city's own", code), path...)
	}
}
