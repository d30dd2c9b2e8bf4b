package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/lamppost-city/lamppost/edge/config"
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
Identity, journal, uplink and status page are taken over only at a restart.
SIGTERM and Ctrl-C stop it in order.

Exit codes: 0 stopped, 3 invalid configuration, 6 in use, 7 permission, 8 storage.`,
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&path, "config", defaultConfig, "the configuration")
	c.Flags().BoolVar(&insecure, "insecure", false, "allow the status page on other addresses than loopback")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "say more")
	c.RunE = func(c *cobra.Command, _ []string) error {
		runtime.MemProfileRate = 0 // nobody asks a gateway where its memory comes from, and noting it takes 1 MB
		started := thrift(c.Context())
		b, err := o.loadBuiltin(insecure)
		if err != nil {
			return err
		}
		cfg, err := b.load(path, c.ErrOrStderr())
		if err != nil {
			return err
		}
		log := logger(c.ErrOrStderr(), verbose)
		defer useCores(c.Context())()
		var refused refusal
		return classify(gateway.Run(c.Context(), gateway.Options{
			Config: cfg, Catalog: b.metrics, Version: o.Version, Log: log, Host: b.host, Boards: b.boards,
			Runtime: memoryDir(cfg.Gateway.ID),
			Reload:  reloads(c.Context(), b, path, cfg, log, &refused),
			Refused: refused.why,
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
	notify(daemon.SdNotifyReady)
}

// notify tells the service manager, if there is one.
func notify(state string) {
	_, _ = daemon.SdNotify(false, state) // without a service manager there is nobody to tell
}

// reloads reads the configuration again on SIGHUP and delivers it if it is good.
func reloads(ctx context.Context, b *builtin, path string, running *config.Config, log *slog.Logger, bad *refusal) <-chan *config.Config {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	out := make(chan *config.Config)
	go func() {
		defer signal.Stop(hup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
			}
			var said bytes.Buffer
			cfg, err := b.load(path, io.MultiWriter(os.Stderr, &said))
			if bad.note(err, said.String()); err != nil {
				log.Error("the new configuration is refused, the old one goes on", "file", path, "running", running.Hash)
				continue
			}
			warnFixed(log, running, cfg)
			select {
			case out <- cfg:
				running = cfg
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// refusal remembers why the file on the disk was refused; the page tells it until a
// good one is taken over.
type refusal struct{ text atomic.Pointer[string] }

func (r *refusal) why() string {
	if t := r.text.Load(); t != nil {
		return *t
	}
	return ""
}

// note takes the outcome of a reading: the first of the problems that were shown, or
// the error itself.
func (r *refusal) note(err error, shown string) {
	if err == nil {
		r.text.Store(nil)
		return
	}
	first, _, _ := strings.Cut(strings.TrimSpace(shown), "\n")
	if first == "" {
		first = err.Error()
	}
	r.text.Store(&first)
}

// warnFixed names what a reload does not take over.
func warnFixed(log *slog.Logger, old, cfg *config.Config) {
	fixed := map[string]bool{
		"gateway.id":    old.Gateway.ID != cfg.Gateway.ID,
		"journal":       old.Journal != cfg.Journal,
		"status.listen": old.Status != cfg.Status,
		"uplink":        !reflect.DeepEqual(old.Uplink, cfg.Uplink),
	}
	for key, changed := range fixed {
		if changed {
			log.Warn("this takes effect at the next restart", "key", key)
		}
	}
}
