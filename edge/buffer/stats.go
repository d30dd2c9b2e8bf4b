package buffer

import (
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Stats are the figures of a journal. Fields are only ever added.
type Stats struct {
	Files    int         `json:"files"`
	Broken   int         `json:"broken"` // files with damage inside
	Bytes    int64       `json:"bytes"`  // on the disk
	Used     int64       `json:"used"`   // of them filled
	Records  uint64      `json:"records"`
	Unsent   *uint64     `json:"unsent"` // records that no store has; null: not known
	Oldest   wire.Moment `json:"oldest"`
	Newest   wire.Moment `json:"newest"`
	Epochs   []Epoch     `json:"epochs"`
	Losses   []Loss      `json:"losses"`
	Segments []Segment   `json:"segments"`
}

// Epoch is one run of the gateway.
type Epoch struct {
	Epoch   wire.Epoch  `json:"epoch"`
	From    wire.Moment `json:"from"`
	To      wire.Moment `json:"to"` // newest commit
	Records uint64      `json:"records"`
	Unsent  *uint64     `json:"unsent"`
	Lost    uint64      `json:"lost"`
	Clean   bool        `json:"clean"` // it was ended in order
}

// Loss is what will never be read again, and why.
type Loss struct {
	Epoch   wire.Epoch  `json:"epoch"`
	From    wire.Moment `json:"from"`
	To      wire.Moment `json:"to"`
	Records uint64      `json:"records"`
	Why     string      `json:"why"`               // overflow, damage, quota
	Unknown bool        `json:"unknown,omitempty"` // nobody knows how many; Records is 0 then
}

// Segment is one file.
type Segment struct {
	File     string      `json:"file"`
	Size     int64       `json:"size"`
	Used     int64       `json:"used"`
	Epoch    wire.Epoch  `json:"epoch"`
	First    uint64      `json:"first"`
	Last     uint64      `json:"last"` // smaller than First: no record
	From     wire.Moment `json:"from"`
	To       wire.Moment `json:"to"`
	Broken   bool        `json:"broken"`
	Recycled bool        `json:"recycled"`
}

// Stats gathers the figures. It reads no record.
func (b *Buffer) Stats() Stats {
	s := Stats{Epochs: []Epoch{}, Losses: []Loss{}, Segments: []Segment{}}
	for _, g := range b.o.Journal.Segments() {
		s.Files++
		s.Bytes += g.Size
		s.Used += g.Used
		if g.Broken {
			s.Broken++
		}
		s.Segments = append(s.Segments, Segment{g.File, g.Size, g.Used, wire.Epoch(g.Epoch.String()), g.First, g.Last,
			b.moment(g.Opened), b.moment(g.Closed), g.Broken, g.Recycled})
	}
	epochs := b.o.Journal.Epochs()
	for at, i := range epochs {
		e := b.epoch(i)
		s.Records += e.Records
		if e.Unsent != nil {
			s.Unsent = sum(s.Unsent, *e.Unsent)
		}
		if e.Records > 0 {
			if s.Oldest == (wire.Moment{}) {
				s.Oldest = e.From
			}
			s.Newest = e.To
		}
		s.Epochs = append(s.Epochs, e)
		for _, l := range i.Lost {
			s.Losses = append(s.Losses, Loss{e.Epoch, b.moment(l.From), b.moment(l.To), l.Count(), l.Why, false})
		}
		if i.Damaged {
			s.Losses = append(s.Losses, b.ruined(epochs[at:]))
		}
	}
	return s
}

// ruined is what damage of unknown extent took at the end of the first of these runs.
func (b *Buffer) ruined(runs []journal.EpochInfo) Loss {
	l := Loss{Epoch: wire.Epoch(runs[0].Epoch.String()), From: b.moment(runs[0].LastCommit), Why: journal.WhyDamage, Unknown: true}
	if len(runs) > 1 {
		l.To = b.moment(runs[1].Opened)
	}
	return l
}

func sum(to *uint64, n uint64) *uint64 {
	if to != nil {
		n += *to
	}
	return &n
}

func (b *Buffer) epoch(i journal.EpochInfo) Epoch {
	e := Epoch{Epoch: wire.Epoch(i.Epoch.String()), From: b.moment(i.Opened), To: b.moment(i.LastCommit), Clean: i.Clean}
	for _, l := range i.Lost {
		e.Lost += l.Count()
	}
	var gone wire.RangeSet
	for _, l := range i.Lost {
		for _, r := range l.Ranges {
			gone.Add(wire.Range{From: r.From, To: r.To})
		}
	}
	if i.First > i.Last {
		return e
	}
	all := wire.Range{From: i.First, To: i.Last}
	e.Records = countMissing(gone, []wire.Range{all})
	if b.o.Missing != nil {
		n := countMissing(gone, b.o.Missing(e.Epoch, all))
		e.Unsent = &n
	}
	return e
}

// countMissing counts what of the ranges is not in the set.
func countMissing(set wire.RangeSet, ranges []wire.Range) (n uint64) {
	for _, r := range ranges {
		for m := range set.Missing(r) {
			n += m.Count()
		}
	}
	return n
}
