package gateway

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/tape"
)

// deaf is an output on a line that is not there, or, with a state, one that can be asked.
type deaf struct{ tells bool }

func (d deaf) Set(context.Context, bool) error              { return drivers.ErrUnplugged }
func (d deaf) Get(context.Context) (on, ok bool, err error) { return false, d.tells, nil }
func (d deaf) Close() error                                 { return nil }

// Nobody has answered on a line that is not there: that an output does not know its state
// is no answer.
func TestRecordingADeafOutput(t *testing.T) {
	for _, c := range []struct {
		out  deaf
		good int
	}{{deaf{}, 0}, {deaf{tells: true}, 2}} {
		synctest.Test(t, func(t *testing.T) {
			rec, err := tape.NewRecorder(io.Discard, tape.Header{Driver: "relay", Wire: drivers.OutputLine, By: "test", At: time.Now(), Software: "test"})
			if err != nil {
				t.Fatal(err)
			}
			failed := 0
			r := Recording{Device: "siren", For: 7 * time.Second, Sampled: func(_ time.Duration, _ string, err error) {
				if errors.Is(err, drivers.ErrUnplugged) {
					failed++
				}
			}}
			good, bad := r.take(t.Context(), rec, c.out, time.Second)
			if good != c.good || bad != 3 || failed != 3 { // off, on, and off at the end
				t.Errorf("%+v: %d answered, %d failed, %d told", c.out, good, bad, failed)
			}
		})
	}
}
