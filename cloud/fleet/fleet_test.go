package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/fleet"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

// noon is the time around which the tests play.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// bench is a registry with its database and what it published.
type bench struct {
	*fleet.Registry
	mu        sync.Mutex
	published []string
	docs      []any
}

func (b *bench) publish(event string, doc any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.published, b.docs = append(b.published, event), append(b.docs, doc)
}

func (b *bench) took(event string) (docs []any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, e := range b.published {
		if e == event {
			docs = append(docs, b.docs[i])
		}
	}
	return docs
}

func openDB(t testing.TB, path string) *database.DB {
	t.Helper()
	db, err := databasetest.Open(t.Context(), path, database.Schema{Name: "fleet", Steps: fleet.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func openOn(t testing.TB, db fleet.DB, o fleet.Options) *bench {
	t.Helper()
	c, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{}
	o.DB, o.Catalog, o.Publish = db, c, b.publish
	if b.Registry, err = fleet.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB) *bench {
	return openOn(t, openDB(t, filepath.Join(t.TempDir(), "a.db")), fleet.Options{})
}

func value(stream string, at int64, v float64) wire.Value {
	s, err := obs.ParseStream(stream)
	if err != nil {
		panic(err)
	}
	return wire.Value{Stream: s, Time: at, V: v, Unit: "m", Quality: obs.Quality{Flag: obs.Pass}}
}

func pack(epoch wire.Epoch, vs ...wire.Value) wire.Pack {
	return wire.Pack{Gateway: "gw", Epoch: epoch, Lane: wire.Live, Values: vs}
}

func (b *bench) observe(t testing.TB, p wire.Pack, at time.Time) {
	t.Helper()
	if err := b.Observe(p, at); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) only(t *testing.T) view.Value {
	t.Helper()
	vs := b.Values("gw")
	if len(vs) != 1 {
		t.Fatalf("%d values, want 1: %+v", len(vs), vs)
	}
	return vs[0]
}

func TestNewestValueWins(t *testing.T) {
	ms := noon.UnixMilli()
	missing := value("river/level", ms+300, math.NaN())
	missing.Quality = obs.Quality{Flag: obs.Missing, Why: "timeout"}
	late := value("river/level", ms, 1)
	late.Late, late.Why = obs.Suspect, obs.Spike
	for name, c := range map[string]struct {
		in   []wire.Value
		v    float64
		none bool
		qc   int
		why  string
		t    int64
	}{
		"one":                            {in: []wire.Value{value("river/level", ms, 1)}, v: 1, qc: 1, t: ms},
		"a newer one":                    {in: []wire.Value{value("river/level", ms, 1), value("river/level", ms+1, 2)}, v: 2, qc: 1, t: ms + 1},
		"an older one, as backfill does": {in: []wire.Value{value("river/level", ms, 1), value("river/level", ms-1, 2)}, v: 1, qc: 1, t: ms},
		"the same moment again":          {in: []wire.Value{value("river/level", ms, 1), value("river/level", ms, 2)}, v: 2, qc: 1, t: ms},
		"a missing one":                  {in: []wire.Value{value("river/level", ms, 1), missing}, none: true, qc: 9, why: "timeout", t: ms + 300},
		"a late verdict":                 {in: []wire.Value{value("river/level", ms, 1), late}, v: 1, qc: 3, why: "spike", t: ms},
		"a verdict on an older value":    {in: []wire.Value{value("river/level", ms+1, 2), late}, v: 2, qc: 1, t: ms + 1},
		"a clock gone wrong, put right":  {in: []wire.Value{value("river/level", ms+86_400_000, 1), value("river/level", ms, 2)}, v: 2, qc: 1, t: ms},
		"a device fault is no stream":    {in: []wire.Value{value("river/level", ms, 1), value("river/fault", ms, 0)}, v: 1, qc: 1, t: ms},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			b.observe(t, pack("1-00000000000a", c.in...), noon)
			got := b.only(t)
			if (got.V == nil) != c.none || got.V != nil && *got.V != c.v || got.QC != c.qc || got.Why != c.why || got.T != c.t {
				t.Errorf("newest = %v %d %q at %d, want %v %d %q at %d", got.V, got.QC, got.Why, got.T, c.v, c.qc, c.why, c.t)
			}
		})
	}
}

func TestCatalogueSaysHowToShow(t *testing.T) {
	b := open(t)
	b.observe(t, pack("1-00000000000a", value("river/level", 1, 1), value("tank/temp.inlet", 1, 1), value("x/mystery", 1, 1)), noon)
	vs := b.Values("")
	if v := vs[0]; v.Unit != "m" || v.Metric != "level" || v.Label.Zh == "" || v.Label.Zh == "level" {
		t.Errorf("river/level is shown as %+v", v.Stream)
	}
	if v := vs[1]; v.Metric != "temp" || v.UnitText != "°C" && v.UnitText != "℃" || v.Label.En == "temp.inlet" {
		t.Errorf("tank/temp.inlet is shown as %+v", v.Stream)
	}
	if v := vs[2]; v.Unit != "m" || v.Label.En != "mystery" {
		t.Errorf("an unknown metric is shown as %+v, want the wire's unit and the channel's name", v.Stream)
	}
	if _, ok := b.Stream("nobody", obs.Stream{}); ok {
		t.Error("Stream knows a gateway that never came")
	}
}

func TestClocklessValuesAreShownAboutNow(t *testing.T) {
	b := open(t)
	p := pack("1-00000000000a", value("river/level", 5_000, 1), value("river/temp", 7_000, 2))
	p.Boot = "b0"
	b.observe(t, p, noon)
	vs := b.Values("gw")
	if vs[0].T != noon.UnixMilli()-2000 || vs[1].T != noon.UnixMilli() || !vs[0].Undated {
		t.Errorf("clockless values are at %d and %d, undated %v", vs[0].T, vs[1].T, vs[0].Undated)
	}
	b.observe(t, pack("1-00000000000a", value("river/level", noon.UnixMilli()+1, 3)), noon.Add(time.Second))
	if v := b.Values("gw")[0]; *v.V != 3 || v.Undated {
		t.Errorf("after the clock came the value is %+v", v)
	}
}

func TestRejectedShowsInHealth(t *testing.T) {
	b := open(t)
	b.Rejected("nobody", "rubbish", time.Now())
	b.Rejected("NOT AN ID", "rubbish", time.Now())
	if n := len(b.Gateways()); n != 0 {
		t.Errorf("rubbish registered %d gateways", n)
	}
	b.observe(t, pack("1-00000000000a"), time.Now())
	b.Rejected("gw", "a pack without end", time.Now())
	g, _ := b.Gateway("gw")
	if len(g.Health) != 1 || g.Health[0].ID != "rejected-messages" || g.Health[0].Text["zh"] == "" {
		t.Errorf("health = %+v", g.Health)
	}
}

func TestBounds(t *testing.T) {
	b := openOn(t, openDB(t, filepath.Join(t.TempDir(), "a.db")), fleet.Options{MaxGateways: 1, MaxStreams: 2})
	err := b.Observe(pack("1-00000000000a", value("a/level", 1, 1), value("b/level", 1, 1), value("c/level", 1, 1)), noon)
	if !errors.Is(err, fleet.ErrFull) {
		t.Errorf("the third stream: %v, want ErrFull", err)
	}
	if err := b.Online("second", wire.Online{}, noon); !errors.Is(err, fleet.ErrFull) {
		t.Errorf("the second gateway: %v, want ErrFull", err)
	}
}

func TestWarmStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := openDB(t, path)
	b := openOn(t, db, fleet.Options{})
	missing := value("air/pm2_5", 7, math.NaN())
	missing.Quality = obs.Quality{Flag: obs.Missing, Why: "timeout"}
	b.observe(t, pack("1-00000000000a", value("river/level", 5, 1.25), missing), noon)
	if err := b.State("gw", state("1-00000000000a", 1, "river", "air"), noon); err != nil {
		t.Fatal(err)
	}
	if err := b.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%+v", derefs(b.Values("")))
	again := openOn(t, db, fleet.Options{})
	if got := fmt.Sprintf("%+v", derefs(again.Values(""))); got != want {
		t.Errorf("after a restart\n%s\nwant\n%s", got, want)
	}
	if g, ok := again.Gateway("gw"); !ok || len(g.Devices) != 2 || g.LastSeen != noon.UnixMilli() {
		t.Errorf("after a restart the gateway is %+v", g)
	}
}

func derefs(vs []view.Value) (out []any) {
	for _, v := range vs {
		n := math.Inf(1)
		if v.V != nil {
			n = *v.V
		}
		v.V = nil
		out = append(out, v, n)
	}
	return out
}

func TestChangesArePublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, filepath.Join(t.TempDir(), "a.db"))
		b := openOn(t, db, fleet.Options{})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()
		for i := range 10 { // ten values of one stream within a beat are one
			b.observe(t, pack("1-00000000000a", value("river/level", int64(i), float64(i))), time.Now())
		}
		var many []wire.Value
		for i := range 1200 {
			many = append(many, value(fmt.Sprintf("d%d/level", i), 1, 1))
		}
		b.observe(t, pack("1-00000000000a", many...), time.Now())
		if err := b.Online("gw", wire.Online{Conn: 1, Online: true}, time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		total := 0
		for _, d := range b.took("values") {
			total += len(d.(view.Values).Values)
		}
		if total != 1201 || len(b.took("values")) != 3 {
			t.Errorf("%d values in %d events, want 1201 in 3", total, len(b.took("values")))
		}
		if n := len(b.took("gateway")); n != 1 {
			t.Errorf("%d gateway events, want 1", n)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	r := open(b)
	vs := make([]wire.Value, 500)
	for i := range vs {
		vs[i] = value(fmt.Sprintf("d%d/level", i%50), 1, 1)
		vs[i].Stream.Channel = fmt.Sprintf("c%d", i/50)
	}
	p := pack("1-00000000000a", vs...)
	b.ReportAllocs()
	for t := int64(1); b.Loop(); t++ {
		for i := range vs {
			vs[i].Time = t
		}
		r.observe(b, p, noon)
	}
	b.ReportMetric(500*float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}
