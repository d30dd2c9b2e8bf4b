package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/camera"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/uart"
)

// cameraParts are cameras at a river with a staff gauge.
func cameraParts() []Part {
	sees := []Channel{{"level", 2.2, 0, 4}, {"rain_rate", 0, 0, 200}, {"illuminance", 20000, 0, 100000},
		{"pm2_5", 30, 0, 1000}, {"wind_speed", 2, 0, 40}}
	return []Part{{
		ID: "camera", Title: scenario.Text{ZH: "网络摄像机：带水尺的河道，/still.jpg、/stream.mjpg、ONVIF、rtsp://…/live、…/h264", EN: "network camera at a river with a staff gauge: /still.jpg, /stream.mjpg, ONVIF, rtsp://…/live, …/h264"},
		Wire: HTTP, Channels: sees, States: append(scenes(), logins()...), Own: watch, Calibration: staffOf,
	}, {
		ID: "vc0706", Title: scenario.Text{ZH: "VC0706 串口 JPEG 摄像头（LS-Y201、PTC-08）：带水尺的河道", EN: "VC0706 serial JPEG camera (LS-Y201, PTC-08) at a river with a staff gauge"},
		Wire: Serial, Line: Line{Baud: 38400, Format: "8N1"}, Channels: slices.Clone(sees),
		States:      append(scenes(), uart.VC0706Faults()...),
		Serial:      wired(func(fault string, look look) uart.Hearer { return &uart.VC0706{Fault: fault, Picture: look} }),
		Calibration: staffOf,
	}, {
		ID: "hydrocam", Title: scenario.Text{ZH: "Geolux HydroCam 水文摄像头（RS-232）：带水尺的河道", EN: "Geolux HydroCam on RS-232 at a river with a staff gauge"},
		Wire: Serial, Line: Line{Baud: 115200, Format: "8N1"}, Channels: slices.Clone(sees),
		States: append(scenes(), uart.HydroCamFaults()...),
		Serial: wired(func(fault string, look look) uart.Hearer {
			return &uart.HydroCam{Fault: fault, Picture: look, Exposes: 6200 * time.Millisecond, Sets: time.Second}
		}),
		Calibration: staffOf,
	}}
}

// look takes a picture of a size, with what the truth log says of it.
type look = func(width, height int) ([]byte, truth.Line, error)

// wired plays a camera on a serial line, which takes its pictures where the other one does.
func wired(part func(fault string, look look) uart.Hearer) func(Stage) (func(context.Context, Port), error) {
	return func(s Stage) (func(context.Context, Port), error) {
		scene, err := sceneOf(s)
		if err != nil {
			return nil, err
		}
		fault := s.State
		if strings.HasPrefix(fault, sceneState) {
			fault = ""
		}
		eye := eye{s.Source}
		return hears(func(Stage) uart.Hearer {
			return part(fault, func(width, height int) ([]byte, truth.Line, error) {
				b, is, err := scene.Paint(eye.State())
				if err != nil {
					return nil, is, err
				}
				b, err = camera.Shrink(b, width, height)
				return b, is, err
			})
		})(s)
	}
}

// sceneOf is what the camera looks at.
func sceneOf(s Stage) (camera.Painter, error) {
	kind, ok := strings.CutPrefix(s.State, sceneState)
	if !ok {
		return camera.NewScene(), nil
	}
	return camera.NewShow(kind, s.Seed)
}

// staffOf says where the staff stands in what the camera looks at, as the gateway's option
// staff has it; "" where there is none.
func staffOf(s Stage) string {
	marks, width, reach := [2]scenery.Mark{}, 0.0, ""
	if kind, ok := strings.CutPrefix(s.State, sceneState); !ok {
		marks, width = camera.Staff()
	} else {
		film, err := scenery.New(kind, s.Seed, camera.Width, camera.Height)
		if err != nil {
			return ""
		}
		if marks, width, ok = film.Staff(); !ok {
			return ""
		}
		reach = ", lowest: 0.1, highest: 1.95"
	}
	a, b := marks[0], marks[1]
	return fmt.Sprintf("staff: {marks: [[%.4f, %.4f, %.2f], [%.4f, %.4f, %.2f]], width: %.4f%s}", a.X, a.Y, a.Level, b.X, b.Y, b.Level, width, reach)
}

// sceneState stands before the name of a film that the camera plays instead of the river.
const sceneState = "scene:"

func scenes() (states []string) {
	for _, kind := range scenery.Kinds() {
		states = append(states, sceneState+kind)
	}
	return states
}

// loginState stands before the kind of login that the camera wants.
const loginState = "login:"

func logins() (states []string) {
	for _, kind := range camera.Logins() {
		states = append(states, loginState+kind)
	}
	return states
}

// guarded is the camera over HTTP behind the login that its state names, or without one. Over
// RTSP it wants the same.
func guarded(state string, cam *camera.Camera) (http.Handler, error) {
	kind, ok := strings.CutPrefix(state, loginState)
	if !ok {
		return cam, nil
	}
	l, err := camera.NewLogin(kind)
	if err != nil {
		return nil, err
	}
	cam.Login = l
	return l.Wrap(cam), nil
}

// eye is what the camera sees.
type eye struct{ Source }

// standing is a source that knows since when it is frozen.
type standing interface{ Moment() time.Time }

// now is the time on the picture, which stands still in a camera that has frozen.
func (e eye) now() time.Time {
	if s, ok := e.Source.(standing); ok {
		return s.Moment()
	}
	return time.Now()
}

func (e eye) State() camera.State {
	return camera.State{Level: e.Value("level"), Rain: e.Value("rain_rate"), Light: e.Value("illuminance"),
		Haze: e.Value("pm2_5"), Wind: e.Value("wind_speed"), At: e.now()}
}

func watch(s Stage) (func(context.Context, string, func(string)) error, error) {
	scene, err := sceneOf(s)
	if err != nil {
		return nil, err
	}
	cam := &camera.Camera{Device: s.Device, Scene: scene, Source: eye{s.Source}, Record: s.Record}
	handler, err := guarded(s.State, cam)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, place string, ready func(string)) error {
		ln, err := listen(ctx, place)
		if err != nil {
			return err
		}
		host := ln.Addr().String()
		var own net.ListenConfig
		if search, err := own.ListenPacket(ctx, "udp", host); err == nil { // whoever has that port: it is found by its address then
			defer search.Close()
			go cam.ServeSearch(search, host)
		}
		ln = cam.Listen(ln)
		defer ln.Close()
		web := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
		defer context.AfterFunc(ctx, func() { web.Close() })()
		ready("http://" + ln.Addr().String() + camera.Path)
		if err := web.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}, nil
}
