//go:build linux

// Command camerabench measures what a broken camera costs the other sensors of its gateway:
// how late thirty Modbus TCP meters are asked, each once a second by the program itself, beside
// no camera, beside one that is well, and beside each fault, with the camera in the gateway and
// in a process of its own (apart).
//
// Late is when a request reaches its meter, against the meter's own grid: the earliest of its
// requests, moved on by whole seconds. It is what this machine's scheduler, this rig and the
// gateway cost together; a timer in the rig that does nothing else stands beside it, of the same
// seconds. All meters are due at once, so a second in which the machine stood still is thirty
// late requests.
// In each run the camera is well, then broken, then well again. Back is how long after that the
// gateway's page shows its first new picture; a camera is asked each second.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var p plan
	flag.StringVar(&p.gateway, "gateway", "bin/lamppost", "the program that is measured")
	flag.DurationVar(&p.well, "well", 5*time.Second, "how long the camera is well before and after")
	flag.DurationVar(&p.broken, "broken", 15*time.Second, "how long a fault lasts")
	flag.DurationVar(&p.gone, "gone", time.Minute, "how long the RTSP server is gone")
	flag.StringVar(&p.only, "only", "", "measure only the cameras in whose name this is")
	flag.Parse()
	if err := run(ctx, p); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "camerabench:", err)
		os.Exit(1)
	}
}

// plan is how one is to measure.
type plan struct {
	gateway, only      string
	well, broken, gone time.Duration
}

// run measures each fault in turn, each with the camera in the gateway and apart.
func run(ctx context.Context, p plan) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "camera\tapart\trequests\tskipped\tp50\tp99\tmax\tback after\ttimer p50\tp99\tmax")
	pictures, err := paint()
	if err != nil {
		return err
	}
	for _, f := range faults() {
		if _, err := exec.LookPath("ffmpeg"); f.film && err != nil {
			fmt.Fprintf(out, "%s\tno ffmpeg here\n", f.name)
			continue
		}
		if !strings.Contains(f.name, p.only) {
			continue
		}
		for _, apart := range []bool{false, true} {
			if f.path == "" && apart {
				continue
			}
			t, err := measure(ctx, p, f, apart, pictures)
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			back := "-"
			if t.back > 0 {
				back = fmt.Sprintf("%.1f s", t.back.Seconds())
			}
			row := fmt.Sprintf("%s\t%v\t%s\t%s\t%s", f.name, apart, t.late, back, t.bare.shares())
			fmt.Fprintln(out, row)
			fmt.Fprintln(os.Stderr, "…", strings.ReplaceAll(row, "\t", "  ")) // it takes minutes
		}
	}
	return out.Flush()
}
