package poll_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/poll"
)

// street is a network with one camera, which is broken for a while.
type street struct {
	from, until time.Time
	fault       string
	n           byte
}

func (s *street) broken() bool { return !time.Now().Before(s.from) && time.Now().Before(s.until) }

// picture is never the same twice.
func (s *street) picture() []byte {
	m := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range m.Pix {
		m.Pix[i] = byte(i) + s.n
	}
	s.n += 5
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, nil) // of grey dots, into memory
	return b.Bytes()
}

// failing ends with an error.
type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

// forever has no end.
type forever struct{}

func (forever) Read(p []byte) (int, error) { return len(p), nil }

func (s *street) Do(r *http.Request) (*http.Response, error) {
	b := s.picture()
	res := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: io.NopCloser(bytes.NewReader(b)), ContentLength: int64(len(b))}
	if !s.broken() {
		return res, nil
	}
	switch s.fault {
	case "unplugged in mid-frame":
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(b[:len(b)/2]), failing{syscall.ECONNRESET}))
	case "truncated":
		res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(b[:len(b)/2])), int64(len(b)/2)
	case "a bomb in the header":
		at := bytes.Index(b, []byte{0xFF, 0xC0})
		binary.BigEndian.PutUint16(b[at+5:], 20000)
		binary.BigEndian.PutUint16(b[at+7:], 20000)
	case "a part without end":
		res.Header.Set("Content-Type", "multipart/x-mixed-replace; boundary=b")
		res.Body = io.NopCloser(io.MultiReader(strings.NewReader("--b\r\n\r\n\xFF\xD8"), forever{}))
	case "silent":
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return res, nil
}

// Dial implements drivers.Dialer: the camera's RTSP server, which refuses while it is gone.
func (s *street) Dial(context.Context, string) (net.Conn, error) {
	if s.broken() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}
	}
	mine, yours := net.Pipe()
	go s.play(mine)
	return yours, nil
}

// play shows one picture as RFC 2435 has it: of two colours' tables a grey one has one, which
// stands for both.
func (s *street) play(conn net.Conn) {
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
		const sdp = "m=video 0 RTP/AVP 26\r\n"
		body := ""
		if strings.HasPrefix(first, "DESCRIBE") {
			body = sdp
		}
		if _, err := fmt.Fprintf(conn, "RTSP/1.0 200 OK\r\nCSeq: %s\r\nContent-Length: %d\r\n\r\n%s", head.Get("CSeq"), len(body), body); err != nil {
			return
		}
		if strings.HasPrefix(first, "PLAY") {
			if _, err := conn.Write(s.packet()); err != nil {
				return
			}
		}
	}
}

// packet is a whole picture of 16 × 16 in colour in one packet; quality 50, so no tables.
func (s *street) packet() []byte {
	m := image.NewYCbCr(image.Rect(0, 0, 64, 64), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = byte(i*i) + s.n
	}
	s.n += 5
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, &jpeg.Options{Quality: 50})
	scan := b.Bytes()[bytes.Index(b.Bytes(), []byte{0xFF, 0xDA})+14:]
	p := append([]byte{'$', 0, 0, 0, 0x80, 0x80 | 26, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0, 1, 50, 8, 8}, scan...)
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)-4))
	return p
}

func eye(url string, s *street) (poll.Device, error) {
	p, err := camera.Kind().Plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte("url: '"+url+"'"))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
	if err != nil {
		return poll.Device{}, err
	}
	return poll.Device{ID: "eye", Every: time.Second, Timeout: p.Timeout, Open: func() (drivers.Driver, error) { return p.OpenHTTP(s) }}, nil
}

// A camera is broken for a minute. It is back with the sample after that, and the meter
// beside it is asked at every point of its grid, to the nanosecond.
func TestBrokenCameraAndTheOthers(t *testing.T) {
	for _, c := range []struct{ fault, url string }{
		{"unplugged in mid-frame", "http://10.0.0.9/still"}, {"truncated", "http://10.0.0.9/still"}, {"a bomb in the header", "http://10.0.0.9/still"},
		{"a part without end", "http://10.0.0.9/still"}, {"silent", "http://10.0.0.9/still"}, {"the RTSP server is gone", "rtsp://10.0.0.9/live"},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			s := &street{from: start.Add(30*time.Second - time.Millisecond), until: start.Add(90*time.Second - time.Millisecond), fault: c.fault}
			e, err := eye(c.url, s)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithDeadline(t.Context(), start.Add(2*time.Minute-time.Millisecond))
			defer stop()
			var both sync.WaitGroup
			meter, before, failed, back := 0, 0, 0, time.Duration(0)
			boot := func() int64 { return time.Since(start).Milliseconds() }
			both.Go(func() {
				poll.Line(ctx, start, []poll.Device{device("meter", 100*time.Millisecond, part{takes: time.Millisecond})}, boot, func(m poll.Sample) {
					if m.Late != 0 || m.Skipped != 0 || m.Err != nil {
						t.Errorf("%s: after %v the meter is %v late, %d skipped, %v", c.fault, time.Since(start), m.Late, m.Skipped, m.Err)
					}
					meter++
				})
			})
			both.Go(func() {
				poll.Line(ctx, start, []poll.Device{e}, boot, func(m poll.Sample) {
					switch at := time.Since(start); {
					case m.Err != nil && ctx.Err() == nil:
						failed++
					case at < 30*time.Second:
						before++
					case back == 0 && m.Err == nil:
						back = at
					}
				})
			})
			both.Wait()
			if meter != 1200 || before != 30 || failed == 0 || back < 90*time.Second || back > 101*time.Second {
				t.Errorf("%s: %d samples of the meter, %d pictures before, %d failed, back after %v", c.fault, meter, before, failed, back)
			}
			if c.fault != "silent" && (failed != 60 || back != 90*time.Second) {
				t.Errorf("%s: %d failed, back after %v; want 60 and 1m30s", c.fault, failed, back)
			}
		})
	}
}
