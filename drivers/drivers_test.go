package drivers

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

func TestChannelRead(t *testing.T) {
	level := Channel{Name: "level", Min: -0.5, Max: 4}
	for _, c := range []struct {
		v    float64
		want obs.Quality
	}{
		{-0.5, obs.Quality{}}, {4, obs.Quality{}}, {0, obs.Quality{}},
		{-0.501, obs.Quality{Flag: obs.Fail, Why: obs.Range}},
		{4.001, obs.Quality{Flag: obs.Fail, Why: obs.Range}},
		{math.NaN(), obs.Quality{Flag: obs.Missing, Why: obs.NotANumber}},
		{math.Inf(1), obs.Quality{Flag: obs.Missing, Why: obs.NotANumber}},
		{math.Inf(-1), obs.Quality{Flag: obs.Missing, Why: obs.NotANumber}},
	} {
		r := level.Read(c.v)
		if r.Quality != c.want {
			t.Errorf("Read(%v) = %v, want %v", c.v, r.Quality, c.want)
		}
		if math.IsNaN(r.Value) != (r.Quality.Flag == obs.Missing) {
			t.Errorf("Read(%v) has value %v under flag %v", c.v, r.Value, r.Quality.Flag)
		}
	}
}

func TestFaultWord(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{ErrTimeout, "timeout"}, {context.DeadlineExceeded, "timeout"}, {ErrChecksum, "checksum"},
		{ErrProtocol, "protocol"}, {ErrException, "exception"}, {ErrUnplugged, "unplugged"},
		{ErrBusy, "busy"}, {ErrDevice, "device"}, {context.Canceled, "stopped"}, {ErrWrongPart, "wrong-part"},
		{fmt.Errorf("anything else"), "error"},
	} {
		if got := FaultWord(fmt.Errorf("air: pms5003: %w", c.err)); got != c.want {
			t.Errorf("FaultWord(%v) = %q, want %q", c.err, got, c.want)
		}
		if back, ok := FaultNamed(c.want); !ok || FaultWord(back) != c.want {
			t.Errorf("FaultNamed(%q) = %v, %v", c.want, back, ok)
		}
	}
	if err, ok := FaultNamed("tired"); ok {
		t.Errorf("a word that does not exist is %v", err)
	}
}

func TestOptionErrorNamesTheKey(t *testing.T) {
	err := &OptionError{Key: "height", Msg: "write metres above 0"}
	if got, want := err.Error(), "height: write metres above 0"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}
