package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// timeForms are the ways a moment may be written, besides a time ago; without a
// zone the local one is meant.
var timeForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"}

// parseMoment reads a moment as people write it: 2h (before now), 2026-11-20,
// 2026-11-20 08:00, 2026-11-20T08:00:00+08:00.
func parseMoment(s string, now time.Time) (time.Time, error) {
	s = strings.TrimSpace(s)
	if weeks, ok := strings.CutSuffix(s, "w"); ok { // nowhere else: a configuration has no use for them
		if n, err := strconv.ParseUint(weeks, 10, 16); err == nil {
			return now.Add(-time.Duration(n) * 7 * 24 * time.Hour), nil
		}
	}
	if d, err := yamldoc.ParseDuration(s); err == nil && s != "0" {
		return now.Add(-d), nil
	}
	for _, form := range timeForms {
		if t, err := time.ParseInLocation(form, s, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; write 2h, 3d, 1w, 2026-11-20, \"2026-11-20 08:00\" or 2026-11-20T08:00:00+08:00", s)
}

// moments is a flag that takes a moment.
type moments struct {
	at   time.Time
	text string
}

func (m *moments) String() string { return m.text }
func (m *moments) Type() string   { return "TIME" }

func (m *moments) Set(s string) (err error) {
	m.text = s
	m.at, err = parseMoment(s, time.Now())
	return err
}

// of takes what was written as a time of the place.
func (m *moments) of(zone *time.Location) (err error) {
	if m.text != "" {
		m.at, err = parseMoment(m.text, time.Now().In(zone))
	}
	return err
}
