package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	"github.com/lamppost-city/lamppost/drivers/camera"
	"github.com/lamppost-city/lamppost/drivers/camera/picture"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// onLine lends a serial line as the gateway does.
type onLine struct{ *serial.Line }

func (onLine) Do(*http.Request) (*http.Response, error) { return nil, http.ErrNotSupported }

func (l onLine) Wire() (drivers.Port, bool) { return l.Line, true }

// written is a truth log in memory.
type written struct {
	mu    sync.Mutex
	lines []truth.Line
}

func (w *written) Add(lines ...truth.Line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, lines...)
}

func (w *written) last() (l truth.Line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.lines) > 0 {
		l = w.lines[len(w.lines)-1]
	}
	return l
}

// playing is a camera on a pseudo terminal and the gateway's driver at its other end.
func playing(t *testing.T, part, state, options string, faults ...scenario.Fault) (drivers.Driver, *drivers.Plan, *written, context.CancelFunc) {
	t.Helper()
	const baud = 115200
	p, err := Find(part)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewValues(p, "gauge", 1, nil, faults)
	if err != nil {
		t.Fatal(err)
	}
	link, log := filepath.Join(t.TempDir(), "tty"), &written{}
	ctx, stop := context.WithCancel(context.Background())
	done, there := make(chan error, 1), make(chan struct{})
	go func() {
		done <- p.Play(ctx, Place{Link: link}, Stage{Device: "gauge", Baud: baud, State: state, Source: v, Record: log}, func(string) { close(there) })
	}()
	<-there
	plan, err := camera.Kind().Plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte("url: "+part+":"+link+"\nbaud: 115200\n"+options))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
	if err != nil {
		t.Fatal(err)
	}
	line, err := serial.New(serial.Config{Path: plan.Port, Settings: plan.Line})
	if err != nil {
		t.Fatal(err)
	}
	d, err := plan.OpenHTTP(onLine{line})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := errors.Join(d.Close(), line.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
	return d, plan, log, stop
}

// sampled asks until the camera has started, at most eight times.
func sampled(t *testing.T, d drivers.Driver, plan *drivers.Plan) (err error) {
	t.Helper()
	for range 8 {
		ctx, cancel := context.WithTimeout(t.Context(), plan.Timeout)
		_, err = d.Sample(ctx)
		cancel()
		// On a busy machine the text of its start comes in the place of an answer.
		if err == nil || !strings.Contains(err.Error(), "it says nothing") && !strings.Contains(err.Error(), "no answer is among them") {
			break
		}
	}
	return err
}

// The gateway's driver and the simulator's camera were written apart. Over a pseudo
// terminal a picture is the one of the truth log, byte for byte, in the size that was asked
// for, with a reset and without one, and whatever the line does beside it.
func TestVC0706(t *testing.T) {
	for state, size := range map[string]string{"": "320x240", "motion": "160x120", "late": "160x120"} {
		t.Run("state "+state, func(t *testing.T) {
			t.Parallel()
			d, plan, log, pull := playing(t, "vc0706", state, "size: "+size)
			var before string
			for range 2 {
				err := sampled(t, d, plan)
				for tries := 0; tries < 5 && errors.Is(err, drivers.ErrTimeout); tries++ { // a machine that is busy elsewhere
					err = sampled(t, d, plan)
				}
				if err != nil {
					t.Fatal(err)
				}
				b, _ := d.(drivers.StillSource).Still()
				sum := sha256.Sum256(b)
				l := log.last()
				if got := hex.EncodeToString(sum[:]); l.SHA256 != got || got == before || l.Via != truth.Still || l.V != 2.2 {
					t.Errorf("the picture is %s, before it %s; the truth log says %+v", got, before, l)
				}
				before = l.SHA256
				p, err := picture.Clean(b)
				if want := strings.Split(size, "x")[0]; err != nil || want != map[int]string{160: "160", 320: "320"}[p.Width] {
					t.Errorf("%d × %d, %v, want %s", p.Width, p.Height, err, size)
				}
			}
			pull()
			if err := sampled(t, d, plan); !errors.Is(err, drivers.ErrUnplugged) {
				t.Errorf("pulled: %v", err)
			}
		})
	}
}

// A HydroCam's picture, too, is the one of the truth log, in the size that was asked for.
func TestHydroCam(t *testing.T) {
	t.Parallel()
	d, plan, log, pull := playing(t, "hydrocam", "", "size: 320x240")
	err := sampled(t, d, plan)
	for tries := 0; tries < 5 && errors.Is(err, drivers.ErrTimeout); tries++ { // a machine that is busy elsewhere
		err = sampled(t, d, plan)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, _ := d.(drivers.StillSource).Still()
	sum := sha256.Sum256(b)
	for ctx := t.Context(); log.last().SHA256 == "" && drivers.Wait(ctx, 10*time.Millisecond) == nil; { // the log is written behind the last byte
	}
	if l := log.last(); l.SHA256 != hex.EncodeToString(sum[:]) || l.Via != truth.Still || l.V != 2.2 {
		t.Errorf("the picture is %x; the truth log says %+v", sum, l)
	}
	if p, err := picture.Clean(b); err != nil || p.Width != 320 || p.Height != 240 {
		t.Errorf("%d × %d, %v", p.Width, p.Height, err)
	}
	pull()
	if err := sampled(t, d, plan); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("pulled: %v", err)
	}
}

// What is wrong with a camera or its line is told in a fault's word, and no picture comes.
func TestSerialCameraFaults(t *testing.T) {
	for _, c := range []struct {
		part, state string
		fault       scenario.Kind
		want        error
		words       string
	}{
		{"vc0706", "truncated", "", drivers.ErrProtocol, "cut short"},
		{"vc0706", "torn", "", drivers.ErrTimeout, "after"},
		{"vc0706", "garbled", "", drivers.ErrProtocol, "is baud, 115200, what the camera is set to"},
		{"vc0706", "", scenario.Silent, drivers.ErrTimeout, "it says nothing"},
		{"hydrocam", "truncated", "", drivers.ErrProtocol, "cut short"},
		{"hydrocam", "torn", "", drivers.ErrTimeout, "after 512 of"},
		{"hydrocam", "fixed", "", drivers.ErrSettings, "it refuses the size 160x120"},
		{"hydrocam", "", scenario.Silent, drivers.ErrTimeout, "it says nothing"},
	} {
		t.Run(c.part+" "+c.state+string(c.fault), func(t *testing.T) {
			t.Parallel()
			var faults []scenario.Fault
			if c.fault != "" {
				faults = append(faults, scenario.Fault{Kind: c.fault})
			}
			d, plan, _, _ := playing(t, c.part, c.state, "size: 160x120", faults...)
			err := sampled(t, d, plan)
			if _, ok := d.(drivers.StillSource).Still(); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.words) || ok {
				t.Errorf("%v, a picture %v; want %v, %q", err, ok, c.want, c.words)
			}
		})
	}
}
