//go:build linux

// Command busbench measures how well the gateway uses a shared RS-485 line, and what
// broken slaves on it cost the others: 32 simulated slaves on a pseudo terminal that
// passes no byte sooner than the baud rate does, asked by the gateway's own lines.
//
// Ideal is what the wire allows: the bytes of request and answer, ten bits each, a gap
// of 3.5 characters, and the time that each slave itself takes to answer, which is
// different for every one of them; one read for all of a slave's registers. Used is the
// time that good answers would have taken so, as a share of the time that passed, while
// more is asked for than the line can carry. Kept is what the others still get beside
// one silent slave, or one half of whose answers are damaged or come behind garbage: of
// what they got before on the full line, and of their slots on a line that is two
// thirds full.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pty"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/poll"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	measure := flag.Duration("for", time.Minute, "how long each line is measured; the first misses of a silent slave are in it")
	flag.Parse()
	if err := run(ctx, *measure); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "busbench:", err)
		os.Exit(1)
	}
}

// run measures the two speeds beside each other, and the states of the line in turn.
func run(ctx context.Context, measure time.Duration) error {
	dir, err := os.MkdirTemp("", "busbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var tables [len(bauds)]table
	var errs [len(bauds)]error
	var wg sync.WaitGroup
	for i, baud := range bauds {
		wg.Go(func() {
			tables[i], errs[i] = fill(baud, func(s setup) (tally, error) { return onPTY(ctx, dir, s, measure) })
		})
	}
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "BAUD\tSLAVES\tIDEAL ROUND\tUSED\tFULL LINE: BESIDE SILENT\tNOISY\tBOTH\tTWO THIRDS FULL: WELL\tBESIDE SILENT\tNOISY\tBOTH")
	for i, baud := range bauds {
		t := tables[i]
		fmt.Fprintf(out, "%d\t%d\t%v\t%.1f %%", baud, slaves, round(baud).Round(time.Millisecond), 100*t.used)
		for _, kept := range append(t.full[1:], t.partly[:]...) {
			fmt.Fprintf(out, "\t%.1f %%", 100*kept)
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}

// onPTY measures one line for a while: simulated slaves on one end of a pseudo
// terminal, the gateway's lines on the other.
func onPTY(ctx context.Context, dir string, s setup, measure time.Duration) (tally, error) {
	port, err := pty.Open(filepath.Join(dir, fmt.Sprint("line-", s.baud)))
	if err != nil {
		return tally{}, err
	}
	line, err := s.line(port)
	if err != nil {
		return tally{}, errors.Join(err, port.Close())
	}
	var wg sync.WaitGroup
	wg.Go(line.Serve)
	defer wg.Wait()
	defer port.Close()
	cfg, err := s.config(port.Link())
	if err != nil {
		return tally{}, err
	}
	return s.poll(ctx, cfg, measure, func(ctx context.Context, sink func(poll.Sample)) error {
		return viaGateway(ctx, cfg, sink)
	})
}

// viaGateway polls as `lamppost run` does.
func viaGateway(ctx context.Context, cfg *config.Config, sink func(poll.Sample)) error {
	lines, err := gateway.OpenLines(cfg, nil)
	if err != nil {
		return err
	}
	defer lines.Close()
	start := time.Now()
	lines.Poll(ctx, func() int64 { return time.Since(start).Milliseconds() }, sink)
	return nil
}
