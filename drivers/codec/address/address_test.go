package address

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestShow(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"mqtts://hub.example.org:8883", "mqtts://hub.example.org:8883"},
		{"http://192.168.1.21/", "http://192.168.1.21"},
		{"http://192.168.1.21/still.jpg", "http://192.168.1.21/***"},
		{"http://192.168.1.21?user=a&pwd=b", "http://192.168.1.21/***"},
		{"rtsp://admin:pw@[fe80::1]:554/live", "rtsp://***@[fe80::1]:554/***"},
		{"rtsp://admin:S3cret@Pw@cam/live?user=u1&pwd=Q", "rtsp://***@cam/***"},
		{"rtsp://admin:S3cret@cam/live?pwd=Q@W", "rtsp://***"}, // the tail of the query is no host
		{"onvif://admin:pa#ss/word@127.0.0.1", "onvif://***"},
		{"onvif://admin:pa/ss", "onvif://***"},
		{"rtsp://admin:123456/live", "rtsp://***"},
		{"admin:pw@10.0.0.9/live", "***"},
		{"pa ss://x", "***"},
		{"v4l2:/dev/v4l/by-id/usb-cam", "v4l2:/dev/v4l/by-id/usb-cam"},
		{"", ""},
	} {
		if got := Show(c.text); got != c.want {
			t.Errorf("Show(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

// Whatever stands in a name, password, path or query, nothing of it is shown.
func TestNothingSecretIsShown(t *testing.T) {
	secret := rapid.StringMatching(`[QZJX@/#?:&%,{}\[\] "'\\;=é河-]{0,12}[QZJX]{3}[QZJX@/#?:&%,{}\[\] "'\\;=é河-]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"rtsp", "onvif", "http", "mqtts"}).Draw(t, "scheme") + "://"
		in := rapid.IntRange(1, 7).Draw(t, "places")
		if in&1 != 0 {
			text += "admin:" + secret.Draw(t, "password") + "@"
		}
		if in&4 != 0 && in&1 != 0 {
			text = strings.Replace(text, "admin", secret.Draw(t, "name"), 1)
		}
		text += "cam.example.org:554/live"
		if in&2 != 0 {
			text += "?user=u&pwd=" + secret.Draw(t, "query")
		}
		if shown := Show(text); strings.ContainsAny(shown, "QZJX") {
			t.Fatalf("Show(%q) = %q", text, shown)
		}
	})
}
