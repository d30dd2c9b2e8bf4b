package gateway

import (
	"encoding/json"

	"github.com/lamppost-city/lamppost/edge/board"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/prometheus/client_golang/prometheus"
)

// wearSaveMS is how often the count of writes is kept in the journal: what a crash
// loses of it is an hour's worth, and it costs one small record.
const wearSaveMS = 3600_000

// wearing watches what is written to the disk that holds the journal.
type wearing struct {
	disk      board.Disk
	endurance int64 // bytes; 0: it does not wear, or nothing is known
	assumed   bool

	meter board.Meter
	now   board.Wear // as last read
	last  counts     // at the last look
	saved int64      // boot ms
}

// counts are counters at one moment; they begin anew at a start.
type counts struct {
	ms                     int64
	device, journal, syncs uint64
	counted                bool
}

// openWear finds the disk and the count that was kept of it.
func (g *Gateway) openWear() {
	cfg := g.opt.Config.Journal
	w := &g.wear
	w.disk = g.opt.Host.Disk(cfg.Dir)
	if w.endurance = cfg.Endurance; w.endurance == 0 && g.opt.Boards != nil {
		w.endurance, w.assumed = g.opt.Boards.For(g.opt.Host.Model()).Endurance(w.disk), true
	}
	if b, ok := g.journal.State(writesKey); ok {
		_ = json.Unmarshal(b, &w.meter) // one that cannot be read begins anew
	}
	w.now, w.last, w.saved = w.disk.Wear(), g.counts(), g.started
}

func (g *Gateway) counts() counts {
	s, d := g.journal.Stats(), g.wear.disk.Wear()
	return counts{g.opt.BootMS(), d.Written, s.Flash, s.Syncs, d.Counted}
}

// watchWear counts what was written since the last look, and keeps the count now
// and then, or at once.
func (g *Gateway) watchWear(keep bool) {
	at, wear := g.counts(), g.wear.disk.Wear()
	g.mu.Lock()
	w := &g.wear
	more := board.Writes{MS: at.ms - w.last.ms, Journal: at.journal - min(at.journal, w.last.journal), Syncs: at.syncs - min(at.syncs, w.last.syncs)}
	if at.counted && w.last.counted {
		more.Device = at.device - min(at.device, w.last.device)
	}
	w.meter.Add(more)
	w.last, w.now = at, wear
	keep = keep || at.ms-w.saved >= wearSaveMS
	var state []byte
	var err error
	if keep {
		w.saved = at.ms
		state, err = json.Marshal(&w.meter)
	}
	g.mu.Unlock()
	if keep && err == nil {
		err = g.journal.SetState(writesKey, state)
	}
	if err != nil {
		g.log.Warn("the count of what was written cannot be kept", "error", err)
	}
}

// years says how long the disk lasts at the present rate; negative: nobody knows.
func (w *wearing) years() float64 {
	day, ok := w.meter.PerDay()
	if !ok {
		return -1
	}
	years, ok := board.Years(w.endurance, w.meter.Total().Bytes(), day.Bytes())
	if !ok {
		return -1
	}
	return years
}

func (w *wearing) health() health.Card {
	day, _ := w.meter.PerDay()
	return health.Card{Name: w.disk.Name, PerDay: day.Bytes(), Over: w.meter.Total().Duration(), Years: w.years(),
		Endurance: w.endurance, Assumed: w.assumed, Used: w.now.Used, Spare: w.now.Spare}
}

func (w *wearing) status() status.Wear {
	day, _ := w.meter.PerDay()
	return status.Wear{Disk: map[string]string{"zh": w.disk.In("zh"), "en": w.disk.In("en")}, PerDay: day.Bytes(), JournalPerDay: day.Journal,
		SyncsPerDay: day.Syncs, OverMS: w.meter.Total().MS, Years: w.years(), Endurance: w.endurance, Assumed: w.assumed,
		Used: w.now.Used, Spare: w.now.Spare}
}

// registerWear adds the figures of wear.
func (g *Gateway) registerWear() {
	locked := func(f func(w *wearing) float64) func() float64 {
		return func() float64 {
			g.mu.Lock()
			defer g.mu.Unlock()
			return f(&g.wear)
		}
	}
	perDay := func(f func(board.Writes) uint64) func() float64 {
		return locked(func(w *wearing) float64 {
			day, _ := w.meter.PerDay()
			return float64(f(day))
		})
	}
	for _, m := range []struct {
		name, help string
		f          func() float64
	}{
		{"lamppost_disk_written_bytes_per_day", "Bytes a day that reach the disk of the journal, of all programs; 0 in the first half hour.", perDay(board.Writes.Bytes)},
		{"lamppost_journal_written_bytes_per_day", "Bytes a day of them that the journal causes.", perDay(func(w board.Writes) uint64 { return w.Journal })},
		{"lamppost_journal_syncs_per_day", "Flushes a day that the journal asks for.", perDay(func(w board.Writes) uint64 { return w.Syncs })},
		{"lamppost_disk_life_years", "Years that the disk lasts at this rate, at most 100; -1: it does not wear, or nobody knows.", locked((*wearing).years)},
		{"lamppost_disk_life_used_tenths", "What an eMMC says of itself: 1 means up to 10 % used, 11 more than all; 0: nothing.", locked(func(w *wearing) float64 { return float64(w.now.Used) })},
		{"lamppost_disk_spare_blocks", "What an eMMC says of its reserve blocks: 1 normal, 2 four fifths used, 3 nine tenths; 0: nothing.", locked(func(w *wearing) float64 { return float64(w.now.Spare) })},
	} {
		g.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: m.name, Help: m.help}, m.f))
	}
}
