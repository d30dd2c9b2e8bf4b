package config

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// keys is the file as it is written. Devices are decoded one by one, since each
// has keys of its driver.
type keys struct {
	Gateway gatewayKeys              `yaml:"gateway,required"`
	Clock   clockKeys                `yaml:"clock"`
	Uplink  *uplinkKeys              `yaml:"uplink"`
	Journal journalKeys              `yaml:"journal"`
	Status  statusKeys               `yaml:"status"`
	Buses   map[string]busKeys       `yaml:"buses"`
	Devices map[string]*yamldoc.Node `yaml:"devices"`
	Outputs map[string]outputKeys    `yaml:"outputs"`
	Notify  map[string]targetKeys    `yaml:"notify"`
	Rules   map[string]ruleKeys      `yaml:"rules"`
	Derived map[string]derivedKeys   `yaml:"derived"`

	Profiles string `yaml:"profiles"`
	Packs    string `yaml:"packs"`
}

type gatewayKeys struct {
	ID       string        `yaml:"id,required"`
	Name     string        `yaml:"name"`
	Area     string        `yaml:"area"`
	Position *positionKeys `yaml:"position"`
	Language string        `yaml:"language"`
	TimeZone string        `yaml:"time_zone"`
}

type positionKeys struct {
	Lat float64 `yaml:"lat,required"`
	Lon float64 `yaml:"lon,required"`
}

type clockKeys struct {
	Trust *[]string `yaml:"trust"`
}

type statusKeys struct {
	Listen   string `yaml:"listen"`
	Insecure bool   `yaml:"insecure"`
}

// Bounds.
const (
	maxText    = 200 // bytes of a name
	maxArea    = 32
	maxDevices = wire.MaxDevices
	maxRules   = wire.MaxActive // its state lists all of their alerts
)

// loader collects the problems of one file while it builds the configuration.
// What is wrong leaves a gap that later checks pass over.
type loader struct {
	doc      *yamldoc.Doc
	env      Env
	raw      keys
	config   *Config
	problems yamldoc.Problems
	measured map[*drivers.Plan][]obs.Metric          // what plans measure
	tested   map[*drivers.Plan]map[string]obs.Checks // how, without a word of the site
	wants    []Device                                // those that cannot be planned, with what they need
}

func (l *loader) take(err error) {
	var ps yamldoc.Problems
	if errors.As(err, &ps) {
		l.problems = append(l.problems, ps...)
	}
}

// say reports something about the value at path. What stands behind the first "; "
// of msg is the hint.
func (l *loader) say(id, msg string, path ...string) {
	l.report(l.doc.Problem(path, id, msg))
}

// sayKey reports something about the key at path itself.
func (l *loader) sayKey(id, msg string, path ...string) {
	if n := l.doc.Node(path...); n != nil {
		l.report(n.KeyProblem(id, msg))
		return
	}
	l.say(id, msg, path...)
}

func (l *loader) report(p yamldoc.Problem) {
	if msg, hint, ok := strings.Cut(p.Msg, "; "); ok && p.Hint == "" {
		p.Msg, p.Hint = msg, hint
	}
	l.problems = append(l.problems, p)
}

// has says whether the file has a value at path.
func (l *loader) has(path ...string) bool { return l.doc.Node(path...).Kind() != yamldoc.Null }

func (l *loader) id(id string, path ...string) {
	if err := obs.CheckID(id); err != nil {
		l.sayKey("E2001", err.Error(), path...)
	}
}

func (l *loader) short(text string, most int, path ...string) {
	if len(text) > most {
		l.say("E2003", fmt.Sprintf("this text has %d bytes; at most %d are allowed", len(text), most), path...)
	}
}

func (l *loader) gateway() {
	g := l.raw.Gateway
	if l.has("gateway", "id") {
		if err := obs.CheckID(g.ID); err != nil {
			l.say("E2001", err.Error(), "gateway", "id")
		}
	}
	l.short(g.Name, maxText, "gateway", "name")
	l.short(g.Area, maxArea, "gateway", "area")
	if n := len(g.Area); n > 0 && (strings.Trim(g.Area, "0123456789") != "" || n != 6 && n != 9 && n != 12) {
		l.say("W2101", "an area code has 6, 9 or 12 digits; write the code of the district, street or community", "gateway", "area")
	}
	switch g.Language {
	case "":
		g.Language = "zh"
	case "zh", "en":
	default:
		l.say("E2102", fmt.Sprintf("%q is not spoken here; write zh or en", g.Language), "gateway", "language")
	}
	l.config.Gateway = Gateway{ID: g.ID, Name: g.Name, Area: g.Area, Language: g.Language, Zone: l.siteZone(g.TimeZone)}
	if p := g.Position; p != nil {
		l.position(p)
		l.config.Gateway.Position = &wire.Position{Lat: p.Lat, Lon: p.Lon}
	}
	l.clock()
}

func (l *loader) position(p *positionKeys) {
	switch {
	case p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180:
		if p.Lat == 0 && p.Lon == 0 && l.has("gateway", "position", "lat") && l.has("gateway", "position", "lon") {
			l.say("W2101", "this position is in the Gulf of Guinea; leave it out if it is not known", "gateway", "position")
		}
	case p.Lat >= -180 && p.Lat <= 180 && p.Lon >= -90 && p.Lon <= 90:
		l.say("E2101", "there is no such latitude; lat and lon are perhaps exchanged", "gateway", "position", "lat")
	case p.Lat < -90 || p.Lat > 90:
		l.say("E2101", "there is no such latitude; write -90 to 90 degrees, north positive", "gateway", "position", "lat")
	default:
		l.say("E2101", "there is no such longitude; write -180 to 180 degrees, east positive", "gateway", "position", "lon")
	}
}

func (l *loader) clock() {
	known := []string{"kernel", "uplink"}
	if l.raw.Clock.Trust == nil {
		l.config.Trust = known
		return
	}
	l.config.Trust = *l.raw.Clock.Trust
	for i, s := range l.config.Trust {
		if s != "kernel" && s != "uplink" {
			l.say("E2103", fmt.Sprintf("%q is no source of time; %s", s, yamldoc.Hint(s, known)), "clock", "trust", fmt.Sprint(i))
		}
	}
	if len(l.config.Trust) == 0 {
		l.say("W2101", "without a clock source no reading is ever dated; leave the key out to trust kernel and uplink", "clock", "trust")
	}
}

func (l *loader) status() {
	s := l.raw.Status
	if s.Listen == "" {
		s.Listen = DefaultStatus
	}
	l.config.Status = s.Listen
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil || !validPort(port, true) {
		l.say("E2401", fmt.Sprintf("%q is not an address to listen on; write host:port, like %s", s.Listen, DefaultStatus), "status", "listen")
		return
	}
	if !loopback(host) && !s.Insecure && !l.env.Insecure {
		l.say("E2402", fmt.Sprintf("%q can be reached by others, and there are no accounts yet; write 127.0.0.1:%s, or insecure: true beside it if the network keeps strangers out", s.Listen, port), "status", "listen")
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
