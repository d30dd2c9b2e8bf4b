package command

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lamppost-city/lamppost/edge/gateway"
)

// docs/rules.md is what the program prints, in both languages.
func TestRulesPage(t *testing.T) {
	for lang, page := range map[string]string{"en": "rules.md", "zh": "rules.zh-CN.md"} {
		out, errs, code := lamppost(t.Context(), "rules", "list", "--markdown", "--lang", lang)
		if code != exitOK {
			t.Fatalf("exit %d: %s", code, errs)
		}
		path := filepath.Join("../../../docs", page)
		if os.Getenv("UPDATE_GOLDEN") != "" {
			must(t, os.WriteFile(path, []byte(out), 0o644))
		}
		want, err := os.ReadFile(path)
		must(t, err)
		if diff := cmp.Diff(string(want), out); diff != "" {
			t.Errorf("docs/%s is not what lamppost rules list --markdown prints (-page +program); run this test with UPDATE_GOLDEN=1:\n%s", page, diff)
		}
	}
}

// No text of a pack, and nothing that is made of it, has the words of an official
// warning.
func TestRulesPageSpeaksForNoAuthority(t *testing.T) {
	official := regexp.MustCompile(`[红橙黄蓝]色?预警`)
	for _, page := range []string{"rules.md", "rules.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("../../../docs", page))
		must(t, err)
		if at := official.FindString(string(text)); at != "" {
			t.Errorf("docs/%s says %s", page, at)
		}
	}
	files, err := filepath.Glob("../../../firmware-configs/rules/*.yaml")
	must(t, err)
	if len(files) < 11 {
		t.Errorf("%d packs", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		if at := official.FindString(string(text)); at != "" {
			t.Errorf("%s says %s", file, at)
		}
	}
}

// What the field engineers' page shows of rules does what it says, in both languages:
// its configuration, its tests, and its commands, on a gateway that runs.
func TestFieldEngineersPageRules(t *testing.T) {
	for page, heading := range map[string]string{"field-engineers.md": "## Rules from packs", "field-engineers.zh-CN.md": "## 规则包里的规则"} {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../../../docs", page))
			must(t, err)
			_, section, ok := strings.Cut(string(text), heading+"\n")
			section, _, _ = strings.Cut(section, "\n## ")
			if !ok {
				t.Fatalf("there is no section %q", heading)
			}
			t.Chdir(t.TempDir())
			for _, m := range regexp.MustCompile("(?s)```yaml ?([a-z.]*)\n(.*?)```").FindAllStringSubmatch(section, -1) {
				name, body := m[1], m[2]
				if name == "" {
					name, body = "gateway.yaml", m[2]+"journal: {dir: .}\nstatus: {listen: \"127.0.0.1:0\"}\n"
				}
				must(t, os.WriteFile(name, []byte(body), 0o600))
			}
			must(t, os.WriteFile("storm.csv", []byte("time,road-9.level\n2026-07-15 06:00:00,0.02\n2026-07-15 06:00:10,0.31\n2026-07-15 06:00:40,0.32\n"), 0o600))
			b, err := Options{}.loadBuiltin(true)
			must(t, err)
			cfg, err := b.load("gateway.yaml", t.Output())
			must(t, err)
			ctx, stop := context.WithCancel(t.Context())
			ready, done := make(chan struct{}), make(chan error, 1)
			go func() {
				done <- gateway.Run(ctx, gateway.Options{Config: cfg, Catalog: b.metrics, Ready: func(gateway.Started) { close(ready) }})
			}()
			<-ready
			for listens := false; !listens; { // its socket comes a moment later
				_, err := gateway.AskRules(ctx, ".")
				listens = err == nil
			}
			n := 0
			for _, line := range regexp.MustCompile(`(?m)^lamppost rules .*$`).FindAllString(section, -1) {
				command, _, _ := strings.Cut(line, " #")
				args := strings.Fields(command)[1:]
				if args[1] != "test" {
					args = append(args, "--config", "gateway.yaml")
				}
				n++
				if out, errs, code := lamppost(ctx, args...); code != exitOK || out == "" {
					t.Errorf("%s: exit %d\n%s%s", command, code, out, errs)
				}
			}
			stop()
			must(t, <-done)
			if n < 5 {
				t.Errorf("only %d commands; the test is looking for the wrong thing", n)
			}
		})
	}
}

// What the page says of somebody after hours is so: told at night, and not by day.
func TestFieldEngineersPageAfterHours(t *testing.T) {
	for page, heading := range map[string]string{"field-engineers.md": "## What a camera can measure", "field-engineers.zh-CN.md": "## 摄像机能测什么"} {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../../../docs", page))
			must(t, err)
			_, section, ok := strings.Cut(string(text), heading+"\n")
			section, _, _ = strings.Cut(section, "\n## ")
			if !ok {
				t.Fatalf("there is no section %q", heading)
			}
			t.Chdir(t.TempDir())
			for _, m := range regexp.MustCompile("(?s)```yaml ?([a-z.-]*)\n(.*?)```").FindAllStringSubmatch(section, -1) {
				name := m[1]
				if name == "" {
					name = "gateway.yaml" // the last one has the rule
				}
				must(t, os.WriteFile(name, []byte(m[2]), 0o600))
			}
			if out, errs, code := lamppost(t.Context(), "rules", "test", "after-hours.test.yaml"); code != exitOK {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
		})
	}
}
