package config

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Config is a configuration that was found good, complete with defaults. It is
// never changed.
type Config struct {
	File     string
	Hash     string // first 12 hex digits of the SHA-256 of the file and of what stands beside it
	Profiles string // folder of device profiles, from where the program runs; empty: none
	Packs    string // folder of rule packs, likewise
	Gateway  Gateway
	Trust    []string // clock sources: kernel, uplink
	Uplink   *Uplink  // nil: the gateway works on its own
	Journal  Journal
	Status   string // address of the status page, host:port
	Buses    []Bus
	Devices  []Device
	Outputs  []Output
	Rules    []Rule
	Notify   []Target
	Derived  []Derived // in an order in which each comes behind what it is made of
	Warnings yamldoc.Problems

	rows    []row         // see Show; nil without Env.Origins
	closest time.Duration // of all rules that look closer; 0: none does
}

// Gateway says who and where the gateway is.
type Gateway struct {
	ID       string
	Name     string
	Area     string // area code, a hint
	Position *wire.Position
	Language string // zh or en
	// Zone is the time of the place, by which days, hours and seasons are counted:
	// China's unless the file says otherwise. It is never that of the machine.
	Zone *time.Location
}

// Bus is what several devices share. Exactly one of Serial, TCP, I2C, GPIO, OneWire
// and SDI12 is set.
type Bus struct {
	ID         string
	Serial     string // device node of a Modbus line
	Line       drivers.LineSettings
	TCP        string        // host:port
	RTU        bool          // over TCP: RTU frames, not Modbus TCP
	Turnaround time.Duration // 0: the bus's own default
	I2C        string        // device node
	GPIO       string        // a chip's device node, name or label
	OneWire    string        // the kernel's folder of slaves
	SDI12      string        // device node
	RS485      serial.Direction
	Echo       serial.Echo
}

// Device is one device, planned and not opened. Which of Bus, Address, Pin, Slave, Port and
// URL is set follows from Wire.
type Device struct {
	ID      string
	Driver  string
	Profile string // empty without one
	Wire    drivers.Wire
	Bus     string              // id
	Address uint8               // on Bus; for SDI-12 the character
	Pin     string              // name or number of a GPIO line, key line
	Contact drivers.PinSettings // how Pin is used
	Slave   string              // 1-Wire id, key id
	Port    string              // device node
	// Line is what Port runs with; of a part on a shared line what it was set to, other than
	// it is delivered.
	Line    drivers.LineSettings
	RS485   serial.Direction // of Port
	Echo    serial.Echo
	URL     string
	Every   time.Duration
	Timeout time.Duration     // of one sample
	Name    map[string]string // by language; may be empty
	Upload  time.Duration     // interval of pictures sent without an event; 0: none
	// Checks says by channel how values are tested, all layers together; a channel that
	// is not in it has none. OwnChecks: the site says something about them.
	Checks    map[string]obs.Checks
	OwnChecks bool
	Options   string // its driver's own keys, as one line of YAML, without secrets
	// Mark stands for all that the file and its profile say of how it is read: two devices
	// with the same one are read in the same way. It gives no secret away.
	Mark    string
	Files   []string // whole paths that its driver's own keys name: programs, passwords
	Plan    *drivers.Plan
	Metrics []obs.Metric // of Plan.Channels, in that order
}

// Rule is one rule as it is written, found good.
type Rule struct {
	ID       string
	Use      string // the rule of a pack that it is; empty: none
	When     string
	For      time.Duration
	Clear    string
	ClearFor time.Duration
	Severity wire.Severity
	Category string
	Still    Still
	Message  map[string]string // by language
	Actions  []Action
	Levels   []Level       // instead of When, For, Clear, ClearFor; the most severe first
	Forecast *Forecast     // nil: none
	Reads    []obs.Stream  // what its expressions read
	Notify   []string      // targets that are told
	Closer   time.Duration // how often what it reads is read while it is not at rest; 0: as ever
	Hold     time.Duration
	Flapping time.Duration // 0: as the rule's own times say; negative: not watched
	Schedule *Schedule     // nil: always
	Depends  []string      // ids of rules
}

// Stream is one channel of one configured device.
type Stream struct {
	obs.Stream
	Every  time.Duration
	Metric obs.Metric
	Sparse obs.Bound // what a derived stream says where it is sparse
	// Instead is the channel that rules read in its place, because this one is told only above
	// a limit; empty: rules read this one.
	Instead string
	// Fastest is the shortest interval at which it is read while a rule looks closer; 0: Every.
	Fastest time.Duration
	// Least and Most are what a usable value of it can be: what the part measures and the
	// checks let pass. Equal: as the metric has it.
	Least, Most float64
}

// Streams returns all streams of c, device by device, the derived ones behind.
func (c *Config) Streams() []Stream {
	all := streams(c.Devices)
	for i := range all {
		if s := &all[i]; c.closest > 0 && c.closest < s.Every {
			s.Fastest = c.closest
		}
	}
	for _, d := range c.Derived {
		for i, ch := range d.Channels {
			s := Stream{Stream: obs.Stream{Device: d.ID, Channel: ch}, Every: d.Interval, Metric: d.Metrics[i]}
			if i < len(d.Sparse) {
				s.Sparse = d.Sparse[i]
			}
			if i == 0 {
				s.Instead = d.Instead
				s.Least, s.Most = d.lies(all)
			}
			all = append(all, s)
		}
	}
	return all
}

// lies is what a derived stream can be that says one of the values of its source, or what
// lies between them. Both are 0 for others.
func (d Derived) lies(sources []Stream) (least, most float64) {
	if len(d.Of) != 1 || !slices.Contains([]string{"mean", "min", "max", "percentile", "leq"}, d.Is) {
		return 0, 0
	}
	i := slices.IndexFunc(sources, func(s Stream) bool { return s.Stream == d.Of[0].Stream })
	if i < 0 {
		return 0, 0
	}
	return sources[i].Least, sources[i].Most
}

func streams(devices []Device) []Stream {
	n := 0
	for _, d := range devices {
		n += len(d.Plan.Channels)
	}
	all := make([]Stream, 0, n)
	for _, d := range devices {
		for i, ch := range d.Plan.Channels {
			s := Stream{Stream: obs.Stream{Device: d.ID, Channel: ch.Name}, Every: d.Every, Metric: d.Metrics[i]}
			s.Least, s.Most = measures(ch, d.Metrics[i], d.Checks[ch.Name].Gross)
			all = append(all, s)
		}
	}
	return all
}

// measures is what a usable value of a channel can be. Both are 0 where the part does not
// say what it measures, or where no value would be usable.
func measures(ch drivers.Channel, m obs.Metric, gross *obs.GrossCheck) (least, most float64) {
	if ch.Min >= ch.Max {
		return 0, 0
	}
	if least, most = ch.Min, ch.Max; m.Min < m.Max {
		least, most = max(least, m.Min), min(most, m.Max)
	}
	if gross != nil && len(gross.Fail) == 2 {
		least, most = max(least, min(gross.Fail[0], gross.Fail[1])), min(most, max(gross.Fail[0], gross.Fail[1]))
	}
	if least >= most {
		return 0, 0
	}
	return least, most
}

// TextError is something wrong inside a text of a rule.
type TextError struct {
	Key            string // when, clear
	Offset, Length int    // bytes of that text
	ID, Msg, Hint  string
}

// RuleChecker judges rules against the streams that exist: the streams that a rule
// reads, and everything wrong with it.
type RuleChecker func(Rule) (reads []obs.Stream, wrong []TextError)

// Env is what a configuration is judged against.
type Env struct {
	Kinds   []drivers.Kind
	Catalog *obs.Catalog
	// Rules makes the checker for a configuration with these streams. Nil: texts of
	// rules are not judged.
	Rules func([]Stream) RuleChecker
	// Packs holds the rules that others may use. Nil: there are none.
	Packs PackUser
	// Derived judges what is made of streams. Nil: nothing is.
	Derived  DerivedChecker
	Insecure bool // status may listen on any address
	// Origins keeps where each value comes from, for Show: more than all the rest of a
	// large configuration takes.
	Origins bool
	// Beside is what was read from the folder that ProfilesFolder names.
	Beside Beside
	// Storage says what is known of the disk that holds a directory of this machine.
	// Nil: nothing.
	Storage func(dir string) Storage
	// StableName returns the name of a serial port of this machine that stays the same
	// when adapters are plugged in anew; empty where none is known. Nil: nothing is.
	StableName func(node string) string
	// Half, if set, is called with what could be read of a file with mistakes: to say more
	// about the files and programs that it names, and for nothing else. Of devices that
	// cannot be planned it has what they need.
	Half func(*Config)
}

// Defaults of what a file does not say.
const (
	DefaultStatus = "127.0.0.1:8090"
	DefaultDir    = "/var/lib/lamppost"
	DefaultSize   = 512_000_000
	DefaultEvery  = 10 * time.Second
)

// Load reads and judges a configuration; file names it in messages. The error is
// yamldoc.Problems, warnings among them.
func Load(file string, src []byte, env Env) (*Config, error) {
	doc, err := yamldoc.Parse(file, src)
	if doc == nil {
		return nil, err
	}
	l := &loader{doc: doc, env: env, measured: map[*drivers.Plan][]obs.Metric{}, config: &Config{File: file, Hash: hash(append(slices.Clone(src), env.Beside.Digest...))}}
	l.take(err)
	l.take(doc.Decode(&l.raw))
	l.gateway()
	l.profiles()
	l.packs()
	l.uplink()
	l.journal()
	l.status()
	l.buses()
	l.devices()
	l.derived()
	l.outputs()
	l.targets()
	l.rules()
	if err := l.problems.Err(); err != nil {
		if env.Half != nil {
			l.config.Devices = append(l.config.Devices, l.wants...)
			env.Half(l.config)
		}
		return nil, err
	}
	l.config.Warnings = l.problems.Sorted()
	if env.Origins {
		l.config.rows = l.rows()
	}
	return l.config, nil
}

func hash(src []byte) string {
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:6])
}
