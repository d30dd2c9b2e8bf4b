package view

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Area is one area of the city, with what stands in it and in the areas below it.
type Area struct {
	Code    string     `json:"code"`
	Level   string     `json:"level"`  // province, city, district, street, community, cell
	Parent  string     `json:"parent"` // empty: it has none here
	Name    Text       `json:"name"`
	Since   int64      `json:"since"`   // when the code began to be used; 0: not said
	Edition string     `json:"edition"` // the file that last said what stands here
	Areas   int        `json:"areas"`   // how many areas are below it, at all levels
	Bounded bool       `json:"bounded"` // its boundary is known
	Counts  AreaCounts `json:"counts"`
	// Shape is its boundary, where one was asked for: GeoJSON geometry, WGS 84; null: not known.
	Shape json.RawMessage `json:"shape,omitempty"`
}

// AreaQuery asks for a part of the tree.
type AreaQuery struct {
	Below string // a code, present or old; empty: the whole tree
	Depth int    // levels down, from 1
	After string // the last code of the page before
	Limit int    // areas on a page
	// Shapes is with how many decimals of a degree boundaries are told, 1 to 6: 5 are a
	// metre. 0: without any.
	Shapes int
}

// AreaDetail is one area with everything that is known about it.
type AreaDetail struct {
	Area
	Path    []string        `json:"path"`    // the codes of the areas above it, the highest first
	Aliases []AreaAlias     `json:"aliases"` // old codes that mean this area now
	Shape   json.RawMessage `json:"shape"`   // GeoJSON geometry, WGS 84, as it was imported; null: not known
}

// AreaAlias is an old code.
type AreaAlias struct {
	Code string `json:"code"`
	Name Text   `json:"name"`
	From int64  `json:"from"` // when the old code began to be used; 0: not said
	To   int64  `json:"to"`   // when it was replaced
}

// AreaCounts is what stands in an area. Devices is the sum of Online, Silent, Faulty
// and Waiting: a device of a gateway that is away is silent.
type AreaCounts struct {
	Gateways int           `json:"gateways"`
	Devices  int           `json:"devices"`
	Online   int           `json:"online"`
	Silent   int           `json:"silent"`
	Faulty   int           `json:"faulty"`
	Waiting  int           `json:"waiting"` // not heard of yet
	Alerts   int           `json:"alerts"`  // active
	Cases    int           `json:"cases"`   // open
	Worst    wire.Severity `json:"worst"`   // of the active alerts and open cases; empty: there are none
}

// Standing is what is open somewhere: alerts and cases of one place.
type Standing struct {
	Gateway, Device string // whose; may be empty
	Area            string // what it says of its own place; counts where the gateway is not known
	Alerts, Cases   int
	Worst           wire.Severity
}

// AreaPage is a part of the tree, each area before those below it.
type AreaPage struct {
	Areas []Area `json:"areas"`
	Next  string `json:"next"`  // ask for what follows with after; empty: this is all
	Total int    `json:"total"` // areas of the whole tree
	// Unplaced is what stands in no area that is known.
	Unplaced AreaCounts `json:"unplaced"`
}

// AreaChange is one thing that an import changes.
type AreaChange struct {
	What string `json:"what"` // added, renamed, moved, replaced, bounded, dated, revived
	Code string `json:"code"`
	Name Text   `json:"name"`
	Was  string `json:"was"` // renamed: its name; moved: its parent; replaced: the old code
	Is   string `json:"is"`
}

// AreaFile is a list of areas to be imported, as it came.
type AreaFile struct {
	Name     string
	Data     []byte
	Format   string // csv, geojson; empty: as it looks
	Encoding string // utf-8, utf-16, gb18030; empty: as it looks
	CRS      string // wgs84, cgcs2000, gcj02; empty: wgs84
	DryRun   bool
}

// AreaImport says what an import changed, or would change.
type AreaImport struct {
	DryRun    bool         `json:"dry_run"`
	Format    string       `json:"format"`   // csv, geojson
	Encoding  string       `json:"encoding"` // utf-8, gb18030
	Read      int          `json:"read"`     // areas in the file
	Unchanged int          `json:"unchanged"`
	Kept      int          `json:"kept"`    // areas that the file does not speak of: they stay
	Changes   []AreaChange `json:"changes"` // at most 1000
	More      int          `json:"more"`    // changes beyond those
}

// Fault is one thing that is wrong in a file from outside, and what would be right.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line"`    // from 1; 0: the file as a whole
	Column  int    `json:"column"`  // from 1, in characters; 0: not known
	Feature int    `json:"feature"` // of GeoJSON, from 1; 0: none
	Field   string `json:"field"`
	Text    Text   `json:"text"`
}

// Error gives f in one line: place, what is wrong, what would be right.
func (f Fault) Error() string { return f.place() + f.Text.En }

// Chinese is Error in Chinese.
func (f Fault) Chinese() string { return f.place() + f.Text.Zh }

func (f Fault) place() string {
	s := f.File
	if f.Line > 0 {
		s += fmt.Sprintf(":%d", f.Line)
	}
	if f.Line > 0 && f.Column > 0 {
		s += fmt.Sprintf(":%d", f.Column)
	}
	s += ": "
	if f.Feature > 0 {
		s += fmt.Sprintf("feature %d: ", f.Feature)
	}
	if f.Field != "" {
		s += f.Field + ": "
	}
	return s
}

// Faults is everything that is wrong in a file, in its order.
type Faults []Fault

// Error gives one line per fault, at most twenty.
func (fs Faults) Error() string {
	const most = 20
	var lines []string
	for i, f := range fs {
		if i == most {
			lines = append(lines, fmt.Sprintf("… and %d more", len(fs)-i))
			break
		}
		lines = append(lines, f.Error())
	}
	return strings.Join(lines, "\n")
}

// Department is who is called to do something.
type Department struct {
	ID   string `json:"id"`
	Name Text   `json:"name"`
	Area string `json:"area"` // where it is responsible; empty: everywhere
	// Authority is its unified social credit code of 18 characters, or empty.
	Authority string    `json:"authority"`
	Contacts  []Contact `json:"contacts"`
	Members   []string  `json:"members"` // ids of persons
}

// Contact is how a department is reached.
type Contact struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
	Mail  string `json:"mail"`
	Note  string `json:"note"`
}

// Route says which department is responsible for a category in an area and below it.
type Route struct {
	// Category is a type code (06010), a class of types (06), a word, or empty: every
	// category that has no route of its own.
	Category   string `json:"category"`
	Area       string `json:"area"` // empty: everywhere
	Department string `json:"department"`
}

// Routed is the answer to who is responsible.
type Routed struct {
	Route      Route      `json:"route"` // the one that decided
	Department Department `json:"department"`
}

// Roster is a table of who is on duty, for an area or a department, in one role.
type Roster struct {
	ID         string  `json:"id"`
	Name       Text    `json:"name"`
	Area       string  `json:"area"`       // either this
	Department string  `json:"department"` // or this
	Role       string  `json:"role"`       // a word: lead, officer, …
	Zone       string  `json:"zone"`       // IANA name of the time zone in which it is written
	Shifts     []Shift `json:"shifts"`
}

// Shift is one line of a roster: either of one time, with From and To as 2026-11-23T08:00,
// or of every week, with Days, and From and To as 08:00; a To that is not after From is
// on the next day.
type Shift struct {
	Person string   `json:"person"`
	Days   []string `json:"days,omitempty"` // mon … sun; empty: it is of one time
	From   string   `json:"from"`
	To     string   `json:"to"`
	// Instead is who is not on duty in this time, although a weekly shift says so.
	Instead string `json:"instead,omitempty"`
}

// Duty is a roster between two times.
type Duty struct {
	Roster    string     `json:"roster"`
	At        int64      `json:"at"`
	Now       []string   `json:"now"` // persons on duty at At
	From      int64      `json:"from"`
	To        int64      `json:"to"`
	Spans     []DutySpan `json:"spans"`
	HandOvers []HandOver `json:"hand_overs"`
	Gaps      []DutyGap  `json:"gaps"` // when nobody is on duty
}

// DutySpan is a time in which a person is on duty.
type DutySpan struct {
	Person string `json:"person"`
	From   int64  `json:"from"`
	To     int64  `json:"to"`
}

// HandOver is a moment at which duty goes from some persons to others.
type HandOver struct {
	At   int64    `json:"at"`
	From []string `json:"from"` // who leaves
	To   []string `json:"to"`   // who comes
}

// DutyGap is a time in which nobody is on duty, told in the roster's own time.
type DutyGap struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
	Text Text  `json:"text"`
}

// OnDuty is who is on duty somewhere.
type OnDuty struct {
	At      int64    `json:"at"`
	Persons []string `json:"persons"`
}

// Place is where a gateway or one of its devices stands, as the city's own register says.
type Place struct {
	Gateway  string         `json:"gateway"`
	Device   string         `json:"device"` // empty: the gateway itself
	Area     string         `json:"area"`   // empty: not said
	Position *wire.Position `json:"position"`
}
