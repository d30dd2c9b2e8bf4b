package onvif

import (
	"strings"
	"testing"
	"unicode"
)

const asked = "4c2e0e9a-7d0f-4d5e-9e59-3a9a5f7f7d11"

// match is an answer as cameras give it, after the example in ONVIF Core, 7.3.
func match(relates, addresses, scopes string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
		` xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><SOAP-ENV:Header><wsa:MessageID>uuid:1</wsa:MessageID><wsa:RelatesTo>` + relates +
		`</wsa:RelatesTo><wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action></SOAP-ENV:Header><SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch>` +
		`<wsa:EndpointReference><wsa:Address>urn:uuid:2419d68a-2dd2-21b2-a205-4ad200c8ffee</wsa:Address></wsa:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>` + scopes +
		`</d:Scopes><d:XAddrs>` + addresses + `</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>`
}

func TestFound(t *testing.T) {
	all, err := Answers([]byte(match("urn:uuid:"+strings.ToUpper(asked), "http://192.168.1.64/onvif/device_service http://[fe80::1]/onvif/device_service ftp://x rubbish",
		"onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/River%20East onvif://www.onvif.org/hardware/DS-2CD2043 http://elsewhere/name/no")), asked)
	if err != nil || len(all) != 1 {
		t.Fatalf("Answers = %v, %v", all, err)
	}
	f := all[0]
	if f.Name != "River East" || f.Model != "DS-2CD2043" || len(f.Addresses) != 2 || f.Addresses[0].Host != "192.168.1.64" || !strings.HasPrefix(f.ID, "urn:uuid:2419") {
		t.Errorf("%+v", f)
	}
	for name, wrong := range map[string]string{
		"somebody else's":  match("urn:uuid:00000000-0000-0000-0000-000000000000", "http://a/x", ""),
		"no address":       match(asked, "", ""),
		"login in address": match(asked, "http://u:p@a/x", ""),
		"no XML":           "HTTP/1.1 200 OK",
		"the question":     string(Search(asked)),
		"a document type":  `<!DOCTYPE a>` + match(asked, "http://a/x", ""),
		"too long":         match(asked, "http://a/x", strings.Repeat("x ", MaxFound)),
	} {
		if all, err := Answers([]byte(wrong), asked); err == nil {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

// FuzzSearchAnswers: no datagram gives a camera without an address, or a name that a
// terminal would obey.
func FuzzSearchAnswers(f *testing.F) {
	f.Add([]byte(match(asked, "http://192.168.1.64/onvif/device_service", "onvif://www.onvif.org/name/%1b[2J%c2%9bx")))
	f.Add(Search(asked))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := Answers(b, asked)
		if (err == nil) == (len(all) == 0) {
			t.Fatalf("%v, %v", all, err)
		}
		for _, c := range all {
			for _, u := range c.Addresses {
				if u.Host == "" || u.User != nil {
					t.Errorf("address %v", u)
				}
			}
			if len(c.Addresses) == 0 || strings.ContainsFunc(c.Name+c.Model, unicode.IsControl) {
				t.Errorf("%+v", c)
			}
		}
	})
}
