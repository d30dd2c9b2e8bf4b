package yamldoc

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAddressesInALine(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`c: {url: "http://192.168.1.21/still.jpg", every: 30s}`, `c: {url: "http://192.168.1.21/*********", every: 30s}`},
		{`c: {url: http://192.168.1.21/a?pwd=b, every: 30s}`, `c: {url: http://192.168.1.21/*******, every: 30s}`},
		{`  url: onvif://admin:pa #ss/word@127.0.0.1`, `  url: onvif://***************************`},
		{`  url: rtsp://admin:S3cret@Pw@cam:554/l?u=1&pwd=Q`, `  url: rtsp://***************@cam:554/***********`},
		{`  url: admin:pw@10.0.0.9/live`, `  url: **********************`},
		{`  url: v4l2:/dev/v4l/by-id/cam`, `  url: v4l2:/dev/v4l/by-id/cam`},
		{`brokers: ["mqtts://a:1", "wss://b/way"]`, `brokers: ["mqtts://a:1", "wss://b/***"]`},
		{`proxy: "http://me:secret@proxy:3128"}`, `proxy: "http://*********@proxy:3128"}`},
		{`c: {url: "http://a/b"c", every: 1s}`, `c: {url: "http://a/****************`},
		{`mqtt: {broker: "mqtt://me:secret@hub:1883"}`, `mqtt: {broker: "mqtt://*********@hub:1883"}`},
		{`name: a@b`, `name: a@b`},
	} {
		if got := masked(c.line); got != c.want {
			t.Errorf("masked(%s)\n got %s\nwant %s", c.line, got, c.want)
		}
	}
}

// However an address is written into a line, nothing of a password in it stays, and the
// line keeps its width, so that the mark is under what is meant.
func TestNoPasswordStaysInALine(t *testing.T) {
	secret := rapid.StringMatching(`[QZJX@/#?:&%,{}\[\]"'\\;=河-]{0,12}[QZJX]{3}[QZJX@/#?:&%,{}\[\]"'\\;=河-]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom([]string{"  url: ", "cam: {driver: camera, url: ", "- ", "brokers: [", "{webhook: "}).Draw(t, "head")
		quote := rapid.SampledFrom([]string{"", `"`, "'"}).Draw(t, "quote")
		tail := rapid.SampledFrom([]string{"", ", every: 30s}", "}", ` # it's "so"`, `, "mqtt://other:1"]`}).Draw(t, "tail")
		line += quote + rapid.SampledFrom([]string{"rtsp", "onvif", "http", "mqtts"}).Draw(t, "scheme") + "://"
		if rapid.Bool().Draw(t, "before") {
			line += secret.Draw(t, "name") + ":" + secret.Draw(t, "password") + "@"
		}
		line += "cam.example.org:554/live?user=u&pwd=" + secret.Draw(t, "query") + quote + tail
		got := masked(line)
		if strings.ContainsAny(got, "QZJX") {
			t.Fatalf("%s\n%s", line, got)
		}
		if Width(got) != Width(line) {
			t.Fatalf("%s is %d wide\n%s is %d", line, Width(line), got, Width(got))
		}
	})
}
