// Package health turns counters and states into sentences a field engineer can
// act on: what is wrong, where, how it shows, and the next step. It is pure: the
// gateway hands in what it sees, and gets the list that goes to the status page,
// to the cloud and into the log.
package health

import (
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// View is what the gateway sees of itself at one moment.
type View struct {
	Config  Config
	Devices []Device
	Lines   []Line
	Outputs []Output
	Clock   Clock
	Journal Journal
	Card    Card
	Uplink  Uplink
	Page    Page
	Rules   []Rule
	Upkeep  []Upkeep
	Targets []Target // in trouble
}

// Config is the configuration that runs, and what became of the file that was to
// replace it.
type Config struct {
	Running string // revision
	Refused string // the first problem of a file that was refused, with its place; empty: none was
}

// Page is the gateway's own status page.
type Page struct {
	Address string
	Error   string // why it cannot be reached; empty if it can
}

// Device is one configured device.
type Device struct {
	ID, Part string        // "river", "keller-36xw"
	Where    string        // "rs485-1, address 3", "/dev/ttyAMA1", "192.168.1.20"
	Line     string        // id shared by the devices on one line; empty if alone
	Wire     string        // i2c, w1, sdi12, gpio, process, board or host; empty: an ordinary serial line
	Fault    string        // fault word of the last sample; empty: it answered
	Detail   string        // the error in full
	For      time.Duration // since when that is so
	Every    time.Duration
	Seen     bool   // it has answered at least once since the start
	Flat     bool   // its last reading is flagged flat or frozen
	Doubt    string // why it may be another part than the configuration says; empty: nothing says so
	Impaired string // what is wrong beside the part, since For, in full; empty: nothing
	Learning drivers.Learning
	Renewed  time.Duration // since what it knows was replaced by what it sees; 0: it was not, or long ago
}

// Line is one serial line or Modbus host, counted over its last hundred frames or
// so: a line that was repaired is not blamed any more.
type Line struct {
	ID, Path    string
	Frames      uint64 // good ones
	BadChecksum uint64
	Timeouts    uint64
	NoiseBytes  uint64 // that belonged to no good frame
	Shared      bool   // a bus: frames only come when asked for
	Alien       uint64 // late answers and frames of other masters
	Edges       bool   // a GPIO chip: frames are edges, those that were lost BadChecksum
	Unplugged   time.Duration

	Busy    float64 // share of the last minute; 0 where that is not known, or no minute was watched yet
	Fixed   bool    // the wire has one speed
	Adapter string  // what is plugged in
	Swapped string  // what was plugged in before under this name, if that was another adapter
	// Unswitched: it is an RS-485 line of the board itself, whose transceiver nobody is
	// known to switch.
	Unswitched bool
}

// Clock says what the gateway's time is worth.
type Clock struct {
	State string        // synced, held, unsynced
	For   time.Duration // since when; of held: since the last confirmation
	Year  int           // what the wall clock says
	Error time.Duration // half width of what the time may be, unless unsynced
	// Disputed names two sources that contradict each other by Off: kernel, uplink, or
	// empty for what was known before. Only if Off is not 0.
	Disputed [2]string
	Off      time.Duration
}

// Journal is the state of what is kept.
type Journal struct {
	Dir     string
	Trouble string // why it cannot be written: full, read-only, io; empty if all is well
	Detail  string // the error in full
	For     time.Duration
	Used    int64
	Quota   int64
	Unsent  float64 // share of Quota, 0 to 1, that records take which no store has
	Lost    uint64  // records declared lost since the start
}

// Card is the disk that the journal lies on, and what it has to bear.
type Card struct {
	Name      string
	PerDay    uint64        // bytes written a day, by everybody
	Over      time.Duration // how long that was watched
	Years     float64       // that it will last at this rate; negative: it does not wear, or nobody knows
	Endurance int64         // bytes it may be written in its life, by the configuration or an assumption
	Assumed   bool
	Used      int // what an eMMC says of itself: tenths of its life begun, 11: over; 0: nothing
	Spare     int // its reserve blocks: 1 normal, 2 four fifths used, 3 nine tenths; 0: nothing
}

// Uplink is the state of the way to the cloud.
type Uplink struct {
	Broker    string
	Connected bool
	Error     string
	Acked     time.Duration // since something was acknowledged; negative: never
	Waiting   uint64        // records
	Conflict  bool          // another gateway uses this id
	// WrongStore answers, and Stores, which are those that count, do not; empty: none.
	WrongStore, Stores string
	// Certificate is the one that ends first; its Name is empty if there is none.
	Certificate Certificate
	Problem     string // of certificates, that keeps the connection from being made
	Advice      string // what works and should be put right all the same
	NotFirst    string // why another broker than the preferred one is used; empty: it is that one
	// Budget is the bytes of a day, set only while live readings are held back for it.
	Budget, BudgetUsed int64
	Withheld           bool // they do not go at all
	Pictures           Pictures
}

// Pictures are those of alerts that wait for the link's byte budget.
type Pictures struct {
	Held         int
	Budget, Used int64         // bytes of the day
	Left         time.Duration // of the day
}

// Certificate is when one ends.
type Certificate struct {
	Name string        // its file or subject
	Ours bool          // the gateway's own
	Left time.Duration // negative: it has ended
}

// lineErrorLimit is the share of damaged frames above which a line is called
// noisy. One in a hundred is what a sound installation stays well below.
const lineErrorLimit = 0.01

// Assess returns what a person should know, the worst first, then by id.
func Assess(v View) []wire.Health {
	var out []wire.Health
	for _, d := range v.Devices {
		out = append(out, device(d, v.Devices)...)
	}
	for _, l := range v.Lines {
		out = append(out, line(l)...)
	}
	for _, o := range v.Outputs {
		out = append(out, output(o)...)
	}
	out = append(out, clock(v.Clock)...)
	out = append(out, disk(v.Journal)...)
	out = append(out, card(v.Card)...)
	out = append(out, uplink(v.Uplink)...)
	out = append(out, pictures(v.Uplink)...)
	out = append(out, certificates(v.Uplink)...)
	out = append(out, page(v.Page)...)
	out = append(out, rules(v.Rules)...)
	out = append(out, upkeep(v.Upkeep)...)
	out = append(out, targets(v.Targets)...)
	if c := v.Config; c.Refused != "" {
		out = append(out, one("config-refused", "warn", "", configRefused, c.Refused, c.Running)...)
	}
	slices.SortStableFunc(out, func(a, b wire.Health) int { return rank(a.Level) - rank(b.Level) })
	return out
}

// pictures says that pictures of alerts are kept back, which the alerts themselves never are.
func pictures(u Uplink) []wire.Health {
	p := u.Pictures
	if p.Held == 0 || !u.Connected {
		return nil
	}
	return one("uplink-pictures", "info", "", picturesHeld, p.Held, volume(p.Used), volume(p.Budget), span(p.Left))
}

func rank(level string) int { return slices.Index([]string{"fail", "warn", "info"}, level) }

// device explains a device that does not deliver. Whether its neighbours on the
// wire answer tells a broken device from a broken line.
func device(d Device, all []Device) []wire.Health {
	switch {
	case d.Fault == "" && d.Doubt != "":
		return one("device-doubted", "warn", d.ID, doubted, d.ID, d.Part, d.Where, d.Doubt)
	case d.Fault == "" && d.Impaired != "" && d.For >= 2*d.Every:
		return one("device-impaired", "warn", d.ID, impaired, d.ID, d.Part, d.Where, span(d.For), d.Impaired)
	case d.Fault == "" && d.Flat:
		return one("device-frozen", "warn", d.ID, frozen, d.ID, d.Part)
	case d.Fault == "":
		return learning(d)
	case d.For < 2*d.Every:
		return nil // one missed sample is weather
	}
	t := wordsFor(d, neighbours(d, all))
	return one("device-"+d.Fault, "fail", d.ID, t, d.ID, d.Part, d.Where, span(d.For), d.Detail)
}

// Note is what Assess says of one device, in one language; empty if nothing.
func Note(d Device, all []Device, lang string) string {
	h := device(d, all)
	if len(h) == 0 {
		return ""
	}
	if t, ok := h[0].Text[lang]; ok {
		return t
	}
	return h[0].Text["en"]
}

// company says how the other devices on a line fare.
type company int

const (
	alone     company = iota // nothing else on the line
	answering                // at least one other answers
	silentToo                // none of the others answers either
)

func neighbours(d Device, all []Device) company {
	if d.Line == "" {
		return alone
	}
	c := alone
	for _, o := range all {
		if o.Line != d.Line || o.ID == d.ID {
			continue
		}
		if o.Fault == "" && o.Seen {
			return answering
		}
		c = silentToo
	}
	return c
}

func wordsFor(d Device, c company) text {
	if t, ok := wireWords[d.Wire][d.Fault]; ok {
		return t
	}
	switch d.Fault {
	case "timeout":
		switch {
		case c == answering:
			return silentAmongOthers
		case c == silentToo:
			return silentLine
		default:
			return silentAlone
		}
	case "unplugged":
		return unplugged
	case "checksum":
		return garbled
	case "exception":
		return refuses
	case "wrong-part":
		return wrongPart
	case "busy":
		return busy
	case "device":
		return ownFault
	default:
		return faulty
	}
}

// babble is how many bytes without a frame among them are no accident: more than
// the rest of a frame in whose middle a port was opened.
const babble = 64

func line(l Line) []wire.Health {
	if l.Edges {
		if l.BadChecksum > 0 {
			return one("line-edges", "warn", l.ID, edgesGone, l.ID, l.BadChecksum, l.Path)
		}
		return nil
	}
	return append(traffic(l), wiring(l)...)
}

// crowded is how busy a line may be before its devices have to wait for each other.
const crowded = 0.95

// unheard is how many requests nobody has answered on a line that never carried a frame,
// before the one who switches its transceiver is suspected.
const unheard = 5

// wiring is what is to be said of a line whatever comes over it.
func wiring(l Line) (out []wire.Health) {
	if l.Unswitched && l.Frames+l.BadChecksum == 0 && l.Timeouts >= unheard {
		out = append(out, one("line-unswitched", "warn", l.ID, unswitched, l.ID, l.Path)...)
	}
	if l.Swapped != "" {
		out = append(out, one("line-swapped", "warn", l.ID, swapped, l.ID, l.Path, l.Swapped, l.Adapter)...)
	}
	if l.Busy >= crowded {
		t := crowdedLine
		if l.Fixed {
			t = crowdedFixed
		}
		out = append(out, one("line-busy", "warn", l.ID, t, l.ID, l.Path, percent(uint64(l.Busy*1000), 1000))...)
	}
	return out
}

// traffic judges what came over a line.
func traffic(l Line) []wire.Health {
	total := l.Frames + l.BadChecksum
	switch {
	case l.Frames == 0 && l.NoiseBytes >= babble:
		return one("line-babble", "fail", l.ID, babbling, l.ID, l.NoiseBytes, l.Path)
	case total < 20:
		return nil
	case float64(l.BadChecksum)/float64(total) > lineErrorLimit:
		return one("line-noise", "warn", l.ID, noisy, l.ID, percent(l.BadChecksum, total), l.Path)
	case l.Shared && l.BadChecksum == 0 && l.NoiseBytes > total/2:
		return one("line-stray", "info", l.ID, stray, l.ID, l.NoiseBytes, total, l.Path)
	}
	return nil
}

func clock(c Clock) []wire.Health {
	out := clockState(c)
	if c.Off != 0 {
		out = append(out, one("clock-dispute", "warn", "", clockDispute, timeSources[c.Disputed[0]], span(c.Off.Abs()), timeSources[c.Disputed[1]])...)
	}
	return out
}

func clockState(c Clock) []wire.Health {
	switch {
	case c.State == "unsynced" && c.Year < 2025:
		return one("clock", "warn", "", clockPast, c.Year)
	case c.State == "unsynced":
		return one("clock", "warn", "", clockUnsynced, span(c.For))
	case c.State == "held" && c.For > 24*time.Hour:
		return one("clock", "info", "", clockHeld, span(c.For), span(c.Error))
	default:
		return nil
	}
}

// Silence is how long nothing may have been acknowledged on a connection that is
// still called healthy.
const Silence = 3 * time.Minute

func uplink(u Uplink) []wire.Health {
	switch {
	case u.Broker == "":
		return nil
	case u.Conflict:
		return one("uplink-twin", "fail", "", twin)
	case !u.Connected && u.Problem != "":
		return nil // the finding about the certificate says it
	case !u.Connected:
		return one("uplink", "warn", "", offline, u.Broker, u.Error, u.Waiting)
	case u.WrongStore != "":
		return one("uplink-store", "fail", "", wrongStore, u.WrongStore, u.Stores, u.Waiting)
	case u.Acked < 0:
		return one("uplink", "warn", "", neverAcked, u.Waiting)
	case u.Acked >= Silence:
		return one("uplink", "warn", "", unacked, span(u.Acked), u.Waiting)
	case u.Withheld:
		return one("uplink-budget", "warn", "", budgetSpent, volume(u.BudgetUsed), volume(u.Budget))
	case u.Budget > 0:
		return one("uplink-budget", "info", "", budgetTight, volume(u.BudgetUsed), volume(u.Budget))
	case u.NotFirst != "":
		return one("uplink-second", "info", "", second, u.Broker, u.NotFirst)
	default:
		return nil
	}
}
