package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

// The next step points where the fault is: a camera's refusal at its path and login, a
// sensor's at its measurement, a part that is set otherwise at the configuration.
func TestNextStepPointsAtTheFault(t *testing.T) {
	for _, c := range []struct {
		wire   string
		err    error
		en, zh string
	}{
		{"http", fmt.Errorf("camera: %w: status 404", drivers.ErrException), "404 is a wrong path", "路径"},
		{"sdi12", fmt.Errorf("sdi12: %w", drivers.ErrException), "does not know this measurement", "测量"},
		{"uart", fmt.Errorf("ezo: %w: 1.2,3.4 has 2 fields", drivers.ErrSettings), "set otherwise than the configuration", "设置与配置不符"},
		{"uart", fmt.Errorf("ezo: %w", drivers.ErrProtocol), "speed (baud) first", "波特率"},
		{"host", fmt.Errorf("modbus: %w", drivers.ErrException), "does the profile fit", "模板"},
	} {
		if got := stepAfter(c.wire, c.err, "en"); !strings.Contains(got, c.en) {
			t.Errorf("%s, %v: %s", c.wire, c.err, got)
		}
		if got := stepAfter(c.wire, c.err, "zh"); !strings.Contains(got, c.zh) {
			t.Errorf("%s, %v: %s", c.wire, c.err, got)
		}
	}
	if w := drivers.FaultWord(fmt.Errorf("ezo: %w", drivers.ErrSettings)); w != "protocol" {
		t.Errorf("settings travel as %s", w)
	}
}
