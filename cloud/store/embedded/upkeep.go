package embedded

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
)

// maintain takes checkpoints and drops what retention has overtaken.
func (s *Store) maintain() {
	defer close(s.done)
	check, keep := time.NewTicker(checkpointEvery), time.NewTicker(retentionEvery)
	defer check.Stop()
	defer keep.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-s.due:
		case <-check.C:
		case <-keep.C:
			s.retain()
			continue
		}
		if err := s.checkpoint(); err != nil {
			s.o.Log.Error("the index could not be written; the log keeps everything and the next try follows", "err", err)
			select { // a full disk must not be hammered
			case <-time.After(5 * time.Second):
			case <-s.quit:
				return
			}
		}
	}
}

// checkpoint writes all shards' caches to files and then releases the part of the
// log that is in them. Everything up to position is in a cache before it begins.
func (s *Store) checkpoint() error {
	s.checking.Lock()
	defer s.checking.Unlock()
	s.mu.Lock()
	position := s.last
	for seq := range s.flying {
		position = min(position, seq-1)
	}
	var shards []*shard
	for _, sh := range s.shards {
		shards = append(shards, sh)
	}
	s.since = 0
	s.mu.Unlock()
	var err error
	for _, sh := range shards {
		err = errors.Join(err, sh.snapshot())
	}
	if err == nil {
		_, err = s.log.Drop(context.Background(), s.log.Epoch(), position)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = err
	s.stats.Checkpoints++
	close(s.settled)
	s.settled = make(chan struct{})
	return err
}

// retain deletes the shards that hold only points older than the retention.
func (s *Store) retain() {
	oldest := s.o.Now().Add(-s.o.Retention).UnixMilli()
	var expired []*shard
	s.mu.Lock()
	for from, sh := range s.shards {
		if from+shardMS <= oldest {
			delete(s.shards, from)
			expired = append(expired, sh)
		}
	}
	s.mu.Unlock()
	for _, sh := range expired {
		sh.use.Lock() // until nobody reads or writes it any more
		defer sh.use.Unlock()
		if err := errors.Join(sh.engine.Close(), os.RemoveAll(sh.dir), syncDir(filepath.Dir(sh.dir))); err != nil {
			s.o.Log.Error("an expired part of the index could not be deleted", "dir", sh.dir, "err", err)
		}
	}
}

// loadShards opens what is in the directory "index". Files that cannot be read
// are set aside in "damaged", and the store says so.
func (s *Store) loadShards() error {
	root := filepath.Join(s.dir, "index")
	if err := makeDir(root); err != nil {
		return err
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	aside := filepath.Join(s.dir, "damaged")
	for _, e := range entries {
		from, ok := parseShardName(e.Name())
		if !e.IsDir() || !ok {
			continue
		}
		sh, damaged, err := openShard(filepath.Join(root, e.Name()), aside, from, s.compact)
		if err != nil {
			return err
		}
		s.shards[from] = sh
		if len(damaged) > 0 {
			s.o.Log.Error("files of the index were damaged: some points of this time are lost, unless the log or a gateway still has them; the files are kept",
				"from", time.UnixMilli(from).UTC(), "to", time.UnixMilli(from+shardMS).UTC(), "files", strings.Join(damaged, " "), "kept_in", aside)
		}
	}
	return nil
}

// replay puts what the log of earlier runs holds into the index and drops it.
func (s *Store) replay() error {
	if err := s.keepBrokenLog(); err != nil {
		return err
	}
	oldest := s.o.Now().Add(-s.o.Retention).UnixMilli()
	var sc scratch
	for _, info := range s.log.Epochs() {
		for _, l := range info.Lost {
			s.o.Log.Error("points in the log are lost", "epoch", l.Epoch.String(), "records", l.Count(), "why", l.Why,
				"from", time.UnixMilli(l.From.UnixMS).UTC(), "to", time.UnixMilli(l.To.UnixMS).UTC())
		}
		err := s.log.Read(info.Epoch, info.First, info.Last, func(r journal.Record) error { return s.again(&sc, r, oldest) })
		var damage *journal.DamageError
		if errors.As(err, &damage) {
			s.o.Log.Error("points in the log are lost", "err", err)
		} else if err != nil {
			return err
		}
	}
	if s.stats.Replayed == 0 {
		return nil
	}
	return s.checkpoint()
}

// again puts one log record into the index.
func (s *Store) again(sc *scratch, r journal.Record, oldest int64) error {
	if r.Kind != kindPoints {
		return nil
	}
	points, err := parsePoints(sc.good[:0], r.Body)
	sc.good = points
	if err != nil {
		// Its checksum is right: this program, or a newer one, wrote it so.
		return fmt.Errorf("log record %d: %w; was the store written by a newer version?", r.Seq, err)
	}
	kept := points[:0]
	for _, p := range points {
		if p.Time >= oldest {
			kept = append(kept, p)
		}
	}
	s.stats.Replayed += uint64(len(kept))
	if s.memory() >= s.o.Memory/2 {
		for _, sh := range s.shards {
			if err := sh.snapshot(); err != nil {
				return err
			}
		}
	}
	return s.index(kept, &sc.buffers)
}

// keepBrokenLog gives damaged log segments a second name in "damaged", since
// they are dropped from the log once the rest of them is in the index.
func (s *Store) keepBrokenLog() error {
	found, err := filepath.Glob(filepath.Join(s.dir, "log", "*.broken"))
	if err != nil || len(found) == 0 {
		return err
	}
	aside := filepath.Join(s.dir, "damaged")
	if err := makeDir(aside); err != nil {
		return err
	}
	for _, path := range found {
		if err := os.Link(path, filepath.Join(aside, filepath.Base(path))); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return syncDir(aside)
}

// readID returns the store's id, which is made once and kept with the data.
func readID(path string) (string, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeID(path)
	}
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(b))
	if err := obs.CheckID(id); err != nil {
		return "", fmt.Errorf("%s: %w; delete the file and the store is a new one for all gateways", path, err)
	}
	return id, nil
}

func makeID(path string) (string, error) {
	var salt [8]byte
	_, _ = rand.Read(salt[:]) // never fails, see crypto/rand
	id := "store-" + hex.EncodeToString(salt[:])
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(id + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	return id, errors.Join(err, syncDir(filepath.Dir(path)))
}

var _ store.Store = (*Store)(nil)
