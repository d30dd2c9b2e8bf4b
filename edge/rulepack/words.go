package rulepack

import "strings"

// kept are the words of a condition that are nobody's names.
var kept = []string{"and", "or", "not", "true", "false"}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c == '_' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

// isName says whether a text may be a parameter's name: it begins with a letter.
func isName(s string) bool {
	for i := range len(s) {
		if !letter(s[i]) && (i == 0 || !digit(s[i])) {
			return false
		}
	}
	return s != ""
}

// word is a name in a condition.
type word struct {
	at, end int
	called  bool // a bracket follows: it is a function's
	dotted  bool // a dot follows or goes before: it is a part of a stream
}

// words finds the names in a condition: what begins with a letter outside of quotes
// and does not continue a number.
func words(text string) (all []word) {
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '"' || c == '\'' || c == '`':
			i += 1 + max(strings.IndexByte(text[i+1:], c)+1, 0)
		case letter(c) || digit(c):
			from := i
			for i < len(text) && (letter(text[i]) || digit(text[i]) || digit(c) && text[i] == '.') {
				i++
			}
			if letter(c) {
				rest := strings.TrimLeft(text[i:], " ")
				all = append(all, word{from, i, strings.HasPrefix(rest, "("), strings.HasPrefix(rest, ".") || from > 0 && text[from-1] == '.'})
			}
		default:
			i++
		}
	}
	return all
}

// piece is a stretch of an expanded text that stands for a parameter.
type piece struct {
	at, end  int // in the expanded text
	from, to int // in the pack's text
	name     string
}

// Text is a condition with a site's values in it.
type Text struct {
	Is     string
	pieces []piece
}

// expand puts values in the places of names.
func expand(text string, values map[string]string) Text {
	var b strings.Builder
	var t Text
	done := 0
	for _, w := range words(text) {
		v, ok := values[text[w.at:w.end]]
		if !ok || w.called || w.dotted {
			continue
		}
		b.WriteString(text[done:w.at])
		p := piece{at: b.Len(), from: w.at, to: w.end, name: text[w.at:w.end]}
		b.WriteString(v)
		p.end, done = b.Len(), w.end
		t.pieces = append(t.pieces, p)
	}
	b.WriteString(text[done:])
	t.Is = b.String()
	return t
}

// source is where a place of the expanded text stands in the pack's.
func (t Text) source(at int) int {
	shift := 0
	for _, p := range t.pieces {
		switch {
		case at < p.at:
			return at - shift
		case at < p.end:
			return p.from
		}
		shift = p.end - p.to
	}
	return at - shift
}

// names are the parameters that stand in a stretch of the expanded text, in order.
func (t Text) names(at, length int) (all []string) {
	for _, p := range t.pieces {
		if p.at < at+max(length, 1) && p.end > at {
			all = append(all, p.name)
		}
	}
	return all
}
