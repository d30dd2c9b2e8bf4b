package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/full"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenarios"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/street"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func root(version string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lamppost-sim",
		Short: "a simulated street: sensors, events, and the truth about them",
		Long: `lamppost-sim plays a scenario in a simulated street: an RS-485 line with three
Modbus slaves, a Modbus TCP meter, a dust sensor and a range finder on serial
lines of their own, and a camera at a river.

Exit codes: 0 done, or stopped by a signal; 1 a wire failed; 2 wrong usage;
3 the scenario is invalid; 6 the directory is in use by another simulator;
7 permission missing; 8 storage problem.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w (see %s --help)", errUsage, err, c.CommandPath())
	})
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.AddCommand(runCommand(), partCommand(), playCommand(), sdi12Command(), listCommand(), versionCommand(version))
	cmd.Args = noArgs
	cmd.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	chinese.Speak(cmd)
	return cmd
}

func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%w: %q is not understood (see %s --help)", errUsage, args[0], c.CommandPath())
	}
	return nil
}

func versionCommand(version string) *cobra.Command {
	return &cobra.Command{Use: "version", Short: "print the version", Args: noArgs, RunE: func(c *cobra.Command, _ []string) error {
		_, err := fmt.Fprintln(c.OutOrStdout(), "lamppost-sim", version)
		return err
	}}
}

// runFlags are what run is told on the command line.
type runFlags struct {
	options  street.Options
	scenario string
	street   string
	duration time.Duration
}

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run --scenario NAME --dir DIR",
		Short: "play a scenario until stopped",
		Long: `run plays a scenario until Ctrl-C, SIGTERM or --duration. Into DIR it writes
gateway.yaml, a configuration that lamppost can run with; truth.jsonl, one line
for every value that went over a wire; and dev/, links to the serial ports. When
every device answers it prints the line "ready".

A scenario is one of lamppost-sim list, or the path of a .yaml file. With --street
full there is no scenario: one part for every driver of the gateway is alive, not one of
every part that the list names. Those that are left are played alone: lamppost-sim part.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return run(c.Context(), c.OutOrStdout(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.scenario, "scenario", "calm", "what happens: a name or a .yaml file")
	fl.StringVar(&f.street, "street", "small", "small: the one that scenarios happen in; full: one of everything, without a scenario")
	fl.StringVar(&f.options.Dir, "dir", "", "directory for gateway.yaml, truth.jsonl and dev/ (required)")
	fl.Uint64Var(&f.options.Seed, "seed", 1, "of everything random: one seed, one story")
	fl.Float64Var(&f.options.Speed, "speed", 1, "of the scenario, for tests: a sped-up river falsifies every rate")
	fl.BoolVar(&f.options.Loop, "loop", true, "play the cycle again and again; false: once, then hold the last values")
	fl.DurationVar(&f.duration, "duration", 0, "stop after this time (0: never)")
	fl.StringVar(&f.options.Broker, "broker", "mqtt://127.0.0.1:1883", "for gateway.yaml: the broker's URL")
	fl.StringVar(&f.options.Gateway, "gateway", "street-01", "for gateway.yaml: the gateway's id")
	fl.StringVar(&f.options.Key, "command-key", "", "for gateway.yaml: the key whose commands it carries out (lamppost-cloud key; default none)")
	fl.StringVar(&f.options.Journal, "journal", "", "for gateway.yaml: the journal's directory (default DIR/journal)")
	fl.DurationVar(&f.options.Commit, "commit", time.Second, "for gateway.yaml: the journal's commit interval")
	fl.StringVar(&f.options.Status, "status", "127.0.0.1:0", "for gateway.yaml: the status page's address")
	return cmd
}

func (f runFlags) check() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
	}
	if f.options.Dir == "" {
		return wrong("--dir is missing: write a directory for gateway.yaml and truth.jsonl")
	}
	if !(f.options.Speed >= 0.01 && f.options.Speed <= 1000) { // NaN is neither
		return wrong("--speed %v: write 0.01 to 1000", f.options.Speed)
	}
	if f.street != "small" && f.street != "full" {
		return wrong("--street %q: write small or full", f.street)
	}
	if f.duration < 0 || f.options.Commit <= 0 {
		return wrong("--duration and --commit are not negative, and --commit is not 0")
	}
	if err := obs.CheckID(f.options.Gateway); err != nil {
		return wrong("--gateway: %w", err)
	}
	if u, err := url.Parse(f.options.Broker); err != nil || u.Host == "" {
		return wrong("--broker %q is not a URL; write mqtt://127.0.0.1:1883", f.options.Broker)
	}
	return nil
}

func run(ctx context.Context, out io.Writer, f runFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	s, err := scenario.Load(f.scenario, scenarios.Read)
	if err != nil {
		return fmt.Errorf("%w: %w", street.ErrScenario, err)
	}
	f.options.Scenario = s
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	st, err := f.open()
	if err != nil {
		return err
	}
	err = st.Run(ctx, func() { announce(out, f, st) })
	return errors.Join(err, st.Close())
}

// stage is a street of either sort.
type stage interface {
	Run(ctx context.Context, ready func()) error
	Close() error
	ConfigPath() string
	TruthPath() string
	Places() []street.Place
}

func (f runFlags) open() (stage, error) {
	if f.street == "full" {
		return full.Open(f.options)
	}
	return street.Open(f.options)
}

// announce says where things are, then that the street answers.
func announce(out io.Writer, f runFlags, st stage) {
	again := "once"
	if f.options.Loop {
		again = "again and again"
	}
	s := f.options.Scenario
	if f.street == "full" {
		fmt.Fprintf(out, "street    full 全器件街区: one of everything, seed %d\n", f.options.Seed)
	} else {
		fmt.Fprintf(out, "scenario  %s %s: %v, %s, seed %d\n", s.Name, s.Title.ZH, time.Duration(s.Cycle), again, f.options.Seed)
	}
	fmt.Fprintf(out, "config    %s\ntruth     %s\n", st.ConfigPath(), st.TruthPath())
	w := tabwriter.NewWriter(out, 10, 0, 2, ' ', 0)
	for _, p := range st.Places() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.Wire, p.At, p.Devices)
	}
	w.Flush()
	fmt.Fprintln(out, "ready")
}
