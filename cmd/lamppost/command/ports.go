package command

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/lamppost-city/lamppost/drivers/bus/adapter"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/spf13/cobra"
)

func portsCommand(o Options) *cobra.Command {
	var path, lang string
	var look, asJSON bool
	c := &cobra.Command{
		Use:   "ports",
		Short: "list the serial ports of this machine by the names that last",
		Long: `ports lists the serial ports of this machine: the name to write in a configuration,
what is plugged in there, who switches an RS-485 transceiver on it, which program has
it open, and which bus or device of the configuration uses it.

To learn what a port's driver does for RS-485 it opens the port for a moment, which
raises RTS and DTR as with every program; it sets nothing. --look opens nothing.
Other users' programs are seen by root only.

Exit codes: 0 done, 1 a port of the configuration is not there or its name is not
certain, 3 the configuration is invalid, 7 it may not be read.`,
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&path, "config", "", "a configuration to compare with (default: "+defaultConfig+", if it is there)")
	c.Flags().BoolVar(&look, "look", false, "open no port")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object per port")
	langFlag(c, &lang)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := o.portsConfig(path, c.ErrOrStderr())
		if err != nil {
			return err
		}
		probe := serial.Probe
		if look {
			probe = nil
		}
		s, err := survey(adapter.System{}, cfg, probe)
		if err != nil {
			return &exit{exitStorage, err, "sysfs has to be mounted at /sys"}
		}
		if asJSON {
			err = s.json(c.OutOrStdout())
		} else {
			err = s.render(c.OutOrStdout(), lang)
		}
		if err == nil && s.findings() {
			return &exit{code: exitFindings}
		}
		return shown(err)
	}
	return c
}

// portsConfig reads the configuration that was named, or the usual one if it is there
// and good; nil: there is none to compare with.
func (o Options) portsConfig(path string, w io.Writer) (*config.Config, error) {
	b, err := o.loadBuiltin(true)
	if err != nil {
		return nil, err
	}
	if path != "" {
		return b.load(path, w)
	}
	cfg, err := b.load(defaultConfig, io.Discard)
	if err != nil {
		return nil, nil //nolint:nilerr // nobody has asked for it
	}
	return cfg, nil
}

// use is a bus or device of the configuration that has a serial port.
type use struct {
	key     string // buses.rs485-1, devices.air
	path    string
	devices []string // on a bus
}

// uses lists them in the configuration's order.
func uses(cfg *config.Config) (all []use) {
	if cfg == nil {
		return nil
	}
	for _, b := range cfg.Buses {
		if path := cmp.Or(b.Serial, b.SDI12); path != "" {
			u := use{key: "buses." + b.ID, path: path}
			for _, d := range cfg.Devices {
				if d.Bus == b.ID {
					u.devices = append(u.devices, d.ID)
				}
			}
			all = append(all, u)
		}
	}
	for _, d := range cfg.Devices {
		if d.Port != "" {
			all = append(all, use{key: "devices." + d.ID, path: d.Port})
		}
	}
	return all
}

// surveyed is one port, with all that is known of it.
type surveyed struct {
	adapter.Port
	holders []adapter.Holder
	seen    bool // all programs could be looked at
	offer   serial.Offer
	asked   bool // it was opened
	refused error
	uses    []use
}

// ports is what a survey has found.
type ports struct {
	all    []surveyed
	absent []use // configured, and not there
}

// survey looks at all ports. probe may be nil: no port is opened.
func survey(s adapter.System, cfg *config.Config, probe func(string) (serial.Offer, error)) (*ports, error) {
	found, err := s.Ports()
	if err != nil {
		return nil, err
	}
	out := &ports{}
	for _, p := range found {
		v := surveyed{Port: p}
		v.holders, v.seen = s.Holders(p.Node)
		if v.asked = probe != nil; v.asked {
			v.offer, v.refused = probe(p.Node)
		}
		out.all = append(out.all, v)
	}
	for _, u := range uses(cfg) {
		p, ok := s.Find(u.path)
		i := slices.IndexFunc(out.all, func(v surveyed) bool { return v.Node == p.Node })
		switch {
		case ok && i >= 0:
			out.all[i].uses = append(out.all[i].uses, u)
		case gone(u.path):
			out.absent = append(out.absent, u)
		}
	}
	return out, nil
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// doubtful are the uses of a port under a name that may come to mean another one.
func (v surveyed) doubtful() (all []use) {
	for _, u := range v.uses {
		if v.USB != nil && (u.path == v.Node || v.Twin && slices.Contains(v.ByID, u.path)) {
			all = append(all, u)
		}
	}
	return all
}

// findings says whether there is something to put right.
func (s *ports) findings() bool {
	return len(s.absent) > 0 || slices.ContainsFunc(s.all, func(v surveyed) bool { return len(v.doubtful()) > 0 })
}

// jsonPort is the --json form of one port; fields are only ever added.
type jsonPort struct {
	Name    string   `json:"name"`           // to be written in a configuration
	Node    string   `json:"node,omitempty"` // empty: it is not there
	What    string   `json:"what,omitempty"` // what is plugged in
	Driver  string   `json:"driver,omitempty"`
	Serial  string   `json:"serial,omitempty"`
	Socket  string   `json:"socket,omitempty"`
	Twin    bool     `json:"twin,omitempty"`  // another adapter cannot be told from this one
	RS485   string   `json:"rs485,omitempty"` // on, kernel: it can; adapter: its driver cannot, USB; none: its driver cannot, on the board
	HeldBy  []int    `json:"held_by,omitempty"`
	UsedBy  []string `json:"used_by,omitempty"`
	Missing bool     `json:"missing,omitempty"` // the configuration names it, and it is not there
}

func (s *ports) json(w io.Writer) error {
	enc := json.NewEncoder(w)
	for _, v := range s.all {
		j := jsonPort{Name: v.Stable(), Node: v.Node, What: v.String(), Driver: v.Driver, Twin: v.Twin, RS485: v.direction()}
		if v.USB != nil {
			j.Serial, j.Socket = v.USB.Serial, v.USB.Socket
		}
		for _, h := range v.holders {
			j.HeldBy = append(j.HeldBy, h.PID)
		}
		for _, u := range v.uses {
			j.UsedBy = append(j.UsedBy, u.key)
		}
		if err := enc.Encode(j); err != nil {
			return err
		}
	}
	for _, u := range s.absent {
		if err := enc.Encode(jsonPort{Name: u.path, UsedBy: []string{u.key}, Missing: true}); err != nil {
			return err
		}
	}
	return nil
}

// direction is who switches an RS-485 transceiver, in one word; empty: nobody asked.
func (v surveyed) direction() string {
	switch {
	case !v.asked || v.refused != nil:
		return ""
	case v.offer.On:
		return "on"
	case v.offer.Kernel:
		return "kernel"
	case v.USB != nil:
		return "adapter"
	default:
		return "none"
	}
}

// stableName is the lasting name of a port of this machine, for warnings; empty: there is
// none.
func stableName(node string) string {
	p, ok := adapter.System{}.Find(node)
	if !ok || p.Stable() == p.Node {
		return ""
	}
	return p.Stable()
}
