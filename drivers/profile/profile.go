// Package profile reads the data files that describe parts, so that a part that only
// differs from others by a table needs no code. What is the same in all of them is
// here: who the part is, where that comes from and what of it is in doubt; the folder
// they stand in, and how a site's own replace the built-in ones; the decimal
// arithmetic of scales. What a file says beyond that belongs to its protocol, a
// [Format] that the protocol's driver brings along (drivers/modbus, drivers/uart).
//
// Promised: a profile that was read has been held against its own examples, and
// never changes. Everything that is wrong in all files is reported at once, with
// file, line and column (package yamldoc). Not promised: that a channel is a metric
// of the catalogue; who has the catalogue judges that.
//
// Ids of the problems that are the same for every protocol: E1801 the id, E1802 sure
// and doubts disagree, E1812 a file that would not be read, E1813 the protocol, E1814 checks.
package profile

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Ids of the problems that this package reports beside those of package yamldoc.
const (
	badID       = "E1801" // the profile's id
	badDoubts   = "E1802" // sure and doubts disagree
	badName     = "E1812" // a file that would not be read, or a folder too large
	badChecks   = "E1814" // thresholds of quality tests
	badProtocol = "E1813" // no such protocol
)

// Profile is what one file says of one part.
type Profile interface {
	// About is what files of all protocols say. It must not be changed.
	About() *Head
	// Measures are the part's channels, in the order of the file.
	Measures() []drivers.Channel
	// Examples are what the file's fixtures say, and what comes of them.
	Examples() []Example
	// Print says how surely another part in its place is told.
	Print() Print
}

// Print says how surely another part that answers in the place of a profile's is told.
type Print string

// The prints, the surest first.
const (
	// Strong: the part is asked for what only it answers; another one is the fault
	// wrong-part, and no value of it is used.
	Strong Print = "strong"
	// Weak: the part is asked for what it answers and others may, too; what does not fit
	// is told as a suspicion, and the values are used.
	Weak Print = "weak"
	// NoPrint: the source names nothing to ask for; the values themselves are all there
	// is to judge by.
	NoPrint Print = "none"
)

// Head is what the files of all protocols say. A protocol's own profile embeds it,
// `yaml:",inline"`.
type Head struct {
	// File is where the profile was read from. Own says that this was a folder with a
	// name of its own, Replaces that it took the place of one from an earlier folder.
	File     string `yaml:"-"`
	Own      bool   `yaml:"-"`
	Replaces bool   `yaml:"-"`

	ID string `yaml:"id,required"`
	// Protocol is the name of the driver that reads the part; empty in a file means
	// Default, and is filled in.
	Protocol string    `yaml:"protocol"`
	Name     obs.Label `yaml:"name,required"`
	Maker    string    `yaml:"maker,required"`
	Source   Source    `yaml:"source,required"`
	// Sure is false while something in the profile is not settled; Doubts says what,
	// one sentence each. Notes are for whoever installs the part.
	Sure   bool     `yaml:"sure,required"`
	Doubts []string `yaml:"doubts"`
	Notes  []string `yaml:"notes"`

	Every  time.Duration `yaml:"every" range:"0s..24h"` // shortest interval
	WarmUp time.Duration `yaml:"warm_up" range:"0s..30d"`
	// WarmUpSource says who states the warm-up. With no warm-up it says who states that
	// none is needed; empty then means that nobody says anything about it.
	WarmUpSource string `yaml:"warm_up_source"`
	// Checks says by channel how values are tested, unless a site says otherwise.
	Checks map[string]obs.Checks `yaml:"checks"`
}

// About returns h.
func (h *Head) About() *Head { return h }

// Source says where a profile was taken from.
type Source struct {
	Document string `yaml:"document,required"`
	Section  string `yaml:"section"`
}

// Line is the part's default line; what is 0 or empty is not stated.
type Line struct {
	Baud   int    `yaml:"baud"`
	Parity string `yaml:"parity"`
	Stop   int    `yaml:"stop"`
}

// Settings returns l in the words of the driver contract.
func (l Line) Settings() drivers.LineSettings {
	return drivers.LineSettings{Baud: l.Baud, Parity: l.Parity, StopBits: l.Stop}
}

// Example is one fixture: traffic of the part, and what it says.
type Example struct {
	Source string // published, captured or constructed, and where
	// Decode reads the traffic: each channel and fact that it holds, or the error that
	// it must be refused with, for traffic that is wrong on purpose.
	Decode func() ([]Decoded, error)
}

// Decoded is what traffic says of one channel or fact.
type Decoded struct {
	Name    string
	Reading obs.Reading // of a channel
	Fact    string      // of a fact
	IsFact  bool
}

// Check judges what the head says; doc is the file that it was decoded from.
func (h *Head) Check(doc *yamldoc.Doc) (all yamldoc.Problems) {
	report := func(id, msg string, at ...string) { all = append(all, doc.Problem(at, id, msg)) }
	want := strings.TrimSuffix(path.Base(doc.File()), ".yaml")
	if err := obs.CheckID(h.ID); err != nil {
		report(badID, err.Error(), "id")
	} else if h.ID != want {
		report(badID, fmt.Sprintf("the id is %q and the file is called %q; make them one", h.ID, want), "id")
	}
	switch {
	case !h.Sure && len(h.Doubts) == 0:
		report(badDoubts, "the profile is not sure and does not say of what; write doubts:", "sure")
	case h.Sure && len(h.Doubts) > 0:
		report(badDoubts, "the profile has doubts and says it is sure", "doubts")
	}
	return append(all, h.checks(doc)...)
}

// checks judges what the file says of its channels' tests. Which channels there are,
// the driver knows.
func (h *Head) checks(doc *yamldoc.Doc) (all yamldoc.Problems) {
	for _, ch := range doc.Node("checks").Keys() {
		c := h.Checks[ch]
		for _, e := range c.Wrong(0) {
			all = append(all, doc.Problem(append([]string{"checks", ch}, e.Path...), badChecks, e.Msg))
		}
		if c.Multivariate != nil || c.Neighbour != nil {
			all = append(all, doc.Problem([]string{"checks", ch}, badChecks, "a part does not know what stands beside it; let the site name a stream"))
		}
	}
	return all
}
