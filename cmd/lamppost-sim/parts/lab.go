package parts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/lab"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
)

// labParts are the parts on a board's own wires.
func labParts() []Part {
	climate := []Channel{{"temp", 18.4, -40, 85}, {"rh", 56, 0, 100}}
	return []Part{
		{ID: "bme280", Title: scenario.Text{ZH: "博世 BME280 温湿压传感器", EN: "Bosch BME280 temperature, humidity and pressure sensor"},
			Wire: I2C, Line: Line{Address: 0x76}, Channels: append(climate[:2:2], Channel{"pressure", 1013.2, 300, 1100}),
			Chip: func(Stage) lab.Chip { return &lab.BME280{} }},
		{ID: "scd4x", Title: scenario.Text{ZH: "盛思锐 SCD41 二氧化碳传感器", EN: "Sensirion SCD41 carbon dioxide sensor"},
			Wire: I2C, Line: Line{Address: 0x62}, Channels: append(climate[:2:2], Channel{"co2", 620, 400, 5000}),
			Chip: func(Stage) lab.Chip { return &lab.SCD4x{} }},
		{ID: "sht3x", Title: scenario.Text{ZH: "盛思锐 SHT31 温湿度传感器", EN: "Sensirion SHT31 temperature and humidity sensor"},
			Wire: I2C, Line: Line{Address: 0x44}, Channels: climate,
			Chip: func(Stage) lab.Chip { return &lab.SHT3x{} }},
		{ID: "ds18b20", Title: scenario.Text{ZH: "DS18B20 单总线温度传感器，编号 " + ds18b20ID, EN: "DS18B20 1-Wire temperature sensor, id " + ds18b20ID},
			Wire: W1, Channels: []Channel{{"temp", 9.3, -55, 125}},
			Slave: func(s Stage) lab.Slave { return lab.Slave{ID: ds18b20ID, Device: s.Device, Source: s.Source} }},
		{ID: "digital", Title: scenario.Text{ZH: "触点：接地浮子开关，线名 DIGITAL", EN: "contact to ground, a float switch, on the line DIGITAL"},
			Wire: GPIO, Channels: []Channel{{"contact", 1, 0, 1}},
			Pin: contact("DIGITAL", "contact", false)},
		{ID: "pulse", Title: scenario.Text{ZH: "脉冲电能表 1000 imp/kWh，线名 PULSE", EN: "energy meter, 1000 pulses a kWh, on the line PULSE"},
			Wire: GPIO, Channels: []Channel{{"power", 3600, 0, 20000}},
			Pin: pulses("PULSE", func(s Stage) *lab.Pulser {
				return &lab.Pulser{Rate: "power", PerSecond: func(w float64) float64 { return w / 3600 }, Total: "energy", Per: 0.001, Closed: 30 * time.Millisecond}
			})},
		{ID: "rain-gauge", Title: scenario.Text{ZH: "翻斗雨量计 0.2 毫米，线名 RAIN", EN: "tipping-bucket rain gauge of 0.2 mm, on the line RAIN"},
			Wire: GPIO, Channels: []Channel{{"rain_rate", 90, 0, 500}},
			Pin: pulses("RAIN", func(Stage) *lab.Pulser {
				return &lab.Pulser{Rate: "rain_rate", PerSecond: func(v float64) float64 { return v / 0.2 / 3600 }, Total: "rain", Per: 0.2, Closed: 60 * time.Millisecond, Bounces: true}
			})},
		{ID: "flow-meter", Title: scenario.Text{ZH: "YF-S201 霍尔流量计，线名 FLOW", EN: "YF-S201 Hall flow meter, on the line FLOW"},
			Wire: GPIO, Channels: []Channel{{"flow", 0.08, 0, 1.8}},
			Pin: pulses("FLOW", func(Stage) *lab.Pulser {
				return &lab.Pulser{Rate: "flow", PerSecond: func(v float64) float64 { return v * 1000 / 60 * 7.5 }, Total: "volume", Per: 0.001 / 450, Closed: 2 * time.Millisecond}
			})},
		{ID: "yf-s401", Title: scenario.Text{ZH: "YF-S401 霍尔流量计，线名 INLET", EN: "YF-S401 Hall flow meter, on the line INLET"},
			Wire: GPIO, Channels: []Channel{{"flow", 0.06, 0, 0.36}},
			Pin: pulses("INLET", func(Stage) *lab.Pulser {
				return &lab.Pulser{Rate: "flow", PerSecond: func(v float64) float64 { return v * 1000 / 60 * 98 }, Total: "volume", Per: 0.001 / 5880, Closed: time.Millisecond}
			})},
		{ID: "water-meter", Title: scenario.Text{ZH: "干簧管水表 10 升每脉冲，线名 WATER", EN: "water meter with a reed contact, 10 litres a pulse, on the line WATER"},
			Wire: GPIO, Channels: []Channel{{"flow", 18, 0, 60}},
			Pin: pulses("WATER", func(Stage) *lab.Pulser {
				return &lab.Pulser{Rate: "flow", PerSecond: func(v float64) float64 { return v / 3600 / 0.01 }, Total: "volume", Per: 0.01, Closed: 150 * time.Millisecond, Bounces: true}
			})},
		{ID: "anemometer", Title: scenario.Text{ZH: "三杯风速计 2.4 km/h 每转，线名 WIND", EN: "reed anemometer, 2.4 km/h at one turn a second, on the line WIND"},
			Wire: GPIO, Channels: []Channel{{"wind_speed", 4.2, 0, 90}},
			Pin: pulses("WIND", func(Stage) *lab.Pulser {
				return &lab.Pulser{Rate: "wind_speed", PerSecond: func(v float64) float64 { return v * 3.6 / 2.4 }, Total: "pulses", Per: 1, Closed: 3 * time.Millisecond, Bounces: true}
			})},
		{ID: "relay", Title: scenario.Text{ZH: "继电器板，高电平吸合，线名 RELAY", EN: "relay board, on with a high level, on the line RELAY"},
			Wire: GPIO, Channels: []Channel{{"contact", 0, 0, 1}},
			Pin: func(s Stage) lab.Pin { return lab.Pin{Name: "RELAY", Device: s.Device, Actuator: &lab.Relay{}} }},
	}
}

// ds18b20ID is the id of the slave that is played.
const ds18b20ID = "28-0316a2794eff"

// contact plays a contact on a line.
func contact(line, channel string, opens bool) func(Stage) lab.Pin {
	return func(s Stage) lab.Pin {
		return lab.Pin{Name: line, Device: s.Device, Sensor: &lab.Contact{Source: s.Source, Channel: channel, Opens: opens}}
	}
}

// pulses plays a part that pulses on a line.
func pulses(line string, part func(Stage) *lab.Pulser) func(Stage) lab.Pin {
	return func(s Stage) lab.Pin {
		p := part(s)
		p.Source = s.Source
		return lab.Pin{Name: line, Device: s.Device, Sensor: p}
	}
}

// onBench plays a part on a wire of the board's own.
func (p Part) onBench(ctx context.Context, path string, s Stage, ready func(string)) error {
	if err := p.benchName(path); err != nil {
		return err
	}
	switch p.Wire {
	case I2C:
		return bench(ctx, path, ready, func() (benchBus, error) {
			return lab.OpenI2C(path, s.Record, lab.Slot{Address: uint8(s.Address), Device: s.Device, Chip: p.Chip(s), Source: s.Source})
		}, nil)
	case GPIO:
		return bench(ctx, path, ready, func() (*lab.GPIOChip, error) { return lab.OpenGPIO(path, "lamppost-sim", s.Record, p.Pin(s)) },
			func(ctx context.Context, c *lab.GPIOChip) error { c.Run(ctx); return nil })
	}
	return bench(ctx, path, ready, func() (*lab.W1, error) { return lab.OpenW1(path, s.Record, p.Slave(s)) },
		func(ctx context.Context, w *lab.W1) error { return w.Run(ctx) })
}

// benchBus is a bus of the bench.
type benchBus interface{ Close() error }

// bench opens a bus, lets it live until ctx ends, and closes it.
func bench[B benchBus](ctx context.Context, path string, ready func(string), open func() (B, error), live func(context.Context, B) error) error {
	b, err := open()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrWire, err)
	}
	ready(path)
	if live != nil {
		err = live(ctx, b)
	}
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, b.Close())
}
