package api

import (
	"context"
	"iter"
	"math"
	"slices"

	"github.com/lamppost-city/lamppost/cloud/api/sheet"
	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// readings yields the points of a stream and, where a sample of the whole device failed, points
// without a value: nothing was measured then, and why is known.
func (s *server) readings(ctx context.Context, st store.Stream, from, to int64) iter.Seq2[store.Point, error] {
	return func(yield func(store.Point, error) bool) {
		faults := store.Stream{Gateway: st.Gateway, Stream: obs.Stream{Device: st.Device, Channel: wire.FaultChannel}}
		next, stop := iter.Pull2(store.Walk(ctx, s.Points, faults, from, to))
		defer stop()
		f, err, more := next()
		for p, perr := range store.Walk(ctx, s.Points, st, from, to) {
			for ; more && err == nil && perr == nil && f.Time <= p.Time; f, err, more = next() {
				if f.Time < p.Time && !yield(f, nil) {
					return
				}
			}
			if perr == nil {
				perr = err
			}
			if !yield(p, perr) || perr != nil {
				return
			}
		}
		for ; more; f, err, more = next() {
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// streamRows gives each the readings and gaps of a stream, each at the time at which it was or
// began. gaps are those that were declared, in the order of time.
func (s *server) streamRows(ctx context.Context, about view.Stream, ask exportAsk, gaps []view.Gap, each func(*sheet.Row) error) error {
	t := &rowMaker{about: about, gaps: gaps, silent: silence{limit: patience(about.EveryMS), last: -1}, declared: gaps, each: each}
	t.label = about.Label.En
	if ask.lang == "zh" {
		t.label = about.Label.Zh
	}
	for p, err := range s.readings(ctx, streamOf(about), ask.from, ask.to+1) {
		if err == nil {
			err = t.reading(point(p))
		}
		if err != nil {
			return err
		}
	}
	return t.end(ask.to)
}

// rowMaker puts the gaps of a stream between its readings.
type rowMaker struct {
	about    view.Stream
	label    string
	gaps     []view.Gap // those that are not written yet
	declared []view.Gap
	silent   silence
	each     func(*sheet.Row) error
}

func (m *rowMaker) reading(p view.Point) error {
	if err := m.until(p.T); err != nil {
		return err
	}
	return m.each(&sheet.Row{
		Time: p.T, Gateway: m.about.Gateway, Device: m.about.Device, Channel: m.about.Channel, Quantity: m.label,
		Unit: m.unit(), Value: p.V, Quality: p.Flag.Code(), Reason: string(p.Why),
	})
}

// until writes the gaps that began before t.
func (m *rowMaker) until(t int64) error {
	m.silent.add(t)
	for _, g := range m.silent.gaps {
		if !covered(g, m.declared) {
			m.gaps = slices.Insert(m.gaps, 0, g)
		}
	}
	m.silent.gaps = m.silent.gaps[:0]
	for len(m.gaps) > 0 && m.gaps[0].From <= t {
		if err := m.gap(m.gaps[0]); err != nil {
			return err
		}
		m.gaps = m.gaps[1:]
	}
	return nil
}

// end writes what is left when there are no more readings up to t.
func (m *rowMaker) end(t int64) error {
	if err := m.until(t); err != nil {
		return err
	}
	for _, g := range m.gaps {
		if err := m.gap(g); err != nil {
			return err
		}
	}
	return nil
}

func (m *rowMaker) gap(g view.Gap) error {
	return m.each(&sheet.Row{
		Gap: true, Time: g.From, Until: g.To, Gateway: m.about.Gateway, Device: m.about.Device, Channel: m.about.Channel, Quantity: m.label,
		Unit: m.unit(), Value: math.NaN(), Quality: obs.Missing.Code(), Reason: g.Why, Detail: g.Detail,
	})
}

func (m *rowMaker) unit() string {
	if m.about.UnitText != "" {
		return m.about.UnitText
	}
	return m.about.Unit
}
