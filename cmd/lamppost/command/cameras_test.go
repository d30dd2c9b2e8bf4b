package command

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/camera/onvif"
	"github.com/lamppost-city/lamppost/edge/config"
)

var messageID = regexp.MustCompile(`MessageID>(?:urn:uuid:)?([0-9a-f-]{36})<`)

// aCamera is a camera at a socket: it answers each search twice, with rubbish in
// between, and says that it has these addresses.
func aCamera(t *testing.T, c net.PacketConn, addresses string) {
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			id := messageID.FindSubmatch(buf[:n])
			if id == nil || !strings.Contains(string(buf[:n]), "NetworkVideoTransmitter") {
				continue
			}
			answer := fmt.Appendf(nil, `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">`+
				`<e:Header><a:RelatesTo>urn:uuid:%s</a:RelatesTo></e:Header><e:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:cam-1</a:Address></a:EndpointReference>`+
				`<d:Scopes>onvif://www.onvif.org/name/River%%20East onvif://www.onvif.org/hardware/IPC-1</d:Scopes><d:XAddrs>%s</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>`, id[1], addresses)
			for _, b := range [][]byte{answer, []byte("rubbish"), answer} {
				_, _ = c.WriteTo(b, from)
			}
		}
	}()
}

// A camera that is asked by its address is found once, at the address that it answered
// from.
func TestSearchOneCamera(t *testing.T) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	aCamera(t, c, "http://10.1.2.3/onvif/device_service http://127.0.0.1:8081/onvif/device_service")
	all, err := searchCameras(t.Context(), []string{c.LocalAddr().String()}, 400*time.Millisecond)
	if err != nil || len(all) != 1 || all[0].at.Host != "127.0.0.1:8081" || all[0].Name != "River East" || all[0].Model != "IPC-1" {
		t.Fatalf("found %+v, %v", all, err)
	}
	if _, err := searchCameras(t.Context(), []string{"no host at all"}, time.Second); err == nil {
		t.Error("a name that is none was asked")
	}
	if all, err := searchCameras(t.Context(), []string{"127.0.0.1:9"}, 150*time.Millisecond); err != nil || len(all) != 0 {
		t.Errorf("where nobody is: %v, %v", all, err)
	}
}

// Without an address every network is asked: here the group is joined on one of them.
func TestSearchNetwork(t *testing.T) {
	nets, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(nets, func(n net.Interface) bool {
		c, err := outBy(n)
		if err == nil {
			c.Close()
		}
		return err == nil && n.Flags&(net.FlagUp|net.FlagMulticast|net.FlagLoopback) == net.FlagUp|net.FlagMulticast
	})
	if i < 0 {
		t.Skip("this machine is in no network")
	}
	c, err := net.ListenMulticastUDP("udp4", &nets[i], &net.UDPAddr{IP: net.ParseIP(onvif.SearchGroup), Port: 3702})
	if err != nil {
		t.Skip("nobody may join a group here: ", err)
	}
	aCamera(t, c, "http://10.1.2.3/onvif/device_service")
	all, err := searchCameras(t.Context(), nil, time.Second)
	if err != nil || !slices.ContainsFunc(all, func(c netCamera) bool { return c.ID == "urn:uuid:cam-1" }) {
		t.Fatalf("on %s: %+v, %v", nets[i].Name, all, err)
	}
}

// The board's own cameras are known by the names that last; a camera's second node and one
// that is known already are no further ones.
func TestOwnCameras(t *testing.T) {
	dir := t.TempDir()
	put := func(path string, link bool, to string) {
		t.Helper()
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		err := error(nil)
		if link {
			err = os.Symlink(filepath.Join(dir, to), path)
		} else {
			err = os.WriteFile(path, []byte(to), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []string{"video0", "video1", "video2"} {
		put("dev/"+n, false, "")
	}
	put("class/video0/name", false, "HD Webcam\n")
	put("dev/v4l/by-id/usb-HD_1-video-index0", true, "dev/video0")
	put("dev/v4l/by-id/usb-HD_1-video-index1", true, "dev/video1")
	put("dev/v4l/by-path/usb-0:1-video-index0", true, "dev/video0")
	put("dev/v4l/by-path/csi-video-index0", true, "dev/video2")
	put("dev/v4l/by-path/gone-video-index0", true, "dev/video9")
	got := ownCameras(filepath.Join(dir, "dev/v4l"), filepath.Join(dir, "class"))
	want := []ownCamera{{filepath.Join(dir, "dev/v4l/by-id/usb-HD_1-video-index0"), "HD Webcam"}, {filepath.Join(dir, "dev/v4l/by-path/csi-video-index0"), ""}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	cfg := &config.Config{Devices: []config.Device{{ID: "eye", URL: "v4l2:" + filepath.Join(dir, "dev/video0")}, {ID: "gauge", URL: "http://192.168.1.64/still.jpg"}}}
	at := func(s string) *url.URL {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	all := surveyCameras([]netCamera{{onvif.Found{Name: "River East", Model: "IPC-1"}, at("http://192.168.1.64/onvif/device_service")}, {onvif.Found{}, at("https://192.168.1.65:8443/onvif")}}, got, cfg)
	for lang, want := range map[string]string{"en": `url: onvif://192.168.1.64
  name     River East
  model    IPC-1
  used by  devices.gauge

url: onvif://192.168.1.65:8443
  name     -
  model    -
  used by  -
# its ONVIF service is at https://192.168.1.65:8443/onvif, where it is not asked; write the address of its still picture instead

url: v4l2:DIR/dev/v4l/by-id/usb-HD_1-video-index0
  name     HD Webcam
  model    -
  used by  devices.eye

url: v4l2:DIR/dev/v4l/by-path/csi-video-index0
  name     -
  model    -
  used by  -
`, "zh": "url: onvif://192.168.1.64\n  名称  River East\n  型号  IPC-1\n  用途  devices.gauge\n"} {
		var b strings.Builder
		if err := renderCameras(&b, all, time.Second, lang); err != nil {
			t.Fatal(err)
		}
		if text := strings.ReplaceAll(b.String(), dir, "DIR"); !strings.HasPrefix(text, want) {
			t.Errorf("%s:\n%s\nwant\n%s", lang, text, want)
		}
	}
}
