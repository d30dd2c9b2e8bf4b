package rulepack

import (
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Draft is r as the pack has it, with all that is optional: its texts hold names where a
// site's values belong, its times are the usual ones.
func (r *Rule) Draft() *Used {
	values := map[string]string{}
	for i := range r.Parameters {
		p := &r.Parameters[i]
		values[p.Name] = p.usual()
	}
	u := r.used(values)
	u.When, u.Clear = Text{Is: r.keys.When}, Text{Is: r.keys.Clear}
	for i, l := range u.Levels {
		k := r.keys.Levels[l.Severity]
		u.Levels[i].When, u.Levels[i].Clear = Text{Is: k.When}, Text{Is: k.Clear}
	}
	return u
}

// usual is what a site writes that says nothing special: the default, or the example.
func (p *Parameter) usual() string {
	if p.Default != "" {
		return p.Default
	}
	return p.Example
}

// Usual is the number that a site has which says nothing special: the default, or the
// example; of a duration in seconds, of a stream 0.
func (p *Parameter) Usual() float64 {
	switch p.Is {
	case Duration:
		d, err := yamldoc.ParseDuration(p.usual())
		if err != nil { // Parse saw to it that it is one
			return 0
		}
		return d.Seconds()
	case Number:
		number, _, _ := strings.Cut(strings.TrimSpace(p.usual()), " ")
		v, err := strconv.ParseFloat(number, 64)
		if err != nil { // likewise
			return 0
		}
		return v
	}
	return 0
}
