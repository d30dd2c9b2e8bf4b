package yamldoc

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Range is what a number can be, both ends included.
type Range struct {
	Least, Most float64 // of durations in seconds
	Unit        string  // as people write it; empty: a plain number, or durations, which bring theirs
	low, high   string  // as they were written
}

// ParseRange reads the tag of a field: "0.05..100 m", "1..99" or "1s..24h".
func ParseRange(s string) (r Range, err error) {
	bounds, unit, _ := strings.Cut(s, " ")
	low, high, ok := strings.Cut(bounds, "..")
	if !ok {
		return r, fmt.Errorf("yamldoc: %q is no range; write one like 0.05..100 m", s)
	}
	r = Range{Unit: unit, low: low, high: high}
	if r.Least, err = Amount(low); err == nil {
		r.Most, err = Amount(high)
	}
	if err != nil || !(r.Least < r.Most) {
		return r, fmt.Errorf("yamldoc: %q is no range; write one like 0.05..100 m", s)
	}
	return r, nil
}

// Within returns the range from least to most.
func Within(least, most float64, unit string) Range {
	return Range{Least: least, Most: most, Unit: unit, low: number(least), high: number(most)}
}

// Has says whether v is in r; what is not a number is in none.
func (r Range) Has(v float64) bool { return v >= r.Least && v <= r.Most }

// String writes r for a message: "0.05 to 100 m".
func (r Range) String() string {
	return strings.TrimSuffix(r.low+" to "+r.high+" "+r.Unit, " ")
}

// Of writes v with r's unit.
func (r Range) Of(v float64) string { return strings.TrimSuffix(number(v)+" "+r.Unit, " ") }

// number writes v as a person would: 0.05, 100000; what is hardly a number of this world
// with an exponent.
func number(v float64) string {
	if math.Abs(v) < 1e15 && (v == 0 || math.Abs(v) >= 1e-9) {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Amount reads a number, a size in bytes, or a duration, which counts in seconds.
func Amount(s string) (float64, error) {
	if hex, ok := strings.CutPrefix(s, "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 64)
		return float64(n), err
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil {
		return v, nil
	}
	if n, err := ParseSize(s); err == nil {
		return float64(n), nil
	}
	d, err := ParseDuration(s)
	return d.Seconds(), err
}

// limits is what the tags of a field say of its number.
type limits struct {
	Range
	means string // what the number is; empty: the key says it
}

// Elsewhere is the range in the tag of a number that a range of its own cannot be given
// to: what it can be depends on others, and whoever takes it judges it.
const Elsewhere = "-"

// limitsOf reads the tags range and means; nil: the field has none.
func limitsOf(tag reflect.StructTag) (*limits, error) {
	s := tag.Get("range")
	if s == "" || s == Elsewhere {
		return nil, nil
	}
	r, err := ParseRange(s)
	return &limits{r, tag.Get("means")}, err
}

// inside reports every number below n that is not within l.
func (d *decoder) inside(n *Node, l limits) {
	for _, k := range n.Keys() {
		d.inside(n.child[k], l)
	}
	if n.kind == List {
		for _, item := range n.items {
			d.inside(item, l)
		}
	}
	if n.kind != Scalar || n.broken {
		return
	}
	v, err := Amount(n.text)
	if err != nil || l.Has(v) {
		return // what is no number was told
	}
	shown := n.text
	if l.Unit != "" {
		shown += " " + l.Unit
	}
	hint := "write " + l.String()
	if l.means != "" {
		hint += ", " + l.means
	}
	d.report(n.Problem("E1111", fmt.Sprintf("%s cannot be %s", n.path[len(n.path)-1], shown)), hint)
}

// bounded adds a field's range to the schema of its number. Durations and sizes are texts,
// which a schema cannot weigh.
func bounded(s Schema, t reflect.Type, l *limits) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if l == nil || t == reflect.TypeFor[time.Duration]() || t == reflect.TypeFor[Size]() {
		return
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		s["minimum"], s["maximum"] = l.Least, l.Most
	}
}
