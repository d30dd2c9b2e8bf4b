package calibrate

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Redraw puts a drawing into the configuration src, below the device that is called so,
// and returns the new text; file names it in messages. Every byte outside the device's
// keys masks, zones, staff and view stays as it is, comments, order and line ends too, and so
// does a key whose value is drawn as before. Of a value that changes the comments
// inside are lost, the one behind its key stays.
//
// What was written is read again and compared with what was there: where anything else
// would have changed, or the drawing cannot be written so that it is read as meant, the
// error says so and nothing is returned. Other errors: there is no such device; it is
// written with an anchor, alias or tag, which may mean more than this device; src is no
// YAML (yamldoc.Problems).
func Redraw(file string, src []byte, device string, d Drawing) ([]byte, error) {
	if err := d.bounded(); err != nil {
		return nil, err
	}
	old, err := yamldoc.Parse(file, src)
	if err != nil {
		return nil, err
	}
	text, restore, err := plainText(src)
	if err != nil {
		return nil, err
	}
	node := old.Node("devices", device)
	if node.Kind() != yamldoc.Map {
		return nil, fmt.Errorf("no device is called %q", device)
	}
	e := &editor{lines: strings.Split(text, "\n"), device: device, node: node, was: DrawingOf(node), want: d}
	edited, err := e.edit()
	if err != nil {
		return nil, err
	}
	out := restore(edited)
	again, err := yamldoc.Parse(file, out)
	if err != nil || !onlyDrawn(old.Root(), again.Root(), device, d) {
		return nil, errors.New("the file is written in a way that cannot be changed safely; put the lines in by hand")
	}
	return out, nil
}

// plainText is src without a mark at its beginning and with plain line ends, and how to
// put both back.
func plainText(src []byte) (text string, restore func(string) []byte, err error) {
	body, marked := bytes.CutPrefix(src, []byte("\xef\xbb\xbf"))
	crlf := bytes.Count(body, []byte("\r\n"))
	if crlf > 0 && crlf != bytes.Count(body, []byte("\n")) {
		return "", nil, errors.New("some lines of the file end as on Windows and some do not; save it in one way")
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n"), func(s string) []byte {
		if crlf > 0 {
			s = strings.ReplaceAll(s, "\n", "\r\n")
		}
		if marked {
			s = "\xef\xbb\xbf" + s
		}
		return []byte(s)
	}, nil
}

// editor changes one device in the lines of a file.
type editor struct {
	lines     []string
	device    string
	node      *yamldoc.Node // the device
	was, want Drawing
}

// spot is a place in the lines: both count from 0, col in bytes.
type spot struct{ line, col int }

func (e *editor) spot(p yamldoc.Problem) spot {
	line, col := p.Line-1, 0
	for i := range e.lines[line] {
		if p.Col--; p.Col == 0 {
			return spot{line, i}
		}
		col = i + 1
	}
	return spot{line, col}
}

func (e *editor) keyAt(n *yamldoc.Node) spot   { return e.spot(n.KeyProblem("", "")) }
func (e *editor) valueAt(n *yamldoc.Node) spot { return e.spot(n.Problem("", "")) }

// changed are the keys whose value is to be another one.
func (e *editor) changed() (keys []string) {
	for _, key := range keysDrawn {
		if e.was.flow(key) != e.want.flow(key) {
			keys = append(keys, key)
		}
	}
	return keys
}

func (e *editor) edit() (string, error) {
	at := e.valueAt(e.node)
	braces := e.starts(at, "{")
	last := e.lastLine(e.keyAt(e.node))
	if braces {
		end, ok := closing(e.lines, at)
		if !ok {
			return "", errNotFound
		}
		last = end.line
	}
	if err := e.plain(e.keyAt(e.node).line, last); err != nil {
		return "", err
	}
	var err error
	for _, key := range e.changed() {
		switch {
		case braces && e.node.Node(key) == nil:
			err = e.addInBraces(key)
		case braces:
			err = e.changeInBraces(key)
		case e.node.Node(key) == nil:
			e.add(key, last)
		default:
			err = e.change(key)
		}
		if err != nil {
			return "", err
		}
		if err := e.again(); err != nil {
			return "", err
		}
		last = e.lastLine(e.keyAt(e.node))
	}
	return strings.Join(e.lines, "\n"), nil
}

// again finds the device anew after a change.
func (e *editor) again() error {
	doc, err := yamldoc.Parse("", []byte(strings.Join(e.lines, "\n")))
	if err != nil {
		return errNotFound
	}
	if e.node = doc.Node("devices", e.device); e.node.Kind() != yamldoc.Map {
		return errNotFound
	}
	return nil
}

var errNotFound = errors.New("the device's end cannot be found in the file; put the lines in by hand")

// plain refuses a device that is written with what may mean more than itself.
func (e *editor) plain(from, to int) error {
	for _, t := range lexer.Tokenize(strings.Join(e.lines, "\n")) {
		if line := t.Position.Line - 1; line < from || line > to {
			continue
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			return fmt.Errorf("line %d: the device is written with %q, which other places may share; put the lines in by hand", t.Position.Line, t.Value)
		}
	}
	return nil
}

func (e *editor) starts(at spot, with string) bool {
	return strings.HasPrefix(e.lines[at.line][at.col:], with)
}

// lastLine is the last line of what stands below a key in block style: what is indented
// further, or a list below the key itself. Comments and blank lines behind it are not in.
func (e *editor) lastLine(key spot) int {
	last := key.line
	for i := key.line + 1; i < len(e.lines); i++ {
		line := strings.TrimLeft(e.lines[i], " ")
		indent := len(e.lines[i]) - len(line)
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
			continue
		case indent > key.col || indent == key.col && (line == "-" || strings.HasPrefix(line, "- ")):
			last = i
		default:
			return last
		}
	}
	return last
}

// add writes a new key below the device's last line.
func (e *editor) add(key string, last int) {
	indent := e.valueAt(e.node).col
	e.lines = slices.Insert(e.lines, last+1, indented(e.want.lines(key), indent)...)
}

// change replaces or deletes a key in block style.
func (e *editor) change(key string) error {
	n := e.node.Node(key)
	at, value := e.keyAt(n), e.valueAt(n)
	if strings.TrimSpace(e.lines[at.line][:at.col]) != "" {
		return errNotFound
	}
	last, note := e.lastLine(at), ""
	if value.line == at.line && (e.starts(value, "[") || e.starts(value, "{")) {
		end, ok := closing(e.lines, value)
		if !ok {
			return errNotFound
		}
		if note = strings.TrimSpace(e.lines[end.line][end.col+1:]); note != "" && note[0] != '#' {
			return errNotFound
		}
		last = end.line
	} else if _, behind, ok := strings.Cut(e.lines[at.line], " #"); ok {
		note = "#" + behind
	}
	lines := e.want.lines(key)
	if len(lines) > 0 && note != "" {
		lines[0] += " " + note
	}
	e.lines = slices.Replace(e.lines, at.line, last+1, indented(lines, at.col)...)
	return nil
}

func indented(lines []string, by int) (out []string) {
	for _, l := range lines {
		out = append(out, strings.Repeat(" ", by)+l)
	}
	return out
}

// onlyDrawn says whether b is a but for the device's drawing, which is d.
func onlyDrawn(a, b *yamldoc.Node, device string, d Drawing) bool {
	path := []string{"devices", device}
	if !alike(a, b, nil, func(p []string) bool {
		return len(p) == 3 && slices.Equal(p[:2], path) && slices.Contains(keysDrawn, p[2])
	}) {
		return false
	}
	got, want := DrawingOf(b.Node(path...)).rounded(), d.rounded()
	return reflect.DeepEqual(got, want)
}

// alike compares two values, but for what except names.
func alike(a, b *yamldoc.Node, path []string, except func(path []string) bool) bool {
	if a.Kind() != b.Kind() || a.Text() != b.Text() {
		return false
	}
	if a.Kind() == yamldoc.List {
		for i := range max(a.Len(), b.Len()) {
			at := strconv.Itoa(i)
			if a.Node(at) == nil || b.Node(at) == nil || !alike(a.Node(at), b.Node(at), append(path[:len(path):len(path)], at), except) {
				return false
			}
		}
		return true
	}
	kept := func(n *yamldoc.Node) []string {
		return slices.DeleteFunc(n.Keys(), func(k string) bool { return except(append(path[:len(path):len(path)], k)) })
	}
	keys := kept(a)
	if !slices.Equal(keys, kept(b)) {
		return false
	}
	for _, k := range keys {
		if !alike(a.Node(k), b.Node(k), append(path[:len(path):len(path)], k), except) {
			return false
		}
	}
	return true
}
