package alert

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// over is what an alert says once it has ended: that it is over and what it was, from when
// until when, and why or where it ended. It is told from what was said, since a person
// looks for that.
func over(r Rule, was *wire.Alert, a wire.Alert, how map[string]string) map[string]string {
	out := map[string]string{}
	for lang, text := range was.Text {
		text = strings.TrimSuffix(strings.TrimSuffix(text, r.worked(was.Maintenance, lang)), r.chattering(was.Chatter, lang))
		form, and := "Over: %s (%s to %s%s)", ", "
		switch {
		case lang == "zh" && was.Stage == forecast:
			form, and = "预测未成为现实：%s（%s 至 %s%s）", "，"
		case lang == "zh":
			form, and = "已恢复：%s（%s 至 %s%s）", "，"
		case was.Stage == forecast:
			form = "Forecast withdrawn: %s (%s to %s%s)"
		}
		end := how[lang]
		if end != "" {
			end = and + end
		}
		from, to := r.between(a.Since, a.At)
		room := wire.MaxText - len(fmt.Sprintf(form, "", from, to, end))
		out[lang] = fmt.Sprintf(form, clipped(text, room), from, to, end)
	}
	return out
}

// ended says how far a value went, where what was said last was less, and where it ended,
// as far as that is known; by what, where that is another value or limit than was said.
func ended(r Rule, m obs.Metric, was, a *wire.Alert) map[string]string {
	say := func(v *float64) string { return strings.TrimSpace(shown(m, v) + " " + m.Text) }
	var zh, en []string
	if a.Peak != nil && (was.Value == nil || say(was.Value) != say(a.Peak)) {
		zh, en = append(zh, "最严重时 "+say(a.Peak)), append(en, "at worst "+say(a.Peak))
	}
	if a.Value != nil {
		zh, en = append(zh, r.other(m, was, a, "zh")+"现为 "+say(a.Value)), append(en, r.other(m, was, a, "en")+"now "+say(a.Value))
		if was.Limit != nil && a.Limit != nil && *was.Limit != *a.Limit {
			zh, en = append(zh, "限值 "+say(a.Limit)), append(en, "limit "+say(a.Limit))
		}
	}
	return map[string]string{"zh": strings.Join(zh, "，"), "en": strings.Join(en, ", ")}
}

// other names what a is about where was is about something else: a condition of several
// parts may end by another one than it began by.
func (r Rule) other(m obs.Metric, was, a *wire.Alert, lang string) string {
	if a.Device == was.Device && a.Channel == was.Channel {
		return ""
	}
	name := r.Names[a.Device][lang]
	if name == "" {
		name = a.Device
	}
	if lang == "zh" {
		return name + m.Label.ZH
	}
	return name + ": " + m.Label.EN + " "
}

// chattering is what is added to a text while the alert comes and goes.
func (r Rule) chattering(c *wire.Chatter, lang string) string {
	switch {
	case c == nil:
		return ""
	case lang == "zh":
		return fmt.Sprintf("（%s 起反复，共变化 %d 次）", r.clock(c.Since), c.Changes)
	default:
		return fmt.Sprintf(" (chattering since %s, %d changes)", r.clock(c.Since), c.Changes)
	}
}

// restless is what an alert said, with how often it came and went since.
func restless(r Rule, was *wire.Alert, c *wire.Chatter) map[string]string {
	out := map[string]string{}
	for lang, text := range was.Text {
		text = strings.TrimSuffix(strings.TrimSuffix(text, r.worked(was.Maintenance, lang)), r.chattering(was.Chatter, lang))
		unrest := r.chattering(c, lang)
		out[lang] = clipped(text, wire.MaxText-len(unrest)) + unrest
	}
	return out
}

// between writes two moments, with their days where they are not of one.
func (r Rule) between(from, to wire.Moment) (a, b string) {
	a, b = r.clock(from), r.clock(to)
	x, y := from.Time(), to.Time()
	if x.IsZero() || y.IsZero() || x.In(r.zone()).YearDay() == y.In(r.zone()).YearDay() && y.Sub(x) < 24*time.Hour {
		return a, b
	}
	return x.In(r.zone()).Format("01-02 ") + a, y.In(r.zone()).Format("01-02 ") + b
}

// zone is the time of the place.
func (r Rule) zone() *time.Location {
	if r.Zone == nil {
		return time.Local
	}
	return r.Zone
}

// clock writes a moment as hours and minutes of the place, or as the time since power-on
// while the clock is not trusted.
func (r Rule) clock(at wire.Moment) string {
	if t := at.Time(); !t.IsZero() {
		return t.In(r.zone()).Format("15:04")
	}
	return "+" + (time.Duration(at.BootMS) * time.Millisecond).Round(time.Second).String()
}

// clipped shortens a text to so many bytes: a document with a longer one would be refused
// on its way.
func clipped(text string, room int) string {
	const mark = "…"
	if len(text) <= room {
		return text
	}
	for room -= len(mark); room > 0 && !utf8.RuneStart(text[room]); {
		room--
	}
	return text[:max(room, 0)] + mark
}
