package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/calibrate"
	"github.com/lamppost-city/lamppost/edge/status"
)

// Without a way to the cloud the pictures of an alert stay on the disk and are shown on the
// camera page; with one they go out, as if they had waited for it.
func TestPicturesWithoutUplink(t *testing.T) {
	p := newPost(t)
	p.camera = eye(t)
	p.sensor(2200)
	said, _ := p.run(p.watching(p.camera, ""), nil)
	s := p.until("the flood", func(s status.Snapshot) bool { return flooding(s) != nil && len(flooding(s).Pictures) > 1 })
	named := flooding(s).Pictures
	a, _ := p.visit("POST", "/camera/enter", fmt.Sprintf(`{"pin":%q}`, said.PIN), nil)
	if len(a.Cookies()) != 1 {
		t.Fatalf("the PIN opens nothing: %s", a.Status)
	}
	key := a.Cookies()[0]
	var list []calibrate.Kept
	p.until("all are on the page", func(status.Snapshot) bool {
		_, body := p.visit("GET", "/camera/eye/kept", "", key)
		return json.Unmarshal([]byte(body), &list) == nil && len(list) == len(named)
	})
	for _, k := range list {
		if k.Alert != flooding(s).ID || k.Moment == "" {
			t.Errorf("%+v is of no moment of the alert", k)
		}
		if a, body := p.visit("GET", "/camera/eye/kept/"+k.Image, "", key); a.StatusCode != http.StatusOK || !strings.HasPrefix(body, "\xff\xd8") {
			t.Errorf("%s: %s, %d bytes", k.Image, a.Status, len(body))
		}
		if a, _ := p.visit("GET", "/camera/other/kept/"+k.Image, "", key); a.StatusCode != http.StatusNotFound {
			t.Errorf("another camera shows it: %s", a.Status)
		}
	}
	p.stop()
	c, address := newCenter(t)
	pictures := newAlbum()
	pictures.listen(t, c)
	p.start(p.watching(p.camera, c.uplink(address, "may: [read]")))
	p.until("all pictures", func(status.Snapshot) bool { return len(pictures.of(flooding(s).ID)) == len(named) })
	p.stop()
}
