package area

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Area is one area as it is kept.
type Area struct {
	Code    Code
	Parent  Code // empty: it has none here
	Name    view.Text
	Since   int64  // when its code began to be used, Unix milliseconds; 0: not said
	Edition string // the file that last said what stands here
	Shape   Shape  // empty: not known
}

// Alias is an old code, and which one took its place.
type Alias struct {
	Old, New Code
	Name     view.Text
	From, To int64 // when it was used, Unix milliseconds; From 0: not said
}

// Tree is all areas at one time. It never changes; the zero value has none.
type Tree struct {
	nodes   []node // each before those below it, which follow it directly
	index   []span // of the nodes: what At walks through, close together
	at      map[Code]int
	aliases map[Code]Alias
	points  int // corners of all shapes
}

type node struct {
	Area
	parent int // -1: none
	own    box // around its shape
	size   float64
}

// span is a node with all below it.
type span struct {
	all box // around their shapes
	end int // the first node that is not below it
}

// ErrTree says that areas are no tree.
var ErrTree = errors.New("the areas are no tree")

// maxChain bounds how often one code was replaced by another that was replaced.
const maxChain = 100

// NewTree builds a tree. Its error is ErrTree, with the area that does not fit.
func NewTree(areas []Area, aliases []Alias) (*Tree, error) {
	t := &Tree{at: make(map[Code]int, len(areas)), aliases: make(map[Code]Alias, len(aliases))}
	below := make(map[Code][]Area)
	known := make(map[Code]bool, len(areas))
	for _, a := range areas {
		if a.Code.Level() == 0 || known[a.Code] {
			return nil, fmt.Errorf("%w: %q is no code, or is there twice", ErrTree, a.Code)
		}
		if a.Parent != "" && a.Parent.Level() >= a.Code.Level() {
			return nil, fmt.Errorf("%w: %s cannot lie in %s", ErrTree, a.Code, a.Parent)
		}
		known[a.Code] = true
		below[a.Parent] = append(below[a.Parent], a)
	}
	t.nodes = make([]node, 0, len(areas))
	t.add(below, "", -1)
	if len(t.nodes) != len(areas) {
		for _, a := range areas {
			if a.Parent != "" && !known[a.Parent] {
				return nil, fmt.Errorf("%w: %s lies in %s, which is not there", ErrTree, a.Code, a.Parent)
			}
		}
	}
	for _, a := range aliases {
		t.aliases[a.Old] = a
	}
	for old := range t.aliases {
		if _, ok := t.Resolve(old); !ok {
			return nil, fmt.Errorf("%w: the old code %s leads nowhere", ErrTree, old)
		}
	}
	return t, nil
}

// add appends what lies below an area, which is node parent. It is as deep as there are
// levels.
func (t *Tree) add(below map[Code][]Area, code Code, parent int) {
	list := below[code]
	slices.SortFunc(list, func(a, b Area) int { return cmp.Compare(a.Code, b.Code) })
	for _, a := range list {
		i := len(t.nodes)
		n := node{Area: a, parent: parent, own: a.Shape.box(), size: a.Shape.size()}
		t.points += a.Shape.points()
		t.at[a.Code] = i
		t.nodes = append(t.nodes, n)
		t.index = append(t.index, span{})
		t.add(below, a.Code, i)
		all := n.own
		for j := i + 1; j < len(t.nodes); j = t.index[j].end {
			all = all.with(t.index[j].all)
		}
		t.index[i] = span{all, len(t.nodes)}
	}
}

// Len returns how many areas there are.
func (t *Tree) Len() int { return len(t.nodes) }

// Area returns one area, by its present code.
func (t *Tree) Area(c Code) (Area, bool) {
	i, ok := t.at[c]
	if !ok {
		return Area{}, false
	}
	return t.nodes[i].Area, true
}

// Resolve returns the present code of an area by this or an old code of it.
func (t *Tree) Resolve(c Code) (Code, bool) {
	for range maxChain {
		if _, ok := t.at[c]; ok {
			return c, true
		}
		a, ok := t.aliases[c]
		if !ok {
			return "", false
		}
		c = a.New
	}
	return "", false
}

// Nearest returns the area that a code means, or the lowest area known that its digits
// say it lies in; ok is false where there is none.
func (t *Tree) Nearest(c Code) (Code, bool) {
	for ; c != ""; c = c.Above() {
		if known, ok := t.Resolve(c); ok {
			return known, true
		}
	}
	return "", false
}

// Path returns what c lies in, the highest first, and c itself as the last. For a code
// that the tree does not know the digits say it.
func (t *Tree) Path(c Code) []Code {
	var up []Code
	for c != "" && len(up) <= 2*int(Cell) {
		if known, ok := t.Resolve(c); ok {
			c = known
		}
		up = append(up, c)
		if i, ok := t.at[c]; ok && t.nodes[i].parent >= 0 {
			c = t.nodes[i].Parent
		} else {
			c = c.Above()
		}
	}
	slices.Reverse(up)
	return up
}

// Contains says whether an area is another or lies above it; empty is above everything.
func (t *Tree) Contains(above, c Code) bool {
	if above == "" {
		return true
	}
	if known, ok := t.Resolve(above); ok {
		above = known
	}
	return slices.Contains(t.Path(c), above)
}

// At returns the lowest area in which a position lies; of several of one level, the
// smallest. ok is false where no boundary that is known has it.
func (t *Tree) At(pos wire.Position) (c Code, ok bool) {
	p := Point{pos.Lon, pos.Lat}
	best := -1
	for i := 0; i < len(t.index); {
		if s := &t.index[i]; !s.all.has(p) {
			i = s.end
			continue
		}
		n := &t.nodes[i]
		if n.own.has(p) && (best < 0 || lower(n, &t.nodes[best])) && n.Shape.has(p) {
			best = i
		}
		i++
	}
	if best < 0 {
		return "", false
	}
	return t.nodes[best].Code, true
}

func lower(a, b *node) bool {
	if l, m := a.Code.Level(), b.Code.Level(); l != m {
		return l > m
	}
	return a.size < b.size
}

// Aliases returns the old codes that mean an area now, by code.
func (t *Tree) Aliases(c Code) (out []Alias) {
	for old, a := range t.aliases {
		if now, ok := t.Resolve(old); ok && now == c {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Alias) int { return cmp.Compare(a.Old, b.Old) })
	return out
}

// all returns the areas and aliases, as NewTree takes them.
func (t *Tree) all() (areas []Area, aliases []Alias) {
	for i := range t.nodes {
		areas = append(areas, t.nodes[i].Area)
	}
	for _, a := range t.aliases {
		aliases = append(aliases, a)
	}
	return areas, aliases
}
