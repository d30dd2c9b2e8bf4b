package camera

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Where the camera's services for ONVIF are.
const (
	devicePath = "/onvif/device_service"
	mediaPath  = "/onvif/media"
)

// serveONVIF answers the questions that lead to the still: SOAP 1.2, ONVIF Core and Media.
// It wants no login.
func (c *Camera) serveONVIF(w http.ResponseWriter, r *http.Request) {
	if !c.befalls(w, r, c.Source.Mishap()) {
		return
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		return
	}
	here, asked := "http://"+r.Host, string(b)
	body, status := "", http.StatusOK
	switch t := time.Now().UTC(); {
	case strings.Contains(asked, "GetSystemDateAndTime"):
		body = fmt.Sprintf(`<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType><tt:UTCDateTime>`+
			`<tt:Time><tt:Hour>%d</tt:Hour><tt:Minute>%d</tt:Minute><tt:Second>%d</tt:Second></tt:Time>`+
			`<tt:Date><tt:Year>%d</tt:Year><tt:Month>%d</tt:Month><tt:Day>%d</tt:Day></tt:Date>`+
			`</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`, t.Hour(), t.Minute(), t.Second(), t.Year(), t.Month(), t.Day())
	case strings.Contains(asked, "GetCapabilities"):
		body = `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>` + here + mediaPath + `</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>`
	case strings.Contains(asked, "GetProfiles"):
		body = `<trt:GetProfilesResponse><trt:Profiles token="still" fixed="true"><tt:Name>still</tt:Name><tt:VideoEncoderConfiguration token="e"><tt:Encoding>JPEG</tt:Encoding>` +
			`<tt:Resolution><tt:Width>640</tt:Width><tt:Height>480</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles></trt:GetProfilesResponse>`
	case strings.Contains(asked, "GetSnapshotUri"):
		body = `<trt:GetSnapshotUriResponse><trt:MediaUri><tt:Uri>` + here + Path + `</tt:Uri></trt:MediaUri></trt:GetSnapshotUriResponse>`
	default:
		status = http.StatusBadRequest
		body = `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:ActionNotSupported</s:Value></s:Subcode></s:Code>` +
			`<s:Reason><s:Text xml:lang="en">Action not supported</s:Text></s:Reason></s:Fault>`
	}
	w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" `+
		`xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>%s</s:Body></s:Envelope>`, body)
}
