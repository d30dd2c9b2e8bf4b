package modbus

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// options are a device's own keys.
type options struct {
	Profile string             `yaml:"profile,required"`
	Offsets map[string]Decimal `yaml:"offsets" range:"-"`
	Only    []string           `yaml:"only"`
}

// plan says what a device with these options will be.
func (p *Profiles) plan(decode func(any) error) (*drivers.Plan, error) {
	var o options
	err := decode(&o)
	if p.Broken(o.Profile) { // it may not even be of this driver: nothing is judged by it
		return nil, yamldoc.Problems{} // its mistakes were told with the profile
	}
	if err != nil {
		return nil, err
	}
	f, ok := p.Get(o.Profile)
	if other, is := p.Set.Get(o.Profile); is && !ok {
		return nil, &drivers.OptionError{Key: "profile", Msg: fmt.Sprintf("profile %s is read by the driver %s; delete driver", o.Profile, other.About().Protocol)}
	}
	if !ok {
		return nil, &drivers.OptionError{Key: "profile", Msg: fmt.Sprintf("there is no profile %q; %s", o.Profile, yamldoc.Hint(o.Profile, p.Names()))}
	}
	// Devices alike share a plan, which nobody changes: a hundred of a hundred channels
	// would take megabytes, and as many out of the processor's cache.
	plain := o.Only == nil && len(o.Offsets) == 0
	if pl, ok := p.plans.Load(f.ID); ok && plain {
		return pl.(*drivers.Plan), nil
	}
	pl, err := f.plan(o)
	if err == nil && plain {
		p.plans.Store(f.ID, pl)
	}
	return pl, err
}

// plan says what a device of this profile with these options will be.
func (f *Profile) plan(o options) (*drivers.Plan, error) {
	regs, err := f.chosen(o.Only)
	if err != nil {
		_, more := o.converters(f.Channels) // as if all were chosen
		return nil, errors.Join(err, more)
	}
	convs, err := o.converters(regs)
	if err != nil {
		return nil, err
	}
	d := driver{profile: f, layout: f.layout(convs)}
	for i := range d.convs {
		d.all = append(d.all, i)
	}
	d.reads = merge(f, d.convs, d.all)
	pl := &drivers.Plan{
		MinEvery: f.Every, Timeout: f.timeout(len(d.reads), len(apart(d.convs, d.all))), WarmUp: f.WarmUp, Checks: f.Checks, Line: f.Line.Settings(),
		OpenModbus: func(unit drivers.Modbus) (drivers.Driver, error) { return d.open(unit), nil },
	}
	for _, r := range d.reads {
		pl.Exchanges = append(pl.Exchanges, questionBytes+codec.Request{Function: r.function, Start: r.start, Count: r.count}.AnswerFrame())
	}
	for i := range d.convs[:d.shown] {
		pl.Channels = append(pl.Channels, d.convs[i].channel)
	}
	return pl, nil
}

// questionBytes is the length of a frame that asks for registers or coils.
const questionBytes = 8

// chosen returns the channels in only, in the profile's order, or all.
func (f *Profile) chosen(only []string) ([]Register, error) {
	if only == nil {
		return f.Channels, nil
	}
	var regs []Register
	for _, r := range f.Channels {
		if slices.Contains(only, r.Channel) {
			regs = append(regs, r)
		}
	}
	for i, name := range only {
		if !slices.ContainsFunc(regs, func(r Register) bool { return r.Channel == name }) {
			return nil, &drivers.OptionError{Key: "only", Msg: fmt.Sprintf("profile %s has no channel %q%s", f.ID, name, hint(name, f.Channels))}
		}
		if slices.Contains(only[:i], name) {
			return nil, &drivers.OptionError{Key: "only", Msg: fmt.Sprintf("channel %q is there twice", name)}
		}
	}
	if len(regs) == 0 {
		return nil, &drivers.OptionError{Key: "only", Msg: "the list is empty; name at least one channel, or leave the key out"}
	}
	return regs, nil
}

// converters prepares the channels of a device. An offset belongs to one of them.
func (o options) converters(regs []Register) ([]converter, error) {
	convs, err := converters(regs, o.Offsets)
	var known []string
	for _, r := range regs {
		known = append(known, r.Channel)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Offsets)) {
		if !slices.Contains(known, name) {
			err = errors.Join(err, &drivers.OptionError{Key: "offsets." + name, Msg: "the device has no channel " + name + hintOf(name, known)})
		}
	}
	return convs, err
}

// converters prepares the channels with their configured offsets.
func converters(regs []Register, offsets map[string]Decimal) ([]converter, error) {
	convs := make([]converter, len(regs))
	var all []error
	for i, r := range regs {
		var err error
		if convs[i], err = newConverter(r, offsets[r.Channel]); err != nil {
			all = append(all, &drivers.OptionError{Key: "offsets." + r.Channel, Msg: err.Error()})
		}
	}
	return convs, errors.Join(all...)
}

// timeout is what a Sample may need: every read once, all channels one by one if
// a merged read is refused, and one repetition by the line's owner. The bytes are
// given twice the time they need at the part's own speed.
func (f *Profile) timeout(reads, singles int) time.Duration {
	n := reads + 1
	if singles > reads {
		n += singles
	}
	if f.Identify.sure() {
		n++
	}
	n += len(f.Signs)
	if f.Start != nil {
		n++
	}
	baud := cmp.Or(f.Line.Baud, 9600)
	bytes := 8 + 5 + 2*f.MaxRegisters
	air := 2 * time.Duration(bytes) * 11 * time.Second / time.Duration(baud)
	return time.Duration(n) * (f.Turnaround + f.Answer + air)
}

// read is one request and the channels it serves.
type read struct {
	function     uint8
	start, count uint16
	channels     []int // indexes of converters
	values       int   // how many of them are values
	answered     bool  // it was, at least once
	apart        bool  // try its channels one by one next time: see driver.refused
}

// merge plans as few requests as the profile allows for the channels in which.
func merge(f *Profile, convs []converter, which []int) []read {
	return gather(convs, which, func(rd read, r Register) bool { return rd.takes(r, f) })
}

// apart plans one request for each channel in which; channels that share their
// registers, as bits of one, share it.
func apart(convs []converter, which []int) []read {
	return gather(convs, which, func(rd read, r Register) bool {
		return rd.function == r.Function && rd.start == r.Address && int(rd.count) == r.words()
	})
}

// gather puts channels, in the order of their addresses, into the last request as
// long as it takes them.
func gather(convs []converter, which []int, takes func(read, Register) bool) (reads []read) {
	order := slices.Clone(which)
	slices.SortStableFunc(order, func(a, b int) int {
		ra, rb := convs[a].reg, convs[b].reg
		return cmp.Or(cmp.Compare(ra.Function, rb.Function), cmp.Compare(ra.Address, rb.Address))
	})
	for _, i := range order {
		r := convs[i].reg
		if n := len(reads); n > 0 && takes(reads[n-1], r) {
			last := &reads[n-1]
			last.count = uint16(max(int(last.start)+int(last.count), r.last()+1) - int(last.start))
			last.channels = append(last.channels, i)
			last.values += convs[i].counts()
			continue
		}
		reads = append(reads, read{function: r.Function, start: r.Address, count: uint16(r.words()), channels: []int{i}, values: convs[i].counts()})
	}
	return reads
}

// takes says whether r may be read together with what rd reads.
func (rd read) takes(r Register, f *Profile) bool {
	limit := f.MaxRegisters
	if r.Coils() {
		limit = f.MaxBits
	}
	gap := int(r.Address) - int(rd.start) - int(rd.count)
	return r.Function == rd.function && gap <= f.Gap && r.last()+1-int(rd.start) <= limit
}

// Requests are those with which a part is read whole.
func (f *Profile) Requests() (list []codec.Request) {
	convs, err := converters(f.Channels, nil)
	if err != nil {
		return nil // ParseProfile has refused it
	}
	l := f.layout(convs)
	which := make([]int, len(l.convs))
	for i := range which {
		which[i] = i
	}
	for _, rd := range merge(f, l.convs, which) {
		list = append(list, codec.Request{Function: rd.function, Start: rd.start, Count: rd.count})
	}
	return list
}

func (rd read) String() string {
	var b strings.Builder
	what := "register"
	if rd.function <= 2 {
		what = "bit"
	}
	fmt.Fprintf(&b, "function %d %s 0x%04X", rd.function, what, rd.start)
	if rd.count > 1 {
		fmt.Fprintf(&b, " to 0x%04X", int(rd.start)+int(rd.count)-1)
	}
	return b.String()
}
