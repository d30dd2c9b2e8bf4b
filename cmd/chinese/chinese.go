// Package chinese says in Chinese what the programs say in English: errors and their
// hints, problems of configurations, and the help of commands.
//
// Such a sentence is made in English where it arises, by code that does not know who
// will read it. Its Chinese stands here beside it, under the English as the source has
// it, verbs and all: "no device is called %q". What stood in the place of a verb is
// found again in the sentence and put into the Chinese, where $1 is the first of them.
// A test reads the sources and misses every sentence that has no Chinese here, and
// every one here that nobody says any more; so no sentence is changed on one side only.
//
// Texts that are made when the language is known (tables, pages, the health words) keep
// both languages side by side where they are made, and are not here.
package chinese

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Sentence returns an English sentence in Chinese. Parts that are sentences or lists of
// their own are translated too; what is quoted, numbers, names and keys stay. ok is
// false where the sentence is not known: then it is returned as it is.
func Sentence(en string) (zh string, ok bool) {
	return (&saying{}).say(en, 0)
}

// Or is Sentence for callers to whom an unknown sentence is welcome as it is.
func Or(en string) string {
	zh, _ := Sentence(en)
	return zh
}

// maxInside is how deep sentences may stand in one another.
const maxInside = 5

// saying is the translation of one sentence. What was found for a part of it is kept: parts
// are looked at many times, as an own sentence, in a list, behind a colon.
type saying struct{ known map[part]answer }

type part struct {
	en    string
	depth int
}

type answer struct {
	zh string
	ok bool
}

func (s *saying) say(en string, depth int) (string, bool) {
	if a, seen := s.known[part{en, depth}]; seen {
		return a.zh, a.ok
	}
	zh, ok := s.think(en, depth)
	if s.known == nil {
		s.known = map[part]answer{}
	}
	s.known[part{en, depth}] = answer{zh, ok}
	return zh, ok
}

func (s *saying) think(en string, depth int) (string, bool) {
	if en == "" || depth > maxInside {
		return en, false
	}
	f, whole := s.find(en, depth)
	if whole && !slices.ContainsFunc(f.args, func(a string) bool { return strings.Contains(a, "; ") }) {
		return s.fill(f.zh, f.args, depth), true
	}
	if zh, ok := s.halves(en, depth); ok {
		return zh, true
	}
	if whole {
		return s.fill(f.zh, f.args, depth), true
	}
	return en, false
}

// halves translates what is wrong and what would be right, or who speaks and what he says.
func (s *saying) halves(en string, depth int) (string, bool) {
	for _, sep := range [...]struct{ en, zh string }{{"; ", "；"}, {": ", "："}} {
		for at := strings.Index(en, sep.en); at >= 0; {
			head, tail := en[:at], en[at+len(sep.en):]
			first, known := s.say(head, depth+1)
			second, told := s.say(tail, depth+1)
			switch {
			case known && (told || !strings.Contains(tail, " ")), told && sep.en == ": " && !strings.Contains(head, " "):
				return first + sep.zh + second, true
			}
			next := strings.Index(tail, sep.en)
			if next < 0 {
				break
			}
			at += len(sep.en) + next
		}
	}
	return "", false
}

// pair is one sentence in both languages.
type pair struct{ en, zh string }

// found is a sentence that fits, with what stands in the places of its verbs.
type found struct {
	pair
	args []string
}

// find returns the sentence that en is. Of those that fit it takes the one of which most
// is fixed and that leaves nothing in English; if each leaves something, the first.
func (s *saying) find(en string, depth int) (found, bool) {
	var fit []found
	for _, table := range tables {
		for _, p := range table {
			if p.en[0] != '%' && p.en[0] != en[0] {
				continue // most are told apart by their first letter
			}
			if args, ok := match(p.en, en); ok {
				fit = append(fit, found{p, args})
			}
		}
	}
	if len(fit) == 0 {
		return found{}, false
	}
	slices.SortStableFunc(fit, func(a, b found) int { return fixed(b.en) - fixed(a.en) })
	for _, f := range fit {
		if !s.leaves(f, depth) {
			return f, true
		}
	}
	return fit[0], fixed(fit[0].en) >= muchFixed
}

// leaves says whether something would stand in the Chinese in English.
func (s *saying) leaves(f found, depth int) bool {
	for i, a := range f.args {
		if strings.Contains(f.zh, "$"+strconv.Itoa(i+1)) && s.foreign(a, depth) {
			return true
		}
	}
	return false
}

// muchFixed are so many letters that a sentence is surely meant, whatever stands in it.
const muchFixed = 12

// foreign says whether what stands in a verb's place is English that nobody knows.
func (s *saying) foreign(arg string, depth int) bool {
	if number, _, _ := strings.Cut(arg, " "); quoted(arg) || number == arg || may('f', number) {
		return false // one word, or so much of a unit
	}
	if _, known := s.say(arg, depth+1); known {
		return false
	}
	return s.list(arg) == arg
}

func quoted(arg string) bool {
	_, err := strconv.Unquote(arg)
	return err == nil
}

// fixed counts the letters of a pattern that stand fast.
func fixed(pattern string) (n int) {
	for pattern != "" {
		lit, _, rest := cut(pattern)
		n, pattern = n+len(lit), rest
	}
	return n
}

// cut takes the text before the first verb of a format, the verb's letter (0: there is
// none), and what follows.
func cut(format string) (lit string, verb byte, rest string) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		if format[i+1] == '%' {
			b.WriteByte('%')
			i++
			continue
		}
		j := i + 1
		for j < len(format)-1 && strings.IndexByte("0123456789.#+-", format[j]) >= 0 {
			j++
		}
		if !unicode.IsLetter(rune(format[j])) { // a per cent sign that the tables write as people do
			b.WriteByte('%')
			continue
		}
		return b.String(), format[j], format[j+1:]
	}
	return b.String(), 0, ""
}

// match finds what stands in text in the places of pattern's verbs.
func match(pattern, text string) (args []string, ok bool) {
	lit, verb, rest := cut(pattern)
	if !strings.HasPrefix(text, lit) {
		return nil, false
	}
	text = text[len(lit):]
	if verb == 0 {
		return nil, text == ""
	}
	next, more, _ := cut(rest)
	for end := least(verb); end <= len(text); end++ {
		switch {
		case next != "" && !strings.HasPrefix(text[end:], next), next == "" && more == 0 && end != len(text), !may(verb, text[:end]):
			continue
		}
		if args, ok = match(rest, text[end:]); ok {
			return append([]string{text[:end]}, args...), true
		}
	}
	return nil, false
}

// least is how short the text of a verb can be.
func least(verb byte) int {
	switch verb {
	case 'q':
		return 2
	case 's', 'v':
		return 0
	}
	return 1
}

// may says whether a text can be what a verb made.
func may(verb byte, text string) bool {
	switch verb {
	case 'q':
		return quoted(text) || strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]")
	case 'd':
		_, err := strconv.ParseInt(text, 10, 64)
		return err == nil
	case 'x', 'X':
		return strings.Trim(strings.ToLower(text), "0123456789abcdefx ") == ""
	case 'f', 'g':
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	}
	return true
}

// fill puts args in the places $1 to $9.
func (s *saying) fill(zh string, args []string, depth int) string {
	var b strings.Builder
	for i := 0; i < len(zh); i++ {
		if zh[i] != '$' || i+1 == len(zh) || zh[i+1] < '1' || zh[i+1] > '9' {
			b.WriteByte(zh[i])
			continue
		}
		i++
		if n := int(zh[i] - '1'); n < len(args) {
			b.WriteString(s.inside(args[n], depth))
		}
	}
	return b.String()
}

// inside translates what stood in a verb's place: a sentence, a list of words, or as it
// is.
func (s *saying) inside(arg string, depth int) string {
	if arg == "" || quoted(arg) || strings.ContainsFunc(arg, isHan) {
		return arg
	}
	if zh, ok := s.say(arg, depth+1); ok {
		return zh
	}
	return s.list(arg)
}

// list writes "a, b or c" as it is written in Chinese; what is no list of words, or of
// sentences that are known, it leaves alone.
func (s *saying) list(words string) string {
	for _, sep := range [...]struct{ en, zh string }{{" or ", " 或 "}, {" and ", " 和 "}, {", ", "、"}} {
		parts := strings.Split(words, sep.en)
		if len(parts) < 2 {
			continue
		}
		good := true
		for i, p := range parts {
			zh, known := s.say(p, maxInside)
			if !known {
				zh = s.list(p)
			}
			good = good && p != "" && (known || zh != p || !strings.Contains(p, " "))
			parts[i] = zh
		}
		if good {
			return strings.Join(parts, sep.zh)
		}
	}
	return words
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }
