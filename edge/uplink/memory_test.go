package uplink

import (
	"fmt"
	"sync"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	gw      = "hz-07"
	epoch17 = wire.Epoch("17-9f3ac2d1b07e")
	epoch18 = wire.Epoch("18-0a1b2c3d4e5f")
	bootID  = "d2cba9a4-6f1c-4e90-ac85-9364e3d8ef20"
	base    = int64(1_795_291_200_000)
)

// reading is the value of record seq: it can be told from every other one.
func reading(seq uint64) wire.Value {
	return wire.Value{Stream: obs.Stream{Device: "river", Channel: "level"}, Unit: "m", Time: base + int64(seq),
		V: float64(seq), Quality: obs.Quality{Flag: obs.Pass}}
}

// memory is a journal in memory.
type memory struct {
	mu      sync.Mutex
	epochs  []wire.Epoch
	records map[wire.Epoch][]Record // record seq stands at seq-1; Seq 0: does not exist
	read    int                     // records given out
	err     error
}

func newMemory(epochs ...wire.Epoch) *memory {
	return &memory{epochs: epochs, records: make(map[wire.Epoch][]Record)}
}

// fillUp commits readings up to number n.
func (m *memory) fillUp(e wire.Epoch, n int) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	for seq := uint64(len(m.records[e]) + 1); seq <= uint64(n); seq++ {
		m.records[e] = append(m.records[e], Record{Seq: seq, Values: []wire.Value{reading(seq)}})
	}
	return m
}

// put commits one record under the next number.
func (m *memory) put(e wire.Epoch, r Record) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.Seq = uint64(len(m.records[e]) + 1)
	m.records[e] = append(m.records[e], r)
	return r.Seq
}

func (m *memory) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

func (m *memory) Extents() (xs []Extent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.epochs {
		if n := len(m.records[e]); n > 0 {
			xs = append(xs, Extent{e, wire.Range{From: 1, To: uint64(n)}})
		}
	}
	return xs
}

func (m *memory) Since(unixMS int64) (xs []Extent) {
	for _, x := range m.Extents() {
		if at := uint64(max(unixMS-base, 1)); at <= x.Range.To {
			xs = append(xs, Extent{x.Epoch, wire.Range{From: at, To: x.Range.To}})
		}
	}
	return xs
}

func (m *memory) Read(e wire.Epoch, r wire.Range, fn func(Record) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	for _, rec := range m.records[e][r.From-1 : r.To] {
		if rec.Seq == 0 {
			continue
		}
		m.read++
		if !fn(rec) {
			return nil
		}
	}
	return nil
}

func alert(n, rev int, seq uint64) wire.Alert {
	m := wire.Moment{Unix: base, Boot: bootID, BootMS: 5}
	return wire.Alert{V: 1, ID: fmt.Sprintf("01930e5a-7c3b-7f00-8a1b-%012d", n), Rev: rev, Epoch: epoch17, Seq: seq, Rule: "river-high",
		Stage: "actual", Severity: wire.Orange, Condition: "active", At: m, Since: m, Text: map[string]string{"en": "river level 3.02 m"}}
}

func event(seq uint64) wire.Event {
	return wire.Event{V: 1, Epoch: epoch17, Seq: seq, At: wire.Moment{Unix: base, Boot: bootID, BootMS: 5}, Kind: "config", Config: &wire.Config{Hash: "a41f09c2d1b0"}}
}
