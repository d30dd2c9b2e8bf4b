package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/rehearsal"
	"github.com/lamppost-city/lamppost/edge/rule"
	"github.com/lamppost-city/lamppost/edge/rulepack"
	"github.com/spf13/cobra"
)

func rulesTest(o Options) *cobra.Command {
	var lang string
	var all bool
	c := &cobra.Command{
		Use:   "test FILE…",
		Short: "test rules on made-up readings: what is to happen, and when",
		Long: `test runs the tests in rule packs, and those in files that name a configuration:

  config: gateway.yaml          # beside this file
  tests:
    - name: a cloudburst
      rule: subway
      every: 10s                # between two readings
      series: {road.level: "0.02x30 +0.01x40 _x3 0.41x6"}
      expect: {4m..6m: forecast yellow, 7m30s: yellow, 9m40s: orange}

0.02x30 are thirty readings, +0.01x40 forty, each so much more than the one before, =-5 one
below nought, _ none, 9.99! one that is flagged fail. expect lists everything that becomes
of the alert, each with its time or the times between which it happens; {} is nothing.
start: fri 22:00 (or 2026-11-20 22:00) says when the test begins, at the place, which a
rule with a schedule needs. Of a derived stream either its own readings are given, or those
of what it is made of, and it is computed as the gateway does. Where series give readings
of what a rule under depends reads, that rule is judged too, and keeps the tested one back
while it has an alert: port.door: "1x3 _x60" lets a part fall silent.
Readings of a configuration's device are judged by its ranges and its checks spike and rate,
as in the gateway: a lone wrong value is taken back by the next, with what it raised. Its
other checks are left out, a series written by hand would not pass them; a pack's tests have
no device, and judge nothing.
A folder stands for every *.yaml in it. Of a test that fails each step is shown, what was
expected and what came.

Exit codes: 0 all pass, 1 some fail, 3 mistakes in a file or no such file.`,
		Args: cobra.MinimumNArgs(1),
	}
	c.Flags().BoolVarP(&all, "verbose", "v", false, "the steps of those that pass, too")
	langFlag(c, &lang)
	c.RunE = func(c *cobra.Command, args []string) error {
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		b.lang = &lang
		files, err := testFiles(args)
		if err != nil {
			return err
		}
		failed := 0
		for _, file := range files {
			done, wrong, err := b.rehearse(c, file)
			if err != nil {
				return err
			}
			if err := found(c, wrong, lang); err != nil {
				return err
			}
			n, err := b.tellTests(c.OutOrStdout(), file, done, all, lang)
			if err != nil {
				return shown(err)
			}
			failed += n
		}
		if failed > 0 {
			return &exit{code: exitFindings}
		}
		return nil
	}
	return c
}

// testFiles finds the files that are meant.
func testFiles(args []string) (files []string, err error) {
	for _, arg := range args {
		st, err := os.Stat(arg)
		if err != nil {
			return nil, &exit{exitConfig, err, "name rule packs, files of tests, or a folder of them: lamppost rules test packs/"}
		}
		if !st.IsDir() {
			files = append(files, arg)
			continue
		}
		here, err := filepath.Glob(filepath.Join(arg, "*.yaml"))
		if err != nil || len(here) == 0 {
			return nil, &exit{exitConfig, fmt.Errorf("no *.yaml in %s", arg), "name a folder that holds packs or tests"}
		}
		files = append(files, here...)
	}
	return files, nil
}

// rehearse runs the tests of one file.
func (b *builtin) rehearse(c *cobra.Command, file string) ([]gateway.Rehearsed, yamldoc.Problems, error) {
	src, err := readText(file)
	if err != nil {
		return nil, nil, &exit{exitConfig, err, "name a file that can be read"}
	}
	doc, err := yamldoc.Parse(file, src)
	var wrong yamldoc.Problems
	if errors.As(err, &wrong) && doc == nil {
		return nil, wrong, nil
	}
	if doc.Node("config") != nil || doc.Node("rules") == nil {
		return b.rehearseSite(c, file, doc)
	}
	id := strings.TrimSuffix(filepath.Base(file), ".yaml")
	p, err := gateway.PackReader(b.metrics).Parse(file, id, src)
	if errors.As(err, &wrong) {
		return nil, wrong, nil
	}
	if err != nil {
		return nil, nil, err
	}
	done, wrong := gateway.RehearsePack(rulepack.SetOf(p), p)
	return done, wrong, nil
}

// rehearseSite runs tests of a configuration's rules.
func (b *builtin) rehearseSite(c *cobra.Command, file string, doc *yamldoc.Doc) ([]gateway.Rehearsed, yamldoc.Problems, error) {
	var k struct {
		Config string        `yaml:"config,required"`
		Tests  *yamldoc.Node `yaml:"tests,required"`
	}
	var wrong yamldoc.Problems
	if errors.As(doc.Decode(&k), &wrong) {
		return nil, wrong, nil
	}
	path := k.Config
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(file), path)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, yamldoc.Problems{doc.Node("config").Problem("E2004", "there is no configuration "+path).WithHint("name it as it lies beside this file")}, nil
	}
	cfg, err := b.load(path, c.ErrOrStderr())
	if err != nil {
		return nil, nil, err
	}
	done, wrong := gateway.RehearseSite(cfg, b.metrics, doc.Node("tests"))
	return done, wrong, nil
}

// tellTests shows what became of the tests of a file and how many failed.
func (b *builtin) tellTests(w io.Writer, file string, done []gateway.Rehearsed, all bool, lang string) (failed int, err error) {
	var out strings.Builder
	for _, d := range done {
		if d.Result.Passed && !all {
			continue
		}
		word := pick(lang, "ok", "通过")
		if !d.Result.Passed {
			failed++
			word = pick(lang, "FAIL", "失败")
		}
		fmt.Fprintf(&out, "%s  %s:%d  %s (%s)\n", word, file, d.Test.Node.Line(), d.Test.Name, d.Test.Rule)
		if err := b.tellSteps(&out, d, lang); err != nil {
			return failed, err
		}
	}
	text := fmt.Sprintf(pick(lang, "%s: %s, %s\n", "%s：%s，%s\n"), file, counted(len(done), lang, "test", "项测试"),
		pick(lang, map[bool]string{true: "all pass", false: fmt.Sprintf("%d FAILED", failed)}[failed == 0], map[bool]string{true: "全部通过", false: fmt.Sprintf("%d 项失败", failed)}[failed == 0]))
	_, err = io.WriteString(w, out.String()+text)
	return failed, err
}

// tellSteps shows the steps of a test: when, what was expected, what came, on what.
func (b *builtin) tellSteps(w io.Writer, d gateway.Rehearsed, lang string) error {
	rows := [][]string{strings.Split(pick(lang, "    EXPECTED|CAME|ON|", "    预期|实际|读数|"), "|")}
	word := func(is rule.Standing) string {
		if is == (rule.Standing{}) {
			return pick(lang, "normal", "正常")
		}
		return standingText(is.Stage, is.Severity, lang)
	}
	for _, s := range d.Result.Steps {
		row := []string{"    -", "-", "-", ""}
		if e := s.Expected; e != nil {
			at := rulepack.Brief(e.From)
			if e.To != e.From {
				at += ".." + rulepack.Brief(e.To)
			}
			row[0] = "    " + at + " " + word(e.Is)
		}
		if g := s.Got; g != nil {
			row[1], row[2] = rulepack.Brief(g.At)+" "+word(g.Is), b.readingText(*g, d, lang)
		}
		if !s.Right {
			row[3] = pick(lang, "<-- differs", "<-- 不符")
		}
		rows = append(rows, row)
	}
	if len(d.Result.Steps) == 0 {
		_, err := fmt.Fprintf(w, pick(lang, "    nothing happens in %s, as expected\n", "    %s 内无事件，符合预期\n"), longText(d.Result.End, lang))
		return err
	}
	return columns(w, rows)
}

// readingText says on what value something came.
func (b *builtin) readingText(g rehearsal.Got, d gateway.Rehearsed, lang string) string {
	if g.Stream.Channel == "" {
		return "-"
	}
	text := g.Stream.Device + "." + g.Stream.Channel + whatText(g.Stream, g.Quantity, g.Over, d.Made, lang) + " " + b.measured(g.Stream.Channel, string(g.Quantity), &g.Value) +
		pick(lang, ", limit ", "，限值 ") + b.measured(g.Stream.Channel, string(g.Quantity), &g.Limit)
	if g.Late > 0 {
		text += fmt.Sprintf(pick(lang, ", in %s to %s", "，%s–%s 后"), rulepack.Brief(time.Duration(g.Early)*time.Second), rulepack.Brief(time.Duration(g.Late)*time.Second))
	}
	return text
}
