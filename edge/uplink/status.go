package uplink

import (
	"cmp"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/address"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Status is how the uplink is. "Connected" is a socket; "Healthy" means that there is
// one and that our store acknowledged something lately.
type Status struct {
	Broker      string // the one in use, or tried last
	WhyNotFirst string // why it is not the preferred one; empty: it is
	Connected   bool
	Since       time.Time // connected, or not, since then
	Healthy     bool
	WrongStore  string // one that is not ours answers, where ours does not; empty: none
	// Waiting counts committed records that the store does not have; the oldest is
	// number OldestSeq of OldestEpoch.
	Waiting     uint64
	OldestEpoch wire.Epoch
	OldestSeq   uint64
	Alerts      int // revisions not acknowledged
	Events      int
	Images      int
	HeldImages  int // of them, those of alerts that wait until the budget has room
	Budget      Budget
	Stores      []string // pinned: theirs are the acknowledgements that count
	OnWay       uint64   // records sent and not acknowledged
	BytesUp     uint64   // MQTT bytes of all connections
	BytesDown   uint64
	Counts
	Certificates
}

// Counts count since the start; texts and times are the last of their kind.
type Counts struct {
	Connections uint64
	Live        uint64 // readings published live, repeats included
	Backfill    uint64 // and as history
	Resent      uint64 // messages sent again on one connection
	Refused     uint64 // records that a store has parked, or that cannot travel
	RefusedWhy  string
	BadAcks     uint64
	BadCommands uint64
	Rewinds     uint64 // how often what was stored was made to be sent again
	Alien       uint64 // acknowledgements of stores that are not ours
	AlienStore  string
	LastAlien   time.Time
	TooLarge    uint64 // messages of the broker that were passed over
	Store       string // that acknowledged last
	LastAck     time.Time
	Foreign     uint64 // acknowledgements of what another gateway with our id sent
	LastForeign time.Time
	LastError   string // why there is, or was, no connection
	ReadError   string // of the journal
}

// counters is Counts while they count.
type counters = Counts

// Status returns how the uplink is now. It asks the journal for its extents.
func (u *Uplink) Status() Status {
	var extents []Extent
	if u.o.Journal != nil {
		extents = u.o.Journal.Extents()
	}
	certificates := u.way.secrets.status()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.spend(time.Now())
	s := Status{
		Certificates: certificates,
		Broker:       address.Show(u.failover.list[u.failover.now].address), WhyNotFirst: u.failover.whyNotFirst(),
		Connected: u.link.up, Since: u.link.since, Counts: u.count,
		WrongStore: u.wrongStore(),
		Alerts:     len(u.alerts.ships) + len(u.window[alertLane].ships),
		Events:     len(u.events.ships) + len(u.window[eventLane].ships),
		Images:     len(u.images.pictures), HeldImages: u.heldImages(), OnWay: u.onWay(), Stores: slices.Clone(u.cursors.stores), Budget: u.budget.plan,
		BytesUp: u.bytes.up.Load(), BytesDown: u.bytes.down.Load(),
	}
	s.Healthy = s.Connected && s.WrongStore == "" && !s.LastAck.IsZero() && time.Since(s.LastAck) < u.o.Limits.Healthy
	s.CertificateProblem = cmp.Or(s.CertificateProblem, u.failover.problem())
	for _, x := range extents {
		for _, r := range u.cursors.missing(x.Epoch, x.Range) {
			if s.Waiting == 0 {
				s.OldestEpoch, s.OldestSeq = x.Epoch, r.From
			}
			s.Waiting += r.Count()
		}
	}
	return s
}
