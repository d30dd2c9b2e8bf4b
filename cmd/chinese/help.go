package chinese

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manual is the help of one command: one line for lists, and all of it.
type manual struct{ short, long string }

// of is the help of a command.
func of(c *cobra.Command) manual {
	for _, all := range [...]map[string]manual{gatewayManuals, cloudManuals, simManuals} {
		if m, ok := all[c.CommandPath()]; ok {
			return m
		}
	}
	return manual{}
}

// Help writes the help of a command in Chinese. What has none stands in English.
func Help(w io.Writer, c *cobra.Command) error {
	var b strings.Builder
	m := of(c)
	if m.long == "" {
		m.long = m.short
	}
	if m.long == "" {
		m.long = c.Long
	}
	b.WriteString(m.long + "\n")
	if c.Runnable() || c.HasAvailableSubCommands() {
		b.WriteString("\n用法：\n")
		if c.Runnable() {
			b.WriteString("  " + usage(c.UseLine()) + "\n")
		}
		if c.HasAvailableSubCommands() {
			b.WriteString("  " + c.CommandPath() + " [命令]\n")
		}
	}
	listed(&b, "命令", c, func(s *cobra.Command) bool { return s.IsAvailableCommand() || s.Name() == "help" && !s.Hidden })
	if c.HasAvailableFlags() {
		b.WriteString("\n参数：\n" + flags(c))
	}
	listed(&b, "其他说明", c, (*cobra.Command).IsAdditionalHelpTopicCommand)
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n某个命令的说明：%s [命令] --help\n", c.CommandPath())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func listed(b *strings.Builder, title string, c *cobra.Command, these func(*cobra.Command) bool) {
	width := 0
	var all []*cobra.Command
	for _, s := range c.Commands() {
		if these(s) {
			all, width = append(all, s), max(width, len(s.Name()))
		}
	}
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s：\n", title)
	for _, s := range all {
		short := of(s).short
		if s.Name() == "help" {
			short = "查看某个命令的说明"
		}
		if short == "" {
			short = s.Short
		}
		fmt.Fprintf(b, "  %-*s  %s\n", width, s.Name(), short)
	}
}

// flags are the lines of a command's flags, one below the other.
func flags(c *cobra.Command) string {
	var rows [][2]string
	width := 0
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		if f.Value.Type() != "bool" {
			name += " " + kindOf(f)
		}
		rows, width = append(rows, [2]string{name, flag(f)}), max(width, cells(name))
	})
	slices.SortStableFunc(rows, func(a, b [2]string) int { return strings.Compare(dashes(a[0]), dashes(b[0])) })
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(r[0] + strings.Repeat(" ", width-cells(r[0])+3) + r[1] + "\n")
	}
	return b.String()
}

// dashes is a flag's long name, by which flags are sorted.
func dashes(row string) string { return row[strings.Index(row, "--"):] }

// kindOf is what a flag takes.
func kindOf(f *pflag.Flag) string {
	kinds := map[string]string{"string": "文字", "duration": "时长", "int": "数字", "uint8": "数字", "uint64": "数字", "uint": "数字", "float64": "数字", "TIME": "时间", "stringSlice": "列表", "stringArray": "文字"}
	name, _ := pflag.UnquoteUsage(f)
	if k := kinds[name]; k != "" {
		return k
	}
	if k := kinds[f.Value.Type()]; k != "" {
		return k
	}
	return name
}

// flag is what a flag is for, and what it is without being said.
func flag(f *pflag.Flag) string {
	text := "查看说明"
	if f.Name != "help" {
		text = Or(f.Usage)
	}
	switch f.DefValue {
	case "", "false", "0", "0s", "[]":
	default:
		if f.Name != "lang" {
			text += "（缺省 " + f.DefValue + "）"
		}
	}
	return text
}

// usage is the line that says how a command is called.
func usage(line string) string {
	return placeholder.ReplaceAllStringFunc(strings.Replace(line, "[flags]", "[参数]", 1), func(word string) string {
		if zh := placeholders[word]; zh != "" {
			return zh
		}
		return word
	})
}

var placeholder = regexp.MustCompile(`[A-Z]{2,}`)

var placeholders = map[string]string{"FILE": "文件", "DEVICE": "设备", "NAME": "名称", "WORD": "词", "RULE": "规则", "PROFILE": "型号", "PROGRAM": "程序", "ARGUMENT": "参数",
	"FOLDER": "目录", "TIME": "时间", "ALERT": "告警", "GATEWAY": "网关", "OUTPUT": "输出", "PORT": "端口", "DIR": "目录", "ADDR": "地址", "PATH": "路径", "ADDRESS": "地址", "VALUES": "数值", "ID": "编号"}

// cells is how wide a text stands on a terminal.
func cells(s string) (n int) {
	for _, r := range s {
		n++
		if r >= 0x2e80 {
			n++
		}
	}
	return n
}

// Untold lists what the help of a command and of those below it lacks in Chinese, and
// where the Chinese speaks of other flags, files or numbers than the English.
func Untold(c *cobra.Command) (all []string) {
	if c.Name() == "completion" || c.Name() == "help" || strings.HasPrefix(c.Name(), "__") {
		return nil
	}
	m, path := of(c), c.CommandPath()
	if !c.Hidden {
		if m.short == "" || c.Long != "" && m.long == "" {
			all = append(all, path+": no help")
		}
		if a, b := strings.Join(marks(c.Long), " "), strings.Join(marks(m.long), " "); m.long != "" && a != b {
			all = append(all, fmt.Sprintf("%s: the English help speaks of %s, the Chinese of %s", path, a, b))
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if _, ok := Sentence(f.Usage); !ok && f.Name != "help" {
				all = append(all, fmt.Sprintf("%s --%s: %q", path, f.Name, f.Usage))
			}
		})
	}
	for _, s := range c.Commands() {
		all = append(all, Untold(s)...)
	}
	return all
}

var mark = regexp.MustCompile(`--[a-z][a-z-]+|\*\.[a-z]+|\b[0-9]+\b`)

// marks are the flags, files and numbers that a help speaks of.
func marks(help string) []string {
	all := mark.FindAllString(help, -1)
	slices.Sort(all)
	return slices.Compact(all)
}
