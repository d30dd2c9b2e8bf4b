// Command journalbench measures the journal beside what one would pick off the
// shelf to keep records on a small board: SQLite, bbolt, tidwall/wal and the file
// store of the paho MQTT client, and a bare file as yardstick. All get the same
// records, the samples of a simulated street as the gateway encodes them, and the
// same policy: a commit for each second's worth of them, and then records that are
// committed one by one, as alerts are. Each is used as its documentation
// recommends. Medians of several runs, each on a fresh file system; the order
// changes from run to run.
//
// As root each run has an ext4 of its own on a loop device, whose block layer
// counts bytes and flushes. Otherwise /proc/self/io says what the process wrote,
// which leaves out the file system's journal.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"
)

func main() {
	samples := flag.Int("samples", 40_000, "samples of ten readings for each run; at most 60 000, which is as many as paho can keep")
	group := flag.Int("group", 200, "samples in a commit: 200 are a second's worth at 2 000 readings/s")
	alerts := flag.Int("alerts", 200, "records committed one by one")
	rounds := flag.Int("rounds", 5, "runs of each")
	under := flag.String("dir", os.TempDir(), "where to work; it should be a disk")
	flag.Parse()
	if err := bench(*samples, *group, *alerts, *rounds, *under); err != nil {
		fmt.Fprintln(os.Stderr, "journalbench:", err)
		os.Exit(1)
	}
}

func bench(samples, group, alerts, rounds int, under string) error {
	bodies, err := street(samples)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(under, "journalbench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	all := contenders()
	runs := make([][]figures, len(all))
	for round := range rounds {
		for i := range all {
			n := (i + round) % len(all)
			f, err := once(all[n], work, load{bodies, group, alerts})
			if err != nil {
				return fmt.Errorf("%s: %w", all[n].name, err)
			}
			runs[n] = append(runs[n], f)
		}
	}
	conditions(samples, group, alerts, rounds, bodies)
	return report(all, runs)
}

// once is one contender on a fresh place.
func once(c contender, work string, l load) (figures, error) {
	p, err := newPlace(work)
	if err != nil {
		return figures{}, err
	}
	f, err := measure(c, p, l)
	if removed := p.remove(); err == nil {
		err = removed
	}
	return f, err
}

func newPlace(work string) (place, error) {
	if os.Geteuid() == 0 {
		return newLoop(work)
	}
	dir := filepath.Join(work, "run")
	return folder(dir), os.MkdirAll(dir, 0o700)
}

func conditions(samples, group, alerts, rounds int, bodies [][]byte) {
	total := 0
	for _, b := range bodies {
		total += len(b)
	}
	how := "a fresh ext4 on a loop device; bytes and flushes as its block layer counts them"
	if os.Geteuid() != 0 {
		how = "a directory; bytes as /proc/self/io counts them (run as root for those of the device)"
	}
	fmt.Printf("%d samples of %d readings, %.1f bytes a reading as encoded; a commit for every %d samples, then %d records committed one by one;\nmedians of %d runs, each on %s.\n\n",
		samples, perSample, float64(total)/float64(samples*perSample), group, alerts, rounds, how)
}

func report(all []contender, runs [][]figures) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\treadings/s\tCPU ns/reading\tdisk B/reading\tdevice B/reading\tflushes/commit\tone record\tdevice B/record\t")
	for i, c := range all {
		get := func(of func(figures) float64) float64 {
			var v []float64
			for _, f := range runs[i] {
				v = append(v, of(f))
			}
			return median(v)
		}
		flushes := fmt.Sprintf("%.2f", get(func(f figures) float64 { return f.flushes }))
		if get(func(f figures) float64 { return f.flushes }) < 0 {
			flushes = "?"
		}
		fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.1f\t%.1f\t%s\t%v\t%.0f\t\n", c.name,
			perSample*get(func(f figures) float64 { return f.perSecond }), get(func(f figures) float64 { return float64(f.cpu) })/perSample,
			get(func(f figures) float64 { return f.disk }), get(func(f figures) float64 { return f.device }), flushes,
			time.Duration(get(func(f figures) float64 { return float64(f.alert) })).Round(time.Microsecond), get(func(f figures) float64 { return f.alertDev }))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("\n%s\n\n", "Of segments that lamppost allocates beforehand only the part that is written counts as disk.")
	for _, c := range all {
		fmt.Printf("%-15s %s\n", c.name, c.promises)
	}
	return nil
}
