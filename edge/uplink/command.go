package uplink

import (
	"context"
	"fmt"
	"sync"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxCommands bounds the commands that are carried out at once, those that wait for
// that, and the answers that wait to be sent. What does not fit is dropped: the sender
// asks again.
const maxCommands = 8

// commandReceived takes a command in. It must not block.
func (u *Uplink) commandReceived(t wire.Topic, payload []byte) {
	var c wire.Command
	err := wire.Decode(payload, &c)
	if err == nil && c.ID != t.ID {
		err = fmt.Errorf("it calls itself %q", c.ID)
	}
	if err != nil {
		u.mu.Lock()
		u.count.BadCommands++
		u.mu.Unlock()
		u.o.Log.Warn("uplink: a command is not valid", "id", t.ID, "error", err)
		return
	}
	select {
	case u.commands <- c:
	default:
	}
}

// obey carries out commands until ctx ends and those under way are answered. One that
// waits, for a camera for example, holds up no other.
func (u *Uplink) obey(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	places := make(chan struct{}, maxCommands)
	for {
		select {
		case <-ctx.Done():
			return
		case places <- struct{}{}:
		}
		select {
		case <-ctx.Done():
			return
		case c := <-u.commands:
			all.Go(func() {
				defer func() { <-places }()
				if r := u.o.Command(ctx, c); r.ID != "" {
					u.answer(r)
				}
			})
		}
	}
}

// answer makes the sender publish a reply. It is not sent again on its own: the
// command is, and has the same answer.
func (u *Uplink) answer(r wire.Reply) {
	r.V = wire.Version
	payload, err := wire.Encode(&r)
	if err != nil {
		u.o.Log.Error("uplink: an answer to a command cannot be sent", "id", r.ID, "error", err)
		return
	}
	topic := wire.Topic{Gateway: u.o.Gateway, Kind: wire.ReplyTopic, ID: r.ID}.Build(u.o.Prefix)
	u.mu.Lock()
	if len(u.replies) < maxCommands {
		u.replies = append(u.replies, &message{topic: topic, payload: payload})
	}
	u.mu.Unlock()
	signal(u.wake)
}

// commandFilter is what a gateway subscribes to for its commands; nothing, if there
// is nobody to carry them out.
func (u *Uplink) commandFilter() []string {
	if u.o.Command == nil {
		return nil
	}
	return []string{wire.Topic{Gateway: u.o.Gateway, Kind: wire.CommandTopic, ID: "+"}.Build(u.o.Prefix)}
}
