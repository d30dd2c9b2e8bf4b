package wire

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Actuation says that an output was switched, could not be, or was asked to and
// must not be.
type Actuation struct {
	Output string `json:"output"`
	On     bool   `json:"on"` // what it was to become; of a fault, what it should be
	Why    Why    `json:"why"`
	By     string `json:"by,omitempty"` // the rule's id, or who gave the command
	Result Result `json:"result"`
	TookMS int64  `json:"took_ms,omitempty"` // from the decision until the hardware had taken it
	Detail string `json:"detail,omitempty"`  // one sentence for a person
}

// Why is what an actuation comes from.
type Why string

// What switches outputs.
const (
	WhyRule      Why = "rule"      // an alert was raised or cleared
	WhyCommand   Why = "command"   // a person
	WhyInterlock Why = "interlock" // its condition is not met, or not known
	WhyLimit     Why = "limit"     // the longest time on, or too many switchings
	WhySafe      Why = "safe"      // the gateway starts, stops or takes over another configuration
	WhyFault     Why = "fault"     // the hardware fails or does something else
)

// Result is what became of an actuation.
type Result string

// The results of an actuation.
const (
	Done      Result = "done"      // the hardware has taken it
	Failed    Result = "failed"    // it has not; it is tried again
	Blocked   Result = "blocked"   // asked for, and not allowed now
	Astray    Result = "astray"    // the feedback says something else, or nothing
	Recovered Result = "recovered" // the feedback agrees again, or the hardware answers again
)

func (a *Actuation) check() error {
	err := first(at("output", obs.CheckID(a.Output)),
		at("why", oneOf(string(a.Why), string(WhyRule), string(WhyCommand), string(WhyInterlock), string(WhyLimit), string(WhySafe), string(WhyFault))),
		at("by", short(a.By, maxLabel)),
		at("result", oneOf(string(a.Result), string(Done), string(Failed), string(Blocked), string(Astray), string(Recovered))),
		at("detail", short(a.Detail, MaxText)))
	if err == nil && (a.TookMS < 0 || a.TookMS > maxTime) {
		err = fmt.Errorf("took_ms: %d is not a duration", a.TookMS)
	}
	return err
}
