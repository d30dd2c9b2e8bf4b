package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/address"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Target is a machine on the local network that is told of alerts. Exactly one of
// Webhook and MQTT is set.
type Target struct {
	ID           string
	Webhook      string // http://host/path, https://host/path
	SecretFile   string // of its signature; empty: none
	MQTT         string // a broker: mqtt://host:1883, mqtts://host:8883
	Topic        string
	Username     string
	PasswordFile string
	CAFile       string
	Timeout      time.Duration // of one attempt
}

type targetKeys struct {
	Webhook      string         `yaml:"webhook"`
	SecretFile   yamldoc.Path   `yaml:"secret_file"`
	MQTT         string         `yaml:"mqtt"`
	Topic        string         `yaml:"topic"`
	Username     string         `yaml:"username"`
	PasswordFile yamldoc.Path   `yaml:"password_file"`
	CAFile       yamldoc.Path   `yaml:"ca_file"`
	Timeout      *time.Duration `yaml:"timeout"`
}

// closerKeys say how a rule looks closer.
type closerKeys struct {
	Every *time.Duration `yaml:"every,required"`
}

// Bounds of targets.
const (
	maxTargets         = 16
	defaultTellTimeout = 5 * time.Second
	maxTellTimeout     = time.Minute
	maxTopic           = 200
)

// targets judges who is told.
func (l *loader) targets() {
	ids := l.doc.Node("notify").Keys()
	if len(ids) > maxTargets {
		l.sayKey("E2003", fmt.Sprintf("%d targets are too many for one gateway; at most %d", len(ids), maxTargets), "notify")
	}
	for _, id := range ids {
		if l.id(id, "notify", id); l.wrong("notify", id) {
			continue
		}
		k := l.raw.Notify[id]
		t := Target{ID: id, Webhook: k.Webhook, SecretFile: string(k.SecretFile), MQTT: k.MQTT, Topic: k.Topic, Username: k.Username,
			PasswordFile: string(k.PasswordFile), CAFile: string(k.CAFile), Timeout: defaultTellTimeout}
		l.target(&t, k)
		l.config.Notify = append(l.config.Notify, t)
	}
}

func (l *loader) target(t *Target, k targetKeys) {
	at := func(key string) []string { return []string{"notify", t.ID, key} }
	hook, broker := l.has(at("webhook")...), l.has(at("mqtt")...)
	switch {
	case hook == broker:
		l.sayKey("E3301", "a target is exactly one of webhook and mqtt; write webhook: \"http://192.168.1.40/alarm\", or mqtt: \"mqtt://192.168.1.50:1883\" and topic: …", "notify", t.ID)
	case hook:
		l.whither(t.Webhook, []string{"http", "https"}, "http://192.168.1.40/alarm", at("webhook"))
		l.alien(t.ID, "webhook", "topic", "username", "password_file")
	default:
		l.whither(t.MQTT, []string{"mqtt", "mqtts"}, "mqtt://192.168.1.50:1883", at("mqtt"))
		l.alien(t.ID, "mqtt", "secret_file")
		l.topic(t.Topic, at("topic"))
	}
	if t.PasswordFile != "" && t.Username == "" && broker {
		l.say("E2203", "a password needs a username; add username: … beside it", at("password_file")...)
	}
	if k.Timeout != nil && !l.wrong(at("timeout")...) {
		if t.Timeout = *k.Timeout; t.Timeout < 100*time.Millisecond || t.Timeout > maxTellTimeout {
			l.say("E3303", fmt.Sprintf("one attempt takes 100ms to %s; leave timeout out for %s", brief(maxTellTimeout), brief(defaultTellTimeout)), at("timeout")...)
		}
	}
}

// alien refuses keys that belong to the other kind of target.
func (l *loader) alien(id, kind string, keys ...string) {
	for _, key := range keys {
		if l.has("notify", id, key) {
			l.sayKey("E3304", fmt.Sprintf("%s does not fit a target with %s; delete it", key, kind), "notify", id, key)
		}
	}
}

func (l *loader) whither(text string, schemes []string, like string, path []string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || !slices.Contains(schemes, u.Scheme) || u.Fragment != "" || u.Port() != "" && !validPort(u.Port(), false):
		l.say("E3302", fmt.Sprintf("this is not an address of %s; write it like %s", strings.Join(schemes, " or "), like), path...)
	case u.User != nil:
		l.say("E2202", "a name and password in the address end up in logs; write a file and name that", path...)
	}
}

func (l *loader) topic(text string, path []string) {
	switch {
	case text == "":
		l.sayKey("E3302", "a broker needs the topic under which alerts are published; add topic: site/alerts", path[:2]...)
	case len(text) > maxTopic || strings.ContainsAny(text, "+#\x00") || strings.HasPrefix(text, "$"):
		l.say("E3302", fmt.Sprintf("this is not a topic to publish under; write at most %d bytes without + and #, not beginning with $", maxTopic), path...)
	}
}

// notified judges whom a rule tells.
func (l *loader) notified(r *Rule, ids []string) {
	l.none("E3305", "target", "rules", r.ID, "notify")
	known := l.doc.Node("notify").Keys()
	for i, id := range ids {
		path := []string{"rules", r.ID, "notify", fmt.Sprint(i)}
		switch {
		case !slices.Contains(known, id):
			hint := yamldoc.Hint(id, known)
			if len(known) == 0 {
				hint = "add it under notify:"
			}
			l.say("E3305", fmt.Sprintf("there is no target %q; %s", id, hint), path...)
		case slices.Index(ids, id) < i:
			l.say("E3305", fmt.Sprintf("%s is told by this rule already; name it once", id), path...)
		}
	}
	r.Notify = ids
}

// closer judges how closely a rule looks at what it reads while it is not at rest.
func (l *loader) closer(r *Rule, k closerKeys) {
	if k.Every == nil || l.wrong("rules", r.ID, "look_closer", "every") {
		return
	}
	path := []string{"rules", r.ID, "look_closer", "every"}
	if r.Closer = *k.Every; r.Closer < minEvery {
		l.say("E3306", fmt.Sprintf("nothing is read more often than every %s; write that or more", brief(minEvery)), path...)
		return
	}
	faster := func(d Device) bool {
		return slices.Contains(l.config.Sources(*r), d.ID) && d.Plan != nil && max(r.Closer, d.Plan.MinEvery) < d.Every
	}
	if len(r.Reads) > 0 && !slices.ContainsFunc(l.config.Devices, faster) {
		l.say("W3301", "nothing that this rule reads can be read more often than it is; write a shorter time, or delete look_closer", path...)
	}
}

// Sources returns the devices that a rule's streams come from, also by way of derived
// ones.
func (c *Config) Sources(r Rule) (devices []string) {
	var add func(device string)
	add = func(device string) {
		if slices.Contains(devices, device) {
			return
		}
		devices = append(devices, device)
		i := slices.IndexFunc(c.Derived, func(d Derived) bool { return d.ID == device })
		if i < 0 {
			return
		}
		for _, of := range c.Derived[i].Of {
			add(of.Stream.Device)
		}
	}
	for _, st := range r.Reads {
		add(st.Device)
	}
	return slices.DeleteFunc(devices, func(id string) bool {
		return !slices.ContainsFunc(c.Devices, func(d Device) bool { return d.ID == id })
	})
}

func targetRows(t Target, add adder) {
	at := func(key string) []string { return []string{"notify", t.ID, key} }
	add(address.Show(t.Webhook), "", at("webhook")...)
	add(t.SecretFile, "", at("secret_file")...)
	add(address.Show(t.MQTT), "", at("mqtt")...)
	add(t.Topic, "", at("topic")...)
	add(t.Username, "", at("username")...)
	add(t.PasswordFile, "", at("password_file")...)
	add(t.CAFile, "", at("ca_file")...)
	add(t.Timeout, "default", at("timeout")...)
}

func toldRows(r Rule, add adder) {
	add(strings.Join(r.Notify, ", "), "", "rules", r.ID, "notify")
	add(r.Closer, "", "rules", r.ID, "look_closer", "every")
}
