package images_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/images"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type bench struct {
	*images.Album
	db        *flaky
	dir       string
	published []view.Camera
}

// flaky is the database; while down is set it takes no writes.
type flaky struct {
	*database.DB
	down error
}

func (f *flaky) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	if f.down != nil {
		return f.down
	}
	return f.DB.Write(ctx, fn)
}

func open(t testing.TB, o images.Options) *bench {
	t.Helper()
	dir := t.TempDir()
	db, err := databasetest.Open(t.Context(), filepath.Join(dir, "a.db"), database.Schema{Name: "images", Steps: images.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{db: &flaky{DB: db}, dir: filepath.Join(dir, "images")}
	b.reopen(t, o)
	return b
}

func (b *bench) reopen(t testing.TB, o images.Options) {
	t.Helper()
	o.DB, o.Dir = b.db, b.dir
	o.Publish = func(_ string, doc any) { b.published = append(b.published, doc.(view.Camera)) }
	var err error
	if b.Album, err = images.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

func id(n int) string { return fmt.Sprintf("01940000-0000-7000-8000-%012d", n) }

// picture makes a JPEG of noise, which does not compress: several pieces.
func picture(t testing.TB, side int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, side, side))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(r.Uint32())
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// piece is one decoded piece.
type piece struct {
	m    wire.ImageMeta
	data []byte
}

func pieces(t testing.TB, n int, jpg []byte, at time.Time) (out []piece) {
	t.Helper()
	payloads, err := wire.EncodeImage(wire.ImageMeta{ID: id(n), Device: "gauge", At: wire.Moment{Boot: "01234567", Unix: at.UnixMilli()}}, jpg)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range payloads {
		m, data, err := wire.DecodeImage(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, piece{m, data})
	}
	return out
}

// send gives the pieces in the given order and returns how many said "stored".
func (b *bench) send(t testing.TB, gateway string, ps []piece, at time.Time) (stored int) {
	t.Helper()
	for _, p := range ps {
		ok, err := b.Piece(t.Context(), gateway, p.m, p.data, at)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			stored++
		}
	}
	return stored
}

func (b *bench) read(t testing.TB, n int) []byte {
	t.Helper()
	f, _, err := b.File(t.Context(), id(n))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestPiecesInAnyOrder(t *testing.T) {
	jpg := picture(t, 256)
	ps := pieces(t, 1, jpg, noon)
	if len(ps) < 3 {
		t.Fatalf("the test needs several pieces, there are %d", len(ps))
	}
	reversed := []piece{}
	for _, p := range ps {
		reversed = append([]piece{p}, reversed...)
	}
	doubled := append(append([]piece{}, ps[0], ps[0]), ps...)
	for name, order := range map[string][]piece{"in order": ps, "backwards": reversed, "some twice": doubled} {
		t.Run(name, func(t *testing.T) {
			b := open(t, images.Options{})
			if n := b.send(t, "gw", order, noon); n != 1 {
				t.Errorf("%d pieces completed the picture, want 1", n)
			}
			if !bytes.Equal(b.read(t, 1), jpg) {
				t.Error("the stored picture is another one")
			}
			if n := b.send(t, "gw", ps, noon); n != len(ps) {
				t.Errorf("resent: %d of %d pieces say stored", n, len(ps))
			}
			if c, ok := b.Latest("gw", "gauge"); !ok || *c.Image != id(1) || *c.T != noon.UnixMilli() || len(b.published) != 1 {
				t.Errorf("latest = %+v, %v; published %d", c, ok, len(b.published))
			}
		})
	}
}

func TestRefused(t *testing.T) {
	jpg := picture(t, 64)
	wide := bytes.Clone(jpg) // the frame header says 65535 × 65535
	i := bytes.Index(wide, []byte{0xff, 0xc0})
	copy(wide[i+5:], []byte{0xff, 0xff, 0xff, 0xff})
	for name, bad := range map[string][]byte{
		"text": []byte("<html>camera is rebooting</html>"), "no end": jpg[:len(jpg)-2], "a head only": jpg[:20], "monstrous": wide,
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, images.Options{})
			p := pieces(t, 1, bad, noon)[0]
			if _, err := b.Piece(t.Context(), "gw", p.m, p.data, noon); !errors.Is(err, view.ErrRefused) {
				t.Errorf("Piece = %v, want ErrRefused", err)
			}
			if _, _, err := b.File(t.Context(), id(1)); !errors.Is(err, view.ErrUnknown) {
				t.Errorf("File = %v, want ErrUnknown", err)
			}
		})
	}
}

func TestPiecesThatDoNotBelongTogether(t *testing.T) {
	b := open(t, images.Options{})
	first, second := pieces(t, 1, picture(t, 256), noon), pieces(t, 1, picture(t, 200), noon)
	b.send(t, "gw", first[:1], noon)
	if _, err := b.Piece(t.Context(), "gw", second[1].m, second[1].data, noon); !errors.Is(err, view.ErrRefused) {
		t.Errorf("Piece = %v, want ErrRefused", err)
	}
	b.send(t, "gw", first, noon) // and the true one can still come
}

func TestIDsBelongToTheirGateway(t *testing.T) {
	b := open(t, images.Options{})
	ps := pieces(t, 1, picture(t, 64), noon)
	b.send(t, "gw", ps, noon)
	if _, err := b.Piece(t.Context(), "evil", ps[0].m, ps[0].data, noon); !errors.Is(err, view.ErrRefused) {
		t.Errorf("another gateway's picture with this id: %v, want ErrRefused", err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	jpg := picture(t, 256)
	b := open(t, images.Options{UnderWay: int64(len(jpg))*5 + 1, Patience: time.Minute})
	for n := range 4 {
		b.send(t, "a", pieces(t, n, jpg, noon)[:1], noon.Add(time.Duration(n)*time.Second))
	}
	b.send(t, "b", pieces(t, 10, jpg, noon)[:1], noon)
	p := pieces(t, 11, jpg, noon)[0]
	if _, err := b.Piece(t.Context(), "b", p.m, p.data, noon); !errors.Is(err, images.ErrBusy) {
		t.Errorf("the sixth picture under way: %v, want ErrBusy", err)
	}
	// A fifth of the same gateway displaces its own oldest.
	b.send(t, "a", pieces(t, 5, jpg, noon)[:1], noon.Add(5*time.Second))
	if n := b.send(t, "a", pieces(t, 0, jpg, noon)[1:], noon.Add(6*time.Second)); n != 0 {
		t.Error("a displaced picture was completed without its first piece")
	}
	// What waits too long goes, and makes room.
	b.send(t, "b", pieces(t, 11, jpg, noon)[:1], noon.Add(2*time.Minute))
}

func TestNothingIsStoredBeforeTheRowIs(t *testing.T) {
	b := open(t, images.Options{})
	ps := pieces(t, 1, picture(t, 64), noon)
	b.db.down = errors.New("disk full")
	if ok, err := b.Piece(t.Context(), "gw", ps[0].m, ps[0].data, noon); ok || !errors.Is(err, b.db.down) || errors.Is(err, view.ErrRefused) {
		t.Errorf("Piece = %v, %v; want the database's error", ok, err)
	}
	if _, ok := b.Latest("gw", "gauge"); ok || len(b.published) > 0 {
		t.Error("a picture that is not stored is shown")
	}
	b.db.down = nil
	if n := b.send(t, "gw", ps, noon); n != 1 {
		t.Error("the picture did not come through at the second try")
	}
}

func TestRestart(t *testing.T) {
	b := open(t, images.Options{})
	b.send(t, "gw", pieces(t, 1, picture(t, 64), noon), noon)
	b.send(t, "gw", pieces(t, 2, picture(t, 64), noon.Add(time.Second)), noon)
	half := filepath.Join(b.dir, id(3)+".part")
	if err := os.WriteFile(half, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.reopen(t, images.Options{})
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the rest of an interrupted write is still there: %v", err)
	}
	if cs := b.Cameras(""); len(cs) != 1 || *cs[0].Image != id(2) {
		t.Errorf("cameras after a restart: %+v", cs)
	}
	if cs := b.Cameras("other"); len(cs) != 0 {
		t.Errorf("another gateway has %+v", cs)
	}
}

func TestSweep(t *testing.T) {
	jpg := picture(t, 64)
	type shot struct {
		n     int
		age   time.Duration
		alert bool
	}
	shots := []shot{{1, 5 * time.Hour, false}, {2, 4 * time.Hour, true}, {3, 3 * time.Hour, false}, {4, 2 * time.Hour, false}}
	for name, c := range map[string]struct {
		o    images.Options
		want []int
	}{
		"room enough":         {images.Options{}, []int{1, 2, 3, 4}},
		"too many bytes":      {images.Options{MaxBytes: 2 * int64(len(jpg))}, []int{2, 4}},
		"far too many":        {images.Options{MaxBytes: int64(len(jpg))}, []int{2}},
		"too old":             {images.Options{MaxAge: 150 * time.Minute}, []int{2, 4}},
		"alerts get old, too": {images.Options{MaxAge: 30 * time.Minute}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, c.o)
			for _, s := range shots {
				ps := pieces(t, s.n, jpg, noon.Add(-s.age))
				if s.alert {
					ps[0].m.Alert = id(99)
				}
				b.send(t, "gw", ps, noon)
			}
			if err := b.Sweep(t.Context(), noon); err != nil {
				t.Fatal(err)
			}
			var left []int
			for _, s := range shots {
				_, statErr := os.Stat(filepath.Join(b.dir, id(s.n)[34:], id(s.n)+".jpg"))
				f, _, err := b.File(t.Context(), id(s.n))
				if (statErr == nil) != (err == nil) {
					t.Errorf("picture %d: file %v, row %v", s.n, statErr, err)
				}
				if err == nil {
					left = append(left, s.n)
					f.Close()
				}
			}
			if fmt.Sprint(left) != fmt.Sprint(c.want) {
				t.Errorf("left %v, want %v", left, c.want)
			}
		})
	}
}

func BenchmarkPiece(b *testing.B) {
	a := open(b, images.Options{})
	jpg := picture(b, 256)
	b.SetBytes(int64(len(jpg)))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		a.send(b, "gw", pieces(b, n, jpg, noon), noon)
	}
}

// An alert may name a picture that is older than what its camera sent since.
func TestAnOlderPictureIsToldOfAndIsNotTheLatest(t *testing.T) {
	b := open(t, images.Options{})
	b.send(t, "gw", pieces(t, 1, picture(t, 64), noon), noon)
	b.send(t, "gw", pieces(t, 2, picture(t, 64), noon.Add(-time.Minute)), noon)
	if len(b.published) != 2 || *b.published[1].Image != id(2) {
		t.Errorf("published %+v, want both", b.published)
	}
	if c, _ := b.Latest("gw", "gauge"); *c.Image != id(1) {
		t.Errorf("the latest is %s, want the newest by its time", *c.Image)
	}
}
