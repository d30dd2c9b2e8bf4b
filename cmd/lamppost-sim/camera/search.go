package camera

import (
	"encoding/xml"
	"fmt"
	"net"
	"strings"
)

// ServeSearch answers who searches for cameras (WS-Discovery, SOAP over UDP) at conn until
// that is closed: the camera is at host. Real ones listen to a group at port 3702; this one
// answers who asks it alone, at the number of its HTTP port.
func (c *Camera) ServeSearch(conn net.PacketConn, host string) {
	buf := make([]byte, 8<<10)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var q struct {
			ID    string    `xml:"Header>MessageID"`
			Probe *struct{} `xml:"Body>Probe"`
		}
		if m := c.Source.Mishap(); xml.Unmarshal(buf[:n], &q) != nil || q.Probe == nil || m.Silent || m.Unplug {
			continue
		}
		var id strings.Builder
		if xml.EscapeText(&id, []byte(q.ID)) != nil {
			continue
		}
		_, _ = fmt.Fprintf(packets{conn, from}, `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" `+
			`xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:wsdd="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">`+
			`<s:Header><wsa:RelatesTo>%s</wsa:RelatesTo><wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action></s:Header><s:Body><wsdd:ProbeMatches><wsdd:ProbeMatch>`+
			`<wsa:EndpointReference><wsa:Address>urn:uuid:6c616d70-706f-5374-8000-73696d756c61</wsa:Address></wsa:EndpointReference><wsdd:Types>dn:NetworkVideoTransmitter</wsdd:Types>`+
			`<wsdd:Scopes>onvif://www.onvif.org/Profile/S onvif://www.onvif.org/name/Simulated%%20river onvif://www.onvif.org/hardware/lamppost-sim</wsdd:Scopes>`+
			`<wsdd:XAddrs>http://%s%s</wsdd:XAddrs><wsdd:MetadataVersion>1</wsdd:MetadataVersion></wsdd:ProbeMatch></wsdd:ProbeMatches></s:Body></s:Envelope>`, id.String(), host, devicePath)
	}
}

// packets sends what is written in one piece.
type packets struct {
	net.PacketConn
	to net.Addr
}

func (p packets) Write(b []byte) (int, error) { return p.WriteTo(b, p.to) }
