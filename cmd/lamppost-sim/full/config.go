package full

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/street"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Every is how often every device is read that says nothing else in the table.
const Every = 10 * time.Second

// role is what a part is in the street, and what the gateway is told about it beside
// its wire.
type role struct {
	driver  string        // empty: the part's own id
	options string        // keys of its device, one a line
	every   time.Duration // 0: Every
	// described: it has no driver of its own and is described by a profile.
	described bool
}

// cast are the parts of the street that a profile alone does not describe: at least one
// for each driver. A relay is an output.
var cast = map[string]role{
	"a02yyuw":    {options: "height: 3.2", every: 2 * time.Second},
	"anemometer": {options: "model: sen-15901", every: 2 * time.Second},
	"bme280":     {},
	"camera":     {options: "upload: {every: 1m}"},
	"digital":    {options: "debounce: 5ms", every: 2 * time.Second},
	"ds18b20":    {},
	"ezo":        {options: "type: ph"},
	"flow-meter": {options: "model: yf-s201", every: 2 * time.Second},
	"jsnsr04t":   {options: "mode: 2"},
	"maxbotix":   {options: "model: hrxl-wr"},
	"mhz19":      {},
	"modem":      {},
	"nmea0183":   {options: "measures: [position, wind, weather]"},
	"pms5003":    {},
	"pulse":      {options: "channel: energy\nper_pulse: 0.001", every: 2 * time.Second},
	"rain-gauge": {options: "per_pulse: 0.2", every: 2 * time.Second},
	"relay":      {},
	"rg-15":      {described: true},
	"scd4x":      {},
	"sdi12": {options: "channels:\n  soil_moisture: {value: 1, min: 0, max: 100, resolution: 0.01}\n" +
		"  soil_temp: {value: 2, min: -40, max: 60, resolution: 0.01}"},
	"sds011":   {},
	"senseair": {},
	"sht3x":    {},
	"sps30":    {},
	"winsen":   {options: "model: ze07-co"},
	"zphs01":   {},

	"waveshare-ai-8ch": {driver: "loop", options: "module: waveshare-ai-8ch\nloops:" + loops()},
}

// players are the parts of the street.
func players() (out []parts.Part) {
	for _, p := range parts.All() {
		_, plays := cast[p.ID]
		_, slave := onModbus[p.ID]
		if plays || slave && p.Unit != nil {
			out = append(out, p)
		}
	}
	return out
}

// device is the id under which the gateway has a part.
func device(p parts.Part) string { return strings.ReplaceAll(p.ID, "_", "-") }

// EveryOf returns the interval of each device, as a verifier needs it.
func (s *Street) EveryOf() map[string]time.Duration {
	out := map[string]time.Duration{}
	for _, d := range s.devices {
		for _, k := range d.keys {
			if text, ok := strings.CutPrefix(k, "every: "); ok {
				out[d.id], _ = time.ParseDuration(text) // written below
			}
		}
	}
	return out
}

// device adds a part's device to the configuration.
func (s *Street) device(p parts.Part, wire ...string) {
	r := cast[p.ID]
	keys := []string{"driver: " + cmp.Or(r.driver, p.ID)}
	if p.Unit != nil && r.driver == "" || r.described {
		keys[0] = "profile: " + p.ID
	}
	every := cmp.Or(r.every, Every)
	keys = append(append(keys, wire...), "every: "+every.String(), fmt.Sprintf("name: {zh: %s, en: %s}", quote(p.Title.ZH), quote(p.Title.EN)))
	if r.options != "" {
		keys = append(keys, strings.Split(r.options, "\n")...)
	}
	s.devices = append(s.devices, entry{device(p), keys})
}

func (s *Street) bus(id, at, devices string, keys ...string) {
	s.buses = append(s.buses, entry{id, keys})
	s.places = append(s.places, street.Place{Wire: id, At: at, Devices: devices})
}

// child is a driver in another language: a program that knows two values by heart.
const child = `while read -r question; do
  id=${question#*\"id\":}
  id=${id%%[,\}]*}
  printf '{"id":%s,"readings":{"temp":21.5,"rh":48}}\n' "$id"
done
`

// own adds what has no part: a child process, and the board itself.
func (s *Street) own([]parts.Part) error {
	path := filepath.Join(s.o.Dir, "dev", "child.sh")
	if err := os.WriteFile(path, []byte(child), 0o755); err != nil {
		return fmt.Errorf("%w: %w", street.ErrStorage, err)
	}
	s.devices = append(s.devices, entry{"process", []string{"driver: process", fmt.Sprintf("command: [/bin/sh, %s]", quote(path)), "every: " + Every.String(),
		"channels:", "  temp: {min: -40, max: 85, resolution: 0.1}", "  rh: {min: 0, max: 100, resolution: 0.1}",
		`name: {zh: "外部程序驱动", en: "a driver in another language"}`}})
	s.devices = append(s.devices, entry{"board", []string{"driver: board", "every: " + Every.String(), `name: {zh: "主机自身", en: "the machine itself"}`}})
	s.shut = append(s.shut, func() error { return os.Remove(path) })
	s.tells("process", parts.Channel{Name: "temp", Is: 21.5}, parts.Channel{Name: "rh", Is: 48})
	return nil
}

// tells writes down once a second what a device says whose part keeps no log of its own.
// Its values are steady.
func (s *Street) tells(device string, values ...parts.Channel) {
	s.plays = append(s.plays, func(ctx context.Context) error {
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			var lines []truth.Line
			for _, c := range values {
				lines = append(lines, truth.Line{Device: device, Channel: c.Name, V: c.Is, Via: truth.Frame})
			}
			truth.Stamp(lines, true, "")
			s.log.Add(lines...)
			select {
			case <-ctx.Done():
				return nil
			case <-t.C:
			}
		}
	})
}

//go:embed gateway.yaml.tmpl
var gatewayTemplate string

// writeConfig writes the configuration of a gateway that stands in this street.
func (s *Street) writeConfig() error {
	t, err := template.New("gateway.yaml").Option("missingkey=error").Funcs(template.FuncMap{"q": quote}).Parse(gatewayTemplate)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(s.ConfigPath(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	return t.Execute(f, map[string]any{"Gateway": s.o.Gateway, "Broker": s.o.Broker, "Key": s.o.Key, "Journal": s.o.Journal, "Commit": s.o.Commit,
		"Status": s.o.Status, "Buses": yaml(s.buses), "Devices": yaml(s.devices), "Count": len(s.devices)})
}

// yaml writes entries two spaces deep.
func yaml(entries []entry) string {
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "  %s:\n    %s\n", e.id, strings.Join(e.keys, "\n    "))
	}
	return b.String()
}

// quote writes a string as YAML takes it in double quotes: JSON is YAML.
func quote(s string) string { return fmt.Sprintf("%q", s) }

func list(names []string) string { return strings.Join(names, ", ") }
