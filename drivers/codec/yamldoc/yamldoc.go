// Package yamldoc reads YAML strictly and knows where everything stands. A
// configuration that is wrong in ten places is answered with ten problems, each
// with file, line and column, so that an engineer on a ladder corrects it once.
//
// [Parse] takes the bytes of one document. [Doc.Decode] fills Go values and
// reports at once every unknown key (with the nearest known one), every wrong
// type and every number, duration or size that is none. What only the caller can
// judge it reports through [Doc.Problem] or [Node.Problem], which find the place.
//
// # What is read
//
// One document of YAML 1.2. Struct fields are named by their tag:
//
//	ID   string         `yaml:"id,required"`  // the key must be there
//	Pos  *Position      `yaml:"position"`     // nil when absent or empty
//	Line Settings       `yaml:",inline"`      // its keys stand beside the others
//	Run  func()         `yaml:"-"`            // not read
//
// Beside structs: maps with string keys, slices, strings, booleans, integers,
// floats, [time.Duration] (5s, 1h30m, 2d), [Size] (2GB), pointers, *[Node] (kept
// for later) and every type with an UnmarshalNode or UnmarshalText method. A text
// takes any plain scalar as it is written, so that area: 330105003012 needs no
// quotes; a number does not take a quoted text. A key without a value is an empty
// map, list or pointer, and a problem everywhere else. Fields without a key keep
// what they held, so defaults are set before decoding.
//
// A second tag says what a number can be, with its unit, and a third what it is where the
// key alone does not tell; both stand in the message, and the range in the schema. They
// count for every number in a map or list, too:
//
//	Height *float64      `yaml:"height" range:"0.05..100 m" means:"from the zero up to the part"`
//	Idle   time.Duration `yaml:"idle" range:"1s..24h"`
//	Scale  float64       `yaml:"scale" range:"-"` // what it can be, others judge
//
// # What is refused
//
// Files above [MaxBytes], nesting deeper than [MaxDepth], more than [MaxNodes]
// values with every alias written out, a second document, tags other than
// YAML's own, keys that are not plain texts, numbers with leading zeros (010 is 8
// in one YAML and 10 in another), infinities and NaN. Nothing read here can make
// the program panic or use more memory than a small multiple of those limits.
//
// # Problem ids
//
//	E1001  the file is too large, not UTF-8 or contains control characters
//	E1002  the text is not YAML
//	E1003  nested too deep, or too much in it
//	E1004  more than one document in the file
//	E1005  an alias without its anchor, or inside it
//	E1006  a key twice in one map
//	E1007  a key or a tag of a kind that is not read here
//	E1101  unknown key
//	E1102  a map, list or single value where another of them belongs
//	E1103  a key without a value
//	E1104  a required key is missing
//	E1105  not a whole number, or out of range
//	E1106  not a number
//	E1107  not true or false
//	E1108  not a duration
//	E1109  not a size
//	E1110  a text that its type does not accept
//	E1111  a number that cannot be
package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a document. The parser below takes quadratic time in the number of
// keys of one map, which is why the number of tokens is bounded too.
const (
	MaxBytes  = 512 << 10
	MaxDepth  = 32
	MaxNodes  = 50_000
	maxTokens = 60_000
)

// Doc is one parsed document. It is never changed after Parse and may be read
// from several goroutines.
type Doc struct {
	file  string
	lines []string // the source, without line ends
	root  *Node
}

// Parse reads src; file is only used to name it. The error is [Problems]; a
// document that cannot be read at all gives a nil Doc with it.
func Parse(file string, src []byte) (*Doc, error) {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	d := &Doc{file: file}
	if len(src) > MaxBytes {
		return nil, d.fail(1, 1, "E1001", fmt.Sprintf("the file has %d bytes", len(src)), fmt.Sprintf("at most %d are read", MaxBytes))
	}
	d.lines = strings.Split(string(src), "\n")
	if err := d.checkText(); err != nil {
		return nil, err
	}
	tokens := lexer.Tokenize(string(src))
	if err := d.checkTokens(tokens); err != nil {
		return nil, err
	}
	f, err := parse(tokens)
	if err != nil {
		return nil, d.syntax(err)
	}
	return d, d.build(f)
}

// parse turns a panic of the parser, which is not ours, into an error.
func parse(tokens token.Tokens) (f *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// File returns the name that was given to Parse.
func (d *Doc) File() string { return d.file }

// Root returns the document's top node; an empty document has an empty one.
func (d *Doc) Root() *Node { return d.root }

// Decode fills out, a pointer, from the whole document. The error is Problems,
// except for an out that no document can fill.
func (d *Doc) Decode(out any) error { return d.root.Decode(out) }

// Node returns the value at path, or nil if there is none. List items are named
// by their index, "0" first.
func (d *Doc) Node(path ...string) *Node { return d.root.Node(path...) }

// Problem reports something about the value at path. If the document has no such
// value it stands at the key of the nearest one above.
func (d *Doc) Problem(path []string, id, msg string) Problem {
	n := d.root
	for i, k := range path {
		next := n.Node(k)
		if next == nil {
			if i == 0 {
				return n.Problem(id, msg)
			}
			return n.KeyProblem(id, msg)
		}
		n = next
	}
	return n.Problem(id, msg)
}

// problem makes a Problem at a place.
func (d *Doc) problem(line, col, width int, id, msg string) Problem {
	p := Problem{File: d.file, Line: max(line, 1), Col: max(col, 1), Width: max(width, 1), ID: id, Msg: msg}
	if p.Line <= len(d.lines) {
		p.Source = shown(d.lines, p.Line-1)
	}
	return p
}

func (d *Doc) fail(line, col int, id, msg, hint string) error {
	p := d.problem(line, col, 1, id, msg)
	p.Hint = hint
	return Problems{p}
}

// checkText finds bytes that no editor would show: they hide what is configured.
func (d *Doc) checkText() error {
	for i, l := range d.lines {
		col := 1
		for j := 0; j < len(l); col++ {
			r, n := utf8.DecodeRuneInString(l[j:])
			switch {
			case r == utf8.RuneError && n == 1:
				return d.fail(i+1, col, "E1001", fmt.Sprintf("the byte 0x%02x is not UTF-8", l[j]), "save the file as UTF-8")
			case r < ' ' && r != '\t' || r == 0x7f || r == 0xfeff || r == 0x2028 || r == 0x2029 || r == 0x85:
				return d.fail(i+1, col, "E1001", fmt.Sprintf("the character U+%04X is not allowed", r), "delete it")
			}
			j += n
		}
	}
	return nil
}

// checkTokens bounds the parser's work before it starts: it recurses per level.
func (d *Doc) checkTokens(tokens token.Tokens) error {
	if len(tokens) > maxTokens {
		t := tokens[maxTokens].Position
		return d.fail(t.Line, t.Column, "E1003", "the file holds too much", fmt.Sprintf("at most %d tokens are read", maxTokens))
	}
	flow, row, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, row = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			row++
		}
		if flow > MaxDepth || row > MaxDepth+flow || t.Position.IndentLevel > MaxDepth {
			return d.fail(t.Position.Line, t.Position.Column, "E1003", "nested too deep", fmt.Sprintf("at most %d levels are read", MaxDepth))
		}
	}
	return nil
}

// syntax gives the parser's error a place and a next step.
func (d *Doc) syntax(err error) error {
	var at interface {
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &at) || at.GetToken() == nil {
		return d.fail(1, 1, "E1002", err.Error(), "")
	}
	t := at.GetToken()
	p := d.problem(t.Position.Line, t.Position.Column, utf8.RuneCountInString(firstLine(t.Value)), "E1002", at.GetMessage())
	p.Hint = syntaxHint(at.GetMessage())
	return Problems{p}
}

// syntaxHint says what usually causes a parser's message.
func syntaxHint(msg string) string {
	for _, h := range [...][2]string{
		{"cannot start any token", "indent with spaces, not with a tab"},
		{"mapping value is not allowed", "two \": \" on one line, or the next line is indented too far; quote texts that contain \": \""},
		{"must be specified", "a bracket opened above is not closed"},
		{"could not find end character", "the closing quote is missing"},
		{"non-map value", "write \"key: value\"; a list item cannot stand among keys"},
		{"value is not allowed in this context", "this line does not fit the indentation above it"},
		{"reserved character", "quote the text"},
	} {
		if strings.Contains(msg, h[0]) {
			return h[1]
		}
	}
	return ""
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
