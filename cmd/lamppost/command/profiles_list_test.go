package command

import (
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"pgregory.net/rapid"
)

// The list of all profiles fits a terminal of 100 columns, doubts and all, in both
// languages, and names each of them once.
func TestProfilesListFits(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		for _, more := range [][]string{nil, {"--doubts"}} {
			out, errs, code := lamppost(t.Context(), append([]string{"profiles", "list", "--lang", lang}, more...)...)
			if code != exitOK {
				t.Fatalf("exit %d: %s", code, errs)
			}
			heads, doubts := 0, 0
			for line := range strings.Lines(out) {
				line = strings.TrimRight(line, "\n")
				if w := yamldoc.Width(line); w > screen {
					t.Errorf("%d columns: %s", w, line)
				}
				switch {
				case !strings.HasPrefix(line, " "):
					heads++
				case strings.HasPrefix(line, "  "+pick(lang, "doubt: ", "存疑：")):
					doubts++
				}
			}
			if heads < 60 || (doubts > 0) != (more != nil) {
				t.Errorf("%s %v: %d lines of profiles, %d doubts", lang, more, heads, doubts)
			}
		}
	}
}

// A wrapped text is the text: nothing is lost but blanks at the breaks, and no line is
// longer than allowed unless it cannot be broken.
func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.StringMatching(`[a-z_.,]{1,12}|[水位。，（）计]{1,6}`)).Draw(t, "words"), " ")
		width := rapid.IntRange(1, 40).Draw(t, "width")
		lines := wrap(text, width)
		if got, want := strings.ReplaceAll(strings.Join(lines, ""), " ", ""), strings.ReplaceAll(text, " ", ""); got != want {
			t.Fatalf("wrap(%q, %d) = %q", text, width, lines)
		}
		for _, line := range lines {
			if yamldoc.Width(line) > width && breakAt(line) != len(line) {
				t.Fatalf("wrap(%q, %d): %q is %d wide and could be broken", text, width, line, yamldoc.Width(line))
			}
		}
	})
}
