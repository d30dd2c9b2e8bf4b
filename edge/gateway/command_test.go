package gateway

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/clock"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/uplink"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// commanded is a gateway with a journal of 40 acknowledged records, as far as
// commands need one.
func commanded(t *testing.T, dir string, keys ...ed25519.PublicKey) *Gateway {
	t.Helper()
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	saved, known := j.State(uplinkKey)
	if !known {
		for range 40 {
			if _, err := j.Append(record.KindSample, []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		saved = []byte(`{"v":1,"stores":["st-1"],"epochs":{"` + j.Epoch().String() + `":["1-40"]}}`)
	}
	g := &Gateway{id: "hz-07", journal: j, log: slog.New(slog.DiscardHandler), epoch: wire.Epoch(j.Epoch().String())}
	g.opt.Config = &config.Config{Uplink: &config.Uplink{Prefix: wire.DefaultPrefix, Commands: grants(keys)}}
	g.clock = clock.New(clock.Options{Boot: clock.ThisBoot()})
	g.dates = &dates{clock: g.clock}
	u, err := uplink.New(uplink.Options{Gateway: g.id, Epoch: g.epoch, Brokers: []string{"mqtt://unused"}, Saved: saved,
		Journal: &source{journal: j, dates: g.dates, log: g.log}, Save: func(s []byte) error { return j.SetState(uplinkKey, s) },
		Sync: func() error { return j.Sync(t.Context()) }})
	if err != nil {
		t.Fatal(err)
	}
	g.uplink = u
	return g
}

func grants(keys []ed25519.PublicKey) (out []config.Grant) {
	for _, k := range keys {
		out = append(out, config.Grant{ID: "center", Key: k, May: []string{wire.KindRewind}})
	}
	return out
}

// carry gives a gateway a command, with all that it remembers read anew.
func carry(t *testing.T, g *Gateway, c wire.Command) wire.Reply {
	return g.newClerk(g.opt.Config.Uplink).Carry(t.Context(), c)
}

// Only a configured key rewinds, each command once, also over a restart, and only
// for a store that this gateway reports to.
func TestCommand(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UnixMilli()
	signed := func(n byte, key ed25519.PrivateKey, store string) wire.Command {
		c := wire.Command{V: wire.Version, ID: "01930e5a-7c3b-7f00-8a1b-00000000000" + string('0'+n), Kind: wire.KindRewind,
			Rewind: &wire.Rewind{Store: store}, Issued: now + int64(n), Until: now + time.Hour.Milliseconds()}
		c.Sign(key, wire.DefaultPrefix, "hz-07")
		return c
	}
	dir := t.TempDir()
	if r := carry(t, commanded(t, t.TempDir()), signed(1, private, "st-1")); r.OK || r.Why != "off" {
		t.Errorf("without keys: %+v", r)
	}
	g := commanded(t, dir, public)
	first := signed(2, private, "st-1")
	for _, c := range []struct {
		name string
		c    wire.Command
		want wire.Reply
	}{
		{"a stranger's", signed(1, stranger, "st-1"), wire.Reply{Why: "key"}},
		{"another store's", signed(4, private, "st-9"), wire.Reply{Why: "unknown"}},
		{"good", first, wire.Reply{OK: true, Records: 40}},
		{"again", first, wire.Reply{OK: true, Records: 40}},
		{"an older one", signed(1, private, "st-1"), wire.Reply{Why: "late"}},
		{"a newer one", signed(3, private, "st-1"), wire.Reply{OK: true}}, // nothing is acknowledged any more
	} {
		r := carry(t, g, c.c)
		c.want.V, c.want.ID, c.want.Detail = wire.Version, c.c.ID, r.Detail
		if r.V = wire.Version; !reflect.DeepEqual(r, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, r, c.want)
		}
	}
	if err := g.journal.Close(); err != nil {
		t.Fatal(err)
	}
	if r := carry(t, commanded(t, dir, public), signed(3, private, "st-1")); !r.OK || r.Records != 0 {
		t.Errorf("after a restart: %+v", r)
	}
}

// A command that comes before the gateway runs waits for that: its alert or device would not
// be known yet, and a refusal is for good.
func TestCommandsWaitForTheStart(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	g := commanded(t, t.TempDir(), public)
	now := time.Now().UnixMilli()
	c := wire.Command{V: wire.Version, ID: "01930e5a-7c3b-7f00-8a1b-000000000001", Kind: wire.KindRewind,
		Rewind: &wire.Rewind{Store: "st-1"}, Issued: now, Until: now + time.Hour.Milliseconds()}
	c.Sign(private, wire.DefaultPrefix, "hz-07")
	g.began = make(chan struct{})
	do := g.carrier(g.newClerk(g.opt.Config.Uplink))
	ended, end := context.WithCancel(t.Context())
	end()
	if r := do(ended, c); r.ID != "" || r.Why != "" {
		t.Errorf("before the start: %+v", r)
	}
	answer := make(chan wire.Reply)
	go func() { answer <- do(t.Context(), c) }()
	close(g.began)
	if r := <-answer; !r.OK {
		t.Errorf("after the start: %+v", r)
	}
}
