package parts

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
)

// A link has one part. A second one, of the same sort or another, under the same path or
// a longer way to it, is told so and takes nothing away; when the first has ended the
// place is free.
func TestOnePartOnALink(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(dir, filepath.Join(dir, "again")); err != nil {
		t.Fatal(err)
	}
	play := func(ctx context.Context, id, link string, ready func(string)) error {
		p, err := Find(id)
		if err != nil {
			t.Fatal(err)
		}
		s := Stage{Device: id, Baud: 9600, Address: 1, Record: playback.Nobody{}}
		if s.Source, err = NewValues(p, id, 1, nil, nil); err != nil {
			t.Fatal(err)
		}
		return p.Play(ctx, Place{Link: link}, s, ready)
	}
	ctx, end := context.WithCancel(t.Context())
	link := filepath.Join(dir, "bus")
	left, up := make(chan error, 1), make(chan string, 1)
	go func() { left <- play(ctx, "xy-md02", link, func(at string) { up <- at }) }()
	<-up
	first, err := os.Readlink(link)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{link, filepath.Join(dir, "again", "bus")} {
		for _, id := range []string{"xy-md02", "keller-36xw", "pms5003"} {
			if err := play(t.Context(), id, at, func(string) { t.Errorf("%s is played beside it", id) }); !errors.Is(err, ErrInUse) {
				t.Errorf("%s on %s: %v, want that it is in use", id, at, err)
			}
		}
	}
	if now, err := os.Readlink(link); err != nil || now != first {
		t.Errorf("the link points to %s, %v, and pointed to %s", now, err, first)
	}
	end()
	if err := <-left; err != nil {
		t.Error(err)
	}
	ctx, end = context.WithCancel(t.Context())
	if err := play(ctx, "pms5003", link, func(string) { end() }); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
	end()
}
