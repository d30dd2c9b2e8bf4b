package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/buffer"
	"github.com/spf13/cobra"
)

func bufferExport() *cobra.Command {
	var l looking
	var f filterFlags
	var format, out string
	c := &cobra.Command{
		Use:   "export",
		Short: "write entries as CSV, JSON lines or SenML",
		Long: `export writes everything that was asked for, oldest first, to a file or to standard output.
A file appears whole or not at all: when export is cut short nothing is left behind.

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
		if format == "json" || !slices.Contains(buffer.Formats(), format) {
			format = "csv"
		}
	}
	if !slices.Contains(buffer.Formats(), format) {
		return "", &exit{exitUsage, fmt.Errorf("there is no format %q", format), "formats: " + strings.Join(buffer.Formats(), ", ")}
	}
	return format, nil
}

func dirOf(path string) string { return filepath.Dir(path) }

func (o *opened) export(c *cobra.Command, filter buffer.Filter, format, path string) error {
	var target io.Writer = c.OutOrStdout()
	file, err := createOutput(path)
	if err != nil {
		return writeFailed(err)
	}
	defer file.drop()
	if file.path != "" {
		target = file
	}
	w, err := buffer.NewWriter(target, format, time.Local, o.gatewayID())
	if err != nil {
		return writeFailed(err)
	}
	b := newBar(c.ErrOrStderr(), o.lang)
	sum, err := o.Walk(c.Context(), filter, b.show, w.Write)
	b.end()
	if cut := cutShort(c.Context()); cut != nil {
		fmt.Fprintln(c.ErrOrStderr(), pick(o.lang, "cut short; no file was written", "已中断，未写入文件"))
		return cut
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return writeFailed(err)
	}
	if err := file.keep(); err != nil {
		return writeFailed(err)
	}
	t := teller{o.lang, time.Local}
	lines := append([]string{fmt.Sprintf(t.pick("%s entries", "%s 条"), grouped(sum.Entries-w.Left()))}, t.summary(sum)...)
	if n := w.Left(); n > 0 {
		lines = append(lines, fmt.Sprintf(t.pick("%s entries have no place in %s: events, alerts and what has no date", "%s 条无法用 %s 表示：事件、告警和尚无时间的读数"), grouped(n), format))
	}
	for _, line := range lines {
		fmt.Fprintln(c.ErrOrStderr(), "# "+line)
	}
	return nil
}

func writeFailed(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return &exit{exitPermission, err, "name a directory that you may write to: --out"}
	}
	return &exit{exitStorage, err, "is there room left? nothing was written"}
}
