package view

// ShiftQuery says of which area and time a shift is.
type ShiftQuery struct {
	Area     string // a code, or * for everywhere
	From, To int64  // Unix milliseconds
}

// ShiftReport is what a shift leaves to the next one, as it was at a moment. Lists are cut;
// their totals say of how much. Times are Unix milliseconds.
type ShiftReport struct {
	At           int64         `json:"at"`   // when this was so
	Open         []ShiftCase   `json:"open"` // gravest first, shelved ones before all others
	OpenTotal    int           `json:"open_total"`
	Changes      []ShiftChange `json:"changes"` // between From and To, the oldest first
	ChangesTotal int           `json:"changes_total"`
	Counts       ShiftCounts   `json:"counts"`
	Sites        []ShiftSite   `json:"sites"` // silent gateways, faulty devices, and what somebody works on
	SitesTotal   int           `json:"sites_total"`
	Gaps         []Gap         `json:"gaps"` // of values between From and To, the oldest first
	GapsTotal    int           `json:"gaps_total"`
}

// ShiftCounts is how often something happened to cases in a shift.
type ShiftCounts struct {
	Raised       int `json:"raised"`
	Acknowledged int `json:"acknowledged"`
	Dispatched   int `json:"dispatched"`
	Returned     int `json:"returned"`
	Escalated    int `json:"escalated"`
	Overdue      int `json:"overdue"` // deadlines that passed
	Closed       int `json:"closed"`
}

// ShiftCase is an open case with the last that was said of it.
type ShiftCase struct {
	Case
	Shelving *ShiftNote `json:"shelving"` // who shelved it and why; null: it is not shelved
	Note     *ShiftNote `json:"note"`     // the last note; null: there is none
}

// ShiftNote is what somebody said of a case.
type ShiftNote struct {
	At  int64  `json:"at"`
	Who string `json:"who"`
	Why string `json:"why"`
}

// ShiftChange is something that was done to a case in a shift.
type ShiftChange struct {
	Case  Case      `json:"case"` // as it is now
	Entry CaseEntry `json:"entry"`
}

// ShiftSite is a gateway, or one of its devices, that does not do what it is there for.
type ShiftSite struct {
	Gateway string `json:"gateway"`
	Device  string `json:"device"` // empty: the gateway itself
	Name    string `json:"name"`   // of the gateway
	Area    string `json:"area"`
	State   string `json:"state"` // offline, silent, fault, maintenance
	Since   int64  `json:"since"` // offline: since when; 0: not known
	Until   int64  `json:"until"` // maintenance: when it ends by itself; 0: not known
	By      string `json:"by"`    // maintenance: who works on it
	Fault   string `json:"fault"` // fault: the driver's word
}

// Handover is what one shift wrote for the next. It is never changed; that it was taken over
// is added once.
type Handover struct {
	ID       string         `json:"id"`
	Area     string         `json:"area"`   // a code, or * for everywhere
	Roster   string         `json:"roster"` // whose shift it was; empty: not said
	From     int64          `json:"from"`
	To       int64          `json:"to"`
	Written  int64          `json:"written"`
	By       string         `json:"by"`      // who goes
	ByName   string         `json:"by_name"` // as the account says it
	Next     string         `json:"next"`    // who is expected to come; empty: not said
	Notes    string         `json:"notes"`
	Todo     []string       `json:"todo"`
	Taken    *HandoverTaken `json:"taken"`            // null: nobody has taken it over
	Report   *ShiftReport   `json:"report,omitempty"` // lists leave it out
	OpenThen int            `json:"open_then"`        // cases that were open
}

// HandoverTaken says who has taken a shift over.
type HandoverTaken struct {
	At   int64  `json:"at"`
	By   string `json:"by"`
	Name string `json:"name"`
	Note string `json:"note"`
}

// HandoverText is what somebody writes for the next shift.
type HandoverText struct {
	Area   string   `json:"area"`
	Roster string   `json:"roster"`
	From   int64    `json:"from"`
	To     int64    `json:"to"`
	Next   string   `json:"next"`
	Notes  string   `json:"notes"`
	Todo   []string `json:"todo"`
}

// HandoverQuery says which handovers to list, the newest first.
type HandoverQuery struct {
	Area   string // exactly this one; empty: all that may be seen
	Before string // the id of the last one of the page before
	Limit  int
}

// HandoverPage is a part of a list of handovers.
type HandoverPage struct {
	Handovers []Handover `json:"handovers"`
	Next      string     `json:"next"` // for the next page; empty: this was the last one
}
