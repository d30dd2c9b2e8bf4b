package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pty"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/sdi12line"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/street"
)

// sdi12Flags are what sdi12 is told on the command line.
type sdi12Flags struct {
	link     string
	takes    time.Duration
	id       string
	echo     bool
	duration time.Duration
}

func sdi12Command() *cobra.Command {
	var f sdi12Flags
	cmd := &cobra.Command{
		Use:   "sdi12 --link PORT ADDRESS=VALUES...",
		Short: "play SDI-12 sensors on a serial port of their own",
		Long: `sdi12 makes a serial port at PORT, an SDI-12 line with one sensor for each
argument: 0=+25.4+18.3 has the address 0 and measures these two values.

The port is a pseudo terminal, which carries no break: the sensors hear every
command, awake or not. Answers are paced at 1200 bit/s.

It plays until Ctrl-C, SIGTERM or --duration.`,
		RunE: func(c *cobra.Command, args []string) error { return playSDI12(c.Context(), c.OutOrStdout(), f, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.link, "link", "", "the serial port to make (required)")
	fl.DurationVar(&f.takes, "takes", time.Second, "a measurement, whole seconds")
	fl.StringVar(&f.id, "id", "13LAMPPOSTSIM12 001", "what the sensors say of themselves")
	fl.BoolVar(&f.echo, "echo", false, "give commands back, as a single-wire adapter does")
	fl.DurationVar(&f.duration, "duration", 0, "stop after this time (0: never)")
	return cmd
}

func playSDI12(ctx context.Context, out io.Writer, f sdi12Flags, args []string) error {
	switch {
	case f.link == "":
		return fmt.Errorf("%w: --link is missing: write the name of the serial port to make", errUsage)
	case len(args) == 0:
		return fmt.Errorf("%w: no sensor to play: write 0=+25.4+18.3", errUsage)
	case f.takes < 0 || f.takes%time.Second != 0 || f.takes > 999*time.Second || f.duration < 0:
		return fmt.Errorf("%w: --takes is 0s to 999s in whole seconds, --duration not negative", errUsage)
	}
	line := sdi12line.Line{Echo: f.echo}
	for _, a := range args {
		s, err := sensorOf(a)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		s.ID, s.Takes = f.id, f.takes
		line.Sensors = append(line.Sensors, s)
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
	line.Port = port
	done := make(chan struct{})
	go func() {
		defer close(done)
		line.Serve()
	}()
	fmt.Fprintf(out, "playing %s on %s\n", strings.Join(args, ", "), f.link)
	<-ctx.Done()
	err = port.Close()
	<-done
	return err
}

// sensorOf reads 0=+25.4+18.3.
func sensorOf(arg string) (*sdi12line.Sensor, error) {
	address, values, ok := strings.Cut(arg, "=")
	if !ok || len(address) != 1 || values == "" || !strings.Contains("+-", values[:1]) {
		return nil, fmt.Errorf("%q is no sensor; write its address and its values with their signs, 0=+25.4+18.3", arg)
	}
	s := &sdi12line.Sensor{Address: address[0]}
	for values != "" {
		n := 1 + strings.IndexAny(values[1:]+"+", "+-")
		s.Values, values = append(s.Values, values[:n]), values[n:]
	}
	return s, nil
}
