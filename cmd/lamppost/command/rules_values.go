package command

import (
	"math"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// measured writes a number that a rule compared, with the unit that it has there; nil
// and what is no number are a dash.
func (b *builtin) measured(channel, quantity string, v *float64) string {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return "-"
	}
	m, ok := b.metrics.Lookup(channel)
	plain := rounded(*v, 1e6)
	switch rule.Quantity(quantity) {
	case rule.Same, rule.Mean, rule.Leq, rule.Least, rule.Greatest, rule.Rise, rule.Computed:
		if !ok {
			return plain
		}
		text := m.Format(*v)
		if len(plain) > len(text) && len(plain) <= len(text)+3 { // 3.005 is not 3.00
			text = plain
		}
		return strings.TrimSpace(text + " " + m.Text)
	case rule.PerHour:
		return strings.TrimSpace(m.Format(*v) + " " + m.Text + "/h")
	case rule.Seconds, rule.Unmoved, rule.Until:
		return lengthText(*v)
	}
	return plain
}

// rounded writes v in parts of 1/to; so great a number that has none stays what it is.
func rounded(v, to float64) string {
	if part := math.Round(v*to) / to; !math.IsInf(part, 0) {
		v = part
	}
	return obs.Number(v)
}

// lengthText writes how long something lasts, fine enough to be compared with its limit.
func lengthText(v float64) string {
	unit := "s"
	switch {
	case v >= 2*3600:
		v, unit = v/3600, "h"
	case v >= 10*60:
		v, unit = v/60, "min"
	}
	return rounded(v, 10) + " " + unit
}

// whatText says what a number that a rule compared is, where it is not the stream itself:
// (mean of 10 min). made is what is derived, see gateway.Made; it may be nil.
func whatText(of obs.Stream, quantity rule.Quantity, over time.Duration, made map[string]alert.Made, lang string) string {
	what := made[of.Device].In(lang)
	if quantity != rule.Same || what == "" {
		what = alert.Said(string(quantity), over).In(lang)
	}
	if what == "" {
		return ""
	}
	return pick(lang, " ("+what+")", "（"+what+"）")
}
