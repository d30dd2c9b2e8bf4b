package aggregator

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/lamppost-city/lamppost/cloud/commands"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// openCommands opens the desk from which gateways are asked for things. What it
// sends goes out through ingest, which is opened after it.
func (p *parts) openCommands(ctx context.Context) error {
	key, err := sharedKey(ctx, p, commands.KeyFile, commands.EnsureKey)
	if err != nil {
		return keyError(err)
	}
	p.commands = commands.New(commands.Options{
		DB: p.db, Key: key, Prefix: p.o.Settings.Prefix, Store: p.store.ID,
		Online: func(gateway string) (online, known bool) {
			g, known := p.fleet.Gateway(gateway)
			return g.Online, known
		},
		Send:    func(topic string, payload []byte) bool { return p.ingest.Send(topic, payload) },
		Publish: p.publish, Record: p.noteDeed,
		Log: p.o.Log.With("part", "commands"),
	})
	return nil
}

// silence asks the gateway of an alert that somebody has seen to silence its sirens, with
// the acknowledgement or not at all. A gateway that cannot be asked is no reason to forget
// that the alert was seen: that is in the log.
func (p *parts) silence(ctx context.Context, tx *sql.Tx, alert, gateway, by string, at time.Time) (committed func(), err error) {
	v, err := p.commands.AskIn(ctx, tx, gateway, view.Ask{Kind: wire.KindAcknowledge, Alert: alert, By: by}, at)
	var wrong *view.FieldError
	switch {
	case errors.Is(err, view.ErrUnknown), errors.Is(err, view.ErrBusy), errors.As(err, &wrong):
		p.o.Log.Warn("a gateway is not told that its alert was acknowledged", "gateway", gateway, "alert", alert, "error", err)
		return nil, nil
	case err != nil:
		return nil, err
	}
	return func() { p.commands.Asked(v) }, nil
}
