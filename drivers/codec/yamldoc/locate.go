package yamldoc

import (
	"strings"
	"unicode/utf8"
)

// cursor walks the source text of a scalar beside its decoded text. Where the two
// disagree in a way it does not know it stays where it is, so a place is at worst
// a little early.
type cursor struct {
	doc  *Doc
	line int    // from 1
	col  int    // characters, from 1
	rest string // of the line, from the cursor on
}

func (c *cursor) skip() {
	_, n := utf8.DecodeRuneInString(c.rest)
	if n > 0 {
		c.rest = c.rest[n:]
		c.col++
	}
}

// next goes to the first character of the next line that is not blank space.
func (c *cursor) next() bool {
	if c.line >= len(c.doc.lines) {
		return false
	}
	c.line, c.col, c.rest = c.line+1, 1, c.doc.line(c.line+1)
	for c.rest != "" && (c.rest[0] == ' ' || c.rest[0] == '\t') {
		c.skip()
	}
	return true
}

// blank says whether nothing but space is left of the line.
func (c *cursor) blank() bool { return strings.TrimLeft(c.rest, " \t") == "" }

// goesOn says whether all that is left of the line says that the text goes on below.
func (c *cursor) goesOn() bool { return strings.TrimRight(c.rest, " \t") == `\` }

// locate finds where the byte at offset of n's text stands in the file.
func (n *Node) locate(offset int) place {
	if n.kind != Scalar || n.at.line < 1 || n.at.line > len(n.doc.lines) {
		return n.at
	}
	c := &cursor{doc: n.doc, line: n.at.line, col: n.at.col}
	line := []rune(n.doc.line(c.line))
	c.rest = string(line[min(c.col-1, len(line)):])
	switch n.style {
	case block:
		c.next()
	case single, double:
		if c.rest != "" && (c.rest[0] == '"' || c.rest[0] == '\'') { // not after !!str
			c.skip()
		}
	}
	for i, r := range n.text {
		if i >= offset {
			break
		}
		c.pass(n.style, r)
	}
	if (c.blank() || n.style == double && c.goesOn()) && offset < len(n.text) {
		c.next()
	}
	return place{c.line, c.col, 1}
}

// pass moves over whatever in the source stands for the decoded character r.
func (c *cursor) pass(s style, r rune) {
	space := r == ' ' || r == '\n'
	for !space && c.blank() && c.next() { // a line break that was folded away
	}
	if space && c.blank() {
		c.next()
		return
	}
	if s == double && strings.HasPrefix(c.rest, `\`) {
		c.escape(r)
		return
	}
	got, _ := utf8.DecodeRuneInString(c.rest)
	if space && got != r {
		return // indentation that belongs to the text
	}
	if s == single && strings.HasPrefix(c.rest, "''") {
		c.skip()
	}
	c.skip()
}

// escape moves over one escape sequence of a double-quoted text.
func (c *cursor) escape(r rune) {
	width := 2
	if len(c.rest) > 1 {
		switch c.rest[1] {
		case 'x':
			width = 4
		case 'u':
			width = 6
		case 'U':
			width = 10
		}
	}
	if c.goesOn() {
		if c.next() && r != ' ' {
			c.skip()
		}
		return
	}
	for range width {
		c.skip()
	}
}
