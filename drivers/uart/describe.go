package uart

import (
	"fmt"
	"strings"
)

// Where says where the channel stands in a message, in the words of the profile: group
// level; field 3; key C; uint16 at 4, order dcba, bits 0-3.
func (f *Profile) Where(c Channel) string {
	switch {
	case f.Lines != nil:
		return "group " + c.group()
	case c.Field != nil:
		return fmt.Sprintf("field %d", *c.Field)
	case c.At == nil:
		return "key " + c.Key
	}
	s := fmt.Sprintf("%s at %d", c.Type, *c.At)
	if c.Type.bytes > 1 && c.Order != 0 {
		s += ", order " + c.Order.String()
	}
	if c.Bits.Width > 0 {
		s += ", bits " + c.Bits.String()
	}
	return s
}

// Ends is what a message of text ends with; nil: messages are frames of bytes.
func (f *Profile) Ends() []byte {
	switch {
	case f.Lines != nil:
		return f.Lines.Ends
	case f.Fields != nil:
		return f.Fields.Ends
	}
	return nil
}

// Looks says how the part's messages look, in one line.
func (f *Profile) Looks() string {
	switch {
	case f.Lines != nil:
		return "lines" + f.Lines.Text.looks() + ", " + f.Lines.Match
	case f.Fields != nil:
		return fmt.Sprintf("fields%s, between %q", f.Fields.Text.looks(), f.Fields.Separator)
	}
	var parts []string
	if f.Frame.Length.Fixed > 0 {
		parts = append(parts, fmt.Sprintf("of %d bytes", f.Frame.Length.Fixed))
	}
	if len(f.Frame.Starts) > 0 {
		parts = append(parts, fmt.Sprintf("beginning % X", []byte(f.Frame.Starts)))
	}
	for _, s := range []string{f.Frame.Stuffing, f.Frame.Sum.Kind} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return "frames " + strings.Join(parts, ", ")
}

func (t Text) looks() string {
	s := ""
	if t.Begins != "" {
		s += fmt.Sprintf(" beginning %q", t.Begins)
	}
	if t.Sum != "" {
		s += ", sum " + t.Sum
	}
	return s
}
