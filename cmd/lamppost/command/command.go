// Package command is the gateway program, for whoever builds one with drivers of
// their own: a main package of a few lines passes what it adds, and has every
// command of lamppost with it.
//
//	func main() {
//		os.Exit(command.Main(os.Args[1:], command.Options{Version: "1.0 of ours", Kinds: []drivers.Kind{mypart.Kind()}}))
//	}
//
// [Main] and [Options] are what is promised; they only grow. The commands, their
// flags and exit codes are the interface for people and scripts (lamppost help,
// lamppost exit-codes).
package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/spf13/cobra"
)

// Options are what a program adds to the gateway. The zero value adds nothing.
type Options struct {
	// Version is what `lamppost version` and the cloud are told; empty: dev.
	Version string
	// Kinds are drivers beside the built-in ones. A name that is taken, or a kind that
	// is not filled in, ends every command with an error.
	Kinds []drivers.Kind
}

// Main runs one command line, without the program's name, and returns the exit
// code. Interrupt and TERM end it in order.
func Main(args []string, o Options) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o.Version = cmp.Or(o.Version, "dev")
	root := rootCommand(o)
	root.SetArgs(args)
	ran, err := root.ExecuteContextC(ctx)
	return report(os.Stderr, err, langOf(ran))
}

// report says what went wrong, and what to do, and returns the exit code.
func report(w io.Writer, err error, lang string) int {
	var e *exit
	say := func(en, zh string, text any) {
		if lang == "zh" {
			fmt.Fprintln(w, zh+chinese.Or(fmt.Sprint(text)))
			return
		}
		fmt.Fprintln(w, en+fmt.Sprint(text))
	}
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		if e.err != nil {
			say("error: ", "错误：", e.err)
		}
		if e.hint != "" {
			say("hint:  ", "提示：", e.hint)
		}
		return e.code
	default:
		say("error: ", "错误：", err)
		say("hint:  ", "提示：", "lamppost help")
		return exitUsage
	}
}

// langOf is the language that a command spoke: its flag's, which it may have taken from a
// configuration, else the environment's.
func langOf(c *cobra.Command) string {
	if c != nil {
		if f := c.Flags().Lookup(langName); f != nil && f.Value.String() != "" {
			return f.Value.String()
		}
	}
	return language()
}

func rootCommand(o Options) *cobra.Command {
	root := &cobra.Command{
		Use:           "lamppost",
		Short:         "The Lamppost gateway: reads sensors, checks values, raises alerts, keeps everything until the cloud has it",
		SilenceErrors: true, SilenceUsage: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		runCommand(o),
		checkCommand(o),
		readCommand(o),
		bufferCommand(o),
		rewindCommand(o),
		actuateCommand(o),
		maintenanceCommand(o),
		pinCommand(o),
		driverCommand(o),
		profilesCommand(o),
		rulesCommand(o),
		configCommand(o),
		recordCommand(o),
		camerasCommand(o),
		portsCommand(o),
		deviceProcess(o),
		versionCommand(o),
		exitCodesTopic(),
	)
	speaking(root)
	return root
}

func versionCommand(o Options) *cobra.Command {
	return &cobra.Command{Use: "version", Short: "print the version", Args: cobra.NoArgs, Run: func(c *cobra.Command, _ []string) {
		fmt.Fprintln(c.OutOrStdout(), "lamppost", o.Version)
	}}
}
