package parts

import (
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/uart"
)

// airParts are the air sensors on serial lines of their own that are asked, or take
// commands.
func airParts() []Part {
	l := Line{Baud: 9600, Format: "8N1"}
	ready := []string{"warm-up"}
	all := []Part{
		{ID: "sds011", Title: scenario.Text{ZH: "诺方 SDS011 颗粒物传感器", EN: "Nova SDS011 dust sensor"},
			Wire: Serial, Line: l, States: ready, Channels: []Channel{{"pm2_5", 26.4, 0, 999}, {"pm10", 41.2, 0, 999}},
			Serial: hears(func(s Stage) uart.Hearer { return &uart.SDS011{ID: 0xA160, Warming: s.State == "warm-up"} })},
		{ID: "mhz19", Title: scenario.Text{ZH: "炜盛 MH-Z19B 二氧化碳传感器，上电后预热 3 分钟", EN: "Winsen MH-Z19B carbon dioxide sensor, warm after three minutes"},
			Wire: Serial, Line: l, States: ready, Channels: []Channel{{"co2", 544, 400, 5000}},
			Serial: hears(func(s Stage) uart.Hearer { return &uart.MHZ19{Warming: s.State == "warm-up"} })},
		{ID: "mhz19c", Title: scenario.Text{ZH: "炜盛 MH-Z19C 二氧化碳传感器，上电后预热 1 分钟", EN: "Winsen MH-Z19C carbon dioxide sensor, warm after a minute"},
			Wire: Serial, Line: l, States: ready, Channels: []Channel{{"co2", 544, 400, 5000}},
			Serial: hears(func(s Stage) uart.Hearer {
				return &uart.MHZ19{WarmUp: time.Minute, Warming: s.State == "warm-up"}
			})},
		{ID: "sps30", Title: scenario.Text{ZH: "盛思锐 SPS30 颗粒物传感器", EN: "Sensirion SPS30 dust sensor"},
			Wire: Serial, Line: Line{Baud: 115200, Format: "8N1"}, States: []string{"warm-up", "device"}, Channels: sps30Channels(),
			Serial: hears(func(s Stage) uart.Hearer {
				p := &uart.SPS30{Serial: "SIMULATED0000001", Warming: s.State == "warm-up", Faulty: s.State == "device"}
				for _, c := range sps30Channels() {
					p.Channels = append(p.Channels, c.Name)
				}
				return p
			})},
	}
	return append(append(all, zeParts(l)...), zphsParts(l)...)
}

// sps30Channels are the values of an SPS30, in the order of its answer.
func sps30Channels() []Channel {
	return []Channel{
		{"pm1", 5.2, 0, 1000}, {"pm2_5", 9.5, 0, 1000}, {"pm4", 12.6, 0, 1000}, {"pm10", 13.3, 0, 1000},
		{"number_0_5", 26.3, 0, 3000}, {"number_1", 37, 0, 3000}, {"number_2_5", 41.5, 0, 3000}, {"number_4", 42.4, 0, 3000},
		{"number_10", 42.5, 0, 3000}, {"particle_size", 0.83, 0.3, 10},
	}
}

// zeParts are electrochemical modules of Winsen. What their manuals say of warming up
// cannot be seen in their frames.
func zeParts(l Line) []Part {
	ze := func(id, what, gas string, c Channel, part uart.ZE) Part {
		part.Channel = c.Name
		return Part{ID: id, Title: scenario.Text{ZH: "炜盛 " + what + " 气体模组", EN: "Winsen " + what + " module for " + gas},
			Wire: Serial, Line: l, Channels: []Channel{c},
			Serial: hears(func(Stage) uart.Hearer { p := part; return &p })}
	}
	// The ZE07-CH2O says, asked, micrograms per cubic metre beside its ppb: 42 are 32.
	const ppbToMicrograms = 42.0 / 32
	return []Part{
		ze("winsen", "ZE07-CO", "carbon monoxide", Channel{"co_ppm", 3.7, 0, 500}, uart.ZE{Gas: 0x04, Unit: 3, Decimals: 1, Range: 5000, Steps: 10}),
		ze("winsen-ze07-ch2o", "ZE07-CH2O", "formaldehyde", Channel{"hcho_ppb", 32, 0, 5000},
			uart.ZE{Gas: 0x17, Unit: 4, Range: 5000, Steps: 1, Mass: ppbToMicrograms}),
		ze("winsen-ze12a-o3", "ZE12A", "ozone", Channel{"o3_ppb", 120, 0, 10000}, uart.ZE{Gas: 0x2A, Unit: 4, Range: 10000, Steps: 1}),
		ze("winsen-ze12a-so2", "ZE12A", "sulphur dioxide", Channel{"so2_ppb", 25, 0, 20000}, uart.ZE{Gas: 0x2B, Unit: 4, Range: 20000, Steps: 1}),
		ze("winsen-ze12a-no2", "ZE12A", "nitrogen dioxide", Channel{"no2_ppb", 40, 0, 10000}, uart.ZE{Gas: 0x2C, Unit: 4, Range: 10000, Steps: 1}),
		ze("winsen-ze03-co", "ZE03", "carbon monoxide", Channel{"co_ppm", 4, 0, 1000}, uart.ZE{Gas: 0x04, Unit: 3, Range: 1000, Steps: 1, Old: true}),
	}
}

// zphsParts are Winsen's boards of many sensors.
func zphsParts(l Line) []Part {
	b := []Channel{
		{"pm1", 12, 0, 1000}, {"pm2_5", 18, 0, 1000}, {"pm10", 25, 0, 1000}, {"co2", 612, 400, 5000}, {"voc_grade", 1, 0, 3},
		{"temp", 23.5, -20, 65}, {"rh", 48, 0, 100}, {"hcho", 15, 0, 2000}, {"co_ppm", 0.7, 0, 500}, {"o3_ppb", 30, 0, 10000}, {"no2_ppb", 20, 0, 10000},
	}
	c := []Channel{{"co2", 410, 400, 5000}, {"hcho", 103, 0, 2000}, {"rh", 49, 0, 100}, {"temp", 27.2, -20, 65}, {"pm2_5", 54, 0, 1000}}
	return []Part{
		{ID: "zphs01", Title: scenario.Text{ZH: "炜盛 ZPHS01B 多合一空气模组，上电后预热 3 分钟", EN: "Winsen ZPHS01B board of air sensors, warm after three minutes"},
			Wire: Serial, Line: l, Channels: b,
			Serial: hears(func(Stage) uart.Hearer {
				return &uart.ZPHS01B{
					Before: []uart.Count{{Channel: "pm1", Steps: 1}, {Channel: "pm2_5", Steps: 1}, {Channel: "pm10", Steps: 1}, {Channel: "co2", Steps: 1}},
					Grade:  "voc_grade",
					After: []uart.Count{{Channel: "temp", Steps: 10, Zero: 500}, {Channel: "rh", Steps: 1}, {Channel: "hcho", Steps: 1},
						{Channel: "co_ppm", Steps: 10}, {Channel: "o3_ppb", Steps: 0.1}, {Channel: "no2_ppb", Steps: 0.1}},
				}
			})},
		{ID: "zphs01c", Title: scenario.Text{ZH: "炜盛 ZPHS01C 多合一空气模组", EN: "Winsen ZPHS01C board of air sensors"},
			Wire: Serial, Line: l, Channels: c,
			Serial: hears(func(Stage) uart.Hearer {
				return &uart.ZPHS01C{Words: []uart.Count{{Channel: "co2", Steps: 1}, {Channel: "hcho", Steps: 1}, {Channel: "rh", Steps: 10},
					{Channel: "temp", Steps: 10, Zero: 500}, {Channel: "pm2_5", Steps: 1}}}
			})},
	}
}
