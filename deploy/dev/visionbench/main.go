// Command visionbench measures how well a camera's pictures are judged: on films whose
// truth is known, of a river with a staff, of tamper, of smoke and flame, of somebody in
// a yard, and of what fools simple detectors.
//
//	visionbench                prints the tables
//	visionbench -docs docs     writes vision.md, vision.zh-CN.md and vision.csv there
//	visionbench -only flame    films whose kind, or photographs whose name, contains this
//	visionbench -dusk          cameras that see by an infrared lamp from dusk to dawn, instead
//	visionbench -photos DIR    photographs and footage that photos.sh has unpacked into DIR, instead
//
// It has to be run from the repository's root: the films' seeds derive from the SHA-256
// of the detector's sources, so that nobody can fit the detector to the films: whoever
// changes it meets others. What it does not show: real cameras. The films are drawn.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenery"
)

func main() {
	source := flag.String("source", "drivers/camera/vision", "the detector's sources")
	docs := flag.String("docs", "", "write the pages and every film into this folder")
	each := flag.Int("films", 4, "how many films of each kind")
	only := flag.String("only", "", "only films whose kind, or photographs whose name, contains this")
	practice := flag.Uint64("practise", 0, "films to practise on, which are never reported: the seed of the first, not 0")
	photos := flag.String("photos", "", "watch the photographs in this folder instead of films")
	evenings := flag.Bool("dusk", false, "watch cameras from dusk to dawn instead of films")
	flag.Parse()
	if *evenings {
		if err := runDusk(*source, *each); err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(1)
		}
		return
	}
	if *photos != "" {
		if err := runPhotos(*source, *photos, *docs, *only); err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*source, *docs, *each, *only, *practice); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(source, docs string, each int, only string, practice uint64) error {
	hash, err := sourceHash(source)
	if err != nil {
		return err
	}
	if docs != "" && (only != "" || practice != 0) {
		return fmt.Errorf("pages are written of every kind, and not of practice")
	}
	results, err := watchAll(plan(hash, each, only, practice))
	if err != nil {
		return err
	}
	if docs == "" {
		tables(os.Stdout, results, "en")
		return list(os.Stdout, results)
	}
	evenings, err := duskAll(hash, each)
	if err != nil {
		return err
	}
	return pages(docs, hash, results, evenings)
}

func runDusk(source string, each int) error {
	hash, err := sourceHash(source)
	if err != nil {
		return err
	}
	all, err := duskAll(hash, each)
	if err == nil {
		duskTable(os.Stdout, all, "en")
	}
	return err
}

func runPhotos(source, dir, docs, only string) error {
	if docs != "" && only != "" {
		return fmt.Errorf("pages are written of every photograph")
	}
	hash, err := sourceHash(source)
	if err != nil {
		return err
	}
	results, err := watchPhotos(dir, hash, only)
	if err != nil {
		return err
	}
	list, err := footageAll()
	if err != nil {
		return err
	}
	var moving []*footageResult
	for _, f := range list {
		if !strings.Contains(f.name, only) {
			continue
		}
		r, err := watchFootage(dir, f)
		if err != nil {
			return err
		}
		moving = append(moving, r)
	}
	if docs == "" {
		photoTable(os.Stdout, results, "en")
		footageTable(os.Stdout, moving, "en")
		return nil
	}
	return photoPages(docs, dir, hash, results, moving)
}

// task is one film to watch.
type task struct {
	kind string
	seed uint64
}

func plan(hash [32]byte, each int, only string, practice uint64) (all []task) {
	for k, kind := range scenery.Kinds() {
		for i := range each {
			seed := seedOf(hash, k*1000+i)
			if practice != 0 {
				seed = practice + uint64(i)
			}
			if strings.Contains(kind, only) {
				all = append(all, task{kind, seed})
			}
		}
	}
	return all
}

// watchAll watches films side by side, and returns what came of them in order.
func watchAll(tasks []task) ([]result, error) {
	results, errs := make([]result, len(tasks)), make([]error, len(tasks))
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				results[i], errs[i] = watch(tasks[i])
			}
		})
	}
	for i := range tasks {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}
