package gateway_test

import (
	"errors"
	"os"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/gateway"
)

// A device that answers is shown with its value and the bytes; one whose adapter
// is not there is an outcome, not the end of the program.
func TestRead(t *testing.T) {
	p := newPost(t)
	cfg := p.config(flood)
	os.Remove(p.port)
	out, err := gateway.Read(t.Context(), cfg, p.metrics, nil)
	if err != nil || len(out) != 1 || !errors.Is(out[0].Err, drivers.ErrUnplugged) || out[0].Fault() != "unplugged" {
		t.Fatalf("without an adapter: %+v, %v", out, err)
	}
	p.sensor(2200)
	out, err = gateway.Read(t.Context(), cfg, p.metrics, []string{"pass"})
	if err != nil || len(out) != 1 || !out[0].Answered() || out[0].Readings[0].Value != 0.8 {
		t.Fatalf("with a sensor: %+v, %v", out, err)
	}
	if len(out[0].Frames) == 0 || out[0].Frames[0].Sent || len(out[0].Frames[0].Bytes) < 4 {
		t.Errorf("frames %+v, want what the sensor sent", out[0].Frames)
	}
	if out, err := gateway.Read(t.Context(), cfg, p.metrics, []string{"nobody"}); err != nil || len(out) != 0 {
		t.Errorf("a device that is not named was read: %+v, %v", out, err)
	}
}
