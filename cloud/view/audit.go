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
