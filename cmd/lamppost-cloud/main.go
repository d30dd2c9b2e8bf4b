// Command lamppost-cloud is the aggregator: it takes the readings, alerts and
// pictures of all gateways, keeps them, and shows them to the operations center.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lamppost-city/lamppost/cloud/aggregator"
	"github.com/lamppost-city/lamppost/cloud/commands"
	"github.com/lamppost-city/lamppost/cloud/ingest"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// version is set at build time.
var version = "dev"

// The exit codes, part of the interface.
const (
	exitOK         = 0
	exitFailed     = 1
	exitUsage      = 2
	exitConfig     = 3
	exitNoAnswer   = 4
	exitInUse      = 6
	exitPermission = 7
	exitStorage    = 8
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process around it.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	cmd := root(version)
	cmd.SetArgs(args)
	cmd.SetOut(out)
	cmd.SetErr(errOut)
	ran, err := cmd.ExecuteContextC(ctx)
	explain(errOut, ran, err)
	return exitCode(err)
}

// errUsage marks what is wrong with the command line.
var errUsage = errors.New("wrong usage")

func exitCode(err error) int {
	var problems yamldoc.Problems
	var faults view.Faults
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.As(err, &problems), errors.As(err, &faults), errors.Is(err, aggregator.ErrSettings), errors.Is(err, fs.ErrNotExist):
		return exitConfig
	case errors.Is(err, ingest.ErrShare), errors.Is(err, errNoAnswer):
		return exitNoAnswer
	case errors.Is(err, aggregator.ErrInUse), errors.Is(err, syscall.EADDRINUSE):
		return exitInUse
	case errors.Is(err, fs.ErrPermission):
		return exitPermission
	case errors.Is(err, aggregator.ErrStorage):
		return exitStorage
	}
	return exitFailed
}

// explain prints an error and, where there is one, the next step.
func explain(w io.Writer, c *cobra.Command, err error) {
	var problems yamldoc.Problems
	switch {
	case err == nil:
		return
	case errors.As(err, &problems):
		_ = rendered(w, c, problems) // nothing can be said about an error stream that is gone
		return
	}
	lead, next := "error: ", "hint: "
	if chinese.Asked(c) {
		lead, next = "错误：", "提示："
	}
	fmt.Fprintln(w, lead+told(c, err))
	hint := ""
	switch {
	case errors.Is(err, errNoAnswer):
		hint = "is it running, and does it listen there? name its address with --api, or its configuration with --config"
	case errors.Is(err, fs.ErrNotExist) && strings.Contains(err.Error(), commands.KeyFile):
		hint = "the key is made when the aggregator first starts; name its configuration with --config if its data is elsewhere"
	case errors.Is(err, syscall.EADDRINUSE):
		hint = "another program listens there; stop it, change the address in the configuration, or start with --port-fallback"
	case errors.Is(err, aggregator.ErrInUse):
		hint = "data belong to exactly one aggregator; stop the other one, or set another data directory or database"
	case errors.Is(err, fs.ErrPermission):
		hint = "the data directory must be writable for this user; below port 1024 the capability CAP_NET_BIND_SERVICE is needed"
	case errors.Is(err, aggregator.ErrStorage):
		hint = "nothing was changed or repaired; look at the disk, or restore the data directory"
	}
	if hint != "" {
		fmt.Fprintln(w, next+chinese.For(c, hint))
	}
}

// rendered shows problems of a configuration in the language of a command.
func rendered(w io.Writer, c *cobra.Command, all yamldoc.Problems) error {
	if !chinese.Asked(c) {
		return all.Render(w)
	}
	out := make(yamldoc.Problems, len(all))
	for i, p := range all {
		p.Msg, p.Hint = chinese.Or(p.Msg), chinese.Or(p.Hint)
		out[i] = p
	}
	return out.RenderIn(w, "zh")
}
