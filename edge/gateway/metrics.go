package gateway

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/poll"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics are the figures under /metrics that are counted as things happen; what
// other parts count themselves is read when it is asked for.
type metrics struct {
	registry *prometheus.Registry
	readings prometheus.Counter
	samples  *prometheus.CounterVec
	alerts   *prometheus.CounterVec
	lost     prometheus.Counter
	switched *prometheus.CounterVec
	told     *prometheus.CounterVec
	took     *prometheus.HistogramVec
	good     map[string]uint64 // good samples of a point-to-point line, by device
	lostSum  uint64
}

func newMetrics() metrics {
	m := metrics{registry: prometheus.NewRegistry(), good: map[string]uint64{},
		readings: prometheus.NewCounter(prometheus.CounterOpts{Name: "lamppost_readings_total", Help: "Readings written into the journal."}),
		samples: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lamppost_samples_total",
			Help: "Samples by device and outcome: ok or the fault word."}, []string{"device", "outcome"}),
		alerts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lamppost_alert_revisions_total",
			Help: "Alert revisions by severity and condition."}, []string{"severity", "condition"}),
		told: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lamppost_notify_total",
			Help: "What became of the alerts that machines of the site are told of: sent, refused, given-up, dropped."}, []string{"target", "result"}),
		switched: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lamppost_output_events_total",
			Help: "What outputs were switched to, why, and with which result."}, []string{"output", "to", "why", "result"}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{Name: "lamppost_records_lost_total", Help: "Records declared lost since the start."}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "lamppost_sample_seconds", Help: "How long a sample took, by device.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5}}, []string{"device"})}
	m.registry.MustRegister(m.readings, m.samples, m.alerts, m.lost, m.took, m.switched, m.told,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// register adds the figures that other parts hold.
func (g *Gateway) register() {
	gauge := func(name, help string, f func() float64) {
		g.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f))
	}
	counter := func(name, help string, f func() float64) {
		g.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, f))
	}
	gauge("lamppost_journal_bytes", "Size of the journal.", func() float64 { return float64(g.journal.Stats().Bytes) })
	gauge("lamppost_journal_degraded", "1 while the journal cannot be written.", func() float64 { return truth(g.journal.Stats().Degraded) })
	counter("lamppost_journal_written_bytes_total", "Bytes given to the disk.", func() float64 { return float64(g.journal.Stats().Written) })
	counter("lamppost_journal_syncs_total", "Flushes asked of the disk.", func() float64 { return float64(g.journal.Stats().Syncs) })
	gauge("lamppost_alerts_active", "Alerts that are active.", func() float64 {
		g.mu.Lock()
		defer g.mu.Unlock()
		return float64(len(g.active))
	})
	g.registerClock(gauge)
	g.registerWear()
	g.registry.MustRegister(lineMetrics{g}, slaveMetrics{g})
	if g.keeper != nil && g.keeper.spool != nil {
		gauge("lamppost_pictures_waiting", "Pictures of alerts on the disk that no store has.", func() float64 { return float64(len(g.keeper.spool.IDs())) })
		counter("lamppost_pictures_lost_total", "Pictures of alerts that were given up, or could not be read back.", func() float64 { return float64(g.keeper.spool.Lost()) })
	}
	if g.uplink == nil {
		return
	}
	gauge("lamppost_uplink_connected", "1 while the broker is connected.", func() float64 { return truth(g.uplink.Status().Connected) })
	gauge("lamppost_uplink_healthy", "1 while something was acknowledged lately.", func() float64 { return truth(g.uplink.Status().Healthy) })
	gauge("lamppost_uplink_waiting_records", "Committed records that no store has.", func() float64 { return float64(g.uplink.Status().Waiting) })
	counter("lamppost_uplink_sent_bytes_total", "MQTT bytes sent.", func() float64 { return float64(g.uplink.Status().BytesUp) })
	if g.uplink.Status().Budget.PerDay > 0 {
		gauge("lamppost_uplink_budget_bytes", "Bytes that the link may carry in a day.", func() float64 { return float64(g.uplink.Status().Budget.PerDay) })
		gauge("lamppost_uplink_budget_used_bytes", "Bytes that it carried in this day.", func() float64 { return float64(g.uplink.Status().Budget.Used) })
	}
	gauge("lamppost_uplink_certificate_days", "Days until the first certificate of the connection ends; NaN while that is not known.", g.certificateDays)
	counter("lamppost_uplink_readings_total", "Readings published, repeats included.", func() float64 {
		s := g.uplink.Status()
		return float64(s.Live + s.Backfill)
	})
}

// certificateDays is negative when one has ended.
func (g *Gateway) certificateDays() float64 {
	ends := g.uplink.Status().CertificateEnds
	now, trusted := g.clock.Time()
	if ends.IsZero() || !trusted {
		return math.NaN()
	}
	return ends.Sub(now).Hours() / 24
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// deviceCounts are a device's own figures, looked up once.
type deviceCounts struct {
	ok   prometheus.Counter
	took prometheus.Observer
}

// countSample counts one sample of d. The caller holds the lock.
func (g *Gateway) countSample(d *device, s *poll.Sample) {
	if s.Err != nil {
		g.samples.WithLabelValues(s.Device, drivers.FaultWord(s.Err)).Inc()
		return
	}
	if d.counted.ok == nil {
		d.counted = deviceCounts{g.samples.WithLabelValues(s.Device, "ok"), g.took.WithLabelValues(s.Device)}
	}
	g.good[s.Device]++
	d.counted.ok.Inc()
	d.counted.took.Observe(s.Took.Seconds())
}

// countLost counts records that were declared lost. The caller holds the lock.
func (g *Gateway) countLost(n uint64) {
	g.lost.Add(float64(n))
	g.lostSum += n
}

func (g *Gateway) lostTotal() uint64 { return g.lostSum }
