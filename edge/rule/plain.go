package rule

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain is a rule's text in ASCII: what a Chinese keyboard gives in place of it, and the
// signs that print has, are put as the language has them.
type plain struct {
	written string
	text    string
	from    []int    // for each byte of text, and its end, the byte of what was written
	swapped []string // what something else was put for, each once
	at      int      // where the first of it stands, in what was written
}

// signs are what stands for something else in rules. Full-width forms of ASCII are not
// among them: they follow from their numbers.
var signs = map[rune]string{
	'。': ".", '、': ",", '「': "(", '」': ")", '【': "(", '】': ")", '〔': "(", '〕': ")", '［': "(", '］': ")",
	'≥': ">=", '≧': ">=", '⩾': ">=", '≤': "<=", '≦': "<=", '⩽': "<=", '≠': "!=", '×': "*", '÷': "/", '−': "-", '–': "-", '—': "-",
	'“': "", '”': "", '‘': "", '’': "", '«': "", '»': "", // a rule needs no quotes
}

// spoken are the words that stand for operators, the longest first.
var spoken = [...][2]string{
	{"大于或等于", ">="}, {"小于或等于", "<="}, {"大于等于", ">="}, {"小于等于", "<="}, {"不等于", "!="}, {"不小于", ">="}, {"不大于", "<="}, {"不低于", ">="}, {"不高于", "<="},
	{"大于", ">"}, {"小于", "<"}, {"高于", ">"}, {"低于", "<"}, {"超过", ">"}, {"等于", "=="}, {"并且", "and"}, {"而且", "and"}, {"或者", "or"}, {"且", "and"}, {"与", "and"}, {"或", "or"}, {"非", "not"},
}

// blank is what a blank is called that nobody sees.
const blank = "wide blanks"

// plainOf reads what was written.
func plainOf(written string) *plain {
	p := &plain{written: written}
	var b strings.Builder
	for i := 0; i < len(written); {
		r, size := utf8.DecodeRuneInString(written[i:])
		sign, was := p.sign(i, r)
		switch {
		case was == "":
			for j := range size { // each byte stands for itself
				p.from = append(p.from, i+j)
			}
			b.WriteString(written[i : i+size])
			i += size
			continue
		case len(p.swapped) == 0:
			p.at = i
		}
		if !slices.Contains(p.swapped, was) {
			p.swapped = append(p.swapped, was)
		}
		if was != blank {
			size = len(was)
		}
		for range len(sign) {
			p.from = append(p.from, i)
		}
		b.WriteString(sign)
		i += size
	}
	p.from, p.text = append(p.from, len(written)), b.String()
	return p
}

// sign is what to put for what stands at byte i and begins with r; was is what that is,
// empty where nothing is to be put for it.
func (p *plain) sign(i int, r rune) (sign, was string) {
	if r < utf8.RuneSelf {
		return "", ""
	}
	for _, w := range spoken {
		if strings.HasPrefix(p.written[i:], w[0]) {
			return " " + w[1] + " ", w[0]
		}
	}
	was = string(r)
	switch s, known := signs[r]; {
	case known:
		return s, was
	case unicode.IsSpace(r):
		return " ", blank
	case r == '＝':
		return p.equals(i, i+len(was)), was
	case r >= '！' && r <= '～':
		return string(r - '！' + '!'), was
	}
	return "", ""
}

// equals is what a full-width = at from…to stands for: half of >= or ==, or all of ==.
func (p *plain) equals(from, to int) string {
	before, _ := utf8.DecodeLastRuneInString(p.written[:from])
	after, _ := utf8.DecodeRuneInString(p.written[to:])
	if strings.ContainsRune("<>!=＜＞！＝", before) || strings.ContainsRune("=＝", after) {
		return "="
	}
	return "=="
}

// wrong reports what was swapped, if anything, with the text as it should be.
func (p *plain) wrong() []*Error {
	if len(p.swapped) == 0 {
		return nil
	}
	_, size := utf8.DecodeRuneInString(p.written[p.at:])
	if p.swapped[0] != blank {
		size = len(p.swapped[0])
	}
	return []*Error{{Offset: p.at, Length: size, ID: "E3101",
		Msg: "rules are written in ASCII, not with " + strings.Join(p.swapped, " "), Hint: "paste this: " + mended(p.text)}}
}

// mended is a text with words and operators of other languages put right, on one line.
func mended(text string) string {
	all := strings.Fields(text)
	for i, w := range all {
		if k := slips[strings.ToLower(w)]; k.means != "" {
			all[i] = k.means
		} else if means, ok := operators[w]; ok {
			all[i] = means
		}
	}
	return strings.Join(all, " ")
}

// back puts errors, whose places are those of the text, at their places in what was
// written.
func (p *plain) back(errs []*Error) []*Error {
	if len(p.swapped) == 0 {
		return errs
	}
	place := func(i int) int { return p.from[min(max(i, 0), len(p.from)-1)] }
	for _, e := range errs {
		from := place(e.Offset)
		e.Offset, e.Length = from, max(place(e.Offset+e.Length)-from, 0)
	}
	return errs
}

// slip is what people write in place of a word or sign of the language.
type slip struct {
	means string // what to put for it; empty: nothing can be, the text is read no further
	hint  string // empty: write what it means
}

// slips are the words of other languages, in small letters.
var slips = map[string]slip{
	"and": {means: "and"}, "or": {means: "or"}, "not": {means: "not"}, "is": {means: "=="}, "equals": {means: "=="}, "eq": {means: "=="}, "ne": {means: "!="}, "gt": {means: ">"}, "ge": {means: ">="}, "lt": {means: "<"},
	"le": {means: "<="}, "above": {means: ">"}, "over": {means: ">"}, "exceeds": {means: ">"}, "below": {means: "<"}, "under": {means: "<"},
	"between": {hint: "write 1 < device.channel < 3"},
	"let":     {hint: "write the value itself in each place, or make a stream of it under derived:"},
	"if":      {hint: "write the condition alone"}, "when": {hint: "write the condition alone"}, "then": {hint: "write the condition alone; what is to be done stands under actions:"},
	"else": {hint: "write condition ? number : number, or two rules"}, "for": {hint: "how long it must last stands beside the condition: for: 2m"}, "within": {hint: "how long a window is stands behind the stream: max(device.channel, 10m)"},
	"xor": {hint: "write (a or b) and not (a and b)"},
}

// operators are the signs of other languages.
var operators = map[string]string{"=": "==", "=>": ">=", "=<": "<=", "<>": "!=", "><": "!=", "===": "==", "!==": "!=", ">>": ">", "<<": "<", ">==": ">=", "<==": "<=", "&": "and", "|": "or", "~": "not", "!<": ">=", "!>": "<="}

// slipped reads the word text[i:j], if it is one of another language, and says whether
// it was.
func (s *source) slipped(i, j int) bool {
	w := s.text[i:j]
	k, known := slips[strings.ToLower(w)]
	switch {
	case !known || w == k.means:
		return false
	case k.means == "":
		s.fail(i, j-i, "E3108", fmt.Sprintf("rules have no %q", w), k.hint)
		s.lost = true
	default:
		s.fail(i, j-i, "E3101", fmt.Sprintf("rules have no %q", w), "write "+k.means)
	}
	s.stand(k.means, i)
	return true
}

// stand writes text that stands for what begins at byte i.
func (s *source) stand(text string, i int) {
	s.out.WriteString(text)
	for range text {
		s.offs = append(s.offs, i)
	}
}
