package buffer

import (
	"testing"

	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestActuationText(t *testing.T) {
	for _, c := range []struct {
		a      wire.Actuation
		en, zh string
	}{
		{wire.Actuation{On: true, Why: wire.WhyRule, By: "river-high", Result: wire.Done}, "on, rule river-high: done", "开，规则 river-high：完成"},
		{wire.Actuation{Why: wire.WhyLimit, Result: wire.Failed, Detail: "no answer in time"}, "off, limit: failed (no answer in time)", "关，限值：失败（no answer in time）"},
		{wire.Actuation{On: true, Why: wire.WhyInterlock, By: "river-high", Result: wire.Blocked, Detail: "its interlock is unknown: level under maintenance"},
			"on, interlock river-high: not allowed (its interlock is unknown: level under maintenance)", "开，联锁 river-high：不允许（联锁条件不明：level 维护中）"},
	} {
		e := Entry{Kind: Event, Event: &wire.Event{Kind: "actuation", Actuation: &c.a}}
		if en, zh := e.happening(false), e.happening(true); en != c.en || zh != c.zh {
			t.Errorf("%+v reads %q and %q, want %q and %q", c.a, en, zh, c.en, c.zh)
		}
	}
}
