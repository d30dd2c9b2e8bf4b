package channel

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain makes one harmless line of a text from outside: no line breaks, no invisible
// characters, none that turn the direction of writing, nothing that a program would make
// a link of.
func Plain(s string) string {
	return links.ReplaceAllStringFunc(line(s), func(m string) string {
		if m == "://" {
			return "：//"
		}
		return m[:len(m)-1] + map[byte]string{'.': "．", ':': "："}[m[len(m)-1]]
	})
}

// links is what programs take for an address; a fullwidth character reads the same.
var links = regexp.MustCompile(`(?i)://|www\.|mailto:`)

// line makes one line of a text: control characters and line breaks become spaces,
// invisible ones go.
func line(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		case unicode.IsControl(r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// markdown replaces what a robot's Markdown could take for markup, an entity or a mention
// by the fullwidth character that reads the same. Escaping with backslashes is not
// understood by all of them, and this cannot be undone by what stands beside it.
func markdown(s string) string { return fullwidth.Replace(line(s)) }

var fullwidth = strings.NewReplacer(
	"\\", "＼", "`", "｀", "*", "＊", "_", "＿", "{", "｛", "}", "｝", "[", "［", "]", "］", "(", "（", ")", "）",
	"#", "＃", "!", "！", "|", "｜", "~", "～", "<", "＜", ">", "＞", "&", "＆", "@", "＠", "=", "＝",
	"://", "：//", "---", "－－－", "+++", "＋＋＋",
)

// cut shortens s to at most limit bytes, between characters, and says so with an ellipsis.
func cut(s string, limit int) string {
	const ellipsis = "…"
	if len(s) <= limit {
		return s
	}
	if limit < len(ellipsis) {
		return ""
	}
	s = s[:limit-len(ellipsis)]
	for len(s) > 0 {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n != 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s + ellipsis
}

// compose puts a text together that has at most limit bytes: head, as many lines as fit,
// tail. Head and tail are kept whole as long as they fit at all.
func compose(head string, lines []string, tail string, limit int) string {
	head = cut(head, max(limit-len(tail)-1, 0))
	room := limit - len(head) - len(tail)
	var b strings.Builder
	b.WriteString(head)
	for _, l := range lines {
		if len(l)+1 > room {
			if l = cut(l, room-1); l != "" {
				b.WriteString("\n" + l)
			}
			break
		}
		b.WriteString("\n" + l)
		room -= len(l) + 1
	}
	b.WriteString(tail)
	return cut(b.String(), limit)
}

// words are those that channels add.
var words = map[string][2]string{ // zh, en
	"repeat": {"重发，可能已收到过", "sent again; you may have it already"},
}

// word returns one of them in the message's language.
func (m Message) word(w string) string {
	if m.Lang == "en" {
		return words[w][1]
	}
	return words[w][0]
}

// all returns the lines, with a last one that says if the message may be a repetition.
func (m Message) all() []string {
	if !m.Repeat {
		return m.Lines
	}
	return append(m.Lines[:len(m.Lines):len(m.Lines)], m.word("repeat"))
}
