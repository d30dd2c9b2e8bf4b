package area

import (
	"strings"
	"testing"
)

func TestParseCode(t *testing.T) {
	for in, want := range map[string]struct {
		code  Code
		level Level
		above Code
		why   string
	}{
		"99":              {code: "99", level: Province},
		"990000000000":    {code: "99", level: Province},
		"9901":            {code: "9901", level: City, above: "99"},
		"990100":          {code: "9901", level: City, above: "99"},
		"990101":          {code: "990101", level: District, above: "9901"},
		" 990101000000 ":  {code: "990101", level: District, above: "9901"},
		"990101002":       {code: "990101002", level: Street, above: "990101"},
		"990101002000":    {code: "990101002", level: Street, above: "990101"},
		"990101002010":    {code: "990101002010", level: Community, above: "990101002"},
		"990100003":       {code: "990100003", level: Street, above: "9901"}, // a city without districts
		"990101002010A07": {code: "990101002010A07", level: Cell, above: "990101002010"},
		"990101002000001": {code: "990101002000001", level: Cell, above: "990101002"},
		"GRID00000000001": {code: "GRID00000000001", level: Cell},
		"990101002010a07": {why: "capital letters"},
		"99010":           {why: "2, 4, 6, 9 or 12 digits"},
		"":                {why: "digits only"},
		"99-01":           {why: "digits only"},
		"９９０１":            {why: "digits only"},
		"000101":          {why: "never 00"},
	} {
		code, why := ParseCode(in)
		switch {
		case want.why != "":
			if why == nil || !strings.Contains(why.En, want.why) || why.Zh == "" {
				t.Errorf("ParseCode(%q) = %q, %v; want it refused because of %q", in, code, why, want.why)
			}
		case why != nil || code != want.code || code.Level() != want.level || code.Above() != want.above:
			t.Errorf("ParseCode(%q) = %q, a %v in %q, %v; want %q, a %v in %q", in, code, code.Level(), code.Above(), why, want.code, want.level, want.above)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"99", "990101002010", "990101002010A07", "990100000000", "x", "00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, why := ParseCode(s)
		if (why == nil) != (c != "") {
			t.Fatalf("ParseCode(%q) = %q, %v", s, c, why)
		}
		if why != nil {
			return
		}
		if again, why := ParseCode(string(c)); why != nil || again != c {
			t.Errorf("ParseCode(%q) = %q, which is read as %q, %v", s, c, again, why)
		}
		if up := c.Above(); up != "" && (up.Level() >= c.Level() || !strings.HasPrefix(string(c), string(up))) {
			t.Errorf("%q lies in %q", c, up)
		}
	})
}
