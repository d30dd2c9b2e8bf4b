package view

// Audit is one line of the audit log: what somebody did, or tried to do. It never
// holds a secret. What is written down is made safe to show: see package audit.
type Audit struct {
	N      int64  `json:"n"`      // its place in the chain, from 1; given by the log
	At     int64  `json:"at"`     // Unix milliseconds
	Who    string `json:"who"`    // a person's id; "system" for the program itself; what was claimed at a login that failed
	Role   string `json:"role"`   // the roles held then, separated by blanks; "token" and its id if a program acted with one
	From   string `json:"from"`   // the address it came from; empty: from this machine
	What   string `json:"what"`   // object and deed, like account.make
	About  string `json:"about"`  // the id of what it was done to
	Old    string `json:"old"`    // what was there before
	New    string `json:"new"`    // what is there now
	Result string `json:"result"` // done, refused or failed
	Hash   string `json:"hash"`   // of this line and the one before, in hex; given by the log
}

// Deed is something that is done to what a job keeps, as the job tells it: for the audit log,
// in the transaction that stores it.
type Deed struct {
	Who      string // the name that was given, where nobody is logged in; empty: none was
	What     string // object and deed, like department.put
	About    string // the id of what it was done to
	Old, New string // before and after; empty: nothing
}

// AuditFilter says which lines of the audit log to list; an empty field takes all.
type AuditFilter struct {
	Who, About, Result string
	What               string // a deed like account.make, or an object like account for all of its deeds
	From, To           int64  // Unix milliseconds, both included; To 0: no end
	Before             int64  // only lines with a smaller number; 0: from the newest on
	Limit              int    // at most this many, 1 to 1000
}

// AuditVerdict is what a reading of the whole audit log has found.
type AuditVerdict struct {
	Lines   int64  `json:"lines"`   // that follow each other from the first on
	Head    string `json:"head"`    // of the last of them: an anchor, to be kept elsewhere
	Anchors int    `json:"anchors"` // taken before, with which it was compared
	Broken  *int64 `json:"broken"`  // number of the first line that is not as it was written, or is missing; null: none
	Why     Text   `json:"why"`     // what is wrong with it; empty if nothing is
}
