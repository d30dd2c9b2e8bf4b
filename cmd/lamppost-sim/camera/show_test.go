package camera

import (
	"bytes"
	"image/jpeg"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

func TestShow(t *testing.T) {
	s, err := NewShow("smoke", 5)
	if err != nil {
		t.Fatal(err)
	}
	paint := func(at time.Duration) ([]byte, truth.Line) {
		t.Helper()
		b, is, err := s.Paint(State{At: afternoon.Add(at)})
		if err != nil {
			t.Fatal(err)
		}
		if m, err := jpeg.Decode(bytes.NewReader(b)); err != nil || m.Bounds().Dx() != Width {
			t.Fatalf("at %v: %v", at, err)
		}
		return b, is
	}
	first, is := paint(0)
	if is.Event != "scene" || is.Detail != "smoke: nothing" {
		t.Errorf("it begins with %+v", is)
	}
	if again, _ := paint(0); !bytes.Equal(first, again) {
		t.Error("one moment has two pictures")
	}
	burning, is := paint(3 * time.Minute)
	if is.Detail != "smoke: smoke" || bytes.Equal(burning, first) {
		t.Errorf("after three minutes it shows %+v", is)
	}
	if late, _ := paint(2 * time.Minute); !bytes.Equal(late, burning) {
		t.Error("an older moment has a picture of its own")
	}
	if _, is := paint(6*time.Minute + time.Second); is.Detail != "smoke: nothing" {
		t.Errorf("the second time it begins with %+v", is)
	}
	if next, _ := paint(6*time.Minute + 2*time.Second); bytes.Equal(next, first) {
		t.Error("the second time is the first one again")
	}
}

func TestShowOfARiverHasItsLevel(t *testing.T) {
	s, err := NewShow("river", 5)
	if err != nil {
		t.Fatal(err)
	}
	_, is, err := s.Paint(State{At: afternoon})
	if err != nil || is.Via != truth.Still || !(is.V > 0.4 && is.V < 1.7) {
		t.Errorf("a river has %+v, %v", is, err)
	}
	if _, err := NewShow("sunrise", 1); err == nil {
		t.Error("a film that nobody knows is shown")
	}
}

// A film comes over HTTP, as a stream and over RTSP as the river does.
func TestShowInEveryWay(t *testing.T) {
	s, err := NewShow("street", 5)
	if err != nil {
		t.Fatal(err)
	}
	log, at := streetOf(t, s)
	for _, url := range []string{"http://" + at + Path, "http://" + at + StreamPath, "rtsp://" + at + RTSPPath} {
		if _, err := watching(t, url).Sample(t.Context()); err != nil {
			t.Errorf("%s: %v", url, err)
		} else if l := log.last(t); l.Detail != "street: nothing" || l.SHA256 == "" {
			t.Errorf("%s: truth %+v", url, l)
		}
	}
}
