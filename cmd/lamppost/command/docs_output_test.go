package command

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/gateway"
)

// The page's commands that switch something do so, in its order, at a gateway that
// runs; in both languages the page has the same ones and the same example.
func TestFieldEngineersPageSwitches(t *testing.T) {
	page, err := os.ReadFile("../../../docs/field-engineers.md")
	must(t, err)
	chinese, err := os.ReadFile("../../../docs/field-engineers.zh-CN.md")
	must(t, err)
	dir := t.TempDir()
	said := filepath.Join(dir, "said")
	must(t, os.WriteFile(filepath.Join(dir, "siren.sh"), []byte("echo $1 >>"+said+"\n"), 0o600))
	file := filepath.Join(dir, "gateway.yaml")
	must(t, os.WriteFile(file, []byte("gateway: {id: pump-3}\njournal: {dir: "+dir+"}\nstatus: {listen: \"127.0.0.1:0\"}\n"+
		"outputs: {siren: {command: [/bin/sh, "+filepath.Join(dir, "siren.sh")+"], min_off: 0s}}\n"), 0o600))
	b, err := Options{}.loadBuiltin(true)
	must(t, err)
	cfg, err := b.load(file, t.Output())
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- gateway.Run(ctx, gateway.Options{Config: cfg, Catalog: b.metrics, Ready: func(gateway.Started) { close(ready) }})
	}()
	<-ready
	for off := false; !off; { // set off at the start, and its socket is there
		outputs, err := gateway.AskOutputs(ctx, dir)
		off = err == nil && outputs[0].State == "off"
	}
	lines := regexp.MustCompile(`(?m)^lamppost output .*$`).FindAllString(string(page), -1)
	if len(lines) < 4 {
		t.Errorf("only %d commands; the test is looking for the wrong thing", len(lines))
	}
	for _, line := range lines {
		command, _, _ := strings.Cut(line, " #")
		if !strings.Contains(string(chinese), "\n"+command) {
			t.Errorf("the Chinese page does not have %s", command)
		}
		if out, errs, code := lamppost(ctx, append(strings.Fields(command)[1:], "--config", file)...); code != exitOK || !strings.Contains(out, "siren") {
			t.Errorf("%s: exit %d\n%s%s", command, code, out, errs)
		}
	}
	stop()
	must(t, <-done)
	if got, err := os.ReadFile(said); err != nil || !strings.HasPrefix(string(got), "off\non\noff\n") {
		t.Errorf("the siren was told %q, %v", got, err)
	}
	yaml := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	comment := regexp.MustCompile(` +#.*`)
	examples := func(text []byte) (out []string) {
		for _, m := range yaml.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "outputs:") {
				out = append(out, comment.ReplaceAllString(m[1], ""))
			}
		}
		return out
	}
	if en, zh := examples(page), examples(chinese); len(en) < 2 || !slices.Equal(en, zh) {
		t.Errorf("the examples differ:\n%s\n%s", en, zh)
	}
}
