package area

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// bigCity is a district of 22 towns and 549 villages, each with a boundary of 60 corners,
// and 1000 gateways with 10 devices each, of which every other one says only where it
// stands. 300 of them have something open.
func bigCity(tb testing.TB) (*Atlas, []view.Gateway, []view.Standing) {
	tb.Helper()
	f := File{Name: "big", Rows: []Row{{Code: "990101", Name: view.Text{Zh: "区"}}}}
	place := map[Code]wire.Position{}
	for v := range 549 {
		town, x, y := v%22, float64(v%24), float64(v/24)
		if v < 22 {
			f.Rows = append(f.Rows, Row{Code: Code(fmt.Sprintf("990101%03d", town+1)), Name: view.Text{Zh: "镇"}})
		}
		c := Code(fmt.Sprintf("990101%03d%03d", town+1, v+1))
		p := Point{120 + x*0.02, 30 + y*0.02}
		place[c] = wire.Position{Lat: p[1], Lon: p[0]}
		f.Rows = append(f.Rows, Row{Code: c, Name: view.Text{Zh: "村"}, Shape: Shape{{round(p, 0.0099, 60)}}})
	}
	a := newAtlas(tb)
	if _, err := a.Import(tb.Context(), f, false, now); err != nil {
		tb.Fatal(err)
	}
	var gateways []view.Gateway
	var open []view.Standing
	for i := range 1000 {
		c := f.Rows[1+i%(len(f.Rows)-1)].Code
		g := view.Gateway{ID: fmt.Sprintf("g-%d", i), Online: i%7 > 0, Area: string(c)}
		if pos, ok := place[c]; ok && i%2 == 0 {
			g.Area, g.Position = "", &pos
		}
		for d := range 10 {
			g.Devices = append(g.Devices, view.Device{ID: fmt.Sprintf("d-%d", d), State: []string{"ok", "ok", "silent", "fault"}[d%4]})
		}
		gateways = append(gateways, g)
		if i < 300 {
			open = append(open, view.Standing{Gateway: g.ID, Alerts: 1 + i%3, Cases: i % 2, Worst: worsening[1+i%4]})
		}
	}
	return a, gateways, open
}

func round(p Point, r float64, n int) (ring []Point) {
	for i := range n {
		w := 2 * math.Pi * float64(i) / float64(n)
		ring = append(ring, Point{p[0] + r*math.Cos(w), p[1] + r*math.Sin(w)})
	}
	return append(ring, ring[0])
}

func TestBigCity(t *testing.T) {
	a, gateways, open := bigCity(t)
	if a.Tree().Len() != 1+22+549 {
		t.Fatalf("%d areas", a.Tree().Len())
	}
	got := a.Count(gateways, open).Of("990101")
	if got.Devices != 10_000 || got.Gateways != 1000 || got.Cases != 150 || got.Alerts != 600 || got.Worst != wire.Red || got.Online+got.Silent+got.Faulty != 10_000 {
		t.Errorf("the district has %+v", got)
	}
}

// Counts, worst state and cases of every node, from scratch: placing, counting, summing.
func BenchmarkCountsOfEveryNode(b *testing.B) {
	a, gateways, open := bigCity(b)
	b.ReportAllocs()
	for b.Loop() {
		if s := a.Count(gateways, open); s.Of("990101").Devices != 10_000 {
			b.Fatal("devices are missing")
		}
	}
}

// The same with 10 000 gateways of one device, all placed by their position.
func BenchmarkCountsOfEveryNodeByPosition(b *testing.B) {
	a, gateways, open := bigCity(b)
	var many []view.Gateway
	for i := range 10_000 {
		p := gateways[2*(i%500)].Position
		if p == nil {
			p = gateways[100].Position
		}
		many = append(many, view.Gateway{ID: fmt.Sprintf("m-%d", i), Online: true, Position: p, Devices: []view.Device{{ID: "d", State: "ok"}}})
	}
	b.ReportAllocs()
	for b.Loop() {
		if s := a.Count(many, open); s.Of("990101").Devices == 0 {
			b.Fatal("devices are missing")
		}
	}
}

func BenchmarkPositionToArea(b *testing.B) {
	a, gateways, _ := bigCity(b)
	t := a.Tree()
	p := *gateways[100].Position
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := t.At(p); !ok {
			b.Fatal("it is nowhere")
		}
	}
}

// In a storm: 100 000 active alerts, of 1000 gateways.
func BenchmarkCountsInAStorm(b *testing.B) {
	a, gateways, _ := bigCity(b)
	var open []view.Standing
	for i := range 100_000 {
		open = append(open, view.Standing{Gateway: gateways[i%1000].ID, Device: gateways[i%1000].Devices[i%10].ID, Alerts: 1, Worst: worsening[1+i%4]})
	}
	b.ReportAllocs()
	for b.Loop() {
		if s := a.Count(gateways, open); s.Of("990101").Alerts != 100_000 {
			b.Fatal("alerts are missing")
		}
	}
}

// The answer to the console: the whole tree with its counts, as JSON.
func BenchmarkPageOfTheWholeTree(b *testing.B) {
	a, gateways, open := bigCity(b)
	a.o.Gateways, a.o.Standing = func() []view.Gateway { return gateways }, func(context.Context) ([]view.Standing, error) { return open, nil }
	b.ReportAllocs()
	for b.Loop() {
		page, err := a.AreaPage(b.Context(), view.AreaQuery{Depth: 6, Limit: 1000})
		if err != nil || len(page.Areas) != 572 {
			b.Fatal(err, len(page.Areas))
		}
		if _, err := json.Marshal(page); err != nil {
			b.Fatal(err)
		}
	}
}
