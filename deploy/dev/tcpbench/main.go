//go:build linux

// Command tcpbench measures what a gateway costs at Modbus TCP, beside a
// yardstick, in one run on one machine: so many devices of 100 registers each,
// every one asked once a second with one request, to a real broker (Mosquitto).
//
// The gateway is the program itself, `lamppost run`, with a profile of 100
// channels, one rule for each device and a window for every tenth, journal and
// quality as always; an aggregator's stand-in acknowledges what it gets, so that
// the uplink works as it does beside a cloud. It counts what arrives: a gateway
// that falls behind does not look cheap.
//
// The yardstick is what a second person could write who wants nothing but speed:
// one thread, epoll, no allocation after the start, the registers copied as they
// came into a PUBLISH packet prepared beforehand, one publish for each answer, all
// that one wake-up brought in one write. No journal, quality, rules, units or time.
// With -carry values it also says what the registers mean, as the gateway does; without,
// which is the stricter measure, whoever subscribes has to know.
//
// Both take turns, several rounds; what counts is the CPU time of their processes
// (user and system, as the kernel's own clock for the process says), medians.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "tcpbench:", err)
		os.Exit(1)
	}
}

// run is the rig, or one of the parts that it starts as processes of their own.
func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "slaves":
			return serveSlaves(ctx, args[1:])
		case "yardstick":
			return pollBare(ctx, args[1:])
		case "cloud":
			return acknowledge(ctx, args[1:])
		case "gateway":
			return own(args[1:])
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	return bench(ctx, o)
}

// options say what is measured.
type options struct {
	devices []int
	rounds  int
	measure time.Duration
	warm    time.Duration
	program string
	dir     string
	qos     int
	carry   string
	env     []string
	verbose bool
	every   time.Duration
}

func parse(args []string) (options, error) {
	var o options
	fs := flag.NewFlagSet("tcpbench", flag.ContinueOnError)
	devices := fs.String("devices", "100,500", "how many devices of 100 registers each, one figure for each table row")
	fs.IntVar(&o.rounds, "rounds", 3, "times that yardstick and gateway take turns")
	fs.DurationVar(&o.measure, "for", 30*time.Second, "how long each is measured")
	fs.DurationVar(&o.warm, "warm", 10*time.Second, "how long each runs before")
	fs.StringVar(&o.program, "program", "", "the gateway; empty: this program's own build of it")
	fs.StringVar(&o.dir, "dir", os.TempDir(), "where to work; the journal lies there, so it should be a disk")
	fs.IntVar(&o.qos, "qos", 1, "of the yardstick's publishes: 1 as the gateway's, or 0")
	fs.StringVar(&o.carry, "carry", "registers", "what the yardstick's publishes carry: registers, as they came, or values, scaled, as text")
	fs.DurationVar(&o.every, "every", time.Second, "how often each device is asked")
	env := fs.String("env", "", "NAME=value for the gateway's process, more of them separated by commas")
	fs.BoolVar(&o.verbose, "v", false, "show what the gateway says")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	for _, text := range strings.Split(*devices, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxDevices {
			return o, fmt.Errorf("-devices: %q; write 1 to %d", text, maxDevices)
		}
		o.devices = append(o.devices, n)
	}
	if *env != "" {
		o.env = strings.Split(*env, ",")
	}
	if o.carry != "registers" && o.carry != "values" {
		return o, fmt.Errorf("-carry: %q; write registers or values", o.carry)
	}
	if o.qos != 0 && o.qos != 1 {
		return o, fmt.Errorf("-qos: %d; write 0 or 1", o.qos)
	}
	return o, nil
}

// carried is the number that tells the yardstick what to carry.
func (o options) carried() int {
	if o.carry == "values" {
		return 1
	}
	return 0
}

const (
	maxDevices = 1000
	registers  = 100 // of a device, read in one request
)
