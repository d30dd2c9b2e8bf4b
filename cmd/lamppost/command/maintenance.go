package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/spf13/cobra"
)

func maintenanceCommand(with Options) *cobra.Command {
	c := &cobra.Command{
		Use:   "maintenance",
		Short: "tell the gateway that somebody works on a device, so that rules leave it alone",
		Long: `maintenance asks the gateway that runs on this machine. While somebody works on a device, what it gives is
written down flagged as maintenance, and the rules that read it neither raise nor clear nor switch anything: an alert
that stands stays. An output whose interlock reads it goes off and stays off, since nobody knows whether it is safe:
which they are is told at once. It ends by itself.

Exit codes: 0 done, 1 the gateway refuses, 2 wrong usage, 3 wrong configuration, 4 no gateway runs here, 7 permission.`,
	}
	c.Args = cobra.NoArgs
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	c.AddCommand(maintenanceListCommand(with), maintenanceOnCommand(with), maintenanceOffCommand(with))
	return c
}

func maintenanceListCommand(with Options) *cobra.Command {
	l := looking{with: with}
	c := &cobra.Command{Use: "list", Short: "what is under maintenance, and until when", Args: cobra.NoArgs}
	l.flags(c)
	c.RunE = func(c *cobra.Command, _ []string) error { return askMaintenance(c, &l, gateway.MaintainQuestion{}) }
	return c
}

func maintenanceOnCommand(with Options) *cobra.Command {
	return maintainCommand(with, true, &cobra.Command{
		Use:   "on {DEVICE | --all} --for 2h",
		Short: "begin, for a time that ends by itself",
	})
}

func maintenanceOffCommand(with Options) *cobra.Command {
	return maintainCommand(with, false, &cobra.Command{
		Use:   "off {DEVICE | --all}",
		Short: "end it now",
	})
}

func maintainCommand(with Options, on bool, c *cobra.Command) *cobra.Command {
	l := looking{with: with}
	var d lasting
	all := false
	c.Args = cobra.MaximumNArgs(1)
	l.flags(c)
	c.Flags().BoolVar(&all, "all", false, "the whole site: every rule")
	if on {
		c.Flags().Var(&d, "for", "for how long, at most 7d; needed")
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		q := gateway.MaintainQuestion{Set: true, All: all, ForMS: d.Milliseconds(), Sudo: os.Getenv("SUDO_USER")}
		switch {
		case all == (len(args) == 1):
			return &exit{exitUsage, errors.New("name one device, or write --all for the whole site"), "lamppost maintenance " + c.Use}
		case on && d.Duration == 0:
			return &exit{exitUsage, errors.New("for how long is missing"), "write --for 2h: maintenance ends by itself, nobody remembers to end it"}
		case !all:
			q.Device = args[0]
		}
		return askMaintenance(c, &l, q)
	}
	return c
}

func askMaintenance(c *cobra.Command, l *looking, q gateway.MaintainQuestion) error {
	dir, err := l.place(c)
	if err != nil {
		return err
	}
	all, err := gateway.AskMaintain(c.Context(), dir, q)
	if err != nil {
		return unasked(err, l.lang)
	}
	return shown(maintenanceTable(c.OutOrStdout(), all, l.lang))
}

func maintenanceTable(w io.Writer, all []gateway.Maintained, lang string) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, pick(lang, "nothing is under maintenance", "没有正在维护的设备"))
		return err
	}
	rows := [][]string{strings.Split(pick(lang, "DEVICE LEFT BY RULES", "设备 剩余 操作人 规则"), " ")}
	for _, m := range all {
		device := m.Device
		if device == "" {
			device = pick(lang, "whole site", "整个站点")
		}
		rules := "-"
		if len(m.Rules) > 0 {
			rules = strings.Join(m.Rules, ", ")
		}
		rows = append(rows, []string{device, longText(time.Duration(m.LeftMS)*time.Millisecond, lang), m.By, rules})
	}
	if err := columns(w, rows); err != nil {
		return err
	}
	return tellBarred(w, all, lang)
}

// tellBarred says which outputs stop for the maintenance, each once.
func tellBarred(w io.Writer, all []gateway.Maintained, lang string) error {
	told := map[string]bool{}
	for _, m := range all {
		for _, b := range m.Barred {
			if told[b.Output] {
				continue
			}
			told[b.Output] = true
			reads := strings.Join(b.Reads, pick(lang, ", ", "、"))
			text := fmt.Sprintf(pick(lang, "%s is off and cannot be switched on meanwhile: its interlock reads %s", "%s 处于关闭，期间不能开启：其联锁读取 %s"), b.Output, reads)
			if b.On {
				within := longText(time.Duration(b.WithinMS)*time.Millisecond, lang)
				text = fmt.Sprintf(pick(lang, "%s is ON and goes off within %s, until the maintenance ends: its interlock reads %s", "%s 处于开启，%s内将关闭，直到检修结束：其联锁读取 %s"), b.Output, within, reads)
			}
			if _, err := fmt.Fprintln(w, "# "+text); err != nil {
				return err
			}
		}
	}
	return nil
}
