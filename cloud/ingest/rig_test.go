package ingest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/broker"
	"github.com/lamppost-city/lamppost/cloud/cases"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/fleet"
	"github.com/lamppost-city/lamppost/cloud/images"
	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

// patience is how long a test waits for what must come; a moment, how long for
// what must not.
const (
	patience = 10 * time.Second
	moment   = 300 * time.Millisecond
)

// noon is the time of the readings in these tests.
const noon = int64(1795262400000)

// memory is a store in memory whose writes can be made to fail.
type memory struct {
	mu      sync.Mutex
	points  map[store.Stream]map[int64]store.Point
	down    error
	refuse  func(store.Point) string
	written int
	writes  int
}

func (m *memory) ID() string { return "st-memory" }

func (m *memory) Write(_ context.Context, ps []store.Point) (out []store.Refusal, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != nil {
		return nil, m.down
	}
	m.writes++
	for i, p := range ps {
		if m.refuse != nil {
			if why := m.refuse(p); why != "" {
				out = append(out, store.Refusal{Index: i, Why: why})
				continue
			}
		}
		if m.points[p.Stream] == nil {
			m.points[p.Stream] = map[int64]store.Point{}
		}
		m.points[p.Stream][p.Time] = p
		m.written++
	}
	return out, nil
}

func (m *memory) Query(context.Context, store.Query) ([]store.Point, error) { return nil, nil }
func (m *memory) Close() error                                              { return nil }

func (m *memory) set(down error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

// has says whether a stream has a value at a time.
func (m *memory) has(gateway, stream string, at int64) bool {
	s, err := obs.ParseStream(stream)
	if err != nil {
		panic(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.points[store.Stream{Gateway: gateway, Stream: s}][at]
	return ok
}

func (m *memory) count() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.points {
		n += len(s)
	}
	return n
}

var errDown = fmt.Errorf("disk on fire: %w", store.ErrUnavailable)

// tables is the database; while down is set it takes no writes.
type tables struct {
	*database.DB
	mu   sync.Mutex
	down error
}

func (d *tables) set(down error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = down
}

func (d *tables) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	d.mu.Lock()
	err := d.down
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return d.DB.Write(ctx, fn)
}

// rig is everything behind a broker.
type rig struct {
	t      testing.TB
	url    string
	user   string
	pass   string
	share  bool
	store  *memory
	db     *tables
	fleet  *fleet.Registry
	cases  *cases.Book
	images *images.Album
	in     *Ingest
	stop   func()
}

// newRig makes a rig on the embedded broker, with ingest running.
func newRig(t testing.TB) *rig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b, err := broker.Start(broker.Options{Listener: l, Prefix: wire.DefaultPrefix, Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	r := rigAt(t, "mqtt://"+b.Address())
	r.user, r.pass = b.Credentials()
	r.start()
	return r
}

// rigAt makes a rig for any broker; start runs it.
func rigAt(t testing.TB, url string) *rig {
	t.Helper()
	dir := t.TempDir()
	db, err := databasetest.Open(t.Context(), filepath.Join(dir, "a.db"),
		database.Schema{Name: "fleet", Steps: fleet.Schema()}, database.Schema{Name: "cases", Steps: cases.Schema()},
		database.Schema{Name: "images", Steps: images.Schema()}, database.Schema{Name: "ingest", Steps: Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	catalog, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, url: url, db: &tables{DB: db}, store: &memory{points: map[store.Stream]map[int64]store.Point{}}}
	var errs [3]error
	r.fleet, errs[0] = fleet.Open(t.Context(), fleet.Options{DB: r.db, Catalog: catalog})
	r.cases, errs[1] = cases.Open(t.Context(), cases.Options{DB: r.db, Catalog: catalog})
	r.images, errs[2] = images.Open(t.Context(), images.Options{DB: r.db, Dir: filepath.Join(dir, "images")})
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return r
}

// start runs ingest and waits until it is connected.
func (r *rig) start(edit ...func(*Ingest)) {
	r.t.Helper()
	in, err := New(Options{
		Broker: r.url, Username: r.user, Password: r.pass, Prefix: wire.DefaultPrefix, Share: r.share,
		Store: r.store, Fleet: r.fleet, Ledger: r.fleet, Alerts: r.cases, Images: r.images, DB: r.db,
		Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range edit {
		e(in)
	}
	r.in = in
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	var once sync.Once
	r.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				r.t.Error(err)
			}
		})
	}
	r.t.Cleanup(r.stop)
	r.eventually("ingest is connected", func() bool { return in.CheckLink(r.t.Context()) == nil })
}

// eventually waits until ok says yes.
func (r *rig) eventually(what string, ok func() bool) {
	r.t.Helper()
	end := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end:
			r.t.Fatalf("%s: not within %s", what, patience)
		case <-tick.C:
		}
	}
}

// gateway is the other end: a client that publishes and reads its acknowledgements.
type gateway struct {
	*rig
	id   string
	c    paho.Client
	acks chan wire.Ack
	pk   wire.Packer
}

// gateway connects a gateway; suffix tells two with one id apart.
func (r *rig) gateway(id, suffix string) *gateway {
	r.t.Helper()
	g := &gateway{rig: r, id: id, acks: make(chan wire.Ack, 100_000)}
	o := paho.NewClientOptions().AddBroker(r.url).SetClientID(id + suffix).SetProtocolVersion(4).
		SetAutoReconnect(false).SetConnectTimeout(patience).SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
		var a wire.Ack
		if err := wire.Decode(m.Payload(), &a); err != nil {
			r.t.Errorf("the acknowledgement %s: %v", m.Payload(), err)
			return
		}
		if m.Retained() {
			r.t.Errorf("an acknowledgement is retained: %s", m.Payload())
		}
		g.acks <- a
	})
	g.c = paho.NewClient(o)
	g.wait(g.c.Connect())
	r.t.Cleanup(func() { g.c.Disconnect(100) })
	g.wait(g.c.Subscribe(wire.Topic{Gateway: id, Kind: wire.AckTopic}.Build(wire.DefaultPrefix), 1, nil))
	return g
}

func (g *gateway) wait(t paho.Token) {
	g.t.Helper()
	if !t.WaitTimeout(patience) || t.Error() != nil {
		g.t.Fatalf("%s: %v", g.id, t.Error())
	}
}

func (g *gateway) send(kind string, payload []byte, retained bool) {
	g.t.Helper()
	g.wait(g.c.Publish(wire.DefaultPrefix+"/"+g.id+"/"+kind, 1, retained, payload))
}

// epoch names the n-th journal of a gateway.
func epoch(n uint32) wire.Epoch { return wire.NewEpoch(n, [6]byte{byte(n)}) }

// value is a reading of river/level; NaN is not needed here.
func value(at int64, v float64) wire.Value {
	return wire.Value{Stream: obs.Stream{Device: "river", Channel: "level"}, Time: at, V: v, Unit: "m", Quality: obs.Quality{Flag: obs.Pass}}
}

// pack holds the records from … to of epoch 1, one reading each, at noon plus the
// number in seconds.
func (g *gateway) pack(from, to uint64, edit ...func(*wire.Pack)) wire.Pack {
	p := wire.Pack{Gateway: g.id, Epoch: epoch(1), Ranges: []wire.Range{{From: from, To: to}}, Lane: wire.Live}
	for n := from; n <= to; n++ {
		p.Values = append(p.Values, value(noon+int64(n)*1000, float64(n)))
	}
	for _, e := range edit {
		e(&p)
	}
	return p
}

func (g *gateway) sendPack(p wire.Pack) {
	g.t.Helper()
	b, err := g.pk.Append(nil, &p)
	if err != nil {
		g.t.Fatal(err)
	}
	g.send(string(p.Lane), b, false)
}

// ack returns the next acknowledgement that satisfies ok; others are passed over.
func (g *gateway) ack(what string, ok func(wire.Ack) bool) wire.Ack {
	g.t.Helper()
	end := time.After(patience)
	for {
		select {
		case a := <-g.acks:
			if ok(a) {
				return a
			}
		case <-end:
			g.t.Fatalf("no acknowledgement of %s within %s", what, patience)
		}
	}
}

// stored waits until records of epoch e are acknowledged.
func (g *gateway) stored(e wire.Epoch, want wire.Range) {
	g.t.Helper()
	var set wire.RangeSet
	g.ack(fmt.Sprintf("%s/%s", e, want), func(a wire.Ack) bool {
		if a.Epoch == e {
			for _, r := range a.Stored {
				set.Add(r)
			}
		}
		return set.Contains(want)
	})
}

// silence fails if an acknowledgement that satisfies bad comes within a moment.
func (g *gateway) silence(bad func(wire.Ack) bool) {
	g.t.Helper()
	end := time.After(moment)
	for {
		select {
		case a := <-g.acks:
			if bad(a) {
				g.t.Fatalf("unexpected acknowledgement %+v", a)
			}
		case <-end:
			return
		}
	}
}

func anything(wire.Ack) bool { return true }

// parkedWhy returns the reasons of what is set aside, sorted.
func (r *rig) parkedWhy() (why []string) {
	r.t.Helper()
	rows, err := r.db.Read().QueryContext(r.t.Context(), "select why from parked")
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var w string
		if err := rows.Scan(&w); err != nil {
			r.t.Fatal(err)
		}
		why = append(why, w)
	}
	slices.Sort(why)
	return why
}
