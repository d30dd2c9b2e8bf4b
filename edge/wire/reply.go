package wire

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Reply answers a command, under {gw}/reply/{id}, never retained. A command that was
// carried out always gets the same answer, however often it comes.
type Reply struct {
	V  int    `json:"v"`
	ID string `json:"id"` // the command's
	OK bool   `json:"ok"` // it is done
	// Why is a word if OK is false, one of those below.
	Why     string   `json:"why,omitempty"`
	Detail  string   `json:"detail,omitempty"`  // one sentence for a person
	Records uint64   `json:"records,omitempty"` // rewind: how many will be sent again
	Image   string   `json:"image,omitempty"`   // still: id of the picture
	Outputs []string `json:"outputs,omitempty"` // acknowledge: those that it silenced
}

// The words of a Reply that is not OK. A reader takes any other word for Failed.
const (
	RefusedKey         = "key"         // signed by a key that the gateway does not trust
	RefusedSignature   = "signature"   // changed on its way, or meant for another gateway
	RefusedGrant       = "grant"       // the key is trusted, and not for this
	RefusedOff         = "off"         // the gateway takes no commands
	RefusedLate        = "late"        // its deadline has passed, or a newer one came before it
	RefusedEarly       = "early"       // issued in the future: one of the two clocks is wrong
	RefusedClock       = "clock"       // the gateway's clock is not trusted: it cannot tell whether this is in time
	RefusedUnknown     = "unknown"     // no such kind, alert, device or output
	RefusedOver        = "over"        // the alert has ended
	RefusedBusy        = "busy"        // too much is under way
	RefusedBlocked     = "blocked"     // the output's interlock, limit or fault forbids it
	RefusedInterrupted = "interrupted" // the gateway stopped while it was carried out; nobody knows how far it came
	RefusedFailed      = "failed"
)

// Validate checks id, reason and lengths.
func (r *Reply) Validate() error {
	err := first(checkVersion(r.V), at("id", checkUUID(r.ID)), at("detail", short(r.Detail, MaxText)), at("image", ifSet(r.Image, checkUUID)), few(len(r.Outputs), MaxListed))
	switch {
	case err != nil:
		return err
	case r.OK != (r.Why == ""):
		return fmt.Errorf("why: %q does not go with ok: %v", clip(r.Why), r.OK)
	case r.Records > MaxSeq || !r.OK && (r.Records > 0 || r.Image != "" || len(r.Outputs) > 0):
		return fmt.Errorf("records: %d, image, outputs do not go with ok: %v", r.Records, r.OK)
	}
	for _, o := range r.Outputs {
		if err := obs.CheckID(o); err != nil {
			return at("outputs", err)
		}
	}
	return at("why", ifSet(r.Why, checkWord))
}
