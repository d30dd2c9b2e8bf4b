package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// record is one object of a pack as it stands, before base fields.
type record struct {
	has  label
	n    []byte
	u    string
	vs   string
	why  string
	boot string
	v    float64
	t    int64 // microseconds
	qc   int64
	q2   int64
}

// label is a set of the labels that a record has.
type label uint32

const (
	hasBN label = 1 << iota
	hasBT
	hasBU
	hasBV
	hasBVer
	hasN
	hasU
	hasV
	hasVS
	hasT
	hasQC
	hasWhy
	hasQ2
	hasBoot
	hasOther // bs, s, ut: legal, and not needed here
)

// labels are the ones we know. hasOther stands for several, so they may repeat.
var labels = [...]struct {
	name string
	bit  label
}{
	{"n", hasN}, {"u", hasU}, {"v", hasV}, {"t", hasT}, {"qc", hasQC}, {"why", hasWhy}, {"vs", hasVS}, {"q2", hasQ2},
	{"bn", hasBN}, {"bt", hasBT}, {"bu", hasBU}, {"bv", hasBV}, {"bver", hasBVer}, {"boot_", hasBoot},
	{"s", hasOther}, {"bs", hasOther}, {"ut", hasOther},
}

// labelOf returns 0 for a label we do not know.
func labelOf(name []byte) label {
	for i := range labels {
		if string(name) == labels[i].name {
			return labels[i].bit
		}
	}
	return 0
}

// fields reads one object. Base fields go into d at once: they count for the
// record that carries them, wherever in it they stand.
func (d *unpacking) fields(r *record) error {
	s := &d.s
	if !s.take('{') {
		return fmt.Errorf("a record is a JSON object: %w", s.fail())
	}
	if s.take('}') {
		return nil
	}
	for {
		key, err := s.string()
		if err != nil {
			return err
		}
		l := labelOf(key)
		name := l.String()
		if l == 0 {
			name = string(key)
		}
		if !s.take(':') {
			return s.fail()
		}
		if l != 0 {
			err = d.known(r, l)
		} else {
			err = d.unknown(name)
		}
		if err != nil {
			return field(name, err)
		}
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return s.fail()
		}
	}
}

// unknown passes over a label of somebody else's, unless it must be understood
// (RFC 8428 §4.4) or is a kind of value that no sensor of ours has.
func (d *unpacking) unknown(name string) error {
	switch {
	case strings.HasSuffix(name, "_"):
		return fmt.Errorf("%w: it must be understood, and is not known here", ErrVersion)
	case name == "vb" || name == "vd":
		return errors.New("a stream carries numbers, not booleans or data")
	}
	return d.s.skip(0)
}

// known reads the value behind a label. Labels come once in a record.
func (d *unpacking) known(r *record, l label) (err error) {
	if r.has&l != 0 && l != hasOther {
		return errors.New("stands twice in the record")
	}
	r.has |= l
	switch l {
	case hasN, hasBN:
		return d.names(r, l)
	case hasU, hasBU, hasVS, hasWhy, hasBoot:
		return d.texts(r, l)
	case hasT:
		r.t, err = d.seconds()
	case hasBT:
		d.bt, err = d.seconds()
	case hasV:
		r.v, err = d.float()
	case hasBV:
		d.bv, err = d.float()
	case hasQC:
		r.qc, err = d.integer()
	case hasQ2:
		r.q2, err = d.integer()
	case hasBVer:
		return d.version()
	default:
		_, err = d.float()
	}
	return err
}

func (d *unpacking) names(r *record, l label) error {
	text, err := d.s.string()
	if err != nil {
		return err
	}
	if len(text) > 200 {
		return fmt.Errorf("%d bytes are too long for a name", len(text))
	}
	// Copied: the scanner reuses the bytes of a string that had escapes.
	if l == hasN {
		d.n = append(d.n[:0], text...)
		r.n = d.n
	} else {
		d.bn = append(d.bn[:0], text...)
	}
	return nil
}

func (d *unpacking) texts(r *record, l label) error {
	text, err := d.s.string()
	if err != nil {
		return err
	}
	switch l {
	case hasU, hasBU:
		if err := checkUnit(text); err != nil {
			return err
		}
		if l == hasU {
			r.u = d.u.word(text)
		} else {
			d.bu = d.u.word(text)
		}
	case hasVS:
		r.vs = d.u.word(text)
	case hasWhy:
		r.why = d.u.word(text)
	default:
		r.boot = string(text)
	}
	return nil
}

func (d *unpacking) seconds() (int64, error) {
	text, err := d.s.number()
	if err != nil {
		return 0, err
	}
	us, ok := micros(text)
	if !ok {
		return 0, fmt.Errorf("%s is not a time in seconds", clip(string(text)))
	}
	return us, nil
}

func (d *unpacking) float() (float64, error) {
	text, err := d.s.number()
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return 0, fmt.Errorf("%s is out of range", clip(string(text)))
	}
	return v, nil
}

func (d *unpacking) integer() (int64, error) {
	text, err := d.s.number()
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseInt(string(text), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s is not a whole number in range", clip(string(text)))
	}
	return v, nil
}

// version takes a base version: one for the whole pack, 10 or 26.
func (d *unpacking) version() error {
	v, err := d.integer()
	switch {
	case err != nil:
		return err
	case v != bverBase && v != bverSecondary:
		return fmt.Errorf("%w: bver %d, 10 and 26 are known", ErrVersion, v)
	case d.bver != 0 && d.bver != v:
		return fmt.Errorf("%d, and %d before: a pack has one", v, d.bver)
	}
	d.bver = v
	return nil
}

// String returns the label as it is written.
func (l label) String() string {
	for i := range labels {
		if labels[i].bit == l {
			return labels[i].name
		}
	}
	return ""
}
