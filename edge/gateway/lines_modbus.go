package gateway

import (
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	busmodbus "github.com/lamppost-city/lamppost/drivers/bus/modbus"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/prometheus/client_golang/prometheus"
)

// modbusView is what the page says of a Modbus line and of each slave on it.
func modbusView(h busmodbus.Health, now time.Time) *status.Modbus {
	v := &status.Modbus{Busy: h.Load, Echo: h.Echo, Requests: h.Requests, Exceptions: h.Exceptions, Malformed: h.Malformed, Retries: h.Retries, Skipped: h.Skipped,
		Slaves: []status.Slave{}}
	for _, u := range h.Units {
		s := status.Slave{Address: u.Address, Requests: u.Requests, Answers: u.Answers, Exceptions: u.Exceptions, Timeouts: u.Timeouts, Unreached: u.Unreached,
			BadChecksum: u.Damaged, Malformed: u.Malformed, Retries: u.Retries, Skipped: u.Skipped,
			ResponseMS: float64(u.Response.Microseconds()) / 1000, Failures: u.Failures}
		if u.Cause != nil {
			s.Fault = drivers.FaultWord(u.Cause)
		}
		if u.Away != nil {
			s.Fault, s.Away = drivers.FaultWord(u.Away), true
		}
		if !u.NextTry.IsZero() {
			s.RetryMS = max(1, u.NextTry.Sub(now).Milliseconds())
		}
		v.Slaves = append(v.Slaves, s)
	}
	return v
}

// slaveMetrics are the counts of the Modbus slaves, read when they are asked for.
type slaveMetrics struct{ g *Gateway }

// slaveFigure is one figure that every slave has.
type slaveFigure struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(status.Slave) float64
}

func slaveFigures() []slaveFigure {
	figure := func(name, help string, kind prometheus.ValueType, value func(status.Slave) float64) slaveFigure {
		return slaveFigure{prometheus.NewDesc("lamppost_modbus_"+name, help, []string{"line", "unit"}, nil), kind, value}
	}
	count := func(name, help string, of func(status.Slave) uint64) slaveFigure {
		return figure(name, help, prometheus.CounterValue, func(s status.Slave) float64 { return float64(of(s)) })
	}
	return []slaveFigure{
		count("requests_total", "Requests sent to a slave, retries included.", func(s status.Slave) uint64 { return s.Requests }),
		count("answers_total", "Good answers of a slave that refuse nothing.", func(s status.Slave) uint64 { return s.Answers }),
		count("unreached_total", "Requests that did not come as far as a slave, since the line or host was not there.", func(s status.Slave) uint64 { return s.Unreached }),
		count("exceptions_total", "Requests that a slave refused.", func(s status.Slave) uint64 { return s.Exceptions }),
		count("timeouts_total", "Requests that a slave did not answer in time.", func(s status.Slave) uint64 { return s.Timeouts }),
		count("damaged_total", "Answers of a slave whose checksum was wrong.", func(s status.Slave) uint64 { return s.BadChecksum }),
		count("malformed_total", "Answers of a slave over TCP that do not follow the protocol.", func(s status.Slave) uint64 { return s.Malformed }),
		count("retries_total", "Requests that were sent to a slave once more.", func(s status.Slave) uint64 { return s.Retries }),
		count("skipped_total", "Calls that were not made, because the slave is silent.", func(s status.Slave) uint64 { return s.Skipped }),
		figure("failures", "Failed calls to a slave in a row.", prometheus.GaugeValue, func(s status.Slave) float64 { return float64(s.Failures) }),
		figure("response_seconds", "What an exchange with a slave takes on the average.", prometheus.GaugeValue,
			func(s status.Slave) float64 { return s.ResponseMS / 1000 }),
	}
}

// Describe implements prometheus.Collector.
func (m slaveMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, f := range slaveFigures() {
		out <- f.desc
	}
}

// Collect implements prometheus.Collector.
func (m slaveMetrics) Collect(out chan<- prometheus.Metric) {
	m.g.mu.Lock()
	lines := m.g.lineViews()
	m.g.mu.Unlock()
	for _, f := range slaveFigures() {
		for _, l := range lines {
			if l.Modbus == nil {
				continue
			}
			for _, s := range l.Modbus.Slaves {
				out <- prometheus.MustNewConstMetric(f.desc, f.kind, f.value(s), l.ID, fmt.Sprint(s.Address))
			}
		}
	}
}
