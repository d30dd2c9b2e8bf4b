package fleet

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Quiet is how long a gateway may say nothing, heartbeats of a minute included,
// and still count as online.
const Quiet = 150 * time.Second

// ErrFull says that the registry holds as many gateways, or one gateway as many
// streams, as it may.
var ErrFull = errors.New("the registry is full")

// DB is what a Registry needs of the database, which must have Schema.
type DB interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Options says what a Registry works with. DB and Catalog are required.
type Options struct {
	DB      DB
	Catalog *obs.Catalog
	// Publish takes what changed, for the live stream: "values", "gateway", "gap"
	// and "missing" with their documents of package view. It must not block. nil: nobody listens.
	Publish func(event string, doc any)
	// Shared: other aggregators hear the same gateways and save to the same database.
	Shared bool
	// MaxGateways and MaxStreams (of one gateway) bound the memory; 20 000 and 5 000.
	MaxGateways, MaxStreams int
}

// Registry is the fleet. It is safe for concurrent use.
type Registry struct {
	o     Options
	began int64 // Unix milliseconds

	mu       sync.RWMutex
	gateways map[string]*gateway

	changedMu sync.Mutex
	changed   map[*gateway]struct{} // have something to publish
}

// gateway is one gateway's entry; mu guards everything below it.
type gateway struct {
	id string

	mu        sync.Mutex
	firstSeen int64
	lastSeen  int64 // Unix milliseconds, as all times here
	online    bool
	since     int64
	conn      int64
	state     wire.State
	stated    bool // state has been filled in
	every     map[string]int64
	speakers  []speaker
	conflict  int64 // shown until then
	rejected  rejection
	values    map[obs.Stream]*latest
	dirty     []obs.Stream // values to publish
	turns     []view.Turn  // when it came and went, as far as that is not saved
	announce  bool         // the gateway itself is to be published
	unsaved   bool
}

// Open loads the registry as it was last saved.
func Open(ctx context.Context, o Options) (*Registry, error) {
	if o.Publish == nil {
		o.Publish = func(string, any) {}
	}
	if o.MaxGateways <= 0 {
		o.MaxGateways = 20_000
	}
	if o.MaxStreams <= 0 {
		o.MaxStreams = 5_000
	}
	r := &Registry{o: o, began: time.Now().UnixMilli(), gateways: map[string]*gateway{}, changed: map[*gateway]struct{}{}}
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// entry returns the gateway with this id, locked, and makes it if there is room.
// The caller unlocks it. seen is when the gateway said something; zero: what it
// says is an old, retained message.
func (r *Registry) entry(id string, seen time.Time) (*gateway, error) {
	r.mu.RLock()
	g := r.gateways[id]
	r.mu.RUnlock()
	if g == nil {
		var err error
		if g, err = r.add(id); err != nil {
			return nil, err
		}
	}
	g.mu.Lock()
	if !seen.IsZero() {
		g.lastSeen = max(g.lastSeen, seen.UnixMilli())
	}
	return g, nil
}

func (r *Registry) add(id string) (*gateway, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g := r.gateways[id]; g != nil {
		return g, nil
	}
	if len(r.gateways) >= r.o.MaxGateways {
		return nil, ErrFull
	}
	now := time.Now().UnixMilli()
	g := &gateway{id: id, firstSeen: now, since: now, unsaved: true, values: map[obs.Stream]*latest{}}
	r.gateways[id] = g
	return g, nil
}

// touch notes that g has something to publish; g.mu may be held.
func (r *Registry) touch(g *gateway) {
	r.changedMu.Lock()
	r.changed[g] = struct{}{}
	r.changedMu.Unlock()
}

func (r *Registry) all() []*gateway {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]*gateway, 0, len(r.gateways))
	for _, g := range r.gateways {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *gateway) int { return strings.Compare(a.id, b.id) })
	return out
}

func (r *Registry) get(id string) *gateway {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.gateways[id]
}

// Gateways returns all gateways, by id.
func (r *Registry) Gateways() []view.Gateway {
	all := r.all()
	out := make([]view.Gateway, 0, len(all))
	for _, g := range all {
		out = append(out, g.view(time.Now()))
	}
	return out
}

// Gateway returns one gateway; ok is false if it is not known.
func (r *Registry) Gateway(id string) (view.Gateway, bool) {
	g := r.get(id)
	if g == nil {
		return view.Gateway{}, false
	}
	return g.view(time.Now()), true
}

// Count returns how many gateways are known, and how many of them are online.
func (r *Registry) Count() (known, online int) {
	for _, g := range r.all() {
		g.mu.Lock()
		if known++; g.online {
			online++
		}
		g.mu.Unlock()
	}
	return known, online
}

// Site returns where a gateway stands, as far as it is known.
func (r *Registry) Site(id string) (area string, pos *wire.Position) {
	g := r.get(id)
	if g == nil {
		return "", nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state.Site.Area, g.state.Site.Position
}

func (g *gateway) view(now time.Time) view.Gateway {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.state
	v := view.Gateway{
		ID: g.id, Name: s.Site.Name, Online: g.online, Since: g.since, LastSeen: g.lastSeen,
		Version: s.Version, Config: s.Config, Clock: s.Clock, Epoch: s.Epoch,
		Area: s.Site.Area, Position: s.Site.Position, TimeZone: s.Site.TimeZone, Journal: s.Journal,
		Health:   append(slices.Clone(s.Health), g.findings(now.UnixMilli())...),
		Devices:  make([]view.Device, 0, len(s.Devices)),
		Conflict: now.UnixMilli() < g.conflict,
	}
	if v.Health == nil {
		v.Health = []wire.Health{}
	}
	for _, d := range s.Devices {
		v.Devices = append(v.Devices, device(d))
	}
	return v
}

func device(d wire.DeviceState) view.Device {
	v := view.Device(d)
	if v.Channels == nil {
		v.Channels = []string{}
	}
	return v
}
