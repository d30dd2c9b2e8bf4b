package command

import (
	"regexp"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/pin"
)

func TestPIN(t *testing.T) {
	dir := t.TempDir()
	if _, errs, code := lamppost(t.Context(), "pin", "--dir", dir); code != exitFindings || !strings.Contains(errs, "there is no PIN yet") {
		t.Errorf("none yet: exit %d, %s", code, errs)
	}
	out, errs, code := lamppost(t.Context(), "pin", "--new", "--dir", dir, "--lang", "en")
	number := regexp.MustCompile(`^\d{8}\n`).FindString(out)
	if code != exitOK || number == "" {
		t.Fatalf("--new: exit %d, %q %q", code, out, errs)
	}
	if g, err := pin.NewDoor(dir, nil).Enter(strings.TrimSpace(number)); err != nil || g.Key == "" {
		t.Errorf("the number that was shown opens nothing: %+v, %v", g, err)
	}
	out, _, code = lamppost(t.Context(), "pin", "--dir", dir, "--lang", "zh")
	if code != exitOK || !strings.Contains(out, "已有 PIN") || strings.Contains(out, strings.TrimSpace(number)) {
		t.Errorf("shown again: exit %d, %q", code, out)
	}
	if _, errs, code := lamppost(t.Context(), "pin", "--new", "--dir", dir+"/none"); code != exitStorage {
		t.Errorf("no folder: exit %d, %s", code, errs)
	}
}
