package fleet

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// ahead is how far a value's time may lie in the future and still count as the
// newest: a gateway with a clock gone wrong must not freeze its own display.
const ahead = 5 * time.Minute

// latest is the newest value of one stream.
type latest struct {
	v       float64 // NaN: none
	q       obs.Quality
	t       int64
	unit    string // as it travelled
	undated bool
	dirty   bool
	unsaved bool
}

// Observe takes the values of a pack that arrived at the given time. Values older
// than what is known change nothing.
func (r *Registry) Observe(p wire.Pack, at time.Time) error {
	now := at.UnixMilli()
	g, err := r.entry(p.Gateway, at)
	if err != nil {
		return err
	}
	defer g.mu.Unlock()
	if p.Lane == wire.Live {
		g.hear(p.Epoch, now)
		if !g.online && now-g.since > straggle.Milliseconds() {
			g.conn = 0 // its counting began anew, or its announcement was lost
			r.setOnline(g, true, now)
		}
	}
	base := int64(0)
	if p.Boot != "" {
		base = now - newest(p.Values) // the last value of a clockless pack is about as old as its journey
	}
	for i := range p.Values {
		if err == nil {
			err = g.observe(&p.Values[i], base, now, r.o.MaxStreams)
		}
	}
	if len(g.dirty) > 0 || g.announce {
		r.touch(g)
	}
	return err
}

func newest(vs []wire.Value) int64 {
	t := int64(math.MinInt64)
	for i := range vs {
		t = max(t, vs[i].Time)
	}
	return t
}

func (g *gateway) observe(v *wire.Value, base, now int64, limit int) error {
	if v.Stream.Channel == wire.FaultChannel {
		return nil // the device's state tells it; a fault is no stream
	}
	l := g.values[v.Stream]
	if l == nil {
		if len(g.values) >= limit {
			return ErrFull
		}
		l = &latest{t: math.MinInt64}
		g.values[v.Stream] = l
	}
	t := v.Time + base
	switch {
	case v.Late != obs.NotEvaluated:
		if t != l.t {
			return nil // a verdict on a value that is no longer the newest
		}
		l.q.Flag, l.q.Why = v.Late, v.Why
	case t < l.t && l.t <= now+ahead.Milliseconds():
		return nil
	case t == l.t && same(l, v):
		return nil // it came twice
	default:
		*l = latest{v: v.V, q: v.Quality, t: t, unit: v.Unit, undated: base != 0, dirty: l.dirty}
	}
	l.unsaved = true
	if !l.dirty {
		l.dirty = true
		g.dirty = append(g.dirty, v.Stream)
	}
	return nil
}

// same says whether a value is the one that is known.
func same(l *latest, v *wire.Value) bool {
	return l.q == v.Quality && l.unit == v.Unit && (l.v == v.V || math.IsNaN(l.v) && math.IsNaN(v.V))
}

// Values returns the newest value of each stream, of one gateway or, with an empty
// id, of all, by gateway, device and channel.
func (r *Registry) Values(id string) []view.Value {
	gs := r.all()
	if id != "" {
		gs = slices.DeleteFunc(gs, func(g *gateway) bool { return g.id != id })
	}
	out := []view.Value{}
	for _, g := range gs {
		g.mu.Lock()
		from := len(out)
		for s := range g.values {
			out = append(out, r.value(g, s))
		}
		g.mu.Unlock()
		slices.SortFunc(out[from:], func(a, b view.Value) int {
			if c := strings.Compare(a.Device, b.Device); c != 0 {
				return c
			}
			return strings.Compare(a.Channel, b.Channel)
		})
	}
	return out
}

// value returns what is shown of a stream that g.values has; g.mu is held.
func (r *Registry) value(g *gateway, s obs.Stream) view.Value {
	l := g.values[s]
	v := view.Value{
		Stream: r.stream(g, s, l.unit), QC: l.q.Flag.Code(), Why: string(l.q.Why), T: l.t, Undated: l.undated,
	}
	if !math.IsNaN(l.v) && !math.IsInf(l.v, 0) && l.q.Flag != obs.Missing {
		n := l.v
		v.V = &n
	}
	return v
}

// Stream says how to show a stream; ok is false if its gateway is not known.
func (r *Registry) Stream(id string, s obs.Stream) (view.Stream, bool) {
	g := r.get(id)
	if g == nil {
		return view.Stream{}, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	unit := ""
	if l := g.values[s]; l != nil {
		unit = l.unit
	}
	return r.stream(g, s, unit), true
}

func (r *Registry) stream(g *gateway, s obs.Stream, unit string) view.Stream {
	v := view.Stream{
		Gateway: g.id, Device: s.Device, Channel: s.Channel, Metric: obs.MetricName(s.Channel),
		Unit: unit, UnitText: unit, Label: view.Text{Zh: s.Channel, En: s.Channel}, Decimals: 2, EveryMS: g.every[s.Device],
	}
	if s == wire.HeartbeatStream {
		v.EveryMS = time.Minute.Milliseconds()
	}
	m, ok := r.o.Catalog.Lookup(s.Channel)
	if !ok {
		return v
	}
	v.Unit, v.UnitText, v.Decimals = m.Unit, m.Text, m.Decimals
	v.Label = view.Text{Zh: m.Label.ZH, En: m.Label.EN}
	if _, qualifier, ok := strings.Cut(s.Channel, "."); ok {
		v.Label = view.Text{Zh: m.Label.ZH + "（" + qualifier + "）", En: m.Label.EN + " (" + qualifier + ")"}
	}
	return v
}
