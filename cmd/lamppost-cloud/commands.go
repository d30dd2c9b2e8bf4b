package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lamppost-city/lamppost/cloud/aggregator"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cmd/chinese"
)

func root(version string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lamppost-cloud",
		Short: "the aggregator: takes what gateways send, keeps it and shows it",
		Long: `lamppost-cloud is the aggregator of a city's Lamppost gateways. Without a
configuration everything it needs is inside: broker, store, database, console.

Exit codes: 0 done, or stopped by a signal; 1 failed; 2 wrong usage;
3 configuration invalid, or a file is wrong or missing; 4 no answer from the aggregator, or
the broker does not do what is asked of it; 6 port or data in use; 7 permission missing; 8 storage problem.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w (see %s --help)", errUsage, err, c.CommandPath())
	})
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.AddCommand(serveCommand(version), checkCommand(), keyCommand(), acknowledgeCommand(), readCommand(), stillCommand(), switchCommand(), rewindCommand(), commandsCommand(), areasCommand(), mapCommand(), resetCommand(), auditCommand(), versionCommand(version))
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
		_, err := fmt.Fprintln(c.OutOrStdout(), "lamppost-cloud", version)
		return err
	}}
}

func checkCommand() *cobra.Command {
	var insecure bool
	var config string
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "check a configuration and change nothing",
		Long: `check reads a configuration and reports everything that is wrong with it, each with its place.
FILE may be written as --config FILE, as everywhere else. Exit code 3 if anything is wrong.`,
		RunE: func(c *cobra.Command, args []string) error {
			if config != "" {
				args = append(args, config)
			}
			if len(args) != 1 {
				return fmt.Errorf("%w: name one file (see %s --help)", errUsage, c.CommandPath())
			}
			if _, err := settings.Load(args[0], insecure); err != nil {
				return err
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), chinese.For(c, args[0]+" is in order"))
			return err
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "configuration file (YAML)")
	cmd.Flags().BoolVar(&insecure, "insecure", false, "allow other addresses than loopback, as serve --insecure does")
	return cmd
}

// serveFlags are what serve is told on the command line.
type serveFlags struct {
	config, log string
	insecure    bool
	fallback    bool
	verbose     bool
}

func serveCommand(version string) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve [--config FILE]",
		Short: "run the aggregator until stopped",
		Long: `serve runs the aggregator until Ctrl-C or SIGTERM. When everything listens it
prints two lines on standard output, the addresses of the console and of the
broker:

  console http://127.0.0.1:8080
  mqtt mqtt://127.0.0.1:1883

Without --config everything is embedded, on loopback, with its data in
./lamppost-cloud-data. The log goes to standard error. Where the configuration has
accounts, the first start prints a line before them, "account admin PASSWORD": a
password that is told this once and must be changed at the first login.

The configuration is read at the start only; SIGHUP changes nothing and is logged.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return serve(c, f, version) },
	}
	cmd.Flags().StringVar(&f.config, "config", "", "configuration file (YAML)")
	cmd.Flags().BoolVar(&f.insecure, "insecure", false, "listen on other addresses than loopback, although nothing keeps strangers out")
	cmd.Flags().BoolVar(&f.fallback, "port-fallback", false, "take the next free port where a configured one is in use")
	cmd.Flags().StringVar(&f.log, "log", "text", "form of the log: text or json")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "log details as well")
	return cmd
}

// ignoreHangUps answers each SIGHUP with a line of the log, which ends the program
// otherwise. Whoever calls ends that with stop.
func ignoreHangUps(log *slog.Logger) (stop func()) {
	hup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hup:
				log.Info("SIGHUP: an aggregator reads its configuration at its start only; restart it to take over another one")
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(hup); close(done) }
}

func serve(c *cobra.Command, f serveFlags, version string) error {
	log, err := logger(c, f)
	if err != nil {
		return err
	}
	defer ignoreHangUps(log)()
	s := settings.Default()
	if f.config != "" {
		if s, err = settings.Load(f.config, f.insecure); err != nil {
			return err
		}
	}
	s.Insecure = s.Insecure || f.insecure
	return aggregator.Run(c.Context(), aggregator.Options{
		Settings: s, Version: version, PortFallback: f.fallback, Log: log,
		First: func(person, password string) {
			// It is not in the log, which others may read: told here, and only now.
			_, _ = fmt.Fprintf(c.OutOrStdout(), "account %s %s\n", person, password)
		},
		Ready: func(console, mqtt string) {
			// Whoever reads these lines may have gone; the log has them as well.
			_, _ = fmt.Fprintf(c.OutOrStdout(), "console %s\nmqtt %s\n", console, mqtt)
			log.Info("running", "console", console, "mqtt", mqtt, "version", version, "data", s.Data)
		},
	})
}

func logger(c *cobra.Command, f serveFlags) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: slog.LevelInfo}
	if f.verbose {
		o.Level = slog.LevelDebug
	}
	switch f.log {
	case "text":
		return slog.New(slog.NewTextHandler(c.ErrOrStderr(), o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(escaping{c.ErrOrStderr()}, o)), nil
	}
	return nil, fmt.Errorf("%w: --log %q is neither text nor json", errUsage, f.log)
}
