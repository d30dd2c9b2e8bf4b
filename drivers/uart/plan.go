package uart

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// options are a device's own keys.
type options struct {
	Profile string                     `yaml:"profile,required"`
	Offsets map[string]profile.Decimal `yaml:"offsets" range:"-"`
	Only    []string                   `yaml:"only"`
}

// plan says what a device with these options will be.
func (p parts) plan(decode func(any) error) (*drivers.Plan, error) {
	var o options
	err := decode(&o)
	if p.Broken(o.Profile) { // it may not even be of this driver: nothing is judged by it
		return nil, yamldoc.Problems{} // its mistakes were told with the profile
	}
	if err != nil {
		return nil, err
	}
	f, ok := p.get(o.Profile)
	other, known := p.Get(o.Profile)
	switch {
	case known && !ok:
		return nil, &drivers.OptionError{Key: "profile", Msg: fmt.Sprintf("profile %s is read by the driver %s; delete driver", o.Profile, other.About().Protocol)}
	case !ok:
		return nil, &drivers.OptionError{Key: "profile", Msg: fmt.Sprintf("there is no profile %q; %s", o.Profile, yamldoc.Hint(o.Profile, p.Names()))}
	}
	return f.plan(o)
}

func (f *Profile) plan(o options) (*drivers.Plan, error) {
	convs, err := f.converters(o)
	if err != nil {
		return nil, err
	}
	d := driver{profile: f, convs: convs}
	pl := &drivers.Plan{
		MinEvery: f.Every, Timeout: f.allow(), WarmUp: f.WarmUp, Checks: f.Checks, Line: f.Line.Settings(),
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) { return d.open(port), nil },
	}
	for _, c := range convs {
		pl.Channels = append(pl.Channels, c.channel)
	}
	return pl, nil
}

// converters prepares the chosen channels, in the profile's order.
func (f *Profile) converters(o options) (convs []converter, err error) {
	var names []string
	for _, c := range f.Channels {
		names = append(names, c.Name)
	}
	if err := chosen(f.ID, o, names); err != nil {
		return nil, err
	}
	for i, c := range f.Channels {
		if o.Only != nil && !slices.Contains(o.Only, c.Name) {
			continue
		}
		conv, err := newConverter(f.Channels[i], o.Offsets[c.Name])
		if err != nil {
			return nil, &drivers.OptionError{Key: "offsets." + c.Name, Msg: err.Error()}
		}
		if f.Lines != nil {
			conv.group = f.Lines.re.SubexpIndex(c.group())
		}
		convs = append(convs, conv)
	}
	return convs, nil
}

// chosen judges the options against the channels that there are.
func chosen(id string, o options, names []string) error {
	for i, name := range o.Only {
		switch {
		case !slices.Contains(names, name):
			return &drivers.OptionError{Key: "only", Msg: fmt.Sprintf("profile %s has no channel %q; %s", id, name, yamldoc.Hint(name, names))}
		case slices.Contains(o.Only[:i], name):
			return &drivers.OptionError{Key: "only", Msg: fmt.Sprintf("channel %q is there twice", name)}
		}
	}
	if o.Only != nil && len(o.Only) == 0 {
		return &drivers.OptionError{Key: "only", Msg: "the list is empty; name at least one channel, or leave the key out"}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Offsets)) {
		if !slices.Contains(names, name) || o.Only != nil && !slices.Contains(o.Only, name) {
			return &drivers.OptionError{Key: "offsets." + name, Msg: "the device has no channel " + name + "; " + yamldoc.Hint(name, names)}
		}
	}
	return nil
}

// allow is what a Sample may need: what is sent first, and an answer, or two messages of
// a part that talks by itself, of which the first may be damaged. The bytes are given
// twice the time they need.
func (f *Profile) allow() time.Duration {
	sent, waits := len(f.Ask), f.Timeout
	if f.Ask == nil {
		waits *= 2
	}
	for _, b := range f.Start {
		sent += len(b)
		waits += f.Pause
	}
	air := 2 * time.Duration(sent+f.form.longest()) * 11 * time.Second / time.Duration(f.Line.Baud)
	return waits + air
}
