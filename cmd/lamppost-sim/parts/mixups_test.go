package parts_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/registers"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// wired is a simulated part as its driver has it on a line, without the line: each
// request is asked once, and silence takes no time.
type wired struct{ part *modbusslave.Unit }

func (w wired) Address() uint8 { return w.part.Address }

func (w wired) ask(ctx context.Context, r codec.Request) (codec.Answer, error) {
	pdu := w.part.Answer(r.Append(nil))
	if err := ctx.Err(); err != nil {
		return codec.Answer{}, err
	}
	if pdu == nil {
		return codec.Answer{}, drivers.ErrTimeout
	}
	a, err := r.Answers(pdu)
	switch {
	case err != nil:
		return a, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	case a.Exception != 0:
		return a, fmt.Errorf("%w: %w", drivers.ErrException, a.Exception)
	}
	return a, nil
}

func (w wired) ReadRegisters(ctx context.Context, function uint8, start, count uint16) ([]uint16, error) {
	a, err := w.ask(ctx, codec.Request{Function: function, Start: start, Count: count})
	if err != nil {
		return nil, err
	}
	return a.Registers(nil), nil
}

func (w wired) ReadBits(ctx context.Context, function uint8, start, count uint16) ([]bool, error) {
	a, err := w.ask(ctx, codec.Request{Function: function, Start: start, Count: count})
	if err != nil {
		return nil, err
	}
	return a.Bits(nil, int(count)), nil
}

func (w wired) Start(_ context.Context, function uint8, register, count uint16) error {
	pdu := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{function}, register), count)
	if function == 16 {
		pdu = append(pdu, 0)
	}
	if w.part.Answer(pdu) == nil {
		return drivers.ErrTimeout
	}
	return nil
}

// rig plays parts under profiles in memory.
type rig struct {
	kind     drivers.Kind
	profiles *modbus.Profiles
	plans    map[string]*drivers.Plan
	tables   map[string]registers.Table
}

func newRig(t *testing.T) *rig {
	t.Helper()
	set, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	p := modbus.Of(set)
	r := &rig{kind: modbus.Kind(p), profiles: p, plans: map[string]*drivers.Plan{}, tables: map[string]registers.Table{}}
	for _, table := range registers.All() {
		r.tables[table.ID] = table
	}
	return r
}

func (r *rig) plan(t *testing.T, id string) *drivers.Plan {
	t.Helper()
	if pl := r.plans[id]; pl != nil {
		return pl
	}
	pl, err := r.kind.Plan(func(out any) error {
		doc, err := yamldoc.Parse("mixups", []byte("profile: "+id))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
	if err != nil {
		t.Fatal(err)
	}
	r.plans[id] = pl
	return pl
}

// verdict is what a gateway makes of a part under a profile, the worst first.
type verdict int

const (
	named     verdict = iota // wrong-part: it says what it is
	mute                     // it refuses what it is asked, or is silent: there are no values
	suspected                // its values are used, and the suspicion stands beside them
	worthless                // it gives values, and each of them is flagged bad or missing
	believed                 // nothing is told
	verdicts
)

// settled is how many samples it takes until a part that is silent to a sign is doubted
// for it, and one more.
const settled = 4

// judge plays a part that is told values under a plan.
func judge(t *testing.T, pl *drivers.Plan, part *modbusslave.Unit) (verdict, string) {
	t.Helper()
	d, err := pl.OpenModbus(wired{part})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var rs []obs.Reading
	for range settled {
		rs, err = d.Sample(t.Context())
	}
	doubt := d.(drivers.Doubter).Doubt()
	usable := 0
	for _, r := range rs {
		if r.Quality.Usable() {
			usable++
		}
	}
	switch {
	case err != nil && drivers.FaultWord(err) == "wrong-part":
		return named, err.Error()
	case err != nil:
		return mute, err.Error()
	case doubt != "":
		return suspected, doubt
	case usable == 0:
		return worthless, ""
	}
	return believed, ""
}

// subjectOf makes a simulated part, at an address, with the channels that the gateway has
// of it under its own profile.
func (r *rig) subjectOf(t *testing.T, id string, address uint8) (*subject, *modbusslave.Unit) {
	t.Helper()
	table := r.table(t, id)
	s := &subject{table: table, source: &told{}, kinds: map[string]drivers.Channel{}}
	var err error
	if s.rows, err = table.Registers(table.Address); err != nil {
		t.Fatal(err)
	}
	for _, c := range r.plan(t, id).Channels {
		s.kinds[c.Name] = c
	}
	u, err := table.Unit(address, id, s.source)
	if err != nil {
		t.Fatal(err)
	}
	return s, u
}

// TestNoPartIsDoubtedUnderItsOwnProfile: over the whole of what a part can measure, at
// the ends and anywhere between, at its own address and at others, nothing is suspected.
func TestNoPartIsDoubtedUnderItsOwnProfile(t *testing.T) {
	r, dice := newRig(t), rand.New(rand.NewPCG(1, 2))
	anywhere := round{"anywhere", func(_ registers.Row, lo, hi float64) float64 {
		if dice.IntN(8) == 0 {
			return []float64{lo, hi}[dice.IntN(2)]
		}
		return lo + (hi-lo)*dice.Float64()
	}}
	for _, id := range r.profiles.IDs() {
		all := rounds()
		for range 60 {
			all = append(all, anywhere)
		}
		for _, x := range all {
			s, u := r.subjectOf(t, id, uint8(1+dice.IntN(247)))
			s.source.tell(s.values(x))
			if v, why := judge(t, r.plan(t, id), u); v != believed {
				t.Errorf("%s, %s, told %v: %d %s", id, x.name, s.source.is, v, why)
				break
			}
		}
	}
}

// sameLine says whether two parts may hang on a line that is set for one of them: what a
// maker does not state may be anything.
func sameLine(a, b registers.Table) bool {
	return (a.Baud == 0 || b.Baud == 0 || a.Baud == b.Baud) && (a.Format == "" || b.Format == "" || a.Format == b.Format)
}

// mixups counts what a gateway makes of every other part of the same line settings in a
// part's place, at its address, in each round.
func (r *rig) mixups(t *testing.T, id string) (count [verdicts]int, taken map[string]int) {
	t.Helper()
	own, pl := r.table(t, id), r.plan(t, id)
	taken = map[string]int{}
	for _, other := range r.profiles.IDs() {
		if other == id || !sameLine(own, r.table(t, other)) {
			continue
		}
		s, u := r.subjectOf(t, other, max(own.Address, 1))
		for _, x := range rounds() {
			s.source.tell(s.values(x))
			v, _ := judge(t, pl, u)
			count[v]++
			if v == believed {
				taken[other]++
			}
		}
	}
	return count, taken
}

func (r *rig) table(t *testing.T, id string) registers.Table {
	t.Helper()
	table, ok := r.tables[id]
	if !ok {
		t.Fatalf("no counterpart of %s", id)
	}
	return table
}
