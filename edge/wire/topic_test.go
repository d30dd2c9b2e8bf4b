package wire

import "testing"

var topics = map[string]Topic{
	"lamppost/v1/g/live":            {Gateway: "g", Kind: LiveTopic},
	"lamppost/v1/g/backfill":        {Gateway: "g", Kind: BackfillTopic},
	"lamppost/v1/g/alert":           {Gateway: "g", Kind: AlertTopic},
	"lamppost/v1/g/event":           {Gateway: "g", Kind: EventTopic},
	"lamppost/v1/g/image/0190-a/12": {Gateway: "g", Kind: ImageTopic, ID: "0190-a", Piece: 12},
	"lamppost/v1/g/online":          {Gateway: "g", Kind: OnlineTopic},
	"lamppost/v1/g/state":           {Gateway: "g", Kind: StateTopic},
	"lamppost/v1/g/ack":             {Gateway: "g", Kind: AckTopic},
	"lamppost/v1/g/command/7":       {Gateway: "g", Kind: CommandTopic, ID: "7"},
	"lamppost/v1/g/reply/7":         {Gateway: "g", Kind: ReplyTopic, ID: "7"},
	"lamppost/v1/g/config/desired":  {Gateway: "g", Kind: DesiredTopic},
	"lamppost/v1/g/config/reported": {Gateway: "g", Kind: ReportedTopic},
}

func TestTopics(t *testing.T) {
	for text, topic := range topics {
		got, err := ParseTopic(DefaultPrefix, text)
		if err != nil || got != topic {
			t.Errorf("ParseTopic(%s) = %+v, %v", text, got, err)
		}
		if back := topic.Build(DefaultPrefix); back != text {
			t.Errorf("Build() = %s, want %s", back, text)
		}
	}
	for _, bad := range []string{"", "lamppost/v1", "lamppost/v1/", "lamppost/v1/g", "lamppost/v1/g/", "lamppost/v2/g/live", "lamppost/v1/G/live", "lamppost/v1/g/live/x",
		"lamppost/v1/g/image/a", "lamppost/v1/g/image/a/01", "lamppost/v1/g/image/a/-1", "lamppost/v1/g/image/a/256", "lamppost/v1/g/image/a/1/2", "lamppost/v1/g/command/",
		"lamppost/v1/g/config", "lamppost/v1/g/config/other", "lamppost/v1/g/live#", "lamppost/v1//live", "lamppost/v1/g/what", "xlamppost/v1/g/live"} {
		if got, err := ParseTopic(DefaultPrefix, bad); err == nil {
			t.Errorf("ParseTopic(%q) = %+v", bad, got)
		}
	}
}

// The cloud alone writes ack, command and desired.
func TestTopicDirections(t *testing.T) {
	for text, topic := range topics {
		down := topic.Kind == AckTopic || topic.Kind == CommandTopic || topic.Kind == DesiredTopic
		if topic.Kind.Up() == down {
			t.Errorf("%s: Up() = %v", text, topic.Kind.Up())
		}
	}
	for kind, want := range map[Kind]string{LiveTopic: "p/+/live", ImageTopic: "p/+/image/+/+", ReplyTopic: "p/+/reply/+", DesiredTopic: "p/+/config/desired"} {
		if got := Filter("p", kind); got != want {
			t.Errorf("Filter(%s) = %s, want %s", kind, got, want)
		}
	}
	if !StateTopic.Retained() || CommandTopic.Retained() || ReplyTopic.Retained() || AckTopic.Retained() {
		t.Error("state is retained; ack, command and reply never")
	}
}

func TestCheckPrefix(t *testing.T) {
	for _, good := range []string{"lamppost/v1", "a", "City_1/x.y-z/3"} {
		if err := CheckPrefix(good); err != nil {
			t.Errorf("CheckPrefix(%s) = %v", good, err)
		}
	}
	for _, bad := range []string{"", "/", "a/", "/a", "a//b", "a+", "#", "a b", "$SYS", "ä", string(make([]byte, 65))} {
		if CheckPrefix(bad) == nil {
			t.Errorf("CheckPrefix(%q) succeeded", bad)
		}
	}
}

// FuzzParseTopic: what is accepted is built again, byte for byte.
func FuzzParseTopic(f *testing.F) {
	for text := range topics {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		topic, err := ParseTopic(DefaultPrefix, text)
		if err == nil && topic.Build(DefaultPrefix) != text {
			t.Errorf("ParseTopic(%q) = %+v, which builds %q", text, topic, topic.Build(DefaultPrefix))
		}
	})
}
