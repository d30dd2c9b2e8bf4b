// Command stormbench measures how early and how truly a rule's forecast speaks: on
// synthetic storms, beside a lower threshold and beside a forecast by least squares.
//
//	stormbench                prints the table
//	stormbench -docs docs     writes foresight.md, .zh-CN.md, .svg and .csv there
//
// It has to be run from the repository's root: the storms' seeds derive from the
// SHA-256 of the rule engine's sources, so that nobody can fit the engine to the
// storms: whoever changes it meets others. What it does not show: real rivers. The
// storms are drawn from nine shapes, with waves, noise, steps of the sensor, spikes,
// lost readings and outages that no quality check has taken out.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/lamppost-city/lamppost/edge/rule"
)

func main() {
	source := flag.String("source", "edge/rule", "the rule engine's sources")
	docs := flag.String("docs", "", "write the page, the plot and every storm into this folder")
	n := flag.Int("storms", 243, "how many storms")
	practice := flag.Bool("practise", false, "print the engine's table of ranges, from storms to practise on")
	flag.Parse()
	var err error
	if *practice {
		err = practise(os.Stdout, *n)
	} else {
		err = run(*source, *docs, *n)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(source, docs string, n int) error {
	hash, err := sourceHash(source)
	if err != nil {
		return err
	}
	storms := draw(hash, n)
	methods, err := compare(storms)
	if err != nil {
		return err
	}
	if docs == "" {
		table(os.Stdout, methods, storms, "en")
		fmt.Println()
		ranges(os.Stdout, methods, storms, "en")
		fmt.Println()
		shapes(os.Stdout, methods[0], storms, "en")
		fmt.Println()
		return each(os.Stdout, methods, storms)
	}
	return pages(docs, hash, methods, storms)
}

func draw(hash [32]byte, n int) (storms []*storm) {
	for i := range n {
		storms = append(storms, newStorm(seedOf(hash, i), kinds[i%len(kinds)]))
	}
	return storms
}

// compare lets each method see each storm.
func compare(storms []*storm) ([]*method, error) {
	ours, smooth := &method{zh: "预测（Theil–Sen）", en: "forecast, Theil–Sen"}, &method{zh: "预测（Holt）", en: "forecast, Holt"}
	ols := &method{zh: "最小二乘预测", en: "least squares"}
	for _, s := range storms {
		for m, to := range map[rule.Method]*method{rule.TheilSen: ours, rule.Holt: smooth} {
			w, err := newEngine(m)
			if err != nil {
				return nil, err
			}
			to.verdicts = append(to.verdicts, judge(w, s))
		}
		ols.verdicts = append(ols.verdicts, judge(&squares{}, s))
	}
	return []*method{ours, smooth, ols, fairest(storms, ours.score(storms).falseStorms)}, nil
}

// fairest is the lowest threshold below the limit that gives false pre-alerts in no
// more storms than the forecast did.
func fairest(storms []*storm, falseStorms int) *method {
	var best *method
	for cm := 95; cm >= 30; cm -= 5 {
		at := float64(cm) / 100
		m := &method{zh: fmt.Sprintf("阈值 %.2f m", at), en: fmt.Sprintf("threshold %.2f m", at)}
		for _, s := range storms {
			m.verdicts = append(m.verdicts, judge(&plain{at: at}, s))
		}
		if best == nil || m.score(storms).falseStorms <= falseStorms {
			best = m
		}
	}
	return best
}
