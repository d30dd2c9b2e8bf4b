package aggregator

import (
	"context"

	"github.com/lamppost-city/lamppost/cloud/commands"
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
