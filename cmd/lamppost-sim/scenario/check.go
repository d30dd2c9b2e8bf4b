package scenario

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// maxKeys bounds the key frames of a quantity.
const maxKeys = 1000

// check returns all that is wrong with a whole scenario, in a fixed order.
func (s *Scenario) check() error {
	var errs []error
	say := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.Title.ZH == "" || s.Title.EN == "" {
		say("title: write it in zh and en")
	}
	if s.Cycle < Duration(time.Second) {
		say("cycle: %v is too short; write 1s or more", time.Duration(s.Cycle))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Quantities)) {
		for _, why := range s.checkQuantity(s.Quantities[name]) {
			say("quantities.%s: %s", name, why)
		}
	}
	for i, f := range s.Faults {
		if why := f.check(time.Duration(s.Cycle)); why != "" {
			say("faults[%d]: %s", i, why)
		}
	}
	return errors.Join(errs...)
}

func (s *Scenario) checkQuantity(q Quantity) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	n := 0
	for _, has := range []bool{q.Is != nil, q.Keys != nil, q.Sum != "", q.Of != ""} {
		if has {
			n++
		}
	}
	if n != 1 {
		say("it has %d of is, keys, sum, of; write exactly one", n)
	}
	if !slices.Contains([]Shape{"", Smooth, Linear, Step}, q.Shape) {
		say("shape %q is not known; write smooth, linear or step", q.Shape)
	}
	if len(q.Keys) > maxKeys {
		say("%d key frames; at most %d are allowed", len(q.Keys), maxKeys)
	}
	for _, k := range q.Keys {
		if k.At > time.Duration(s.Cycle) {
			say("the key frame at %v is behind the cycle's end (%v)", k.At, time.Duration(s.Cycle))
		}
		if math.IsNaN(k.Is) || math.IsInf(k.Is, 0) {
			say("the key frame at %v is not a number", k.At)
		}
	}
	if q.Sum != "" && q.Per == 0 {
		say("sum needs per: the time that the unit of %s is per (1h for mm/h)", q.Sum)
	}
	if src, ok := s.Quantities[q.Sum]; q.Sum != "" && (!ok || src.Is == nil && src.Keys == nil) {
		say("sum: %s is not a quantity with is or keys", q.Sum)
	}
	for _, name := range q.operands() {
		if src, ok := s.Quantities[name]; !ok || src.Of != "" {
			say("of, over: %s is not a quantity with is, keys or sum", name)
		}
	}
	if w := q.Wander; w != nil && (w.By < 0 || w.Over <= 0) {
		say("wander needs by ≥ 0 and over > 0s")
	}
	if q.Noise < 0 || q.Wrap < 0 {
		say("noise and wrap are not negative")
	}
	return wrong
}

func (q Quantity) operands() []string {
	if q.Of == "" {
		return q.Over
	}
	return append([]string{q.Of}, q.Over...)
}

func (f Fault) check(cycle time.Duration) string {
	switch {
	case !slices.Contains([]Kind{Silent, Noise, Digit, Unplug, Frozen, Garbage, Slow}, f.Kind):
		return fmt.Sprintf("kind %q is not known; write silent, noise, digit, unplug, frozen, garbage or slow", f.Kind)
	case f.On == "":
		return "on is missing: write a device, a line or a port"
	case f.From >= f.To || time.Duration(f.To) > cycle:
		return fmt.Sprintf("from %v to %v does not lie in the cycle of %v", time.Duration(f.From), time.Duration(f.To), cycle)
	case f.Probability < 0 || f.Probability > 1:
		return fmt.Sprintf("probability %v is not between 0 and 1", f.Probability)
	case f.Kind == Slow && f.Delay == 0:
		return "slow needs delay: how much later it answers"
	}
	return ""
}
