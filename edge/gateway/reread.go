package gateway

import (
	"errors"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
)

// stretch is a row of records of one epoch.
type stretch struct {
	epoch       journal.Epoch
	first, last uint64
}

// reread is a walk through the samples of the journal that a start needs once more.
type reread struct {
	g       *Gateway
	decoder record.Decoder
	sample  record.Sample // the one that is shown
}

// read shows the samples of s, oldest first. who says in the log who goes without what
// cannot be read.
func (r *reread) read(s stretch, who string, show func()) {
	err := r.g.journal.Read(s.epoch, s.first, s.last, func(rec journal.Record) error {
		if rec.Kind == record.KindSample && r.decoder.Sample(rec.Body, &r.sample) == nil {
			show()
		}
		return nil
	})
	var damage *journal.DamageError // what lies behind it was shown all the same
	if err != nil && !errors.As(err, &damage) {
		r.g.log.Warn(who+" lack what cannot be read", "epoch", s.epoch.String(), "error", err)
	}
}
