package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/config"
)

// A camera at the board itself that is not there is warned of, and what read advises of it
// is about a plug and not about a network.
func TestCamerasAtTheBoard(t *testing.T) {
	node := filepath.Join(t.TempDir(), "video77")
	eye := config.Device{ID: "eye", Wire: drivers.HTTPHost, Plan: &drivers.Plan{Node: node}}
	cfg := &config.Config{Devices: []config.Device{eye}}
	for lang, want := range map[string]string{"en": "warning: devices.eye.url: nothing is plugged in as " + node, "zh": "警告：devices.eye.url：" + node + " 不存在"} {
		if got := strings.Join(nodeLines(cfg, lang), "\n"); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	must(t, os.WriteFile(node, nil, 0o600))
	if got := nodeLines(cfg, "en"); len(got) != 0 {
		t.Errorf("it is there: %q", got)
	}
	if wire := wireOf(cfg, eye); wire != "video" || !strings.Contains(steps[wire]["unplugged"].en, "/dev/v4l/by-id") {
		t.Errorf("its wire is %q", wire)
	}
}
