package aggregator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/docket"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// watches are the rows of which every aggregator on a database has to know when one of them
// writes them. The kinds are the names of the live events, and "areas".
func watches() []database.Watch {
	return []database.Watch{
		{Kind: "alert", When: "insert or update on alert", Key: "new.id"},
		{Kind: "case", When: "insert or update of version on casefile", Key: "new.id"},
		{Kind: "command", When: "insert or update of state on command", Key: "new.id"},
		{Kind: "image", When: "insert on image", Key: "new.id"},
		{Kind: "gap", When: "insert or update on gap", Key: "json_build_array(new.gateway, new.epoch, new.seq)::text"},
		{Kind: "missing", When: "insert on missing_picture", Key: "json_build_array(new.gateway, new.image)::text"},
		{Kind: "areas", When: "update on area_version", Key: "new.part"},
	}
}

// openFeed lets this aggregator hear what all of them write, itself included, where several
// share the database.
func (p *parts) openFeed(ctx context.Context) (err error) {
	if !p.o.Settings.MQTT.Share {
		if err := p.db.Unfollow(ctx); err != nil {
			return storage(err)
		}
		return nil
	}
	all := watches()
	if p.feed, err = p.db.Follow(ctx, all...); err != nil {
		return storage(err)
	}
	p.fed = map[string]bool{}
	for _, w := range all {
		p.fed[w.Kind] = true
	}
	return nil
}

// hearAll takes over what aggregators write, until ctx ends. It returns nil.
func (p *parts) hearAll(ctx context.Context) error {
	if p.feed == nil {
		return nil
	}
	return p.feed.Run(ctx, p.hear, p.rereadAll, func(err error) {
		p.o.Log.Error("what other aggregators change is not known yet", "error", err)
	})
}

func (p *parts) hear(ctx context.Context, changes []database.Change) error {
	for _, c := range changes {
		err := p.hearOne(ctx, c)
		if err == nil || errors.Is(err, view.ErrUnknown) {
			continue // or it is gone already
		}
		if p.db.Check(ctx) != nil {
			return err // it is told again when the database answers
		}
		p.o.Log.Error("a change cannot be shown", "event", c.Kind, "about", c.Key, "error", err)
	}
	return nil
}

// hearOne takes over one change, and shows it.
func (p *parts) hearOne(ctx context.Context, c database.Change) error {
	switch c.Kind {
	case "alert":
		a, err := p.cases.Heard(ctx, c.Key)
		return p.showIf(err, c.Kind, a)
	case "case":
		if p.docket == nil {
			return nil
		}
		k, err := p.docket.Heard(ctx, c.Key)
		return p.showIf(err, c.Kind, docket.Show(k, time.Now().UnixMilli()))
	case "command":
		v, err := p.commands.Get(ctx, c.Key)
		return p.showIf(err, c.Kind, v)
	case "image":
		v, err := p.images.Heard(ctx, c.Key)
		return p.showIf(err, c.Kind, v)
	case "areas":
		return p.places.Heard(ctx)
	}
	return p.hearFleet(ctx, c)
}

// hearFleet takes over what the fleet keeps.
func (p *parts) hearFleet(ctx context.Context, c database.Change) error {
	var gateway, rest string
	var seq int64
	key := []any{&gateway, &rest, &seq}
	if err := json.Unmarshal([]byte(c.Key), &key); err != nil {
		return fmt.Errorf("%s %s: %w", c.Kind, c.Key, err)
	}
	if c.Kind == "missing" {
		all, err := p.fleet.Missing(ctx, []string{rest})
		for _, m := range all {
			if m.Gateway == gateway {
				p.show(c.Kind, m)
			}
		}
		return err
	}
	g, ok, err := p.fleet.Gap(ctx, gateway, rest, seq)
	if ok {
		p.show(c.Kind, g)
	}
	return err
}

func (p *parts) showIf(err error, event string, doc any) error {
	if err == nil {
		p.show(event, doc)
	}
	return err
}

// rereadAll reads everything anew that is kept in memory, and lets the consoles do the same.
func (p *parts) rereadAll(ctx context.Context) error {
	for _, again := range []func(context.Context) error{p.cases.Reread, p.images.Reread, p.places.Heard, p.fleet.Heard} {
		if err := again(ctx); err != nil {
			return err
		}
	}
	p.live.Resync()
	p.o.Log.Warn("this aggregator was cut off for long and has read everything anew")
	return nil
}
