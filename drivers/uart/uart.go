// Package uart reads parts that have a serial line to themselves and whose talk can be
// said in a table: lines of text with numbers in them, fields between commas, frames of
// bytes with a checksum. The table is a profile, a YAML file with the part's channels
// and line settings, where all that comes from, and traffic that the profile must decode
// (see README.md). There is no code per part.
//
// What the driver does with a profile: it asks the part, or listens to one that talks by
// itself; finds the messages in what arrives; checks them, by length, ends and checksum;
// takes the numbers out and scales them. A message that fails costs one byte, and the
// search goes on in it, since noise may hold the beginning of the real one. What is
// found instead of a message is reported to the line's owner.
//
// Promised: what a sample gives was said after Sample was called, in a message that was
// whole: one whose beginning was seen. Nothing is read beyond the end of a message, no
// message is longer than the profile says (4096 bytes at most), and regular expressions
// are RE2, whose time is linear in the length of the line. Text without a checksum is not
// guarded: a flipped bit may make another number of it, and only the channel's range and
// what stands around the number speak against it.
//
// Numbers are exact: text or raw times a decimal scale comes out as the float64 nearest
// to that decimal.
package uart

import (
	_ "embed"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// name is the word in configuration, and the protocol in a profile.
const name = "uart"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue, with the parts in profiles, which may be
// nil.
func Kind(profiles *profile.Set) drivers.Kind {
	p := parts{profiles}
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: p.plan, Profiles: p.ids()}
}

// Format is how the profiles of such parts are read.
func Format() profile.Format {
	return profile.Format{Protocol: name, Schema: schema, Parse: func(doc *yamldoc.Doc) (profile.Profile, error) {
		f, err := parse(doc)
		if err != nil {
			return nil, err
		}
		return f, nil
	}}
}

// parts are those of the profiles that this driver reads.
type parts struct{ *profile.Set }

func (p parts) ids() []string {
	ids := []string{}
	for _, id := range p.IDs() {
		if _, ok := p.get(id); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func (p parts) get(id string) (*Profile, bool) {
	f, _ := p.Get(id)
	u, ok := f.(*Profile)
	return u, ok
}
