package wire

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// DefaultPrefix is what all topics begin with if nothing else is configured.
const DefaultPrefix = "lamppost/v1"

// Kind says what a topic carries; it is the part of the topic behind the
// gateway's id.
type Kind string

// All kinds of topics. Live and Backfill are also lanes.
const (
	LiveTopic      Kind = "live"
	BackfillTopic  Kind = "backfill"
	AlertTopic     Kind = "alert"
	EventTopic     Kind = "event"
	ImageTopic     Kind = "image" // {id}/{n}
	OnlineTopic    Kind = "online"
	StateTopic     Kind = "state"
	AckTopic       Kind = "ack"
	CommandTopic   Kind = "command" // {id}
	ReplyTopic     Kind = "reply"   // {id}
	DesiredTopic   Kind = "config/desired"
	ReportedTopic  Kind = "config/reported"
	maxTopicPrefix      = 64
)

// Up says who may publish: the gateway (true) or the cloud (false). An access
// list that follows it keeps a gateway from writing acknowledgements, commands
// and configurations.
func (k Kind) Up() bool { return k != AckTopic && k != CommandTopic && k != DesiredTopic }

// Retained says whether the broker keeps the last message of the topic.
func (k Kind) Retained() bool {
	return k == OnlineTopic || k == StateTopic || k == DesiredTopic || k == ReportedTopic
}

// levels returns how many topic levels follow the kind.
func (k Kind) levels() int {
	switch k {
	case ImageTopic:
		return 2
	case CommandTopic, ReplyTopic:
		return 1
	default:
		return 0
	}
}

// Known says whether k is one of the kinds above.
func (k Kind) Known() bool {
	switch k {
	case LiveTopic, BackfillTopic, AlertTopic, EventTopic, ImageTopic, OnlineTopic, StateTopic,
		AckTopic, CommandTopic, ReplyTopic, DesiredTopic, ReportedTopic:
		return true
	}
	return false
}

// Topic is one topic below the prefix.
type Topic struct {
	Gateway string
	Kind    Kind
	ID      string // image, command, reply
	Piece   int    // image, 0-based
}

// CheckPrefix accepts 1 to 64 characters of letters, digits and _ . - in levels
// that are not empty: "lamppost/v1".
func CheckPrefix(prefix string) error {
	ok := prefix != "" && len(prefix) <= maxTopicPrefix
	for level := range strings.SplitSeq(prefix, "/") {
		ok = ok && level != ""
	}
	for i := 0; ok && i < len(prefix); i++ {
		c := prefix[i]
		ok = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_.-/", c) >= 0
	}
	if !ok {
		return fmt.Errorf("topic prefix %q is not valid; write letters, digits, _ . - in levels parted by /, at most %d characters", clip(prefix), maxTopicPrefix)
	}
	return nil
}

// Build returns the topic below prefix. It does not check: use Validate on what
// comes from outside.
func (t Topic) Build(prefix string) string {
	s := prefix + "/" + t.Gateway + "/" + string(t.Kind)
	if t.Kind.levels() > 0 {
		s += "/" + t.ID
	}
	if t.Kind == ImageTopic {
		s += "/" + strconv.Itoa(t.Piece)
	}
	return s
}

// Validate checks kind and ids.
func (t Topic) Validate() error {
	if !t.Kind.Known() {
		return fmt.Errorf("topic kind %q is not known", clip(string(t.Kind)))
	}
	if err := obs.CheckID(t.Gateway); err != nil {
		return fmt.Errorf("topic: gateway: %w", err)
	}
	if t.Kind.levels() > 0 {
		if err := obs.CheckID(t.ID); err != nil {
			return fmt.Errorf("topic: %s: %w", t.Kind, err)
		}
	}
	if t.Piece < 0 || t.Piece >= MaxPieces {
		return fmt.Errorf("topic: piece %d is not 0 to %d", t.Piece, MaxPieces-1)
	}
	return nil
}

// ParseTopic is the inverse of Build. Whatever is not one of our topics, with
// valid ids and in its one way of writing, is an error.
func ParseTopic(prefix, topic string) (Topic, error) {
	rest, ok := strings.CutPrefix(topic, prefix+"/")
	if !ok {
		return Topic{}, fmt.Errorf("topic %q is not below %q", clip(topic), prefix)
	}
	parts := strings.SplitN(rest, "/", 6)
	t := Topic{Gateway: parts[0]}
	if len(parts) > 1 {
		t.Kind, parts = Kind(parts[1]), parts[2:]
	}
	if t.Kind == "config" && len(parts) > 0 {
		t.Kind, parts = t.Kind+"/"+Kind(parts[0]), parts[1:]
	}
	if len(parts) != t.Kind.levels() {
		return Topic{}, fmt.Errorf("topic %q is not one of ours", clip(topic))
	}
	if len(parts) > 0 {
		t.ID = parts[0]
	}
	if len(parts) > 1 {
		n, err := strconv.Atoi(parts[1])
		if err != nil || strconv.Itoa(n) != parts[1] {
			return Topic{}, fmt.Errorf("topic %q: piece %q is not a number", clip(topic), clip(parts[1]))
		}
		t.Piece = n
	}
	return t, t.Validate()
}

// Filter returns the MQTT filter for one kind of topic of all gateways.
func Filter(prefix string, kind Kind) string {
	return prefix + "/+/" + string(kind) + strings.Repeat("/+", kind.levels())
}
