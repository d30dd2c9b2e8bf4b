package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Why a message that cannot be used is refused, as the gateway is told.
const (
	unreadable = "unreadable" // and always will be: set aside here
	tooNew     = "version"    // written by a newer program: may come again later
)

// reject counts a message that cannot be used, sets it aside, and acknowledges it
// to the broker so that it never comes again from there.
func (in *Ingest) reject(l *lane, it item, gateway string, err error) {
	in.rejectThen(l, it, gateway, err, nil)
}

// rejectThen is reject, and calls then when the message is safely set aside. Under a
// flood not all of it is: then nothing is called, and what was sent comes again.
func (in *Ingest) rejectThen(l *lane, it item, gateway string, err error, then func(context.Context)) {
	defer l.done(it)
	if len(it.Payload()) == 0 {
		return // how MQTT takes a retained message away; it says nothing
	}
	in.counts.rejected.WithLabelValues(l.name).Inc()
	why := clip(err.Error())
	in.parked.put(aside{gateway: gateway, topic: it.Topic(), why: why, payload: it.Payload(), at: it.at, then: then})
	in.o.Fleet.Rejected(gateway, why, it.at)
	in.o.Log.Debug("a message cannot be used", "topic", clip(it.Topic()), "why", why)
}

// refusePack rejects a message that should have been a pack. If its header could be
// read, its records are refused by number: once it is set aside and declared as a
// gap they need not come again.
func (in *Ingest) refusePack(l *lane, it item, gateway string, pack *wire.Pack, err error) {
	switch {
	case pack == nil || pack.Boot != "": // nothing is known of it, or it is never acknowledged
		in.reject(l, it, gateway, err)
	case errors.Is(err, wire.ErrVersion):
		in.out.refused(gateway, pack.Epoch, tooNew, true, pack.Ranges...)
		in.reject(l, it, gateway, err)
	default:
		gap := lost(gateway, pack, it, err)
		in.rejectThen(l, it, gateway, err, func(ctx context.Context) {
			if err := in.o.Ledger.Declare(ctx, gap); err != nil {
				in.counts.errors.WithLabelValues("database").Inc()
				in.o.Log.Error("a refused pack could not be declared as a gap; it comes again", "gateway", gateway, "error", err)
				return
			}
			in.out.refused(gateway, pack.Epoch, unreadable, false, pack.Ranges...)
		})
	}
}

// lost is the gap that a refused pack leaves. Its times are those of the readings
// before the fault; if there is none, when it came.
func lost(gateway string, pack *wire.Pack, it item, why error) view.Gap {
	g := view.Gap{Gateway: gateway, From: it.at.UnixMilli(), To: it.at.UnixMilli(), Why: unreadable}
	for i, v := range pack.Values {
		if i == 0 {
			g.From, g.To = v.Time, v.Time
		}
		g.From, g.To = min(g.From, v.Time), max(g.To, v.Time)
	}
	var ranges []string
	for _, r := range pack.Ranges {
		ranges = append(ranges, r.String())
	}
	g.Detail = clip(fmt.Sprintf("%s/%s: %v", pack.Epoch, strings.Join(ranges, ","), why))
	return g
}

// refuseRecord rejects a message that should have been an event or an alert. If it
// still says its number, that is refused.
func (in *Ingest) refuseRecord(l *lane, it item, gateway string, err error) {
	var m struct {
		Epoch wire.Epoch `json:"epoch"`
		Seq   uint64     `json:"seq"`
	}
	if json.Unmarshal(it.Payload(), &m) != nil || m.Epoch.Validate() != nil || m.Seq < 1 || m.Seq > wire.MaxSeq {
		in.reject(l, it, gateway, err)
		return
	}
	seq := wire.Range{From: m.Seq, To: m.Seq}
	if errors.Is(err, wire.ErrVersion) {
		in.out.refused(gateway, m.Epoch, tooNew, true, seq)
		in.reject(l, it, gateway, err)
		return
	}
	in.rejectThen(l, it, gateway, err, func(context.Context) { in.out.refused(gateway, m.Epoch, unreadable, false, seq) })
}

// refusePicture rejects a piece of a picture that will never be kept, and says that
// the picture need not come again. A piece that is of another version may.
func (in *Ingest) refusePicture(l *lane, it item, topic wire.Topic, err error) {
	var then func(context.Context)
	answer := wire.Ack{V: wire.Version, Store: "any", Images: []string{topic.ID}}
	if !errors.Is(err, wire.ErrVersion) && answer.Validate() == nil {
		then = func(ctx context.Context) {
			missing := wire.Missing{Images: answer.Images, Why: wire.Refused}
			if err := in.o.Ledger.Missed(ctx, topic.Gateway, missing, it.at); err != nil {
				in.counts.errors.WithLabelValues("database").Inc()
				in.o.Log.Warn("that a picture was refused could not be written down", "gateway", topic.Gateway, "error", err)
			}
			in.out.image(topic.Gateway, topic.ID)
		}
	}
	in.rejectThen(l, it, topic.Gateway, err, then)
}
