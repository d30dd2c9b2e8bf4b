package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/cmd/chinese"
)

// askFlags are those of everything that a gateway is asked for and answered.
type askFlags struct {
	config, api, by string
	wait            time.Duration
}

func (f *askFlags) on(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.by, "by", os.Getenv("USER"), "who asks, for the record")
	cmd.Flags().DurationVar(&f.wait, "wait", 30*time.Second, "how long to wait for the gateway's answer; 0: not at all")
	apiFlags(cmd, &f.config, &f.api)
}

// named takes exactly these arguments.
func named(what ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != len(what) {
			return fmt.Errorf("%w: name %s (see %s --help)", errUsage, strings.Join(what, ", "), c.CommandPath())
		}
		return nil
	}
}

func acknowledgeCommand() *cobra.Command {
	var f askFlags
	var note string
	cmd := &cobra.Command{
		Use:   "acknowledge ALERT --by NAME",
		Short: "say that somebody has seen an alert, and silence its siren",
		Long: `acknowledge notes who has seen an alert, and tells the alert's gateway, which
switches off what the alert sounds (outputs with audible: true). The alert stays
active. The gateway does so if its configuration grants acknowledge to the key that
"lamppost-cloud key" prints.`,
		Args: named("one alert by its id"),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := connect(f.config, f.api)
			if err != nil {
				return err
			}
			var made view.Alert
			if err := a.ask(c.Context(), http.MethodPost, "/alerts/"+url.PathEscape(args[0])+"/acknowledge", map[string]any{"by": f.by, "note": note}, &made); err != nil {
				return seenBefore(err)
			}
			if made.Command == nil {
				_, err := fmt.Fprintln(c.OutOrStdout(), chinese.For(c, "acknowledged; the alert is over, there is nothing to tell its gateway"))
				return err
			}
			return f.await(c, a, *made.Command)
		},
	}
	f.on(cmd)
	cmd.Flags().StringVar(&note, "note", "", "what is known or being done")
	return cmd
}

// seenBefore says who has acknowledged an alert before, and when, where the aggregator
// refuses a second acknowledgement: the first one stands, and its note.
func seenBefore(err error) error {
	var twice *conflictError
	var a view.Alert
	if !errors.As(err, &twice) || json.Unmarshal(twice.body, &a) != nil || a.Acknowledged == nil {
		return err
	}
	text := fmt.Sprintf("%s acknowledged it at %s", a.Acknowledged.By, time.UnixMilli(a.Acknowledged.At).Format(time.DateTime+" -07:00"))
	if a.Acknowledged.Note != "" {
		text += ": " + a.Acknowledged.Note
	}
	return errors.New(text)
}

func readCommand() *cobra.Command {
	return deviceCommand("read", "have a gateway sample a device now", "The readings go the way of all, and show in the console.")
}

func stillCommand() *cobra.Command {
	return deviceCommand("still", "have a camera take a picture now", "The picture shows in the console when it has come; its id is printed,\nand whether it waits for the gateway's byte budget.")
}

func deviceCommand(kind, short, then string) *cobra.Command {
	var f askFlags
	cmd := &cobra.Command{
		Use: kind + " GATEWAY DEVICE", Short: short,
		Long: kind + " asks a gateway, and prints its answer. " + then + `
The gateway does so if its configuration grants ` + kind + ` to the key that
"lamppost-cloud key" prints.`,
		Args: named("a gateway", "a device"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.ask(c, args[0], map[string]any{"kind": kind, "device": args[1], "by": f.by})
		},
	}
	f.on(cmd)
	return cmd
}

func switchCommand() *cobra.Command {
	var f askFlags
	var d time.Duration
	cmd := &cobra.Command{
		Use:   "switch GATEWAY OUTPUT on|off [--for TIME]",
		Short: "switch an output of a gateway",
		Long: `switch has a gateway switch an output on, for --for or as long as it may be, or off,
and for --for keeps it so. Its interlock and its limits hold as ever. Nothing is
switched later than 30 seconds after this was asked for. The gateway does so if its
configuration grants actuate for this output to the key that "lamppost-cloud key"
prints.`,
		Args: named("a gateway", "an output", "on or off"),
		RunE: func(c *cobra.Command, args []string) error {
			if args[2] != "on" && args[2] != "off" {
				return fmt.Errorf("%w: %q is neither on nor off", errUsage, args[2])
			}
			return f.ask(c, args[0], map[string]any{"kind": "actuate", "output": args[1], "on": args[2] == "on", "for_ms": d.Milliseconds(), "by": f.by})
		},
	}
	f.on(cmd)
	cmd.Flags().DurationVar(&d, "for", 0, "for how long, like 30s")
	return cmd
}

func (f *askFlags) ask(c *cobra.Command, gateway string, body map[string]any) error {
	a, err := connect(f.config, f.api)
	if err != nil {
		return err
	}
	var made view.Command
	if err := a.ask(c.Context(), http.MethodPost, "/gateways/"+url.PathEscape(gateway)+"/commands", body, &made); err != nil {
		return err
	}
	return f.await(c, a, made)
}

// await prints the gateway's answer. A refusal, or none in time, is an error.
func (f *askFlags) await(c *cobra.Command, a *aggregatorAPI, made view.Command) error {
	ctx, stop := context.WithTimeout(c.Context(), f.wait)
	defer stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for made.State == "waiting" && f.wait > 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s has not answered command %s yet; it is asked again until %s, see lamppost-cloud commands %s",
				made.Gateway, made.ID, time.UnixMilli(made.Until).Format(time.DateTime), made.Gateway)
		case <-tick.C:
		}
		if err := a.ask(c.Context(), http.MethodGet, "/commands/"+url.PathEscape(made.ID), nil, &made); err != nil {
			return err
		}
	}
	switch made.State {
	case "refused":
		return fmt.Errorf("%s refuses: %s", made.Gateway, strings.TrimSuffix(made.Why+": "+made.Detail, ": "))
	case "expired":
		return fmt.Errorf("%s did not answer in time, and will not do it any more", made.Gateway)
	case "waiting":
		_, err := fmt.Fprintln(c.OutOrStdout(), chinese.For(c, fmt.Sprintf("%s: asked, command %s", made.Gateway, made.ID)))
		return err
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), chinese.For(c, fmt.Sprintf("%s: %s", made.Gateway, strings.TrimSpace("done "+result(made)))))
	return err
}

// about is what a command is about, in a few words.
func about(c view.Command) string {
	switch c.Kind {
	case "rewind":
		if c.Since == 0 {
			return "everything"
		}
		return "since " + time.UnixMilli(c.Since).Format(time.DateTime)
	case "actuate":
		text := c.Output + " off"
		if c.On != nil && *c.On {
			text = c.Output + " on"
		}
		if c.ForMS > 0 {
			text += fmt.Sprintf(" for %v", time.Duration(c.ForMS)*time.Millisecond)
		}
		return text
	}
	return c.Alert + c.Device
}

// result is what the gateway says beside that it is done.
func result(c view.Command) string {
	switch {
	case c.Kind == "rewind":
		return fmt.Sprintf("%d records go again", c.Records)
	case c.Image != "" && c.Detail != "":
		return "picture " + c.Image + ": " + c.Detail
	case c.Image != "":
		return "picture " + c.Image
	case len(c.Outputs) > 0:
		return "silenced " + strings.Join(c.Outputs, ", ")
	case c.Kind == "acknowledge":
		return "nothing sounded"
	}
	return ""
}
