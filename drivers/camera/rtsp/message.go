// Package rtsp speaks as much of RTSP and RTP as it takes to get single pictures out
// of a camera's stream: requests and answers, a session description, packets interleaved on
// the one TCP connection, and the pictures in them, JPEG as they are or the key pictures of
// H.264 as a decoder takes them.
//
// Sources: RFC 2326 (RTSP 1.0; 10.12 interleaved data), RFC 4566 (SDP), RFC 3550 (RTP),
// RFC 2435 (JPEG in RTP, payload type 26) and RFC 6184 (H.264 in RTP, see package h264).
//
// H.264 is not decoded here. A stream in H.265 is told and refused.
//
// What is promised: a message's head is at most 16 KiB, its body 64 KiB, a picture at most
// what the caller says; more is not held. A picture of which a packet was lost is not
// given. What is not: UDP, multicast, and JPEG of more than 2040 pixels a side, for
// which RFC 2435 has no field.
package rtsp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strconv"
	"strings"
)

const (
	maxHead = 16 << 10
	maxBody = 64 << 10
	maxLine = 4 << 10
)

// Request is a request without a body.
type Request struct {
	Method string
	URL    string
	CSeq   int
	Fields [][2]string // further header fields
}

// Append writes the request to b.
func (r Request) Append(b []byte) []byte {
	b = fmt.Appendf(b, "%s %s RTSP/1.0\r\nCSeq: %d\r\n", r.Method, r.URL, r.CSeq)
	for _, f := range r.Fields {
		b = fmt.Appendf(b, "%s: %s\r\n", f[0], f[1])
	}
	return append(b, "\r\n"...)
}

// Response is an answer.
type Response struct {
	Status int
	Reason string
	Header textproto.MIMEHeader
	Body   []byte
}

// CSeq is the number of the request that is answered, -1: it does not say.
func (r *Response) CSeq() int {
	n, err := strconv.ParseUint(strings.TrimSpace(r.Header.Get("CSeq")), 10, 31)
	if err != nil {
		return -1
	}
	return int(n)
}

// Session is the id to send with every later request, empty: none.
func (r *Response) Session() string {
	id, _, _ := strings.Cut(r.Header.Get("Session"), ";")
	return strings.TrimSpace(id)
}

// Channel is the number of the interleaved channel that a SETUP was given for RTP; what
// was asked for where the answer does not say.
func (r *Response) Channel(asked byte) (byte, error) {
	transport := r.Header.Get("Transport")
	for _, p := range strings.Split(transport, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if !strings.EqualFold(name, "interleaved") {
			continue
		}
		first, _, _ := strings.Cut(value, "-")
		n, err := strconv.ParseUint(first, 10, 8)
		if err != nil {
			return 0, fmt.Errorf("its transport has the channels %.20q", value)
		}
		return byte(n), nil
	}
	if strings.Contains(strings.ToUpper(transport), "UDP") || strings.Contains(transport, "client_port") {
		return 0, errors.New("it sends over UDP, though it was asked for TCP")
	}
	return asked, nil
}

// Reader reads what a camera sends on the connection.
type Reader struct{ in *bufio.Reader }

// NewReader returns a reader of a connection.
func NewReader(r io.Reader) *Reader { return &Reader{bufio.NewReaderSize(r, 64<<10)} }

// Packet is a packet on one of the interleaved channels.
type Packet struct {
	Channel byte
	Data    []byte
}

// Next returns the next answer or packet; exactly one of the two is not nil. The packet is
// good until the next call. Requests of the camera, which asks whether somebody is there,
// are passed over. The stream's end is io.EOF between messages and io.ErrUnexpectedEOF in
// one.
func (r *Reader) Next() (*Response, *Packet, error) {
	for {
		head, err := r.in.Peek(1)
		if err != nil {
			return nil, nil, err
		}
		switch head[0] {
		case '$':
			p, err := r.packet()
			return nil, p, inside(err)
		case '\r', '\n': // some end a body with a line end that its length leaves out
			_, _ = r.in.Discard(1)
			continue
		}
		res, err := r.message()
		if err != nil {
			return nil, nil, inside(err)
		}
		if res != nil {
			return res, nil, nil
		}
	}
}

func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// packet reads $, channel, length in two bytes, data.
func (r *Reader) packet() (*Packet, error) {
	h, err := r.in.Peek(4)
	if err != nil {
		return nil, err
	}
	p := &Packet{Channel: h[1], Data: make([]byte, binary.BigEndian.Uint16(h[2:]))}
	_, _ = r.in.Discard(4)
	_, err = io.ReadFull(r.in, p.Data)
	return p, err
}

// message reads an answer; a request gives nil.
func (r *Reader) message() (*Response, error) {
	left := maxHead
	first, err := r.line(&left)
	if err != nil {
		return nil, err
	}
	res := &Response{Header: textproto.MIMEHeader{}}
	version, rest, _ := strings.Cut(first, " ")
	isAnswer := strings.HasPrefix(version, "RTSP/")
	if isAnswer {
		status, reason, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseUint(status, 10, 16)
		if err != nil || n < 100 || n > 599 {
			return nil, fmt.Errorf("an answer begins with %.40q", first)
		}
		res.Status, res.Reason = int(n), reason
	} else if !strings.HasSuffix(first, " RTSP/1.0") {
		return nil, fmt.Errorf("it says %.40q, which is no RTSP", first)
	}
	for {
		line, err := r.line(&left)
		if err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			res.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	if err := r.body(res); err != nil || !isAnswer {
		return nil, err
	}
	return res, nil
}

func (r *Reader) line(left *int) (string, error) {
	b, err := r.in.ReadSlice('\n')
	if *left -= len(b); errors.Is(err, bufio.ErrBufferFull) || *left < 0 || len(b) > maxLine {
		return "", fmt.Errorf("a message's head has more than %d bytes, or %d in one line", maxHead, maxLine)
	}
	return strings.TrimRight(string(b), "\r\n"), err
}

func (r *Reader) body(res *Response) error {
	text := res.Header.Get("Content-Length")
	if text == "" {
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n > maxBody {
		return fmt.Errorf("a message's body is said to have %.20q bytes, at most %d are taken", text, maxBody)
	}
	res.Body = make([]byte, n)
	_, err = io.ReadFull(r.in, res.Body)
	return err
}
