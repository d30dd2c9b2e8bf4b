package command

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/buffer"
	"github.com/spf13/cobra"
)

func bufferExport(with Options) *cobra.Command {
	l := looking{with: with}
	var f filterFlags
	var format, out string
	c := &cobra.Command{
		Use:   "export",
		Short: "write entries as CSV, JSON lines or SenML",
		Long: `export writes everything that was asked for, oldest first, to a file or to standard output.
A file appears whole or not at all: when export is cut short nothing is left behind.
A device or a pipe is written to as it is, and a link is followed.

csv    one row per reading, event or alert; RFC 3339 times with the local offset
jsonl  one JSON object per line, with events and alerts as they travel
senml  one RFC 8428 pack of the readings; what has no date yet has no place in it

Where time is empty, boot and boot_ms say when it was.

Exit codes: 0 written, 2 wrong usage, 3 wrong configuration, 7 permission, 8 no journal there
or no room, 130 cut short.`,
		Args: cobra.NoArgs,
	}
	l.flags(c)
	f.flags(c)
	c.Flags().StringVar(&format, "format", "", strings.Join(buffer.Formats(), ", ")+"; without it the file's name decides, else csv")
	c.Flags().StringVarP(&out, "out", "o", "", "the file; without it standard output")
	c.RunE = func(c *cobra.Command, _ []string) error {
		filter, err := f.filter()
		if err != nil {
			return err
		}
		if format, err = formatOf(format, out); err != nil {
			return err
		}
		o, err := l.open(c)
		if err != nil {
			return err
		}
		defer o.Journal.Close()
		return o.export(c, filter, format, out)
	}
	return c
}

// formatOf is the format asked for, or what the file's name says.
func formatOf(format, out string) (string, error) {
	if format == "" {
		format = strings.TrimPrefix(filepath.Ext(out), ".")
		if strings.HasPrefix(out, "/dev/") || format == "" {
			format = "csv"
		}
	}
	if !slices.Contains(buffer.Formats(), format) {
		return "", &exit{exitUsage, fmt.Errorf("there is no format %q", format), "formats: " + strings.Join(buffer.Formats(), ", ") + "; --format says it whatever the file is called"}
	}
	return format, nil
}

// write copies what was asked for to the output.
func (o *opened) write(c *cobra.Command, filter buffer.Filter, format string, to *output) (buffer.Summary, uint64, error) {
	w, err := buffer.NewWriter(to, format, time.Local, o.gatewayID())
	if err != nil {
		return buffer.Summary{}, 0, err
	}
	b := newBar(c.ErrOrStderr(), o.lang)
	sum, err := o.Walk(c.Context(), filter, b.show, w.Write)
	b.end()
	if err == nil {
		err = w.Close()
	}
	return sum, w.Left(), err
}

func (o *opened) export(c *cobra.Command, filter buffer.Filter, format, path string) error {
	to, err := createOutput(c.Context(), path, c.OutOrStdout())
	if cut := cutShort(c.Context()); cut != nil && err != nil {
		return cut
	}
	if err != nil {
		return failed(path, err)
	}
	defer to.drop()
	sum, left, err := o.write(c, filter, format, to)
	if cut := cutShort(c.Context()); cut != nil {
		if to.path != "" {
			fmt.Fprintln(c.ErrOrStderr(), pick(o.lang, "cut short; no file was written", "已中断，未写入文件"))
		}
		return cut
	}
	switch {
	case to.err != nil:
		return failed(to.name, to.err)
	case err != nil:
		return &exit{exitStorage, err, "the journal cannot be read to its end: lamppost buffer verify"}
	}
	if err := to.keep(); err != nil {
		return failed(to.name, err)
	}
	t := teller{o.lang, time.Local}
	lines := append([]string{fmt.Sprintf(t.pick("%s entries", "%s 条"), grouped(sum.Entries-left))}, t.summary(sum)...)
	if left > 0 {
		lines = append(lines, fmt.Sprintf(t.pick("%s entries have no place in %s: events, alerts and what has no date", "%s 条无法用 %s 表示：事件、告警和尚无时间的读数"), grouped(left), format))
	}
	for _, line := range lines {
		fmt.Fprintln(c.ErrOrStderr(), "# "+line)
	}
	return nil
}
