package gateway

import (
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/notify"
	"github.com/lamppost-city/lamppost/edge/rule"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// newOffice makes who tells a configuration's targets; they are told while it runs.
func (g *Gateway) newOffice(cfg *config.Config) *notify.Office {
	var targets []notify.Target
	for _, t := range cfg.Notify {
		var s notify.Sender = &notify.Webhook{URL: t.Webhook, SecretFile: t.SecretFile, CAFile: t.CAFile}
		if t.MQTT != "" {
			s = &notify.MQTT{Broker: t.MQTT, Topic: t.Topic, ClientID: "lamppost-" + g.id + "-" + t.ID, Username: t.Username,
				PasswordFile: t.PasswordFile, CAFile: t.CAFile}
		}
		targets = append(targets, notify.Target{ID: t.ID, Timeout: t.Timeout, Sender: s})
	}
	return notify.New(g.id, targets, func(target, result string) { g.told.WithLabelValues(target, result).Inc() }, g.log)
}

// targetsView is which targets could not be told. The caller holds the lock.
func (g *Gateway) targetsView() (out []health.Target) {
	if g.gen == nil {
		return nil
	}
	for _, t := range g.gen.office.Troubles() {
		out = append(out, health.Target{ID: t.Target, Error: clip(t.Error), For: time.Since(t.Since), Waiting: t.Waiting, Refused: t.Refused})
	}
	return out
}

// after is what a rule does beside its outputs.
type after struct {
	notify  []string // targets
	closer  *config.Rule
	devices []string // that it looks at closer
}

// afterRules is what the rules of a configuration do beside their outputs.
func afterRules(cfg *config.Config) map[string]after {
	out := map[string]after{}
	for i, r := range cfg.Rules {
		a := after{notify: r.Notify}
		if r.Closer > 0 {
			a.closer, a.devices = &cfg.Rules[i], cfg.Sources(r)
		}
		out[r.ID] = a
	}
	return out
}

// tellTargets hands a revision to those whom its rule tells. It does not block.
func (g *Gateway) tellTargets(a wire.Alert) {
	if g.gen != nil {
		g.gen.office.Tell(g.gen.after[a.Rule].notify, a)
	}
}

// lookCloser lets the lines know how often devices are to be read, now that a rule's
// phase may have changed: as often as the rule wants that is not at rest and wants it
// most.
func (gen *generation) lookCloser(changed string) {
	for _, device := range gen.after[changed].devices {
		pace := gen.lines.pace(device)
		if pace == nil {
			continue
		}
		pace.Closer(gen.closest(device))
	}
}

// closest is how often a device is to be read beside its grid; 0: not at all.
func (gen *generation) closest(device string) (every time.Duration) {
	for id, a := range gen.after {
		if a.closer == nil || !slices.Contains(a.devices, device) {
			continue
		}
		if p, ok := gen.engine.Phase(id); ok && p != rule.Normal && (every == 0 || a.closer.Closer < every) {
			every = a.closer.Closer
		}
	}
	return every
}
