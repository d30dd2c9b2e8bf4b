package alert_test

import (
	"testing"

	"github.com/lamppost-city/lamppost/edge/alert"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// An alert says from when until when somebody worked on it, and its text that it is not
// judged meanwhile.
func TestMaintainIsSaid(t *testing.T) {
	raised := alert.Revise(river, level, nil, change(60_000, 3.014, false), idA, nil)
	begun := alert.Maintain(river, &raised, wire.Moment{Boot: boot1, BootMS: 70_000}, "li", true)
	ended := alert.Maintain(river, &begun, wire.Moment{Boot: boot1, BootMS: 90_000}, "", false)
	again := alert.Revise(river, level, &ended, change(95_000, 3.2, false), idB, nil)
	cleared := alert.Revise(river, level, &begun, change(99_000, 2.8, true), idB, nil)
	if begun.Text["en"] != "river: level 3.01 m, limit 3.00 (under maintenance since +1m10s, not judged)" || begun.Text["zh"] != "拱宸桥水位 3.01 米，限值 3.00 米（+1m10s 起维护中，暂不判断）" ||
		begun.Rev != 2 || begun.Maintenance.By != "li" || begun.Maintenance.Until != nil || raised.Maintenance != nil {
		t.Errorf("begun: %+v", begun)
	}
	if ended.Text["en"] != raised.Text["en"] || ended.Text["zh"] != raised.Text["zh"] || ended.Rev != 3 || ended.Maintenance.Until.BootMS != 90_000 || begun.Maintenance.Until != nil {
		t.Errorf("ended: %+v", ended)
	}
	if again.Maintenance == nil || again.Maintenance.Since.BootMS != 70_000 || again.Text["en"] != "river: level 3.20 m, limit 3.00" {
		t.Errorf("afterwards: %+v", again)
	}
	if want := "Over: river: level 3.01 m, limit 3.00 (+59s to +1m39s, now 2.80 m)"; cleared.Text["en"] != want {
		t.Errorf("%s\nwant %s", cleared.Text["en"], want)
	}
	for _, a := range []wire.Alert{begun, ended, again} {
		if a.Epoch, a.Seq = wire.NewEpoch(1, [6]byte{1}), 7; a.Validate() != nil {
			t.Error(a.Validate())
		}
	}
}
