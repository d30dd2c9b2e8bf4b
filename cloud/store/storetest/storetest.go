// Package storetest is what every implementation of store.Store must pass.
package storetest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Run checks the promises of the interface. open opens the store; opened a second
// time, after Close, it must show the same data.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	s := open(t)
	t.Cleanup(func() { s.Close() })
	base := time.Now().Add(-time.Hour).Truncate(time.Second).UnixMilli()

	t.Run("what is written comes back exactly", func(t *testing.T) { exact(t, s, base) })
	t.Run("twice is once", func(t *testing.T) { idempotent(t, s, base) })
	t.Run("a late verdict joins its point", func(t *testing.T) { late(t, s, base) })
	t.Run("order of arrival does not matter", func(t *testing.T) { disorder(t, s, base) })
	t.Run("bounds and limit", func(t *testing.T) { bounds(t, s, base) })
	t.Run("streams do not mix", func(t *testing.T) { apart(t, s, base) })
	t.Run("a refused point blocks no other", func(t *testing.T) { refusal(t, s, base) })
	t.Run("a reason is text, whatever is in it", func(t *testing.T) { hostile(t, s, base) })
	t.Run("many writers at once", func(t *testing.T) { concurrent(t, s, base) })
	t.Run("a big batch", func(t *testing.T) { big(t, s, base) })
	t.Run("a walk meets every point once, as it is", func(t *testing.T) { walk(t, s, base) })
	t.Run("an empty batch", func(t *testing.T) { write(t, s) })

	id := s.ID()
	if err := obs.CheckID(id); err != nil {
		t.Errorf("ID: %v", err)
	}
	before := query(t, s, stream("exact", "level"), base-1000, base+10_000)
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	again := open(t)
	t.Cleanup(func() { again.Close() })
	t.Run("opened again", func(t *testing.T) {
		if got := again.ID(); got != id {
			t.Errorf("ID = %s, was %s", got, id)
		}
		if d := cmp.Diff(before, query(t, again, stream("exact", "level"), base-1000, base+10_000), nans()); d != "" {
			t.Error(d)
		}
	})
}

func stream(device, channel string) store.Stream {
	return store.Stream{Gateway: "street-01", Stream: obs.Stream{Device: device, Channel: channel}}
}

func point(s store.Stream, t int64, v float64, f obs.Flag, why obs.Reason) store.Point {
	return store.Point{Stream: s, Time: t, V: v, Quality: obs.Quality{Flag: f, Why: why}}
}

func write(t *testing.T, s store.Store, ps ...store.Point) []store.Refusal {
	t.Helper()
	refused, err := s.Write(t.Context(), ps)
	if err != nil {
		t.Fatalf("Write: %v", err)
	}
	return refused
}

func accept(t *testing.T, s store.Store, ps ...store.Point) {
	t.Helper()
	if refused := write(t, s, ps...); len(refused) > 0 {
		t.Fatalf("Write refused %+v", refused)
	}
}

func query(t *testing.T, s store.Store, st store.Stream, from, to int64) []store.Point {
	t.Helper()
	ps, err := s.Query(t.Context(), store.Query{Stream: st, From: from, To: to})
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	return ps
}

func nans() cmp.Option {
	return cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })
}

func exact(t *testing.T, s store.Store, base int64) {
	st := stream("exact", "level")
	want := []store.Point{
		point(st, base, 2.71, obs.Pass, ""),
		point(st, base+1, 0.1, obs.NotEvaluated, ""),
		point(st, base+2, -1e-9, obs.Suspect, obs.Rate),
		point(st, base+1000, 123456789.125, obs.Fail, obs.Range),
		point(st, base+1001, 35, obs.Pass, ""),
		point(st, base+2000, math.NaN(), obs.Missing, obs.NoEcho),
		point(st, base+2001, 0, obs.Suspect, `quote " and back\slash`),
	}
	accept(t, s, want...)
	if d := cmp.Diff(want, query(t, s, st, base, base+10_000), nans()); d != "" {
		t.Error(d)
	}
}

func idempotent(t *testing.T, s store.Store, base int64) {
	st := stream("twice", "level")
	p := point(st, base, 1.5, obs.Suspect, obs.Range)
	accept(t, s, p, p)
	accept(t, s, p)
	if got := query(t, s, st, base-1, base+1); len(got) != 1 || got[0] != p {
		t.Errorf("stored three times: %+v, want one %+v", got, p)
	}
}

func late(t *testing.T, s store.Store, base int64) {
	st := stream("late", "level")
	p := point(st, base, 9.5, obs.Pass, "")
	accept(t, s, p)
	p.Late = obs.Fail
	accept(t, s, p)
	if got := query(t, s, st, base, base+1); len(got) != 1 || got[0] != p {
		t.Errorf("got %+v, want %+v", got, p)
	}
}

func disorder(t *testing.T, s store.Store, base int64) {
	st := stream("disorder", "level")
	var want []store.Point
	for i := range int64(50) {
		// The last ten are weeks old: the backlog of a long outage.
		at := base - i*1000
		if i >= 40 {
			at = base - 20*86_400_000 - i*1000
		}
		p := point(st, at, float64(i), obs.Pass, "")
		accept(t, s, p)
		want = append(want, p)
	}
	slices.SortFunc(want, func(a, b store.Point) int { return int(a.Time - b.Time) })
	if d := cmp.Diff(want, query(t, s, st, base-30*86_400_000, base+1)); d != "" {
		t.Error(d)
	}
}

func bounds(t *testing.T, s store.Store, base int64) {
	st := stream("bounds", "level")
	for i := range int64(10) {
		accept(t, s, point(st, base+i, float64(i), obs.Pass, ""))
	}
	if got := query(t, s, st, base+2, base+5); len(got) != 3 || got[0].V != 2 || got[2].V != 4 {
		t.Errorf("%d … %d gave %s, want 2, 3, 4", base+2, base+5, show(got))
	}
	got, err := s.Query(t.Context(), store.Query{Stream: st, From: base, To: base + 10, Limit: 4})
	if err != nil || len(got) != 4 || got[3].V != 3 {
		t.Errorf("limit 4 gave %+v, %v, want the first four", got, err)
	}
	if got := query(t, s, stream("nobody", "level"), base, base+10); len(got) != 0 {
		t.Errorf("a stream without points gave %+v", got)
	}
}

func apart(t *testing.T, s store.Store, base int64) {
	a, b, c, d := stream("apart", "temp"), stream("apart", "temp.inlet"), stream("apart-2", "temp"), stream("apart", "temp")
	d.Gateway = "street-02"
	for i, st := range []store.Stream{a, b, c, d} {
		accept(t, s, point(st, base, float64(i), obs.Pass, ""))
	}
	for i, st := range []store.Stream{a, b, c, d} {
		if got := query(t, s, st, base, base+1); len(got) != 1 || got[0].V != float64(i) {
			t.Errorf("%v gave %+v, want %d", st, got, i)
		}
	}
}

// refusal mixes points that no store can keep with good ones.
func refusal(t *testing.T, s store.Store, base int64) {
	st := stream("refusal", "level")
	bad := st
	bad.Device = "Bad Id\\"
	ps := []store.Point{
		point(st, base, 1, obs.Pass, ""),
		point(bad, base, 2, obs.Pass, ""),
		point(st, base+1, math.Inf(1), obs.Pass, ""),
		point(st, base+2, math.NaN(), obs.Pass, ""),
		point(st, base+3, 4, obs.Pass, ""),
		point(st, -5, 5, obs.Pass, ""),
	}
	var refused []int
	for _, r := range write(t, s, ps...) {
		refused = append(refused, r.Index)
		if r.Why == "" {
			t.Errorf("point %d was refused without a reason", r.Index)
		}
	}
	slices.Sort(refused)
	if !slices.Equal(refused, []int{1, 2, 3, 5}) {
		t.Errorf("refused %v, want 1, 2, 3 and 5", refused)
	}
	if got := query(t, s, st, base, base+10); len(got) != 2 {
		t.Errorf("%d points stored, want the two good ones: %+v", len(got), got)
	}
}

// hostile gives reasons that would be more than text where a store's own language does not
// keep them in: each comes back as it was, but for the ends of lines, and nothing else is
// stored.
func hostile(t *testing.T, s store.Store, base int64) {
	st, other := stream("hostile", "level"), stream("smuggled", "level")
	texts := []string{
		`a" 1`, `a\`, `a\"`, `\\"`, `a\",v=99,why="b`, "a\" 1\nlevel,device=smuggled,gateway=street-01 qc=1i,v=99 1",
		"\nlevel,device=smuggled,gateway=street-01 qc=1i,v=99 1\n", "\r\n", `\n`, `\\n`, `, =\,\ \=`, `'; drop table reading; --`,
		`") |> drop() //`, `${v} {{v}} %s`, "# not a comment", "\t", "\x00", "\x1b[31m", "\u2028", "汉字 😀", `"`, `\`,
	}
	r := rand.New(rand.NewPCG(8, 128)) // #nosec: any texts will do
	from := []rune("\\\\\"\" ,=\n\ra1i#'\t长\x00")
	for range 300 {
		b := make([]rune, 1+r.IntN(40))
		for i := range b {
			b[i] = from[r.IntN(len(from))]
		}
		texts = append(texts, string(b))
	}
	lines := strings.NewReplacer("\r", " ", "\n", " ")
	var ps []store.Point
	for i, text := range texts {
		ps = append(ps, point(st, base+int64(i), float64(i), obs.Fail, obs.Reason(text)))
	}
	accept(t, s, ps...)
	got := query(t, s, st, base, base+int64(len(texts)))
	if len(got) != len(ps) {
		t.Fatalf("%d points came back, want %d", len(got), len(ps))
	}
	for i, p := range got {
		p.Why, ps[i].Why = obs.Reason(lines.Replace(string(p.Why))), obs.Reason(lines.Replace(string(ps[i].Why)))
		if d := cmp.Diff(ps[i], p); d != "" {
			t.Errorf("reason %q: %s", texts[i], d)
		}
	}
	if got := query(t, s, other, 0, base+1_000_000); len(got) != 0 {
		t.Errorf("a reason wrote another stream: %+v", got)
	}
}

func concurrent(t *testing.T, s store.Store, base int64) {
	const writers, each = 8, 200
	var wg sync.WaitGroup
	errs := make(chan error, writers)
	for w := range writers {
		wg.Go(func() {
			st := stream(fmt.Sprintf("writer-%d", w), "level")
			for i := range int64(each / 20) {
				var ps []store.Point
				for j := range int64(20) {
					ps = append(ps, point(st, base+i*20+j, float64(j), obs.Pass, ""))
				}
				if refused, err := s.Write(t.Context(), ps); err != nil || len(refused) > 0 {
					errs <- fmt.Errorf("%v, refused %v", err, refused)
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	for w := range writers {
		if n := len(query(t, s, stream(fmt.Sprintf("writer-%d", w), "level"), base, base+each)); n != each {
			t.Errorf("writer %d has %d points, want %d", w, n, each)
		}
	}
}

func big(t *testing.T, s store.Store, base int64) {
	st := stream("big", "level")
	ps := make([]store.Point, 12_000)
	for i := range ps {
		ps[i] = point(st, base+int64(i), float64(i), obs.Pass, "")
	}
	accept(t, s, ps...)
	if got := query(t, s, st, base, base+int64(len(ps))); len(got) != len(ps) || got[len(got)-1].V != float64(len(ps)-1) {
		t.Errorf("%d of %d points came back", len(got), len(ps))
	}
}

func show(ps []store.Point) string {
	var b strings.Builder
	for _, p := range ps {
		fmt.Fprintf(&b, "%d:%g ", p.Time, p.V)
	}
	return b.String()
}

// walk reads what is dense, sparse and bad, over pages and windows.
func walk(t *testing.T, s store.Store, base int64) {
	const dense = 45_000 // within an hour: more than two pages
	st := stream("walk", "level")
	from := base - 20*24*3_600_000
	ps := make([]store.Point, 0, dense+40)
	for i := range int64(30) { // each on a day of its own
		ps = append(ps, point(st, from+i*50_000_000, float64(i), obs.Pass, ""))
	}
	for i := range int64(dense) {
		p := point(st, base+i*50, float64(i), obs.Pass, "")
		switch i % 1000 {
		case 7:
			p.Quality = obs.Quality{Flag: obs.Suspect, Why: "rate"}
		case 8:
			p.V, p.Quality = math.NaN(), obs.Quality{Flag: obs.Missing, Why: "timeout"}
		case 9:
			p.Late = obs.Fail
		}
		ps = append(ps, p)
	}
	accept(t, s, ps...)
	var got []store.Point
	for p, err := range store.Walk(t.Context(), s, st, from, base+dense*50) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	if d := cmp.Diff(ps, got, nans()); d != "" {
		t.Errorf("%d of %d points came: %.500s", len(got), len(ps), d)
	}
	n := 0
	for range store.Walk(t.Context(), s, st, from, base) { // who stops is let go
		if n++; n == 5 {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for p, err := range store.Walk(ctx, s, st, base, base+dense*50) {
		if err == nil {
			t.Fatalf("a walk that was given up goes on: %+v", p)
		}
	}
}
