package command

import (
	"math"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/edge/rule"
)

// measured writes a number that a rule compared, with the unit that it has there; nil
// and what is no number are a dash.
func (b *builtin) measured(channel, quantity string, v *float64) string {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return "-"
	}
	m, ok := b.metrics.Lookup(channel)
	plain := strconv.FormatFloat(math.Round(*v*1e6)/1e6, 'f', -1, 64)
	switch rule.Quantity(quantity) {
	case rule.Same:
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
	case rule.Seconds, rule.Until:
		return strconv.FormatFloat(*v, 'f', 0, 64) + " s"
	}
	return plain
}
