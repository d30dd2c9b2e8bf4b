package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// groupRecords is how many alerts and events go into one transaction at most.
const groupRecords = 256

// next waits for a message and takes what else is there, up to limit.
func (l *lane) next(ctx context.Context, limit int) []item {
	var group []item
	select {
	case <-ctx.Done():
		return nil
	case it := <-l.queue:
		group = append(group, it)
	}
	for len(group) < limit {
		select {
		case it := <-l.queue:
			group = append(group, it)
		default:
			return group
		}
	}
	return group
}

// each decodes the messages of a lane one by one.
func (in *Ingest) each(ctx context.Context, l *lane, do func(wire.Topic, item) error) error {
	for {
		group := l.next(ctx, 1)
		if group == nil {
			return nil
		}
		topic, err := wire.ParseTopic(in.o.Prefix, group[0].Topic())
		if err == nil {
			err = do(topic, group[0])
		}
		if err != nil {
			in.reject(l, group[0], topic.Gateway, err)
		}
	}
}

// from is a decoded message with its sender.
type from[M any] struct {
	gateway string
	m       M
	it      item
}

func all[M any](fs []from[M]) iter.Seq2[string, M] {
	return func(yield func(string, M) bool) {
		for _, f := range fs {
			if !yield(f.gateway, f.m) {
				return
			}
		}
	}
}

// records consumes the lane of alerts and events.
func (in *Ingest) records(l *lane) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			group := l.next(ctx, groupRecords)
			if group == nil {
				return nil
			}
			var alerts []from[wire.Alert]
			var events []from[wire.Event]
			for _, it := range group {
				topic, err := wire.ParseTopic(in.o.Prefix, it.Topic())
				if err == nil && topic.Kind == wire.AlertTopic {
					a := from[wire.Alert]{gateway: topic.Gateway, it: it}
					if err = wire.Decode(it.Payload(), &a.m); err == nil {
						alerts = append(alerts, a)
					}
				} else if err == nil {
					e := from[wire.Event]{gateway: topic.Gateway, it: it}
					if err = wire.Decode(it.Payload(), &e.m); err == nil {
						events = append(events, e)
					}
				}
				if err != nil {
					in.refuseRecord(l, it, topic.Gateway, err)
				}
			}
			if !in.keepAlerts(ctx, l, alerts) || !in.keepEvents(ctx, l, events) {
				return nil
			}
		}
	}
}

// keep repeats a transaction until it is committed.
func (in *Ingest) keep(ctx context.Context, do func() error) bool {
	ok := in.tables.persist(ctx, do, func(first bool, err error) {
		in.counts.errors.WithLabelValues("database").Inc()
		if first {
			in.o.Log.Error("the database takes nothing; trying again until it does", "error", err)
		}
	})
	if back, d := in.tables.fine(); ok && back {
		in.o.Log.Info("the database takes records again", "after", d.Round(time.Millisecond))
	}
	return ok
}

func (in *Ingest) keepAlerts(ctx context.Context, l *lane, alerts []from[wire.Alert]) bool {
	if len(alerts) == 0 {
		return true
	}
	var refused map[int]string
	if !in.keep(ctx, func() (err error) {
		refused, err = in.o.Alerts.Record(ctx, all(alerts), time.Now())
		return err
	}) {
		return false
	}
	for i, a := range alerts {
		seq := wire.Range{From: a.m.Seq, To: a.m.Seq}
		if why, bad := refused[i]; bad {
			in.out.refused(a.gateway, a.m.Epoch, "foreign-id", false, seq)
			in.reject(l, a.it, a.gateway, errors.New(why))
			continue
		}
		in.out.stored(a.gateway, a.m.Epoch, "", seq)
		in.out.alert(a.gateway, wire.Revised{ID: a.m.ID, Rev: a.m.Rev})
		l.done(a.it)
	}
	return true
}

func (in *Ingest) keepEvents(ctx context.Context, l *lane, events []from[wire.Event]) bool {
	if len(events) == 0 {
		return true
	}
	if !in.keep(ctx, func() error { return in.o.Ledger.Events(ctx, all(events), time.Now()) }) {
		return false
	}
	for _, e := range events {
		in.out.stored(e.gateway, e.m.Epoch, "", wire.Range{From: e.m.Seq, To: e.m.Seq})
		l.done(e.it)
	}
	return true
}

// pictures consumes the lane of pictures.
func (in *Ingest) pictures(l *lane) func(context.Context) error {
	return func(ctx context.Context) error {
		return in.each(ctx, l, func(topic wire.Topic, it item) error {
			meta, data, err := wire.DecodeImage(it.Payload())
			if err == nil && (meta.ID != topic.ID || meta.Piece != topic.Piece) {
				err = fmt.Errorf("the piece says it is %s/%d, the topic %s/%d", meta.ID, meta.Piece, topic.ID, topic.Piece)
			}
			if err != nil {
				in.refusePicture(l, it, topic, err)
				return nil
			}
			stored, err := in.o.Images.Piece(ctx, topic.Gateway, meta, data, it.at)
			switch {
			case errors.Is(err, view.ErrRefused):
				in.refusePicture(l, it, topic, err)
				return nil
			case err != nil:
				// Not acknowledged to the gateway, which will send the picture again.
				in.counts.errors.WithLabelValues("pictures").Inc()
				in.o.Log.Warn("a picture could not be kept", "gateway", topic.Gateway, "piece", topic.ID+"/"+strconv.Itoa(topic.Piece), "error", err)
			case stored:
				in.out.image(topic.Gateway, meta.ID)
			}
			l.done(it)
			return nil
		})
	}
}

// status consumes the lane of what gateways say about themselves.
func (in *Ingest) status(l *lane) func(context.Context) error {
	return func(ctx context.Context) error {
		return in.each(ctx, l, func(topic wire.Topic, it item) error {
			at := it.at
			if it.Retained() {
				at = time.Time{} // said at another time
			}
			var err error
			if topic.Kind == wire.OnlineTopic {
				var o wire.Online
				if err = wire.Decode(it.Payload(), &o); err == nil {
					err = in.o.Fleet.Online(topic.Gateway, o, at)
				}
				if err == nil {
					in.out.online(topic.Gateway, o.Online)
					in.came(topic.Gateway, o.Online)
				}
			} else {
				var s wire.State
				if err = wire.Decode(it.Payload(), &s); err == nil {
					err = in.o.Fleet.State(topic.Gateway, s, at)
				}
				if err == nil {
					in.reconcile(ctx, topic.Gateway, s)
				}
			}
			if err == nil {
				l.done(it)
			}
			return err
		})
	}
}

// reconcile marks alerts that vanished. If it cannot be noted now, the next state
// brings it up again.
func (in *Ingest) reconcile(ctx context.Context, gateway string, s wire.State) {
	if err := in.o.Alerts.Reconcile(ctx, gateway, s, time.Now()); err != nil {
		in.counts.errors.WithLabelValues("database").Inc()
		in.o.Log.Warn("a gateway's active alerts could not be compared", "gateway", gateway, "error", err)
	}
}
