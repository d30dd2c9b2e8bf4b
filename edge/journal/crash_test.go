package journal_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal"
)

// model is what a journal must hold, kept in memory beside it.
type model struct {
	epochs  []journal.Epoch
	bodies  map[journal.Epoch]map[uint64][]byte
	acked   map[journal.Epoch]uint64 // on disk for sure
	given   map[journal.Epoch][]journal.Range
	states  map[string][]uint64 // key → values in the order set
	stateOK map[string]int      // index of the newest value that is on disk for sure
	bound   map[uint64]bound    // value → record it came with
	when    map[bound]int64     // Unix ms at which a record was appended
	value   uint64
}

type bound struct {
	epoch journal.Epoch
	seq   uint64
}

func newModel() *model {
	return &model{bodies: map[journal.Epoch]map[uint64][]byte{}, acked: map[journal.Epoch]uint64{},
		given: map[journal.Epoch][]journal.Range{}, states: map[string][]uint64{}, stateOK: map[string]int{}, bound: map[uint64]bound{}, when: map[bound]int64{}}
}

// tb is what a check needs of a test, so that a test of the checks can listen.
type tb interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// player drives a journal and its model.
type player struct {
	m     *model
	j     *journal.Journal
	r     *rand.Rand
	trims [][2]int // places in the log of the file system between which Trim worked
	logAt func() int
}

func newPlayer(seed uint64) *player {
	return &player{m: newModel(), r: rand.New(rand.NewPCG(seed, 1)), logAt: func() int { return 0 }}
}

func options(fs journal.FS) journal.Options {
	return journal.Options{FS: fs, Size: 18 << 10, SegmentSize: 4 << 10, Commit: time.Hour, Buffer: 1 << 20,
		Stamp: func() journal.Stamp {
			return journal.Stamp{Boot: "b1", BootMS: time.Now().UnixMilli() - 946684800000, UnixMS: time.Now().UnixMilli()}
		}}
}

func (p *player) open(fs journal.FS) error {
	j, err := journal.Open("/j", options(fs))
	if err != nil {
		return err
	}
	p.j = j
	p.m.epochs = append(p.m.epochs, j.Epoch())
	p.m.bodies[j.Epoch()] = map[uint64][]byte{}
	return nil
}

func (p *player) body() []byte {
	b := make([]byte, p.r.IntN(400))
	for i := range b {
		b[i] = byte(p.r.Uint32() >> (i % 3 * 8) & 0x3f)
	}
	return b
}

func (p *player) append(t tb) {
	b := p.body()
	seq, err := p.j.Append(journal.Kind(len(b)%7), b)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	p.m.bodies[p.j.Epoch()][seq] = append([]byte{byte(len(b) % 7)}, b...)
	p.m.when[bound{p.j.Epoch(), seq}] = time.Now().UnixMilli()
}

func (p *player) state(t tb, withRecord bool) {
	key := fmt.Sprintf("k%d", p.r.IntN(3))
	p.m.value++
	v := binary.BigEndian.AppendUint64(nil, p.m.value)
	if withRecord {
		seq, err := p.j.AppendState(9, v, key, v)
		if err != nil {
			t.Fatalf("AppendState: %v", err)
		}
		p.m.bodies[p.j.Epoch()][seq] = append([]byte{9}, v...)
		p.m.bound[p.m.value] = bound{p.j.Epoch(), seq}
	} else if err := p.j.SetState(key, v); err != nil {
		t.Fatalf("SetState: %v", err)
	}
	p.m.states[key] = append(p.m.states[key], p.m.value)
}

func (p *player) sync(t tb) error {
	err := p.j.Sync(t.Context())
	if err == nil {
		p.acked()
	}
	return err
}

func (p *player) acked() {
	st := p.j.Stats()
	p.m.acked[p.j.Epoch()] = st.Last
	for k, v := range p.m.states {
		p.m.stateOK[k] = len(v) - 1
	}
}

func (p *player) trim(t tb) error {
	from := p.logAt()
	defer func() { p.trims = append(p.trims, [2]int{from, p.logAt()}) }()
	return p.j.Trim(t.Context(),
		func(e journal.Epoch, r journal.Range) []journal.Range { return []journal.Range{r} },
		func(l journal.Loss) error {
			p.m.given[l.Epoch] = append(p.m.given[l.Epoch], l.Ranges...)
			return nil
		})
}

// play makes n random steps. It stops early when the disk is gone.
func (p *player) play(t tb, n int, stop func() bool) {
	for i := 0; i < n && !stop(); i++ {
		<-time.After(time.Second) // of the bubble that TestModel and the crash tests live in
		switch k := p.r.IntN(20); {
		case k < 12:
			p.append(t)
		case k < 14:
			p.state(t, true)
		case k < 15:
			p.state(t, false)
		case k < 19:
			_ = p.sync(t)
		default:
			// The sync in Trim is for the floor alone then. On a full disk Trim would
			// delete first and tell afterwards, which has tests of its own.
			if _ = p.sync(t); p.j.Stats().Trouble != journal.TroubleFull {
				_ = p.trim(t)
			}
		}
	}
}

func contains(rs []journal.Range, seq uint64) bool {
	return slices.ContainsFunc(rs, func(r journal.Range) bool { return r.From <= seq && seq <= r.To })
}

// check compares a reopened journal with the model: what it returns is what was
// appended, what was synced is there or declared, what is missing is declared.
func (m *model) check(t tb, j *journal.Journal) {
	t.Helper()
	found := map[journal.Epoch]map[uint64]bool{}
	infos := map[journal.Epoch]journal.EpochInfo{}
	for _, info := range j.Epochs() {
		infos[info.Epoch] = info
		if info.Damaged {
			t.Errorf("epoch %s is called damaged; what was not synced is no damage", info.Epoch)
		}
		found[info.Epoch] = map[uint64]bool{}
		last := uint64(0)
		err := j.Read(info.Epoch, 0, 1<<62, func(r journal.Record) error {
			if r.Seq <= last {
				t.Errorf("epoch %s: record %d after %d", info.Epoch, r.Seq, last)
			}
			last = r.Seq
			if want := m.bodies[info.Epoch][r.Seq]; want == nil || !bytes.Equal(want, append([]byte{byte(r.Kind)}, r.Body...)) {
				t.Errorf("epoch %s: record %d is not what was appended", info.Epoch, r.Seq)
			}
			found[info.Epoch][r.Seq] = true
			return nil
		})
		var damage *journal.DamageError
		if err != nil && !errors.As(err, &damage) {
			t.Errorf("Read(%s) = %v", info.Epoch, err)
		}
	}
	for _, e := range m.epochs {
		info, ok := infos[e]
		for seq := uint64(1); seq <= max(m.acked[e], info.Last); seq++ {
			declared := contains(m.given[e], seq)
			for _, l := range info.Lost {
				declared = declared || contains(l.Ranges, seq)
				if seq <= m.acked[e] && l.Why == journal.WhyDamage && contains(l.Ranges, seq) {
					t.Errorf("record %d of %s was on disk; a power cut has damaged it", seq, e)
				}
			}
			if !found[e][seq] && !declared {
				t.Errorf("epoch %s (known %v, %d-%d, acked %d): record %d is missing and nobody says so", e, ok, info.First, info.Last, m.acked[e], seq)
				break
			}
		}
	}
	for b, when := range m.when {
		info, ok := infos[b.epoch]
		if ok && b.seq > info.Last && when < info.LastCommit.UnixMS {
			t.Errorf("record %d of %s is gone, it was appended %d ms before the last commit", b.seq, b.epoch, info.LastCommit.UnixMS-when)
		}
	}
	m.checkStates(t, j, found)
}

func (m *model) checkStates(t tb, j *journal.Journal, found map[journal.Epoch]map[uint64]bool) {
	t.Helper()
	for key, values := range m.states {
		sure, ok := m.stateOK[key]
		b, has := j.State(key)
		if !has {
			if ok {
				t.Errorf("state %s is gone; value %d was on disk", key, values[sure])
			}
			continue
		}
		at := slices.Index(values, binary.BigEndian.Uint64(b))
		if at < 0 || ok && at < sure {
			t.Errorf("state %s has value number %d; number %d was on disk", key, at, sure)
			continue
		}
		for i, v := range values {
			b, isBound := m.bound[v]
			if !isBound || contains(m.given[b.epoch], b.seq) || found[b.epoch] == nil {
				continue
			}
			if i == at && !found[b.epoch][b.seq] {
				t.Errorf("state %s came with record %d, which is not there", key, b.seq)
			}
			if i > at && found[b.epoch][b.seq] {
				t.Errorf("record %d is there, the state %s that came with it is not", b.seq, key)
			}
		}
	}
}

// settle forgets the states that a crash took: from here on the model holds what
// the reopened journal holds.
func (m *model) settle(j *journal.Journal) {
	for key, values := range m.states {
		b, has := j.State(key)
		if !has {
			delete(m.states, key)
			delete(m.stateOK, key)
			continue
		}
		at := slices.Index(values, binary.BigEndian.Uint64(b))
		m.states[key], m.stateOK[key] = values[:at+1], at
	}
}
