package tape

import (
	"context"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/sdi12"
)

// SDI12 returns the part as a sensor on an SDI-12 line, with the line's own owner before
// it: its repeats and the calls for service are on the tape too. The sensor is the one
// that the first command on the tape is for. Breaks leave no trace on it.
func (r *Replay) SDI12() drivers.SDI12 {
	address := byte('0')
	for _, e := range r.tape.Entries {
		if e.Kind == Sent && len(e.Bytes) > 0 {
			address = e.Bytes[0]
			break
		}
	}
	return sdi12.New(sdi12Line{r.Port()}, r.tape.Name).Sensor(address)
}

// sdi12Line is a replayed line as its owner needs it.
type sdi12Line struct{ drivers.Port }

func (sdi12Line) Break(ctx context.Context, d time.Duration) error { return sleep(ctx, d, true) }

func (sdi12Line) Close() error { return nil }
