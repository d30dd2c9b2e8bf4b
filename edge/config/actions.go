package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Action is what an alert of a rule switches on.
type Action struct {
	Output string
	For    time.Duration // from the raise on; 0: while the alert is active
}

// action is written as an output's id or as {output: …, for: …}.
type action Action

// UnmarshalNode reads either.
func (a *action) UnmarshalNode(n *yamldoc.Node) error {
	if n.Kind() == yamldoc.Scalar {
		a.Output = n.Text()
		return nil
	}
	var k struct {
		Output string        `yaml:"output,required"`
		For    time.Duration `yaml:"for"`
	}
	err := n.Decode(&k)
	a.Output, a.For = k.Output, k.For
	return err
}

// actionsOf judges what a rule switches.
func (l *loader) actionsOf(r *Rule, written []action) {
	l.none("E2805", "output", "rules", r.ID, "actions")
	for i, a := range written {
		path := []string{"rules", r.ID, "actions", fmt.Sprint(i)}
		if l.doc.Node(path...).Kind() == yamldoc.Map {
			path = append(path, "output")
		}
		if a.Output == "" {
			continue // the decoder has said so
		}
		at := slices.IndexFunc(l.config.Outputs, func(o Output) bool { return o.ID == a.Output })
		known := l.doc.Node("outputs").Keys()
		switch {
		case !slices.Contains(known, a.Output):
			hint := yamldoc.Hint(a.Output, known)
			if len(known) == 0 {
				hint = "add it under outputs:"
			}
			l.say("E2805", fmt.Sprintf("there is no output %q; %s", a.Output, hint), path...)
		case slices.ContainsFunc(r.Actions, func(b Action) bool { return b.Output == a.Output }):
			l.say("E2805", fmt.Sprintf("%s is switched by this rule already; name it once", a.Output), path...)
		case a.For <= 0 && l.has("rules", r.ID, "actions", fmt.Sprint(i), "for") && !l.wrong("rules", r.ID, "actions", fmt.Sprint(i), "for"):
			l.say("E2805", "for 0s nothing is switched; write how long, or leave for out to switch it for as long as the alert is active", "rules", r.ID, "actions", fmt.Sprint(i), "for")
		case at >= 0 && a.For > l.config.Outputs[at].MaxOn:
			l.say("E2805", fmt.Sprintf("%s may be on for %s at most; write that or less, or raise its max_on", a.Output, brief(l.config.Outputs[at].MaxOn)), "rules", r.ID, "actions", fmt.Sprint(i), "for")
		}
		r.Actions = append(r.Actions, Action(a))
	}
}

func outputRows(o Output, add adder) {
	at := func(key string) []string { return []string{"outputs", o.ID, key} }
	add(o.Bus, "", at("bus")...)
	add(o.Address, "", at("address")...)
	add(o.Pin, "", at("line")...)
	if o.Kind == "line" {
		add(map[bool]string{true: "low", false: "high"}[o.Low], "default", at("active")...)
	}
	add(o.Number, "", at("coil")...)
	add(o.Number, "", at("register")...)
	add(o.On, "", at("on")...)
	add(o.Off, "", at("off")...)
	add(strings.Join(o.Command, " "), "", at("command")...)
	add(o.Timeout, "default", at("timeout")...)
	add(o.MaxOn, "default", at("max_on")...)
	add(o.MinOff, "default", at("min_off")...)
	add(o.PerHour, "default", at("per_hour")...)
	add(o.Interlock, "", at("interlock")...)
	add(o.Feedback, "", at("feedback")...)
	if o.Kind != "command" || o.Feedback != "" {
		add(o.Within, "default", at("feedback_within")...)
	}
	add(o.ReadBack, "", at("read_back")...)
	add(o.Resume, "default", at("resume")...)
	add(o.Audible, "default", at("audible")...)
	for _, lang := range []string{"zh", "en"} {
		add(o.Name[lang], "", "outputs", o.ID, "name", lang)
	}
}

// actionRows lists what a rule switches.
func actionRows(r Rule, add adder) {
	var all []string
	for _, a := range r.Actions {
		text := a.Output
		if a.For > 0 {
			text += " for " + brief(a.For)
		}
		all = append(all, text)
	}
	add(strings.Join(all, ", "), "", "rules", r.ID, "actions")
}
