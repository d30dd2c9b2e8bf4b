package onvif

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Fault is a camera's refusal.
type Fault struct {
	Code string // the innermost: ter:NotAuthorized, say
	Text string // the camera's own words
}

func (f *Fault) Error() string {
	return fmt.Sprintf("it refuses: %.60q %.120q", f.Code, f.Text)
}

// NotAuthorized says whether a better login would help.
func (f *Fault) NotAuthorized() bool {
	all := strings.ToLower(f.Code + " " + f.Text)
	return strings.Contains(all, "notauthorized") || strings.Contains(all, "failedauthentication") || strings.Contains(all, "not authorized")
}

// Profile is one way in which a camera shows its picture.
type Profile struct {
	Token         string
	Encoding      string // JPEG, H264, …; empty: it does not say
	Width, Height int    // 0: it does not say
}

// Time reads the answer to AskTime, in the camera's UTC.
func Time(answer []byte) (time.Time, error) {
	n, err := read(answer)
	if err != nil {
		return time.Time{}, err
	}
	utc, err := n.find(schemaNS, "UTCDateTime")
	if err != nil {
		return time.Time{}, err
	}
	var v [6]int
	for i, path := range [6][2]string{{"Date", "Year"}, {"Date", "Month"}, {"Date", "Day"}, {"Time", "Hour"}, {"Time", "Minute"}, {"Time", "Second"}} {
		if v[i], err = utc.number(path[0], path[1]); err != nil {
			return time.Time{}, err
		}
	}
	at := time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], v[5], 0, time.UTC)
	if v[0] < 1970 || v[0] > 9999 || at.Year() != v[0] || int(at.Month()) != v[1] || at.Day() != v[2] || at.Hour() != v[3] || at.Minute() != v[4] || at.Second() != v[5] {
		return time.Time{}, fmt.Errorf("there is no time %v", v)
	}
	return at, nil
}

// Media reads the answer to AskMedia: the address of the media service.
func Media(answer []byte) (*url.URL, error) {
	n, err := read(answer)
	if err != nil {
		return nil, err
	}
	m, err := n.find(schemaNS, "Media")
	if err != nil {
		return nil, err
	}
	return m.address("XAddr")
}

// Profiles reads the answer to AskProfiles, in the camera's order; at least one.
func Profiles(answer []byte) (all []Profile, err error) {
	n, err := read(answer)
	if err != nil {
		return nil, err
	}
	for p := range n.all(mediaNS, "Profiles") {
		one := Profile{Token: p.attr["token"]}
		if one.Token == "" {
			return nil, errors.New("a profile has no token")
		}
		if v, err := p.find(schemaNS, "VideoEncoderConfiguration"); err == nil {
			one.Encoding = v.text("Encoding")
			one.Width, _ = v.number("Resolution", "Width") // not said: 0
			one.Height, _ = v.number("Resolution", "Height")
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, errors.New("it has no media profiles; make one on the camera's own page")
	}
	return all, nil
}

// Snapshot reads the answer to AskSnapshot: the address of the still picture.
func Snapshot(answer []byte) (*url.URL, error) {
	n, err := read(answer)
	if err != nil {
		return nil, err
	}
	m, err := n.find(mediaNS, "MediaUri")
	if err != nil {
		return nil, err
	}
	return m.address("Uri")
}

// node is an element.
type node struct {
	name     xml.Name
	attr     map[string]string
	words    string // its own text
	children []*node
}

// Bounds of an answer.
const (
	maxDepth    = 32
	maxElements = 8192
	maxText     = 4096 // of one element
)

// read reads an envelope and returns its body, or the fault in it.
func read(answer []byte) (*node, error) {
	if len(answer) > MaxAnswer {
		return nil, fmt.Errorf("an answer of more than %d bytes", MaxAnswer)
	}
	root, err := parse(xml.NewDecoder(bytes.NewReader(answer)))
	if err != nil {
		return nil, err
	}
	body := root.child("Body")
	if root.name != (xml.Name{Space: soapNS, Local: "Envelope"}) || body == nil {
		return nil, fmt.Errorf("it answers with <%.40s> and not with a SOAP 1.2 envelope; is this an ONVIF camera?", root.name.Local)
	}
	if f := body.child("Fault"); f != nil {
		return nil, f.fault()
	}
	return body, nil
}

func parse(d *xml.Decoder) (*node, error) {
	top := &node{}
	open, count := []*node{top}, 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("its answer is no XML: %w", err)
		}
		here := open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			if count++; count > maxElements || len(open) > maxDepth {
				return nil, fmt.Errorf("its answer has more than %d elements or %d levels", maxElements, maxDepth)
			}
			n := &node{name: t.Name, attr: map[string]string{}}
			for _, a := range t.Attr {
				n.attr[a.Name.Local] = a.Value
			}
			here.children, open = append(here.children, n), append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if here.words += string(bytes.TrimSpace(t)); len(here.words) > maxText {
				return nil, fmt.Errorf("its answer has a text of more than %d bytes", maxText)
			}
		case xml.Directive:
			return nil, errors.New("its answer has a document type")
		}
	}
	if len(top.children) != 1 {
		return nil, fmt.Errorf("its answer has %d roots", len(top.children))
	}
	return top.children[0], nil
}

func (n *node) child(local string) *node {
	for _, c := range n.children {
		if c.name.Local == local {
			return c
		}
	}
	return nil
}

// all are the elements of a name at any depth.
func (n *node) all(space, local string) func(yield func(*node) bool) {
	return func(yield func(*node) bool) { n.visit(xml.Name{Space: space, Local: local}, yield) }
}

func (n *node) visit(name xml.Name, yield func(*node) bool) bool {
	for _, c := range n.children {
		if c.name == name && !yield(c) || !c.visit(name, yield) {
			return false
		}
	}
	return true
}

func (n *node) find(space, local string) (*node, error) {
	for c := range n.all(space, local) {
		return c, nil
	}
	return nil, fmt.Errorf("its answer has no %s", local)
}

func (n *node) text(path ...string) string {
	for _, p := range path {
		if n = n.child(p); n == nil {
			return ""
		}
	}
	return n.words
}

func (n *node) number(path ...string) (int, error) {
	v, err := strconv.ParseUint(n.text(path...), 10, 16)
	if err != nil {
		return 0, fmt.Errorf("its answer has %.20q for %s", n.text(path...), strings.Join(path, "/"))
	}
	return int(v), nil
}

// address reads an http or https address. Its text is not in the error: cameras write
// passwords into it.
func (n *node) address(local string) (*url.URL, error) {
	u, err := url.Parse(n.text(local))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("its %s is no http address", local)
	}
	return u, nil
}

func (n *node) fault() error {
	f := &Fault{Text: n.text("Reason", "Text")}
	for c := n.child("Code"); c != nil; c = c.child("Subcode") {
		f.Code = c.text("Value")
	}
	return f
}
