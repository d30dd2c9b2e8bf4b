package images_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/images"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// shared opens two albums on one database, each with a folder of its own.
func shared(t *testing.T, o images.Options) (a, b *bench) {
	t.Helper()
	db := databasetest.Fresh(t, database.Schema{Name: "images", Steps: images.Schema()})
	o.InDB = true
	one := func() *bench {
		b := &bench{db: &flaky{DB: db}, dir: t.TempDir()}
		b.reopen(t, o)
		return b
	}
	return one(), one()
}

// Both are sent all pieces. Whoever has them first keeps the picture, the other says that it
// is stored; both have it, and what one takes away is gone from both.
func TestTwoAlbumsOnOneDatabase(t *testing.T) {
	a, b := shared(t, images.Options{MaxAge: time.Hour})
	jpg := picture(t, 256)
	ps := pieces(t, 1, jpg, noon)
	b.send(t, "gw", ps[:len(ps)-1], noon)
	if n := a.send(t, "gw", ps, noon); n != 1 {
		t.Fatalf("%d pieces completed the picture, want 1", n)
	}
	if n := b.send(t, "gw", ps[len(ps)-1:], noon); n != 1 {
		t.Error("the second does not say that the picture is stored")
	}
	for name, x := range map[string]*bench{"first": a, "second": b} {
		if got, err := x.Heard(t.Context(), id(1)); err != nil || *got.Image != id(1) || *got.T != noon.UnixMilli() || got.Device != "gauge" {
			t.Errorf("%s: heard %+v, %v", name, got, err)
		}
		if !bytes.Equal(x.read(t, 1), jpg) {
			t.Errorf("%s: the stored picture is another one", name)
		}
		if c, ok := x.Latest("gw", "gauge"); !ok || *c.Image != id(1) {
			t.Errorf("%s: latest = %+v, %v", name, c, ok)
		}
		if left, err := filepath.Glob(filepath.Join(x.dir, "*")); err != nil || len(left) != 0 {
			t.Errorf("%s: files %q, %v", name, left, err)
		}
	}
	if len(b.published) != 0 {
		t.Errorf("the second published what it did not store: %v", b.published)
	}
	for _, x := range []*bench{a, b} {
		if err := x.Sweep(t.Context(), noon.Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := b.Latest("gw", "gauge"); ok {
		t.Error("the second still shows what the first has removed")
	}
	if _, _, err := b.File(t.Context(), id(1)); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("File = %v, want ErrUnknown", err)
	}
	var n int
	if err := b.db.Read().QueryRowContext(t.Context(), "select count(*) from image_body").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d pictures are left, %v", n, err)
	}
	if _, err := b.Heard(t.Context(), id(1)); !errors.Is(err, view.ErrUnknown) {
		t.Errorf("Heard = %v, want ErrUnknown", err)
	}
}

// Both complete it at the same time: it is kept once, and with its bytes.
func TestTwoAlbumsAtOnce(t *testing.T) {
	a, b := shared(t, images.Options{})
	jpg := picture(t, 64)
	p := pieces(t, 1, jpg, noon)[0]
	done := make(chan error, 2)
	for _, x := range []*bench{a, b} {
		go func() {
			_, err := x.Piece(t.Context(), "gw", p.m, p.data, noon)
			done <- err
		}()
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.read(t, 1), jpg) || !bytes.Equal(b.read(t, 1), jpg) {
		t.Error("the stored picture is another one")
	}
}

// What was kept in files before the database was shared is found where it is, and goes with
// its time.
func TestFilesFromBefore(t *testing.T) {
	b := open(t, images.Options{})
	jpg := picture(t, 64)
	b.send(t, "gw", pieces(t, 1, jpg, noon), noon)
	b.reopen(t, images.Options{InDB: true, MaxAge: time.Hour})
	if !bytes.Equal(b.read(t, 1), jpg) {
		t.Error("the stored picture is another one")
	}
	if err := b.Sweep(t.Context(), noon.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(b.dir, "*", "*")); err != nil || len(left) != 0 {
		t.Errorf("files %q, %v", left, err)
	}
}

// A file from before goes also if another aggregator, which does not reach it, was the one that
// removed the picture; the others stay.
func TestFilesOfAnother(t *testing.T) {
	mine := open(t, images.Options{})
	kept := picture(t, 64)
	mine.send(t, "gw", pieces(t, 1, picture(t, 64), noon), noon)
	mine.send(t, "gw", pieces(t, 2, kept, noon.Add(time.Hour)), noon.Add(time.Hour))
	o := images.Options{InDB: true, MaxAge: time.Hour}
	mine.reopen(t, o)
	other := &bench{db: mine.db, dir: t.TempDir()}
	other.reopen(t, o)
	for _, x := range []*bench{other, mine} {
		if err := x.Sweep(t.Context(), noon.Add(90*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(mine.dir, "*", "*")); err != nil || len(left) != 1 {
		t.Errorf("files %q, %v; want the second picture's", left, err)
	}
	if !bytes.Equal(mine.read(t, 2), kept) {
		t.Error("the stored picture is another one")
	}
}
