package loop

import (
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// The signal in mA, NAMUR NE 43: from 3.8 to 20.5 it measures, below 3.6 and above 21
// something is broken, and between the transmitter is at the end of its range.
const (
	broken, lowest   = 3.6, 3.8
	highest, shorted = 20.5, 21.0
)

// signal turns a current into what the transmitter measures.
type signal struct {
	input           string
	low, span, unit int64 // low and high - low in 1/unit
	channel         drivers.Channel
}

// maxSteps is the greatest range in steps of its last digit: with it all arithmetic is
// exact in 64 bits, and in the digits of a float64.
const maxSteps = 1e8

// newSignal prepares what hangs on an input. mount is added to what is measured, and its
// range moves with it.
func newSignal(input drivers.Channel, t transmitter, mount profile.Decimal) (signal, error) {
	places := max(t.Low.Places, t.High.Places, mount.Places)
	low, lok := t.Low.Steps(places)
	high, hok := t.High.Steps(places)
	add, aok := mount.Steps(places)
	if !lok || !hok || !aok || max(low, -low, high, -high, add, -add) > maxSteps {
		if mount == (profile.Decimal{}) {
			return signal{}, fmt.Errorf("%s to %s needs more than 8 digits", t.Low, t.High)
		}
		return signal{}, fmt.Errorf("%s to %s with an offset of %s needs more than 8 digits", t.Low, t.High, mount)
	}
	s := signal{input: input.Name, low: low + add, span: high - low, unit: int64(math.Pow10(places))}
	a, b := s.value(broken), s.value(shorted)
	s.channel = drivers.Channel{Name: t.Channel, Min: min(a, b), Max: max(a, b),
		Resolution: input.Resolution / 16 * math.Abs(float64(s.span)/float64(s.unit))}
	return s, nil
}

// value is low + (mA - 4) / 16 × span, counted in whole nanoamperes, so that 4.16 mA of
// 0 to 10 m is the float64 nearest to 0.1.
func (s signal) value(mA float64) float64 {
	const scale, zero, full = 1_000_000, 4_000_000, 16_000_000
	n := int64(math.Round(mA*scale)) - zero
	return float64(s.low*full+n*s.span) / (full * float64(s.unit))
}

// read makes of the current what was measured. A broken wire is no value: -2.5 m would
// be a lie. At the ends of the range the value is there, and suspect.
func (s signal) read(mA obs.Reading) obs.Reading {
	switch v := mA.Value; {
	case mA.Quality.Flag == obs.Missing:
		return mA
	case v < broken, v > shorted:
		return obs.None(obs.Instrument)
	}
	r := obs.Of(s.value(mA.Value))
	r.Quality = mA.Quality
	if mA.Value < lowest || mA.Value > highest {
		r.Quality = r.Quality.Worst(obs.Quality{Flag: obs.Suspect, Why: obs.Range})
	}
	return r
}

// told is a current as a person reads it, and what it means.
func told(mA obs.Reading) (text string, means drivers.Sentence) {
	says := func(zh, en string) drivers.Sentence { return drivers.Sentence{ZH: zh, EN: en} }
	v := mA.Value
	switch text = fmt.Sprintf("%.3f mA", v); {
	case mA.Quality.Flag == obs.Missing:
		return "-", says("无电流读数："+string(mA.Quality.Why), "no current: "+string(mA.Quality.Why))
	case mA.Quality.Flag == obs.Fail && mA.Quality.Why == obs.Instrument:
		return text, says("模块中该输入未设为电流，请在模块中改量程", "the input is not set to a current; set its range in the module")
	case v < broken:
		return text + " < 3.6", says("断线、无供电或变送器故障", "a wire is broken, the supply is missing, or the transmitter reports a fault")
	case v > shorted:
		return text + " > 21", says("短路或变送器故障", "the wires are shorted, or the transmitter reports a fault")
	case v < lowest || v > highest:
		return text, says("已到变送器量程终点", "the transmitter is at the end of its range")
	default:
		return text, says("测量正常", "measuring")
	}
}
