package rtsp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRequest(t *testing.T) {
	got := Request{Method: "SETUP", URL: "rtsp://h/live/track1", CSeq: 3, Fields: [][2]string{{"Transport", "RTP/AVP/TCP;unicast;interleaved=0-1"}, {"Session", "17"}}}.Append(nil)
	const want = "SETUP rtsp://h/live/track1 RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 17\r\n\r\n"
	if string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestReader(t *testing.T) {
	const in = "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://h/live/\r\ncontent-length: 5\r\n\r\nv=0\r\n" +
		"$\x00\x00\x03abc" +
		"OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n" +
		"$\x01\x00\x00\r\n" +
		"RTSP/1.0 401 Unauthorized\nCSeq:3\nSession: 12ab;timeout=60\n\n"
	for _, src := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
		r := NewReader(src)
		res, p, err := r.Next()
		if err != nil || p != nil || res.Status != 200 || res.CSeq() != 2 || string(res.Body) != "v=0\r\n" || res.Header.Get("Content-Base") != "rtsp://h/live/" {
			t.Fatalf("%+v, %v, %v", res, p, err)
		}
		if _, p, err = r.Next(); err != nil || p == nil || p.Channel != 0 || string(p.Data) != "abc" {
			t.Fatalf("%+v, %v", p, err)
		}
		if _, p, err = r.Next(); err != nil || p == nil || p.Channel != 1 || len(p.Data) != 0 {
			t.Fatalf("behind a question of the camera: %+v, %v", p, err)
		}
		if res, _, err = r.Next(); err != nil || res == nil || res.Status != 401 || res.CSeq() != 3 || res.Session() != "12ab" {
			t.Fatalf("%+v, %v", res, err)
		}
		if _, _, err = r.Next(); err != io.EOF {
			t.Errorf("the end is %v", err)
		}
	}
}

func TestBadMessages(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for _, c := range []struct{ name, in, want string }{
		{"a web server", "HTTP/1.1 400 Bad Request\r\n\r\n", "no RTSP"},
		{"rubbish", "\x00\x01\x02\r\n\r\n", "no RTSP"},
		{"no status", "RTSP/1.0 OK\r\n\r\n", "an answer begins with"},
		{"a status beyond all", "RTSP/1.0 99999 OK\r\n\r\n", "an answer begins with"},
		{"a long line", "RTSP/1.0 200 OK\r\nA: " + long + "\r\n\r\n", "4096 in one line"},
		{"a head without end", "RTSP/1.0 200 OK\r\n" + strings.Repeat("A: b\r\n", 9000), "more than 16384"},
		{"a large body", "RTSP/1.0 200 OK\r\nContent-Length: 99999\r\n\r\n", "at most 65536"},
		{"a negative body", "RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", "at most 65536"},
		{"half a packet", "$\x00\x00\x09abc", "unexpected EOF"},
		{"half a body", "RTSP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nabc", "unexpected EOF"},
		{"half a head", "RTSP/1.0 200 OK\r\nA:", "unexpected EOF"},
	} {
		if res, p, err := NewReader(strings.NewReader(c.in)).Next(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v, %v; want %q", c.name, res, p, err, c.want)
		}
	}
}

func TestChannel(t *testing.T) {
	for transport, want := range map[string]string{
		"RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=1": "0",
		"RTP/AVP/TCP; interleaved=4-5":               "4",
		"RTP/AVP/TCP;interleaved=7":                  "7",
		"RTP/AVP/TCP;unicast":                        "2",
		"":                                           "2",
		"RTP/AVP/UDP;unicast;client_port=5000-5001": "UDP",
		"RTP/AVP;unicast;client_port=5000-5001":     "UDP",
		"RTP/AVP/TCP;interleaved=x":                 "channels",
		"RTP/AVP/TCP;interleaved=256-257":           "channels",
	} {
		r := Response{Header: map[string][]string{"Transport": {transport}}}
		n, err := r.Channel(2)
		if got := fmt.Sprint(n, err); !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", transport, got, want)
		}
	}
	if r := (Response{}); r.CSeq() != -1 || r.Session() != "" {
		t.Error("an answer without fields has a number or a session")
	}
}

func TestFindVideo(t *testing.T) {
	const head = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=live\r\na=control:*\r\n"
	for _, c := range []struct {
		name, sdp string
		want      Media
		wrong     string
	}{
		{"the static type", head + "m=video 0 RTP/AVP 26\r\na=control:track1\r\n", Media{Codec: JPEG, Payload: 26, Control: "track1"}, ""},
		{"a type of its own", head + "m=audio 0 RTP/AVP 0\r\na=control:a\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 jpeg/90000\r\na=control:rtsp://h/v\r\n", Media{Codec: JPEG, Payload: 96, Control: "rtsp://h/v"}, ""},
		{"the second of two", head + "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=video 0 RTP/AVP 26\r\n", Media{Codec: JPEG, Payload: 26}, ""},
		{"H.264", head + "m=video 0 RTP/AVP 96\r\na=rtpmap:96 h264/90000\r\na=control:t\r\n", Media{Codec: H264, Payload: 96, Control: "t"}, ""},
		{"H.264 with its sets", head + "m=video 0 RTP/AVP 97\r\na=fmtp:97 profile-level-id=42E01F; packetization-mode=1;sprop-parameter-sets=Z0Lg,aM4=,!\r\na=rtpmap:97 H264/90000\r\n",
			Media{Codec: H264, Payload: 97, Sets: [][]byte{{0x67, 0x42, 0xE0}, {0x68, 0xCE}}}, ""},
		{"H.264 in two orders", head + "m=video 0 RTP/AVP 96 97\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=2\r\na=rtpmap:97 H264/90000\r\n", Media{Codec: H264, Payload: 97}, ""},
		{"H.264 interleaved", head + "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=2\r\n", Media{}, "set the camera to mode 1"},
		{"H.265 and another", head + "m=video 0 RTP/AVP 97 33\r\na=rtpmap:97 H265/90000\r\n", Media{}, `"H265, payload type 33"`},
		{"sound only", head + "m=audio 0 RTP/AVP 26\r\n", Media{}, "no video"},
		{"nothing", "", Media{}, "no video"},
		{"too many", strings.Repeat("m=video 0 RTP/AVP 96\n", 40), Media{}, "more than 32 media"},
	} {
		m, err := FindVideo([]byte(c.sdp))
		if !reflect.DeepEqual(m, c.want) || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, %v", c.name, m, err)
		}
		if (strings.HasPrefix(c.name, "H.26") && c.wrong != "") != errors.Is(err, ErrCodec) {
			t.Errorf("%s: ErrCodec: %v", c.name, err)
		}
	}
}

func TestResolve(t *testing.T) {
	const asked = "rtsp://cam:554/live?ch=1"
	for _, c := range []struct{ base, control, want string }{
		{"", "", asked}, {"", "*", asked}, {"", "track1", asked + "/track1"},
		{"rtsp://cam/live/", "track1", "rtsp://cam/live/track1"},
		{"rtsp://cam/live/", "rtsp://CAM:554/live/track2", "rtsp://CAM:554/live/track2"},
		{"", "rtsp://evil/x", ""}, {"rtsp://evil/", "track1", ""}, {"http://cam/", "*", ""}, {"rtsp://evil/", "", ""},
	} {
		got, err := Resolve(asked, c.base, c.control)
		if c.want == "" && err == nil || c.want != "" && (got != c.want || err != nil) {
			t.Errorf("Resolve(%q, %q) = %q, %v; want %q", c.base, c.control, got, err, c.want)
		}
	}
}

// FuzzReader holds that every stream comes to an end, with nothing larger than the limits.
func FuzzReader(f *testing.F) {
	f.Add([]byte("RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 3\r\n\r\nv=0$\x00\x00\x01a"))
	f.Add([]byte("OPTIONS * RTSP/1.0\r\n\r\n\r\n$\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, total := NewReader(bytes.NewReader(in)), 0
		for {
			res, p, err := r.Next()
			if err != nil {
				return
			}
			if (res == nil) == (p == nil) {
				t.Fatalf("%v and %v", res, p)
			}
			if res != nil {
				total += len(res.Body)
				_, _ = FindVideo(res.Body)
				if res.Status < 100 || res.Status > 599 {
					t.Fatalf("status %d", res.Status)
				}
			} else {
				total += len(p.Data)
			}
			if total > len(in) {
				t.Fatalf("%d bytes of %d", total, len(in))
			}
		}
	})
}

// FuzzFindVideo holds that a medium that is found is one that the description names.
func FuzzFindVideo(f *testing.F) {
	f.Add([]byte("m=video 0 RTP/AVP 26\r\na=control:track1\r\n"))
	f.Add([]byte("m=video 0 RTP/AVP 96\na=rtpmap:96 JPEG/90000\n"))
	f.Add([]byte("m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0Lg,aM4=\n"))
	f.Fuzz(func(t *testing.T, sdp []byte) {
		m, err := FindVideo(sdp)
		if err == nil && (m.Payload > 127 || !bytes.Contains(sdp, []byte(m.Control)) || !bytes.Contains(sdp, []byte("m=video")) || len(m.Sets) > mostSets || m.Codec == JPEG && m.Sets != nil) {
			t.Fatalf("%v of %q", m, sdp)
		}
	})
}
