package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A tape that is there is not written over, and no driver takes a built-in one's name.
func TestTaken(t *testing.T) {
	tape := filepath.Join(t.TempDir(), "t.tape")
	must(t, os.WriteFile(tape, []byte("kept"), 0o600))
	if _, errs, code := lamppost(t.Context(), "record", "box", "-o", tape); code != exitUsage || !strings.Contains(errs, "--force") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if b, err := os.ReadFile(tape); err != nil || string(b) != "kept" {
		t.Errorf("the tape is now %q, %v", b, err)
	}
	dir := filepath.Join(t.TempDir(), "new")
	if _, errs, code := lamppost(t.Context(), "driver", "new", "pms5003", "--dir", dir); code != exitUsage || !strings.Contains(errs, "there is a driver pms5003 already") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
