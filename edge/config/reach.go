package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Bounds of the times of checks.
const (
	maxWitness = 48 * time.Hour // how old the value of another stream may be
	maxGap     = 30 * 24 * time.Hour
)

// reach judges what a site asks of a channel's values against what the part can give: a
// threshold beyond it is never reached, or by every value.
type reach struct {
	*loader
	name        string // device.channel
	unit        string
	least, most float64
	step        float64 // the least change that the part reports; 0: not known
	every       time.Duration
	path        []string // of the channel's checks
}

// reached judges the site's own checks of one channel.
func (l *loader) reached(d *Device, c drivers.Channel, m obs.Metric, own obs.Checks, path []string) {
	r := reach{loader: l, name: d.ID + "." + c.Name, unit: m.Text, step: c.Resolution, every: d.Every, path: path}
	r.fine(own)
	if k := own.Gap; k != nil && k.Fail > maxGap {
		l.threshold("nobody waits so long for a value; write 30d or less", r.at("gap", "fail")...)
	}
	if r.least, r.most = measures(c, m, nil); r.least == r.most {
		return // not known
	}
	if g := own.Gross; g != nil {
		r.span(g.Suspect, "gross", "suspect")
		r.span(g.Fail, "gross", "fail")
	}
	for i, s := range own.Climatology {
		r.span(s.Suspect, "climatology", strconv.Itoa(i), "suspect")
		r.span(s.Fail, "climatology", strconv.Itoa(i), "fail")
	}
	r.steps(own)
	r.quiet(own)
}

func (r reach) at(keys ...string) []string {
	return append(r.path[:len(r.path):len(r.path)], keys...)
}

// number writes what is not more exact than anybody writes it.
func (r reach) number(v float64) string {
	return strings.TrimSpace(strconv.FormatFloat(v, 'g', 6, 64) + " " + r.unit)
}

func (r reach) from() string {
	return fmt.Sprintf("%s is from %s to %s", r.name, strconv.FormatFloat(r.least, 'g', 6, 64), r.number(r.most))
}

// span judges [lowest, highest].
func (r reach) span(s []float64, keys ...string) {
	if len(s) != 2 || s[0] >= s[1] {
		return // said already
	}
	switch {
	case s[0] > r.most || s[1] < r.least:
		r.threshold(r.from()+": no value of it is in this span; write one that it can be in", r.at(keys...)...)
	case s[0] < r.least && s[1] > r.most:
		r.beyond(r.from()+": none of its values is outside of this; write a narrower span, or leave it out", r.at(keys...)...)
	case s[0] < r.least:
		r.beyond(fmt.Sprintf("%s: it is never below %s; write %s, which says the same, or more", r.from(), r.number(s[0]), r.number(r.least)), r.at(keys...)...)
	case s[1] > r.most:
		r.beyond(fmt.Sprintf("%s: it is never above %s; write %s, which says the same, or less", r.from(), r.number(s[1]), r.number(r.most)), r.at(keys...)...)
	}
}

// beyond warns of a threshold that no value reaches.
func (r reach) beyond(msg string, path ...string) {
	if !r.wrong(path...) && r.doc.Node(path...) != nil {
		r.say("W2603", msg, path...)
	}
}

// steps judges thresholds of how far two values are apart.
func (r reach) steps(own obs.Checks) {
	width := r.most - r.least
	most := func(v *float64, least float64, keys ...string) {
		if v != nil && *v > least {
			r.beyond(fmt.Sprintf("%s: no two values are so far apart; write less than %s", r.from(), r.number(least)), r.at(keys...)...)
		}
	}
	if k := own.Spike; k != nil && !k.Off {
		most(k.Suspect, width, "spike", "suspect")
		most(k.Fail, width, "spike", "fail")
	}
	if k := own.Multivariate; k != nil && !k.Off {
		most(k.Suspect, width, "multivariate", "suspect")
	}
	if k := own.Rate; k != nil && !k.Off && r.every > 0 {
		perMinute := width / r.every.Minutes()
		for key, v := range map[string]*float64{"suspect": k.Suspect, "fail": k.Fail} {
			if v != nil && *v > perMinute {
				r.beyond(fmt.Sprintf("%s, read every %s: it cannot change so fast; write less than %s a minute", r.from(), brief(r.every), r.number(perMinute)), r.at("rate", key)...)
			}
		}
	}
}

// fine judges thresholds that are finer than the part: its least step would pass them.
func (r reach) fine(own obs.Checks) {
	judge := func(v *float64, step float64, a string, keys ...string) {
		if v != nil && *v > 0 && *v < step {
			r.threshold(fmt.Sprintf("%s moves in steps of %s, each of which would be too far; write more than that", r.name, r.number(step)+a), r.at(keys...)...)
		}
	}
	if k := own.Spike; k != nil && !k.Off {
		judge(k.Suspect, r.step, "", "spike", "suspect")
		judge(k.Fail, r.step, "", "spike", "fail")
	}
	if k := own.Multivariate; k != nil && !k.Off {
		judge(k.Suspect, r.step, "", "multivariate", "suspect")
	}
	if k := own.Rate; k != nil && !k.Off && r.every > 0 {
		judge(k.Suspect, r.step/r.every.Minutes(), " a minute", "rate", "suspect")
		judge(k.Fail, r.step/r.every.Minutes(), " a minute", "rate", "fail")
	}
}

// quiet judges thresholds below which a signal is too quiet: whatever is read would be.
func (r reach) quiet(own obs.Checks) {
	width := r.most - r.least
	if k := own.Flat; k != nil && !k.Off && k.Tolerance != nil && *k.Tolerance >= width {
		r.threshold(r.from()+": whatever it does would stand still; write half of what the part resolves", r.at("flat", "tolerance")...)
	}
	k := own.Attenuated
	if k == nil || k.Off {
		return
	}
	if k.Method != "range" { // of the deviation half is the most
		width /= 2
	}
	for key, v := range map[string]*float64{"suspect": k.Suspect, "fail": k.Fail} {
		if v != nil && *v > width {
			r.threshold(fmt.Sprintf("%s: every signal would be too quiet; write less than %s", r.from(), r.number(width)), r.at("attenuated", key)...)
		}
	}
}

// aimless reports what a site says of checks without saying anything: a test that is off
// and has thresholds, and a list without a member where there is none to take away.
func (l *loader) aimless(own, base obs.Checks, path []string) {
	there := map[string]bool{}
	for _, k := range base.Keys() {
		there[k.Path[0]] = true
		there[strings.Join(k.Path, ".")] = true
	}
	beside := map[string]string{}
	for _, k := range own.Keys() {
		at := append(path[:len(path):len(path)], k.Path...)
		switch {
		case len(k.Path) == 2 && k.Path[1] != "off":
			beside[k.Path[0]] = k.Path[1]
		case k.Path[0] == "climatology" && len(own.Climatology) == 0 && !there["climatology"]:
			l.threshold("this takes away seasons of the profile or the metric, and there are none; delete it, or write one", at...)
		}
		if k.Path[0] == "gross" && k.Value == "[]" && !there[strings.Join(k.Path, ".")] {
			l.threshold("this takes away a span of the profile or the metric, and there is none; delete it, or write [lowest, highest]", at...)
		}
	}
	for _, k := range own.Keys() {
		if with := beside[k.Path[0]]; len(k.Path) == 2 && k.Path[1] == "off" && with != "" {
			l.threshold(fmt.Sprintf("off: true stands beside %s, which then says nothing; delete one of them", with), append(path[:len(path):len(path)], k.Path...)...)
		}
	}
}

// witness judges how old the value of another stream may be, against how often it comes.
// What one device gives comes at one moment.
func (l *loader) witness(own, with string, within time.Duration, readings int, streams map[string]Stream, path ...string) {
	every := streams[with].Every
	device, _, _ := strings.Cut(own, ".")
	if strings.HasPrefix(with, device+".") {
		readings--
	}
	switch least := time.Duration(readings) * every; {
	case within <= 0:
	case within < least:
		l.threshold(fmt.Sprintf("%s comes every %s, so that within %s there is often nothing to compare with; write %s or more", with, brief(every), brief(within), brief(least)), path...)
	case within > maxWitness:
		l.threshold("a value of so long ago says nothing of now; write 48h or less", path...)
	}
}

// moved judges by how much the witness has to move.
func (l *loader) moved(k *obs.MultivariateCheck, other Stream, path []string) {
	if width := other.Most - other.Least; k.Moves != nil && width > 0 && *k.Moves > width {
		r := reach{loader: l, unit: other.Metric.Text}
		r.beyond(fmt.Sprintf("%s never moves so far; write less than %s", k.With, r.number(width)), path...)
	}
}

// differs judges thresholds of how far two gauges may be apart.
func (l *loader) differs(k *obs.NeighbourCheck, a, b Stream, path []string) {
	if a.Least == a.Most || b.Least == b.Most {
		return
	}
	offset := 0.0
	if k.Offset != nil {
		offset = *k.Offset
	}
	r := reach{loader: l, unit: a.Metric.Text}
	most := max(a.Most-b.Least-offset, b.Most-a.Least+offset)
	for key, v := range map[string]*float64{"suspect": k.Suspect, "fail": k.Fail} {
		if v != nil && *v > most {
			r.beyond(fmt.Sprintf("the two are never so far apart; write less than %s", r.number(most)), append(path[:len(path):len(path)], key)...)
		}
	}
}
