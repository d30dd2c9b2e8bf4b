package uart

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// MHZ19 is a Winsen carbon dioxide sensor, MH-Z19B or MH-Z19C. Sources: their manuals.
// It answers and does not talk. The zero value is an MH-Z19B that has run for a while.
type MHZ19 struct {
	WarmUp  time.Duration // 3 min for the B, 1 min for the C; 0: 3 min
	Warming bool          // it never gets ready

	on    time.Time
	limit uint32 // of its range, ppm; 0: 5000
	abc   bool
}

const (
	mhzHeld  = 410  // what the answer says until the sensor is ready
	mhzRange = 5000 // ppm, as it is delivered
)

// Start gives the sensor power.
func (p *MHZ19) Start() []Saying {
	p.on = time.Now()
	return nil
}

func (p *MHZ19) ready() bool {
	if p.Warming {
		return false
	}
	warmUp := p.WarmUp
	if warmUp == 0 {
		warmUp = 3 * time.Minute
	}
	return p.on.IsZero() || time.Since(p.on) >= warmUp
}

// Hear answers a reading. Calibration, the automatic baseline and the range are taken
// without an answer.
func (p *MHZ19) Hear(heard []byte, s Source) (used int, says []Saying) {
	used, q := request9(heard)
	if q == nil {
		return used, nil
	}
	switch q[2] {
	case 0x86:
		return used, p.answer(s)
	case 0x79:
		p.abc = q[3] == 0xA0
	case 0x99:
		p.limit = binary.BigEndian.Uint32(q[4:])
	}
	return used, nil
}

// answer holds the concentration, the temperature of the board with an offset of 40,
// and a status that means nothing to the manual.
func (p *MHZ19) answer(s Source) []Saying {
	frame := func(ppm uint16) []byte { return answer9(0x86, byte(ppm>>8), byte(ppm), 24+40) }
	if !p.ready() {
		return one(frame(mhzHeld))
	}
	limit := float64(mhzRange)
	if p.limit > 0 {
		limit = float64(p.limit)
	}
	v := min(whole(s.Value("co2")), limit)
	return one(frame(uint16(v)), truth.Line{Channel: "co2", V: v, Resolution: 1})
}

// ZE is an electrochemical module of Winsen's ZE series: ZE07, ZE08, ZE12, ZE12A, ZE15,
// ZE25, and, with other words for its modes, ZE03. Sources: manuals of ZE07-CO,
// ZE07-CH2O and ZE15-CO, list of the ZE03's modes. It talks each second until it is
// told to be asked.
type ZE struct {
	Gas, Unit, Decimals byte    // as in its frames: 04 is carbon monoxide, 03 ppm, 04 ppb
	Range               uint16  // full range in the frame's own steps
	Channel             string  // of the source
	Steps               float64 // of the frame in one unit of the channel's metric
	Mass                float64 // asked, it says micrograms in one unit of the metric as well; 0: it says the steps alone
	Old                 bool    // a ZE03

	asked bool
}

// ZE modes, of all but the ZE03, and of that.
const (
	zeActive, zeAsked     = 0x40, 0x41
	ze03Active, ze03Asked = 0x03, 0x04
	zeSwitch, zeRead      = 0x78, 0x86
	zeEvery               = time.Second
)

// Start gives the module power: it talks.
func (p *ZE) Start() []Saying {
	p.asked = false
	return nil
}

// Pause is a second in the active mode.
func (p *ZE) Pause() time.Duration {
	if p.asked {
		return 0
	}
	return zeEvery
}

// Frame says gas, unit, decimals, concentration and full range.
func (p *ZE) Frame(s Source) ([]byte, []truth.Line) {
	n, line := p.steps(s)
	return answer9(p.Gas, p.Unit, p.Decimals, byte(n>>8), byte(n), byte(p.Range>>8), byte(p.Range)), []truth.Line{line}
}

// steps is the concentration as the module counts it, never above its range.
func (p *ZE) steps(s Source) (uint16, truth.Line) {
	n := min(max(math.Round(s.Value(p.Channel)*p.Steps), 0), float64(p.Range))
	return uint16(n), truth.Line{Channel: p.Channel, V: n / p.Steps, Resolution: 1 / p.Steps}
}

// Hear answers a reading, and takes the commands for its modes without an answer.
func (p *ZE) Hear(heard []byte, s Source) (used int, says []Saying) {
	used, q := request9(heard)
	if q == nil {
		return used, nil
	}
	active, asked := byte(zeActive), byte(zeAsked)
	if p.Old {
		active, asked = ze03Active, ze03Asked
	}
	switch {
	case q[2] == zeSwitch && q[3] == asked:
		p.asked = true
	case q[2] == zeSwitch && q[3] == active:
		p.asked = false
	case q[2] == zeRead:
		return used, one(p.answer(s))
	}
	return used, nil
}

// answer says the concentration in micrograms and in steps, as the ZE07-CH2O does, or
// in steps alone, as the ZE07-CO does.
func (p *ZE) answer(s Source) ([]byte, truth.Line) {
	n, line := p.steps(s)
	if p.Mass == 0 {
		return answer9(zeRead, byte(n>>8), byte(n)), line
	}
	ug := uint16(whole(s.Value(p.Channel) * p.Mass))
	line.V, line.Resolution = float64(ug)/p.Mass, 1/p.Mass
	return answer9(zeRead, byte(ug>>8), byte(ug), 0, 0, byte(n>>8), byte(n)), line
}
