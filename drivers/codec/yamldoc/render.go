package yamldoc

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode"
)

const (
	maxShown = 100 // problems printed at most
	maxLines = 20  // of them in an error, for a log
	maxCells = 120 // of a source line printed at most
)

// Render prints the problems for a person: the place, the id and what is wrong;
// the line itself; a mark under what is meant, with what would be valid; at the
// end how many there are. At most a hundred are shown; it says so if there are more.
func (ps Problems) Render(w io.Writer) error { return ps.RenderIn(w, "en") }

// RenderIn is Render with its own words in a language, zh or en. What a problem says is
// as it stands.
func (ps Problems) RenderIn(w io.Writer, lang string) error {
	say, ok := renderWords[lang]
	if !ok {
		say = renderWords["en"]
	}
	var b strings.Builder
	all := ps.Sorted()
	shown := all.worst(maxShown)
	for _, p := range shown {
		p.render(&b)
	}
	if left := len(all) - len(shown); left > 0 {
		fmt.Fprintf(&b, say.more, left)
	}
	warnings, errs := all.count()
	if len(all) > 0 {
		fmt.Fprintf(&b, say.in, say.tally(errs, warnings), where(all, say.files))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// where names the file, or counts the files.
func where(all Problems, count string) string {
	files := map[string]bool{}
	for _, p := range all {
		files[p.File] = true
	}
	if len(files) > 1 {
		return fmt.Sprintf(count, len(files))
	}
	return filepath.Base(all[0].File)
}

// renderWords are what Render says itself.
var renderWords = map[string]struct {
	more, in, files string
	tally           func(errs, warnings int) string
}{
	"en": {"… and %d more, which are shown when these are mended\n", "%s in %s\n", "%d files", tally},
	"zh": {"… 另有 %d 处，改正以上后显示\n", "%s：%s\n", "%d 个文件", tallyZH},
}

func tallyZH(errs, warnings int) string {
	var parts []string
	if errs > 0 {
		parts = append(parts, fmt.Sprintf("%d 处错误", errs))
	}
	if warnings > 0 {
		parts = append(parts, fmt.Sprintf("%d 处警告", warnings))
	}
	return strings.Join(parts, "，")
}

func tally(errs, warnings int) string {
	var parts []string
	for _, c := range []struct {
		n    int
		word string
	}{{errs, "error"}, {warnings, "warning"}} {
		switch {
		case c.n == 1:
			parts = append(parts, "1 "+c.word)
		case c.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", c.n, c.word))
		}
	}
	return strings.Join(parts, ", ")
}

func (p Problem) render(b *strings.Builder) {
	fmt.Fprintf(b, "%s:%d:%d  %s  %s\n", printable(p.File), p.Line, p.Col, p.ID, printable(p.Msg))
	line, lead, marks := p.window()
	mark := lead + strings.Repeat("^", marks)
	if p.Hint != "" {
		mark += " " + printable(p.Hint)
	}
	fmt.Fprintf(b, "%5d | %s\n      | %s\n", p.Line, line, mark)
}

// window cuts a long line around the place and measures it in terminal cells:
// lead is the space before the mark, tabs kept so that it lines up.
func (p Problem) window() (line, lead string, marks int) {
	src := []rune(printable(masked(p.Source)))
	at := min(p.Col-1, len(src))
	end := min(at+p.Width, len(src))
	from, head := 0, ""
	if cells(src) > maxCells && cells(src[:at]) > maxCells/2 {
		from, head = max(0, at-maxCells/4), "…"
	}
	to, tail := len(src), ""
	if cells(src[from:]) > maxCells {
		to, tail = min(len(src), max(from+maxCells/2, at+1)), "…"
		end = min(end, to)
	}
	var pad strings.Builder
	pad.WriteString(strings.Repeat(" ", len([]rune(head))))
	for _, r := range src[from:at] {
		if r == '\t' {
			pad.WriteRune(r)
		} else {
			pad.WriteString(strings.Repeat(" ", width(r)))
		}
	}
	return head + strings.TrimRight(string(src[from:to]), " \t") + tail, pad.String(), max(1, cells(src[at:end]))
}

// Width returns how many cells of a terminal s takes: Chinese characters take two.
func Width(s string) int { return cells([]rune(s)) }

func cells(rs []rune) (n int) {
	for _, r := range rs {
		n += width(r)
	}
	return n
}

// printable keeps what a file says from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || r == unicode.ReplacementChar) {
			return '·'
		}
		return r
	}, s)
}

// masked replaces each character of a secret, and of an address all but scheme and host,
// so that the line keeps its width.
func masked(line string) string { return maskedSecrets(maskedAddresses(line)) }

// star is an asterisk as wide as r.
func star(r rune) rune {
	switch width(r) {
	case 0:
		return '\u200b'
	case 2:
		return '＊'
	default:
		return '*'
	}
}

// wide are the characters that take two cells of a terminal (Unicode TR 11, W and
// F, as far as fonts agree).
var wide = [...][2]rune{
	{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xa000, 0xa4cf}, {0xa960, 0xa97f},
	{0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
}

// width is the number of terminal cells a character takes.
func width(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	for _, w := range wide {
		if r >= w[0] && r <= w[1] {
			return 2
		}
	}
	return 1
}
