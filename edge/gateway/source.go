package gateway

import (
	"errors"
	"log/slog"
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/uplink"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// source shows the uplink the journal as records that travel: decoded, dated and
// with units.
type source struct {
	journal *journal.Journal
	dates   *dates
	units   units
	log     *slog.Logger
	decoder record.Decoder // the uplink calls from one goroutine
	sample  record.Sample
}

// units answers which unit a channel's values travel in.
type units interface {
	Lookup(channel string) (obs.Metric, bool)
}

// Extents implements uplink.Source.
func (s *source) Extents() []uplink.Extent { return extents(s.journal) }

var errEnough = errors.New("enough")

// Read implements uplink.Source.
func (s *source) Read(epoch wire.Epoch, r wire.Range, fn func(uplink.Record) bool) error {
	e, err := journal.ParseEpoch(string(epoch))
	if err != nil {
		return err
	}
	boot := s.bootOf(e)
	err = s.journal.Read(e, r.From, r.To, func(rec journal.Record) error {
		if !fn(s.travel(e, boot, rec)) {
			return errEnough
		}
		return nil
	})
	var damage *journal.DamageError
	if errors.Is(err, errEnough) || errors.As(err, &damage) {
		return nil // damage is declared as a gap elsewhere; what it swallowed cannot be sent
	}
	return err
}

func (s *source) bootOf(e journal.Epoch) string {
	for _, i := range s.journal.Epochs() {
		if i.Epoch == e {
			return i.Opened.Boot
		}
	}
	return ""
}

// travel turns a journal record into one that travels. What cannot be decoded
// travels as nothing: the journal's checksum was right, so a newer program wrote
// it, and holding the queue up for it would help nobody.
func (s *source) travel(e journal.Epoch, boot string, rec journal.Record) uplink.Record {
	out := uplink.Record{Seq: rec.Seq}
	var err error
	switch rec.Kind {
	case record.KindSample:
		if err = s.decoder.Sample(rec.Body, &s.sample); err == nil {
			out.Values, out.Undated = s.values(boot)
		}
	case record.KindEvent:
		var ev wire.Event
		if ev, err = record.DecodeEvent(rec.Body, e, rec.Seq); err == nil {
			s.dates.event(&ev)
			out.Event = &ev
		}
	case record.KindAlert:
		var a wire.Alert
		if a, err = record.DecodeAlert(rec.Body, e, rec.Seq); err == nil {
			s.dates.alert(&a)
			out.Alert = &a
		}
	}
	if err != nil {
		s.log.Warn("a journal record cannot be read and is passed over", "epoch", e.String(), "seq", rec.Seq, "error", err)
	}
	return out
}

// values dates a sample. Whose date is only a point between bounds says so: its time
// is as much in doubt as a value that nature does not allow.
func (s *source) values(boot string) (vs []wire.Value, undated bool) {
	at, ok := s.dates.clock.Date(boot, s.sample.BootMS)
	if !ok {
		return nil, true
	}
	vs = sampleValues(nil, &s.sample, at.UnixMS, s.units)
	for i := range vs {
		if q := &vs[i].Quality; at.Guess && q.Flag != obs.Missing {
			*q = q.Worst(obs.Quality{Flag: obs.Suspect, Why: obs.Time})
		}
	}
	return vs, false
}

// sampleValues appends what a sample says, at time t.
func sampleValues(dst []wire.Value, s *record.Sample, t int64, u units) []wire.Value {
	if s.Fault != "" {
		return append(dst, wire.Value{Stream: obs.Stream{Device: s.Device, Channel: wire.FaultChannel}, Time: t,
			V: math.NaN(), Quality: obs.Quality{Flag: obs.Missing, Why: obs.Reason(s.Fault)}})
	}
	for i, c := range s.Channels {
		v := wire.Value{Stream: obs.Stream{Device: s.Device, Channel: c}, Time: t, V: s.Readings[i].Value, Quality: s.Readings[i].Quality}
		if m, ok := u.Lookup(c); ok && v.Flag != obs.Missing {
			v.Unit = m.Wire
		}
		if s.Late != nil {
			v.Late = s.Late[i]
		}
		dst = append(dst, v)
	}
	return dst
}
