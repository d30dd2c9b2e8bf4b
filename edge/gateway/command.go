package gateway

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// commandKey is the journal's state key for the last command carried out for a key.
const commandKey = "command/"

// command carries out what is asked from afar, if one of the configured keys signed
// it, and returns the answer. A command that was carried out before gets its answer
// of then. What was done is on the disk before it is answered; a power cut between
// the two only makes it be done again, which for a rewind is harmless.
func (g *Gateway) command(c wire.Command) wire.Reply {
	cfg := g.opt.Config.Uplink
	if len(cfg.RewindKeys) == 0 {
		return wire.Reply{ID: c.ID, Why: "off"}
	}
	r, err := g.admit(c, cfg.RewindKeys, cfg.Prefix)
	if err != nil {
		g.log.Warn("a command is not carried out", "kind", c.Kind, "id", c.ID, "error", err)
		return c.Refuse(err)
	}
	return r
}

// admit checks a command and carries it out.
func (g *Gateway) admit(c wire.Command, keys []ed25519.PublicKey, prefix string) (wire.Reply, error) {
	if err := c.Verify(keys, prefix, g.id); err != nil {
		return wire.Reply{}, err
	}
	key := commandKey + wire.FormatKey(c.Key)
	last := g.lastMark(key)
	now, trusted := g.clock.Time()
	if err := c.Admit(last, now, trusted); errors.Is(err, wire.ErrRepeated) {
		return last.Reply, nil
	} else if err != nil {
		return wire.Reply{}, err
	}
	r, err := g.rewindFor(c)
	if err != nil {
		return wire.Reply{}, err
	}
	mark, err := json.Marshal(wire.Mark{Issued: c.Issued, Reply: r})
	if err != nil {
		return wire.Reply{}, err
	}
	if err := g.journal.SetState(key, mark); err != nil {
		return wire.Reply{}, err
	}
	return r, g.journal.Sync(context.Background())
}

// lastMark returns what is known of the last command of a key. What cannot be read
// counts as none: a command may then be carried out once more.
func (g *Gateway) lastMark(key string) (m wire.Mark) {
	if saved, ok := g.journal.State(key); ok && json.Unmarshal(saved, &m) != nil {
		return wire.Mark{}
	}
	return m
}

// rewindFor makes a store get again what it lost.
func (g *Gateway) rewindFor(c wire.Command) (wire.Reply, error) {
	stores := g.uplink.Status().Stores
	if len(stores) > 0 && !slices.Contains(stores, c.Rewind.Store) {
		return wire.Reply{}, fmt.Errorf("store %q is not one of those that this gateway reports to: %q", c.Rewind.Store, stores)
	}
	n, err := g.uplink.Rewind(c.Rewind.Since)
	if err != nil {
		return wire.Reply{}, err
	}
	g.log.Info("asked from afar to send again", "store", c.Rewind.Store, "since_ms", c.Rewind.Since, "records", n)
	return wire.Reply{V: wire.Version, ID: c.ID, OK: true, Records: n}, nil
}
