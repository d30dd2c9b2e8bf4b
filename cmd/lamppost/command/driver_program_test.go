package command

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the kit says of programs that keep the protocol, and of some that do not.
func TestTryProgram(t *testing.T) {
	zone := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(zone, []byte("48312\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	thermal, err := filepath.Abs("../../../drivers/process/examples/thermal.sh")
	if err != nil {
		t.Fatal(err)
	}
	sh := func(text string) []string { return []string{"/bin/sh", "-c", text} }
	const id = `id=${q##*\"id\":}; id=${id%%[!0-9]*}; `
	for _, c := range []struct {
		name    string
		command []string
		lang    string
		broken  int
		want    string
	}{
		{"the example", []string{"/bin/sh", thermal, zone}, "en", 0, "it reads temp 48.312"},
		{"the example without a part", []string{"/bin/sh", thermal, zone + "x"}, "en", 0, "it reports the fault unplugged"},
		{"the example, in Chinese", []string{"/bin/sh", thermal, zone}, "zh", 0, "程序读到：temp 48.312"},
		{"one that always says 1", sh(`while read -r q; do echo '{"id":1,"readings":{"temp":1}}'; done`), "en", 5, "answer 1 to question 7"},
		{"one that samples whatever it is told", sh(`while read -r q; do ` + id + `echo "{\"id\":$id,\"readings\":{}}"; done`), "en", 1, "asked to dance"},
		{"one that chats", sh(`while read -r q; do ` + id + `echo measuring; echo "{\"id\":$id,\"fault\":\"protocol\"}"; done`), "en", 1, "write notes on standard error"},
		{"one that answers nothing", []string{"/bin/sleep", "100"}, "en", 1, "no answer in time"},
		{"one that ends", sh("echo 'no such part' >&2; exit 3"), "en", 1, "exit status 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			cmd := driverTest()
			cmd.SetOut(&out)
			cmd.SetArgs(append([]string{"--timeout", "2s", "--lang", c.lang, "--"}, c.command...))
			err := cmd.ExecuteContext(t.Context())
			var e *exit
			if broken := strings.Count(out.String(), "BROKEN") + strings.Count(out.String(), "不符"); broken != c.broken || (broken > 0) != (errors.As(err, &e) && e.code == exitFindings) {
				t.Errorf("%d promises are broken, want %d; %v\n%s", broken, c.broken, err, out.String())
			}
			if !strings.Contains(out.String(), c.want) {
				t.Errorf("it does not say %q:\n%s", c.want, out.String())
			}
		})
	}
}
