package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxPosts bounds what waits to be published beside acknowledgements.
const maxPosts = 256

// Send publishes a message to a gateway, not retained, over the connection for
// acknowledgements. false: there is no connection, or no room. It never blocks. What
// is lost with the connection is not published again: the caller asks once more.
func (in *Ingest) Send(topic string, payload []byte) bool {
	if in.ack.why() != "" {
		return false
	}
	select {
	case in.posts <- posted{topic, payload}:
		return true
	default:
		return false
	}
}

// came tells whoever has something for the gateway that it is there.
func (in *Ingest) came(gateway string, online bool) {
	if online && in.o.Commands != nil {
		in.o.Commands.Came(gateway)
	}
}

// replies consumes the lane of answers to commands.
func (in *Ingest) replies(l *lane) func(context.Context) error {
	return func(ctx context.Context) error {
		return in.each(ctx, l, func(topic wire.Topic, it item) error {
			var r wire.Reply
			if err := wire.Decode(it.Payload(), &r); err != nil {
				return err
			}
			if r.ID != topic.ID {
				return fmt.Errorf("the reply says it is %s, the topic %s", r.ID, topic.ID)
			}
			if !in.keep(ctx, func() error { return in.o.Commands.Reply(ctx, topic.Gateway, r, time.Now()) }) {
				return nil
			}
			l.done(it)
			return nil
		})
	}
}
