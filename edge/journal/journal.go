package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"time"
)

// Errors that callers ask for with errors.Is.
var (
	// ErrLocked: another process, or another Journal, has the directory.
	ErrLocked = errors.New("the journal directory is in use")
	// ErrClosed: the journal was closed.
	ErrClosed = errors.New("the journal is closed")
	// ErrDegraded: the disk does not take data at the moment. Appending goes on
	// in memory; the journal tries again by itself.
	ErrDegraded = errors.New("the journal cannot write")
	// ErrLost: the record was dropped from memory before the disk took it.
	ErrLost = errors.New("the record was dropped before it could be written")
)

// Options say how a journal is kept. The zero value of a field is its default.
type Options struct {
	Size        int64         // quota in bytes, for Trim; default 512 MB
	Age         time.Duration // what is older and stored may go, see Trim; 0: as long as there is room
	Reserve     int64         // bytes of Size kept free for urgent records; default a sixteenth of Size, at most 16 MB, at least one segment
	SegmentSize int64         // bytes in one segment; default 4 MB, at most a quarter of Size, at least 4 KB
	Commit      time.Duration // a record waits at most this long for its commit; default 10 s
	Buffer      int           // bytes of entries that may wait in memory; default 4 MB, at least 256 KB; urgent ones may use a quarter more
	Stamp       func() Stamp  // the caller's clock; must not block; default: Unix time only

	// Urgent tells the kinds of records that the others make room for, in memory, on
	// a full disk and in Trim. nil: none. It must be quick and always say the same.
	Urgent func(Kind) bool
	// Time is what Age is reckoned by, and whether it is trusted: while it is not,
	// nothing is too old. It must not block. nil: the system's clock, trusted.
	Time func() (now time.Time, trusted bool)

	FS FS // file operations; default the real ones
}

func (o Options) withDefaults() Options {
	def := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&o.Size, 512<<20)
	def(&o.SegmentSize, 4<<20)
	o.SegmentSize = max(min(o.SegmentSize, o.Size/4), 4<<10)
	def(&o.Reserve, min(o.Size/16, 16<<20))
	o.Reserve = min(o.Reserve, o.Size/2)
	o.Reserve = int64(o.spares()) * o.SegmentSize
	if o.Commit <= 0 {
		o.Commit = 10 * time.Second
	}
	if o.Buffer <= 0 {
		o.Buffer = 4 << 20
	}
	o.Buffer = max(o.Buffer, 4*blockTarget)
	if o.Stamp == nil {
		o.Stamp = func() Stamp { return Stamp{UnixMS: time.Now().UnixMilli()} }
	}
	if o.Urgent == nil {
		o.Urgent = func(Kind) bool { return false }
	}
	if o.Time == nil {
		o.Time = func() (time.Time, bool) { return time.Now(), true }
	}
	if o.FS == nil {
		o.FS = osFS{}
	}
	return o
}

// Journal is an open journal. All methods may be called from many goroutines.
type Journal struct {
	shelf // its mutex guards everything below the blank line
	o     Options
	epoch Epoch
	lock  io.Closer
	kick  chan struct{} // wakes the committer; holds one
	quit  chan struct{} // closed by Close
	done  chan struct{} // closed when the committer has ended

	queue   queue
	states  map[string][]byte // as set
	durable map[string][]byte // as committed: what a new segment starts with
	floor   uint64
	last    uint64 // number of the newest committed record
	pos     uint64 // position of the newest committed entry
	fail    failure
	changed chan struct{} // closed and replaced after every attempt to commit
	spares  []spare
	retired []*segment // given up, their files not looked at yet
	orphans []string   // files to be deleted
	wear    diary
	before  Wear // of earlier epochs
}

// failure is what stands between the queue and the disk.
type failure struct {
	err   error         // of the newest attempt; nil: none
	kept  bool          // what is left of the room is kept for urgent records
	since time.Time     // first failed attempt
	pause time.Duration // until the next one
	next  time.Time     // when that is
}

// Open takes the directory, makes it if it is missing, reads what is there and
// begins a new epoch. Damage is no error: what can be read stays readable, the
// rest is in Epochs. A disk that cannot be written is none either: the journal
// then starts degraded (see Stats). Errors are: ErrLocked, a directory that
// cannot be made or listed, a segment that cannot be opened.
func Open(dir string, o Options) (*Journal, error) {
	o, dir = o.withDefaults(), filepath.Clean(dir)
	if err := makeDir(o.FS, dir); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	lock, err := o.FS.Lock(dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	x, err := load(o.FS, dir)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	p, err := newPacker()
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if len(x.files) == 0 {
		syncParents(o.FS, dir)
	}
	j := &Journal{shelf: shelf{dir: dir, fs: o.FS}, o: o, epoch: newEpoch(x.epoch), lock: lock,
		kick: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}), changed: make(chan struct{}),
		states: x.states, durable: maps.Clone(x.states), floor: x.floor, wear: diary{start: time.Now()}, before: x.life}
	j.queue.init(o.Buffer, o.Stamp, o.Urgent)
	j.tidy(x)
	w := &writer{j: j, packer: p, num: x.num}
	j.commit(w, false)
	j.restock()
	go j.run(w)
	return j, nil
}

// tidy renames what is damaged, keeps or deletes what was given up, and cuts the
// unused end off the newest segment, which would weigh on the quota otherwise. All
// of it can fail, or be forgotten by a power cut, and is done by a later Open then.
func (j *Journal) tidy(x *index) {
	j.adoptSpares(x.names)
	for i, f := range x.files {
		if f.num < x.floor && !f.gone {
			if !j.keepSpare(&f.segment) {
				j.orphan(f.path(j.dir))
			}
			continue
		}
		if i == len(x.files)-1 {
			j.cut(f)
		}
		if f.damaged && !f.broken && !f.gone {
			j.setBroken(&f.segment)
		}
		j.segs = append(j.segs, &f.segment)
	}
	_ = j.bury()
}

// cut shortens the newest segment of a run that was not closed. Behind the last
// good block lie zeros, or the blocks of an older segment; a torn write, if there is
// one, lies directly behind it and stays to be looked at.
func (j *Journal) cut(f *file) {
	end := f.end
	if f.torn {
		end += writeBytes
	}
	if !f.damaged && !f.broken && !f.gone && f.size > end && j.fs.Truncate(f.path(j.dir), end) == nil {
		f.size = end
	}
}

// Epoch returns the epoch that this opening began.
func (j *Journal) Epoch() Epoch { return j.epoch }

// Read gives the committed records of epoch e with numbers from … to to fn, in
// ascending order, each at most once. Numbers that are lost or dropped are
// stepped over. It holds no lock while fn runs; fn must not keep Body. An error
// of fn ends the walk and is returned. Damage found on the way ends nothing; it
// is returned at the end as *DamageError.
func (j *Journal) Read(e Epoch, from, to uint64, fn func(Record) error) error {
	return j.read(e, from, to, fn)
}

// SeqAt returns the number from which to read epoch e for what was recorded at a
// moment or later: that of the first committed block whose stamp is not before
// the moment, as before tells; before must be true for no stamp that follows one
// for which it is false. A few records of the block may be older. It returns one
// more than the newest number when all are before, 0 when the journal holds
// nothing of e. It reads at most one segment.
func (j *Journal) SeqAt(e Epoch, before func(Stamp) bool) uint64 { return j.seqAt(e, before) }

// Epochs returns what the journal holds of each epoch, oldest first, the
// current one last. Only what is committed counts.
func (j *Journal) Epochs() []EpochInfo { return j.epochs() }

// Append adds a record and returns its number at once; numbers of an epoch rise
// by one from 1. body is copied. The record is on disk within Options.Commit, or
// after Sync. When the disk takes nothing and the buffer is full, the oldest
// records waiting are dropped and their numbers become a Loss. Errors: ErrClosed,
// a body longer than MaxRecord, a kind of 240 or above.
func (j *Journal) Append(k Kind, body []byte) (seq uint64, err error) {
	if err := checkRecord(k, body); err != nil {
		return 0, err
	}
	return j.put(true, k, body, nil)
}

// AppendState adds a record and sets a keyed state with it: after a crash either
// both are there or neither.
func (j *Journal) AppendState(k Kind, body []byte, key string, state []byte) (seq uint64, err error) {
	if err := checkRecord(k, body); err != nil {
		return 0, err
	}
	if err := checkState(key, state); err != nil {
		return 0, err
	}
	return j.put(true, k, body, newState(key, state))
}

// SetState sets the state under key; nil removes it. The latest one wins. It
// survives in every later epoch, whatever Trim drops, and even when records
// around it are dropped from memory. At most MaxKey bytes of key, MaxState of
// state; all states together should stay small, each segment begins with them.
func (j *Journal) SetState(key string, state []byte) error {
	if err := checkState(key, state); err != nil {
		return err
	}
	_, err := j.put(false, 0, nil, newState(key, state))
	return err
}

// State returns a copy of the state under key as last set, committed or not.
func (j *Journal) State(key string) ([]byte, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	v, ok := j.states[key]
	return slices.Clone(v), ok
}

// States walks the keys in order, with the states as they were at the start of
// the walk. They must not be changed.
func (j *Journal) States() iter.Seq2[string, []byte] {
	j.mu.Lock()
	all := maps.Clone(j.states)
	j.mu.Unlock()
	return func(yield func(string, []byte) bool) {
		for _, k := range slices.Sorted(maps.Keys(all)) {
			if !yield(k, all[k]) {
				return
			}
		}
	}
}

func newState(key string, state []byte) *stateEntry {
	return &stateEntry{key: key, value: append([]byte{}, state...), gone: state == nil}
}

func checkRecord(k Kind, body []byte) error {
	if k >= firstOwnKind {
		return fmt.Errorf("journal: kind %d is the journal's own; use 0 to %d", k, firstOwnKind-1)
	}
	if len(body) > MaxRecord {
		return fmt.Errorf("journal: a record of %d bytes; at most %d are allowed", len(body), MaxRecord)
	}
	return nil
}

func checkState(key string, state []byte) error {
	if key == "" || len(key) > MaxKey {
		return fmt.Errorf("journal: a state key of %d bytes; 1 to %d are allowed", len(key), MaxKey)
	}
	if len(state) > MaxState {
		return fmt.Errorf("journal: state %q of %d bytes; at most %d are allowed", key, len(state), MaxState)
	}
	return nil
}

// put queues a record, a state, or both, and wakes the committer when it has
// something new to know.
func (j *Journal) put(hasRecord bool, k Kind, body []byte, st *stateEntry) (seq uint64, err error) {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return 0, ErrClosed
	}
	if st != nil {
		applyState(j.states, *st)
	}
	wake := j.queue.held == 0 || j.fail.kept && hasRecord && j.o.Urgent(k)
	before := j.queue.held
	seq = j.queue.put(hasRecord, k, body, st)
	wake = wake || before < commitBytes && j.queue.held >= commitBytes
	j.mu.Unlock()
	if wake {
		j.wake()
	}
	return seq, nil
}

func (j *Journal) wake() {
	select {
	case j.kick <- struct{}{}:
	default:
	}
}

// Sync commits now and returns when everything appended before is on disk. Many
// callers share one commit. It returns the error of the attempt, which wraps
// ErrDegraded, as soon as one fails; the journal goes on trying, and while it
// pauses between two tries Sync fails at once. ctx ends the waiting, not the commit.
func (j *Journal) Sync(ctx context.Context) error {
	j.mu.Lock()
	target := j.queue.pos
	j.mu.Unlock()
	return j.await(ctx, func() (bool, error) { return j.pos >= target, nil })
}

// SyncTo is Sync for one record of the current epoch: it returns nil only when
// record seq is on disk, and ErrLost when it was dropped.
func (j *Journal) SyncTo(ctx context.Context, seq uint64) error {
	return j.await(ctx, func() (bool, error) {
		switch {
		case seq >= j.queue.next:
			return false, fmt.Errorf("journal: record %d was never appended", seq)
		case j.queue.isDropped(seq):
			return false, fmt.Errorf("journal: record %d: %w", seq, ErrLost)
		}
		return j.last >= seq, nil
	})
}

// await asks for a commit until reached says yes or no for good. reached is
// called with the mutex held.
func (j *Journal) await(ctx context.Context, reached func() (bool, error)) error {
	for {
		j.mu.Lock()
		ok, err := reached()
		if ok || err != nil {
			j.mu.Unlock()
			return err
		}
		if err := j.fail.err; err != nil && !(j.fail.kept && pressing(j.queue.chunks)) {
			j.mu.Unlock()
			return err
		}
		if j.closed {
			j.mu.Unlock()
			return ErrClosed
		}
		j.queue.urgent = true
		changed := j.changed
		j.mu.Unlock()
		j.wake()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close commits what is waiting, writes a clean mark and releases the
// directory. Its error says that something could not be written. A second call
// does nothing.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		<-j.done
		return nil
	}
	j.closed = true
	j.mu.Unlock()
	close(j.quit)
	<-j.done
	j.mu.Lock()
	err := j.fail.err
	j.mu.Unlock()
	return errors.Join(err, j.lock.Close())
}
