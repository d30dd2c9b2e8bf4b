package still

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// ErrDamaged is wrapped when a file of a Spool does not hold what was written to it.
var ErrDamaged = errors.New("the file is damaged")

const (
	kept   = ".still" // a picture that waits
	part   = ".part"  // one that was being written
	broken = ".bad"   // one that could not be read back; it is looked at by people, if at all

	maxKept = 1000 // files, whatever their size

	// firstYear is what no clock of a gateway that was ever right shows: ids made before
	// say nothing of a picture's age.
	firstYear = 1_704_067_200_000 // 2024, Unix ms
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Spool keeps pictures on the disk until a store has them. Each is a file of its own:
//
//	the picture as package record writes it, and CRC-32C of that, 4 bytes little-endian
//
// A file is written under another name, synced, given its name, and the folder synced:
// after kill -9 and after a power cut a picture is there whole or not at all. What Put
// has returned for is there. The sum is checked when a picture is read; one that does not
// hold it is set aside as .bad.
//
// Where the files together exceed the quota, or are more than 1000, those set aside go
// first, then the oldest pictures. How many were given up so is counted by Lost, and
// which and why is told to the owner. Its methods are safe for concurrent use and block
// on the disk.
type Spool struct {
	disk  disk
	dir   string
	quota int64
	gone  func(id, why string)

	mu    sync.Mutex
	files []file // oldest first; ids are UUIDv7, so their order is that of time
	size  int64
	lost  uint64
}

type file struct {
	id, ext string
	bytes   int64
}

func (f file) name() string { return f.id + f.ext }

// OpenSpool opens the folder dir, making it if it is missing, and removes what an
// interrupted write left. quota is in bytes. gone is told of each picture that is given up,
// with a word of wire.Missing, from within the call that does so: it must neither block
// nor call the spool. The error names the folder.
func OpenSpool(dir string, quota int64, gone func(id, why string)) (*Spool, error) {
	return openSpool(osDisk{}, dir, quota, gone)
}

func openSpool(on disk, dir string, quota int64, gone func(id, why string)) (*Spool, error) {
	s := &Spool{disk: on, dir: dir, quota: quota, gone: gone}
	entries, err := on.Entries(dir)
	if err != nil {
		return nil, fmt.Errorf("pictures: %w", err)
	}
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		id := strings.TrimSuffix(e.Name(), ext)
		if _, err := uuid.Parse(id); err != nil || len(id) != 36 || !e.Type().IsRegular() {
			continue // not ours
		}
		switch info, err := e.Info(); {
		case ext == part:
			if err := on.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, fmt.Errorf("pictures: %w", err)
			}
		case err == nil && (ext == kept || ext == broken):
			s.add(file{id, ext, info.Size()})
		}
	}
	return s, s.shrink()
}

// add takes a file in; one of the same name is the same file.
func (s *Spool) add(f file) {
	at, _ := slices.BinarySearchFunc(s.files, f, func(a, b file) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.ext, b.ext)) })
	if at < len(s.files) && s.files[at].name() == f.name() {
		s.size += f.bytes - s.files[at].bytes
		s.files[at] = f
		return
	}
	s.files = slices.Insert(s.files, at, f)
	s.size += f.bytes
}

// IDs returns the pictures that wait, oldest first.
func (s *Spool) IDs() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		if f.ext == kept {
			ids = append(ids, f.id)
		}
	}
	return ids
}

// Lost returns how many pictures were given up or could not be read back since Open.
func (s *Spool) Lost() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// Put keeps a picture; when it returns nil it is on the disk, and as many older ones as
// need be have made room. A picture that exceeds the quota alone is refused.
func (s *Spool) Put(meta wire.ImageMeta, jpeg []byte) error {
	if _, err := uuid.Parse(meta.ID); err != nil || len(meta.ID) != 36 {
		return fmt.Errorf("pictures: %q is no id of a picture", meta.ID)
	}
	if len(jpeg) > wire.MaxImage {
		return fmt.Errorf("pictures: %s has %d bytes; one that travels has at most %d", meta.ID, len(jpeg), wire.MaxImage)
	}
	b, err := record.AppendImage(nil, meta, jpeg)
	if err != nil {
		return fmt.Errorf("pictures: %w", err)
	}
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if int64(len(b)) > s.quota {
		return fmt.Errorf("pictures: %s has %d bytes; all together may have %d", meta.ID, len(b), s.quota)
	}
	if err := s.write(meta.ID, b); err != nil {
		return fmt.Errorf("pictures: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(file{meta.ID, kept, int64(len(b))})
	return s.shrink()
}

func (s *Spool) write(id string, b []byte) error {
	temp := s.path(id, part)
	f, err := s.disk.Create(temp)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, s.disk.Remove(temp))
	}
	if err := s.disk.Rename(temp, s.path(id, kept)); err != nil {
		return err
	}
	return s.disk.SyncDir(s.dir)
}

func (s *Spool) path(id, ext string) string { return filepath.Join(s.dir, id+ext) }

// Get reads a picture back. ErrDamaged: it is set aside and counted as lost;
// fs.ErrNotExist: it is not here, or was given up.
func (s *Spool) Get(id string) (wire.ImageMeta, []byte, error) {
	if _, err := uuid.Parse(id); err != nil || len(id) != 36 {
		return wire.ImageMeta{}, nil, fmt.Errorf("pictures: %q is no id of a picture: %w", id, fs.ErrNotExist)
	}
	var meta wire.ImageMeta
	var jpeg []byte
	b, err := s.disk.Read(s.path(id, kept))
	switch {
	case errors.Is(err, syscall.EIO):
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	case err != nil:
		return wire.ImageMeta{}, nil, fmt.Errorf("pictures: %w", err)
	default:
		meta, jpeg, err = decode(b)
	}
	if err == nil && meta.ID != id {
		err = fmt.Errorf("%w: it holds %q", ErrDamaged, meta.ID)
	}
	if err != nil {
		return wire.ImageMeta{}, nil, errors.Join(fmt.Errorf("pictures: %s: %w", id, err), s.setAside(id))
	}
	return meta, jpeg, nil
}

// decode reads what Put wrote.
func decode(b []byte) (wire.ImageMeta, []byte, error) {
	n := len(b) - 4
	if n < 0 || crc32.Checksum(b[:n], castagnoli) != binary.LittleEndian.Uint32(b[n:]) {
		return wire.ImageMeta{}, nil, fmt.Errorf("%w: its sum is another one", ErrDamaged)
	}
	meta, jpeg, err := record.DecodeImage(b[:n])
	if err != nil {
		return meta, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return meta, jpeg, nil
}

func (s *Spool) setAside(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.files, func(f file) bool { return f.id == id && f.ext == kept })
	if i < 0 {
		return nil
	}
	s.giveUp(id, wire.Unread)
	s.files[i].ext = broken
	return s.disk.Rename(s.path(id, kept), s.path(id, broken))
}

// Done removes a picture that a store has. One that is not here is no error.
func (s *Spool) Done(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.files, func(f file) bool { return f.id == id && f.ext == kept })
	if i < 0 {
		return nil
	}
	return s.remove(i)
}

// Forget gives up what is older than age at now, which must be a time that is trusted.
// How old a picture is its id says; one made while the clock was not set has no age.
func (s *Spool) Forget(now time.Time, age time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; i < len(s.files); {
		id, err := uuid.Parse(s.files[i].id)
		sec, nsec := id.Time().UnixTime()
		made := time.Unix(sec, nsec)
		if err != nil || made.UnixMilli() < firstYear || now.Sub(made) <= age {
			i++
			continue
		}
		if s.files[i].ext == kept {
			s.giveUp(s.files[i].id, wire.TooOld)
		}
		if err := s.remove(i); err != nil {
			return err
		}
	}
	return nil
}

// giveUp counts a picture that no store will have, and tells of it; s.mu is held, or nobody
// else knows s yet.
func (s *Spool) giveUp(id, why string) {
	s.lost++
	if s.gone != nil {
		s.gone(id, why)
	}
}

// shrink makes room; s.mu is held, or nobody else knows s yet.
func (s *Spool) shrink() error {
	for len(s.files) > 1 && (s.size > s.quota || len(s.files) > maxKept) {
		i := max(slices.IndexFunc(s.files, func(f file) bool { return f.ext == broken }), 0)
		if s.files[i].ext == kept {
			s.giveUp(s.files[i].id, wire.NoRoom)
		}
		if err := s.remove(i); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes a file; s.mu is held. It is forgotten even if that fails, so that no
// loop tries for ever: the next start finds it again.
func (s *Spool) remove(i int) error {
	f := s.files[i]
	s.files = slices.Delete(s.files, i, i+1)
	s.size -= f.bytes
	if err := s.disk.Remove(filepath.Join(s.dir, f.name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("pictures: %w", err)
	}
	return nil
}
