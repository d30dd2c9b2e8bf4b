package rule

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/file"
)

// syntax places an error of expr's parser, and says it in words of ours.
func (s *source) syntax(err error) *Error {
	e := &Error{ID: "E3101", Msg: err.Error(), Length: 1, Hint: "write a condition like river.level > 3.00"}
	var at *file.Error
	if !errors.As(err, &at) {
		return e
	}
	e.Msg = s.original(at.Message)
	e.Offset = s.offs[min(max(at.From, 0), len(s.offs)-1)]
	if end := s.offs[min(max(at.To, 0), len(s.offs)-1)]; end > e.Offset {
		e.Length = end - e.Offset
	}
	before := strings.TrimRightFunc(s.text[:e.Offset], unicode.IsSpace)
	if strings.Contains(at.Message, "EOF") {
		before = strings.TrimSpace(s.text)
	}
	open, closes := s.brackets()
	switch {
	case strings.Contains(at.Message, "maximum allowed nodes"):
		e.ID, e.Msg, e.Hint = "E3107", "the expression has too many parts", fmt.Sprintf("at most %d; make two rules of it", maxNodes)
	case strings.HasPrefix(at.Message, "invalid") && strings.Contains(at.Message, "out of range"):
		e.Msg, e.Hint = "this number is too large", "nothing that is measured comes near it"
	case strings.Contains(at.Message, "??"):
		e.Offset, e.Length = max(strings.Index(s.text, "??"), 0), 2
		e.ID, e.Msg, e.Hint = "E3108", "rules have no ??", "leave it out: what is not known neither raises nor ends an alert"
	case closes >= 0 && closes == e.Offset:
		e.Length, e.Msg, e.Hint = 1, "this bracket closes nothing", "delete it, or open it before"
	case strings.HasSuffix(before, "%") && strings.TrimRight(before, "%") != "":
		s.percent(e, before)
	case strings.HasPrefix(at.Message, "unrecognized character"):
		s.strange(e)
	case open >= 0 && strings.Contains(at.Message, "EOF"):
		e.Offset, e.Length, e.Msg, e.Hint = open, 1, "this bracket is never closed", "write ) where it ends"
	case strings.Contains(at.Message, "EOF"):
		last := lastOf(before)
		e.Offset, e.Length = strings.LastIndex(s.text, last), len(last)
		e.Msg, e.Hint = "the expression ends too early", "write what belongs behind "+last
	case strings.Contains(at.Message, "not terminated"):
		e.Offset, e.Length = s.quote(), 1
		e.Msg, e.Hint = "this quote is never closed", "delete it: a rule needs none"
	case strings.HasPrefix(at.Message, "unexpected token"):
		s.unexpected(e, before)
	}
	return e
}

// original puts the words of the text back in place of our identifiers.
func (s *source) original(msg string) string {
	for name, w := range s.words {
		msg = strings.ReplaceAll(msg, fmt.Sprintf("%q", name), fmt.Sprintf("%q", s.text[w.at:w.at+w.length]))
	}
	return msg
}

// brackets finds the innermost round bracket that is not closed, and the first that
// closes none; -1 where there is none.
func (s *source) brackets() (open, closes int) {
	var stack []int
	quote := byte(0)
	for i := range len(s.text) {
		switch c := s.text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(':
			stack = append(stack, i)
		case c == ')' && len(stack) == 0:
			return -1, i
		case c == ')':
			stack = stack[:len(stack)-1]
		}
	}
	if len(stack) == 0 {
		return -1, -1
	}
	return stack[len(stack)-1], -1
}

// quote finds the quote that is not closed.
func (s *source) quote() (at int) {
	quote := byte(0)
	for i := range len(s.text) {
		switch c := s.text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote, at = c, i
		}
	}
	return at
}

// numberBehind is a number at the end of a text.
var numberBehind = regexp.MustCompile(`(?:^|[^0-9A-Za-z_.])([0-9]+(?:\.[0-9]+)?|\.[0-9]+)$`)

// bare is what to write for the number at the end of before where a unit stands behind it;
// empty if there is none.
func (s *source) bare(before, unit string) (hint string) {
	m := numberBehind.FindStringSubmatch(before)
	if m == nil {
		return ""
	}
	return s.measure(m[1], unit, len(before))
}

// measure is what to write for a number with a unit that ends before at. The number alone
// only where the unit is the stream's own: 300 cm are not 300 m.
func (s *source) measure(number, unit string, at int) (hint string) {
	hint = "write a number without a unit, in the unit that the stream has"
	last := -1
	for _, w := range s.words {
		if !w.isStream || w.unknown || w.at >= at || w.at <= last {
			continue
		}
		last = w.at
		name := s.text[w.at : w.at+w.length]
		switch own := s.known[w.stream].Unit; {
		case own == "":
		case alikeUnit(unit, own):
			hint = fmt.Sprintf("write %s: %s is in %s", number, name, own)
		default:
			hint = fmt.Sprintf("write the number in %s, as %s is, and no unit", own, name)
		}
	}
	return hint
}

// alikeUnit says whether what was written is a stream's own unit.
func alikeUnit(written, own string) bool {
	written = strings.ToLower(strings.TrimSpace(written))
	switch written {
	case "metre", "metres", "meter", "meters":
		return own == "m"
	case "percent":
		return own == "%"
	}
	return written == strings.ToLower(own)
}

// percent explains a % that was meant as a unit.
func (s *source) percent(e *Error, before string) {
	at := strings.LastIndexByte(before, '%')
	e.Offset, e.Length, e.Msg, e.Hint = at, 1, "% is the remainder of a division, and here nothing stands behind it", "write what to divide by"
	if hint := s.bare(strings.TrimRight(before[:at], " "), "%"); hint != "" {
		e.Hint = hint
	}
}

// strange explains a character that no rule has.
func (s *source) strange(e *Error) {
	r, size := utf8.DecodeRuneInString(s.text[e.Offset:])
	e.Length, e.Msg = size, fmt.Sprintf("no rule has a %q", r)
	e.Hint = "write numbers, device.channel, + - * / < > == and or not, and round brackets"
	if hint := s.bare(strings.TrimRight(s.text[:e.Offset], " "), string(r)); hint != "" && r > unicode.MaxASCII {
		e.Hint = hint
	}
}

var (
	token        = regexp.MustCompile(`^unexpected token \w+\("(.*)"\)$`)
	decimalComma = regexp.MustCompile(`[0-9]+,[0-9]+`)
)

// unexpected explains a word or sign that does not fit where it stands.
func (s *source) unexpected(e *Error, before string) {
	m := token.FindStringSubmatch(e.Msg)
	if m == nil {
		e.Hint = "an operator may be missing before it"
		return
	}
	what := m[1]
	e.Msg, e.Hint = fmt.Sprintf("%s does not fit here", what), "write and, or, or an operator before it"
	hint := s.bare(before, what)
	r, _ := utf8.DecodeRuneInString(what)
	switch {
	case what == "," && s.decimal(e.Offset) != "":
		e.Hint = "a decimal has a point: write " + s.decimal(e.Offset)
	case what == ",":
		e.Hint = "a comma stands between the arguments of a function only"
	case what == "#":
		e.Hint = "delete it: remarks stand outside of the quotes"
	case hint != "" && unicode.IsLetter(r) && !s.isStreamAt(e.Offset):
		e.Msg, e.Hint = fmt.Sprintf("%q stands behind a number", what), hint
	case strings.IndexAny(what, "<>=*/+-)") == 0:
		e.Hint = "write a number or device.channel before it"
	}
}

// decimal is the number with a point that has a comma at at; empty if none has.
func (s *source) decimal(at int) string {
	for _, k := range decimalComma.FindAllStringIndex(s.text, -1) {
		if k[0] < at && at < k[1] {
			return strings.Replace(s.text[k[0]:k[1]], ",", ".", 1)
		}
	}
	return ""
}

func (s *source) isStreamAt(at int) bool {
	for _, w := range s.words {
		if w.at == at {
			return w.isStream
		}
	}
	return false
}

// lastOf is the last word or sign of a text.
func lastOf(text string) string {
	all := strings.Fields(text)
	if len(all) == 0 {
		return "it"
	}
	return all[len(all)-1]
}
