package yamldoc

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind says what a node is.
type Kind uint8

// The kinds of node. Null is a key without a value, or null.
const (
	Null Kind = iota
	Scalar
	List
	Map
)

// String names the kind for a person.
func (k Kind) String() string {
	return [...]string{"nothing", "a single value", "a list", "a map"}[k&3]
}

// style is how a scalar was written.
type style uint8

const (
	plain  style = iota // a text without quotes
	single              // 'text'
	double              // "text"
	block               // | or >
	truth               // true or false without quotes
)

// place is a stretch of one source line. Columns count characters from 1.
type place struct{ line, col, width int }

// Node is one value of a document, or a part of a map made by Without. It is
// never changed. The methods of a nil Node answer like those of an empty one.
type Node struct {
	doc    *Doc
	kind   Kind
	style  style
	text   string // of a scalar
	asText bool   // tagged !!str: no number, whatever it looks like
	broken bool   // reported already: nothing more is said about it
	at     place  // the value
	key    place  // the key or list dash before it; zero at the root
	path   []string
	names  []string         // of a map, in the order of the file
	child  map[string]*Node // of a map
	items  []*Node          // of a list
}

// Kind says what n is; a nil Node is Null.
func (n *Node) Kind() Kind {
	if n == nil {
		return Null
	}
	return n.kind
}

// Text returns a scalar as it was meant: without quotes, escapes resolved.
func (n *Node) Text() string {
	if n == nil {
		return ""
	}
	return n.text
}

// Keys returns the keys of a map in the order of the file; the slice is the
// caller's.
func (n *Node) Keys() []string {
	if n == nil {
		return nil
	}
	return append([]string(nil), n.names...)
}

// Len returns the number of a list's items or a map's keys.
func (n *Node) Len() int {
	if n == nil {
		return 0
	}
	return len(n.names) + len(n.items)
}

// Node returns the value below n at path, or nil. List items are named by their
// index, "0" first.
func (n *Node) Node(path ...string) *Node {
	for _, k := range path {
		switch n.Kind() {
		case Map:
			n = n.child[k]
		case List:
			i, err := strconv.Atoi(k)
			if err != nil || i < 0 || i >= len(n.items) {
				return nil
			}
			n = n.items[i]
		default:
			return nil
		}
	}
	return n
}

// Path returns where n stands: "devices.river", "points[2].unit", and the empty
// text for the root.
func (n *Node) Path() string {
	if n == nil {
		return ""
	}
	return label(n.path)
}

func label(path []string) string {
	var b strings.Builder
	for _, k := range path {
		switch _, err := strconv.Atoi(k); {
		case err == nil:
			b.WriteString("[" + k + "]")
			continue
		case b.Len() > 0:
			b.WriteByte('.')
		}
		b.WriteString(k)
	}
	return b.String()
}

// Line returns the number of the line that n's value begins on, from 1.
func (n *Node) Line() int {
	if n == nil {
		return 0
	}
	return n.at.line
}

// Problem reports something about n's value.
func (n *Node) Problem(id, msg string) Problem { return n.problemAt(n.at, id, msg) }

// KeyProblem reports something about the key that n stands under.
func (n *Node) KeyProblem(id, msg string) Problem {
	if n.key.line == 0 {
		return n.problemAt(n.at, id, msg)
	}
	return n.problemAt(n.key, id, msg)
}

// TextProblem reports something about a part of a scalar's text: length bytes
// from offset on, as Text has them. The place in the file is found even where the
// text is quoted, escaped or folded over several lines.
func (n *Node) TextProblem(offset, length int, id, msg string) Problem {
	from, to := n.locate(offset), n.locate(offset+max(length, 1))
	width := to.col - from.col
	if to.line != from.line {
		width = utf8.RuneCountInString(n.doc.line(from.line)) + 1 - from.col
	}
	return n.problemAt(place{from.line, from.col, width}, id, msg)
}

func (n *Node) problemAt(at place, id, msg string) Problem {
	return n.doc.problem(at.line, at.col, at.width, id, msg)
}

func (d *Doc) line(i int) string {
	if i < 1 || i > len(d.lines) {
		return ""
	}
	return d.lines[i-1]
}
