package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/lamppost-city/lamppost/cloud/aggregator"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/cmd/chinese"
)

// authorize shows the aggregator a token, where it has accounts.
func authorize(r *http.Request) {
	if token := os.Getenv("LAMPPOST_TOKEN"); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
}

// kept are the settings that say where the data is.
func kept(config string) (*settings.Settings, error) {
	if config == "" {
		return settings.Default(), nil
	}
	return settings.Load(config, true)
}

func resetCommand() *cobra.Command {
	var config string
	var factor bool
	cmd := &cobra.Command{
		Use:   "reset-account PERSON",
		Short: "give an account a new password, on this machine",
		Long: `reset-account gives an account a new password, which it prints this once and which
must be changed at the next login, switches the account on and ends its sessions. It
works on the data directory, also while the aggregator runs, and is written into the
audit log. It is for when nobody can log in any more: an admin of the console can do
the same there.`,
		Args: named("one account by its id"),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := kept(config)
			if err != nil {
				return err
			}
			password, err := aggregator.ResetAccount(c.Context(), s, args[0], factor)
			if errors.Is(err, view.ErrUnknown) {
				return fmt.Errorf("there is no account %q", args[0])
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s %s\n", args[0], password)
			return err
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "configuration file (YAML)")
	cmd.Flags().BoolVar(&factor, "second-factor", false, "take the one-time codes off as well")
	return cmd
}

func auditCommand() *cobra.Command {
	var config string
	cmd := &cobra.Command{
		Use:   "check-audit [ANCHOR ...]",
		Short: "read the whole audit log and say whether it was tampered with",
		Long: `check-audit reads the audit log in the data directory and compares it with the anchors
kept beside it, and with those that are given: lines of audit.anchors that were copied
to another machine, or of the aggregator's log. A line that was changed, removed or put
in between is named, and exit code 1 tells of it. A log that was written anew as a
whole is shown by anchors from elsewhere only.`,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := kept(config)
			if err != nil {
				return err
			}
			v, err := aggregator.CheckAudit(c.Context(), s, args...)
			if err != nil {
				return err
			}
			if v.Broken != nil {
				why := v.Why.En
				if chinese.Asked(c) {
					why = v.Why.Zh
				}
				return fmt.Errorf("the audit log is broken at line %d: %s", *v.Broken, why)
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), chinese.For(c, fmt.Sprintf("%d lines, whole; compared with %d anchors", v.Lines, v.Anchors)))
			if err == nil {
				_, err = fmt.Fprintln(c.OutOrStdout(), v.Head)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "configuration file (YAML)")
	return cmd
}
