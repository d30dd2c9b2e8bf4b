package command

import (
	"fmt"
	"io"
	"log/slog"
	"runtime"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/spf13/cobra"
)

func runCommand(o Options) *cobra.Command {
	var path string
	var insecure, verbose bool
	c := &cobra.Command{
		Use:   "run",
		Short: "run the gateway in the foreground (what the service unit starts)",
		Long: `run samples the devices, checks, alerts, keeps and forwards until it is told to stop.
It waits for no network and no clock.

SIGHUP reads the configuration again; a wrong one is refused and the old one goes on.
One that comes while it starts counts when it runs.
Identity, journal, uplink and status page are taken over only at a restart.
SIGTERM and Ctrl-C stop it in order.

Exit codes: 0 stopped, 3 invalid configuration, 6 in use, 7 permission, 8 storage.`,
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&path, "config", defaultConfig, "the configuration")
	c.Flags().BoolVar(&insecure, "insecure", false, "allow the status page on other addresses than loopback")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "say more")
	c.RunE = func(c *cobra.Command, _ []string) error {
		hup, stop := hangUps()
		defer stop()
		runtime.MemProfileRate = 0 // nobody asks a gateway where its memory comes from, and noting it takes 1 MB
		started := thrift(c.Context())
		builtin := func() (*builtin, error) { return o.loadBuiltin(insecure) }
		b, err := builtin() // what of it the configuration does not use goes when that is read
		if err != nil {
			return err
		}
		cfg, err := b.load(path, c.ErrOrStderr())
		if err != nil {
			return err
		}
		log := logger(c.ErrOrStderr(), verbose)
		defer useCores(c.Context())()
		file := newBook(builtin, path, cfg, log)
		file.hup = hup
		file.serve(c.Context())
		return classify(gateway.Run(c.Context(), gateway.Options{
			Config: cfg, Catalog: b.metrics, Version: o.Version, Log: log, Host: b.host, Boards: b.boards,
			Runtime: memoryDir(cfg.Gateway.ID),
			Reload:  file.out,
			Refused: file.refused.why,
			Book:    file,
			Ready:   func(s gateway.Started) { announce(c.OutOrStdout(), s); started() },
			Alive:   func() { notify(daemon.SdNotifyWatchdog) },
		}))
	}
	return c
}

func logger(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

func announce(w io.Writer, s gateway.Started) {
	fmt.Fprintf(w, "gateway %s is sampling %d devices (epoch %s)\n", s.Gateway, s.Devices, s.Epoch)
	if s.Status != nil {
		fmt.Fprintf(w, "status http://%s\n", s.Status)
	}
	if s.PIN != "" {
		fmt.Fprintf(w, "pin %s opens the page's cameras; it is shown only now, lamppost pin --new makes another\n", s.PIN)
	}
	notify(daemon.SdNotifyReady)
}

// notify tells the service manager, if there is one.
func notify(state string) {
	_, _ = daemon.SdNotify(false, state) // without a service manager there is nobody to tell
}
