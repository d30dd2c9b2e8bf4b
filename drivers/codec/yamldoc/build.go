package yamldoc

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// builder turns the parser's tree into nodes that have their place. Aliases are
// written out; nodes counts what that makes, so that a few lines of aliases of
// aliases cannot fill the memory.
type builder struct {
	doc     *Doc
	anchors map[string]ast.Node
	open    map[string]bool // anchors being written out now
	nodes   int
	all     Problems
}

func (d *Doc) build(f *ast.File) error {
	b := &builder{doc: d, anchors: map[string]ast.Node{}, open: map[string]bool{}}
	root := &Node{doc: d, at: place{1, 1, 1}}
	seen := false
	for _, body := range bodies(f) {
		if seen {
			at := b.start(body)
			b.report(at, "E1004", "a second document begins here", "one file holds one document; delete the line ---")
			break
		}
		seen = true
		root = b.node(body, nil, place{}, 0)
	}
	d.root = root
	return b.all.Err()
}

func bodies(f *ast.File) (all []ast.Node) {
	for _, doc := range f.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType && doc.Body.Type() != ast.DirectiveType {
			all = append(all, doc.Body)
		}
	}
	return all
}

func (b *builder) report(at place, id, msg, hint string) {
	p := b.doc.problem(at.line, at.col, at.width, id, msg)
	p.Hint = hint
	b.all = append(b.all, p)
}

// start is where a node's first token stands.
func (b *builder) start(n ast.Node) place {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return b.start(n.Values[0])
		}
	case *ast.MappingValueNode:
		if n.Key != nil {
			return b.start(n.Key)
		}
	case *ast.AliasNode:
		at := b.start(n.Value)
		return place{at.line, at.col - 1, at.width + 1}
	}
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return place{1, 1, 1}
	}
	at := place{t.Position.Line, t.Position.Column, max(1, utf8.RuneCountInString(firstLine(t.Value)))}
	line := []rune(b.doc.line(at.line)) // behind a tag the parser points at the space
	for at.col <= len(line) && (line[at.col-1] == ' ' || line[at.col-1] == '\t') && !strings.HasPrefix(t.Value, " ") {
		at.col++
	}
	return at
}

// node converts one value. at the limits it says so once and gives an empty one.
func (b *builder) node(n ast.Node, path []string, key place, depth int) *Node {
	out := &Node{doc: b.doc, key: key, path: path, at: b.start(n)}
	b.nodes++
	switch {
	case b.nodes == MaxNodes+1:
		b.report(out.at, "E1003", "the file holds too much", fmt.Sprintf("at most %d values are read, aliases written out", MaxNodes))
		return out
	case b.nodes > MaxNodes:
		return out
	case depth > MaxDepth:
		b.report(out.at, "E1003", "nested too deep", fmt.Sprintf("at most %d levels are read", MaxDepth))
		return out
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		b.fillMap(out, n.Values, depth)
	case *ast.MappingValueNode:
		b.fillMap(out, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		out.kind = List
		for i, v := range n.Values {
			out.items = append(out.items, b.node(v, join(path, strconv.Itoa(i)), b.start(v), depth+1))
		}
	case *ast.AnchorNode:
		return b.anchor(n, path, key, depth)
	case *ast.AliasNode:
		return b.alias(n, out, depth)
	case *ast.TagNode:
		return b.tag(n, out, depth)
	default:
		b.fillScalar(out, n)
	}
	return out
}

// join never shares memory with path, which several children extend.
func join(path []string, k string) []string {
	return append(path[:len(path):len(path)], k)
}

func (b *builder) anchor(n *ast.AnchorNode, path []string, key place, depth int) *Node {
	name := n.Name.GetToken().Value
	b.anchors[name] = n.Value
	b.open[name] = true
	defer delete(b.open, name)
	return b.node(n.Value, path, key, depth+1)
}

func (b *builder) alias(n *ast.AliasNode, out *Node, depth int) *Node {
	name := n.Value.GetToken().Value
	target, ok := b.anchors[name]
	switch {
	case !ok:
		b.report(out.at, "E1005", fmt.Sprintf("no anchor &%s stands above", name), nearest(name, sortedKeys(b.anchors)))
		out.broken = true
		return out
	case b.open[name]:
		b.report(out.at, "E1005", fmt.Sprintf("*%s stands inside the value that it names", name), "")
		out.broken = true
		return out
	}
	b.open[name] = true
	defer delete(b.open, name)
	return b.node(target, out.path, out.key, depth+1)
}

func (b *builder) tag(n *ast.TagNode, out *Node, depth int) *Node {
	tag := n.GetToken().Value
	inner := b.node(n.Value, out.path, out.key, depth+1)
	switch tag {
	case "!!str":
		inner.asText = true
	case "!!map", "!!seq", "!!int", "!!float", "!!bool", "!!null":
	default:
		b.report(out.at, "E1007", fmt.Sprintf("the tag %s has no meaning here", tag), "delete it; to write a text that begins with !, quote it")
	}
	return inner
}

func (b *builder) fillMap(out *Node, values []*ast.MappingValueNode, depth int) {
	out.kind, out.child = Map, make(map[string]*Node, len(values))
	keys := make(map[string]place, len(values))
	var merged []*Node
	for _, v := range values {
		at := b.start(v.Key)
		name, ok := b.keyName(v.Key)
		switch first, twice := keys[name]; {
		case !ok:
			b.report(at, "E1007", "a key must be a plain text", "write key: value")
			continue
		case name == "<<" && v.Key.Type() == ast.MergeKeyType:
			merged = append(merged, b.mergeSources(v.Value, out.path, at, depth)...)
			continue
		case twice:
			b.report(at, "E1006", fmt.Sprintf("%q stands here a second time", name), fmt.Sprintf("the first is on line %d; delete one", first.line))
			continue
		}
		keys[name] = at
		out.names = append(out.names, name)
		out.child[name] = b.node(v.Value, join(out.path, name), at, depth+1)
	}
	for _, m := range merged {
		out.merge(m)
	}
}

// mergeSources gives the maps behind a << key.
func (b *builder) mergeSources(v ast.Node, path []string, at place, depth int) (maps []*Node) {
	n := b.node(v, path, at, depth+1)
	for _, m := range append([]*Node{n}, n.items...) {
		switch {
		case m.kind == Map:
			maps = append(maps, m)
		case m.kind != List || m != n:
			b.report(at, "E1102", "<< takes a map", "write <<: *name of an anchored map")
		}
	}
	return maps
}

// merge adds the keys of m that n does not have.
func (n *Node) merge(m *Node) {
	for _, k := range m.names {
		if n.child[k] == nil {
			n.names = append(n.names, k)
			n.child[k] = m.child[k]
		}
	}
}

func (b *builder) keyName(k ast.Node) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.MergeKeyNode:
		return k.GetToken().Value, true
	default:
		return "", false
	}
}

func (b *builder) fillScalar(out *Node, n ast.Node) {
	out.kind, out.text = Scalar, n.GetToken().Value
	switch n := n.(type) {
	case *ast.NullNode:
		out.kind, out.text = Null, ""
		out.at.width = 1
	case *ast.BoolNode:
		out.style = truth
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode: // kept as they are written
	case *ast.LiteralNode:
		out.style, out.text = block, n.Value.Value
	case *ast.StringNode:
		out.text = n.Value
		b.quoting(out)
	default:
		b.report(out.at, "E1007", "a value of a kind that is not read here", "write a text, a number, a list or a map")
	}
}

// quoting finds how a text was written, and how much of the line it takes.
func (b *builder) quoting(out *Node) {
	rest := []rune(b.doc.line(out.at.line))
	rest = rest[min(out.at.col-1, len(rest)):]
	if len(rest) == 0 {
		return
	}
	switch rest[0] {
	case '\'':
		out.style = single
	case '"':
		out.style = double
	default:
		if strings.HasPrefix(string(rest), firstLine(out.text)) {
			return // written as it is
		}
	}
	end := out.locate(len(out.text))
	if end.line == out.at.line && out.style != plain {
		end.col++ // the closing quote
	}
	if end.line != out.at.line {
		end.col = out.at.col + len(rest)
	}
	out.at.width = max(1, end.col-out.at.col)
}
