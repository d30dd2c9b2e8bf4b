package yamldoc

import (
	"strings"
	"testing"
	"time"
)

func TestNearest(t *testing.T) {
	known := []string{"baud", "parity", "address", "river-level", "pm-north", "every"}
	for word, want := range map[string]string{
		"boud": "baud", "buad": "baud", "bd": "", "parit": "parity", "adress": "address", "river": "river-level", "pm-nroth": "pm-north",
		"Every": "every", "every ": "every", "": "", "turnaround": "", "p": "",
	} {
		if got, _ := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"5s": 5 * time.Second, "250ms": 250 * time.Millisecond, "1h30m": 90 * time.Minute, "2d": 48 * time.Hour, "1.5s": 1500 * time.Millisecond, "0": 0, "0s": 0, "1d2h3m4s5ms": 26*time.Hour + 3*time.Minute + 4*time.Second + 5*time.Millisecond,
	} {
		if got, err := ParseDuration(s); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for s, hint := range map[string]string{
		"15 seconds": "15s", "5": "5s", "10 min": "10m", "5m5h": "5m", "1s1s": "1s", "": "5s,", "-5s": "5s", "5µs": "5s", "99999d": "3650d", "2天": "2d", "1..5s": "5s,", "5 Hours": "5h",
	} {
		if _, err := ParseDuration(s); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("ParseDuration(%q) = %v, want an error that says %q", s, err, hint)
		}
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]Size{"2GB": 2e9, "500MB": 5e8, "64KiB": 65536, "0.5GB": 5e8, "0B": 0, "1TiB": 1 << 40} {
		got, err := ParseSize(s)
		if err != nil || got != want {
			t.Errorf("ParseSize(%q) = %v, %v, want %d", s, got, err, want)
		}
		if back, err := ParseSize(got.String()); err != nil || back != got {
			t.Errorf("%v written and read is %v, %v", got, back, err)
		}
	}
	for _, s := range []string{"", "2", "2 GB", "GB", "-1MB", "2gb", "9999999TB", "2Gb", "1e3MB"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("ParseSize(%q) = %v, want an error", s, got)
		}
	}
}
