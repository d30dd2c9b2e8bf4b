package profile

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Format is how the profiles of one protocol are read.
type Format struct {
	Protocol string // the driver's name
	// Parse reads one file; its base must be the profile's id. The error is
	// yamldoc.Problems.
	Parse func(doc *yamldoc.Doc) (Profile, error)
	// Schema describes a file as a JSON Schema, for editors.
	Schema func() yamldoc.Schema
}

// Formats are the protocols that are known.
type Formats []Format

// Default is the protocol of files that do not name theirs.
const Default = "modbus"

// Parse reads one profile; file names it in messages, and its base must be the
// profile's id. The error is yamldoc.Problems.
func (fs Formats) Parse(file string, src []byte) (Profile, error) {
	doc, err := yamldoc.Parse(file, src)
	if err != nil {
		return nil, err
	}
	f, ok := fs.of(doc)
	if !ok {
		p := doc.Problem([]string{"protocol"}, badProtocol, fmt.Sprintf("there is no protocol %q", doc.Node("protocol").Text()))
		return nil, yamldoc.Problems{p.WithHint(yamldoc.Hint(doc.Node("protocol").Text(), fs.names()))}
	}
	p, err := f.Parse(doc)
	if err != nil {
		return nil, err
	}
	p.About().File, p.About().Protocol = file, f.Protocol
	return p, nil
}

// of finds the format of a file.
func (fs Formats) of(doc *yamldoc.Doc) (Format, bool) {
	protocol := Default
	if n := doc.Node("protocol"); n != nil {
		protocol = n.Text()
	}
	for _, f := range fs {
		if f.Protocol == protocol {
			return f, true
		}
	}
	return Format{}, false
}

func (fs Formats) names() (names []string) {
	for _, f := range fs {
		names = append(names, f.Protocol)
	}
	return names
}

// Schema describes a profile of any of the protocols as a JSON Schema, for editors.
// What needs two places of the file, or its fixtures, only Parse judges.
func (fs Formats) Schema() yamldoc.Schema {
	told := "How the part talks, which is the name of its driver. Default " + Default + "."
	var each []yamldoc.Schema
	for _, f := range fs {
		is := yamldoc.Schema{"properties": yamldoc.Schema{"protocol": yamldoc.Schema{"const": f.Protocol, "description": told}}}
		if f.Protocol != Default { // else the key may be left out
			is["required"] = []string{"protocol"}
		}
		one := f.Schema()
		one["properties"].(yamldoc.Schema)["protocol"] = yamldoc.Schema{"const": f.Protocol, "description": told}
		each = append(each, yamldoc.Schema{"if": is, "then": one})
	}
	return yamldoc.Schema{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "Lamppost device profile",
		"description": "One part: what it measures and how it talks, where that comes from, and traffic that proves it. One file, named after its id.",
		"type":        "object",
		"properties":  yamldoc.Schema{"protocol": yamldoc.Schema{"enum": fs.names(), "description": told}},
		"allOf":       each,
	}
}
