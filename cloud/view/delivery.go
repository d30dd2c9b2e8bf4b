package view

// Delivery is one notification to one receiver. Times are Unix milliseconds, 0 where there
// is none.
type Delivery struct {
	ID       string `json:"id"`
	Channel  string `json:"channel"`
	Person   string `json:"person"` // empty: the channel's group
	Kind     string `json:"kind"`   // single, group, digest, test
	Level    string `json:"level"`
	Items    int    `json:"items"` // events in it
	Title    string `json:"title"`
	State    string `json:"state"` // queued, sending, sent, refused, given-up, dropped
	Attempts int    `json:"attempts"`
	Formed   int64  `json:"formed"`
	Next     int64  `json:"next"` // not tried before
	Deadline int64  `json:"deadline"`
	Finished int64  `json:"finished"`
	Doubt    bool   `json:"doubt"` // it may have arrived more than once, or though it failed
	Error    string `json:"error"`
	// Tries are the attempts, oldest first; only when one delivery is asked for.
	Tries []Try `json:"tries,omitempty"`
}

// Try is one attempt to deliver.
type Try struct {
	At      int64  `json:"at"`
	Ended   int64  `json:"ended"`   // 0: not yet, or nobody knows
	Outcome string `json:"outcome"` // sent, later, mistaken, never; empty: nobody knows
	Error   string `json:"error"`
}

// Notice is one receiver's share of what was told about something: when it came up, what it
// was, who gets it and what became of that.
type Notice struct {
	At      int64    `json:"at"`      // Unix ms
	What    Text     `json:"what"`    // how it stood then
	Channel string   `json:"channel"` // its id
	Person  string   `json:"person"`  // empty: the channel's group
	Called  []string `json:"called"`  // persons who are called by name in the group
	State   string   `json:"state"`   // waiting, queued, sending, sent, refused, given-up, dropped
	Done    int64    `json:"done"`    // Unix ms; 0: it is on its way
}

// DeliveryQuery chooses deliveries, the latest first: an empty field means any.
type DeliveryQuery struct {
	Channel, State string
	Before         string // id of the last delivery of the page before
	Limit          int    // 1 to 500
}

// Way is a channel by which people or machines are told, and how it does.
type Way struct {
	ID      string `json:"id"`
	Waiting int    `json:"waiting"` // messages that are not finished
	Down    int64  `json:"down"`    // since when nothing passes, Unix ms; 0: it works
	Paused  int64  `json:"paused"`  // nothing is sent before, Unix ms
	Error   string `json:"error"`
}
