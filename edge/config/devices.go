package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// deviceKeys are the keys that every device may have, whatever its driver.
type deviceKeys struct {
	Driver  string         `yaml:"driver"`
	Profile string         `yaml:"profile"`
	Bus     string         `yaml:"bus"`
	Address *yamldoc.Node  `yaml:"address"` // a number, for SDI-12 a character
	Pin     string         `yaml:"line"`
	Slave   string         `yaml:"id"`
	Port    string         `yaml:"port"`
	URL     string         `yaml:"url"`
	Line    lineKeys       `yaml:",inline"`
	Contact pinKeys        `yaml:",inline"`
	Every   *time.Duration `yaml:"every"`
	Timeout *time.Duration `yaml:"timeout"`
	Name    texts          `yaml:"name"`
	Upload  *uploadKeys    `yaml:"upload"`

	Checks map[string]obs.Checks `yaml:"checks"` // by channel
}

type uploadKeys struct {
	Every time.Duration `yaml:"every,required"`
}

// commonKeys are those of deviceKeys, for the drivers' own decoding.
var commonKeys = []string{"driver", "profile", "bus", "address", "line", "id", "port", "url", "baud", "parity", "stop", "data", "rs485", "echo", "active", "pull", "debounce", "spacing", "every", "timeout", "name", "upload", "checks"}

// reserved is the device id under which the gateway itself reports.
const reserved = "gateway"

const (
	maxEvery  = 24 * time.Hour
	minEvery  = 10 * time.Millisecond
	maxUpload = 24 * time.Hour
)

// texts is a text in several languages, or one text for all of them.
type texts map[string]string

// UnmarshalNode reads {zh: …, en: …} or a plain text.
func (t *texts) UnmarshalNode(n *yamldoc.Node) error {
	if n.Kind() == yamldoc.Scalar {
		*t = texts{"zh": n.Text(), "en": n.Text()}
		return nil
	}
	var k struct {
		ZH string `yaml:"zh"`
		EN string `yaml:"en"`
	}
	err := n.Decode(&k)
	*t = texts{}
	for lang, text := range map[string]string{"zh": k.ZH, "en": k.EN} {
		if text != "" {
			(*t)[lang] = text
		}
	}
	return err
}

func (l *loader) devices() {
	ids := l.doc.Node("devices").Keys()
	if len(ids) > maxDevices {
		l.sayKey("E2003", fmt.Sprintf("%d devices are too many for one gateway; at most %d", len(ids), maxDevices), "devices")
	}
	for _, id := range ids {
		if l.id(id, "devices", id); id == reserved {
			l.sayKey("E2002", "the gateway reports its own state under this id; choose another", "devices", id)
		}
		if d, ok := l.device(id, l.doc.Node("devices", id)); ok {
			l.config.Devices = append(l.config.Devices, d)
		}
	}
	for i := range l.config.Buses {
		l.settle(&l.config.Buses[i])
	}
	l.besides()
}

// device judges one device; ok is false if it cannot be planned.
func (l *loader) device(id string, n *yamldoc.Node) (Device, bool) {
	var k deviceKeys
	before := len(l.problems)
	l.take(n.DecodeKnown(&k))
	if n.Kind() != yamldoc.Map && len(l.problems) > before {
		return Device{}, false
	}
	d := Device{ID: id, Driver: k.Driver, Profile: k.Profile, Bus: k.Bus, Pin: k.Pin, Slave: k.Slave, Port: l.found(k.Port), URL: k.URL, Name: k.Name}
	for lang, text := range k.Name {
		l.short(text, maxText, "devices", id, "name", lang)
	}
	kind, ok := l.kindOf(&d)
	if !ok {
		return Device{}, false
	}
	d.Wire = kind.Wire
	d.Options = optionText(n)
	d.Mark, d.Files = l.mark(n, d.Profile), files(n)
	before = len(l.problems)
	if d.Plan, ok = l.plan(kind, id, n); !ok {
		l.half(d, k, len(l.problems) > before)
		return Device{}, false
	}
	d.Line = d.Plan.Line
	l.connection(&d, k)
	l.times(&d, k)
	if ok = l.metrics(&d); ok {
		l.possible(d)
	}
	l.checks(&d, k.Checks)
	return d, ok
}

// reads names the driver of a profile: the one that knows it. Of a profile that nobody
// knows the first that knows any says so.
func (l *loader) reads(profile string) (driver string) {
	for _, k := range l.env.Kinds {
		if slices.Contains(k.Profiles, profile) {
			return k.Name
		}
		if driver == "" && k.Profiles != nil {
			driver = k.Name
		}
	}
	return driver
}

// kindOf finds the driver of a device.
func (l *loader) kindOf(d *Device) (drivers.Kind, bool) {
	switch {
	case d.Driver == "" && d.Profile == "":
		l.sayKey("E2601", "a device needs a driver or a profile; write profile: keller-36xw or driver: pms5003, for example", "devices", d.ID)
		return drivers.Kind{}, false
	case d.Driver == "":
		d.Driver = l.reads(d.Profile)
	}
	i := slices.IndexFunc(l.env.Kinds, func(k drivers.Kind) bool { return k.Name == d.Driver })
	if i < 0 {
		var names []string
		for _, k := range l.env.Kinds {
			names = append(names, k.Name)
		}
		if slices.Contains(switchers, d.Driver) {
			l.say("E2602", fmt.Sprintf("a %s switches and measures nothing; write it under outputs:, like %s: {bus: gpio, line: GPIO27, max_on: 2m}", d.Driver, d.ID), "devices", d.ID, "driver")
			return drivers.Kind{}, false
		}
		l.say("E2602", fmt.Sprintf("there is no driver %q; %s", d.Driver, yamldoc.Hint(d.Driver, names)), "devices", d.ID, "driver")
		return drivers.Kind{}, false
	}
	if d.Profile != "" && l.env.Kinds[i].Profiles == nil {
		l.sayKey("E2601", d.Driver+" takes no profile; delete one of the two keys", "devices", d.ID, "profile")
		return drivers.Kind{}, false
	}
	return l.env.Kinds[i], true
}

// switchers are what people look for among the drivers and what is an output.
var switchers = []string{"relay", "output", "siren", "pump", "valve", "lamp"}

// keysOn parts the keys of every device into those that a driver's wire has and others.
func keysOn(kind drivers.Kind) (fit, unfit []string) {
	for _, key := range commonKeys {
		ok := !slices.Contains(placeKeys, key) && key != "url" || fits(kind.Wire, key)
		switch key {
		case "profile":
			ok = kind.Profiles != nil
		case "upload":
			ok = kind.Wire == drivers.HTTPHost
		}
		if ok {
			fit = append(fit, key)
		} else {
			unfit = append(unfit, key)
		}
	}
	return fit, unfit
}

// half judges what can be judged of a device whose options are wrong, and keeps what it
// needs. refused: they are; else its profile has mistakes, and it would be judged by what
// nobody knows.
func (l *loader) half(d Device, k deviceKeys, refused bool) {
	p := d.Plan
	if d.Plan = nil; refused {
		l.connection(&d, k)
	}
	if p == nil {
		return
	}
	if d.Plan = p; p.MinEvery > 0 {
		l.times(&d, k)
	}
	l.wants = append(l.wants, Device{ID: d.ID, Driver: d.Driver, Plan: &drivers.Plan{Needs: p.Needs}})
}

// plan lets the driver judge its own options. Where ok is false p may hold what is known
// all the same, as drivers.Kind says.
func (l *loader) plan(kind drivers.Kind, id string, n *yamldoc.Node) (p *drivers.Plan, ok bool) {
	defer func() { // a driver's mistake must not stop the gateway that reloads
		if r := recover(); r != nil {
			l.sayKey("E2608", fmt.Sprintf("the driver %s gave up on this: %v", kind.Name, r), "devices", id)
			p, ok = nil, false
		}
	}()
	fit, unfit := keysOn(kind)
	p, err := kind.Plan(func(options any) error { return n.DecodeFitting(options, fit, unfit) })
	if err == nil {
		return p, p != nil
	}
	l.refused(n, err, id)
	var unread yamldoc.Problems
	if errors.As(err, &unread) && len(unread) > 0 {
		if p = l.hidden(kind, n, fit, unfit); p != nil {
			p = &drivers.Plan{Needs: p.Needs} // the rest may follow from what is wrong
		}
	}
	return p, false
}

// option finds the key that a driver means. Dots descend, but a channel's name
// may have one itself.
func (l *loader) option(n *yamldoc.Node, e *drivers.OptionError) {
	at, rest := n, e.Key
	for rest != "" {
		next := at.Node(rest)
		key := rest
		for next == nil && strings.Contains(key, ".") {
			key = key[:strings.LastIndexByte(key, '.')]
			next = at.Node(key)
		}
		if next == nil {
			break
		}
		at, rest = next, strings.TrimPrefix(rest[len(key):], ".")
	}
	if at == n {
		l.report(n.KeyProblem("E2608", e.Key+": "+e.Msg))
		return
	}
	l.report(at.Problem("E2608", e.Msg))
}

// times judges interval, timeout and pictures.
func (l *loader) times(d *Device, k deviceKeys) {
	d.Every = max(DefaultEvery, d.Plan.MinEvery)
	if k.Every != nil && l.has("devices", d.ID, "every") && !l.wrong("devices", d.ID, "every") {
		d.Every = *k.Every
		least := max(minEvery, d.Plan.MinEvery)
		switch part := cmp.Or(d.Profile, d.Driver); {
		case d.Every < least:
			l.say("E2606", fmt.Sprintf("%s is shorter than the %s allows; write %s or longer", brief(d.Every), part, brief(least)), "devices", d.ID, "every")
		case d.Every > maxEvery:
			l.say("E2606", "an interval is at most a day; write 24h or less", "devices", d.ID, "every")
		}
	}
	d.Timeout = d.Plan.Timeout
	if k.Timeout != nil && !l.wrong("devices", d.ID, "timeout") {
		if d.Timeout = *k.Timeout; d.Timeout < minEvery || d.Timeout > time.Minute {
			l.say("E2606", "a timeout is 10ms to 1m; leave it out for what the part needs", "devices", d.ID, "timeout")
		}
	}
	if k.Upload != nil && (!camera(*d) || !l.wrong("devices", d.ID, "upload")) {
		l.upload(d, k.Upload.Every)
	}
}

// wrongBelow says whether a problem was reported at path or anywhere below it.
func (l *loader) wrongBelow(path ...string) bool {
	n := l.doc.Node(path...)
	if n == nil {
		return false
	}
	if l.wrong(path...) {
		return true
	}
	for _, key := range n.Keys() {
		at := n.Node(key).KeyProblem("", "")
		if slices.ContainsFunc(l.problems, func(p yamldoc.Problem) bool { return p.Line == at.Line && p.Col == at.Col && !p.Warning() }) ||
			l.wrongBelow(append(path[:len(path):len(path)], key)...) {
			return true
		}
	}
	for i := range n.Len() {
		if l.wrongBelow(append(path[:len(path):len(path)], strconv.Itoa(i))...) {
			return true
		}
	}
	return false
}

// wrong says whether a problem was reported at path already.
func (l *loader) wrong(path ...string) bool {
	at := l.doc.Problem(path, "", "")
	return slices.ContainsFunc(l.problems, func(p yamldoc.Problem) bool { return p.Line == at.Line && p.Col == at.Col && !p.Warning() })
}

func (l *loader) upload(d *Device, every time.Duration) {
	switch {
	case !camera(*d):
		l.sayKey("E2607", fmt.Sprintf("a %s makes no pictures; delete upload", d.Driver), "devices", d.ID, "upload")
	case every < d.Every && !l.wrong("devices", d.ID, "upload", "every"):
		l.say("E2607", fmt.Sprintf("pictures are taken every %s; write that or longer, or shorten the device's own every", brief(d.Every)), "devices", d.ID, "upload", "every")
	case every > maxUpload:
		l.say("E2607", "an upload interval is at most a day; leave upload out to send pictures with alerts only", "devices", d.ID, "upload", "every")
	}
	d.Upload = every
}

// camera says whether a device makes pictures.
func camera(d Device) bool { return d.Driver == "camera" }
