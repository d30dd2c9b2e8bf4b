package rule_test

import (
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/rule"
)

func Example() {
	level := obs.Stream{Device: "river", Channel: "level"}
	high, errs := rule.Compile(rule.Spec{ID: "river-high", When: "river.level > 3.00", Clear: "river.level < 2.90", For: 2 * time.Minute}, rule.Streams{level: {Every: time.Minute}})
	if len(errs) > 0 {
		fmt.Println(errs)
		return
	}
	e := rule.New([]*rule.Rule{high})
	for minute, v := range []float64{2.8, 3.1, 3.2, 3.1, 2.95, 2.8} {
		at := int64(minute) * 60_000
		e.Observe(level, at, obs.Of(v))
		for _, t := range e.Tick(at) {
			fmt.Printf("minute %d: %v → %v\n", minute, t.From, t.To)
		}
	}
	// Output:
	// minute 1: normal → pending
	// minute 3: pending → active
	// minute 5: active → normal
}

func ExampleCompile() {
	_, errs := rule.Compile(rule.Spec{ID: "dust", When: "pm-nroth.pm2_5 > 75"}, rule.Streams{{Device: "pm-north", Channel: "pm2_5"}: {Every: time.Second}})
	fmt.Println(errs[0])
	// Output:
	// when, byte 0: E3102 no device is called "pm-nroth"; did you mean "pm-north"?
}
