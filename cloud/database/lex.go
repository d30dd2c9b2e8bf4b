package database

import "strings"

// kind is what a token of SQL is.
type kind byte

const (
	other   kind = iota // one byte that is none of these
	space               // white space and comments
	word                // a name without quotes, a keyword or a number
	quoted              // '…' or "…"
	holder              // ? or ?N
	opening             // (
	closing             // )
)

// token is a piece of SQL. The tokens of a text, put together, are the text.
type token struct {
	kind kind
	text string
}

// is says whether a token is this keyword, in lower case.
func (t token) is(keyword string) bool { return t.kind == word && strings.EqualFold(t.text, keyword) }

// lex takes SQL apart as SQLite reads it: comments do not nest, a quote is doubled to
// stand within quotes. What is not closed reaches to the end; the server will say so.
func lex(sql string) (ts []token) {
	for len(sql) > 0 {
		k, n := next(sql)
		ts = append(ts, token{k, sql[:n]})
		sql = sql[n:]
	}
	return ts
}

// next returns what the text, which is not empty, begins with, and its length.
func next(s string) (kind, int) {
	switch c := s[0]; {
	case c == '\'' || c == '"':
		return quoted, closed(s, c)
	case strings.HasPrefix(s, "--"):
		if n := strings.IndexByte(s, '\n'); n >= 0 {
			return space, n + 1
		}
		return space, len(s)
	case strings.HasPrefix(s, "/*"):
		if n := strings.Index(s[2:], "*/"); n >= 0 {
			return space, n + 4
		}
		return space, len(s)
	case c == '?':
		return holder, 1 + span(s[1:], digit)
	case c == '(':
		return opening, 1
	case c == ')':
		return closing, 1
	case blank(c):
		return space, span(s, blank)
	case letter(c):
		return word, span(s, letter)
	}
	return other, 1
}

// closed returns the length of what s begins with, up to the closing quote.
func closed(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		if i+1 == len(s) || s[i+1] != quote {
			return i + 1
		}
		i++
	}
	return len(s)
}

func span(s string, is func(byte) bool) int {
	n := 0
	for n < len(s) && is(s[n]) {
		n++
	}
	return n
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }
func digit(c byte) bool { return '0' <= c && c <= '9' }

// letter is what both engines let a name consist of, the dollar included.
func letter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || digit(c) || c == '_' || c == '$' || c >= 0x80
}
