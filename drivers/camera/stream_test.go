package camera

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// rtspCamera plays the other end of a connection: it answers each request with what
// answer says, and after PLAY it sends packets.
type rtspCamera struct {
	*drivertest.Fetcher // not asked: RTSP alone

	answer  func(method, url string, head textproto.MIMEHeader) string // without CSeq; empty: silence
	packets [][]byte                                                   // after PLAY
	hang    bool                                                       // up behind the last packet
	err     error                                                      // instead of a connection
	asked   []string
	dials   int
	done    chan struct{} // closed when the connection is
}

func (c *rtspCamera) Dial(_ context.Context, address string) (net.Conn, error) {
	if c.err != nil {
		return nil, c.err
	}
	c.dials++
	c.asked, c.done = append(c.asked, "dial "+address), make(chan struct{})
	mine, yours := net.Pipe()
	go c.serve(mine)
	return yours, nil
}

func (c *rtspCamera) serve(conn net.Conn) {
	defer close(c.done)
	defer conn.Close()
	in := textproto.NewReader(bufio.NewReader(conn))
	for {
		first, err := in.ReadLine()
		if err != nil {
			return
		}
		head, err := in.ReadMIMEHeader()
		if err != nil {
			return
		}
		method, rest, _ := strings.Cut(first, " ")
		url, _, _ := strings.Cut(rest, " ")
		c.asked = append(c.asked, method+" "+url)
		answer := c.answer(method, url, head)
		switch answer {
		case "":
			continue
		case "hang up":
			return
		}
		status, more, _ := strings.Cut(answer, "\r\n")
		if _, err := fmt.Fprintf(conn, "RTSP/1.0 %s\r\nCSeq: %s\r\n%s", status, head.Get("CSeq"), more); err != nil {
			return
		}
		if method == "PLAY" && strings.HasPrefix(answer, "200") {
			for _, p := range c.packets {
				if _, err := conn.Write(append([]byte{'$', 4, byte(len(p) >> 8), byte(len(p))}, p...)); err != nil {
					return
				}
			}
			if c.hang {
				return
			}
		}
	}
}

const jpegSDP = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=live\r\nm=video 0 RTP/AVP 26\r\na=control:track1\r\n"

func described(sdp string) string {
	return fmt.Sprintf("200 OK\r\nContent-Base: rtsp://10.0.0.9/live/\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", len(sdp), sdp)
}

// willing answers as a camera that shows JPEG does.
func willing(method, _ string, _ textproto.MIMEHeader) string {
	switch method {
	case "DESCRIBE":
		return described(jpegSDP)
	case "SETUP":
		return "200 OK\r\nTransport: RTP/AVP/TCP;unicast;interleaved=4-5\r\nSession: 4711;timeout=60\r\n\r\n"
	default:
		return "200 OK\r\n\r\n"
	}
}

// shown are the packets of scene.jpg.
func shown(t testing.TB) [][]byte {
	t.Helper()
	return packets(load(t, "scene.jpg"))
}

// packets are those of a JPEG, whose tables and size are taken from its segments.
func packets(b []byte) (all [][]byte) {
	var quant, scan []byte
	var w, h int
	for at := 2; scan == nil; {
		n := 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		switch body := b[at+4 : at+n]; b[at+1] {
		case 0xDB:
			for ; len(body) >= 65; body = body[65:] {
				quant = append(quant, body[1:65]...)
			}
		case 0xC0:
			h, w = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
		case 0xDA:
			scan = b[at+n:]
		}
		at += n
	}
	const size = 700
	for at := 0; at < len(scan); at += size {
		end := min(at+size, len(scan))
		p := []byte{0x80, 26, 0, byte(at / size), 0, 0, 0, 1, 0, 0, 0, 9, 0, byte(at >> 16), byte(at >> 8), byte(at), 1, 255, byte(w / 8), byte(h / 8)}
		if end == len(scan) {
			p[1] |= 0x80
		}
		if at == 0 {
			p = append(append(p, 0, 0, byte(len(quant)>>8), byte(len(quant))), quant...)
		}
		all = append(all, append(p, scan[at:end]...))
	}
	return all
}

func watching(t testing.TB, options string, c *rtspCamera) drivers.Driver {
	t.Helper()
	p, err := planYAML(options)
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.OpenHTTP(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A picture out of a stream is the one that was put in: the scene, as a still has it.
func TestStreamed(t *testing.T) {
	cam := &rtspCamera{answer: willing, packets: shown(t)}
	d := watching(t, "url: 'rtsp://10.0.0.9/live'", cam)
	rs, err := d.Sample(t.Context())
	<-cam.done
	if err != nil || rs[0].Value != sceneBrightness || rs[1].Value != sceneSharpness {
		t.Fatalf("%v, %v", rs, err)
	}
	const want = "dial 10.0.0.9:554, DESCRIBE rtsp://10.0.0.9/live, SETUP rtsp://10.0.0.9/live/track1, PLAY rtsp://10.0.0.9/live/, TEARDOWN rtsp://10.0.0.9/live/"
	if got := strings.Join(cam.asked, ", "); got != want {
		t.Errorf("the camera heard %s, want %s", got, want)
	}
	if _, ok := d.(drivers.StillSource).Still(); !ok {
		t.Error("there is no still")
	}
}

// The login is answered as the camera asks, with the method and address of each request,
// and only the first request is made twice.
func TestStreamedLogin(t *testing.T) {
	var proofs []string
	cam := &rtspCamera{packets: shown(t)}
	cam.answer = func(method, url string, head textproto.MIMEHeader) string {
		if a := head.Get("Authorization"); strings.HasPrefix(a, `Digest username="eve", realm="x", nonce="y", uri="`+url+`"`) {
			proofs = append(proofs, a)
			return willing(method, url, head)
		}
		return "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n\r\n"
	}
	d := watching(t, "{url: 'rtsp://10.0.0.9:8554/live', username: eve, password_file: "+passwordFile(t, "hunter3")+"}", cam)
	for range 2 {
		if _, err := d.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-cam.done
	}
	if cam.asked[0] != "dial 10.0.0.9:8554" || len(cam.asked) != 11 || len(proofs) != 8 {
		t.Errorf("%q, %d of them with a proof", cam.asked, len(proofs))
	}
	// RFC 2069: MD5(MD5(eve:x:hunter3):y:MD5(DESCRIBE:rtsp://10.0.0.9:8554/live)), by another program.
	if !strings.Contains(proofs[0], `response="174a12102c6b8b62fc30bb1da3e0c4fb"`) {
		t.Errorf("the first proof is %s", proofs[0])
	}
}

func TestStreamedFails(t *testing.T) {
	const h265 = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n"
	garbage := make([][]byte, mostWrong+1)
	for i := range garbage {
		garbage[i] = []byte("no RTP")
	}
	for _, c := range []struct {
		name, word, want string
		cam              rtspCamera
	}{
		{"H.265", "protocol", `its video is "H265"; choose the camera's MJPEG or H.264 stream, or set url to its still picture`, rtspCamera{answer: from("DESCRIBE", described(h265))}},
		{"another host", "protocol", "leads to another host", rtspCamera{answer: from("DESCRIBE", described(strings.Replace(jpegSDP, "track1", "rtsp://evil/x", 1)))}},
		{"no such stream", "exception", "DESCRIBE: ", rtspCamera{answer: from("DESCRIBE", "404 Not Found\r\n\r\n")}},
		{"a login is wanted", "exception", "set username and password_file", rtspCamera{answer: from("DESCRIBE", "401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\n\r\n")}},
		{"too many viewers", "device", "status 503", rtspCamera{answer: from("PLAY", "503 Service Unavailable\r\n\r\n")}},
		{"UDP only", "protocol", "over UDP", rtspCamera{answer: from("SETUP", "200 OK\r\nTransport: RTP/AVP;unicast;client_port=5000-5001\r\n\r\n")}},
		{"a web server", "protocol", "hung up", rtspCamera{answer: from("DESCRIBE", "hang up")}},
		{"hangs up while it plays", "protocol", "hung up", rtspCamera{answer: from("PLAY", "hang up")}},
		{"garbage", "protocol", "no picture in the stream: a packet of 6 bytes is no RTP", rtspCamera{answer: willing, packets: garbage}},
		{"nobody there", "unplugged", "connection refused", rtspCamera{err: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}}},
	} {
		_, err := watching(t, "url: 'rtsp://10.0.0.9/live?password=hunter2'", &c.cam).Sample(t.Context())
		if err == nil || drivers.FaultWord(err) != c.word || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v (%s), want %q (%s)", c.name, err, drivers.FaultWord(err), c.want, c.word)
		}
		if c.cam.done != nil {
			<-c.cam.done // the connection is closed after every failure
		}
	}
}

// A camera that falls silent at any step, or plays and never ends a picture, ends with the
// sample's time; a cancelled sample ends at once; the next sample is good.
func TestStreamedSilence(t *testing.T) {
	for _, step := range []string{"DESCRIBE", "SETUP", "PLAY", "no picture"} {
		synctest.Test(t, func(t *testing.T) {
			silent := true
			cam := &rtspCamera{packets: shown(t)}
			cam.answer = func(method, url string, head textproto.MIMEHeader) string {
				if silent && method == step {
					return ""
				}
				return willing(method, url, head)
			}
			whole := cam.packets
			if step == "no picture" {
				cam.packets = whole[:len(whole)-1]
			}
			d := watching(t, "url: 'rtsp://10.0.0.9/live'", cam)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			begun := time.Now()
			if _, err := d.Sample(ctx); !errors.Is(err, drivers.ErrTimeout) || time.Since(begun) != 10*time.Second {
				t.Errorf("%s: %v after %v", step, err, time.Since(begun))
			}
			<-cam.done
			ctx, stop := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, stop)
			begun = time.Now()
			if _, err := d.Sample(ctx); !errors.Is(err, context.Canceled) || time.Since(begun) != time.Second {
				t.Errorf("%s: cancelled: %v after %v", step, err, time.Since(begun))
			}
			<-cam.done
			silent, cam.packets = false, whole
			if _, err := d.Sample(t.Context()); err != nil {
				t.Errorf("%s: the next sample: %v", step, err)
			}
			<-cam.done
		})
	}
}

// A fetcher without connections is told apart from a camera that is not there.
func TestStreamedNeedsConnections(t *testing.T) {
	p, err := planYAML("url: 'rtsp://h/live'")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.OpenHTTP(&drivertest.Fetcher{}); err == nil || !strings.Contains(err.Error(), "a connection of its own") {
		t.Errorf("%v", err)
	}
}

// from answers as a willing camera does, but one request.
func from(method, answer string) func(string, string, textproto.MIMEHeader) string {
	return func(m, url string, head textproto.MIMEHeader) string {
		if m == method {
			return answer
		}
		return willing(m, url, head)
	}
}
