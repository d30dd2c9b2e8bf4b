package gateway

import (
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Why a channel has no value is told for that channel alone: what is learned, for how long yet
// as time goes on, and what stands in the way.
func TestLessonsOfAChannel(t *testing.T) {
	l := lessons{Learning: drivers.Learning{Waits: []string{"smoke"}, For: 40 * time.Second, Unclear: []string{"level"}}}
	for _, c := range []struct {
		channel string
		since   int64
		learns  int64
		hinder  string
	}{{"smoke", 0, 40_000, ""}, {"smoke", 15_000, 25_000, ""}, {"smoke", 60_000, 1, ""}, {"level", 0, 0, ""}, {"motion", 0, 0, ""}} {
		if learns, hinder := l.of(c.channel, c.since); learns != c.learns || hinder != c.hinder {
			t.Errorf("%s after %d ms: %d ms, %q; want %d, %q", c.channel, c.since, learns, hinder, c.learns, c.hinder)
		}
	}
	l.Why = "dark" // nothing is learned then
	for channel, want := range map[string]string{"smoke": "dark", "level": "dark", "motion": ""} {
		if learns, hinder := l.of(channel, 0); learns != 0 || hinder != want {
			t.Errorf("%s in the dark: %d ms, %q; want %q", channel, learns, hinder, want)
		}
	}
}
