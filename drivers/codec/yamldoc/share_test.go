package yamldoc

import "testing"

func TestShare(t *testing.T) {
	for text, want := range map[string]Share{"1%": 0.01, "20 %": 0.2, "400%": 4, "12.5%": 0.125} {
		var s Share
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q reads %v, %v, want %v", text, s, err, want)
		}
		var again Share
		if b, err := s.MarshalText(); err != nil || again.UnmarshalText(b) != nil || again != s {
			t.Errorf("%q is written %s, %v", text, b, err)
		}
	}
	for _, text := range []string{"", "20", "%", "0%", "401%", "-5%", "NaN%", "a%"} {
		var s Share
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q reads %v", text, s)
		}
	}
}
