package embedded

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/influxdata/influxdb/pkg/limiter"
	"github.com/influxdata/influxdb/tsdb"
	"github.com/influxdata/influxdb/tsdb/engine/tsm1"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// shardMS is how much time one shard holds. Few long shards keep late data cheap:
// each one that is written to holds a cache and files of its own.
const shardMS = 30 * 24 * 60 * 60 * 1000

// shard is the engine for the points of one span of time. The engine keeps new
// points in memory until they are written as a file; its own write-ahead log,
// which has no checksums, is off, and so is its index of series, which is only
// needed to search by tag: a query here names its stream.
type shard struct {
	from   int64 // first millisecond; to is from + shardMS
	dir    string
	engine *tsm1.Engine

	use sync.RWMutex // held for reading while the engine is used, for writing to delete it

	// swap keeps writers away from the moment in which the engine's cache becomes
	// a snapshot and a new one begins.
	swap   sync.RWMutex
	dirty  atomic.Bool // points were written since the last snapshot began; writers hold swap for reading
	failed bool        // the last snapshot failed: the next one only repeats it
}

// noIndex stands in for the index of series. The engine tells it the fields when
// it opens and asks it nothing on the paths used here.
type noIndex struct{ tsdb.Index }

func (noIndex) SetFieldSet(*tsdb.MeasurementFieldSet) {}
func (noIndex) Type() string                          { return tsdb.TSI1IndexName }

func shardStart(ms int64) int64 { return ms - ms%shardMS }

// shardName is the day a shard begins, "2026-11-07".
func shardName(from int64) string { return time.UnixMilli(from).UTC().Format(time.DateOnly) }

func parseShardName(name string) (from int64, ok bool) {
	t, err := time.Parse(time.DateOnly, name)
	return t.UnixMilli(), err == nil && shardStart(t.UnixMilli()) == t.UnixMilli()
}

// compactions limits the work on files that goes on behind all shards.
func compactions() limiter.Fixed { return limiter.NewFixed(max(1, runtime.GOMAXPROCS(0)/2)) }

// openShard opens or makes the shard in dir. Files that cannot be read are moved
// to aside first and returned.
func openShard(dir, aside string, from int64, lim limiter.Fixed) (s *shard, damaged []string, err error) {
	if err := makeDir(dir); err != nil {
		return nil, nil, err
	}
	if damaged, err = setAside(dir, aside); err != nil {
		return nil, nil, err
	}
	opt := tsdb.EngineOptions{
		EngineVersion: tsdb.DefaultEngine, IndexVersion: tsdb.TSI1IndexName, MonitorDisabled: true,
		OpenLimiter: limiter.NewFixed(1), CompactionLimiter: lim, Config: tsdb.NewConfig(),
	}
	// Snapshots are taken by the store alone: it must know what is in them.
	opt.Config.CacheMaxMemorySize = 0
	opt.Config.CacheSnapshotMemorySize = 1 << 50
	opt.Config.CacheSnapshotWriteColdDuration = math.MaxInt64
	e, ok := tsm1.NewEngine(uint64(from/shardMS), noIndex{}, dir, dir, nil, opt).(*tsm1.Engine)
	if !ok {
		return nil, damaged, errors.New("the TSM engine is not what it was built with")
	}
	if err := e.Open(); err != nil {
		return nil, damaged, fmt.Errorf("open shard %s: %w", filepath.Base(dir), err)
	}
	return &shard{from: from, dir: dir, engine: e}, damaged, nil
}

// setAside moves files that the engine would stumble over. The engine opens its
// files in goroutines of its own, where a panic could not be caught.
func setAside(dir, aside string) (damaged []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		isBad := strings.HasSuffix(path, "."+tsm1.BadTSMFileExtension)
		if strings.HasSuffix(path, "."+tsm1.TSMFileExtension) {
			isBad = readable(path) != nil
		}
		if !isBad {
			continue
		}
		name := filepath.Base(dir) + "-" + entry.Name()
		if err := makeDir(aside); err != nil {
			return damaged, err
		}
		if err := os.Rename(path, filepath.Join(aside, name)); err != nil {
			return damaged, err
		}
		damaged = append(damaged, name)
	}
	if len(damaged) > 0 {
		err = errors.Join(syncDir(dir), syncDir(aside))
	}
	return damaged, err
}

// readable opens a TSM file the way the engine does and looks at its first and
// last key.
func readable(path string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	if _, _, err := tsm1.DefaultParseFileName(path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	r, err := tsm1.NewTSMReader(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	defer func() { _ = r.Close() }()
	if n := r.KeyCount(); n > 0 {
		_, _ = r.KeyAt(0)
		_, _ = r.KeyAt(n - 1)
	}
	return nil
}

// write puts points of this shard into the engine's cache, where queries see
// them at once. points of one stream should stand together.
func (s *shard) write(points []store.Point, b *buffers) error {
	s.use.RLock()
	defer s.use.RUnlock()
	s.swap.RLock()
	defer s.swap.RUnlock()
	s.dirty.Store(true)
	for i := 0; i < len(points); {
		n := i + 1
		for n < len(points) && points[n].Stream == points[i].Stream {
			n++
		}
		if err := s.writeStream(points[i:n], b); err != nil {
			return err
		}
		i = n
	}
	return nil
}

// buffers are reused from write to write.
type buffers struct {
	key    []byte
	values [4][]tsm1.Value
}

// fields of the engine, in the order of buffers.values.
var fields = [...]string{"v", "qc", "why", "q2"}

func (s *shard) writeStream(points []store.Point, b *buffers) error {
	for i := range b.values {
		b.values[i] = b.values[i][:0]
	}
	for i := range points {
		p := &points[i]
		t := p.Time * int64(time.Millisecond)
		if p.Flag != obs.Missing {
			b.values[0] = append(b.values[0], tsm1.NewFloatValue(t, p.V))
		}
		if p.Flag != obs.Pass {
			b.values[1] = append(b.values[1], tsm1.NewIntegerValue(t, int64(p.Flag.Code())))
		}
		if p.Why != "" {
			b.values[2] = append(b.values[2], tsm1.NewStringValue(t, string(p.Why)))
		}
		if p.Late != 0 {
			b.values[3] = append(b.values[3], tsm1.NewIntegerValue(t, int64(p.Late.Code())))
		}
	}
	b.key = appendKey(b.key[:0], points[0].Stream)
	n := len(b.key)
	for i, values := range b.values {
		if len(values) == 0 {
			continue
		}
		b.key = append(append(b.key[:n], separator...), fields[i]...)
		if err := s.engine.Cache.Write(b.key, values); err != nil {
			return err
		}
	}
	return nil
}

const separator = "#!~#" // between series and field in the engine's keys

// appendKey builds the series key "channel,device=…,gateway=…". No name that
// check lets through needs escaping.
func appendKey(dst []byte, s store.Stream) []byte {
	dst = append(append(dst, s.Channel...), ",device="...)
	dst = append(append(dst, s.Device...), ",gateway="...)
	return append(dst, s.Gateway...)
}

// snapshot writes everything in the cache to a file and syncs it. Writers wait
// only for a moment. One snapshot at a time.
func (s *shard) snapshot() error {
	for s.dirty.Load() || s.failed {
		again := s.failed // the engine repeats a failed snapshot without what came after it
		if err := s.writeSnapshot(); err != nil {
			return fmt.Errorf("write shard %s: %w", filepath.Base(s.dir), err)
		}
		if !again {
			return nil
		}
	}
	return nil
}

func (s *shard) writeSnapshot() error {
	s.swap.Lock()
	repeat := s.failed
	snap, err := s.engine.Cache.Snapshot()
	if err == nil && !repeat {
		s.dirty.Store(false)
	}
	s.failed = true
	s.swap.Unlock()
	if err != nil {
		return err
	}
	if snap.Size() > 0 {
		snap.Deduplicate()
		files, err := s.engine.Compactor.WriteSnapshot(snap)
		if err == nil {
			err = s.engine.FileStore.Replace(nil, files)
		}
		if err != nil {
			s.engine.Cache.ClearSnapshot(false)
			return err
		}
	}
	s.engine.Cache.ClearSnapshot(true)
	s.swap.Lock()
	s.failed = false
	s.swap.Unlock()
	return nil
}

func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(dir)), syncDir(filepath.Dir(filepath.Dir(dir))))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
