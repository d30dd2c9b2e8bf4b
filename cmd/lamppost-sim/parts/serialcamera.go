package parts

import (
	"context"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/camera"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/uart"
)

// serialCameraParts are cameras on a serial line, at the same river as the other one.
func serialCameraParts() []Part {
	sees := []Channel{{"level", 2.2, 0, 4}, {"rain_rate", 0, 0, 200}, {"illuminance", 20000, 0, 100000},
		{"pm2_5", 30, 0, 1000}, {"wind_speed", 2, 0, 40}}
	return []Part{
		{ID: "serial-camera", Title: scenario.Text{ZH: "VC0706 串口摄像机：带水尺的河道，160x120", EN: "VC0706 camera on a serial line at a river with a staff gauge, 160x120"},
			Wire: Serial, Line: Line{Baud: 38400, Format: "8N1"}, Channels: sees,
			Serial: photographs(func(look func() uart.Shot) uart.Hearer { return &uart.VC0706{Look: look} })},
		{ID: "hydrocam", Title: scenario.Text{ZH: "Geolux HydroCam 水文摄像机：带水尺的河道，160x120", EN: "Geolux HydroCam at a river with a staff gauge, 160x120"},
			Wire: Serial, Line: Line{Baud: 115200, Format: "8N1"}, Channels: sees,
			Serial: photographs(func(look func() uart.Shot) uart.Hearer {
				return &uart.HydroCam{Look: look, Exposes: 6200 * time.Millisecond}
			})},
	}
}

// photographs plays a camera on a serial port. What it sees is drawn when it takes a
// picture, with the truth line of it.
func photographs(part func(look func() uart.Shot) uart.Hearer) func(Stage) (func(context.Context, Port), error) {
	return hears(func(s Stage) uart.Hearer {
		scene, see := camera.NewScene(), eye{s.Source}
		return part(func() uart.Shot {
			b, line, err := scene.Small(see.State())
			if err != nil {
				return uart.Shot{} // it holds no picture, and says so
			}
			return uart.Shot{JPEG: b, Line: line}
		})
	})
}
