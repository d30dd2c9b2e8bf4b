package uplink

import (
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Uplink carries one gateway's records to one destination. Its methods are safe
// for concurrent use and never block on the network.
type Uplink struct {
	o      Options
	way    *way
	dial   dialer
	pause  backoff
	saving sync.Mutex // held while the cursors are saved; taken before mu
	// closing waits for links that are done with, while the next one is tried.
	closing sync.WaitGroup

	wake     chan struct{} // the sender has something to look at
	fill     chan struct{} // so has the filler
	fetch    chan struct{} // so has the reader of pictures
	commands chan wire.Command
	save     chan struct{} // the cursors want saving at once

	bytes  traffic
	packer packer

	mu sync.Mutex
	queues
	window  [lanes]window
	cursors cursors
	budget  budget
	// unanswered is what was transmitted and is not acknowledged, on any connection:
	// an acknowledgement counts for that and for nothing else.
	unanswered map[wire.Epoch]*wire.RangeSet
	holds      map[wire.Epoch]*hold
	echoes     echoes
	link       linkState
	failover   failover
	witness    *shipment // the last live pack that a store can acknowledge
	count      counters
	spares     spares
	said       rarely
}

// queues is what waits to be sent.
type queues struct {
	live       liveQueue
	alerts     queue
	events     queue
	images     imageQueue
	state      retained
	replies    []*message  // to commands
	prepared   []*shipment // history, encoded
	perLive    float64     // and in live ones, which are smaller: what the budget reckons with
	perReading float64     // bytes of a reading in the packs of late
	small      bool        // packs are compressed: the link is slow, see compress
	perRecord  float64     // readings in a record of history, as far as known
	claimed    uint64      // numbers of the present epoch up to this are history's
}

// packer is the one encoder, for the present and for history: compressing takes
// memory that a small board would not like to spend twice.
type packer struct {
	mu sync.Mutex
	wire.Packer
}

func (p *packer) Append(dst []byte, pack *wire.Pack, compress bool) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Compress = compress
	return p.Packer.Append(dst, pack)
}

// retained is the state document, as it is kept at the broker.
type retained struct {
	payload []byte
	greeted time.Time // when the broker was last told that we are there
	as      int64     // and under which connection number
	dirty   bool
	sent    time.Time
}

// stateEvery is the shortest time between two publications of the state; on a slow
// link they take one part in stateShare of it at most.
const (
	stateEvery = time.Second
	stateShare = 20
)

// linkState is what the sender knows of the present connection.
type linkState struct {
	up       bool
	since    time.Time // up or down since
	number   int64     // of the connection
	draining bool
	shown    bool // a live pack has left
	onWay    int  // live packs that the broker has not confirmed
	failed   error
	pacer    pacer
	bucket   bucket
	credit   *wire.Credit
	heard    bool     // an acknowledgement came
	readable []uint32 // the dictionaries that all of them listed
}

// New returns an uplink that has not connected: Run does. Errors name the option.
func New(o Options) (*Uplink, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	u := &Uplink{o: o, pause: backoff{first: firstPause, most: mostPause}, wake: make(chan struct{}, 1), fill: make(chan struct{}, 1), fetch: make(chan struct{}, 1), save: make(chan struct{}, 1),
		commands:   make(chan wire.Command, maxCommands),
		unanswered: make(map[wire.Epoch]*wire.RangeSet), holds: make(map[wire.Epoch]*hold), said: make(rarely)}
	u.images.dropped = u.o.Dropped
	u.way = &way{o: &u.o, secrets: newSecrets(&u.o), timing: defaultTiming()}
	u.dial = u.way.dial
	var err error
	if u.cursors, err = decodeCursors(o.Saved); err != nil {
		o.Log.Warn("uplink: what was sent is not known, all is sent again", "error", err)
	}
	var was spent
	if u.cursors.spent != nil {
		was = *u.cursors.spent
	}
	u.perLive = firstLive
	u.budget = newBudget(o.Limits.PerDay, was, time.Now())
	if !u.cursors.pin(o.Stores) {
		o.Log.Warn("uplink: other stores are pinned than before, all is sent again", "stores", o.Stores)
	}
	for lane := range u.window {
		u.window[lane] = newWindow(5*time.Second, 30*time.Second)
	}
	u.window[alertLane] = newWindow(2*time.Second, 10*time.Second)
	u.failover = newFailover(o.Brokers)
	u.spares.shared = len(o.Brokers) > 1
	u.link.since = time.Now()
	return u, nil
}

// Offer hands over a sample that was just given its number in the present epoch,
// to be sent live. Times are milliseconds since boot, or Unix milliseconds if there
// is no clock. Numbers rise. The slice is the uplink's from then on. What cannot be
// sent live, for lack of room or link, is sent from the journal.
func (u *Uplink) Offer(seq uint64, values []wire.Value) { u.offer(sample{seq: seq, values: values}) }

// OfferSample is Offer for what a device said at one moment. Its readings must not
// change any more, until the uplink has let go of them: it holds none of the samples
// that were offered with a number below oldest.
func (u *Uplink) OfferSample(seq uint64, s wire.Sample) (oldest uint64) {
	return u.offer(sample{seq: seq, whole: s})
}

func (u *Uplink) offer(s sample) (oldest uint64) {
	s.at = time.Now()
	u.mu.Lock()
	if oldest = s.seq; len(u.live.items) > 0 {
		oldest = min(oldest, u.live.items[0].seq)
	}
	if s.seq <= u.claimed {
		u.mu.Unlock()
		return oldest
	}
	if u.budget.perDay > 0 && !u.budget.offered(&s) && u.o.Journal != nil {
		u.mu.Unlock()
		return oldest // it goes as history when there are bytes
	}
	before := u.live.values
	u.live.push(s)
	ring := len(u.live.items) == 1 || before < u.live.full && u.live.values >= u.live.full
	u.mu.Unlock()
	if ring {
		signal(u.wake)
	}
	return oldest
}

// Skip says that a record of the present epoch never travels.
func (u *Uplink) Skip(seq uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.cursors.add(u.o.Epoch, wire.Range{From: seq, To: seq})
}

// Event sends an event as soon as the link allows. It is in the journal already:
// if there is no room here, it goes from there. The error says that the event is
// not valid and will never travel.
func (u *Uplink) Event(e wire.Event) error {
	s, err := u.eventShipment(e)
	if err != nil {
		return err
	}
	u.mu.Lock()
	if !u.settled(s) {
		u.push(s)
	}
	u.mu.Unlock()
	signal(u.wake)
	return nil
}

// Alert sends a revision of an alert before anything else, and again until a store
// acknowledges it, on every connection. After a start, hand over the newest revision
// of each active alert. The error says that the alert is not valid and will never
// travel.
func (u *Uplink) Alert(a wire.Alert) error {
	s, err := u.alertShipment(a)
	if err != nil {
		return err
	}
	u.mu.Lock()
	if !u.settled(s) {
		u.push(s)
	}
	u.mu.Unlock()
	signal(u.wake)
	return nil
}

// Image sends a picture when the link has room, and again until a store
// acknowledges it or a newer one of the camera replaces it. It is kept in memory only;
// for what has to outlive a restart see Kept. Bytes, Pieces and Piece of meta are filled in here.
func (u *Uplink) Image(meta wire.ImageMeta, jpeg []byte) error {
	p, err := newPicture(meta, jpeg)
	if err != nil {
		return err
	}
	u.mu.Lock()
	u.images.push(p)
	u.mu.Unlock()
	signal(u.wake)
	return nil
}

// SetState publishes the state, retained, at once if it is a second since the last
// one, and on each new connection.
func (u *Uplink) SetState(s wire.State) error {
	s.V = wire.Version
	payload, err := wire.Encode(&s)
	if err != nil {
		return err
	}
	u.mu.Lock()
	u.state.dirty = u.state.dirty || string(payload) != string(u.state.payload)
	u.state.payload = payload
	u.mu.Unlock()
	signal(u.wake)
	return nil
}

// Stored says whether the store has every record of the range. What it says may
// be overwritten.
func (u *Uplink) Stored(epoch wire.Epoch, r wire.Range) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.cursors.contains(epoch, r)
}

func (u *Uplink) eventShipment(e wire.Event) (*shipment, error) {
	e.V = wire.Version
	payload, err := wire.Encode(&e)
	if err != nil {
		return nil, err
	}
	return u.single(eventLane, wire.EventTopic, e.Epoch, e.Seq, payload), nil
}

func (u *Uplink) alertShipment(a wire.Alert) (*shipment, error) {
	a.V = wire.Version
	payload, err := wire.Encode(&a)
	if err != nil {
		return nil, err
	}
	s := u.single(alertLane, wire.AlertTopic, a.Epoch, a.Seq, payload)
	s.alert = wire.Revised{ID: a.ID, Rev: a.Rev}
	return s, nil
}

// single makes a message that carries one record.
func (u *Uplink) single(lane int, kind wire.Kind, e wire.Epoch, seq uint64, payload []byte) *shipment {
	left, _ := wire.SetOf(wire.Range{From: seq, To: seq})
	return &shipment{lane: lane, topic: u.topic(kind), payload: payload, epoch: e, left: left, records: 1}
}

func (u *Uplink) topic(kind wire.Kind) string {
	return wire.Topic{Gateway: u.o.Gateway, Kind: kind}.Build(u.o.Prefix)
}

// signal wakes whoever waits on c; one signal is enough.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
