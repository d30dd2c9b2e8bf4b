package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/w1"
)

// pinKeys say how a GPIO line is used as an input.
type pinKeys struct {
	Active   string         `yaml:"active"`
	Pull     string         `yaml:"pull"`
	Debounce *time.Duration `yaml:"debounce"`
	Spacing  *time.Duration `yaml:"spacing"`
}

// pinWords are the keys of pinKeys.
var pinWords = []string{"active", "pull", "debounce", "spacing"}

const (
	maxDebounce = time.Second
	maxSpacing  = time.Minute
)

// pin judges how a device's GPIO line is used; what the file does not say is the
// part's own.
func (l *loader) pin(d *Device, k pinKeys) {
	at := func(key string) []string { return []string{"devices", d.ID, key} }
	if wrong := badLine(d.Pin); wrong != "" && fits(d.Wire, "line") && l.has(at("line")...) && !l.wrong(at("line")...) {
		l.say("E2605", wrong, at("line")...)
	}
	if d.Plan != nil {
		d.Contact = d.Plan.Pin
	}
	for _, w := range []struct {
		key, value string
		to         *string
		may        []string
	}{
		{"active", k.Active, &d.Contact.Active, []string{"high", "low"}},
		{"pull", k.Pull, &d.Contact.Pull, []string{"up", "down", "none"}},
	} {
		switch {
		case w.value == "":
		case !slices.Contains(w.may, w.value):
			l.say("E2610", fmt.Sprintf("%q is not a setting of a GPIO line; write %s", w.value, strings.Join(w.may, ", ")), at(w.key)...)
		default:
			*w.to = w.value
		}
	}
	for _, t := range []struct {
		key   string
		value *time.Duration
		to    *time.Duration
		most  time.Duration
	}{
		{"debounce", k.Debounce, &d.Contact.Debounce, maxDebounce},
		{"spacing", k.Spacing, &d.Contact.Spacing, maxSpacing},
	} {
		switch {
		case t.value == nil || l.wrong(at(t.key)...):
		case *t.value > t.most:
			l.say("E2610", fmt.Sprintf("a %s of %s is too long; write %s or less", t.key, brief(*t.value), brief(t.most)), at(t.key)...)
		default:
			*t.to = *t.value
		}
	}
}

// pinFits says whether a key of a GPIO line may stand at a device on wire w.
func pinFits(w drivers.Wire, key string) bool {
	return w == drivers.PulseLine || w == drivers.InputLine && key != "spacing"
}

// slave judges the id of a 1-Wire slave.
func (l *loader) slave(d *Device) {
	if d.Slave == "" || l.wrong("devices", d.ID, "id") {
		return
	}
	if err := w1.CheckID(d.Slave); err != nil {
		l.say("E2605", err.Error(), "devices", d.ID, "id")
	}
}

// pinRows show how a GPIO line is used.
func pinRows(d Device, part string, add adder) {
	if d.Wire != drivers.InputLine && d.Wire != drivers.PulseLine {
		return
	}
	at := func(key string) []string { return []string{"devices", d.ID, key} }
	add(cmp.Or(d.Contact.Active, "high"), part, at("active")...)
	add(cmp.Or(d.Contact.Pull, "as the board has it"), part, at("pull")...)
	add(d.Contact.Debounce, part, at("debounce")...)
	if d.Wire == drivers.PulseLine {
		add(d.Contact.Spacing, part, at("spacing")...)
	}
}
