package onvif

import (
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"
)

// Where cameras listen for a search: UDP, WS-Discovery 1.0 of April 2005, which ONVIF Core
// asks for (section 7).
const (
	SearchGroup = "239.255.255.250"
	SearchPort  = "3702"
)

const (
	searchNS  = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
	addressNS = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
	typesNS   = "http://www.onvif.org/ver10/network/wsdl"
	scopes    = "onvif://www.onvif.org/"
)

// MaxFound is how many bytes of a datagram are read: more than any camera answers.
const MaxFound = 16 << 10

// Found is a camera that has answered a search. Everything in it is what the camera says
// of itself: nobody has logged in.
type Found struct {
	ID          string     // the camera's own, the same on each way to it
	Addresses   []*url.URL // of its device service, one at least
	Name, Model string     // may be empty
}

// Search asks every camera to answer. id is a random one of the asker's, a UUID.
func Search(id string) []byte {
	return []byte(xml.Header + `<s:Envelope xmlns:s="` + soapNS + `" xmlns:a="` + addressNS + `"><s:Header>` +
		`<a:Action s:mustUnderstand="1">` + searchNS + `/Probe</a:Action><a:MessageID>urn:uuid:` + escape(id) + `</a:MessageID>` +
		`<a:ReplyTo><a:Address>` + addressNS + `/role/anonymous</a:Address></a:ReplyTo>` +
		`<a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>` +
		`<s:Body><d:Probe xmlns:d="` + searchNS + `"><d:Types xmlns:n="` + typesNS + `">n:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>`)
}

// Answers reads a datagram that came in answer to a search with this id: one camera, or
// several where a recorder speaks for them. One that answers somebody else, or is no answer
// at all, is an error.
func Answers(datagram []byte, id string) (all []Found, err error) {
	if len(datagram) > MaxFound {
		return nil, fmt.Errorf("an answer of more than %d bytes", MaxFound)
	}
	root, err := parse(xml.NewDecoder(strings.NewReader(string(datagram))))
	if err != nil {
		return nil, err
	}
	if related, err := root.find(addressNS, "RelatesTo"); err != nil || !strings.HasSuffix(strings.ToLower(related.words), strings.ToLower(id)) {
		return nil, fmt.Errorf("it answers another question")
	}
	for m := range root.all(searchNS, "ProbeMatch") {
		f := Found{ID: m.text("EndpointReference", "Address")}
		for _, text := range strings.Fields(m.text("XAddrs")) {
			if u, err := url.Parse(text); err == nil && u.Hostname() != "" && u.User == nil && (u.Scheme == "http" || u.Scheme == "https") {
				f.Addresses = append(f.Addresses, u)
			}
		}
		for _, scope := range strings.Fields(m.text("Scopes")) {
			f.scope(scope)
		}
		if len(f.Addresses) > 0 {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("its answer names no camera")
	}
	return all, nil
}

// scope takes what a camera calls itself out of one of its scopes.
func (f *Found) scope(scope string) {
	rest, ok := strings.CutPrefix(scope, scopes)
	if !ok {
		return
	}
	kind, value, _ := strings.Cut(rest, "/")
	if text, err := url.PathUnescape(value); err == nil {
		value = text
	}
	value = printable(value)
	switch kind {
	case "name":
		f.Name = value
	case "hardware":
		f.Model = value
	}
}

// printable leaves out what would move a terminal's cursor, and what is too long for a name.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0xfffd {
			return -1
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > 64 {
		return string(runes[:64])
	}
	return s
}
