// Package role is the table of who may do what: six roles, what each may do, and the
// areas for which a person holds them. It is pure: no I/O, no state.
//
// A grant is a role for an area and everything below it. What lies below an area the
// area tree says, through the interface Tree. A person may hold several grants; one
// that fits is enough. Nothing is allowed unless a line of the table says so.
//
// The roles are kept apart on purpose (separation of rights, GB/T 22239-2019
// 8.1.4.2): an admin makes accounts, areas and rules and reads the audit log, but does
// not work on cases; who does both is given both roles. An engineer sets up devices and
// does not answer alerts. An integrator reads what the platform offers to programs.
package role

import (
	"fmt"
	"slices"
)

// Role is one of the six.
type Role string

// The roles.
const (
	Viewer     Role = "viewer"     // sees
	Operator   Role = "operator"   // sees alerts and answers them, works on cases
	Dispatcher Role = "dispatcher" // the operators' supervisor
	Engineer   Role = "engineer"   // sets up gateways and devices
	Integrator Role = "integrator" // connects other programs
	Admin      Role = "admin"      // accounts, areas, rules, the audit log
)

// All are the roles in the order in which a page lists them.
func All() []Role { return []Role{Viewer, Operator, Dispatcher, Engineer, Integrator, Admin} }

// Action is something that a person or a program may be allowed to do.
type Action string

// The actions. Each is asked for together with the area of what it is done to.
const (
	View        Action = "view"         // alerts, cases, values, pictures, the map
	Acknowledge Action = "acknowledge"  // an alert, which silences its siren
	Work        Action = "work"         // on a case: everything that an operator does with one
	Supervise   Action = "supervise"    // what needs a supervisor: dismiss I and II, take over, reopen, suspend, lower a severity
	Ask         Action = "ask"          // a gateway to read a device or take a picture now
	Switch      Action = "switch"       // an output of a gateway
	Configure   Action = "configure"    // gateways, devices, calibration; ask for records again
	Export      Action = "export"       // what is offered to other programs in bulk
	MakeToken   Action = "make-token"   // for oneself, with no more than one's own rights
	Accounts    Action = "accounts"     // make and change accounts, end their sessions and tokens
	Settings    Action = "settings"     // areas, departments, duty rosters, notification rules
	ReadAudit   Action = "read-audit"   // the log of who did what
	SeePersons  Action = "see-persons"  // names of colleagues, to give work to
	ReadMetrics Action = "read-metrics" // of the program itself
)

// Actions are all of them.
func Actions() []Action {
	return []Action{View, Acknowledge, Work, Supervise, Ask, Switch, Configure, Export, MakeToken, Accounts, Settings, ReadAudit, SeePersons, ReadMetrics}
}

// may is the table.
var may = map[Role][]Action{
	Viewer:     {View},
	Operator:   {View, SeePersons, Acknowledge, Work, Ask},
	Dispatcher: {View, SeePersons, Acknowledge, Work, Supervise, Ask, Switch},
	Engineer:   {View, Ask, Switch, Configure, MakeToken, ReadMetrics},
	Integrator: {View, Export, MakeToken, ReadMetrics},
	Admin:      {View, SeePersons, Accounts, Settings, ReadAudit, MakeToken, ReadMetrics},
}

// May says whether a role has an action at all.
func (r Role) May(a Action) bool { return slices.Contains(may[r], a) }

// Everywhere is the area of a grant that holds for every area, and for what has none.
const Everywhere = "*"

// Grant is a role for an area and all below it.
type Grant struct {
	Role Role   `json:"role"`
	Area string `json:"area"` // an area code, or Everywhere
}

// Tree is what is needed of the area tree.
type Tree interface {
	// Contains says whether area is ancestor or lies below it.
	Contains(ancestor, area string) bool
}

// covers says whether a grant holds for an area. What has no area (an empty one) is
// only covered by a grant for everywhere.
func (g Grant) covers(area string, tree Tree) bool {
	switch {
	case g.Area == Everywhere:
		return true
	case g.Area == "" || area == "" || area == Everywhere:
		return false
	}
	return tree.Contains(g.Area, area)
}

// Permit says whether a person with these grants may do something to what lies in an
// area. Area Everywhere asks for something that concerns every area.
func Permit(grants []Grant, a Action, area string, tree Tree) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return g.Role.May(a) && g.covers(area, tree) })
}

// Anywhere says whether a person with these grants may do something in some area, for
// lists that are then cut to the areas that fit.
func Anywhere(grants []Grant, a Action) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return g.Area != "" && g.Role.May(a) })
}

// Held are the roles that these grants give in an area, in the order of All.
func Held(grants []Grant, area string, tree Tree) []Role {
	held := []Role{}
	for _, r := range All() {
		if slices.ContainsFunc(grants, func(g Grant) bool { return g.Role == r && g.covers(area, tree) }) {
			held = append(held, r)
		}
	}
	return held
}

// Within says whether every one of these grants gives nothing that the others do not
// give: what a token asks for, of its owner.
func Within(asked, has []Grant, tree Tree) bool {
	return !slices.ContainsFunc(asked, func(g Grant) bool {
		return slices.ContainsFunc(may[g.Role], func(a Action) bool { return !Permit(has, a, g.Area, tree) })
	})
}

// maxGrants bounds the grants of one account.
const maxGrants = 64

// Check says what is wrong with grants that came from outside. It does not know which
// areas there are.
func Check(grants []Grant) error {
	if len(grants) > maxGrants {
		return fmt.Errorf("at most %d grants; give a role for an area that holds the others", maxGrants)
	}
	for i, g := range grants {
		if _, ok := may[g.Role]; !ok {
			return fmt.Errorf("there is no role %q; write one of %v", g.Role, All())
		}
		if !code(g.Area) {
			return fmt.Errorf("%q is no area code; write 2, 4, 6, 9 or 12 digits, 15 characters for a grid cell, or %s for everywhere", g.Area, Everywhere)
		}
		if slices.Contains(grants[:i], g) {
			return fmt.Errorf("the role %s for %s stands twice; write it once", g.Role, g.Area)
		}
	}
	return nil
}

// code says whether an area is written as one: digits of a division, 15 digits or
// capital letters of a grid cell.
func code(area string) bool {
	switch len(area) {
	case 1:
		return area == Everywhere
	case 2, 4, 6, 9, 12, 15:
	default:
		return false
	}
	for i, r := range area {
		digit := r >= '0' && r <= '9'
		if !digit && (i < 12 || r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}

// Codes is the tree for where no area tree is kept: an area lies below every area whose
// code its own begins with, the zeros that fill a division's code to 12 digits apart.
type Codes struct{}

// Contains compares the codes.
func (Codes) Contains(ancestor, area string) bool {
	a, b := trim(ancestor), trim(area)
	return a != "" && len(b) >= len(a) && b[:len(a)] == a
}

// trim takes the filling zeros off a 12-digit code, level by level: 330105000000 is the
// district 330105, and 330110000000 is 330110, not 33011.
func trim(code string) string {
	for _, level := range []int{9, 6, 4, 2} {
		if len(code) > 12 || len(code) <= level || !zeros(code[level:]) {
			continue
		}
		code = code[:level]
	}
	return code
}

func zeros(s string) bool {
	for _, r := range s {
		if r != '0' {
			return false
		}
	}
	return true
}
