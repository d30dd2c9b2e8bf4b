// Package golden reads golden frames: files that hold one frame of a part, where it
// comes from, and what it must become. The conformance kit tests drivers with them,
// and the simulator plays them on a serial line.
//
//	source: captured, PMS5003 indoors (PyPMS)
//	options: {model: pms5003}
//	want: pm1=0 pm2_5=8 pm10=8
//
//	42 4D 00 1C 00 00 00 08 …
//
// A head of keys, an empty line, and the frame in hexadecimal digits, in pairs with or
// without blanks, on one or more lines. Lines that begin with # are comments.
//
//	source      required: captured, published or constructed, and where from
//	options     YAML of the driver's own options
//	asks        the request that the frame answers, in hex; without it the part talks unasked
//	want        one reading per channel in the driver's order: name=number in the
//	            metric's unit, name=none/reason, or name=number/flag/reason
//	want-fault  instead of want: the fault word of a frame that becomes no readings
//
// What stands in options, want and want-fault is judged by whoever uses it.
package golden

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// File is one golden frame. Exactly one of Want and WantFault is set.
type File struct {
	Source, Options, Want, WantFault string
	Asks                             []byte // nil: the part talks unasked
	Frame                            []byte // at least one byte
}

// Parse reads a file. The error names the line.
func Parse(src string) (f File, err error) {
	var asks string
	head := map[string]*string{"source": &f.Source, "options": &f.Options, "asks": &asks, "want": &f.Want, "want-fault": &f.WantFault}
	inHead := true
	for i, line := range strings.Split(src, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
		case line == "":
			inHead = false
		case inHead:
			key, value, _ := strings.Cut(line, ":")
			at := head[key]
			if at == nil {
				return File{}, fmt.Errorf("line %d: %q is none of source, options, asks, want, want-fault", i+1, key)
			}
			if *at != "" {
				return File{}, fmt.Errorf("line %d: %s stands there twice", i+1, key)
			}
			*at = strings.TrimSpace(value)
		default:
			b, err := unhex(line)
			if err != nil {
				return File{}, fmt.Errorf("line %d: %w", i+1, err)
			}
			f.Frame = append(f.Frame, b...)
		}
	}
	if f.Asks, err = unhex(asks); err != nil {
		return File{}, fmt.Errorf("asks: %w", err)
	}
	return f, f.check()
}

func (f File) check() error {
	switch {
	case f.Source == "":
		return fmt.Errorf("it does not say its source: captured, published or constructed, and where from")
	case (f.Want == "") == (f.WantFault == ""):
		return fmt.Errorf("it needs either want or want-fault")
	case len(f.Frame) == 0:
		return fmt.Errorf("it holds no bytes")
	}
	return nil
}

func unhex(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	return hex.DecodeString(strings.Join(strings.Fields(s), ""))
}

// Append writes the file as Parse reads it.
func (f File) Append(b []byte) []byte {
	for _, l := range []struct{ key, value string }{
		{"source", f.Source}, {"options", f.Options}, {"asks", fmt.Sprintf("% X", f.Asks)}, {"want", f.Want}, {"want-fault", f.WantFault},
	} {
		if l.value != "" {
			b = fmt.Appendf(b, "%s: %s\n", l.key, l.value)
		}
	}
	return fmt.Appendf(b, "\n% X\n", f.Frame)
}
