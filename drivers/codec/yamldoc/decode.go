package yamldoc

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Unmarshaler is a type that reads itself. What is wrong it returns as Problems
// (or one Problem); any other error is reported at the node, with id E1110.
type Unmarshaler interface{ UnmarshalNode(*Node) error }

// Decode fills out, a pointer, from n and reports everything that does not fit.
// The error is Problems, except for an out that no document can fill.
func (n *Node) Decode(out any) error { return n.decode(out, false, nil, nil) }

// DecodeKnown fills out, a pointer to a struct, from the keys that it has and
// leaves n's other keys to somebody else.
func (n *Node) DecodeKnown(out any) error { return n.decode(out, true, nil, nil) }

// DecodeBeside fills out, a pointer to a struct. A key that out does not have is
// passed over if it is one of others, which somebody else decodes; any other is
// an unknown key. Suggestions for it come from both.
func (n *Node) DecodeBeside(out any, others ...string) error {
	return n.decode(out, false, others, nil)
}

// DecodeFitting is like DecodeBeside with others and unfit; only keys of out and others
// are suggested.
func (n *Node) DecodeFitting(out any, others, unfit []string) error {
	return n.decode(out, false, append(others[:len(others):len(others)], unfit...), unfit)
}

func (n *Node) decode(out any, loose bool, others, unfit []string) error {
	v := reflect.ValueOf(out)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("yamldoc: cannot decode into %T; a pointer is wanted", out)
	}
	d := decoder{loose: loose, others: others, unfit: unfit}
	d.value(n, v.Elem())
	if d.misuse != nil {
		return d.misuse
	}
	return d.all.Err()
}

type decoder struct {
	all    Problems
	loose  bool     // at the top: pass over keys that the struct does not have
	others []string // at the top: keys of somebody else
	unfit  []string // those of them that are not worth suggesting
	misuse error    // a Go type that cannot be read
}

func (d *decoder) report(p Problem, hint string) {
	p.Hint = hint
	d.all = append(d.all, p)
}

// fail takes the problems of a type that reads itself.
func (d *decoder) fail(n *Node, err error) {
	switch err := err.(type) {
	case Problems:
		d.all = append(d.all, err...)
	case Problem:
		d.all = append(d.all, err)
	default:
		d.report(n.Problem("E1110", err.Error()), "")
	}
}

// value decodes n into v, which can be set.
func (d *decoder) value(n *Node, v reflect.Value) {
	if n != nil && n.broken {
		return
	}
	if v.Type() == reflect.TypeFor[*Node]() {
		v.Set(reflect.ValueOf(n))
		return
	}
	if v.CanAddr() {
		switch u := v.Addr().Interface().(type) {
		case Unmarshaler:
			if err := u.UnmarshalNode(n); err != nil {
				d.fail(n, err)
			}
			return
		case *time.Duration:
			d.scalar(n, "E1108", func(s string) (err error) { *u, err = ParseDuration(s); return })
			return
		case *Size:
			d.scalar(n, "E1109", func(s string) (err error) { *u, err = ParseSize(s); return })
			return
		case encoding.TextUnmarshaler:
			d.scalar(n, "E1110", func(s string) error { return u.UnmarshalText([]byte(s)) })
			return
		}
	}
	d.kind(n, v)
}

func (d *decoder) kind(n *Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if n.Kind() == Null {
			return
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.value(n, v.Elem())
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Slice:
		d.list(n, v)
	default:
		d.plain(n, v)
	}
}

// is reports a node of the wrong kind; an empty one is not, but has nothing in it.
func (d *decoder) is(n *Node, want Kind) bool {
	if n.Kind() == want || n.Kind() == Null {
		return n.Kind() == want
	}
	hint := map[Kind]string{
		Map:    `write "key: value" lines, indented, or {key: value, …}`,
		List:   `write "- item" lines, indented, or [item, …]`,
		Scalar: "write one value",
	}[want]
	d.report(n.Problem("E1102", fmt.Sprintf("%s is %v, here belongs %v", n.name(), n.Kind(), want)), hint)
	return false
}

// name is how a message speaks of n.
func (n *Node) name() string {
	if p := n.Path(); p != "" {
		return p
	}
	return "the document"
}

func (d *decoder) structure(n *Node, v reflect.Value) {
	loose, others, unfit := d.loose, d.others, d.unfit
	d.loose, d.others, d.unfit = false, nil, nil
	if !d.is(n, Map) && n.Kind() != Null {
		return
	}
	fields, err := fieldsOf(v.Type(), nil)
	if err != nil {
		d.misuse = err
		return
	}
	known := append([]string(nil), others...)
	for _, f := range fields {
		known = append(known, f.key)
		child := n.Node(f.key)
		switch {
		case child != nil && child.kind == Null && f.required && !child.broken:
			d.report(child.KeyProblem("E1103", fmt.Sprintf("%s has no value", child.Path())), "write a value behind it")
		case child != nil:
			before := len(d.all)
			d.value(child, v.FieldByIndex(f.index))
			if f.limits != nil && len(d.all) == before && !n.torn(f.key) {
				d.inside(child, *f.limits)
			}
		case f.required && n != nil && n.doc != nil:
			d.report(n.KeyProblem("E1104", fmt.Sprintf("%s has no %s", n.name(), f.key)), "add "+f.key+": …")
		}
	}
	if loose {
		return
	}
	for _, k := range n.Keys() {
		if !slices.Contains(known, k) {
			d.report(n.child[k].KeyProblem("E1101", unknown(n.told(k), n.path)), n.unknownHint(k, known, unfit))
		}
	}
}

// unknownHint says what to write in place of an unknown key.
func (n *Node) unknownHint(key string, known, unfit []string) string {
	keys := n.Keys()
	if i := slices.Index(keys, key); i > 0 && n.torn(keys[i-1]) {
		if point, ok := pointed(n.child[keys[i-1]].Text() + "," + key); ok { // {per_pulse: 0,2}
			return "a decimal has a point: write " + keys[i-1] + ": " + point
		}
	}
	return nearest(key, slices.DeleteFunc(slices.Clone(known), func(k string) bool { return slices.Contains(unfit, k) }))
}

// torn says whether a number was torn by a decimal comma: {per_pulse: 0,2} has a key 2.
func (n *Node) torn(key string) bool {
	i := slices.Index(n.names, key) + 1
	return i > 0 && i < len(n.names) && n.child[n.names[i]].Kind() == Null && strings.Trim(n.names[i], "0123456789") == ""
}

func unknown(key string, in []string) string {
	if strings.ContainsAny(key, "@?#/:&") {
		key = "***" // no key, but what an address is torn into, which may hold a password
	}
	if len(in) == 0 {
		return fmt.Sprintf("unknown key %q", key)
	}
	return fmt.Sprintf("unknown key %q in %s", key, label(in))
}

type field struct {
	key      string
	index    []int
	required bool
	limits   *limits // of the number, or of each number below it; nil: none
}

// fieldsOf lists the keys of a struct type, those of inlined structs among them.
func fieldsOf(t reflect.Type, index []int) (all []field, err error) {
	for i := range t.NumField() {
		f := t.Field(i)
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		at := append(index[:len(index):len(index)], i)
		switch {
		case !f.IsExported() || key == "-":
		case options == "inline":
			inner, err := fieldsOf(f.Type, at)
			if err != nil {
				return nil, err
			}
			all = append(all, inner...)
		case key != "":
			within, err := limitsOf(f.Tag)
			if err != nil {
				return nil, fmt.Errorf("%w (field %s of %v)", err, f.Name, t)
			}
			all = append(all, field{key, at, options == "required", within})
		}
	}
	return all, nil
}

func (d *decoder) mapping(n *Node, v reflect.Value) {
	if v.Type().Key().Kind() != reflect.String {
		d.misuse = fmt.Errorf("yamldoc: cannot decode into %v: its keys are no strings", v.Type())
		return
	}
	if !d.is(n, Map) {
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMapWithSize(v.Type(), len(n.names)))
	}
	for _, k := range n.names {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(n.child[k], e)
		v.SetMapIndex(reflect.ValueOf(k).Convert(v.Type().Key()), e)
	}
}

func (d *decoder) list(n *Node, v reflect.Value) {
	if !d.is(n, List) || !d.deep(n, v.Type()) {
		return
	}
	s := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		d.value(item, s.Index(i))
	}
	v.Set(s)
}
