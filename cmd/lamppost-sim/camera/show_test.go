package camera

import (
	"bytes"
	"image"
	"image/color"
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

// The staff that was calibrated in the first film is where it was in the ones after it: the
// white between its bars ends at the level that the truth has, hours later, too.
func TestShowKeepsItsPlace(t *testing.T) {
	s, err := NewShow("river", 5)
	if err != nil {
		t.Fatal(err)
	}
	marks, _, _ := s.film.Staff()
	for _, at := range []time.Duration{time.Minute, 8 * time.Minute, 26 * time.Hour} {
		var m image.Image
		var is truth.Line
		for i := range 4 { // until the exposure has followed
			b, line, err := s.Paint(State{At: afternoon.Add(at + time.Duration(i)*time.Second)})
			if err != nil {
				t.Fatal(err)
			}
			if m, err = jpeg.Decode(bytes.NewReader(b)); err != nil {
				t.Fatal(err)
			}
			is = line
		}
		u := (is.V - marks[0].Level) / (marks[1].Level - marks[0].Level)
		row := int((marks[0].Y + u*(marks[1].Y-marks[0].Y)) * Height)
		above, below := 0, 0
		for k := 4; k < 12; k++ {
			above += grey(m, int(marks[0].X*Width), row-k) / 8
			below += grey(m, int(marks[0].X*Width), row+k) / 8
		}
		if above < below+25 {
			t.Errorf("after %v, at %.3f m, the staff is %d and the water %d", at, is.V, above, below)
		}
	}
}

func grey(m image.Image, x, y int) int {
	return int(color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y)
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
