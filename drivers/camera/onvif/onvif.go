// Package onvif writes and reads the few messages of ONVIF that it takes to find the
// address of a camera's still picture: SOAP 1.2 over HTTP.
//
// Sources: ONVIF Core and Media service specifications, namespaces
// http://www.onvif.org/ver10/device/wsdl and http://www.onvif.org/ver10/media/wsdl; OASIS
// Web Services Security UsernameToken Profile 1.0.
//
// The order is: GetSystemDateAndTime at http://HOST/onvif/device_service, without a login;
// GetCapabilities there, which names the media service; GetProfiles, then GetSnapshotURI
// at the media service. The address that comes out is asked with an ordinary GET and the
// login of HTTP. Logins carry a time, and a camera refuses one that is not its own by more
// than a few seconds: that is why its clock is asked first.
//
// An answer is bounded in depth and size, has no entities beyond XML's own and no document
// type. Only what is needed is read; what else stands in it is passed over.
package onvif

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// DevicePath is where every camera has its device service.
const DevicePath = "/onvif/device_service"

// ContentType is that of requests.
const ContentType = "application/soap+xml; charset=utf-8"

// MaxAnswer is how many bytes of an answer are read; a list of profiles has some tens of
// thousands.
const MaxAnswer = 512 << 10

const (
	soapNS   = "http://www.w3.org/2003/05/soap-envelope"
	deviceNS = "http://www.onvif.org/ver10/device/wsdl"
	mediaNS  = "http://www.onvif.org/ver10/media/wsdl"
	schemaNS = "http://www.onvif.org/ver10/schema"
	secNS    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	utilNS   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	digestNS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
	nonceNS  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

// Login is what a camera knows its user by. The zero value is no login.
type Login struct {
	User, Password string
	Nonce          []byte    // random, 16 bytes, never used twice
	At             time.Time // what the camera's own clock says now
}

// Digest proves the password: base64(SHA-1(nonce, created, password)).
func Digest(nonce []byte, created, password string) string {
	h := sha1.New()
	h.Write(nonce)
	h.Write([]byte(created))
	h.Write([]byte(password))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// AskTime asks for the camera's clock. It needs no login.
func AskTime() []byte {
	return envelope(Login{}, `<GetSystemDateAndTime xmlns="`+deviceNS+`"/>`)
}

// AskMedia asks where the media service is.
func AskMedia(l Login) []byte {
	return envelope(l, `<GetCapabilities xmlns="`+deviceNS+`"><Category>Media</Category></GetCapabilities>`)
}

// AskProfiles asks for the camera's media profiles.
func AskProfiles(l Login) []byte { return envelope(l, `<GetProfiles xmlns="`+mediaNS+`"/>`) }

// AskSnapshot asks for the address of a profile's still picture.
func AskSnapshot(l Login, profile string) []byte {
	return envelope(l, `<GetSnapshotUri xmlns="`+mediaNS+`"><ProfileToken>`+escape(profile)+`</ProfileToken></GetSnapshotUri>`)
}

func envelope(l Login, body string) []byte {
	var b strings.Builder
	b.WriteString(xml.Header + `<s:Envelope xmlns:s="` + soapNS + `">`)
	if l.User != "" {
		created := l.At.UTC().Format("2006-01-02T15:04:05Z")
		fmt.Fprintf(&b, `<s:Header><w:Security xmlns:w=%q xmlns:u=%q s:mustUnderstand="true"><w:UsernameToken>`, secNS, utilNS)
		fmt.Fprintf(&b, `<w:Username>%s</w:Username><w:Password Type=%q>%s</w:Password>`, escape(l.User), digestNS, Digest(l.Nonce, created, l.Password))
		fmt.Fprintf(&b, `<w:Nonce EncodingType=%q>%s</w:Nonce><u:Created>%s</u:Created>`, nonceNS, base64.StdEncoding.EncodeToString(l.Nonce), created)
		b.WriteString(`</w:UsernameToken></w:Security></s:Header>`)
	}
	b.WriteString(`<s:Body>` + body + `</s:Body></s:Envelope>`)
	return []byte(b.String())
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
