package aggregator

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/notify"
	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/notify/link"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// openNotify opens the office that tells people of alerts, if the settings say whom.
func (p *parts) openNotify(ctx context.Context) (err error) {
	n := p.o.Settings.Notify
	if n == nil {
		return nil
	}
	o := notify.Options{
		DB: p.db, Base: n.Console, Zone: n.Place, Words: n.Words, Within: func(code, of string) bool { return p.places.Contains(of, code) }, Log: p.o.Log.With("part", "notify"), Record: p.noteDeed,
		Person: p.person, May: p.mayByLink,
		Trouble: func(t notify.Trouble) {
			if t.Over {
				p.o.Log.Info("a notification channel works again", "channel", t.Channel)
				return
			}
			p.o.Log.Error("a notification channel does not get through", "channel", t.Channel, "error", t.Error)
		},
	}
	for _, id := range slices.Sorted(maps.Keys(n.Channels)) {
		o.Channels = append(o.Channels, tellBy(id, n.Channels[id], n.Guard, "/lamppost/"+p.store.ID()))
	}
	for _, id := range slices.Sorted(maps.Keys(n.Rules)) {
		o.Rules = append(o.Rules, tellRule(id, n.Rules[id], n.Place))
	}
	if p.notify, err = notify.Open(ctx, o); err != nil {
		return storage(err)
	}
	return nil
}

// tellBy makes a channel as it is set.
func tellBy(id string, s settings.Channel, g *channel.Guard, source string) notify.Channel {
	c := notify.Channel{ID: id, Lang: s.Language, PerMinute: s.PerMinute, GiveUp: s.GiveUp, Group: true}
	web := channel.Web{Guard: g}
	switch {
	case s.DingTalk != nil:
		c.Sender = &channel.DingTalk{Web: web, Base: s.DingTalk.URL, Token: s.DingTalk.Token, Secret: s.DingTalk.Secret}
	case s.WeCom != nil:
		c.Sender = &channel.WeCom{Web: web, Base: s.WeCom.URL, Key: s.WeCom.Key}
	case s.Feishu != nil:
		c.Sender = &channel.Feishu{Web: web, Base: s.Feishu.URL, Hook: s.Feishu.Hook, Secret: s.Feishu.Secret}
		c.PerMinute = cmp.Or(c.PerMinute, 100)
	case s.Webhook != nil:
		c.Sender = &channel.Webhook{Web: web, URL: s.Webhook.URL, Source: source, Secrets: s.Webhook.Secrets}
		c.Machine, c.PerMinute = true, cmp.Or(c.PerMinute, 600)
	case s.Mail != nil:
		m := s.Mail
		c.Sender = &channel.Mail{Guard: g, Host: m.Host, Port: m.Port, Security: m.Security, From: m.From, To: m.To, Username: m.Username, Password: m.Password}
		c.Personal, c.Group = true, len(m.To) > 0
		c.PerMinute = cmp.Or(c.PerMinute, 60)
	case s.Topic != nil:
		c.Sender = &channel.MQTT{Guard: g, Broker: s.Topic.Broker, Topic: s.Topic.Topic, Source: source, Username: s.Topic.Username, Password: s.Topic.Password}
		c.Machine, c.PerMinute = true, cmp.Or(c.PerMinute, 600)
	}
	return c
}

func tellRule(id string, s settings.Rule, zone *time.Location) notify.Rule {
	r := notify.Rule{ID: id, Severities: s.Severities, Areas: s.Areas, Categories: s.Categories, Kinds: s.Kinds, About: s.About, Channels: s.Channels, People: s.People}
	if s.Hours != nil {
		r.Hours = &notify.Hours{Days: s.Hours.Weekdays, From: s.Hours.Start, To: s.Hours.End, Zone: zone}
	}
	return r
}

// news is how old what an alert last said may be, to be told all the same.
const news = 24 * time.Hour

// noticeAlerts takes changed alerts into what people are told, in the transaction that
// stores them: whatever kills the program, an alert that it has is told, once.
func (p *parts) noticeAlerts(ctx context.Context, tx *sql.Tx, alerts []view.Alert) error {
	if p.notify == nil {
		return nil
	}
	now := time.Now()
	var events []notify.Event
	for _, a := range alerts {
		if now.Sub(time.UnixMilli(a.At)) > news {
			continue
		}
		e := alertEvent(a)
		n, err := p.cases.Turn(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if n > 1 { // as it was before, perhaps, but not since then
			e.ID = fmt.Sprintf("%s/%d", e.ID, n)
		}
		if p.docket != nil {
			if e.Case, err = p.docket.CaseOf(ctx, tx, a.ID); err != nil {
				return err
			}
		}
		events = append(events, e)
	}
	return p.takeIn(ctx, tx, now, events)
}

// takeIn takes events that can be told. One that cannot is no reason to lose what it is about.
func (p *parts) takeIn(ctx context.Context, tx *sql.Tx, now time.Time, events []notify.Event) error {
	events = slices.DeleteFunc(events, func(e notify.Event) bool {
		err := e.Check()
		if err != nil {
			p.o.Log.Warn("something is told to nobody", "event", e.ID, "error", err)
		}
		return err != nil
	})
	return p.notify.TakeIn(ctx, tx, now, events...)
}

// tellStanding tells what was raised while nobody was to be told; what was told is left out.
func (p *parts) tellStanding(ctx context.Context) error {
	for {
		since := time.Now().Add(-news)
		err := p.cases.Renotify(ctx, since)
		if err == nil && p.docket != nil {
			err = p.docket.Renotify(ctx, since, p.noticeStanding)
		}
		if err == nil || ctx.Err() != nil {
			p.notify.Wake()
			return nil
		}
		p.o.Log.Error("alerts and cases are told later: the database does not answer", "error", err)
		pause := time.NewTimer(time.Minute)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

// alertEvent is how an alert stands now, as an event. Its id says how that is, not how often
// it was so.
func alertEvent(a view.Alert) notify.Event {
	e := notify.Event{
		Subject: a.ID, About: "alert", Kind: "raised", First: true, Severity: a.Severity, Area: a.Area, Rule: a.Rule, At: a.At, Source: sourceOf(a.Gateway),
		Text: view.Text{Zh: short(cmp.Or(a.Text["zh"], a.Text["en"], a.Rule), maxSaid), En: short(cmp.Or(a.Text["en"], a.Text["zh"], a.Rule), maxSaid)},
		Path: "/alerts/" + a.ID, Ack: a.Condition == "active" && a.Acknowledged == nil,
		Place: view.Text{Zh: strings.TrimSpace(a.Gateway + " " + a.Device), En: strings.TrimSpace(a.Gateway + " " + a.Device)},
	}
	step := string(a.Severity) + "-" + a.Stage
	switch {
	case a.Condition == "cleared":
		step, e.Kind, e.First, e.State = "cleared", "cleared", false, view.Text{Zh: "已解除", En: "over"}
	case a.Acknowledged != nil:
		step, e.Kind, e.First = "acknowledged-"+step, "acknowledged", false
		e.State = view.Text{Zh: a.Acknowledged.By + " 已确认", En: "acknowledged by " + a.Acknowledged.By}
	case a.Stage == "forecast":
		e.State = view.Text{Zh: "预计将达到", En: "expected"}
	}
	e.ID = fmt.Sprintf("alert/%s/%s", a.ID, step)
	return e
}

// sourceOf names a gateway where channels are shared out.
func sourceOf(gateway string) string { return short("gateway/"+gateway, 200) }

// maxSaid is how many bytes of what an alert or case says are told.
const maxSaid = 2000

// short is the beginning of a text, at most so many bytes.
func short(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "") }

// front is everything else, and before it the page of the links in messages: who has a link
// needs no account, and proves nothing by having one.
func (p *parts) front(rest http.Handler) http.Handler {
	if p.notify == nil {
		return rest
	}
	page := p.acknowledgePage()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == notify.AckPath {
			page.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), linkKey{}, p.addressOf(r))))
			return
		}
		rest.ServeHTTP(w, r)
	})
}

func (p *parts) acknowledgePage() http.Handler {
	return p.notify.Pages(
		func(ctx context.Context, g link.Grant) (view.Text, error) {
			if _, err := p.byLink(ctx, g, g.Person); err != nil {
				return view.Text{}, err
			}
			if c, ok := strings.CutPrefix(g.Subject, caseSubject); ok {
				return p.aboutCase(ctx, c, time.Now())
			}
			a, err := p.cases.Get(ctx, g.Subject)
			return alertEvent(a).Text, err
		},
		func(ctx context.Context, g link.Grant, by string) error {
			by, err := p.byLink(ctx, g, by)
			if err != nil {
				return err
			}
			if c, ok := strings.CutPrefix(g.Subject, caseSubject); ok {
				return p.acknowledgeCase(ctx, c, by, time.Now())
			}
			return p.cases.Acknowledge(ctx, g.Subject, by, "", time.Now())
		})
}
