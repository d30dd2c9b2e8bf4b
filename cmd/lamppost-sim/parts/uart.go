package parts

import (
	"context"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/uart"
)

// uartParts are the parts on a serial line of their own.
func uartParts() []Part {
	return []Part{
		{ID: "pms5003", Title: scenario.Text{ZH: "攀藤 PMS5003 颗粒物传感器", EN: "Plantower PMS5003 dust sensor"},
			Wire: Serial, Line: Line{Baud: 9600, Format: "8N1"},
			Channels: []Channel{
				{"pm1", 18, 0, 1000}, {"pm2_5", 26, 0, 1000}, {"pm10", 41, 0, 1000},
				{"particles_0_3", 4200, 0, 65535}, {"particles_0_5", 1210, 0, 65535}, {"particles_1", 270, 0, 65535},
				{"particles_2_5", 21, 0, 65535}, {"particles_5", 6, 0, 65535}, {"particles_10", 2, 0, 65535},
			},
			States: []string{"warm-up", "device"},
			Serial: hears(func(s Stage) uart.Hearer {
				return &uart.PMS5003{Warming: s.State == "warm-up", Broken: s.State == "device"}
			})},
		{ID: "a02yyuw", Title: scenario.Text{ZH: "A02YYUW 超声波测距传感器，安装于零点以上 3.2 米", EN: "A02YYUW ultrasonic range finder, 3.2 m above the level's zero"},
			Wire: Serial, Line: Line{Baud: 9600, Format: "8N1"},
			Channels: []Channel{{"level", 0.85, -1.3, 3.17}}, Missing: []string{"level"},
			Serial: talks(func(Stage) uart.Part { return uart.A02YYUW{Height: a02yyuwHeight} })},
	}
}

// a02yyuwHeight is how high the range finder hangs above the zero of the level,
// metres.
const a02yyuwHeight = 3.2

// talks plays a part that speaks unasked.
func talks(part func(Stage) uart.Part) func(Stage) (func(context.Context, Port), error) {
	return func(s Stage) (func(context.Context, Port), error) {
		return func(ctx context.Context, port Port) {
			(&uart.Talker{Port: port, Baud: s.Baud, Device: s.Device, Part: part(s), Source: s.Source, Record: s.Record}).Run(ctx)
		}, nil
	}
}
