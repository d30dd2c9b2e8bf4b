package config

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Grant says what the holder of a key may ask for from afar.
type Grant struct {
	ID      string // names the holder
	Key     ed25519.PublicKey
	May     []string // kinds of wire.Command
	Outputs []string // that may be switched
}

type grantKeys struct {
	Key     string   `yaml:"key,required"`
	May     []string `yaml:"may,required"`
	Outputs []string `yaml:"outputs"`
}

// grants judges who may command, in the order of the file.
func (l *loader) grants(u *Uplink, keys map[string]grantKeys) {
	if l.has("uplink", "rewind_keys") {
		l.sayKey("E2212", "who may ask for what stands under commands; write commands: {center: {key: \"…\", may: [rewind]}}", "uplink", "rewind_keys")
	}
	ids := l.doc.Node("uplink", "commands").Keys()
	if len(ids) > maxKeys {
		l.sayKey("E2003", fmt.Sprintf("%d keys are too many; at most %d", len(ids), maxKeys), "uplink", "commands")
		return
	}
	for _, id := range ids {
		path := []string{"uplink", "commands", id}
		if l.id(id, path...); l.wrong(path...) {
			continue
		}
		k := keys[id]
		g := Grant{ID: id, May: k.May, Outputs: k.Outputs}
		l.grantKey(&g, u, k.Key, path)
		l.mayAsk(g, path)
		l.maySwitch(g, path)
		u.Commands = append(u.Commands, g)
	}
}

func (l *loader) grantKey(g *Grant, u *Uplink, text string, path []string) {
	at := append(path[:len(path):len(path)], "key")
	if !l.has(at...) || l.wrong(at...) {
		return
	}
	key, err := wire.ParseKey(text)
	if err != nil || key.Equal(make(ed25519.PublicKey, ed25519.PublicKeySize)) {
		l.say("E2211", "this is not an Ed25519 public key; write the 44 characters of base64 that the aggregator shows", at...)
		return
	}
	if i := slices.IndexFunc(u.Commands, func(o Grant) bool { return o.Key.Equal(key) }); i >= 0 {
		l.say("E2212", fmt.Sprintf("%s has this key already; grant there what it may ask for", u.Commands[i].ID), at...)
	}
	g.Key = key
}

// mayAsk judges the kinds.
func (l *loader) mayAsk(g Grant, path []string) {
	at := append(path[:len(path):len(path)], "may")
	if len(g.May) == 0 && l.has(path...) && l.doc.Node(at...) != nil && !l.wrong(at...) {
		l.sayKey("E2212", "a key that may ask for nothing is not needed; write may: [rewind, acknowledge, read, still], or delete it", at...)
	}
	for i, kind := range g.May {
		place := append(at[:len(at):len(at)], fmt.Sprint(i))
		switch {
		case !slices.Contains(wire.Kinds(), kind):
			l.say("E2212", fmt.Sprintf("%q cannot be asked for; %s", kind, yamldoc.Hint(kind, wire.Kinds())), place...)
		case slices.Index(g.May, kind) < i:
			l.say("E2212", fmt.Sprintf("%s is granted already; name it once", kind), place...)
		case kind == wire.KindActuate && len(g.Outputs) == 0 && !l.wrong(append(path[:len(path):len(path)], "outputs")...):
			l.say("E2212", "say which outputs may be switched from afar; add outputs: […] beside it", place...)
		}
	}
}

// maySwitch judges the outputs.
func (l *loader) maySwitch(g Grant, path []string) {
	at := append(path[:len(path):len(path)], "outputs")
	if len(g.Outputs) > 0 && !slices.Contains(g.May, wire.KindActuate) {
		l.sayKey("E2212", "outputs are for those who may actuate; add actuate to may, or delete outputs", at...)
	}
	known := l.doc.Node("outputs").Keys()
	for i, id := range g.Outputs {
		if slices.Contains(known, id) {
			continue
		}
		hint := yamldoc.Hint(id, known)
		if len(known) == 0 {
			hint = "add it under outputs:"
		}
		l.say("E2212", fmt.Sprintf("there is no output %q; %s", id, hint), append(at[:len(at):len(at)], fmt.Sprint(i))...)
	}
}

// grantRows lists who may ask for what.
func grantRows(gs []Grant, add adder) {
	for _, g := range gs {
		add(wire.FormatKey(g.Key), "", "uplink", "commands", g.ID, "key")
		add(strings.Join(g.May, ", "), "", "uplink", "commands", g.ID, "may")
		add(strings.Join(g.Outputs, ", "), "", "uplink", "commands", g.ID, "outputs")
	}
}
