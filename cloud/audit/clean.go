package audit

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds each text of a line, in bytes of UTF-8.
const maxText = 2000

// clean makes a text safe to show: whatever a terminal, a page or a reader would not
// show as it is, is written out like \u202e, and what is too long ends with an
// ellipsis. A backslash is written twice, so that nothing can pass for such a sign.
func clean(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if b.Len() > maxText-16 {
			b.WriteString("…")
			break
		}
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\':
			b.WriteString(`\\`)
		case hidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func plain(s string) bool {
	return len(s) <= maxText-16 && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r == '\\' || hidden(r) })
}

// hidden says of a character that it is not seen as itself: controls, line and
// paragraph separators, what changes the direction, joins or vanishes, private and
// unassigned ones.
func hidden(r rune) bool {
	return r != ' ' && !unicode.IsPrint(r)
}
