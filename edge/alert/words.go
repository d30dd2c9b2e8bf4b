package alert

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// said is what stands behind a metric's label where a rule compared something else than
// the metric itself; %s is for its window.
var said = map[string]obs.Label{
	"per-hour": {ZH: "%s变化率", EN: "change in %s"},
	"seconds":  {ZH: "无数据时长", EN: "time without data"},
	"unmoved":  {ZH: "不变时长", EN: "time without movement"},
	"until":    {ZH: "预计到达时间", EN: "time until it is reached"},
	"number":   {ZH: "%s读数个数", EN: "readings in %s"},
	"mean":     {ZH: "%s平均", EN: "mean of %s"},
	"leq":      {ZH: "%s等效声级", EN: "Leq of %s"},
	"least":    {ZH: "%s最低", EN: "lowest of %s"},
	"greatest": {ZH: "%s最高", EN: "highest of %s"},
	"sum":      {ZH: "%s累计", EN: "sum of %s"},
	"rise":     {ZH: "%s内上升", EN: "rise within %s"},
	// of what is derived only:
	"percentile": {ZH: "%s百分位数", EN: "percentile of %s"},
	"over":       {ZH: "%s", EN: "over %s"},
	"computed":   {ZH: "计算值", EN: "computed"},
	"other":      {ZH: "计算值", EN: "computed"},
}

// Measured turns a stream's metric into that of what a rule compared: quantity is as in
// [Change], over its window. The label says what it is, so that nobody takes a sum for a
// level.
func Measured(m obs.Metric, quantity string, over time.Duration) obs.Metric {
	switch quantity {
	case "per-hour":
		m.Unit, m.Wire, m.Text = m.Unit+"/h", m.Wire+"/h", m.Text+"/h"
	case "seconds", "unmoved", "until":
		m.Unit, m.Wire, m.Text, m.Decimals = "s", "s", "s", 0
	case "number":
		m.Unit, m.Wire, m.Text, m.Decimals = "1", "/", "", 0
	case "other":
		m.Unit, m.Wire, m.Text = "", "", ""
	}
	if what := Said(quantity, over); what.EN != "" {
		m.Label.ZH += "（" + what.ZH + "）"
		m.Label.EN += " (" + what.EN + ")"
	}
	return m
}

// Made is a figure of a window, beside what rules compute themselves: mean, least,
// greatest, sum, percentile, over (something of its own kind).
type Made struct {
	What string
	Over time.Duration
}

// In says it for people: sum of 1 h. Empty for the zero value.
func (m Made) In(lang string) string { return Said(m.What, m.Over).In(lang) }

// Said names a quantity over its window: a sum of 10 min. Empty for the stream's own.
func Said(quantity string, over time.Duration) obs.Label {
	what := said[quantity]
	return obs.Label{ZH: filled(what.ZH, over, "zh"), EN: filled(what.EN, over, "en")}
}

// filled puts a window into a word about it.
func filled(word string, over time.Duration, lang string) string {
	span := Span(over, lang)
	if over <= 0 {
		span = map[string]string{"zh": "", "en": "the window"}[lang]
	}
	return strings.ReplaceAll(word, "%s", span)
}

// Span writes a duration whole, in the largest unit that leaves nothing over: 90 min and
// not 1.5 h.
func Span(d time.Duration, lang string) string {
	n, zh, en := int64(d.Seconds()), "秒", "s"
	switch {
	case n >= 3600 && n%3600 == 0:
		n, zh, en = n/3600, "小时", "h"
	case n >= 60 && n%60 == 0:
		n, zh, en = n/60, "分钟", "min"
	}
	if lang == "zh" {
		return strconv.FormatInt(n, 10) + " " + zh
	}
	return strconv.FormatInt(n, 10) + " " + en
}

// apart is how many decimals are needed to tell a value from its limit, at least
// the metric's own: nobody believes 3.00 to be above 3.00.
func apart(m obs.Metric, value, limit *float64) int {
	own := m.Decimals
	if value == nil || limit == nil || *value == *limit {
		return own
	}
	for ; m.Decimals < 9; m.Decimals++ {
		if m.Format(*value) != m.Format(*limit) {
			return m.Decimals
		}
	}
	return own
}

// ownUnit are the quantities that have the unit of the stream.
var ownUnit = []string{"", "mean", "leq", "least", "greatest", "sum", "rise", "percentile", "over", "computed"}

// fit is r with the messages that make sense of such a quantity: "level {value} m" does not
// of 600 s for which the level has stood still.
func (r Rule) fit(quantity string) Rule {
	if !r.Mixed || slices.Contains(ownUnit, quantity) {
		return r
	}
	texts := map[string]string{}
	for lang, text := range r.Texts {
		number := strings.Contains(text, "{value}") || strings.Contains(text, "{limit}")
		if !number || strings.Contains(text, "{unit}") {
			texts[lang] = text
		}
	}
	r.Texts = texts
	return r
}
