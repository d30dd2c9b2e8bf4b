package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/influxdata/influxdb/pkg/limiter"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/edge/journal"
)

const (
	kindPoints journal.Kind = 1

	checkpointBytes = 64 << 20         // of log since the last checkpoint
	checkpointEvery = 10 * time.Minute // while points come in
	retentionEvery  = time.Hour
	defaultMemory   = 256 << 20
	defaultFuture   = 24 * time.Hour
	defaultKeep     = 90 * 24 * time.Hour
)

var errClosed = errors.New("store: closed")

// Options say how a store is kept. The zero value of a field is its default.
type Options struct {
	Retention time.Duration    // points older than this are refused and dropped; default 90 days
	Future    time.Duration    // points further ahead than this are refused; default 24 hours
	Memory    int64            // bytes of points that may wait for the index's disk; default 256 MB
	Log       *slog.Logger     // what a person should know; default none
	Now       func() time.Time // default time.Now

	segment int64      // bytes in a segment of the log; default 16 MB; smaller in tests
	fs      journal.FS // of the log; default the real one; faulty in tests
}

func (o Options) withDefaults() Options {
	if o.Retention <= 0 {
		o.Retention = defaultKeep
	}
	if o.Future <= 0 {
		o.Future = defaultFuture
	}
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.segment <= 0 {
		o.segment = 16 << 20
	}
	return o
}

// Store is the embedded store. It is safe for concurrent use.
type Store struct {
	dir string
	o   Options
	id  string
	log *journal.Journal

	life   sync.RWMutex // held for reading while a call runs, for writing to close
	closed bool
	quit   chan struct{}
	done   chan struct{}
	due    chan struct{} // asks for a checkpoint; holds one
	pool   sync.Pool     // *scratch

	mu      sync.Mutex
	shards  map[int64]*shard
	flying  map[uint64]bool // log records that are not in the index yet
	last    uint64          // newest log record
	compact limiter.Fixed
	since   int64         // bytes of log since the last checkpoint
	settled chan struct{} // closed and replaced after each checkpoint
	failed  error         // of the last checkpoint
	stats   Stats

	checking sync.Mutex // one checkpoint at a time
}

// Stats are figures of a store; counts are since Open.
type Stats struct {
	Points      uint64 // taken
	Refused     uint64
	Replayed    uint64 // found in the log at Open
	Checkpoints uint64
	Shards      int
	Memory      int64 // bytes of points in memory
	Disk        int64 // bytes of the index's files
	Log         journal.Stats
	Err         error // of the last checkpoint; nil: it went well
}

// scratch is what one Write needs.
type scratch struct {
	body    []byte
	good    []store.Point
	buffers buffers
}

// Open opens or makes the store in dir, which it locks: a second opener gets an
// error that wraps journal.ErrLocked. What the log holds is written into the
// index first, which takes about a second per million points.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	j, err := journal.Open(filepath.Join(dir, "log"), journal.Options{
		Size: 1 << 50, SegmentSize: o.segment, Commit: time.Second, Buffer: 64 << 20, FS: o.fs,
		Stamp: func() journal.Stamp { return journal.Stamp{UnixMS: o.Now().UnixMilli()} },
	})
	if errors.Is(err, journal.ErrLocked) {
		return nil, fmt.Errorf("store: %s is used by another aggregator; an embedded store has exactly one: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{dir: dir, o: o, log: j, quit: make(chan struct{}), done: make(chan struct{}), due: make(chan struct{}, 1),
		shards: map[int64]*shard{}, flying: map[uint64]bool{}, compact: compactions(), settled: make(chan struct{})}
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", err), s.shut())
	}
	go s.maintain()
	return s, nil
}

func (s *Store) load() error {
	if st := s.log.Stats(); st.Degraded {
		return fmt.Errorf("%s cannot be written: %w", s.dir, st.Err)
	}
	var err error
	if s.id, err = readID(filepath.Join(s.dir, "id")); err != nil {
		return err
	}
	if err := s.loadShards(); err != nil {
		return err
	}
	return s.replay()
}

// ID implements store.Store. The id lies in the file "id".
func (s *Store) ID() string { return s.id }

// Write implements store.Store. When it returns without an error every point that
// is not refused is synced in the log and visible to Query. It blocks while more
// points wait for the index than memory allows.
func (s *Store) Write(ctx context.Context, points []store.Point) ([]store.Refusal, error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return nil, errClosed
	}
	sc, ok := s.pool.Get().(*scratch)
	if !ok {
		sc = &scratch{}
	}
	defer s.pool.Put(sc)
	refused := s.sift(sc, points)
	for good := sc.good; len(good) > 0; {
		n := min(len(good), maxPerLog)
		if err := s.commit(ctx, sc, good[:n]); err != nil {
			return nil, err
		}
		good = good[n:]
	}
	s.mu.Lock()
	s.stats.Points += uint64(len(sc.good))
	s.stats.Refused += uint64(len(refused))
	s.mu.Unlock()
	return refused, nil
}

// sift keeps the points that can be stored and says why the others cannot.
func (s *Store) sift(sc *scratch, points []store.Point) (refused []store.Refusal) {
	now := s.o.Now()
	oldest, newest := now.Add(-s.o.Retention).UnixMilli(), now.Add(s.o.Future).UnixMilli()
	sc.good = sc.good[:0]
	for i := range points {
		p := &points[i]
		why := ""
		switch {
		// Most neighbours share a stream, which is checked once.
		case i > 0 && p.Stream == points[i-1].Stream && len(refused) == 0:
			why = checkValue(p)
		default:
			why = check(p)
		}
		switch {
		case why != "":
		case p.Time < oldest:
			why = fmt.Sprintf("older than the retention of %v", s.o.Retention)
		case p.Time > newest:
			why = fmt.Sprintf("%v in the future", time.UnixMilli(p.Time).Sub(now).Round(time.Second))
		}
		if why != "" {
			refused = append(refused, store.Refusal{Index: i, Why: why})
			continue
		}
		sc.good = append(sc.good, *p)
	}
	return refused
}

// commit makes points durable and puts them into the index.
func (s *Store) commit(ctx context.Context, sc *scratch, points []store.Point) error {
	if err := s.room(ctx); err != nil {
		return err
	}
	sc.body = appendPoints(sc.body[:0], points)
	s.mu.Lock()
	seq, err := s.log.Append(kindPoints, sc.body)
	if err == nil {
		s.flying[seq] = true
		s.last = seq
		s.since += int64(len(sc.body))
	}
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("store: %w: %w", store.ErrUnavailable, err)
	}
	defer s.landed(seq)
	if err := s.log.SyncTo(ctx, seq); err != nil {
		return fmt.Errorf("store: %w: %w", store.ErrUnavailable, err)
	}
	if err := s.index(points, &sc.buffers); err != nil {
		return fmt.Errorf("store: %w: %w", store.ErrUnavailable, err)
	}
	return nil
}

func (s *Store) landed(seq uint64) {
	s.mu.Lock()
	delete(s.flying, seq)
	due := s.since >= checkpointBytes
	s.mu.Unlock()
	if due {
		s.ask()
	}
}

func (s *Store) ask() {
	select {
	case s.due <- struct{}{}:
	default:
	}
}

// index writes points into the shards they belong to.
func (s *Store) index(points []store.Point, b *buffers) error {
	for len(points) > 0 {
		from := shardStart(points[0].Time)
		n := 1
		for n < len(points) && shardStart(points[n].Time) == from {
			n++
		}
		sh, err := s.shardAt(from)
		if err != nil {
			return err
		}
		if err := sh.write(points[:n], b); err != nil {
			return err
		}
		points = points[n:]
	}
	return nil
}

// room waits until the points in memory leave room for more.
func (s *Store) room(ctx context.Context) error {
	for {
		s.mu.Lock()
		used, settled, failed := s.memory(), s.settled, s.failed
		s.mu.Unlock()
		if used >= s.o.Memory/2 {
			s.ask()
		}
		if used < s.o.Memory {
			return nil
		}
		if failed != nil {
			return fmt.Errorf("store: %w: the index cannot be written: %w", store.ErrUnavailable, failed)
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// memory returns the bytes of points in all caches. The mutex is held.
func (s *Store) memory() (n int64) {
	for _, sh := range s.shards {
		n += int64(sh.engine.Cache.Size())
	}
	return n
}

// shardAt returns the shard that begins at from, which it makes if needed.
func (s *Store) shardAt(from int64) (*shard, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh := s.shards[from]; sh != nil {
		return sh, nil
	}
	sh, _, err := openShard(filepath.Join(s.dir, "index", shardName(from)), filepath.Join(s.dir, "damaged"), from, s.compact)
	if err != nil {
		return nil, err
	}
	s.shards[from] = sh
	return sh, nil
}

// shardsBetween returns the shards that overlap from … to, in order of time.
func (s *Store) shardsBetween(from, to int64) (out []*shard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sh := range s.shards {
		if sh.from < to && sh.from+shardMS > from {
			out = append(out, sh)
		}
	}
	slices.SortFunc(out, func(a, b *shard) int { return int((a.from - b.from) / shardMS) })
	return out
}

// Stats returns the figures of this moment.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Shards, st.Memory, st.Log, st.Err = len(s.shards), s.memory(), s.log.Stats(), s.failed
	for _, sh := range s.shards {
		st.Disk += sh.engine.FileStore.DiskSizeBytes()
	}
	return st
}

// Close writes what is in memory into the index and releases the directory. A
// second call does nothing.
func (s *Store) Close() error {
	s.life.Lock() // waits for calls that run
	again := s.closed
	s.closed = true
	s.life.Unlock()
	if again {
		<-s.done
		return nil
	}
	close(s.quit)
	<-s.done
	err := s.checkpoint()
	return errors.Join(err, s.shut())
}

// shut closes files and nothing else.
func (s *Store) shut() error {
	var errs []error
	for _, sh := range s.shards {
		errs = append(errs, sh.engine.Close())
	}
	return errors.Join(append(errs, s.log.Close())...)
}
