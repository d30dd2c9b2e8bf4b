package yamldoc

import (
	"encoding"
	"fmt"
	"reflect"
)

// deep reports a list of lists that is more or less deep than a type asks for, in all of its
// parts alike: a pair of brackets was forgotten, or is too much. That is one mistake, which
// would be told of every number otherwise. It says whether n may be decoded.
func (d *decoder) deep(n *Node, t reflect.Type) bool {
	want := lists(t)
	is, even := n.lists()
	if want < 2 || !even || is == want {
		return true
	}
	hint := "write so many pairs of brackets in each other"
	switch is {
	case want - 1:
		hint = "write one more pair of brackets around it"
	case want + 1:
		hint = "take one pair of brackets away"
	}
	d.report(n.Problem("E1102", fmt.Sprintf("%s is a list %d deep, here belongs one %d deep", n.name(), is, want)), hint)
	return false
}

// lists is how many lists in each other a type is; 0 where what is innermost reads itself or
// is no single value.
func lists(t reflect.Type) (n int) {
	for t.Kind() == reflect.Slice {
		if reads(t) {
			return 0
		}
		t, n = t.Elem(), n+1
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map, reflect.Pointer, reflect.Interface:
		return 0
	}
	if reads(t) {
		return 0
	}
	return n
}

// reads says whether a type reads itself.
func reads(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// lists is how many lists in each other n is; even: it is so in all of its parts, of which
// there is at least one, and innermost are single values.
func (n *Node) lists() (deep int, even bool) {
	switch n.Kind() {
	case Scalar:
		return 0, true
	case List:
	default:
		return 0, false
	}
	for i, item := range n.items {
		is, same := item.lists()
		if !same || i > 0 && is != deep-1 {
			return 0, false
		}
		deep = is + 1
	}
	return deep, len(n.items) > 0
}
