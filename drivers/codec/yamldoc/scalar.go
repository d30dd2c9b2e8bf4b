package yamldoc

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes, written 500MB or 64KiB.
type Size int64

// hinted is an error whose second half says what would be valid.
type hinted struct{ msg, hint string }

func (e *hinted) Error() string { return e.msg + "; " + e.hint }

// single reports a node that is no single value, or an empty one.
func (d *decoder) single(n *Node) bool {
	if n.Kind() == Null && n != nil {
		d.report(n.KeyProblem("E1103", fmt.Sprintf("%s has no value", n.name())), "write a value behind it, or delete the key")
		return false
	}
	return d.is(n, Scalar)
}

// scalar hands a single value to a parser and reports its error.
func (d *decoder) scalar(n *Node, id string, parse func(string) error) {
	if !d.single(n) {
		return
	}
	switch err := parse(n.text).(type) {
	case nil:
	case *hinted:
		d.report(n.Problem(id, err.msg), err.hint)
	default:
		d.report(n.Problem(id, err.Error()), "")
	}
}

// plain decodes texts, numbers and truths.
func (d *decoder) plain(n *Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		d.scalar(n, "", func(s string) error { v.SetString(s); return nil })
	case reflect.Bool:
		d.scalar(n, "E1107", func(s string) error {
			if n.style != truth || n.asText {
				return &hinted{fmt.Sprintf("%q is not true or false", s), "write true or false, without quotes"}
			}
			v.SetBool(strings.EqualFold(s, "true"))
			return nil
		})
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.scalar(n, "E1105", func(s string) error { return d.integer(n, s, v) })
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.scalar(n, "E1105", func(s string) error { return d.unsigned(n, s, v) })
	case reflect.Float32, reflect.Float64:
		d.scalar(n, "E1106", func(s string) error { return d.number(n, s, v) })
	default:
		d.misuse = fmt.Errorf("yamldoc: cannot decode into %v", v.Type())
	}
}

// quoted reports a number in quotes, which YAML takes for a text.
func quoted(n *Node, s string) error {
	if point, ok := pointed(s); ok {
		return &hinted{fmt.Sprintf("%q is not a number: a decimal has a point", s), "write " + point}
	}
	if n.asText || n.style == single || n.style == double || n.style == block {
		return &hinted{fmt.Sprintf("%q is a text", s), "write the number without quotes"}
	}
	return nil
}

// comma is a number with a decimal comma.
var comma = regexp.MustCompile(`^([+-]?[0-9]+)[,，]([0-9]+)$`)

// pointed is a number with a decimal comma as it is to be written.
func pointed(s string) (string, bool) {
	m := comma.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return "", false
	}
	return m[1] + "." + m[2], true
}

func (d *decoder) integer(n *Node, s string, v reflect.Value) error {
	if err := quoted(n, s); err != nil {
		return err
	}
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 {
		digits = ""
	}
	u, err := wholeNumber(s, digits)
	if err != nil {
		return err
	}
	lowest, highest := -1<<(v.Type().Bits()-1), uint64(1)<<(v.Type().Bits()-1)-1
	neg := strings.HasPrefix(s, "-")
	if u > highest+1 || !neg && u > highest {
		return &hinted{s + " is out of range", fmt.Sprintf("write %d to %d", lowest, highest)}
	}
	if neg {
		v.SetInt(-int64(u))
		return nil
	}
	v.SetInt(int64(u))
	return nil
}

func (d *decoder) unsigned(n *Node, s string, v reflect.Value) error {
	if err := quoted(n, s); err != nil {
		return err
	}
	u, err := wholeNumber(s, s)
	if err == nil && v.OverflowUint(u) {
		err = &hinted{s + " is out of range", fmt.Sprintf("write 0 to %d", uint64(math.MaxUint64)>>(64-v.Type().Bits()))}
	}
	if err == nil {
		v.SetUint(u)
	}
	return err
}

// wholeNumber reads decimal or 0x hexadecimal digits.
func wholeNumber(s, digits string) (uint64, error) {
	base := 10
	if hex, ok := strings.CutPrefix(digits, "0x"); ok {
		digits, base = hex, 16
	} else if len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0123456789") == "" {
		return 0, &hinted{s + " is ambiguous: some programs read a leading zero as octal", "write " + strings.TrimLeft(digits[:len(digits)-1], "0") + digits[len(digits)-1:] + ", or quote it if it is a text"}
	}
	u, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return 0, &hinted{fmt.Sprintf("%q is not a whole number", s), "write digits, like 12, or 0x0c"}
	}
	return u, nil
}

func (d *decoder) number(n *Node, s string, v reflect.Value) error {
	if err := quoted(n, s); err != nil {
		return err
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.Trim(s, "0123456789+-.eE") != "" {
		return &hinted{fmt.Sprintf("%q is not a number", s), "write it like 3 or 2.75, without a unit"}
	}
	v.SetFloat(f)
	return nil
}

// durationUnits, longest first: each may stand once, in this order.
var durationUnits = [...]struct {
	name string
	unit time.Duration
}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}}

// MaxDuration is the longest duration that is read: ten years.
const MaxDuration = 3650 * 24 * time.Hour

// ParseDuration reads 5s, 250ms, 1h30m, 2d or 0. Each unit of d h m s ms stands
// at most once, the longest first; a fraction is allowed (1.5s).
func ParseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	bad := &hinted{fmt.Sprintf("%q is not a duration", s), "write " + durationLike(s) + " (units: ms s m h d)"}
	var sum float64
	rest, i := s, 0
	for rest != "" {
		unit := strings.TrimLeft(rest, "0123456789.")
		value, err := strconv.ParseFloat(rest[:len(rest)-len(unit)], 64)
		if err != nil {
			return 0, bad
		}
		word := unit
		if j := strings.IndexAny(unit, "0123456789."); j >= 0 {
			word = unit[:j]
		}
		for i < len(durationUnits) && durationUnits[i].name != word {
			i++
		}
		if i == len(durationUnits) {
			return 0, bad
		}
		sum += value * float64(durationUnits[i].unit)
		rest, i = unit[len(word):], i+1
	}
	switch {
	case s == "":
		return 0, bad
	case sum > float64(MaxDuration):
		return 0, &hinted{s + " is too long", "at most 3650d"}
	}
	return time.Duration(math.Round(sum)), nil
}

// durationLike guesses what was meant by a text that is no duration.
func durationLike(s string) string {
	f := strings.TrimLeft(strings.TrimSpace(s), "+-")
	word := strings.TrimLeft(f, "0123456789.")
	n := f[:len(f)-len(word)]
	word = strings.ToLower(strings.TrimSpace(word))
	if _, err := strconv.ParseFloat(n, 64); err != nil {
		return "5s, 250ms, 1h30m or 2d"
	}
	for _, g := range [...][2]string{
		{"ms", "ms"}, {"milli", "ms"}, {"毫秒", "ms"}, {"s", "s"}, {"秒", "s"}, {"min", "m"}, {"m", "m"}, {"分", "m"},
		{"h", "h"}, {"小时", "h"}, {"时", "h"}, {"week", "w"}, {"w", "w"}, {"周", "w"}, {"星期", "w"}, {"d", "d"}, {"天", "d"}, {"日", "d"},
	} {
		if strings.HasPrefix(word, g[0]) {
			if g[1] == "w" {
				weeks, _ := strconv.ParseFloat(n, 64) // it is a number
				return strconv.FormatFloat(7*weeks, 'f', -1, 64) + "d"
			}
			return n + g[1]
		}
	}
	if word == "" { // nobody knows which unit is meant
		return "the unit: " + n + "s, " + n + "m, " + n + "h or " + n + "d"
	}
	return n + "s"
}

var sizeUnits = [...]struct {
	name string
	unit float64
}{
	{"B", 1}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
}

// ParseSize reads 2GB, 500MB, 64KiB or 0.5GB. The unit must be there: B kB MB GB
// TB are powers of 1000, KiB MiB GiB TiB powers of 1024.
func ParseSize(s string) (Size, error) {
	word := strings.TrimLeft(s, "0123456789.")
	n, err := strconv.ParseFloat(s[:len(s)-len(word)], 64)
	for _, u := range sizeUnits {
		if err == nil && u.name == word && n*u.unit < 1<<60 {
			return Size(math.Round(n * u.unit)), nil
		}
	}
	return 0, &hinted{fmt.Sprintf("%q is not a size", s), "write 500MB or 2GB (units: B kB MB GB TB, KiB MiB GiB TiB)"}
}

// String writes s with the largest unit that leaves no fraction.
func (s Size) String() string {
	for _, u := range [...]struct {
		name string
		unit Size
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3}} {
		if s != 0 && s%u.unit == 0 {
			return strconv.FormatInt(int64(s/u.unit), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}
