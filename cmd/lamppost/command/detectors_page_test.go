package command

import (
	"encoding/base64"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/camera/detect"
)

// The configuration on the page about detectors is one, each of its keys is known, and the
// answers on the page are answers.
func TestDetectorsPage(t *testing.T) {
	b, err := os.ReadFile("../../../docs/detectors.md")
	must(t, err)
	page := string(b)
	t.Chdir(t.TempDir())
	block := func(lang string) (all []string) {
		for _, m := range regexp.MustCompile("(?s)```"+lang+"\n(.*?)```").FindAllStringSubmatch(page, -1) {
			all = append(all, m[1])
		}
		return all
	}
	example := block("yaml")[0]
	check := func(text string) (string, int) {
		must(t, os.WriteFile("example.yaml", []byte(text), 0o600))
		out, errs, code := lamppost(t.Context(), "check", "example.yaml")
		return out + errs, code
	}
	if out, code := check(example); code != exitOK {
		t.Fatalf("exit %d\n%s", code, out)
	}
	_, own, _ := strings.Cut(example, "detector:")
	own, _, _ = strings.Cut(own, "rules:")
	keys := regexp.MustCompile(`(?m)^      ([a-z]+):`).FindAllStringSubmatch(own, -1)
	for _, k := range keys {
		if out, code := check(strings.Replace(example, "      "+k[1]+":", "      "+k[1]+"x:", 1)); code != exitConfig {
			t.Errorf("%sx: exit %d\n%s", k[1], code, out)
		}
	}
	answers := 0
	for _, text := range block("json") {
		for line := range strings.Lines(text) {
			if strings.Contains(line, `"do"`) {
				continue // the question
			}
			answers++
			if _, err := detect.Parse([]byte(line)); err != nil {
				t.Error(err)
			}
		}
	}
	if len(keys) < 9 || answers != 3 {
		t.Errorf("%d keys and %d answers; the test is looking for the wrong thing", len(keys), answers)
	}
}

// The page's way to try a detector without a camera does so.
func TestDetectorsPageIsTried(t *testing.T) {
	page, err := os.ReadFile("../../../docs/detectors.md")
	must(t, err)
	program, err := os.ReadFile("../../../drivers/camera/examples/moving.py")
	must(t, err)
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("moving.py", program, 0o600))
	m := regexp.MustCompile("(?s)```sh\n(\\{ printf.*?)```").FindStringSubmatch(string(page))
	if m == nil {
		t.Fatal("it is not there")
	}
	if !strings.Contains(m[1], "head -c 19200 ") || base64.StdEncoding.EncodedLen(19200) != 25600 {
		t.Error("the picture has another size than it says")
	}
	if _, err := exec.LookPath("python3"); err != nil && os.Getenv("LAMPPOST_REQUIRE_PARTS") == "" {
		t.Skip("there is no python3 here")
	}
	out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", m[1]).Output()
	must(t, err)
	if a, err := detect.Parse(out); err != nil || a.ID != 1 || a.Fault != detect.ErrLoading {
		t.Errorf("%s answers %+v, %v", out, a, err)
	}
}
