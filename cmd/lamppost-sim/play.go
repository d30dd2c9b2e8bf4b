package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pty"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/street"
	"github.com/lamppost-city/lamppost/drivers/codec/golden"
)

// playFlags are what play is told on the command line.
type playFlags struct {
	link     string
	every    time.Duration
	baud     int
	address  uint8
	duration time.Duration
}

func playCommand() *cobra.Command {
	var f playFlags
	cmd := &cobra.Command{
		Use:   "play --link PORT FILE...",
		Short: "play one part on a serial port of its own, from its golden frames or its profile",
		Long: `play makes a serial port at PORT on which a part says what stands in files:

  *.frame  a driver's golden frames. Those with "asks" answer that request; the
           others are sent one after another, again and again.
  *.yaml   a Modbus profile: a slave whose registers hold what its first fixtures
           say.

It plays until Ctrl-C, SIGTERM or --duration.`,
		RunE: func(c *cobra.Command, files []string) error { return play(c.Context(), c.OutOrStdout(), f, files) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.link, "link", "", "the serial port to make (required)")
	fl.DurationVar(&f.every, "every", time.Second, "between two frames that nobody asks for")
	fl.IntVar(&f.baud, "baud", 9600, "the line's speed")
	fl.Uint8Var(&f.address, "address", 0, "a slave's address (default: that of its fixtures)")
	fl.DurationVar(&f.duration, "duration", 0, "stop after this time (0: never)")
	return cmd
}

func play(ctx context.Context, out io.Writer, f playFlags, files []string) error {
	switch {
	case f.link == "":
		return fmt.Errorf("%w: --link is missing: write the name of the serial port to make", errUsage)
	case len(files) == 0:
		return fmt.Errorf("%w: no file to play: write *.frame or a profile", errUsage)
	case f.every <= 0 || f.baud < 50 || f.duration < 0:
		return fmt.Errorf("%w: --every is more than 0, --baud at least 50, --duration not negative", errUsage)
	}
	serve, err := player(f, files)
	if err != nil {
		return fmt.Errorf("%w: %w", street.ErrScenario, err)
	}
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	port, err := pty.Open(f.link)
	if err != nil {
		return fmt.Errorf("%w: %w", street.ErrStorage, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(ctx, port)
	}()
	fmt.Fprintf(out, "playing %s on %s\n", strings.Join(files, ", "), f.link)
	<-ctx.Done()
	err = port.Close()
	<-done
	return err
}

// player reads the files and returns what serves a port with them until ctx ends and
// the port is closed.
func player(f playFlags, files []string) (func(context.Context, *pty.Port), error) {
	if filepath.Ext(files[0]) == ".yaml" {
		if len(files) > 1 {
			return nil, fmt.Errorf("one profile at a time")
		}
		unit, err := slave(files[0], f.address)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", files[0], err)
		}
		return func(_ context.Context, p *pty.Port) {
			(&modbusslave.Line{Port: p, Baud: f.baud, Units: []*modbusslave.Unit{unit}, Record: playback.Nobody{}}).Serve()
		}, nil
	}
	var frames []playback.Frame
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		g, err := golden.Parse(string(src))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		frames = append(frames, playback.Frame{Asks: g.Asks, Bytes: g.Frame})
	}
	return func(ctx context.Context, p *pty.Port) { playback.Talk(ctx, p, f.baud, f.every, frames) }, nil
}

// slave makes a Modbus slave of a profile's fixtures. Where two of them tell of one
// register the first one counts.
func slave(name string, address uint8) (*modbusslave.Unit, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var profile struct {
		Fixtures []struct{ Request, Response string }
	}
	if err := yaml.Unmarshal(src, &profile); err != nil {
		return nil, err
	}
	held := playback.Registers{}
	for i, x := range profile.Fixtures {
		request, response := unhex(x.Request), unhex(x.Response)
		if len(request) != 8 || len(response) < 5 || int(response[2]) != len(response)-5 || request[1] != response[1] {
			continue // a refusal, or a function that this slave does not have
		}
		if i == 0 && address == 0 {
			address = request[0]
		}
		function, start := request[1], binary.BigEndian.Uint16(request[2:])
		if held[function] == nil {
			held[function] = map[uint16]uint16{}
		}
		for data := response[3 : len(response)-2]; len(data) >= 2; data = data[2:] {
			if _, known := held[function][start]; !known {
				held[function][start] = binary.BigEndian.Uint16(data)
			}
			start++
		}
	}
	if len(held) == 0 {
		return nil, fmt.Errorf("it has no fixture that reads registers")
	}
	return playback.Unit(address, held)
}

// unhex reads bytes in hexadecimal; nil: they are none.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return nil
	}
	return b
}
