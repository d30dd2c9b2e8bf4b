package still

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

const quota = 1 << 20

// id is a UUIDv7 of the n-th minute after the beginning of 2025.
func id(n int) string {
	ms := time.Date(2025, 1, 1, 0, n, 0, 0, time.UTC).UnixMilli()
	return fmt.Sprintf("%08x-%04x-7000-8000-%012x", ms>>16, ms&0xffff, n)
}

func metaOf(n int) wire.ImageMeta {
	return wire.ImageMeta{V: wire.Version, ID: id(n), Device: "gauge", At: wire.Moment{Boot: "b", BootMS: int64(n)}, Alert: id(9999), Moment: wire.PictureAfter}
}

func picture(n, size int) []byte { return bytes.Repeat([]byte{0xff, byte(n)}, size/2) }

func opened(t *testing.T, dir string, quota int64) *Spool {
	t.Helper()
	s, err := OpenSpool(dir, quota, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// goners notes what a spool tells of those that it gives up.
type goners map[string]string

func (g goners) note(id, why string) { g[id] = why }

// What is given up is told of with its reason: no room, damage, age.
func TestSpoolTellsWhatItGivesUp(t *testing.T) {
	dir, gone := t.TempDir(), goners{}
	s, err := OpenSpool(dir, 10_000, gone.note)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 4 {
		put(t, s, n, 3000)
	}
	put(t, s, 3, 3000) // the same once more
	if err := os.WriteFile(filepath.Join(dir, id(1)+kept), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Get(id(1)); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	if err := errors.Join(s.Done(id(2)), s.Forget(time.Date(2025, 1, 1, 2, 0, 0, 0, time.UTC), time.Hour)); err != nil {
		t.Fatal(err)
	}
	want := goners{id(0): wire.NoRoom, id(1): wire.Unread, id(3): wire.TooOld}
	if !maps.Equal(gone, want) || s.Lost() != 3 || s.size != 0 {
		t.Errorf("told %v, want %v; %d lost, %d bytes are left", gone, want, s.Lost(), s.size)
	}
	s = opened(t, dir, 4000) // the owner has less room for them now
	put(t, s, 5, 3000)
	if s, err = OpenSpool(dir, 10, gone.note); err != nil || len(s.IDs()) != 1 {
		t.Errorf("%v, %v; the newest stays", s.IDs(), err)
	}
}

func put(t *testing.T, s *Spool, n, size int) {
	t.Helper()
	if err := s.Put(metaOf(n), picture(n, size)); err != nil {
		t.Fatal(err)
	}
}

// Pictures outlive the program, in the order of their time, and go when a store has them.
func TestSpoolOutlivesTheProgram(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "stills")
	s := opened(t, dir, quota)
	for _, n := range []int{3, 1, 2} {
		put(t, s, n, 1000)
	}
	s = opened(t, dir, quota) // nobody closed it: there is nothing to close
	if got := s.IDs(); !slices.Equal(got, []string{id(1), id(2), id(3)}) {
		t.Fatalf("IDs = %v", got)
	}
	meta, jpeg, err := s.Get(id(2))
	if err != nil || meta != metaOf(2) || !bytes.Equal(jpeg, picture(2, 1000)) {
		t.Errorf("Get = %+v, %d bytes, %v", meta, len(jpeg), err)
	}
	if err := errors.Join(s.Done(id(2)), s.Done(id(2))); err != nil {
		t.Error(err)
	}
	s = opened(t, dir, quota)
	if got := s.IDs(); !slices.Equal(got, []string{id(1), id(3)}) || s.Lost() != 0 {
		t.Errorf("after Done: %v, lost %d", got, s.Lost())
	}
	if _, _, err := s.Get(id(2)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get of one that is done = %v", err)
	}
}

// The oldest make room, those set aside before them; no more than the quota is ever kept.
func TestSpoolKeepsItsQuota(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir, 10_000)
	for n := range 20 {
		put(t, s, n, 3000)
		if s.size > 10_000 {
			t.Fatalf("%d bytes are kept", s.size)
		}
	}
	if got := s.IDs(); !slices.Equal(got, []string{id(17), id(18), id(19)}) || s.Lost() != 17 {
		t.Errorf("kept %v, lost %d", got, s.Lost())
	}
	if err := os.WriteFile(filepath.Join(dir, id(18)+kept), []byte("jpeg"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Get(id(18)); !errors.Is(err, ErrDamaged) {
		t.Errorf("Get of a damaged one = %v", err)
	}
	put(t, s, 20, 3000)
	if got := s.IDs(); !slices.Equal(got, []string{id(17), id(19), id(20)}) || s.Lost() != 18 {
		t.Errorf("kept %v, lost %d; the damaged one has to go first", got, s.Lost())
	}
	if err := s.Put(metaOf(30), picture(1, 11_000)); err == nil {
		t.Error("a picture beyond the quota was taken")
	}
}

func TestSpoolKeepsNoMoreThanSoManyFiles(t *testing.T) {
	s := opened(t, t.TempDir(), quota)
	for n := range maxKept + 3 {
		s.add(file{id(n), kept, 1})
	}
	if err := s.shrink(); err != nil || len(s.files) != maxKept || s.files[0].id != id(3) || s.Lost() != 3 {
		t.Errorf("%d files, the oldest %s, lost %d, %v", len(s.files), s.files[0].id, s.Lost(), err)
	}
}

// Cut after every byte, and with every byte changed, a file is never taken for a picture.
func TestSpoolNoticesDamage(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir, quota)
	put(t, s, 1, 40)
	path := filepath.Join(dir, id(1)+kept)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		flipped := bytes.Clone(whole)
		flipped[i] ^= 0x10
		for name, b := range map[string][]byte{"cut": whole[:i], "flipped": flipped} {
			if _, _, err := decode(b); !errors.Is(err, ErrDamaged) {
				t.Fatalf("%s at %d: %v", name, i, err)
			}
		}
	}
	if err := os.Rename(path, filepath.Join(dir, id(2)+kept)); err != nil {
		t.Fatal(err)
	}
	s = opened(t, dir, quota)
	if _, _, err := s.Get(id(2)); !errors.Is(err, ErrDamaged) {
		t.Errorf("a picture under another's name: %v", err)
	}
	if s = opened(t, dir, quota); len(s.IDs()) != 0 {
		t.Errorf("it waits again after a start: %v", s.IDs())
	}
}

// What a power cut left half written is removed; what others put there is left alone.
func TestSpoolStartsOnWhatACutLeft(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{id(1) + part, "notes.txt", "x" + kept} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if s := opened(t, dir, quota); len(s.IDs()) != 0 {
		t.Errorf("waiting: %v", s.IDs())
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("left %v, %v", left, err)
	}
	if _, err := OpenSpool(filepath.Join(dir, "notes.txt"), quota, nil); err == nil {
		t.Error("a file was opened as a folder")
	}
}

func TestSpoolForgets(t *testing.T) {
	s := opened(t, t.TempDir(), quota)
	undated := metaOf(0)
	undated.ID = "00000000-1234-7000-8000-000000000001" // of 1970
	if err := s.Put(undated, picture(0, 10)); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 10, 20} {
		put(t, s, n, 100)
	}
	if err := s.Forget(time.Date(2025, 1, 1, 1, 15, 0, 0, time.UTC), time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := s.IDs(); !slices.Equal(got, []string{undated.ID, id(20)}) || s.Lost() != 2 {
		t.Errorf("kept %v, lost %d", got, s.Lost())
	}
}

func TestSpoolRefusesForeignIDs(t *testing.T) {
	s := opened(t, t.TempDir(), quota)
	m := metaOf(1)
	m.ID = "../" + m.ID[3:]
	if err := s.Put(m, picture(1, 10)); err == nil {
		t.Error("a path was taken for an id")
	}
	if _, _, err := s.Get("../../etc/passwd"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get = %v", err)
	}
}

// FuzzSpoolFile: what is read back is what was written, or it is damaged; nothing else.
func FuzzSpoolFile(f *testing.F) {
	dir := f.TempDir()
	s, err := OpenSpool(dir, quota, nil)
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Put(metaOf(1), picture(1, 40)); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, id(1)+kept))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, jpeg, err := decode(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("%v says nothing of damage", err)
			}
			return
		}
		if len(jpeg) > len(b) {
			t.Errorf("%d bytes hold a picture of %d", len(b), len(jpeg))
		}
	})
}
