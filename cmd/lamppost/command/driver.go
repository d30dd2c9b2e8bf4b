package command

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/spf13/cobra"
)

func driverCommand(o Options) *cobra.Command {
	c := &cobra.Command{
		Use:   "driver",
		Short: "the drivers: what there is, a new one, the tests of one",
		Long: `driver shows the drivers that this program has, starts a new one, and runs the
conformance kit over one. Sensors that speak Modbus and differ by their registers
need none of this: see lamppost profiles.`,
		Args: cobra.NoArgs,
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	c.AddCommand(driverList(o), driverShow(o), driverNew(o), driverTest())
	return c
}

func driverList(o Options) *cobra.Command {
	var lang string
	var markdown bool
	c := &cobra.Command{
		Use:   "list",
		Short: "every driver, its wire, how well it is known and what it is for",
		Long: `list shows every driver of this program.

Conformance says what is proven without a part. Bronze: it passes the conformance kit
and its frames have sources; silver: its page is complete, it is tested with faults, and
what it decodes is fuzzed; gold: recordings show a good sample and each fault of its
wire. The next column says what is known of a real part: not yet, recorded, in the field.

Exit codes: 0.`,
		Args: cobra.NoArgs,
	}
	c.Flags().BoolVar(&markdown, "markdown", false, "as the table in docs/drivers.md")
	langFlag(c, &lang)
	c.RunE = func(c *cobra.Command, _ []string) error {
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		if markdown {
			return driversPage(c.OutOrStdout(), b.env.Kinds, b.env.Catalog, lang)
		}
		rows := [][]string{strings.Fields(pick(lang, "DRIVER WIRE CONFORMANCE REAL-PART WHAT", "驱动 线路 一致性 实物 说明"))}
		for _, k := range pagesOf(b.env.Kinds) {
			rows = append(rows, []string{k.Name, string(k.Wire), conformanceIn(k, lang), realPartOf(k, lang), titleIn(k, lang)})
		}
		return columns(c.OutOrStdout(), rows)
	}
	return c
}

func driverShow(o Options) *cobra.Command {
	var sample bool
	c := &cobra.Command{
		Use:   "show NAME",
		Short: "the page of one driver: wiring, options, channels, faults, and a block to paste",
		Long: `show prints what a driver's folder says about it, and its block for the
configuration.

Exit codes: 0, 2 no such driver.`,
		Args: cobra.ExactArgs(1),
	}
	c.Flags().BoolVar(&sample, "sample", false, "only the block to paste into a configuration")
	c.RunE = func(c *cobra.Command, args []string) error {
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		kinds := pagesOf(b.env.Kinds)
		i := slices.IndexFunc(kinds, func(k drivers.Kind) bool { return k.Name == args[0] })
		if i < 0 {
			return &exit{exitUsage, fmt.Errorf("there is no driver %q; %s", args[0], yamldoc.Hint(args[0], names(kinds))), "lamppost driver list"}
		}
		k := kinds[i]
		if sample {
			_, err = fmt.Fprint(c.OutOrStdout(), k.Sample)
			return err
		}
		if langOf(c) == "zh" {
			fmt.Fprint(c.OutOrStdout(), aboutZH(k, b.env.Catalog))
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n## sample.yaml\n\n%s", k.Readme, k.Sample)
		return err
	}
	return c
}

func names(kinds []drivers.Kind) (all []string) {
	for _, k := range kinds {
		all = append(all, k.Name)
	}
	return all
}

var (
	titleRE       = regexp.MustCompile(`(?m)^# [^:\n]*: (.+)$`)
	conformanceRE = regexp.MustCompile(`Conformance:\s+(bronze|silver|gold)\b`)
	realPartRE    = regexp.MustCompile(`On\s+a\s+real\s+part:\s+(not\s+yet|recorded|in\s+the\s+field)\b`)
)

// aboutZH says in Chinese what of a driver can be told without its page, which is in
// English.
func aboutZH(k drivers.Kind, metrics *obs.Catalog) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s：%s\n\n线路：%s。一致性：%s。实物：%s。\n\n测点：\n\n", k.Name, titleIn(k, "zh"), k.Wire, conformanceIn(k, "zh"), realPartOf(k, "zh"))
	for _, name := range strings.Split(channelsOf(k, metrics), ", ") {
		if m, ok := metrics.Lookup(strings.Trim(name, "`")); ok {
			fmt.Fprintf(&b, "- %s：%s，单位 %s\n", name, m.Label.In("zh"), dash(m.Text))
		}
	}
	b.WriteString("\n以下说明页为英文；最后是可粘贴到配置中的样例（sample.yaml）。故障含义见 docs/faults.zh-CN.md。\n\n")
	return b.String()
}

// title is what a driver's page says in its heading.
func title(k drivers.Kind) string { return firstOf(titleRE, k.Readme) }

// conformanceOf and realPartOf are what a driver's page claims; the conformance kit tests
// that it is true.
func conformanceOf(k drivers.Kind) string { return firstOf(conformanceRE, k.Readme) }

// conformanceIn is conformanceOf in a language.
func conformanceIn(k drivers.Kind, lang string) string {
	grade := conformanceOf(k)
	return pick(lang, grade, cmp.Or(map[string]string{"bronze": "铜", "silver": "银", "gold": "金"}[grade], grade))
}

func realPartOf(k drivers.Kind, lang string) string {
	known := strings.Join(strings.Fields(firstOf(realPartRE, k.Readme)), " ")
	if lang != "zh" {
		return known
	}
	return cmp.Or(map[string]string{"not yet": "尚未", "recorded": "已录制", "in the field": "在用"}[known], known)
}

func firstOf(re *regexp.Regexp, text string) string {
	m := re.FindStringSubmatch(text)
	if m == nil {
		return "-"
	}
	return cmp.Or(m[1], "-")
}
