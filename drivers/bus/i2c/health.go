//go:build linux

package i2c

import "time"

// Health is how a bus is doing. The counts run since New.
type Health struct {
	Path     string
	Lost     time.Time // when it was found absent; zero while it is there or was never tried
	Fault    error     // why it cannot be used; nil: it can, or was never tried
	Reopened uint64    // returns after an absence

	Transactions uint64 // carried out
	Retries      uint64
	NoAck        uint64 // nobody acknowledged
	Timeouts     uint64 // the adapter gave up
	Arbitration  uint64 // another master talked at the same time
	Other        uint64 // faults without a name
	Stuck        uint64 // calls that ended while the kernel was in a transaction, or waited for one

	Busy time.Duration // how long the present transaction is in the kernel; 0: none is
}

// Health returns a snapshot. It does not wait for the bus.
func (b *Bus) Health() Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.h
	if !b.busy.IsZero() {
		h.Busy = time.Since(b.busy)
	}
	return h
}

func (b *Bus) enter() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy = time.Now()
	b.spare = min(b.spare+earned, maxSpare)
}

func (b *Bus) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy = time.Time{}
}

func (b *Bus) carried() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.h.Transactions++
}

func (b *Bus) failed(f fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f.count(&b.h)
}

// afford spends one retry of the budget.
func (b *Bus) afford() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spare < 100 {
		return false
	}
	b.spare -= 100
	b.h.Retries++
	return true
}

func (b *Bus) absent(now time.Time, why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.h.Lost.IsZero() {
		b.h.Lost = now
	}
	b.h.Fault = why
}

func (b *Bus) present(back bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.h.Lost, b.h.Fault = time.Time{}, nil
	if back {
		b.h.Reopened++
	}
}

// trace shows a transaction as it was on the wire.
func (b *Bus) trace(j *job) {
	if b.cfg.Trace == nil {
		return
	}
	now := time.Now()
	if len(j.w) > 0 {
		b.cfg.Trace(true, append([]byte{j.addr << 1}, j.w...), now)
	}
	if len(j.r) > 0 {
		b.cfg.Trace(false, append([]byte{j.addr<<1 | 1}, j.r...), now)
	}
}
