package wire

import "fmt"

// Why a picture that an alert names will never come. More words may follow.
const (
	NotTaken  = "not-taken" // its camera gave none in time
	NotRun    = "stopped"   // the gateway did not run when it was due, and started again too late
	NoCamera  = "removed"   // its camera is not configured any more
	NoRoom    = "space"     // newer ones needed its place on the gateway's disk, or in its memory
	TooOld    = "age"       // no store took it for as long as the gateway keeps it
	Unread    = "damage"    // it could not be read back from the gateway's disk
	Refused   = "refused"   // the aggregator could make no picture of it; said by itself
	NotToSend = "unfit"     // it is larger than a picture may be that travels
)

// Missing says that pictures which alerts name will never come, and why. One that is at
// a store all the same, because the word and the picture crossed, is not missing.
type Missing struct {
	Images []string `json:"images"` // image ids, 1 to MaxListed
	Why    string   `json:"why"`
}

func (m *Missing) check() error {
	if len(m.Images) == 0 {
		return fmt.Errorf("images: there are none")
	}
	if err := first(at("images", few(len(m.Images), MaxListed)), at("why", checkWord(m.Why))); err != nil {
		return err
	}
	for _, id := range m.Images {
		if err := checkUUID(id); err != nil {
			return at("images", err)
		}
	}
	return nil
}
