package aggregator

import "github.com/prometheus/client_golang/prometheus"

// register adds the figures of parts that know nothing of Prometheus.
func (p *parts) register() {
	gauge := func(name, help string, value func() float64) {
		p.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "lamppost_" + name, Help: help}, value))
	}
	gauge("gateways", "Gateways that are known.", func() float64 { known, _ := p.fleet.Count(); return float64(known) })
	gauge("gateways_online", "Gateways that are connected.", func() float64 { _, online := p.fleet.Count(); return float64(online) })
	gauge("alerts_active", "Alerts whose condition is active.", func() float64 { return float64(p.cases.Active()) })
	gauge("live_readers", "Open live streams.", func() float64 { return float64(p.live.Stats().Readers) })
	gauge("live_resyncs", "Live readers told to load anew, since start.", func() float64 { return float64(p.live.Stats().Resyncs) })
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "lamppost_info", Help: "Always 1; says what runs.",
		ConstLabels: prometheus.Labels{"version": p.o.Version, "store": p.info().Store.Kind},
	})
	info.Set(1)
	p.metrics.MustRegister(info)
}
