package drivertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
)

// A driver that takes what it must refuse, or says something else of it, is found out.
func TestRefusals(t *testing.T) {
	k := drivers.Kind{Plan: func(decode func(any) error) (*drivers.Plan, error) {
		var o struct {
			Size int `yaml:"size"`
		}
		if err := decode(&o); err != nil {
			return nil, err
		}
		if o.Size > 9 {
			return nil, &drivers.OptionError{Key: "size", Msg: "write 0 to 9"}
		}
		if o.Size < 0 {
			return nil, fmt.Errorf("size: less than nothing")
		}
		return &drivers.Plan{}, nil
	}}
	for _, c := range []struct {
		Refusal
		want string // of the complaint; empty: there is none
	}{
		{Refusal{"size: 10", "size", "write 0"}, ""},
		{Refusal{"size: 10", "", "size: write 0"}, ""},
		{Refusal{"sise: 1", "", "sise"}, ""},
		{Refusal{"size: 9", "size", "write 0"}, "make the plan"},
		{Refusal{"size: 10", "length", "write 0"}, "want length"},
		{Refusal{"size: 10", "size", "write 1"}, "want size: write 1"},
		{Refusal{"sise: 1", "size", "sise"}, "want size"},
		{Refusal{"size: -1", "", "nothing"}, "less than nothing"}, // an error without a place
	} {
		err := c.taken(k)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.Refusal, err, c.want)
		}
	}
}

// A framing that reads its frames as something else, or loses bytes, is found out.
func TestFramesLaw(t *testing.T) {
	format := frame.Format[byte]{Head: []byte{'<'}, Max: 3, Size: func([]byte) int { return 3 },
		Decode: func(b []byte) (byte, bool) { return b[1], b[2] == '>' }}
	again := func(c byte) []byte { return []byte{'<', c, '>'} }
	found, err := frames(format, []byte("<a><<b>x<c"), again)
	if err != nil || !slices.Equal(found, []byte("ab")) {
		t.Errorf("found %q, %v", found, err)
	}
	if _, err := frames(format, []byte("<a>"), func(byte) []byte { return []byte("<b>") }); err == nil {
		t.Error("a frame that is written otherwise is taken")
	}
	format.Size = func([]byte) int { return 2 }
	format.Decode = func(b []byte) (byte, bool) { return b[1], true }
	if _, err := frames(format, []byte("<a>"), again); err == nil {
		t.Error("a frame that is cut short is taken")
	}
}
