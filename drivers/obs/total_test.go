package obs

import "testing"

func TestGrown(t *testing.T) {
	const minute = 60_000
	for name, c := range map[string]struct {
		before, now float64
		elapsed     int64
		most        float64
		more        float64
		why         Reason
	}{
		"it rains":                        {100, 100.4, minute, 1000, 0.4, ""},
		"nothing came":                    {100, 100, minute, 1000, 0, ""},
		"began anew":                      {512, 0.2, minute, 1000, 0.2, Lost},
		"began anew below nought":         {512, -3, minute, 1000, 0, Lost},
		"misread":                         {100, 5000, minute, 1000, 0, Rate},
		"back from what was misread":      {5000, 100.2, minute, 1000, 0, Rate},
		"after a day it may be as much":   {100, 5000, 24 * 60 * minute, 1000, 4900, ""},
		"nobody knows what is possible":   {100, 5000, minute, 0, 4900, ""},
		"a unit more than the rate gives": {100, 101, 1, 1000, 1, ""},
	} {
		if more, why := Grown(c.before, c.now, c.elapsed, c.most); more < c.more-1e-9 || more > c.more+1e-9 || why != c.why {
			t.Errorf("%s: %v %q, want %v %q", name, more, why, c.more, c.why)
		}
	}
}
