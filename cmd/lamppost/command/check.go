package command

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/spf13/cobra"
)

func checkCommand(o Options) *cobra.Command {
	var show, insecure bool
	var lang, named string
	c := &cobra.Command{
		Use:   "check [FILE]",
		Short: "check a configuration: every mistake at once, each with its line",
		Long: `check reads a configuration and shows every mistake at once: where it is, the line
itself, what is wrong and what would be valid. It opens no port and changes nothing.
FILE may be written as --config FILE, as everywhere else.

Exit codes: 0 good, 3 mistakes or no such file, 7 the file may not be read.`,
		Args: cobra.MaximumNArgs(1),
	}
	langFlag(c, &lang)
	c.Flags().StringVar(&named, "config", "", "the configuration")
	c.Flags().BoolVar(&show, "show", false, "show the configuration as understood, each value with where it comes from")
	c.Flags().BoolVar(&insecure, "insecure", false, "allow the status page on other addresses than loopback")
	c.RunE = func(c *cobra.Command, args []string) error {
		path := cmp.Or(named, defaultConfig)
		switch {
		case len(args) == 1 && named != "":
			return &exit{exitUsage, errors.New("FILE and --config are both there"), "write only one of them"}
		case len(args) == 1:
			path = args[0]
		}
		b, err := o.loadBuiltin(insecure)
		if err != nil {
			return err
		}
		var half *config.Config
		b.env.Origins, b.lang = show, &lang
		b.env.Half = func(c *config.Config) { half = c }
		cfg, err := b.load(path, c.OutOrStdout())
		if err != nil && half != nil {
			return errors.Join(writeLines(c.OutOrStdout(), missingLines(half, b.spoken())), err)
		}
		if err != nil {
			return err
		}
		if show {
			if err := cfg.ShowIn(c.OutOrStdout(), func(words string) string { return pick(lang, words, chinese.Or(words)) }); err != nil {
				return err
			}
		}
		if err := b.origins(c.OutOrStdout(), cfg, lang); err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), summary(cfg, lang))
		return b.machine(c.OutOrStdout(), cfg)
	}
	return c
}
