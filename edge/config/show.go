package config

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/address"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// row is one value of the resolved view.
type row struct{ path, value, from string }

// Show writes every value that is in force, one a line, and where it comes from:
// the file's line, the part's profile or driver, or the default. The configuration must
// have been loaded with Env.Origins.
func (c *Config) Show(w io.Writer) error {
	return c.ShowIn(w, func(words string) string { return words })
}

// ShowIn is Show in another language: say gives each text that is not of the file, where
// a value comes from, and what stands for none. What it does not know it gives back.
func (c *Config) ShowIn(w io.Writer, say func(string) string) error {
	rows := slices.Clone(c.rows)
	for i := range rows {
		rows[i].value, rows[i].from = say(rows[i].value), say(rows[i].from)
	}
	path, value := 0, 0
	for _, r := range rows {
		path, value = max(path, len(r.path)), max(value, min(yamldoc.Width(r.value), 48))
	}
	var b strings.Builder
	for _, r := range rows {
		pad := strings.Repeat(" ", max(0, value-yamldoc.Width(r.value)))
		fmt.Fprintf(&b, "%-*s  %s%s  %s\n", path, r.path, r.value, pad, r.from)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// rows lists the values of a configuration that was found good.
func (l *loader) rows() []row {
	var out []row
	// add writes a value; where the file does not have it, it comes from other, or
	// is left out if other is empty.
	add := func(value any, other string, path ...string) {
		n := l.doc.Node(path...)
		from := other
		if n.Kind() != yamldoc.Null {
			from = fmt.Sprintf("%s:%d", filepath.Base(l.doc.File()), n.Line())
		}
		if from != "" {
			out = append(out, row{strings.Join(path, "."), show(value), from})
		}
	}
	c := l.config
	add(c.Gateway.ID, "", "gateway", "id")
	add(c.Gateway.Name, "", "gateway", "name")
	add(c.Gateway.Area, "", "gateway", "area")
	if p := c.Gateway.Position; p != nil {
		add(fmt.Sprintf("%v, %v", p.Lat, p.Lon), "", "gateway", "position")
	}
	add(c.Gateway.Language, "default", "gateway", "language")
	add(fmt.Sprint(c.Gateway.Zone), "default", "gateway", "time_zone")
	add(strings.Join(c.Trust, ", "), "default", "clock", "trust")
	if u := c.Uplink; u != nil {
		uplinkRows(u, add)
	}
	journalRows(c.Journal, add)
	if slices.ContainsFunc(c.Rules, func(r Rule) bool { return r.Still.Camera != "" }) {
		add(yamldoc.Size(c.Journal.Stills.Size), "default", "journal", "stills", "size")
		add(c.Journal.Stills.Age, "default", "journal", "stills", "age")
	}
	add(c.Status, "default", "status", "listen")
	add(c.Profiles, "", "profiles")
	add(c.Packs, "", "packs")
	for _, b := range c.Buses {
		busRows(b, add)
	}
	for _, d := range c.Devices {
		l.deviceRows(d, add)
		l.optionRows(d, add)
	}
	for _, d := range c.Derived {
		derivedRows(d, add)
	}
	for _, o := range c.Outputs {
		outputRows(o, add)
	}
	for _, t := range c.Notify {
		targetRows(t, add)
	}
	for _, r := range c.Rules {
		with := l.doc.Node("rules", r.ID, "with")
		packRows(r, add, with.Keys(), func(name string) string { return with.Node(name).Text() })
		ruleRows(r, r.packed(add))
	}
	return out
}

type adder func(value any, other string, path ...string)

func uplinkRows(u *Uplink, add adder) {
	add(address.Show(u.Brokers[0]), "", "uplink", "broker")
	add(strings.Join(address.ShowAll(u.Brokers), ", "), "", "uplink", "brokers")
	add(u.Prefix, "default", "uplink", "prefix")
	add(u.Username, "", "uplink", "username")
	add(u.PasswordFile, "", "uplink", "password_file")
	add(strings.Join(u.Stores, ", "), "", "uplink", "stores")
	add(u.TLS.CAFile, "", "uplink", "tls", "ca_file")
	add(u.TLS.CertFile, "", "uplink", "tls", "cert_file")
	add(u.TLS.KeyFile, "", "uplink", "tls", "key_file")
	add(u.TLS.ServerName, "", "uplink", "tls", "server_name")
	add(address.Show(u.Proxy), "", "uplink", "proxy")
	add(u.ProxyPasswordFile, "", "uplink", "proxy_password_file")
	add(u.Order, "default", "uplink", "backfill", "order")
	add(u.Rate, "default", "uplink", "backfill", "rate")
	add(yamldoc.Size(u.PerDay), "", "uplink", "budget", "per_day")
	add(u.Compress, "default", "uplink", "compress")
	add(u.Linger, "default", "uplink", "linger")
	grantRows(u.Commands, add)
}

func journalRows(j Journal, add adder) {
	add(j.Dir, "default", "journal", "dir")
	add(yamldoc.Size(j.Size), "default", "journal", "size")
	add(j.Age, "", "journal", "age")
	add(yamldoc.Size(j.Reserve), "default", "journal", "reserve")
	add(j.Commit, j.CommitWhy, "journal", "commit")
	add(yamldoc.Size(j.Endurance), "", "journal", "endurance")
}

func lineRows(s drivers.LineSettings, from string, add adder, path ...string) {
	at := func(key string) []string { return append(path[:len(path):len(path)], key) }
	add(s.Baud, from, at("baud")...)
	add(s.Parity, from, at("parity")...)
	add(s.StopBits, from, at("stop")...)
	add(s.DataBits, "", at("data")...)
}

func busRows(b Bus, add adder) {
	add(b.Serial, "", "buses", b.ID, "serial")
	add(b.TCP, "", "buses", b.ID, "tcp")
	add(b.RTU, "", "buses", b.ID, "rtu")
	add(b.I2C, "", "buses", b.ID, "i2c")
	add(b.GPIO, "", "buses", b.ID, "gpio")
	add(b.OneWire, "", "buses", b.ID, "w1")
	add(b.SDI12, "", "buses", b.ID, "sdi12")
	if b.Serial != "" {
		lineRows(b.Line, "parts or default", add, "buses", b.ID)
		add(b.Turnaround, "", "buses", b.ID, "turnaround")
		add(b.Echo, "", "buses", b.ID, "echo")
	}
	if b.RTU {
		add(b.Line.Baud, "", "buses", b.ID, "baud")
		add(b.Turnaround, "", "buses", b.ID, "turnaround")
	}
	if b.Serial != "" || b.SDI12 != "" {
		add(b.RS485, defaultOf(b.RS485), "buses", b.ID, "rs485")
	}
}

func (l *loader) deviceRows(d Device, add adder) {
	part := "driver " + d.Driver
	if d.Profile != "" {
		part = "profile " + d.Profile
	}
	at := func(key string) []string { return []string{"devices", d.ID, key} }
	add(d.Driver, "profile", at("driver")...)
	profile := d.Profile
	if file := l.env.Beside.Files[d.Profile]; file != "" {
		profile += " (" + file + ")"
	}
	add(profile, "", at("profile")...)
	add(d.Bus, "", at("bus")...)
	switch d.Wire {
	case drivers.SDI12Sensor:
		add(string(rune(d.Address)), "", at("address")...)
	case drivers.I2CDevice:
		add(fmt.Sprintf("%#02x", d.Address), "", at("address")...)
	default:
		add(d.Address, "", at("address")...)
	}
	add(d.Pin, "", at("line")...)
	add(d.Slave, "", at("id")...)
	pinRows(d, part, add)
	if d.Wire == drivers.SerialLine { // else it is in its url
		add(d.Port, "", at("port")...)
	}
	if d.Port != "" {
		lineRows(d.Line, part, add, "devices", d.ID)
	} else {
		lineRows(d.Line, "", add, "devices", d.ID)
	}
	if d.Wire == drivers.SerialLine && d.Port != "" {
		add(d.RS485, "", at("rs485")...)
		add(d.Echo, "default", at("echo")...)
	}
	add(address.Show(d.URL), "", at("url")...)
	add(d.Every, "default", at("every")...)
	add(d.Timeout, part, at("timeout")...)
	add(d.Upload, "", "devices", d.ID, "upload", "every")
	l.checkRows(d, part, add)
	for i, ch := range d.Plan.Channels {
		add(fmt.Sprintf("%s … %s %s", d.Metrics[i].Format(ch.Min), d.Metrics[i].Format(ch.Max), d.Metrics[i].Text), part, "devices", d.ID, "channels", ch.Name)
	}
}

// optionRows lists a device's keys that belong to its driver, as written.
func (l *loader) optionRows(d Device, add adder) {
	n := l.doc.Node("devices", d.ID)
	common := strings.Join(commonKeys, " ") + " "
	for _, key := range n.Keys() {
		if !strings.Contains(" "+common, " "+key+" ") {
			optionRow(n.Node(key), add, "devices", d.ID, key)
		}
	}
}

func optionRow(n *yamldoc.Node, add adder, path ...string) {
	if n.Kind() != yamldoc.Map {
		text := n.Text()
		if key := path[len(path)-1]; key == "url" || strings.Contains(text, "://") {
			text = address.Show(text)
		}
		if n.Kind() == yamldoc.List {
			text = fmt.Sprintf("%d entries", n.Len())
		}
		add(text, "", path...)
		return
	}
	for _, k := range n.Keys() {
		optionRow(n.Node(k), add, append(path[:len(path):len(path)], k)...)
	}
}

func ruleRows(r Rule, add adder) {
	at := func(key string) []string { return []string{"rules", r.ID, key} }
	if len(r.Levels) == 0 {
		add(r.When, "", at("when")...)
		add(r.For, "default", at("for")...)
		clear := r.Clear
		if clear == "" {
			clear = "when it is false"
		}
		add(clear, "default", at("clear")...)
		add(r.ClearFor, "default", at("clear_for")...)
		if r.Hold > 0 {
			add(r.Hold, "", at("hold")...)
		}
		add(r.Severity, "", at("severity")...)
	}
	calmRows(r, add)
	add(r.Category, "", at("category")...)
	stillRows(r, add)
	for _, lang := range []string{"zh", "en"} {
		add(r.Message[lang], "", "rules", r.ID, "message", lang)
	}
	ladderRows(r, add)
	actionRows(r, add)
	toldRows(r, add)
}

// show writes a value as it is written in a file: 90s and not 1m30s would be
// equally right, 10s and not 10000000000 is.
func show(v any) string {
	if d, ok := v.(time.Duration); ok {
		return brief(d)
	}
	return fmt.Sprint(v)
}

// brief writes a duration without parts that are zero.
func brief(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
