package loop

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// current is the metric of an input that a loop can be connected to, in mA.
const current = "loop_current"

// modules are the parts that the driver for Modbus parts reads.
type modules struct{ inner drivers.Kind }

// request is what that driver is asked to plan, in its own keys.
type request struct {
	Profile string                     `json:"profile"`
	Only    []string                   `json:"only,omitempty"`
	Offsets map[string]profile.Decimal `json:"offsets,omitempty"`
}

// planned asks for a plan.
func (m modules) planned(r request) (*drivers.Plan, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return m.inner.Plan(func(options any) error {
		doc, err := yamldoc.Parse("module", text) // JSON is YAML
		if err != nil {
			return err
		}
		return doc.Decode(options)
	})
}

// inputs returns the channels of a module that are currents, in its order. What is no
// module is an *drivers.OptionError that names those there are. A module whose profile
// has mistakes, which were told with it, is refused without another word.
func (m modules) inputs(module string) ([]string, error) {
	p, err := m.planned(request{Profile: module})
	var option *drivers.OptionError
	switch {
	case err == nil:
		if in := currents(p); in != nil {
			return in, nil
		}
		return nil, &drivers.OptionError{Key: "module", Msg: fmt.Sprintf("%s measures no loop currents; %s", module, m.hint(""))}
	case errors.As(err, &option):
		return nil, &drivers.OptionError{Key: "module", Msg: fmt.Sprintf("there is no module %q with inputs for 4-20 mA; %s", module, m.hint(module))}
	}
	return nil, err
}

// currents are the channels of p that a loop can be connected to.
func currents(p *drivers.Plan) (names []string) {
	for _, c := range p.Channels {
		if obs.MetricName(c.Name) == current {
			names = append(names, c.Name)
		}
	}
	return names
}

// hint says which modules there are, or which of them is meant by a word.
func (m modules) hint(word string) string {
	var names []string
	for _, id := range m.inner.Profiles {
		if p, err := m.planned(request{Profile: id}); err == nil && currents(p) != nil {
			names = append(names, id)
		}
	}
	switch near, ok := yamldoc.Nearest(word, names); {
	case ok && word != "":
		return fmt.Sprintf("did you mean %q?", near)
	case names == nil:
		return "no profile here has such inputs; write one whose channels are called loop_current.in1, loop_current.in2"
	}
	return "modules that do: " + strings.Join(names, ", ")
}

// translated puts an error of the driver for Modbus parts under the keys of this one.
func translated(err error) error {
	var option *drivers.OptionError
	if !errors.As(err, &option) {
		return err
	}
	key, rest, _ := strings.Cut(option.Key, ".")
	switch key {
	case "profile":
		return &drivers.OptionError{Key: "module", Msg: option.Msg}
	case "offsets":
		return &drivers.OptionError{Key: strings.Trim("offsets."+rest, "."), Msg: option.Msg}
	}
	return &drivers.OptionError{Key: "loops", Msg: option.Msg}
}

// known says which of names a person may have meant.
func known(word string, names []string) string {
	if near, ok := yamldoc.Nearest(word, names); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "it has " + strings.Join(slices.Compact(names), ", ")
}
