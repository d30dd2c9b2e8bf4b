package ingest

import (
	"context"
	"slices"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	// spacing is how long a gateway's acknowledgements are gathered after one was
	// sent; the first after a pause goes at once.
	spacing = 100 * time.Millisecond
	// maxListed bounds the alerts and the pictures in one message.
	maxListed = wire.MaxListed
	// forgetful is after how long without a word a gateway is forgotten here.
	forgetful = 10 * time.Minute
)

// outbox gathers what is to be told to each gateway and sends it in few messages.
type outbox struct {
	prefix string
	store  func() string // the store's id; empty while it is not known
	credit func() wire.Credit
	dicts  []uint32      // that packs may be compressed with
	wake   chan struct{} // something is due at once

	mu    sync.Mutex
	known map[string]*letter
	soon  []*letter // due now
	later []*letter // due in the order of their times
}

// letter is what waits for one gateway.
type letter struct {
	gateway string
	online  bool
	epochs  map[wire.Epoch]*verdict
	alerts  []wire.Revised
	images  []string
	echo    string
	greet   bool
	soon    bool // stands in outbox.soon
	later   bool // stands in outbox.later
	due     time.Time
	sent    time.Time
}

// verdict is what a store said about the records of one journal.
type verdict struct {
	stored  wire.RangeSet
	refused []wire.Refusal
}

func newOutbox(prefix string, store func() string, credit func() wire.Credit) *outbox {
	return &outbox{prefix: prefix, store: store, credit: credit, dicts: wire.Dictionaries(), wake: make(chan struct{}, 1), known: map[string]*letter{}}
}

// write changes a gateway's letter and puts it in the queue.
func (o *outbox) write(gateway string, urgent bool, change func(*letter)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.known[gateway]
	if l == nil {
		l = &letter{gateway: gateway, epochs: map[wire.Epoch]*verdict{}}
		o.known[gateway] = l
	}
	change(l)
	now := time.Now()
	switch {
	case l.soon:
		return
	case urgent, !l.later && now.Sub(l.sent) >= spacing:
		l.soon = true
		o.soon = append(o.soon, l)
	case !l.later:
		l.later, l.due = true, now.Add(spacing)
		o.later = append(o.later, l)
	}
	o.tell()
}

func (o *outbox) tell() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (l *letter) verdict(e wire.Epoch) *verdict {
	v := l.epochs[e]
	if v == nil {
		v = &verdict{}
		l.epochs[e] = v
	}
	return v
}

// stored tells that a store has records. What does not fit any more comes again.
func (o *outbox) stored(gateway string, e wire.Epoch, echo string, rs ...wire.Range) {
	o.write(gateway, false, func(l *letter) {
		v := l.verdict(e)
		for _, r := range rs {
			v.stored.Add(r)
		}
		if echo != "" {
			l.echo = echo
		}
	})
}

// refused tells that a store will not take records; retry: not now.
func (o *outbox) refused(gateway string, e wire.Epoch, why string, retry bool, rs ...wire.Range) {
	o.write(gateway, false, func(l *letter) {
		v := l.verdict(e)
		for _, r := range rs {
			if len(v.refused) < wire.MaxSet {
				v.refused = append(v.refused, wire.Refusal{Range: r, Why: why, Retry: retry})
			}
		}
	})
}

// alert tells that a revision of an alert is stored.
func (o *outbox) alert(gateway string, a wire.Revised) {
	o.write(gateway, false, func(l *letter) {
		if len(l.alerts) < wire.MaxSet {
			l.alerts = append(l.alerts, a)
		}
	})
}

// image tells that a picture is stored, or set aside: it need not come again.
func (o *outbox) image(gateway, id string) {
	o.write(gateway, false, func(l *letter) {
		if len(l.images) < wire.MaxSet && !slices.Contains(l.images, id) {
			l.images = append(l.images, id)
		}
	})
}

// clock tells a gateway without a trusted clock what time it is, at once: waiting
// would be taken for the way of the message.
func (o *outbox) clock(gateway, echo string) {
	o.write(gateway, true, func(l *letter) { l.echo = echo })
}

// online notes whether a gateway is there, and greets one that is.
func (o *outbox) online(gateway string, online bool) {
	o.write(gateway, false, func(l *letter) { l.online, l.greet = online, online })
}

// greetAll tells every gateway that is there that somebody listens, so that one
// whose records waited sends at once.
func (o *outbox) greetAll() {
	o.mu.Lock()
	var there []string
	for g, l := range o.known {
		if l.online {
			there = append(there, g)
		}
	}
	o.mu.Unlock()
	for _, g := range there {
		o.write(g, false, func(l *letter) { l.greet = true })
	}
}

// collect takes the letters that are due, or all of them, and says when to ask
// again; zero: when something new is due.
func (o *outbox) collect(now time.Time, all bool) (out []posted, next time.Time) {
	store := o.store()
	if store == "" {
		return nil, now.Add(spacing) // nobody could sign them
	}
	credit := o.credit()
	head := wire.Ack{V: wire.Version, Store: store, Time: now.UnixMilli(), Credit: &credit, Dictionaries: o.dicts}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.soon {
		l.soon = false
		out = o.seal(out, l, head)
	}
	o.soon = o.soon[:0]
	n := 0
	for ; n < len(o.later) && (all || !o.later[n].due.After(now)); n++ {
		o.later[n].later = false
		out = o.seal(out, o.later[n], head)
	}
	o.later = slices.Delete(o.later, 0, n)
	if len(o.later) > 0 {
		next = o.later[0].due
	}
	return out, next
}

// posted is one message on its way.
type posted struct {
	topic   string
	payload []byte
}

// seal turns a letter into messages that all begin like head, and empties it; the
// caller holds mu.
func (o *outbox) seal(out []posted, l *letter, head wire.Ack) []posted {
	topic := wire.Topic{Gateway: l.gateway, Kind: wire.AckTopic}.Build(o.prefix)
	for _, a := range l.messages() {
		a.V, a.Store, a.Time, a.Credit, a.Dictionaries = head.V, head.Store, head.Time, head.Credit, head.Dictionaries
		if b, err := wire.Encode(&a); err == nil {
			out = append(out, posted{topic, b})
			l.sent = time.UnixMilli(head.Time)
		}
	}
	clear(l.epochs)
	l.alerts, l.images, l.echo, l.greet = nil, nil, "", false
	return out
}

// messages cuts a letter into messages that keep within the limits.
func (l *letter) messages() []wire.Ack {
	var out []wire.Ack
	for e, v := range l.epochs {
		stored, refused := v.stored.Ranges(), v.refused
		for len(stored)+len(refused) > 0 {
			n, m := min(len(stored), wire.MaxRanges), min(len(refused), wire.MaxRanges)
			out = append(out, wire.Ack{Epoch: e, Stored: stored[:n], Refused: refused[:m]})
			stored, refused = stored[n:], refused[m:]
		}
	}
	for i := 0; len(l.alerts)+len(l.images) > 0; i++ {
		if i == len(out) {
			out = append(out, wire.Ack{})
		}
		n, m := min(len(l.alerts), maxListed), min(len(l.images), maxListed)
		out[i].Alerts, out[i].Images = l.alerts[:n], l.images[:m]
		l.alerts, l.images = l.alerts[n:], l.images[m:]
	}
	if len(out) == 0 && (l.echo != "" || l.greet) {
		out = append(out, wire.Ack{})
	}
	if len(out) > 0 {
		out[0].Echo = l.echo
	}
	return out
}

// forget drops the letters of gateways that have not been heard of for long.
func (o *outbox) forget(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for g, l := range o.known {
		if !l.online && !l.soon && !l.later && now.Sub(l.sent) > forgetful {
			delete(o.known, g)
		}
	}
}

// sender publishes what the outbox gathers, over a connection of its own.
func (in *Ingest) sender(ctx context.Context) error {
	in.gate.keep(ctx, func(ctx context.Context) error {
		c, lost, err := in.connect(ctx, "ack", func(_ paho.Client, m paho.Message) { m.Ack() })
		if err != nil {
			return err
		}
		defer c.Disconnect(farewell)
		in.ack.fine()
		return in.pump(ctx, c, lost)
	}, func(err error) { in.ack.failed(err) })
	return nil
}

// pump sends until the connection or ctx ends. Letters wait while there is none;
// what is lost with a connection is told again when the gateway sends again.
func (in *Ingest) pump(ctx context.Context, c paho.Client, lost <-chan error) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	tidy := time.NewTicker(time.Minute)
	defer tidy.Stop()
	for {
		letters, next := in.out.collect(time.Now(), ctx.Err() != nil)
		for _, p := range letters {
			c.Publish(p.topic, 1, false, p.payload)
			in.counts.acks.WithLabelValues().Inc()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
		select {
		case <-ctx.Done(): // once more round, for what is gathered
		case err := <-lost:
			return err
		case p := <-in.posts:
			c.Publish(p.topic, 1, false, p.payload)
		case <-in.out.wake:
		case <-timer.C:
		case now := <-tidy.C:
			in.out.forget(now)
		}
	}
}
