package parts

import (
	"context"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/uart"
)

// waterParts are the range finders, the probes and the mast on serial lines of their
// own.
func waterParts() []Part {
	serial9600 := Line{Baud: 9600, Format: "8N1"}
	echo := []string{"distance"}
	range6m := []Channel{{"distance", 1.953, 0.26, 6}}
	return append(ezoParts(serial9600), []Part{
		{ID: "jsnsr04t", Title: scenario.Text{ZH: "JSN-SR04T 超声波测距传感器，模式 2（自动上报）", EN: "JSN-SR04T ultrasonic range finder in mode 2: it talks by itself"},
			Wire: Serial, Line: serial9600, Channels: range6m, Missing: echo, Serial: hears(func(Stage) uart.Hearer { return uart.JSNSR04T{} })},
		{ID: "jsnsr04t-mode3", Title: scenario.Text{ZH: "JSN-SR04T 超声波测距传感器，模式 3（问答）", EN: "JSN-SR04T ultrasonic range finder in mode 3: it is asked"},
			Wire: Serial, Line: serial9600, Channels: range6m, Missing: echo, Serial: hears(func(Stage) uart.Hearer { return uart.JSNSR04T{Asked: true} })},
		{ID: "aj-sr04m", Title: scenario.Text{ZH: "AJ-SR04M 超声波测距传感器，自动上报", EN: "AJ-SR04M ultrasonic range finder, the clone with a sum of its own"},
			Wire: Serial, Line: serial9600, Channels: range6m, Missing: echo, Serial: hears(func(Stage) uart.Hearer { return uart.JSNSR04T{Clone: true} })},
		{ID: "maxbotix", Title: scenario.Text{ZH: "MaxBotix HRXL-MaxSonar-WR 超声波测距传感器", EN: "MaxBotix HRXL-MaxSonar-WR range finder"},
			Wire: Serial, Line: serial9600, Channels: []Channel{{"distance", 1.342, 0.31, 4.99}}, Missing: echo, States: []string{"device"},
			Serial: hears(func(s Stage) uart.Hearer { return uart.MaxBotix{Unwired: s.State == "device"} })},
		{ID: "nmea0183", Title: scenario.Text{ZH: "NMEA 0183 定位与气象杆", EN: "NMEA 0183 mast with position, wind and weather"},
			Wire: Serial, Line: Line{Baud: 4800, Format: "8N1"}, States: []string{"warm-up"},
			Missing: []string{"altitude", "hdop", "ground_speed", "course", "wind_speed", "wind_dir", "temp", "rh", "pressure", "rain", "rain_rate"},
			Channels: []Channel{
				{"latitude", 30.319, -90, 90}, {"longitude", 120.142, -180, 180}, {"altitude", 12.3, -500, 9000}, {"satellites", 9, 0, 99}, {"hdop", 0.9, 0, 99},
				{"ground_speed", 0, 0, 100}, {"course", 0, 0, 360}, {"wind_speed", 3.2, 0, 60}, {"wind_dir", 214, 0, 359},
				{"temp", 18.4, -50, 60}, {"rh", 61, 0, 100}, {"pressure", 1013.2, 500, 1100}, {"rain", 12.25, 0, 10000}, {"rain_rate", 0, 0, 300},
			},
			Serial: hears(func(s Stage) uart.Hearer { return uart.NMEA{Vaisala: true, NoFix: s.State == "warm-up"} })},
	}...)
}

// ezoParts are the circuits of Atlas Scientific, one for each probe.
func ezoParts(l Line) []Part {
	ezo := func(id, kind, zh string, channels ...Channel) Part {
		return Part{
			ID: id, Title: scenario.Text{ZH: "Atlas EZO " + zh, EN: "Atlas Scientific EZO-" + kind}, Wire: Serial, Line: l, Channels: channels, States: []string{"device"},
			Serial: hears(func(s Stage) uart.Hearer { return &uart.EZO{Type: kind, Starved: s.State == "device"} }),
		}
	}
	return []Part{
		ezo("ezo", "pH", "酸碱度", Channel{"ph", 7.82, 0.001, 14}),
		ezo("ezo-do", "DO", "溶解氧", Channel{"do", 8.31, 0.01, 100}, Channel{"do_saturation", 96.4, 0.1, 400}),
		ezo("ezo-ec", "EC", "电导率", Channel{"conductivity", 1413, 1, 500000}, Channel{"tds", 763, 0, 250000}, Channel{"salinity", 0.7, 0, 42}),
		ezo("ezo-orp", "ORP", "氧化还原电位", Channel{"orp", 209.6, -1019, 1019}),
		ezo("ezo-rtd", "RTD", "水温", Channel{"water_temp", 18.25, -126, 1254}),
	}
}

// hears plays a part that answers, and may talk as well.
func hears(part func(Stage) uart.Hearer) func(Stage) (func(context.Context, Port), error) {
	return func(s Stage) (func(context.Context, Port), error) {
		return func(ctx context.Context, port Port) {
			(&uart.Answerer{Port: port, Baud: s.Baud, Device: s.Device, Part: part(s), Source: s.Source, Record: s.Record}).Run(ctx)
		}, nil
	}
}
