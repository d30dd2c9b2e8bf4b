package gateway_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/rulepack"
	"github.com/lamppost-city/lamppost/edge/status"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// A gateway that runs says why each of its rules stands as it does: a rule of a pack
// that fires, what it does when its sensor is pulled out, and a rule that cannot judge.
func TestAskWhy(t *testing.T) {
	p := newPost(t)
	p.env.Packs = gateway.PackUser(func() (*rulepack.Set, error) { return gateway.ReadPacks(p.metrics, firmwareconfigs.Rules()) })
	unplug := p.sensor(2000) // a metre of water under a sensor at three metres
	cfg := p.config("  subway: {use: underpass-flood, with: {level: pass.level, for: 0s, ahead: off, yellow: off}}\n" +
		"  rising: {when: \"rate(pass.level, 1h) > 0.5\", severity: blue}\n")
	p.start(cfg)
	p.until("the alert", raised)
	dir := filepath.Join(p.dir, "journal")

	all, err := gateway.AskRules(t.Context(), dir)
	if err != nil || len(all) != 2 || !reflect.DeepEqual(all[0], gateway.RuleState{Rule: "subway", Use: "underpass-flood", Phase: "active", Stage: "actual", Severity: "red"}) || all[1].Phase != "normal" {
		t.Errorf("rules %+v, %v", all, err)
	}
	why, err := gateway.AskWhy(t.Context(), dir, "subway")
	if err != nil || len(why.Stages) != 2 || why.Use != "underpass-flood" {
		t.Fatalf("why %+v, %v", why, err)
	}
	red := why.Stages[0]
	part := red.When.Parts[0]
	if red.Phase != "active" || red.When.Is != "true" || part.Text != "pass.level >= 0.4" || *part.Value != 1 || *part.Limit != 0.4 || red.Clear.Is != "false" {
		t.Errorf("red %+v", red)
	}
	st := red.When.Streams[0]
	if st.Stream != "pass.level" || !st.Known || *st.Value != 1 || st.AgeMS > 20_000 || st.StaleMS != 30_000 || st.Newest.QC == 0 || st.Newest.Fault != "" {
		t.Errorf("stream %+v", st)
	}
	// An hour is not known after a second: no answer, and what is known of it.
	why, err = gateway.AskWhy(t.Context(), dir, "rising")
	if w := why.Stages[0].When; err != nil || w.Is != "unknown" || w.Parts[0].Value != nil || w.Streams[0].WindowMS != time.Hour.Milliseconds() || w.Streams[0].Covered > 0.5 || w.Parts[0].Quantity != "per-hour" || why.Stages[0].Severity != "blue" {
		t.Errorf("rising %+v, %v", why, err)
	}
	// While somebody works on the sensor the rule rests, and says why.
	if _, err := gateway.AskMaintain(t.Context(), dir, gateway.MaintainQuestion{Device: "pass", ForMS: time.Hour.Milliseconds(), Set: true}); err != nil {
		t.Fatal(err)
	}
	p.until("the rule to rest", func(status.Snapshot) bool {
		why, err = gateway.AskWhy(t.Context(), dir, "subway")
		return err != nil || why.Idle == "maintenance"
	})
	if err != nil || why.Phase != "active" {
		t.Errorf("under maintenance: %+v, %v", why, err)
	}
	if _, err := gateway.AskMaintain(t.Context(), dir, gateway.MaintainQuestion{Device: "pass", Set: true}); err != nil {
		t.Fatal(err)
	}
	// Without its sensor the alert stays, and it is said what the device's fault is.
	unplug()
	p.until("the fault", func(status.Snapshot) bool {
		why, err = gateway.AskWhy(t.Context(), dir, "subway")
		return err != nil || why.Stages[0].When.Streams[0].Newest.Fault != ""
	})
	if err != nil || why.Phase != "active" {
		t.Errorf("unplugged: %+v, %v", why, err)
	}
	if _, err := gateway.AskWhy(t.Context(), dir, "subwy"); err == nil || !strings.Contains(err.Error(), `no rule "subwy"; did you mean "subway"?`) {
		t.Errorf("%v", err)
	}
	p.stop()
	if _, err := gateway.AskWhy(t.Context(), dir, "subway"); !errors.Is(err, control.ErrAbsent) {
		t.Errorf("nobody runs: %v", err)
	}
}
