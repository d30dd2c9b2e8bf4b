package ingest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	groupPoints = 5000 // a group is closed with the pack that reaches this
	groupPacks  = 2000
	linger      = 3 * time.Millisecond // for more to join a group
)

// telemetry takes the packs of one lane to the store: one goroutine decodes and
// groups, one writes, so that a group grows while the one before it is synced.
type telemetry struct {
	in     *Ingest
	lane   *lane
	unpack wire.Unpacker
	groups chan *group
}

// group is what one call of Store.Write takes.
type group struct {
	packs  []taken
	points []store.Point
}

// taken is a pack in a group and where its points begin.
type taken struct {
	it    item
	pack  *wire.Pack
	first int
}

func (t *telemetry) run(ctx context.Context) error {
	t.groups = make(chan *group)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { t.collect(ctx); return nil })
	g.Go(func() error { t.write(ctx); return nil })
	return g.Wait()
}

func (t *telemetry) collect(ctx context.Context) {
	b, ripe := &group{}, false
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		full := len(b.points) >= groupPoints || len(b.packs) >= groupPacks
		from, to := t.lane.queue, t.groups
		if full {
			from = nil
		}
		if len(b.packs) == 0 || !full && !ripe {
			to = nil
		}
		select {
		case <-ctx.Done():
			return
		case it := <-from:
			if len(b.packs) == 0 {
				ripe = false
				timer.Reset(linger)
			}
			t.add(b, it)
		case <-timer.C:
			ripe = true
		case to <- b:
			b, ripe = &group{}, false
		}
	}
}

// add decodes a message and puts it into the group, unless it ends here.
func (t *telemetry) add(b *group, it item) {
	topic, pack, err := t.decode(it)
	if err != nil {
		t.in.refusePack(t.lane, it, topic.Gateway, pack, err)
		return
	}
	if err := t.in.o.Fleet.Observe(*pack, it.at); err != nil {
		// Not for good: somebody may make room.
		t.in.counts.rejected.WithLabelValues(t.lane.name).Inc()
		t.in.o.Fleet.Rejected(pack.Gateway, err.Error(), it.at)
		t.in.out.refused(pack.Gateway, pack.Epoch, "registry-full", true, pack.Ranges...)
		t.lane.done(it)
		return
	}
	if pack.Boot != "" {
		t.in.out.clock(pack.Gateway, pack.Echo())
		t.lane.done(it)
		return
	}
	if pack.Lane == wire.Backfill {
		t.in.pace.note(pack.Gateway, it.at)
	}
	b.packs = append(b.packs, taken{it: it, pack: pack, first: len(b.points)})
	for i := range pack.Values {
		v := &pack.Values[i]
		b.points = append(b.points, store.Point{
			Stream: store.Stream{Gateway: pack.Gateway, Stream: v.Stream},
			Time:   v.Time, V: v.V, Quality: v.Quality, Late: v.Late,
		})
	}
}

// decode reads a pack. The topic says whose it is and in which lane it travels. With
// an error the pack is nil, or what is known of one that cannot be used.
func (t *telemetry) decode(it item) (wire.Topic, *wire.Pack, error) {
	topic, err := wire.ParseTopic(t.in.o.Prefix, it.Topic())
	if err != nil {
		return topic, nil, err
	}
	pack, err := t.unpack.Unpack(topic.Gateway, it.Payload())
	if err != nil {
		return topic, pack, err
	}
	if string(pack.Lane) != string(topic.Kind) {
		return topic, nil, fmt.Errorf("the pack says lane %s, the topic %s", pack.Lane, topic.Kind)
	}
	return topic, pack, nil
}

func (t *telemetry) write(ctx context.Context) {
	log := t.in.o.Log.With("lane", t.lane.name)
	for {
		var b *group
		select {
		case <-ctx.Done():
			return
		case b = <-t.groups:
		}
		var refusals []store.Refusal
		begin := time.Now()
		ok := t.in.store.persist(ctx, func() (err error) {
			if len(b.points) == 0 {
				return nil
			}
			begin = time.Now()
			refusals, err = t.in.o.Store.Write(ctx, b.points)
			return err
		}, func(first bool, err error) {
			t.in.counts.errors.WithLabelValues("store").Inc()
			if first {
				log.Error("the store takes nothing; trying again until it does", "error", err)
			}
		})
		if !ok {
			return
		}
		if back, d := t.in.store.fine(); back {
			log.Info("the store takes readings again", "after", d.Round(time.Millisecond))
			t.in.out.greetAll()
		}
		t.in.counts.write.WithLabelValues(t.lane.name).Observe(time.Since(begin).Seconds())
		t.in.counts.readings.WithLabelValues(t.lane.name).Add(float64(len(b.points) - len(refusals)))
		t.settle(ctx, b, refusals)
	}
}

// settle acknowledges a group that the store has taken.
func (t *telemetry) settle(ctx context.Context, b *group, refusals []store.Refusal) {
	var bad map[int][]store.Refusal // by pack
	if len(refusals) > 0 {
		bad = b.byPack(refusals)
	}
	for i, p := range b.packs {
		end := len(b.points)
		if i+1 < len(b.packs) {
			end = b.packs[i+1].first
		}
		switch rs := bad[i]; {
		case len(rs) == 0:
			t.stored(p.pack)
		case !t.setAside(ctx, p, b.points, rs):
			// Neither stored nor set aside: not a word, so that it comes again.
		case len(rs) == end-p.first:
			t.in.out.refused(p.pack.Gateway, p.pack.Epoch, word(rs[0].Why), false, p.pack.Ranges...)
		default:
			t.stored(p.pack)
		}
		t.lane.done(p.it)
	}
}

func (t *telemetry) stored(p *wire.Pack) {
	echo := ""
	if p.Lane == wire.Live {
		echo = p.Echo()
	}
	t.in.out.stored(p.Gateway, p.Epoch, echo, p.Ranges...)
}

// byPack sorts refusals to the packs that the points came in.
func (b *group) byPack(refusals []store.Refusal) map[int][]store.Refusal {
	pack := make([]int, len(b.points))
	for i, p := range b.packs {
		for j := p.first; j < len(pack); j++ {
			pack[j] = i
		}
	}
	out := map[int][]store.Refusal{}
	for _, r := range refusals {
		if r.Index >= 0 && r.Index < len(pack) {
			out[pack[r.Index]] = append(out[pack[r.Index]], r)
		}
	}
	return out
}

// setAside parks the refused readings of a pack and declares them as a gap.
func (t *telemetry) setAside(ctx context.Context, p taken, points []store.Point, rs []store.Refusal) bool {
	t.in.counts.refused.WithLabelValues().Add(float64(len(rs)))
	var text strings.Builder
	gap := view.Gap{Gateway: p.pack.Gateway, From: points[rs[0].Index].Time, Why: word(rs[0].Why), Detail: clip(rs[0].Why)}
	for _, r := range rs {
		pt := points[r.Index]
		gap.From, gap.To = min(gap.From, pt.Time), max(gap.To, pt.Time)
		fmt.Fprintf(&text, "%s t=%d v=%v qc=%d %s: %s\n", pt.Stream.Stream, pt.Time, pt.V, pt.Flag.Code(), pt.Why, r.Why)
	}
	err := t.in.parked.now(ctx, aside{gateway: p.pack.Gateway, topic: p.it.Topic(), why: "refused by the store: " + clip(rs[0].Why), payload: []byte(text.String()), at: p.it.at})
	if err == nil {
		err = t.in.o.Ledger.Declare(ctx, gap)
	}
	if err != nil {
		t.in.o.Log.Error("refused readings could not be set aside", "gateway", p.pack.Gateway, "error", err)
		return false
	}
	t.in.o.Fleet.Rejected(p.pack.Gateway, rs[0].Why, p.it.at)
	return true
}

// word makes a reason one word, as the wire wants it.
func word(why string) string {
	if strings.Contains(why, retention) {
		return retention
	}
	w := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(why))
	w = strings.Trim(w[:min(len(w), 32)], "-")
	if w == "" {
		return "refused"
	}
	return w
}

// retention is the reason of what is older than the store keeps.
const retention = "retention"
