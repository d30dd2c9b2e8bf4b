package camera

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
)

// blocks is a view of blocks of every brightness, with noise that is another one in each picture.
func blocks(n int) image.Image {
	m := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range m.Pix {
		x, y := i%320, i/320
		light := uint32(x/12*31+y/10*57) * 2654435761 >> 25
		noise := uint32(i*7+n*1013) * 2246822519 >> 29
		m.Pix[i] = uint8(60 + light + noise)
	}
	return m
}

// blocksJPEG is such a picture as a camera sends it.
func blocksJPEG(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, blocks(n), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lived is a driver that has seen a view for so many seconds, a picture every 10 s, begun with what another kept.
func lived(t *testing.T, l looking, kept []byte, seconds int) *driver {
	t.Helper()
	d := &driver{}
	c, err := l.config()
	if err = errors.Join(err, d.look(l, c)); err != nil {
		t.Fatal(err)
	}
	if kept != nil {
		if err := d.Restore(kept); err != nil {
			t.Fatal(err)
		}
	}
	for n := 0; n <= seconds; n += 10 {
		d.taken = time.Date(2026, 6, 1, 12, 5, n, 0, time.UTC)
		if d.seen, err = d.eye.Look(blocks(n), d.taken); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// Who has just put up a camera is told what is not judged yet and for how long, whether a
// restart costs it, and, after a restart, that it does not.
func TestLearningIsTold(t *testing.T) {
	all := looking{Measure: []string{"clarity", "smoke", "tamper"}}
	fresh := lived(t, all, nil, 20)
	l := fresh.Learning()
	want := []string{"clarity", "smoke", "tamper.blocked", "tamper.defocused", "tamper.moved"}
	if slices.Sort(l.Waits); !slices.Equal(l.Waits, want) || l.For < 30*time.Second || l.For > time.Minute || !l.Unkept || l.Hours != 24 {
		t.Errorf("after 20 s: %+v", l)
	}
	if l := lived(t, looking{Measure: []string{"smoke"}}, nil, 20).Learning(); !slices.Equal(l.Waits, []string{"smoke"}) || l.Hours != 0 || l.Unkept {
		t.Errorf("one that compares with no hour: %+v", l)
	}
	if l := lived(t, looking{Measure: []string{"motion"}}, nil, 90).Learning(); l.Active() {
		t.Errorf("one that has learned: %+v", l)
	}
	known := lived(t, all, nil, 660)
	if l := known.Learning(); len(l.Waits) != 0 || l.Unkept || l.Hours != 23 {
		t.Errorf("after eleven minutes: %+v", l)
	}
	kept := known.State()
	again := lived(t, all, kept, 20)
	if l := again.Learning(); !slices.Equal(l.Waits, []string{"smoke"}) || l.Unkept || l.Hours != 23 {
		t.Errorf("after a restart: %+v", l)
	}
	all.View = "another"
	if l := lived(t, all, kept, 20).Learning(); len(l.Waits) != len(want) || !l.Unkept {
		t.Errorf("after a restart with another view: %+v", l)
	}
	if l := (&driver{}).Learning(); l.Active() {
		t.Errorf("one that looks for nothing: %+v", l)
	}
}

// Behind a cover, one that was there from the beginning or one that came, it is told what is
// not judged and why, until the view is free.
func TestWhatIsNotJudgedIsTold(t *testing.T) {
	plain := func(n int) image.Image {
		m := image.NewGray(image.Rect(0, 0, 320, 240))
		for i := range m.Pix {
			m.Pix[i] = uint8(70 + i%320/16 + int(uint32(i*7+n*1013)*2246822519>>30))
		}
		return m
	}
	l := looking{Measure: []string{"clarity", "smoke", "tamper"}}
	c, err := l.config()
	d := &driver{}
	if err = errors.Join(err, d.look(l, c)); err != nil {
		t.Fatal(err)
	}
	n := 0
	see := func(view func(int) image.Image, pictures int) drivers.Learning {
		t.Helper()
		for range pictures {
			n += 10
			d.taken = time.Date(2026, 6, 1, 12, 5, n, 0, time.UTC)
			if err := d.watch(view(n)); err != nil {
				t.Fatal(err)
			}
		}
		l := d.Learning()
		slices.Sort(l.Unclear)
		return l
	}
	all := []string{"clarity", "smoke", "tamper.blocked", "tamper.defocused", "tamper.moved"}
	if l := see(plain, 12); l.Why != "blank" || !slices.Equal(l.Unclear, all) || len(l.Waits) != 0 {
		t.Errorf("covered from the beginning: %+v", l)
	}
	if l := see(blocks, 100); l.Why != "" || len(l.Unclear) != 0 || len(l.Waits) != 0 || l.Renewed != 0 {
		t.Errorf("free: %+v", l)
	}
	if l := see(plain, 12); l.Why != "blocked" || !slices.Contains(l.Unclear, "smoke") || slices.Contains(l.Unclear, "tamper.blocked") {
		t.Errorf("covered again: %+v", l)
	}
	black := func(n int) image.Image { return image.NewGray(image.Rect(0, 0, 320, 240)) }
	see(blocks, 30)
	if l := see(black, 12); l.Why != "dark" || !slices.Contains(l.Unclear, "tamper.moved") {
		t.Errorf("dark: %+v", l)
	}
}

// The word for a view reaches the eye, also in a process of its own, and has a bound.
func TestViewIsAWord(t *testing.T) {
	p, err := planned(t, "{url: 'http://cam/', apart: true, measure: [tamper], view: '2026-05-31'}")
	if err != nil || !bytes.Contains([]byte(p.Apart.Options), []byte(`"view":"2026-05-31"`)) {
		t.Errorf("%v; its process is told %s", err, p.Apart.Options)
	}
	if _, err := planned(t, "{url: 'http://cam/', view: "+string(bytes.Repeat([]byte("x"), 65))+"}"); !slices.Equal(keysOf(err), []string{"view"}) {
		t.Errorf("a long word: %v", err)
	}
	if vision.Settles < time.Hour {
		t.Errorf("what stands there is the view after %v", vision.Settles)
	}
	var _ drivers.Learner = (*driver)(nil)
}
