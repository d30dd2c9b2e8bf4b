package ingest

import "github.com/prometheus/client_golang/prometheus"

// counts are the figures of ingest.
type counts struct {
	messages, readings, rejected, overflow  *prometheus.CounterVec
	refused, parked, unparked, acks, errors *prometheus.CounterVec
	queued, connected                       *prometheus.GaugeVec
	write                                   *prometheus.HistogramVec
}

func newCounts(r prometheus.Registerer) *counts {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lamppost_ingest_" + name, Help: help}, labels)
		r.MustRegister(c)
		return c
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "lamppost_ingest_" + name, Help: help}, labels)
		r.MustRegister(g)
		return g
	}
	c := &counts{
		messages:  vec("messages_total", "Messages taken from the broker.", "lane"),
		readings:  vec("readings_total", "Readings that the store has, resent ones included.", "lane"),
		rejected:  vec("rejected_total", "Messages that could not be used.", "lane"),
		overflow:  vec("overflow_total", "Times a lane left the broker because it could hold no more.", "lane"),
		refused:   vec("refused_points_total", "Readings that the store refused for good."),
		parked:    vec("parked_total", "Messages and readings set aside with the reason."),
		unparked:  vec("unparked_total", "Messages that could not even be set aside."),
		acks:      vec("acks_total", "Acknowledgements published."),
		errors:    vec("errors_total", "Failed writes, tried again.", "part"),
		queued:    gauge("queued_messages", "Messages taken and not dealt with yet.", "lane"),
		connected: gauge("connected", "1 if the lane is connected to the broker.", "lane"),
		write: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lamppost_ingest_write_seconds", Help: "Time of one successful write to the store.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10},
		}, []string{"lane"}),
	}
	r.MustRegister(c.write)
	return c
}
