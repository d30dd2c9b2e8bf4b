package wire

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Version is the wire version this package writes. It reads Version-2 and later.
const Version = 1

// Epoch names one opening of a gateway's journal: "17-9f3ac2d1b07e", a counter
// and 48 random bits in hex. Sequence numbers are unique within an epoch, and no
// epoch is ever used twice, not by a restart, a cloned card or a restored disk.
type Epoch string

// Range is a closed interval of sequence numbers, From ≤ To.
type Range struct{ From, To uint64 }

// Lane says how a pack travels: Live first, Backfill behind it.
type Lane string

// The two lanes of telemetry. Alerts have a topic of their own.
const (
	Live     Lane = "live"
	Backfill Lane = "backfill"
)

// Pack is a batch of readings: what the journal records in Ranges hold. Ranges
// may also cover records that never travel (cursors, rule state).
type Pack struct {
	Gateway string
	Epoch   Epoch
	Ranges  []Range
	Lane    Lane
	// Boot is empty when the times are final. Otherwise the clock was not trusted:
	// Boot is the boot id and every Value.Time is milliseconds since that boot. Such
	// a pack is shown live and neither stored nor acknowledged.
	Boot   string
	Values []Value
	// Samples are more readings, those of a device at one moment together. A Packer
	// writes them as it does Values, in less time; an Unpacker gives Values only.
	Samples []Sample
}

// Value is one stream at one moment: a measured value, or the reason why there
// is none.
type Value struct {
	Stream obs.Stream
	Unit   string // as registered for SenML, or UCUM; empty when there is no value
	Time   int64  // Unix milliseconds, or milliseconds since boot in a Pack with Boot
	V      float64
	// Flag and Why judge the value. Flag Missing means V is NaN and Why says why.
	obs.Quality
	// Late is the final flag of an earlier value of this stream at Time, sent when
	// it is not Pass; V and Flag then repeat what was sent before. Zero: none.
	Late obs.Flag
}

// FaultChannel is the pseudo channel under which the failed sample of a whole
// device travels: {"n":"air/fault","vs":"timeout"}. Its Value is Missing.
const FaultChannel = "fault"

// HeartbeatStream is sampled once a minute by the gateway itself, so that there
// is always something to acknowledge: the seconds since boot.
var HeartbeatStream = obs.Stream{Device: "gateway", Channel: "uptime"}

// Moment is a time as a gateway knows it. Unix is 0 while the clock is not
// trusted; Boot and BootMS always say when it was in that boot's own time.
type Moment struct {
	Unix    int64  `json:"t,omitempty"`      // Unix milliseconds
	Boot    string `json:"boot"`             // boot id
	BootMS  int64  `json:"boot_ms"`          // milliseconds since that boot
	ErrorMS int64  `json:"err_ms,omitempty"` // half width of the uncertainty of Unix
}

// Event is one sequenced, journaled and acknowledged happening that is neither a
// reading nor an alert. Exactly one of the pointers is set, the one Kind names.
type Event struct {
	V      int          `json:"v"`
	Epoch  Epoch        `json:"epoch"`
	Seq    uint64       `json:"seq"`
	At     Moment       `json:"at"`
	Kind   string       `json:"kind"` // gap, boot, anchor, config, device, actuation, maintenance, unrest, missing
	Gap    *Gap         `json:"gap,omitempty"`
	Boot   *Boot        `json:"boot,omitempty"`
	Anchor *Anchor      `json:"anchor,omitempty"`
	Config *Config      `json:"config,omitempty"`
	Device *DeviceEvent `json:"device,omitempty"`

	Actuation   *Actuation   `json:"actuation,omitempty"`
	Maintenance *Maintenance `json:"maintenance,omitempty"`
	Unrest      *Unrest      `json:"unrest,omitempty"`
	Missing     *Missing     `json:"missing,omitempty"`
}

// Gap declares a loss: between From and To readings were taken, or should have
// been, that no store will ever have.
type Gap struct {
	From   Moment  `json:"from"`
	To     Moment  `json:"to"`
	Why    string  `json:"why"`              // stopped, killed, power, disk-full, damage, quota, overload
	Epoch  Epoch   `json:"epoch,omitempty"`  // whose records are lost, where that is known
	Ranges []Range `json:"ranges,omitempty"` // which of them
	Detail string  `json:"detail,omitempty"` // one sentence for a person
}

// Boot says that the gateway started.
type Boot struct {
	Version string `json:"version"`
	Epoch   Epoch  `json:"epoch"`
	Clean   bool   `json:"clean"` // the run before ended in order
}

// Anchor ties boot time to wall time: At.Unix is the truth at At.BootMS.
type Anchor struct {
	Source string `json:"source"` // kernel, uplink, gps
}

// Config says which configuration runs from now on.
type Config struct {
	Hash string `json:"hash"` // first 12 hex digits of the file's SHA-256
}

// DeviceEvent says that a device went away or came back.
type DeviceEvent struct {
	Device string `json:"device"`
	Up     bool   `json:"up"`
	Why    string `json:"why,omitempty"` // the fault word
}

// Severity is red, orange, yellow or blue, most severe first.
type Severity string

// The severities Ⅰ to Ⅳ.
const (
	Red    Severity = "red"
	Orange Severity = "orange"
	Yellow Severity = "yellow"
	Blue   Severity = "blue"
)

// Alert is one revision of an alert document. A newer revision replaces an
// older one, whatever order they arrive in.
type Alert struct {
	V         int               `json:"v"`
	ID        string            `json:"id"` // UUIDv7, from forecast to clear
	Rev       int               `json:"rev"`
	Epoch     Epoch             `json:"epoch"`
	Seq       uint64            `json:"seq"`
	Rule      string            `json:"rule"`
	Stage     string            `json:"stage"` // forecast, actual
	Severity  Severity          `json:"severity"`
	Condition string            `json:"condition"` // active, cleared
	At        Moment            `json:"at"`        // when this revision was made
	Since     Moment            `json:"since"`     // when the condition was first met
	Cleared   *Moment           `json:"cleared,omitempty"`
	Device    string            `json:"device,omitempty"`
	Channel   string            `json:"channel,omitempty"`
	Value     *float64          `json:"value,omitempty"`
	Limit     *float64          `json:"limit,omitempty"`
	Unit      string            `json:"unit,omitempty"`
	Position  *Position         `json:"position,omitempty"`
	Area      string            `json:"area,omitempty"`     // area code, a hint: the fleet's wins
	Category  string            `json:"category,omitempty"` // category code
	Text      map[string]string `json:"text"`               // language → message
	Evidence  []Evidence        `json:"evidence,omitempty"`
	// Worst is the most severe that the alert has been, and Peak the value that lay
	// farthest beyond its limit, in Unit, as far as that is known; neither of a forecast
	// that something has come of. Empty and nil: an older gateway does not say.
	Worst Severity `json:"worst,omitempty"`
	Peak  *float64 `json:"peak,omitempty"`
	Image string   `json:"image,omitempty"` // image id: taken at this revision, or the one before where it has none
	// Pictures are those of the raise: before, at and after it, as far as there are any.
	// They travel on their own and may come much later, or never: an event of kind missing says so.
	Pictures []Picture `json:"pictures,omitempty"`
	Expected *Expected `json:"expected,omitempty"`
	Chatter  *Chatter  `json:"chatter,omitempty"`
	// Acknowledged says that a person has seen the alert; nil: not yet, or it got worse
	// since.
	Acknowledged *Acknowledged `json:"acknowledged,omitempty"`
	// Maintenance says when somebody worked on what the alert is about; nil: nobody did.
	Maintenance *Worked `json:"maintenance,omitempty"`
}

// Acknowledged is when the gateway heard that a person has seen an alert, and who.
type Acknowledged struct {
	At Moment `json:"at"`
	By string `json:"by,omitempty"`
}

// Chatter says that what an alert is about came and went so often that the alert is
// kept as it was at its worst until it calms down.
type Chatter struct {
	Since   Moment `json:"since"`   // the first change of the unrest
	Changes int    `json:"changes"` // since then
}

// Expected is when an alert of stage forecast expects its limit to be reached, in
// milliseconds after the revision's At: a range, since nobody knows the minute, and no
// promise.
type Expected struct {
	FromMS int64 `json:"from_ms"`
	ToMS   int64 `json:"to_ms"`
}

// Position is WGS 84, degrees.
type Position struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// Evidence is a reading around an alert.
type Evidence struct {
	Stream string  `json:"n"`
	At     int64   `json:"ago_ms"` // how long before the revision, milliseconds
	V      float64 `json:"v"`
	QC     int     `json:"qc,omitempty"`
}

// Picture is one that an alert names.
type Picture struct {
	Image   string `json:"image"`              // image id
	Moment  string `json:"moment"`             // PictureBefore, PictureAt, PictureAfter
	SinceMS int64  `json:"since_ms,omitempty"` // after the alert's Since, milliseconds; when it is due while it is not taken
}

// The moments of pictures.
const (
	PictureBefore = "before"
	PictureAt     = "at"
	PictureAfter  = "after"
)

// Ack is what one store has. Acknowledging twice is harmless.
type Ack struct {
	V       int       `json:"v"`
	Store   string    `json:"store"` // id of the store that speaks
	Epoch   Epoch     `json:"epoch,omitempty"`
	Stored  []Range   `json:"stored,omitempty"`
	Refused []Refusal `json:"refused,omitempty"`
	Alerts  []Revised `json:"alerts,omitempty"`
	Images  []string  `json:"images,omitempty"`
	Time    int64     `json:"time"` // the aggregator's clock, Unix milliseconds
	// Echo repeats the Live or clockless pack that Time answers, "epoch/from-to", so
	// that the gateway can halve the round trip.
	Echo   string  `json:"echo,omitempty"`
	Credit *Credit `json:"credit,omitempty"`
	// Dictionaries names the zstd dictionaries that this aggregator can read. What is
	// packed with another one it would refuse; without the field: it has none.
	Dictionaries []uint32 `json:"dictionaries,omitempty"`
}

// Refusal is a range that the store will not take.
type Refusal struct {
	Range Range  `json:"range"`
	Why   string `json:"why"`
	Retry bool   `json:"retry"` // true: send again later; false: parked, never again
}

// Revised names a stored revision of an alert.
type Revised struct {
	ID  string `json:"id"`
	Rev int    `json:"rev"`
}

// Credit grants how much may be unacknowledged and how fast history may come.
type Credit struct {
	Window   int `json:"window"`   // records unacknowledged at most
	Backfill int `json:"backfill"` // readings per second at most; 0: none for now
}

// Online is retained under {gw}/online and is the last will.
type Online struct {
	V      int   `json:"v"`
	Online bool  `json:"online"`
	Conn   int64 `json:"conn"` // connection number; a smaller one than seen is ignored
}

// State is retained under {gw}/state.
type State struct {
	V       int           `json:"v"`
	Version string        `json:"version"`
	Boot    string        `json:"boot"`
	Epoch   Epoch         `json:"epoch"`
	Config  string        `json:"config"` // hash, see Config
	At      Moment        `json:"at"`
	Started Moment        `json:"started"`
	Clock   string        `json:"clock"` // synced, held, unsynced
	Site    Site          `json:"site"`
	Devices []DeviceState `json:"devices"`
	Health  []Health      `json:"health"`
	Alerts  []Revised     `json:"alerts"` // the active ones
	Journal JournalState  `json:"journal"`
}

// Site is what the gateway's configuration says about where it stands.
type Site struct {
	Name     string    `json:"name,omitempty"`
	Area     string    `json:"area,omitempty"`
	Position *Position `json:"position,omitempty"`
	Language string    `json:"language,omitempty"`
	// TimeZone is the time of the place, as far as its clocks are ahead of Greenwich: +08:00.
	TimeZone string `json:"time_zone,omitempty"`
}

// DeviceState describes one configured device.
type DeviceState struct {
	ID       string   `json:"id"`
	Driver   string   `json:"driver"`
	Profile  string   `json:"profile,omitempty"`
	Bus      string   `json:"bus,omitempty"`
	Address  string   `json:"address,omitempty"`
	EveryMS  int64    `json:"every_ms"`
	Channels []string `json:"channels"`
	State    string   `json:"state"` // ok, silent, fault, waiting
	Fault    string   `json:"fault,omitempty"`
	Note     string   `json:"note,omitempty"` // one sentence for a field engineer, in the gateway's language
	Camera   bool     `json:"camera,omitempty"`
	Upkeep   *Upkeep  `json:"upkeep,omitempty"` // nil: nobody works on it
}

// Health is one thing a person should know about.
type Health struct {
	ID    string            `json:"id"`    // stable: device-silent, line-noise, clock, disk, uplink …
	Level string            `json:"level"` // info, warn, fail
	About string            `json:"about,omitempty"`
	Text  map[string]string `json:"text"` // language → sentence with the next step
}

// JournalState is what waits on the gateway's disk.
type JournalState struct {
	Bytes     int64  `json:"bytes"`
	Quota     int64  `json:"quota"`
	Waiting   uint64 `json:"waiting"`   // records not acknowledged yet
	OldestMS  int64  `json:"oldest_ms"` // age of the oldest of them, milliseconds
	CommitMS  int64  `json:"commit_ms"` // stated worst-case loss on a power cut
	LostTotal uint64 `json:"lost"`      // records declared lost since the journal was made
}

// ImageMeta describes a picture that travels in pieces.
type ImageMeta struct {
	V      int    `json:"v"`
	ID     string `json:"id"` // UUIDv7
	Device string `json:"device"`
	At     Moment `json:"at"`
	Bytes  int    `json:"bytes"`
	Pieces int    `json:"pieces"`
	Piece  int    `json:"piece"` // 0-based
	Alert  string `json:"alert,omitempty"`
	Moment string `json:"moment,omitempty"` // PictureBefore, PictureAt or PictureAfter of that alert; empty: not said
}

// MaxMessage bounds every message on every topic, before expansion; MaxPiece an
// image piece; MaxExpanded a pack after decompression.
const (
	MaxMessage  = 64 << 10
	MaxPiece    = 16 << 10
	MaxExpanded = 1 << 20
	MaxRanges   = 64 // in one message
)

// Time returns m as a time, or the zero time while the clock was not trusted.
func (m Moment) Time() time.Time {
	if m.Unix == 0 {
		return time.Time{}
	}
	return time.UnixMilli(m.Unix).UTC()
}
