package command

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/lamppost-city/lamppost/edge/wire"
	"github.com/spf13/cobra"
)

// lasting is a duration as it is written in a configuration: 30s, 2h, 1d.
type lasting struct{ time.Duration }

func (l *lasting) Set(text string) (err error) {
	if l.Duration, err = yamldoc.ParseDuration(text); err == nil && l.Duration <= 0 {
		err = errors.New("write more than nothing, like 30s")
	}
	return err
}

func (l *lasting) Type() string { return "duration" }

func (l *lasting) String() string {
	if l.Duration == 0 {
		return ""
	}
	return l.Duration.String()
}

func actuateCommand(with Options) *cobra.Command {
	c := &cobra.Command{
		Use:   "output",
		Short: "show and switch sirens, pumps and lamps",
		Long: `output asks the gateway that runs on this machine. It switches nothing by itself: interlocks and
limits hold for people too, and everything is written down with who asked.

Exit codes: 0 done, 1 the gateway refuses or the hardware fails, 2 wrong usage, 3 wrong configuration, 4 no gateway
runs here, 7 permission.`,
	}
	c.Args = cobra.NoArgs
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	c.AddCommand(outputListCommand(with), outputOnCommand(with), outputOffCommand(with))
	return c
}

func outputListCommand(with Options) *cobra.Command {
	l := looking{with: with}
	asJSON := false
	c := &cobra.Command{Use: "list", Short: "how every output stands, and why", Args: cobra.NoArgs}
	l.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON, in the form that the status page has")
	c.RunE = func(c *cobra.Command, _ []string) error {
		dir, err := l.place(c)
		if err != nil {
			return err
		}
		outputs, err := gateway.AskOutputs(c.Context(), dir)
		if err != nil {
			return unasked(err, l.lang)
		}
		if asJSON {
			e := json.NewEncoder(c.OutOrStdout())
			e.SetIndent("", "  ")
			return shown(e.Encode(outputs))
		}
		return shown(outputTable(c.OutOrStdout(), outputs, l.lang))
	}
	return c
}

func outputOnCommand(with Options) *cobra.Command {
	return switchCommand(with, true, &cobra.Command{
		Use:   "on NAME",
		Short: "switch an output on, for as long as it may be or --for",
		Long: `on switches an output on now or says why not: its interlock, its shortest time off, how often it was switched
on within the hour, a fault. It ends a hold that "off --for" began. The output goes off after --for, at the latest
after its max_on, and at once when its interlock is not met any more. Alerts that want it on are not touched.`,
	}, "for how long, at most the output's max_on")
}

func outputOffCommand(with Options) *cobra.Command {
	return switchCommand(with, false, &cobra.Command{
		Use:   "off NAME",
		Short: "switch an output off, whoever wants it on; with --for, keep it off",
		Long: `off switches an output off at once. Alerts that want it on now have no say any more; one that is raised anew
switches it on again. With --for nothing switches it on for so long, until "output on" or the end of that time.`,
	}, "keep it off for so long, also if an alert is raised")
}

func switchCommand(with Options, on bool, c *cobra.Command, usage string) *cobra.Command {
	l := looking{with: with}
	var d lasting
	c.Args = cobra.MatchAll(cobra.ExactArgs(1))
	l.flags(c)
	c.Flags().Var(&d, "for", usage)
	c.RunE = func(c *cobra.Command, args []string) error {
		dir, err := l.place(c)
		if err != nil {
			return err
		}
		o, err := gateway.AskSwitch(c.Context(), dir, args[0], on, d.Duration, os.Getenv("SUDO_USER"))
		if o.ID == "" && err != nil {
			return unasked(err, l.lang)
		}
		if werr := outputTable(c.OutOrStdout(), []status.Output{o}, l.lang); werr != nil {
			return shown(werr)
		}
		if err != nil {
			return &exit{exitFindings, fmt.Errorf("%s: %w", args[0], unswitched(err, l.lang)), refusedHint(err, l.lang)}
		}
		return nil
	}
	return c
}

// place finds the journal's directory, beside which the gateway listens. Off must not
// depend on a file that is right everywhere: of a wrong one it is enough that it names
// the directory.
func (l *looking) place(c *cobra.Command) (dir string, err error) {
	if l.lang != "" && l.lang != "zh" && l.lang != "en" {
		return "", &exit{exitUsage, fmt.Errorf("--lang %q is not spoken here", l.lang), "write zh or en"}
	}
	if l.dir != "" {
		return l.dir, nil
	}
	b, err := l.with.loadBuiltin(true)
	if err != nil {
		return "", err
	}
	cfg, err := b.load(l.config, c.ErrOrStderr())
	if err == nil {
		return cfg.Journal.Dir, nil
	}
	src, rerr := os.ReadFile(l.config)
	dir, ok := config.JournalDir(l.config, src)
	if rerr != nil || !ok {
		return "", elsewhere(err)
	}
	_, err = fmt.Fprintf(c.ErrOrStderr(), pick(l.lang, "%s is wrong; asking the gateway on %s, which may run on an older one\n", "%s 有错误；仍向 %s 上的网关询问，它可能仍在使用旧配置\n"), l.config, dir)
	return dir, err
}

// unasked is the error of a gateway that could not be asked, or that does not do it.
func unasked(err error, lang string) error {
	switch {
	case errors.Is(err, control.ErrAbsent):
		return &exit{exitSilent, err, pick(lang, "start it (systemctl start lamppost); while it does not run every output is left as it is",
			"请先启动网关（systemctl start lamppost）；网关未运行时输出保持原状")}
	case errors.Is(err, fs.ErrPermission):
		return &exit{exitPermission, err, pick(lang, "run it as root or as the gateway's user: sudo lamppost output …", "请用 root 或网关用户运行：sudo lamppost output …")}
	}
	return &exit{exitFindings, err, ""}
}

func refusedHint(err error, lang string) string {
	if errors.Is(err, gateway.ErrRefused) {
		return pick(lang, "nothing was switched and nothing waits; ask again when it is allowed", "未执行任何操作，也不会稍后执行；条件允许后请重新操作")
	}
	return pick(lang, "look at the output itself; lamppost output list tells when the gateway has it again", "请到现场查看该输出；恢复情况见 lamppost output list")
}

// outputTable lists outputs: name, state, since when, why, and what else there is to say.
func outputTable(w io.Writer, outputs []status.Output, lang string) error {
	if len(outputs) == 0 {
		_, err := fmt.Fprintln(w, pick(lang, "this gateway has no outputs", "本网关没有配置输出"))
		return err
	}
	rows := [][]string{strings.Split(pick(lang, "OUTPUT STATE SINCE WHY NOTE", "输出 状态 持续 原因 说明"), " ")}
	for _, o := range outputs {
		rows = append(rows, []string{o.ID, stateText(o.State, lang), longText(time.Duration(o.ForMS)*time.Millisecond, lang),
			strings.TrimSpace(whyText(o.Why, lang) + " " + o.By), cmp.Or(outputNote(o, lang), "-")})
	}
	return columns(w, rows)
}

func stateText(state, lang string) string {
	return cmp.Or(map[string]string{"on": pick(lang, "on", "开"), "off": pick(lang, "off", "关"), "switching-on": pick(lang, "switching on", "正在开启"),
		"switching-off": pick(lang, "switching off", "正在关闭")}[state], state)
}

func whyText(why, lang string) string {
	return cmp.Or(map[string]string{"rule": pick(lang, "rule", "规则"), "command": pick(lang, "command of", "人工"), "interlock": pick(lang, "interlock", "联锁"),
		"limit": pick(lang, "limit", "限值"), "safe": pick(lang, "safe state", "安全状态"), "fault": pick(lang, "fault", "故障")}[why], why)
}

// unswitched is why an output was not switched, in the reader's language.
func unswitched(err error, lang string) error {
	if lang != "zh" {
		return err
	}
	text := err.Error()
	if why, refused := strings.CutPrefix(text, "refused: "); refused {
		return errors.New("被拒绝：" + detailText(why, lang))
	}
	if rest, fails := strings.CutPrefix(text, "the hardware fails ("); fails {
		word, why, _ := strings.Cut(rest, "): ")
		return errors.New("硬件故障（" + word + "）：" + detailText(why, lang))
	}
	if why, late := strings.CutPrefix(text, "the hardware has not answered yet: "); late {
		return errors.New("硬件尚未应答：" + detailText(why, lang))
	}
	return errors.New(detailText(text, lang))
}

// detailText is what an output says of itself in the reader's language: what it decided, or
// what its hardware said.
func detailText(detail, lang string) string {
	if lang != "zh" {
		return detail
	}
	if zh := wire.DetailIn(detail, lang); zh != detail {
		return zh
	}
	return chinese.Or(detail)
}

func outputNote(o status.Output, lang string) string {
	var notes []string
	left := longText(time.Duration(o.LeftMS)*time.Millisecond, lang)
	switch {
	case o.HeldMS > 0:
		notes = append(notes, fmt.Sprintf(pick(lang, "held off for %s yet", "保持关闭，剩余 %s"), longText(time.Duration(o.HeldMS)*time.Millisecond, lang)))
	case o.Asked && o.Block == "interlock":
		note := pick(lang, "wanted on, its interlock does not permit it", "要求开启，联锁不允许")
		if o.Says != "" {
			note += pick(lang, " (", "（") + detailText(o.Says, lang) + pick(lang, ")", "）")
		}
		notes = append(notes, note)
	case o.Asked && o.Block != "":
		notes = append(notes, fmt.Sprintf(pick(lang, "wanted on, may be in %s", "要求开启，%s后允许"), left))
	case o.State != "off" && o.LeftMS > 0:
		notes = append(notes, fmt.Sprintf(pick(lang, "off in %s at the latest", "最迟 %s后关闭"), left))
	}
	if o.Fault != "" {
		notes = append(notes, pick(lang, "FAULT ", "故障 ")+o.Fault+pick(lang, ": ", "：")+detailText(o.Detail, lang))
	}
	return strings.Join(notes, pick(lang, "; ", "；"))
}
