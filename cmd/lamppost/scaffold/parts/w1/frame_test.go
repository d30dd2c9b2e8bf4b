package mypart

import (
	"strconv"
	"testing"
)

// FuzzDecode holds that what is accepted is a number that, written again, is read as
// the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("21500\n"))
	f.Add([]byte("-62\n"))
	f.Add([]byte("85000"))
	f.Fuzz(func(t *testing.T, text []byte) {
		milli, ok := decode(text)
		if !ok {
			return
		}
		if again, ok := decode([]byte(strconv.Itoa(milli) + "\n")); !ok || again != milli {
			t.Errorf("%q is read as %d, and that as %d, %v", text, milli, again, ok)
		}
	})
}
