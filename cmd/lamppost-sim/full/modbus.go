package full

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
)

// onModbus are the Modbus parts of the street, of each kind some, true: over TCP, the
// others on RS-485. All that there are have a test of their own.
var onModbus = map[string]bool{
	"keller-36xw": false, "weather-01f4": false, "xy-md02": false, "rs-fsjt-n01": false, "wxt530": false,
	"sen0600": false, "tuf-2000m": false, "selec-em2m": false, "pzem-016": false, "sensecap-one": false, "sdm630": false,
	"waveshare-ai-8ch": false,
	"sdm120":           true, "sdm230": true,
}

// setting is how a line runs. Parts that are delivered alike share one.
type setting struct {
	baud   int
	format string
}

func settingOf(p parts.Part) setting {
	return setting{cmp.Or(p.Line.Baud, usualBaud), cmp.Or(p.Line.Format, "8N1")}
}

// rs485 puts the Modbus parts on lines, one for each way in which they are delivered,
// each part with an address of its own.
func (s *Street) rs485(all []parts.Part) error {
	lines := map[setting][]parts.Part{}
	for _, p := range all {
		if tcp, in := onModbus[p.ID]; p.Unit != nil && in && !tcp {
			lines[settingOf(p)] = append(lines[settingOf(p)], p)
		}
	}
	var order []setting
	for k := range lines {
		order = append(order, k)
	}
	slices.SortFunc(order, func(a, b setting) int { return cmp.Or(cmp.Compare(a.baud, b.baud), cmp.Compare(a.format, b.format)) })
	for i, k := range order {
		if err := s.rtu(fmt.Sprintf("rs485-%d", i+1), k, lines[k]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Street) rtu(bus string, k setting, on []parts.Part) error {
	port, err := s.port(bus)
	if err != nil {
		return err
	}
	line := &modbusslave.Line{Port: port, Baud: k.baud, Record: transmitters{s.log}}
	var names []string
	for i, p := range on {
		u, err := s.unit(p, i+1)
		if err != nil {
			return err
		}
		line.Units = append(line.Units, u)
		names = append(names, device(p))
		s.device(p, "bus: "+bus, fmt.Sprintf("address: %d", i+1))
	}
	s.plays = append(s.plays, func(context.Context) error { line.Serve(); return nil })
	s.bus(bus, port.Link()+" -> "+port.Device(), list(names), append([]string{"serial: " + quote(port.Link())}, k.keys()...)...)
	return nil
}

// keys are those of a bus that runs so.
func (k setting) keys() []string {
	out := []string{fmt.Sprintf("baud: %d", k.baud)}
	if len(k.format) != 3 {
		return out
	}
	parity := map[byte]string{'N': "none", 'E': "even", 'O': "odd"}[k.format[1]]
	return append(out, "parity: "+parity, "stop: "+k.format[2:])
}

func (s *Street) unit(p parts.Part, address int) (*modbusslave.Unit, error) {
	stage, err := s.stage(p)
	if err != nil {
		return nil, err
	}
	stage.Address = address
	return p.Unit(stage)
}

// plant is a Modbus TCP host.
func (s *Street) plant(all []parts.Part) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	host := &modbusslave.Host{Record: s.log}
	var names []string
	for _, p := range all {
		if p.Unit == nil || !onModbus[p.ID] {
			continue
		}
		u, err := s.unit(p, len(names)+1)
		if err != nil {
			return err
		}
		host.Units = append(host.Units, u)
		names = append(names, device(p))
		s.device(p, "bus: plant", fmt.Sprintf("address: %d", len(names)))
	}
	s.shut = append(s.shut, func() error { ln.Close(); return nil }) // Run has closed it, if it ran
	s.plays = append(s.plays, func(ctx context.Context) error { return host.Serve(ctx, ln) })
	s.bus("plant", "modbus-tcp://"+ln.Addr().String(), list(names), "tcp: "+quote(ln.Addr().String()))
	return nil
}
