package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/address"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Record is one journal record as it travels. At most one of Values, Event and
// Alert is set; a record with none, such as a cursor, never travels.
type Record struct {
	Seq    uint64
	Values []wire.Value // with final times, Unix milliseconds
	Event  *wire.Event
	Alert  *wire.Alert
	// Undated says that the record has values which cannot be dated yet: it stays
	// pending, and so does what follows it in its epoch, for some seconds.
	Undated bool
}

// Extent is what the journal holds of one epoch: committed records, From ≤ To.
type Extent struct {
	Epoch wire.Epoch
	Range wire.Range
}

// Source is the journal as the uplink sees it. It is safe for concurrent use: Read
// may be under way, and may block on the disk, while Extents is asked for, which
// should not.
type Source interface {
	// Extents returns the epochs that hold committed records, oldest first.
	Extents() []Extent
	// Read gives fn the committed records of the epoch within r, ascending, until fn
	// returns false. If it returns nil without that, a number in r that was not
	// given does not exist any more and is nobody's business here. The record is the
	// uplink's to keep.
	Read(epoch wire.Epoch, r wire.Range, fn func(Record) bool) error
	// Since returns what may hold records taken at unixMS (Unix milliseconds) or
	// later, oldest first. It may name older ones too, and must where it does not
	// know; it must not leave one out.
	Since(unixMS int64) []Extent
}

// Clock dates what is sent live, and learns from what the aggregator says.
type Clock interface {
	// BootMS returns the milliseconds since boot.
	BootMS() int64
	// Unix dates a moment of this boot. Once trusted, always so, and the same.
	Unix(bootMS int64) (unixMS, errMS int64, trusted bool)
	// Observe is told that at bootMS it was unixMS, give or take errMS. It must not
	// block.
	Observe(source string, bootMS, unixMS, errMS int64)
}

// Options says how an Uplink is made. Gateway, Epoch and Brokers are needed.
type Options struct {
	Gateway string     // the gateway's id
	Epoch   wire.Epoch // the journal's present epoch
	Boot    string     // the boot's id; needed with Clock

	// Brokers are addresses in order of preference: mqtt://host:1883,
	// mqtts://host:8883, tcp://, ws://host/mqtt, wss://.
	Brokers  []string
	Prefix   string // of all topics; empty: wire.DefaultPrefix
	Username string
	Password func() (string, error) // asked at each connection; nil: none

	Credentials Credentials // for mqtts and wss
	// Proxy is http://user@host:3128, spoken to with CONNECT, or
	// socks5://user@host:1080; "env" takes the one that the environment names
	// (https_proxy, http_proxy, all_proxy, no_proxy); empty: none, whatever the
	// environment says.
	Proxy             string
	ProxyPasswordFile string // read at each connection
	// Time is what certificates are judged by; not trusted, it is a time that has
	// certainly passed. nil: the system's clock, trusted.
	Time func() (now time.Time, trusted bool)

	// Stores are the ids of the stores whose acknowledgements count. None: the first
	// store that acknowledges is pinned, and is part of what Save keeps.
	Stores []string
	// Saved is what Save was given last, nil if there is none; what cannot be read is
	// left aside: everything is then sent again, which is harmless.
	Saved []byte
	// Save keeps the cursors, when they changed, every SaveEvery and at the end. It is
	// called by one goroutine at a time and may block. nil: they are not kept.
	Save func(state []byte) error
	// Sync makes what Save was given durable; Rewind waits for it. nil: Save did so.
	Sync func() error

	// Command carries out a command and returns the answer; a zero Reply: none now. It is
	// called from at most eight goroutines at once and may block until ctx ends, when
	// Run does. The uplink has checked the form, not who signed it. nil: commands are not
	// asked for.
	Command func(ctx context.Context, c wire.Command) wire.Reply

	// Album is where the pictures of Kept lie; nil: Kept is not used.
	Album Album
	// Dropped is told of a picture of an alert that was only in memory and gave way to newer
	// ones. It must not block nor call the uplink. nil: nobody is told.
	Dropped func(image string)
	Journal Source       // nil: only what is offered is sent
	Clock   Clock        // nil: offered values carry Unix milliseconds already
	Log     *slog.Logger // a line when the link comes and goes, and for what is refused
	Limits  Limits
}

// What Limits.Order and Limits.Compress may be.
const (
	Oldest = "oldest"
	Newest = "newest"
	Auto   = "auto"
	On     = "on"
	Off    = "off"
)

// MinPerDay is the smallest byte budget of a day: heartbeats and the connection
// itself take about half of it.
const MinPerDay = 1_000_000

// Limits bound what the uplink takes of link and memory. Zero means the default.
type Limits struct {
	// Order is which history goes first after an outage, "oldest" (the default) or
	// "newest". Within a pack numbers rise either way.
	Order string
	// Compress says whether packs are zstd frames: "on", "off", or "auto" (the
	// default): while there is a budget or the link carries less than 1 Mbit/s.
	Compress string
	// PerDay is how many bytes a day may cost, up and down together, MQTT included,
	// TCP and IP not; 0: any, else at least MinPerDay. See Budget.
	PerDay    int64
	Linger    time.Duration // how long a reading may wait for company; default 500 ms, at most 1 s
	Readings  int           // in a pack at most; default 1200. On a slow link packs are smaller
	Window    int           // records unacknowledged at most; default 10 000. Ack.Credit lowers it
	Backfill  int           // readings per second of history at most; default 20 000. Ack.Credit lowers it
	SaveEvery time.Duration // default 10 s
	Drain     time.Duration // for what is in memory when Run ends; default 2 s
	Healthy   time.Duration // acknowledged within this is healthy; default 3 min
}

func (l *Limits) defaults() {
	set(&l.Order, Oldest)
	set(&l.Compress, Auto)
	set(&l.Linger, 500*time.Millisecond)
	l.Linger = min(l.Linger, time.Second)
	set(&l.Readings, 1200)
	l.Readings = min(l.Readings, wire.MaxValues)
	set(&l.Window, 10_000)
	set(&l.Backfill, 20_000)
	set(&l.SaveEvery, 10*time.Second)
	set(&l.Drain, 2*time.Second)
	set(&l.Healthy, 3*time.Minute)
}

func set[T int | time.Duration | string](v *T, def T) {
	var zero T
	if *v <= zero {
		*v = def
	}
}

// check says which limit is not one.
func (l *Limits) check() error {
	switch {
	case l.Order != Oldest && l.Order != Newest:
		return fmt.Errorf("uplink: order %q: write oldest or newest", l.Order)
	case l.Compress != Auto && l.Compress != On && l.Compress != Off:
		return fmt.Errorf("uplink: compress %q: write auto, on or off", l.Compress)
	case l.PerDay < 0 || l.PerDay > 0 && l.PerDay < MinPerDay:
		return fmt.Errorf("uplink: a budget of %d bytes a day does not carry the heartbeats; allow at least %d, or 0 for no limit", l.PerDay, MinPerDay)
	}
	return nil
}

// check fills in defaults and says what is wrong.
func (o *Options) check() error {
	o.Limits.defaults()
	if o.Prefix == "" {
		o.Prefix = wire.DefaultPrefix
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := obs.CheckID(o.Gateway); err != nil {
		return fmt.Errorf("uplink: gateway: %w", err)
	}
	if err := o.Epoch.Validate(); err != nil {
		return fmt.Errorf("uplink: %w", err)
	}
	if err := wire.CheckPrefix(o.Prefix); err != nil {
		return fmt.Errorf("uplink: %w", err)
	}
	if o.Clock != nil && o.Boot == "" {
		return errors.New("uplink: a clock needs the boot's id")
	}
	for _, s := range o.Stores {
		if err := obs.CheckID(s); err != nil {
			return fmt.Errorf("uplink: store: %w", err)
		}
	}
	if err := o.Limits.check(); err != nil {
		return err
	}
	return o.checkWay()
}

// checkWay says what is wrong with the way to the brokers.
func (o *Options) checkWay() error {
	if len(o.Brokers) == 0 {
		return errors.New("uplink: there must be a broker")
	}
	for _, b := range o.Brokers {
		if err := CheckBroker(b); err != nil {
			return err
		}
	}
	if (o.Credentials.CertFile == "") != (o.Credentials.KeyFile == "") {
		return errors.New("uplink: a certificate needs its key; write both tls.cert_file and tls.key_file")
	}
	return CheckProxy(o.Proxy)
}

// CheckBroker accepts the addresses that Options.Brokers takes.
func CheckBroker(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return fmt.Errorf("broker %q: this is no address; write mqtt://host:1883, mqtts://host:8883 or ws://host:port/path", address.Show(text))
	}
	switch u.Scheme {
	case "mqtt", "tcp", "mqtts", "ws", "wss":
	default:
		return fmt.Errorf("broker %q: write mqtt://host:1883, mqtts://host:8883 or ws://host:port/path", address.Show(text))
	}
	if u.Hostname() == "" || u.User != nil {
		return fmt.Errorf("broker %q: there must be a host, and no user or password in the address", address.Show(text))
	}
	return nil
}

// brokerURL returns an address that CheckBroker has accepted.
func brokerURL(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		return &url.URL{} // dialing it fails
	}
	return u
}
