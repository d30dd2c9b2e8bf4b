package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every command on the field engineers' page that looks into a gateway, or asks it
// for something, does what it says: each is run here, on a gateway's journal.
func TestFieldEngineersPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/field-engineers.md")
	must(t, err)
	dir, work := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 20, dated: true}), t.TempDir()
	t.Chdir(work)
	must(t, os.WriteFile("gateway.yaml", []byte("gateway: {id: bridge-07}\njournal: {dir: "+dir+"}\n"), 0o600))
	n := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			line, _, _ = strings.Cut(line, " #")
			if !strings.HasPrefix(line, "lamppost ") {
				continue
			}
			args := fields(strings.TrimSpace(strings.TrimPrefix(line, "lamppost ")))
			for i, a := range args {
				if a == "/media/card/lamppost" {
					args[i] = dir
				}
			}
			if !strings.Contains(line, "--dir") {
				args = append(args, "--config", "gateway.yaml")
			}
			n++
			if out, errs, code := lamppost(t.Context(), args...); code != exitOK || out == "" && !strings.Contains(line, " -o ") {
				t.Errorf("%s: exit %d\n%s%s", line, code, out, errs)
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d commands; the test is looking for the wrong thing", n)
	}
	if csv, err := os.ReadFile(filepath.Join(work, "river.csv")); err != nil || !strings.HasPrefix(string(csv), "time,err_ms,") {
		t.Errorf("the export left %q, %v", csv, err)
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		must(t, os.WriteFile("example.yaml", []byte(block[1]), 0o600))
		if out, errs, code := lamppost(t.Context(), "check", "example.yaml"); code != exitOK {
			t.Errorf("%s\nexit %d\n%s%s", block[1], code, out, errs)
		}
	}
}

// fields parts a command line at blanks outside quotes.
func fields(line string) (out []string) {
	for _, m := range regexp.MustCompile(`"([^"]*)"|\S+`).FindAllStringSubmatch(line, -1) {
		if strings.HasPrefix(m[0], `"`) {
			out = append(out, m[1])
		} else {
			out = append(out, m[0])
		}
	}
	return out
}

// The faults, states and metrics that the page names exist.
func TestFieldEngineersPageNamesWhatThereIs(t *testing.T) {
	page, err := os.ReadFile("../../docs/field-engineers.md")
	must(t, err)
	source, err := os.ReadFile("../../edge/gateway/wear.go")
	must(t, err)
	for _, m := range regexp.MustCompile("`(lamppost_[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		if !strings.Contains(string(source), `"`+m[1]+`"`) {
			t.Errorf("there is no metric %s", m[1])
		}
	}
	words, err := os.ReadFile("../../edge/health/words_disk.go")
	must(t, err)
	for _, says := range []string{"The disk is full", "The disk has been read-only", "The card fails", "the journal's room is taken", "status page cannot be reached"} {
		if !strings.Contains(string(page), says) || !strings.Contains(string(words), says) {
			t.Errorf("page and program do not both say %q", says)
		}
	}
}
