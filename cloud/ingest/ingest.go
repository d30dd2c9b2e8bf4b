package ingest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// ErrShare says that the broker grants shared subscriptions and delivers nothing.
var ErrShare = errors.New("the broker does not deliver to shared subscriptions")

// Fleet is what ingest needs of the registry of gateways.
type Fleet interface {
	Online(gateway string, o wire.Online, at time.Time) error
	State(gateway string, s wire.State, at time.Time) error
	Observe(p wire.Pack, at time.Time) error
	Rejected(gateway, why string, at time.Time)
}

// Ledger keeps events, gaps, and which pictures never come. Its methods return nil only
// when it is done for good.
type Ledger interface {
	Events(ctx context.Context, events iter.Seq2[string, wire.Event], at time.Time) error
	Declare(ctx context.Context, g view.Gap) error
	Missed(ctx context.Context, gateway string, m wire.Missing, at time.Time) error
}

// Alerts keeps alerts. refused says, by position, what will never be taken.
type Alerts interface {
	Record(ctx context.Context, alerts iter.Seq2[string, wire.Alert], at time.Time) (refused map[int]string, err error)
	Reconcile(ctx context.Context, gateway string, s wire.State, at time.Time) error
}

// Images keeps pictures; view.ErrRefused says that one will never be taken.
type Images interface {
	Piece(ctx context.Context, gateway string, m wire.ImageMeta, data []byte, at time.Time) (stored bool, err error)
}

// Commands takes what gateways answer to commands. Reply returns nil only when it is
// on the disk, or of no interest; Came says that a gateway came online.
type Commands interface {
	Reply(ctx context.Context, gateway string, r wire.Reply, at time.Time) error
	Came(gateway string)
}

// DB keeps what is parked; it must have Schema.
type DB interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Options says where messages come from and where they go. All fields but
// Username, Password, Share and Commands are required. While Store.ID is empty, nothing is
// acknowledged: the store is not open yet.
type Options struct {
	Broker             string // URL: mqtt://host:1883
	Username, Password string
	Prefix             string
	// Share shares the lanes with other aggregators that use the same prefix.
	Share bool

	Store  store.Store
	Fleet  Fleet
	Ledger Ledger
	Alerts Alerts
	Images Images
	// Commands may be nil: then nobody asks gateways for anything.
	Commands Commands
	DB       DB
	Metrics  prometheus.Registerer
	Log      *slog.Logger
}

// Ingest is the way in. Make it with New, run it once.
type Ingest struct {
	o      Options
	id     string // what client ids begin with
	counts *counts
	parked *parking
	out    *outbox
	posts  chan posted // to gateways, beside what the outbox gathers
	lanes  []*lane
	pace   pace
	gate   *gate

	ack    outage // of the connection for acknowledgements
	store  outage // of the time-series store
	tables outage // of the database
}

// New prepares everything; nothing is connected before Run.
func New(o Options) (*Ingest, error) {
	if err := wire.CheckPrefix(o.Prefix); err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	in := &Ingest{o: o, id: "aggregator-" + strings.ToLower(rand.Text()[:10]), counts: newCounts(o.Metrics), posts: make(chan posted, maxPosts), gate: newGate()}
	in.parked = newParking(o.DB, in.counts)
	in.out = newOutbox(o.Prefix, o.Store.ID, in.credit)
	in.ack.failed(errors.New("not connected yet"))
	live := in.lane("live", wire.LiveTopic)
	backfill := in.lane("backfill", wire.BackfillTopic)
	alerts := in.lane("alert", wire.AlertTopic, wire.EventTopic)
	pictures := in.lane("image", wire.ImageTopic)
	status := in.lane("state", wire.OnlineTopic, wire.StateTopic)
	status.shared = false   // a retained message is not given to shared subscriptions
	pictures.shared = false // nobody could put a picture together of which others have pieces
	live.consume = (&telemetry{in: in, lane: live}).run
	backfill.consume = (&telemetry{in: in, lane: backfill}).run
	alerts.consume = in.records(alerts)
	pictures.consume = in.pictures(pictures)
	status.consume = in.status(status)
	in.lanes = []*lane{live, backfill, alerts, pictures, status}
	if o.Share {
		shown := in.lane("shown", wire.LiveTopic)
		shown.shared, shown.qos = false, 0
		shown.consume = (&onlooker{in: in, lane: shown}).run
		in.lanes = append(in.lanes, shown)
	}
	if o.Commands != nil {
		replies := in.lane("reply", wire.ReplyTopic)
		replies.shared = false // only who asked knows what to do with an answer
		replies.consume = in.replies(replies)
		in.lanes = append(in.lanes, replies)
	}
	return in, nil
}

// Run takes messages until ctx ends, reconnecting for as long as it takes. It
// returns nil then, or ErrShare at once if sharing was asked for in vain. What was
// taken and not stored when it ends was not acknowledged and comes again.
func (in *Ingest) Run(ctx context.Context) error {
	if in.o.Share {
		if err := in.probe(ctx); err != nil {
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return in.parked.run(ctx) })
	g.Go(func() error { return in.sender(ctx) })
	for _, l := range in.lanes {
		g.Go(func() error { return l.run(ctx) })
		g.Go(func() error { return l.consume(ctx) })
	}
	err := g.Wait()
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil
	}
	return err
}

// CheckLink returns nil if every lane is connected to the broker.
func (in *Ingest) CheckLink(context.Context) error {
	for _, l := range in.lanes {
		if why := l.down.why(); why != "" {
			return fmt.Errorf("not connected to %s for lane %s: %s", in.o.Broker, l.name, why)
		}
	}
	if why := in.ack.why(); why != "" {
		return fmt.Errorf("not connected to %s for acknowledgements: %s", in.o.Broker, why)
	}
	return nil
}

// CheckStore returns nil unless the last write to the store or to the database
// failed; then it says how, and since when.
func (in *Ingest) CheckStore(context.Context) error {
	if why := in.store.why(); why != "" {
		return fmt.Errorf("the store takes nothing: %s", why)
	}
	if why := in.tables.why(); why != "" {
		return fmt.Errorf("the database takes nothing: %s", why)
	}
	return nil
}
