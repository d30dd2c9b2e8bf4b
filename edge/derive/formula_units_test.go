package derive

import "testing"

// What a formula's parts are in decides what its result is in, as far as sums go.
func TestFormulaUnits(t *testing.T) {
	names, units := []string{"a", "b", "t", "k"}, []string{"m", "m", "Cel", ""} // k is a constant
	for text, want := range map[string]string{
		"a + 1": "m", "k - a": "m", "-a + k": "m", "abs(a - b)": "m", "max(a, b, 0)": "m", "min(k, a)": "m", "1 + k": "", "a * 2": openUnit, "a / b": openUnit, "2 * a + b": openUnit, "b + 2 * a": openUnit,
		"a + b * t": openUnit, "sqrt(a)": openUnit, "a ^ 2": openUnit, "t": "Cel", "a * 0 + t": openUnit, "t + a / b": openUnit,
		"a + t": "m and Cel do not go together", "k + a - t": "m and Cel do not go together", "2 * (a + t)": "m and Cel do not go together", "max(1, t, b)": "Cel and m do not go together", "abs(t - a) / 2": "Cel and m do not go together",
	} {
		f, err := ParseFormula(text, names)
		if err != nil {
			t.Fatal(err)
		}
		got, wrong := f.unit(units)
		if wrong != nil {
			got = wrong.Msg
			if wrong.Length == 0 || wrong.Offset+wrong.Length > len(text) || wrong.Hint == "" {
				t.Errorf("%s: %+v", text, wrong)
			}
		}
		if got != want {
			t.Errorf("%s is in %q, want %q", text, got, want)
		}
	}
}
