package broker

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/mochi-mqtt/server/v2/system"
	"github.com/prometheus/client_golang/prometheus"
)

// counts are the broker's own figures.
type counts struct {
	refused, forbidden, oversized, unretained, waits prometheus.Counter
	dropped                                          *prometheus.CounterVec
}

func newCounts(r prometheus.Registerer, info *system.Info) *counts {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "lamppost_broker_" + name, Help: help})
		r.MustRegister(c)
		return c
	}
	c := &counts{
		refused:    counter("refused_total", "Connections refused because of their last will."),
		forbidden:  counter("forbidden_total", "Publishes and subscriptions beyond a client's own topics."),
		oversized:  counter("oversized_total", "Connections ended because a packet was too large."),
		unretained: counter("unretained_total", "Retain flags taken from messages that must not stay."),
		waits:      counter("waits_total", "Publishes that waited because the aggregator's queues were nearly full."),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lamppost_broker_dropped_total",
			Help: "Messages dropped because their subscriber was too slow; gateways send again what nobody acknowledged.",
		}, []string{"subscriber"}),
	}
	r.MustRegister(c.dropped)
	gauge := func(name, help string, of *int64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "lamppost_broker_" + name, Help: help},
			func() float64 { return float64(atomic.LoadInt64(of)) }))
	}
	gauge("clients", "Clients connected now.", &info.ClientsConnected)
	gauge("messages_received", "Messages received since start.", &info.MessagesReceived)
	gauge("messages_sent", "Messages sent since start.", &info.MessagesSent)
	gauge("bytes_received", "Bytes received since start.", &info.BytesReceived)
	gauge("bytes_sent", "Bytes sent since start.", &info.BytesSent)
	gauge("inflight", "Messages sent and not acknowledged yet.", &info.Inflight)
	gauge("inflight_dropped", "Messages dropped because too many were unacknowledged, since start.", &info.InflightDropped)
	gauge("retained", "Retained messages kept.", &info.Retained)
	return c
}

// onlyErrors passes the library's errors on, without the packets that it likes to
// log whole: 64 KiB a line, chosen by whoever connects. What it says below that
// level the hook says better.
type onlyErrors struct{ slog.Handler }

func (h onlyErrors) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError && h.Handler.Enabled(ctx, l)
}

func (h onlyErrors) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, clip(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "pk" && a.Key != "packet" {
			out.AddAttrs(slog.String(a.Key, clip(a.Value.String())))
		}
		return true
	})
	return h.Handler.Handle(ctx, out)
}

func (h onlyErrors) WithAttrs(as []slog.Attr) slog.Handler {
	return onlyErrors{h.Handler.WithAttrs(as)}
}
func (h onlyErrors) WithGroup(name string) slog.Handler { return onlyErrors{h.Handler.WithGroup(name)} }
