package command

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Grant says what the holder of a key may ask for.
type Grant struct {
	ID      string // names it for people: who holds the key
	Key     ed25519.PublicKey
	May     []string // kinds
	Outputs []string // that it may switch
}

func (g Grant) allows(c *wire.Command) bool {
	return slices.Contains(g.May, c.Kind) && (c.Actuate == nil || slices.Contains(g.Outputs, c.Actuate.Output))
}

// Do is how one kind of command is carried out.
type Do struct {
	// Again: twice is the same as once, and late the same as in time. It is done anew
	// after a power cut, and without a trusted clock.
	Again bool
	// Run carries it out until ctx ends at the latest, and returns the answer, of which
	// the clerk fills in V, ID and OK. An error that wraps a *Refusal says why not; any
	// other is told as failed. by is who asks, for what is written down.
	Run func(ctx context.Context, c wire.Command, by string) (wire.Reply, error)
}

// Refusal is why a command is not carried out: a word of wire.Reply, and a sentence.
type Refusal struct{ Why, Detail string }

// Error returns the sentence.
func (r *Refusal) Error() string { return r.Detail }

// Refuse returns a Refusal.
func Refuse(why, format string, args ...any) error {
	return &Refusal{why, fmt.Sprintf(format, args...)}
}

// Journal keeps what was done. Sync returns when all that was set is durable.
type Journal interface {
	State(key string) ([]byte, bool)
	SetState(key string, state []byte) error
	Sync(ctx context.Context) error
}

// Options are what a clerk works with. All fields are required.
type Options struct {
	Gateway, Prefix string
	Grants          []Grant
	Journal         Journal
	Now             func() int64             // boot ms, never going back
	Clock           func() (time.Time, bool) // the time, and whether it is trusted
	Do              map[string]Do            // by kind
	Log             *slog.Logger
}

const (
	longest   = 30 * time.Second // that one command may take
	syncBound = time.Second      // that the disk may take
	maxAhead  = 10 * time.Minute // how far the sender's clock may be before a trusted one
)

// Clerk takes commands. It is safe for concurrent use.
type Clerk struct {
	o    Options
	keys []ed25519.PublicKey

	mu    sync.Mutex
	books map[string]*book // by key
}

// New returns a clerk that remembers what an earlier one wrote into the journal.
func New(o Options) *Clerk {
	k := &Clerk{o: o, books: map[string]*book{}}
	for _, g := range o.Grants {
		k.keys = append(k.keys, g.Key)
		k.books[string(g.Key)] = k.open(g)
	}
	return k
}

// stateKey is the journal's state key of what a key had done.
const stateKey = "command/"

// open reads what is known of a key's commands. What cannot be read must not let
// anything be done twice: all that was issued until now is then late.
func (k *Clerk) open(g Grant) *book {
	saved, ok := k.o.Journal.State(stateKey + wire.FormatKey(g.Key))
	if !ok {
		return &book{}
	}
	b, err := decodeBook(saved)
	if err != nil {
		now, _ := k.o.Clock()
		b = &book{Floor: now.UnixMilli()}
		k.o.Log.Warn("what was carried out for a key cannot be read: commands from before now are refused", "key", g.ID, "error", err)
	}
	return b
}

// Carry carries a command out and returns the answer. A zero Reply: it is being
// carried out already, and answered then. It blocks until then, half a minute at most;
// when ctx ends, what is being carried out is broken off, and fails.
func (k *Clerk) Carry(ctx context.Context, c wire.Command) wire.Reply {
	r, err := k.carry(ctx, &c)
	if err != nil {
		r = refusal(&c, err)
		k.o.Log.Warn("a command is not carried out", "kind", c.Kind, "id", c.ID, "by", c.By, "why", r.Why, "error", err)
	}
	return r
}

func (k *Clerk) carry(ctx context.Context, c *wire.Command) (wire.Reply, error) {
	if len(k.keys) == 0 {
		return wire.Reply{}, Refuse(wire.RefusedOff, "this gateway takes no commands: uplink.commands in its configuration is empty")
	}
	do, known := k.o.Do[c.Kind]
	if !known {
		return wire.Reply{}, Refuse(wire.RefusedUnknown, "this gateway does not know commands of kind %s", c.Kind)
	}
	if err := c.Verify(k.keys, k.o.Prefix, k.o.Gateway); err != nil {
		return wire.Reply{}, err
	}
	g := k.o.Grants[slices.IndexFunc(k.o.Grants, func(g Grant) bool { return g.Key.Equal(ed25519.PublicKey(c.Key)) })]
	e, until := k.begin(c, do, g)
	switch {
	case e == nil:
		return wire.Reply{}, nil
	case until == refusedNow:
		if err := k.sync(); err != nil {
			k.o.Log.Warn("a refusal is not on the disk yet", "id", c.ID, "error", err)
		}
		return *e.Reply, nil
	case e.Reply != nil:
		return *e.Reply, nil
	}
	by := g.ID
	if c.By != "" {
		by = c.By + " (" + g.ID + ")"
	}
	return k.end(c, e, k.deed(ctx, c, do, until, by)), nil
}

// refusedNow is in the place of a deadline: the Reply is a new refusal.
const refusedNow = -1

// begin writes down that a command is to be carried out, until a moment of the boot
// clock. nil: it is under way. An entry with a Reply: that is the answer.
func (k *Clerk) begin(c *wire.Command, do Do, g Grant) (*entry, int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	b := k.books[string(c.Key)]
	e := b.find(c.ID)
	switch {
	case e != nil && e.underWay:
		return nil, 0
	case e != nil && e.Reply != nil:
		return e, 0
	case e != nil && !do.Again:
		return k.refuse(b, e, c, Refuse(wire.RefusedInterrupted, "the gateway stopped while it was carried out; look how things stand, and ask anew")), refusedNow
	}
	until, err := k.admit(c, do, g)
	if err == nil && e == nil {
		err = b.overtaken(c)
	}
	if err != nil {
		return k.refuse(b, e, c, err), refusedNow
	}
	if e == nil {
		e = b.add(c)
	}
	if err := k.keep(c.Key, b); err != nil && !do.Again {
		return k.refuse(b, e, c, err), refusedNow
	}
	e.underWay = true
	return e, until
}

// refuse remembers that a command was refused: one that is told so must not be done
// when it comes again, not even if what spoke against it has passed.
func (k *Clerk) refuse(b *book, e *entry, c *wire.Command, err error) *entry {
	if e == nil {
		e = b.add(c)
		e.Subject = "" // nothing was done about it, an older one may be
	}
	r := refusal(c, err)
	e.Reply = &r
	k.o.Log.Warn("a command is not carried out", "kind", c.Kind, "id", c.ID, "by", c.By, "why", r.Why, "error", err)
	if err := k.keep(c.Key, b); err != nil {
		k.o.Log.Warn("a refusal cannot be kept", "id", c.ID, "error", err)
	}
	return e
}

// admit says until when, in boot ms, a command may be carried out.
func (k *Clerk) admit(c *wire.Command, do Do, g Grant) (until int64, err error) {
	now, trusted := k.o.Clock()
	switch left := c.Until - now.UnixMilli(); {
	case !g.allows(c):
		return 0, Refuse(wire.RefusedGrant, "key %s may not ask for this: %s; see uplink.commands in the gateway's configuration", g.ID, c.Subject())
	case !trusted && !do.Again:
		return 0, Refuse(wire.RefusedClock, "the gateway's clock is not set, so it cannot tell whether the command is in time")
	case !trusted:
		return k.o.Now() + longest.Milliseconds(), nil
	case left < 0:
		return 0, Refuse(wire.RefusedLate, "its deadline was %s", stamp(c.Until))
	case c.Issued > now.Add(maxAhead).UnixMilli():
		return 0, Refuse(wire.RefusedEarly, "it was issued at %s, and here it is %s", stamp(c.Issued), stamp(now.UnixMilli()))
	default:
		return k.o.Now() + left, nil
	}
}

// deed carries a command out in its time.
func (k *Clerk) deed(ctx context.Context, c *wire.Command, do Do, until int64, by string) wire.Reply {
	if err := k.sync(); err != nil && !do.Again {
		return refusal(c, fmt.Errorf("nothing is done that cannot be written down: %w", err))
	}
	left := time.Duration(until-k.o.Now()) * time.Millisecond
	if left < 0 {
		return refusal(c, Refuse(wire.RefusedLate, "its deadline passed while the disk was waited for"))
	}
	ctx, stop := context.WithTimeout(ctx, min(left, longest))
	defer stop()
	r, err := do.Run(ctx, *c, by)
	if err != nil {
		return refusal(c, err)
	}
	r.V, r.ID, r.OK = wire.Version, c.ID, true
	return r
}

// end writes the answer down. If the disk does not take it the answer is given all
// the same: the deed is done, and its id is known.
func (k *Clerk) end(c *wire.Command, e *entry, r wire.Reply) wire.Reply {
	k.mu.Lock()
	e.Reply, e.underWay = &r, false
	err := k.keep(c.Key, k.books[string(c.Key)])
	k.mu.Unlock()
	if err = errors.Join(err, k.sync()); err != nil {
		k.o.Log.Warn("an answer to a command is not on the disk yet", "kind", c.Kind, "id", c.ID, "error", err)
	}
	k.o.Log.Info("command", "kind", c.Kind, "id", c.ID, "about", c.Subject(), "by", c.By, "ok", r.OK, "why", r.Why, "detail", r.Detail)
	return r
}

func (k *Clerk) keep(key []byte, b *book) error {
	state, err := b.encode()
	if err != nil {
		return err
	}
	return k.o.Journal.SetState(stateKey+wire.FormatKey(key), state)
}

func (k *Clerk) sync() error {
	ctx, stop := context.WithTimeout(context.Background(), syncBound)
	defer stop()
	return k.o.Journal.Sync(ctx)
}

// refusal is the answer that says why a command is not carried out.
func refusal(c *wire.Command, err error) wire.Reply {
	r := wire.Reply{V: wire.Version, ID: c.ID, Why: wire.RefusedFailed, Detail: clip(err.Error())}
	var why *Refusal
	switch {
	case errors.As(err, &why):
		r.Why = why.Why
	case errors.Is(err, wire.ErrKey):
		r.Why = wire.RefusedKey
	case errors.Is(err, wire.ErrSignature):
		r.Why = wire.RefusedSignature
	case errors.Is(err, context.DeadlineExceeded):
		r.Detail = "it was not done in its time"
	case errors.Is(err, context.Canceled):
		r.Detail = "the gateway stopped before it was done"
	}
	return r
}

// maxDetail bounds a sentence: 64 answers are kept for each key.
const maxDetail = 200

func clip(text string) string {
	if len(text) <= maxDetail {
		return text
	}
	cut := maxDetail
	for cut > 0 && text[cut]&0xc0 == 0x80 { // not within a character
		cut--
	}
	return text[:cut] + "…"
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
