package ingest

import (
	"context"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// onlooker takes the live packs that other aggregators store, and its own once more, only
// to show them. It acknowledges nothing, and what it cannot use is the business of who
// stores it.
type onlooker struct {
	in     *Ingest
	lane   *lane
	unpack wire.Unpacker
}

func (o *onlooker) run(ctx context.Context) error {
	for {
		group := o.lane.next(ctx, groupPacks)
		if group == nil {
			return nil
		}
		for _, it := range group {
			o.look(it)
			o.lane.done(it)
		}
	}
}

func (o *onlooker) look(it item) {
	topic, err := wire.ParseTopic(o.in.o.Prefix, it.Topic())
	if err != nil {
		return
	}
	pack, err := o.unpack.Unpack(topic.Gateway, it.Payload())
	if err != nil || pack.Lane != wire.Live {
		return
	}
	// One gateway too many is refused where its pack is stored.
	_ = o.in.o.Fleet.Observe(*pack, it.at)
}
