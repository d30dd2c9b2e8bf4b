package playback_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a port whose other end is in the test's hands.
type wire struct {
	requests chan []byte
	said     chan []byte
}

func newWire() *wire { return &wire{make(chan []byte), make(chan []byte, 100)} }

func (w *wire) Read(b []byte) (int, error) {
	r, ok := <-w.requests
	if !ok {
		return 0, io.EOF
	}
	return copy(b, r), nil
}

func (w *wire) Write(b []byte) int {
	w.said <- bytes.Clone(b)
	return len(b)
}

// heard returns what was said so far.
func (w *wire) heard() (all []byte) {
	for {
		select {
		case b := <-w.said:
			all = append(all, b...)
		default:
			return all
		}
	}
}

func TestTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			playback.Talk(ctx, w, 9600, time.Second, []playback.Frame{{Bytes: []byte("one ")}, {Bytes: []byte("two ")}, {Asks: []byte("?"), Bytes: []byte("here ")}})
		}()
		time.Sleep(3500 * time.Millisecond)
		if got := string(w.heard()); got != "one two one " {
			t.Errorf("unasked it says %q", got)
		}
		for _, piece := range []string{"noise", "?", "x"} {
			w.requests <- []byte(piece)
			time.Sleep(20 * time.Millisecond)
		}
		if got := string(w.heard()); got != "here " {
			t.Errorf("asked it says %q", got)
		}
		stop()
		close(w.requests)
		<-done
	})
}

// A slave answers what it holds, and refuses what lies outside.
func TestUnit(t *testing.T) {
	u, err := playback.Unit(5, playback.Registers{4: {1: 0x0131, 2: 0x0222}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := playback.Unit(5, playback.Registers{9: {1: 1}}); err == nil {
		t.Error("a unit with function 9 is taken")
	}
	w := newWire()
	line := modbusslave.Line{Port: w, Baud: 115200, Units: []*modbusslave.Unit{u}, Record: playback.Nobody{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		line.Serve()
	}()
	w.requests <- []byte{5, 4, 0, 1, 0, 2, 0x21, 0x8F}
	var got []byte
	for len(got) < 9 {
		got = append(got, <-w.said...)
	}
	if want := []byte{5, 4, 4, 1, 0x31, 2, 0x22}; !bytes.Equal(got[:7], want) {
		t.Errorf("it answers % x, want % x and a checksum", got, want)
	}
	close(w.requests)
	<-done
}
