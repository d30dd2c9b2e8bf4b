package gateway

import (
	"testing"
	"time"
)

// However many lines there are, the last group begins within the first second, and no
// two groups begin at once.
func TestGroupsShareTheFirstSecond(t *testing.T) {
	for _, lines := range []int{0, 1, groupLines, groupLines + 1, 500, 600, 10_000} {
		groups := (lines + groupLines - 1) / groupLines
		last := time.Duration(max(0, groups-1)) * apart(lines)
		if last >= time.Second || groups > 1 && apart(lines) <= 0 {
			t.Errorf("%d lines: groups are %v apart, the last one begins after %v", lines, apart(lines), last)
		}
	}
}
