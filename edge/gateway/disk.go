package gateway

import (
	"encoding/json"
	"time"

	"github.com/lamppost-city/lamppost/edge/board"
	"github.com/lamppost-city/lamppost/edge/buffer"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/lamppost-city/lamppost/edge/uplink"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// diskHealth is the state of the journal as it is told to people. The caller holds
// the lock.
func (g *Gateway) diskHealth() health.Journal {
	j := g.journal.Stats()
	v := health.Journal{Dir: g.opt.Config.Journal.Dir, Trouble: j.Trouble, Used: j.Bytes, Quota: j.Quota, Lost: g.lostTotal(), Unsent: g.unsentShare(j.Bytes-j.Spare, j.Quota)}
	if j.Degraded && j.Err != nil {
		v.Detail, v.For = j.Err.Error(), time.Since(j.Since)
	}
	return v
}

// unsentShare is how much of the quota is taken by records that no store has, as
// near as numbers tell: records are taken to be equally long.
func (g *Gateway) unsentShare(used, quota int64) float64 {
	held := uint64(0)
	for _, e := range g.journal.Epochs() {
		if e.Last >= e.First {
			held += e.Last - e.First + 1
		}
	}
	if g.uplink == nil || held == 0 || quota <= 0 {
		return 0
	}
	return float64(g.uplink.Status().Waiting) / float64(held) * float64(used) / float64(quota)
}

// certificateHealth adds what is known of certificates.
func (g *Gateway) certificateHealth(v *health.Uplink, u uplink.Status) {
	v.Problem, v.Advice, v.NotFirst = u.CertificateProblem, u.CertificateWarning, u.WhyNotFirst
	now, trusted := g.clock.Time()
	if len(u.Certificates.Certificates) == 0 || !trusted {
		return // without the time nobody knows when it ends
	}
	c := u.Certificates.Certificates[0]
	v.Certificate = health.Certificate{Name: c.Name, Ours: c.Of == uplink.OfGateway, Left: c.Ends.Sub(now)}
}

// diskStatus is what the status page shows of the journal. The caller holds the
// lock.
func (g *Gateway) diskStatus() status.Journal {
	cfg, j := g.opt.Config.Journal, g.journal.Stats()
	s := status.Journal{Dir: cfg.Dir, Trouble: j.Trouble, CommitMS: j.Commit.Milliseconds(), CommitWhy: cfg.CommitWhy, Spare: j.Spare,
		Broken: j.Broken, Wear: g.wear.status()}
	s.Volatile = g.wear.disk.Kind == board.Memory
	if j.Degraded {
		s.Memory = j.Pending
	}
	return s
}

// shownKey is the journal's state key for the gaps that the status page lists.
const shownKey = "shown-gaps"

// maxShown is how many gaps the page lists.
const maxShown = 10

// showGap remembers a gap for the page, the newest first. The caller holds the
// lock.
func (g *Gateway) showGap(gap wire.Gap) {
	shown := append([]wire.Gap{gap}, g.shownGaps()...)
	for i := range shown {
		shown[i].Ranges, shown[i].Detail = nil, "" // each segment begins with this
	}
	b, err := json.Marshal(shown[:min(len(shown), maxShown)])
	if err == nil {
		err = g.journal.SetState(shownKey, b)
	}
	if err != nil {
		g.log.Warn("a gap cannot be shown on the page", "error", err)
	}
}

func (g *Gateway) shownGaps() (gaps []wire.Gap) {
	if b, ok := g.journal.State(shownKey); ok && json.Unmarshal(b, &gaps) != nil {
		return nil // they are in the journal and on the charts all the same
	}
	return gaps
}

// gapStatus lists the newest gaps with their reasons in words.
func (g *Gateway) gapStatus() []status.Gap {
	out := []status.Gap{}
	for _, gap := range g.shownGaps() {
		g.dates.fill(&gap.From)
		g.dates.fill(&gap.To)
		out = append(out, status.Gap{From: gap.From, To: gap.To, Why: gap.Why,
			Text: map[string]string{"zh": buffer.GapReason(gap.Why, "zh"), "en": buffer.GapReason(gap.Why, "en")}})
	}
	return out
}
