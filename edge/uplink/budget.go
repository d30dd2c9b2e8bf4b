package uplink

import "time"

// Budget is how the bytes of a day stand. A day is one of UTC while the clock is
// trusted, else 24 hours of boot time; a restart does not refill it. What does not
// go is not lost: it is in the journal, and goes as history when there are bytes.
type Budget struct {
	PerDay int64 // Limits.PerDay; 0: there is no budget, and nothing below means anything
	Used   int64 // of this day
	Over   int64 // of Used what alerts, events and heartbeats took beyond PerDay
	Left   time.Duration
	Level  BudgetLevel
	Linger time.Duration // how long a reading waits for company now
	Every  time.Duration // at Thinned: how often a device's readings go live
}

// BudgetLevel says what gives way so that the day's bytes suffice: itself and
// all before it. Alerts, events, heartbeats and acknowledgements never do.
type BudgetLevel int

// The levels, in the order in which things give way.
const (
	Whole    BudgetLevel = iota // nothing
	Pictures                    // those that belong to no alert
	History
	Linger   // live readings wait for more company: up to a minute
	Thinned  // live readings go every few minutes
	Withheld // live readings do not go, but for the heartbeat
)

// What things cost beside their readings, MQTT and acknowledgement included.
const (
	packCost      = 350 // bytes
	heartbeatCost = 400
	aDay          = 24 * time.Hour
	planEvery     = 10 * time.Second
	learnFirst    = time.Minute // before history may spend: what live needs is not known
	demandMemory  = 600.0       // seconds over which the demand is smoothed
	mostLinger    = time.Minute
	maxThinned    = 4096 // devices
)

// budget keeps a day's bytes within a bound.
type budget struct {
	perDay int64
	saved  spent
	seen   uint64 // of the traffic, what is counted in saved.Used
	booked int64  // what the journal was told is used
	final  bool   // no more is spent: what is saved need not run ahead

	plan    Budget
	planned time.Time
	spare   int64 // for history and pictures, at used
	used    int64 // when it was planned

	begun    time.Time
	counted  time.Time
	knew     bool                 // the demand, from before the start
	samples  int                  // offered since counted
	readings int                  //
	last     map[string]time.Time // device: when it last went live, at Thinned
}

// spent is what is kept of it over a restart.
type spent struct {
	Used int64  `json:"used"`
	Day  int64  `json:"day,omitempty"`  // since 1970, UTC; 0: the clock was never trusted
	Boot string `json:"boot,omitempty"` // while it is not: the 24 hours began
	From int64  `json:"from,omitempty"` // in this boot, so many milliseconds after its start
	// What live readings take when nothing is held back, per second.
	Samples  float64 `json:"samples,omitempty"`
	Readings float64 `json:"readings,omitempty"`
}

func newBudget(perDay int64, saved spent, now time.Time) budget {
	return budget{perDay: perDay, saved: saved, begun: now, counted: now, knew: saved.Samples > 0, plan: Budget{PerDay: perDay, Level: History}, last: map[string]time.Time{}}
}

// moment is now, as far as it is known.
type moment struct {
	boot    string
	bootMS  int64
	unixMS  int64
	trusted bool
}

func (o *Options) moment(now time.Time) (m moment) {
	if o.Clock == nil {
		return moment{unixMS: now.UnixMilli(), trusted: true}
	}
	m.boot, m.bootMS = o.Boot, o.Clock.BootMS()
	m.unixMS, _, m.trusted = o.Clock.Unix(m.bootMS)
	return m
}

// turn begins a new day where one is due and returns what is left of this one. When
// the clock comes to be trusted in between, the count goes on.
func (s *spent) turn(m moment) (left time.Duration) {
	dayMS := aDay.Milliseconds()
	if m.trusted {
		today := m.unixMS / dayMS
		if s.Day != 0 && today > s.Day {
			s.Used = 0
		}
		s.Day, s.Boot, s.From = max(s.Day, today), "", 0
		return time.Duration(dayMS-m.unixMS%dayMS) * time.Millisecond
	}
	switch {
	case s.Boot != m.boot: // how long the board was off is not known
		s.Boot, s.From = m.boot, m.bootMS
	case m.bootMS-s.From >= dayMS:
		s.Used, s.From = 0, m.bootMS
	}
	return time.Duration(dayMS-(m.bootMS-s.From)) * time.Millisecond
}

// spend counts what went over the socket, and plans anew from time to time.
func (b *budget) spend(total uint64, m func() moment, perReading float64, now time.Time) {
	b.saved.Used += int64(total - b.seen)
	b.seen = total
	if now.Sub(b.planned) < planEvery && b.saved.Used-b.used < b.perDay/100 {
		return
	}
	before := b.saved.Used
	left := b.saved.turn(m())
	if b.saved.Used < before {
		b.booked = 0
	}
	b.learn(now)
	b.planned, b.used = now, b.saved.Used
	b.decide(left, perReading, now)
}

// learn smooths what is offered.
func (b *budget) learn(now time.Time) {
	d := now.Sub(b.counted).Seconds()
	if d < 1 {
		return
	}
	span := demandMemory
	if !b.knew {
		span = min(span, now.Sub(b.begun).Seconds())
	}
	weight := min(1, d/span)
	b.saved.Samples += (float64(b.samples)/d - b.saved.Samples) * weight
	b.saved.Readings += (float64(b.readings)/d - b.saved.Readings) * weight
	b.samples, b.readings, b.counted = 0, 0, now
}

// decide finds the mildest level at which the rest of the day suffices.
func (b *budget) decide(left time.Duration, perReading float64, now time.Time) {
	s := left.Seconds()
	// A tenth is for alerts and events, besides what the heartbeats will take.
	free := b.perDay - b.saved.Used - b.perDay/10 - int64(s/60*heartbeatCost)
	b.plan = Budget{PerDay: b.perDay, Used: b.saved.Used, Over: max(0, b.saved.Used-b.perDay), Left: left, Level: Withheld, Linger: mostLinger}
	if free <= 0 {
		b.spare = 0
		return
	}
	cost := func(readings float64, linger time.Duration) int64 {
		packs := max(0, min(b.saved.Samples, 1/linger.Seconds())-1/mostLinger.Seconds()) // one a minute is the heartbeat's
		return int64(s * (readings*perReading + packs*packCost))
	}
	for _, linger := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, mostLinger} {
		if c := cost(b.saved.Readings, linger); c <= free {
			b.plan.Level, b.plan.Linger, b.spare = Linger, linger, 0
			if linger <= 500*time.Millisecond {
				b.plan.Level, b.spare = b.bulk(now), free-c-c/4 // history leaves what live takes, and a margin
			}
			return
		}
	}
	each := b.saved.Readings / max(b.saved.Samples, 1e-9) // readings of a sample
	for _, minutes := range []float64{1, 2, 5, 10, 15, 30, 60} {
		if cost(float64(max(len(b.last), 1))*each/(60*minutes), mostLinger) <= free {
			b.plan.Level, b.plan.Every = Thinned, time.Duration(minutes)*time.Minute
			return
		}
	}
}

// bulk is the level while live readings have what they need.
func (b *budget) bulk(now time.Time) BudgetLevel {
	if !b.knew && now.Sub(b.begun) < learnFirst {
		return History
	}
	return Whole
}

// offered counts a sample and says whether it may go live.
func (b *budget) offered(s *sample) bool {
	b.samples++
	b.readings += s.len()
	device, heartbeat := s.device()
	if s.len() == 0 || heartbeat {
		return true
	}
	now := s.at
	last, known := b.last[device]
	due := !known || now.Sub(last) >= b.plan.Every-time.Second
	if due && (known || len(b.last) < maxThinned) {
		b.last[device] = now
	}
	return b.plan.Level < Thinned || b.plan.Level == Thinned && due
}

// left returns what history and pictures may still take.
func (b *budget) left() int64 { return b.spare - (b.saved.Used - b.used) }

// book returns what is to be saved: a hundredth ahead, so that a power cut refills
// nothing.
func (b *budget) book() *spent {
	if b.perDay == 0 {
		return nil
	}
	out := b.saved
	if !b.final {
		out.Used += b.perDay / 100
	}
	b.booked = out.Used
	return &out
}

// spend does the counting for the uplink; call it with mu held.
func (u *Uplink) spend(now time.Time) {
	if u.budget.perDay == 0 {
		return
	}
	u.budget.spend(u.bytes.up.Load()+u.bytes.down.Load(), func() moment { return u.o.moment(now) }, max(u.perLive, 1), now)
	if u.budget.saved.Used > u.budget.booked {
		u.cursors.dirty = true
	}
}

// affords says whether the day's bytes suffice for n bytes of history or of pictures.
func (u *Uplink) affords(level BudgetLevel, n int) bool {
	b := &u.budget
	return b.perDay == 0 || b.plan.Level < level && b.left() > int64(n)
}
