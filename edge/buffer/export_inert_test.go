package buffer

import "testing"

// A text from outside is no formula in a spreadsheet.
func TestInert(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "high water 3.2 m": "high water 3.2 m", "水位": "水位",
		"=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0", "+1": "'+1", "-2 m": "'-2 m", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1",
	} {
		if got := inert(text); got != want {
			t.Errorf("inert(%q) = %q, want %q", text, got, want)
		}
	}
}
