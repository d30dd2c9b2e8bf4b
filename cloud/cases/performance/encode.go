package performance

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// form is the version of what Encode writes; older ones are worked out anew from the journal.
const form = 1

// What a number stands for. Words are only ever added at the end.
var (
	severities  = []wire.Severity{"", wire.Red, wire.Orange, wire.Yellow, wire.Blue}
	steps       = []lifecycle.Step{lifecycle.StepAcknowledge, lifecycle.StepDispatch, lifecycle.StepSign, lifecycle.StepHandle, lifecycle.StepVerify, lifecycle.StepClose}
	resolutions = []lifecycle.Resolution{"", lifecycle.Fixed, lifecycle.NoFault, lifecycle.SelfRecovery, lifecycle.FalseAlarm, lifecycle.Duplicate, lifecycle.PlannedWork, lifecycle.Test, lifecycle.WithParent}
)

// ErrDamaged says that what was stored is no measure.
var ErrDamaged = errors.New("performance: it is no measure of a case")

// Encode returns the measure as it is stored, about 120 bytes: a year of cases is read at once.
func (m Measure) Encode() []byte {
	b := []byte{form, byte(max(slices.Index(severities, m.Severity), 0)), byte(max(slices.Index(resolutions, m.Resolution), 0))}
	b = binary.AppendUvarint(b, m.flags())
	for _, t := range []int64{m.Opened, m.Handled, m.Paused, m.Closed} {
		b = binary.AppendVarint(b, t)
	}
	b = text(text(b, m.Rule), m.Department)
	b = binary.AppendUvarint(b, uint64(len(m.Steps)))
	for _, s := range m.Steps {
		b = append(b, byte(max(slices.Index(steps, s.Name), 0)))
		done := uint64(0)
		if s.Done {
			done = 1
		}
		b = binary.AppendUvarint(b, uint64(s.Task)<<1|done)
		for _, t := range []int64{s.Start, s.Due, s.End, s.Paused} {
			b = binary.AppendVarint(b, t)
		}
		b = text(b, s.Department)
	}
	return b
}

func text(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func (m *Measure) bits() []*bool {
	return []*bool{&m.Tasked, &m.Reworked, &m.Returned, &m.Reopened, &m.Recurs, &m.Answered, &m.FalseAlarm}
}

func (m Measure) flags() (n uint64) {
	for i, bit := range m.bits() {
		if *bit {
			n |= 1 << i
		}
	}
	return n
}

// Decoder reads measures. It keeps the names that it has read, of which there are few, so that
// each is in memory once; it is for one goroutine.
type Decoder struct {
	names map[string]string
	b     []byte
	bad   bool
}

// Decode reads into m what Encode wrote, and reuses m.Steps. The error is ErrDamaged.
func (d *Decoder) Decode(b []byte, m *Measure) error {
	if len(b) < 4 || b[0] != form || int(b[1]) >= len(severities) || int(b[2]) >= len(resolutions) {
		return ErrDamaged
	}
	own := m.Steps[:0]
	*m = Measure{Severity: severities[b[1]], Resolution: resolutions[b[2]]}
	d.b, d.bad = b[3:], false
	flags := d.count(1<<7 - 1)
	for i, bit := range m.bits() {
		*bit = flags>>i&1 == 1
	}
	for _, t := range []*int64{&m.Opened, &m.Handled, &m.Paused, &m.Closed} {
		*t = d.time()
	}
	m.Rule, m.Department = d.text(), d.text()
	n := d.count(uint64(len(d.b)))
	for range n {
		if d.bad {
			break
		}
		own = append(own, d.step())
	}
	m.Steps = own
	if d.bad || len(d.b) > 0 {
		return ErrDamaged
	}
	return nil
}

func (d *Decoder) step() (s Step) {
	name := d.count(uint64(len(steps) - 1))
	s.Name = steps[name]
	task := d.count(1 << 20)
	s.Task, s.Done = int(task>>1), task&1 == 1
	for _, t := range []*int64{&s.Start, &s.Due, &s.End, &s.Paused} {
		*t = d.time()
	}
	s.Department = d.text()
	return s
}

// count reads a number of at most most.
func (d *Decoder) count(most uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > most {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *Decoder) time() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *Decoder) text() string {
	n := d.count(uint64(len(d.b)))
	if uint64(len(d.b)) < n {
		d.bad, d.b = true, nil
		return ""
	}
	raw := d.b[:n]
	d.b = d.b[n:]
	name, known := d.names[string(raw)]
	if !known {
		if d.names == nil || len(d.names) > mostNames {
			d.names = map[string]string{}
		}
		name = string(raw)
		d.names[name] = name
	}
	return name
}

// mostNames bounds how many names a decoder remembers.
const mostNames = 10_000
