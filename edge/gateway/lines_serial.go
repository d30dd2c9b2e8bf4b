package gateway

import (
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/prometheus/client_golang/prometheus"
)

// lineConfig is the serial line below a Modbus bus. The bus finds an echo by itself;
// only one that is stated is taken out below it.
func lineConfig(b config.Bus) serial.Config {
	c := serial.Config{Path: b.Serial, Settings: b.Line, RS485: b.RS485}
	if b.Echo == serial.EchoOn {
		c.Echo = b.Echo
	}
	return c
}

// serialView is what the page and the log say of a serial line.
func serialView(h serial.Health) *status.Serial {
	v := &status.Serial{Settings: h.Settings, Busy: h.Busy, RS485: string(h.Direction), RS485Why: h.DirectionWhy,
		Echo: h.Echo, Adapter: h.Adapter, Swapped: h.Swapped}
	if e := h.Errors; e != nil {
		v.Framing, v.Parity, v.Overrun = e.Framing, e.Parity, e.Overrun
	}
	return v
}

// unswitched says whether a line is one of the board's own RS-485 ports that nobody is
// known to switch. USB adapters do it themselves; a port of the board may have a
// transceiver that waits for somebody.
func (ls *Lines) unswitched(id string) bool {
	return ls.is(id, func(l *line) bool {
		if l.serial == nil {
			return false
		}
		h := l.serial.Health()
		return h.Direction == serial.Adapter && h.OnBoard
	})
}

// sayLines writes into the log, once for each line and again when it changes, how it is
// wired as far as the machine knows, and that a process was started again.
func (g *Gateway) sayLines() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.lineViews() {
		if say := g.sayProgram(l, g.gen.said[l.ID]); say != "" {
			g.gen.said[l.ID] = say
		}
		s := l.Serial
		if s == nil || l.Unplugged {
			continue
		}
		if say := s.RS485 + s.RS485Why + s.Adapter + s.Swapped; say != g.gen.said[l.ID] && say != "" {
			g.gen.said[l.ID] = say
			g.log.Info("serial line", "line", l.ID, "path", l.Path, "set", s.Settings, "rs485", s.RS485, "why", s.RS485Why, "adapter", s.Adapter, "before", s.Swapped)
		}
	}
}

// lineMetrics are the counts of the lines, read when they are asked for.
type lineMetrics struct{ g *Gateway }

// lineFigure is one figure that every line has.
type lineFigure struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(status.Line) (float64, bool)
}

func lineFigures() []lineFigure {
	figure := func(name, help string, kind prometheus.ValueType, value func(status.Line) (float64, bool)) lineFigure {
		return lineFigure{prometheus.NewDesc("lamppost_line_"+name, help, []string{"line"}, nil), kind, value}
	}
	count := func(name, help string, of func(status.Line) uint64) lineFigure {
		return figure(name, help, prometheus.CounterValue, func(l status.Line) (float64, bool) { return float64(of(l)), true })
	}
	return []lineFigure{
		count("frames_total", "Good frames.", func(l status.Line) uint64 { return l.Frames }),
		count("bad_checksums_total", "Frames whose checksum was wrong.", func(l status.Line) uint64 { return l.BadChecksum }),
		count("timeouts_total", "Requests that nobody answered in time.", func(l status.Line) uint64 { return l.Timeouts }),
		count("noise_bytes_total", "Bytes that belonged to no good frame.", func(l status.Line) uint64 { return l.NoiseBytes }),
		count("alien_frames_total", "Good frames that nobody waited for: late answers, another master.", func(l status.Line) uint64 { return l.Alien }),
		count("reopened_total", "Openings after the first one.", func(l status.Line) uint64 { return l.Reopened }),
		figure("up", "0 while the line is unplugged or cannot be reached.", prometheus.GaugeValue, func(l status.Line) (float64, bool) { return truth(!l.Unplugged), true }),
		figure("busy_ratio", "Share of the last minute in which a line carried bytes or somebody waited for an answer.", prometheus.GaugeValue,
			func(l status.Line) (float64, bool) {
				switch {
				case l.Serial != nil:
					return l.Serial.Busy, true
				case l.Modbus != nil:
					return l.Modbus.Busy, true
				}
				return 0, false
			}),
	}
}

// Describe implements prometheus.Collector.
func (m lineMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, f := range lineFigures() {
		out <- f.desc
	}
}

// Collect implements prometheus.Collector.
func (m lineMetrics) Collect(out chan<- prometheus.Metric) {
	m.g.mu.Lock()
	lines := m.g.lineViews()
	m.g.mu.Unlock()
	for _, f := range lineFigures() {
		for _, l := range lines {
			if v, ok := f.value(l); ok {
				out <- prometheus.MustNewConstMetric(f.desc, f.kind, v, l.ID)
			}
		}
	}
}
