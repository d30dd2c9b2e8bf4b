package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/tape"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/spf13/cobra"
)

func recordCommand(o Options) *cobra.Command {
	var path, name, lang string
	var force, moves bool
	var span time.Duration
	h := tape.Header{}
	c := &cobra.Command{
		Use:   "record DEVICE -o FILE",
		Short: "keep what crosses the wire of one device on a tape, for the tests of its driver",
		Long: `record samples one device of a configuration at its interval, and writes every byte that
crosses its wire, when, and what came out of it, to a tape: text that a person can read
and a driver can be tested with, without the part. Provoke the faults while it runs:
pull the cable, switch the part off, let two answer.

The screen shows the values as the gateway would flag them while the part warms up; the
tape has what the driver said.

With --switch it takes an output instead: it is switched off and on by turns and asked
after each, whatever its interlock and its limits say, and is off at the end. Make that
safe before: pull the load's fuse.

It opens nothing but this device. Stop the gateway before, if it has the port. Ctrl-C
ends it in order. The part is asked for its serial number and firmware where it can
tell; passwords in the configuration are left out.

Exit codes: 0 recorded, 2 no such device, 3 invalid configuration, 4 recorded, and the
device never answered, 6 the port is in use, 7 permission, 8 the tape cannot be written.`,
		Args: cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&path, "config", defaultConfig, "the configuration")
	c.Flags().StringVarP(&name, "output", "o", "", "the tape; - is standard output")
	c.Flags().DurationVarP(&span, "duration", "d", time.Minute, "how long; 0: until Ctrl-C")
	c.Flags().StringVar(&h.By, "by", "", "who records, and where (default: the user and this machine)")
	c.Flags().StringVar(&h.Part, "part", "", "what stands on the part's label")
	c.Flags().StringVar(&h.Firmware, "firmware", "", "its firmware, where the part does not tell")
	c.Flags().StringArrayVar(&h.Notes, "note", nil, "what is provoked, what is special; several times")
	c.Flags().BoolVar(&moves, "switch", false, "NAME is an output; switch it off and on, every two seconds")
	c.Flags().BoolVar(&force, "force", false, "write over a tape that is there")
	langFlag(c, &lang)
	_ = c.MarkFlagRequired("output") // the flag is there
	c.RunE = func(c *cobra.Command, args []string) error {
		if st, err := os.Stat(name); err == nil && st.Mode().IsRegular() && !force {
			return &exit{exitUsage, fmt.Errorf("%s is there already", name), "name another file, or write over it with --force"}
		}
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		b.lang = &lang
		cfg, err := b.load(path, c.ErrOrStderr())
		if err != nil {
			return err
		}
		if err := recordable(cfg, args[0], moves, lang); err != nil {
			return err
		}
		if span < 0 {
			return &exit{exitUsage, errors.New("a duration cannot be negative"), "-d 60s, or -d 0 until Ctrl-C"}
		}
		h.At, h.Software = time.Now(), "lamppost "+o.Version+" "+runtime.GOOS+"/"+runtime.GOARCH
		if h.By == "" {
			h.By = whoAmI()
		}
		record := gateway.Record
		if moves {
			record = gateway.RecordOutput
		}
		return keepTape(c, cfg, args[0], name, span, h, lang, record)
	}
	return c
}

// recordable says whether id is a device, or an output that may be moved.
func recordable(cfg *config.Config, id string, moves bool, lang string) error {
	var outputs []string
	for _, o := range cfg.Outputs {
		outputs = append(outputs, o.ID)
	}
	switch output := slices.Contains(outputs, id); {
	case output && !moves:
		return &exit{exitUsage, fmt.Errorf(pick(lang, "%s is an output: to record it is to switch it on and off", "%s 是输出：录制会反复开关它"), id), pick(lang, "make that safe, and add --switch", "确认安全后加 --switch")}
	case moves && !output:
		hint := pick(lang, "outputs: ", "可用输出：") + strings.Join(outputs, ", ")
		if len(outputs) == 0 {
			hint = pick(lang, "it has no outputs; without --switch a device is recorded", "其中没有输出；不加 --switch 即录制设备")
		}
		return &exit{exitUsage, fmt.Errorf(pick(lang, "%s has no output %q", "%s 中没有输出 %q"), cfg.File, id), hint}
	case moves:
		return nil
	}
	return known(cfg, []string{id}, lang)
}

// whoAmI is the user and the machine, as far as they are known.
func whoAmI() string {
	who, where := "somebody", "this machine"
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		where = h
	}
	return who + "@" + where
}

func keepTape(c *cobra.Command, cfg *config.Config, id, name string, span time.Duration, h tape.Header, lang string,
	record func(context.Context, *config.Config, gateway.Recording) (good, bad int, err error)) error {
	out, err := createOutput(c.Context(), name, c.OutOrStdout())
	if err != nil {
		return failed(name, err)
	}
	defer out.drop()
	var denied, last error
	good, bad, err := record(c.Context(), cfg, gateway.Recording{
		Device: id, For: span, Header: h, To: out,
		Sampled: func(since time.Duration, outcome string, err error) {
			if errors.Is(err, os.ErrPermission) || errors.Is(err, drivers.ErrBusy) {
				denied = err
			}
			fmt.Fprintf(c.ErrOrStderr(), "%7.1fs  %s\n", since.Seconds(), outcome)
			if err != nil {
				last = err
				fmt.Fprintf(c.ErrOrStderr(), "          %v\n", err)
			}
		},
	})
	switch {
	case out.err != nil:
		return failed(name, out.err)
	case errors.Is(err, tape.ErrTape):
		return &exit{exitStorage, err, "record for a shorter time: -d"}
	case errors.Is(err, context.Canceled): // before the first sample
		return &exit{code: exitInt}
	case err != nil:
		return classify(err)
	case good == 0 && denied != nil:
		return classify(denied)
	}
	if err := out.keep(); err != nil {
		return failed(name, err)
	}
	fmt.Fprintf(c.ErrOrStderr(), pick(lang, "%s: %d samples answered, %d failed\n", "%s：%d 次采样有应答，%d 次失败\n"), name, good, bad)
	if good == 0 {
		return &exit{exitSilent, nil, silentHint(cfg, id, last, lang)}
	}
	return nil
}

// silentHint says what to look at where not one sample was answered.
func silentHint(cfg *config.Config, id string, last error, lang string) string {
	for _, d := range cfg.Devices {
		if d.ID == id && last != nil {
			return stepAfter(wireOf(cfg, d), last, lang)
		}
	}
	for _, out := range cfg.Outputs {
		if out.ID == id && last != nil {
			return stepAfter(map[drivers.Wire]string{drivers.OutputLine: "gpio", drivers.ModbusUnit: "rs485", drivers.ProgramRun: "process"}[out.Plan.Wire], last, lang)
		}
	}
	return pick(lang, "the part never answered: supply, wires, speed and address, in this order", "设备始终无应答：依次检查供电、接线、波特率和地址")
}
