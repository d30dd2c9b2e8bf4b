package docstest

import (
	"slices"
	"strings"
	"testing"
)

// The pages about detectors say the same in both languages, and the program on them is the
// one that the driver's tests run.
func TestDetectorsPagesAreInStep(t *testing.T) {
	const enPage, zhPage = "docs/detectors.md", "docs/detectors.zh-CN.md"
	en, zh := read(t, enPage), read(t, zhPage)
	for what, of := range map[string]func(string) []string{"heading levels": levels, "inline commands": commands, "kinds of lines": shape} {
		if a, b := of(en), of(zh); len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("the %s differ, or there are none:\n  %s  %q\n  %s  %q", what, enPage, a, zhPage, b)
		}
	}
	for _, lang := range []string{"yaml", "json", "python", "sh"} {
		if a, b := blocks(en, lang), blocks(zh, lang); len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("the %s blocks differ, or there are none", lang)
		}
	}
	if program := read(t, "drivers/camera/examples/moving.py"); !slices.Contains(blocks(en, "python"), program) {
		t.Error("drivers/camera/examples/moving.py does not stand on the page as it is")
	}
	for _, from := range []string{"docs/integrators", "drivers/camera/README"} {
		if !strings.Contains(read(t, from+".md"), "detectors.md") {
			t.Errorf("%s.md does not lead to %s", from, enPage)
		}
	}
	if !strings.Contains(read(t, "docs/integrators.zh-CN.md"), "(detectors.zh-CN.md)") {
		t.Errorf("docs/integrators.zh-CN.md does not lead to %s", zhPage)
	}
}
