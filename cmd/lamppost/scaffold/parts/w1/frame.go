package mypart

import (
	"strconv"
	"strings"
)

const maxText = 16 // bytes: no number of the kernel's is longer

// decode reads the text of the kernel's file: a number and a line end. false: it is
// none.
func decode(text []byte) (milli int, ok bool) {
	digits, ended := strings.CutSuffix(string(text), "\n")
	if !ended || len(text) > maxText {
		return 0, false
	}
	milli, err := strconv.Atoi(digits)
	return milli, err == nil
}
