package buffer

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// The kinds of entries.
const (
	Reading = "reading"
	Event   = "event"
	Alert   = "alert"
	Image   = "image"
)

// Kinds lists them.
func Kinds() []string { return []string{Reading, Event, Alert, Image} }

// Entry is one thing the journal holds: one channel's reading, the fault of a whole
// sample (Channel is wire.FaultChannel), an event, a revision of an alert, a picture.
type Entry struct {
	Epoch  wire.Epoch
	Seq    uint64 // the entries of one sample share it
	Kind   string
	Boot   string
	BootMS int64
	Date   // zero unless Dated
	Dated  bool
	Stream obs.Stream // empty where it does not apply
	obs.Reading
	Metric obs.Metric  // zero if the channel is of no metric
	Event  *wire.Event // of an event
	Alert  *wire.Alert // of an alert
	Bytes  int         // of a picture
}

// decoding turns the records of one epoch into entries.
type decoding struct {
	b       *Buffer
	epoch   journal.Epoch
	name    wire.Epoch
	boot    string
	decoder record.Decoder
	metrics map[string]obs.Metric // by channel, as looked up
	sample  record.Sample
}

// entries gives fn the entries of one record. The error wraps record.ErrFormat, or
// is fn's.
func (d *decoding) entries(r journal.Record, fn func(*Entry) error) error {
	e := Entry{Epoch: d.name, Seq: r.Seq, Boot: d.boot}
	switch r.Kind {
	case record.KindSample:
		return d.samples(r, e, fn)
	case record.KindEvent:
		ev, err := record.DecodeEvent(r.Body, d.epoch, r.Seq)
		if err != nil {
			return err
		}
		e.Kind, e.Event = Event, &ev
		if ev.Device != nil {
			e.Stream.Device = ev.Device.Device
		}
		if ev.Actuation != nil {
			e.Stream.Device = ev.Actuation.Output
		}
		if ev.Maintenance != nil {
			e.Stream.Device = ev.Maintenance.Device
		}
		d.at(&e, ev.At)
	case record.KindAlert:
		a, err := record.DecodeAlert(r.Body, d.epoch, r.Seq)
		if err != nil {
			return err
		}
		e.Kind, e.Alert, e.Stream = Alert, &a, obs.Stream{Device: a.Device, Channel: a.Channel}
		d.at(&e, a.At)
	case record.KindImage:
		meta, jpeg, err := record.DecodeImage(r.Body)
		if err != nil {
			return err
		}
		e.Kind, e.Stream.Device, e.Bytes = Image, meta.Device, len(jpeg)
		d.at(&e, meta.At)
	default:
		return fmt.Errorf("kind %d: %w", r.Kind, record.ErrFormat)
	}
	return fn(&e)
}

// samples gives a sample's readings one by one.
func (d *decoding) samples(r journal.Record, e Entry, fn func(*Entry) error) error {
	if err := d.decoder.Sample(r.Body, &d.sample); err != nil {
		return err
	}
	s := &d.sample
	e.Kind, e.Stream.Device = Reading, s.Device
	d.date(&e, s.BootMS)
	if s.Fault != "" {
		e.Stream.Channel, e.Reading = wire.FaultChannel, obs.None(obs.Reason(s.Fault))
		return fn(&e)
	}
	for i, c := range s.Channels {
		e.Stream.Channel, e.Reading, e.Metric = c, s.Readings[i], obs.Metric{}
		e.Metric = d.metric(c)
		if s.Late != nil { // told again, with the verdict that came late
			e.Reading.Quality = obs.Quality{Flag: s.Late[i]}
			if s.LateWhy != nil {
				e.Reading.Quality.Why = s.LateWhy[i]
			}
		}
		if err := fn(&e); err != nil {
			return err
		}
	}
	return nil
}

// metric looks a channel up once.
func (d *decoding) metric(channel string) obs.Metric {
	m, known := d.metrics[channel]
	if !known && d.b.o.Units != nil {
		m, _ = d.b.o.Units.Lookup(channel)
		d.metrics[channel] = m
	}
	return m
}

// at dates an entry by what its document says, or by what was learned since.
func (d *decoding) at(e *Entry, m wire.Moment) {
	if m.Boot != "" {
		e.Boot = m.Boot
	}
	d.date(e, m.BootMS)
	if !e.Dated && m.Unix != 0 {
		e.Date, e.Dated = Date{UnixMS: m.Unix, ErrMS: m.ErrorMS}, true
	}
}

func (d *decoding) date(e *Entry, bootMS int64) {
	e.BootMS = bootMS
	e.Date, e.Dated = d.b.o.Date(e.Boot, bootMS)
}
