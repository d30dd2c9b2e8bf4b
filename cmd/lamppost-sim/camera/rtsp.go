package camera

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"time"
)

// RTSPPath is where the camera's stream is over RTSP 1.0 (RFC 2326), as JPEG in RTP (RFC
// 2435), interleaved on the connection.
const RTSPPath = "/live"

// Listener takes the connections that speak RTSP out of those that another listener
// accepts, and gives the others, for an HTTP server: one port speaks both.
type Listener struct {
	net.Listener
	cam   *Camera
	http  chan net.Conn
	ended chan struct{}
	once  sync.Once
	alive sync.WaitGroup
	stop  context.CancelFunc
	ctx   context.Context
}

// Listen divides what ln accepts until it is closed.
func (c *Camera) Listen(ln net.Listener) *Listener {
	l := &Listener{Listener: ln, cam: c, http: make(chan net.Conn), ended: make(chan struct{})}
	l.ctx, l.stop = context.WithCancel(context.Background())
	l.alive.Go(l.accept)
	return l
}

func (l *Listener) accept() {
	defer close(l.ended)
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return
		}
		l.alive.Go(func() { l.divide(conn) })
	}
}

// divide looks at the first bytes of a connection.
func (l *Listener) divide(conn net.Conn) {
	quit := context.AfterFunc(l.ctx, func() { conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	in := bufio.NewReader(conn)
	first, err := in.Peek(9)
	_ = conn.SetReadDeadline(time.Time{})
	if err == nil && (bytes.HasPrefix(first, []byte("OPTIONS")) || bytes.HasPrefix(first, []byte("DESCRIBE"))) {
		defer quit()
		defer conn.Close()
		(&watcher{cam: l.cam, conn: conn, in: textproto.NewReader(in)}).serve(l.ctx)
		return
	}
	quit()
	select {
	case l.http <- peeked{conn, in}:
	case <-l.ctx.Done():
		conn.Close()
	}
}

// peeked is a connection of which some bytes were read.
type peeked struct {
	net.Conn
	in *bufio.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.in.Read(b) }

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.http:
		return conn, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

// Close ends the listener and every RTSP connection, and waits for them.
func (l *Listener) Close() (err error) {
	l.once.Do(func() {
		err = l.Listener.Close()
		l.stop()
		l.alive.Wait()
	})
	return err
}

// watcher is one RTSP connection.
type watcher struct {
	cam     *Camera
	conn    net.Conn
	in      *textproto.Reader
	channel byte
	mu      sync.Mutex // of writing: answers and packets share the connection
	seq     uint16
	film    *film // what is asked for is H.264; nil: JPEG
}

const session = "20260115"

// serve answers requests; after PLAY pictures flow beside the answers.
func (w *watcher) serve(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	var playing sync.WaitGroup
	defer playing.Wait()
	defer stop()
	for {
		first, err := w.in.ReadLine()
		if err != nil {
			return
		}
		head, err := w.in.ReadMIMEHeader()
		if err != nil {
			return
		}
		m := w.cam.Source.Mishap()
		if m.Unplug {
			return
		}
		if m.Silent {
			w.cam.unseen()
			continue
		}
		method, rest, _ := strings.Cut(first, " ")
		at, _, _ := strings.Cut(rest, " ")
		answer := w.refusal(method, at, head.Get("Authorization"))
		refused := answer != ""
		if !refused {
			answer = w.answer(method, at, head.Get("Transport"))
		}
		if err := w.say(answer, head.Get("CSeq")); err != nil {
			return
		}
		if refused {
			continue
		}
		switch method {
		case "PLAY":
			playing.Go(func() { w.play(ctx) })
		case "TEARDOWN":
			return
		}
	}
}

func (w *watcher) say(answer, seq string) error {
	status, rest, _ := strings.Cut(answer, "\r\n")
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := fmt.Fprintf(w.conn, "RTSP/1.0 %s\r\nCSeq: %s\r\n%s", status, seq, rest)
	return err
}

// refusal is the answer to whoever does not say the login that the camera wants; empty: it
// wants none, or that is it. What a server can do anybody may ask.
func (w *watcher) refusal(method, at, authorization string) string {
	l := w.cam.Login
	if l == nil || method == "OPTIONS" {
		return ""
	}
	ok, stale := l.admits(overRTSP, method, at, authorization)
	if ok {
		return ""
	}
	return "401 Unauthorized\r\nWWW-Authenticate: " + l.challenge(overRTSP, stale) + "\r\n\r\n"
}

// answer is a status and what follows it, without the request's number.
func (w *watcher) answer(method, at, transport string) string {
	u, err := url.Parse(at)
	switch {
	case method == "OPTIONS":
		return "200 OK\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
	case err != nil || !strings.HasPrefix(u.Path, RTSPPath) && !strings.HasPrefix(u.Path, H264Path):
		return "404 Stream Not Found\r\n\r\n"
	case method == "DESCRIBE" && strings.HasPrefix(u.Path, H264Path):
		f, err := newFilm(u.Query())
		if err != nil {
			return "400 Bad Request\r\n\r\n"
		}
		w.film = f
		return described(at, f.describe())
	case method == "DESCRIBE":
		sdp := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=lamppost-sim\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\nc=IN IP4 0.0.0.0\r\na=control:trackID=0\r\n"
		return described(at, sdp)
	case method == "SETUP" && !strings.Contains(transport, "TCP"):
		return "461 Unsupported Transport\r\n\r\n"
	case method == "SETUP":
		return "200 OK\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: " + session + ";timeout=60\r\n\r\n"
	case method == "PLAY" || method == "TEARDOWN":
		return "200 OK\r\nSession: " + session + "\r\n\r\n"
	default:
		return "501 Not Implemented\r\n\r\n"
	}
}

func described(at, sdp string) string {
	return fmt.Sprintf("200 OK\r\nContent-Base: %s/\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", strings.TrimSuffix(at, "/"), len(sdp), sdp)
}

// play sends pictures until the connection ends. The first has a truth line.
func (w *watcher) play(ctx context.Context) {
	tick := time.NewTicker(frameEvery)
	defer tick.Stop()
	send := w.send
	if w.film != nil {
		send = w.sendH264
	}
	for first := true; ; first = false {
		if m := w.cam.Source.Mishap(); m.Unplug {
			w.conn.Close()
			return
		} else if !m.Silent {
			b, is, err := w.cam.Scene.Paint(w.cam.Source.State())
			if err != nil || send(b, m.Flip || m.Garbage) != nil {
				return
			}
			if first && !m.Flip && !m.Garbage {
				w.cam.note(is, b, m)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// payload is how much of a picture one packet holds.
const payload = 1400

// send cuts a picture into packets; torn leaves one of them out.
func (w *watcher) send(picture []byte, torn bool) error {
	p, err := dissect(picture)
	if err != nil {
		return err
	}
	stamp := uint32(time.Now().UnixMilli() * 90)
	for at := 0; at < len(p.scan); at += payload {
		end := min(at+payload, len(p.scan))
		b := []byte{'$', w.channel, 0, 0, 0x80, 26}
		if end == len(p.scan) {
			b[5] |= 0x80 // the marker: the last of a picture
		}
		b = binary.BigEndian.AppendUint16(b, w.seq)
		b = binary.BigEndian.AppendUint32(b, stamp)
		b = append(b, 'l', 'a', 'm', 'p')
		b = append(b, 0, byte(at>>16), byte(at>>8), byte(at), 1, 255, byte(p.width/8), byte(p.height/8))
		if at == 0 {
			b = append(append(b, 0, 0, byte(len(p.quant)>>8), byte(len(p.quant))), p.quant...)
		}
		b = append(b, p.scan[at:end]...)
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)-4))
		w.seq++
		if torn && at/payload == 1 {
			continue
		}
		if err := w.write(b); err != nil {
			return err
		}
	}
	return nil
}

func (w *watcher) write(b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.conn.SetWriteDeadline(time.Now().Add(5 * time.Second)) // who does not read is gone
	_, err := w.conn.Write(b)
	return err
}

// dissected is a picture without its headers.
type dissected struct {
	quant, scan   []byte
	width, height int
}

// dissect takes a picture of Go's encoder apart: 4:2:0, the standard's Huffman tables.
func dissect(b []byte) (p dissected, err error) {
	for at := 2; at+4 < len(b); {
		n := 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		if n > len(b)-at {
			break
		}
		body := b[at+4 : at+n]
		switch b[at+1] {
		case 0xDB:
			for ; len(body) >= 65; body = body[65:] {
				p.quant = append(p.quant, body[1:65]...)
			}
		case 0xC0:
			p.height, p.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
		case 0xDA:
			p.scan = b[at+n:]
			return p, nil
		}
		at += n
	}
	return p, errors.New("a picture without a scan")
}
