package camera

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/h264"
	"github.com/lamppost-city/lamppost/drivers/camera/picture"
	"github.com/lamppost-city/lamppost/drivers/camera/rtsp"
)

// streamed takes single pictures out of an RTSP stream.
type streamed struct {
	web
	dialer  drivers.Dialer
	url     *url.URL
	decoder decoder
}

// fetch connects, lets the camera play until one picture is whole, and goes.
func (s *streamed) fetch(ctx context.Context) ([]byte, error) {
	conn, err := s.dialer.Dial(ctx, net.JoinHostPort(s.url.Hostname(), cmp.Or(s.url.Port(), "554")))
	if err != nil {
		return nil, plain(ctx, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })() // what waits ends with ctx
	v := &visit{streamed: s, conn: conn, in: rtsp.NewReader(conn)}
	b, err := v.picture()
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) && v.plays == rtsp.H264:
		return nil, fmt.Errorf("%w: it plays H.264, and no whole key picture came; set its I-frame interval to 2 s or less", drivers.ErrTimeout)
	case err != nil && ctx.Err() != nil:
		return nil, plain(ctx, ctx.Err())
	case err != nil || v.plays == rtsp.JPEG:
		return b, err
	}
	_ = conn.Close() // the camera need not wait for the decoder
	return s.decoder.decode(ctx, b, s.limit)
}

// visit is one connection to a camera.
type visit struct {
	*streamed
	conn    net.Conn
	in      *rtsp.Reader
	seq     int
	session string
	plays   rtsp.Codec // once it plays; empty: not yet
}

// pictures puts pictures together from packets.
type pictures interface {
	Add(packet []byte) ([]byte, error)
}

// channel is the interleaved channel that packets are asked for on.
const channel = 0

func (v *visit) picture() ([]byte, error) {
	asked := v.url.String()
	res, err := v.call("DESCRIBE", asked, [2]string{"Accept", "application/sdp"})
	if err != nil {
		return nil, err
	}
	media, all, err := v.choose(res.Body)
	if err != nil {
		return nil, err
	}
	base := cmp.Or(res.Header.Get("Content-Base"), res.Header.Get("Content-Location"))
	track, err := rtsp.Resolve(asked, base, media.Control)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	res, err = v.call("SETUP", track, [2]string{"Transport", "RTP/AVP/TCP;unicast;interleaved=0-1"})
	if err != nil {
		return nil, err
	}
	from, err := res.Channel(channel)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	v.session = res.Session()
	whole := cmp.Or(base, asked)
	if _, err = v.call("PLAY", whole, [2]string{"Range", "npt=0.000-"}); err != nil {
		return nil, err
	}
	v.plays = media.Codec
	b, err := v.first(all, from)
	if err == nil { // whoever hangs up without a word keeps a session of some cameras for a minute
		v.seq++
		_, _ = v.conn.Write(v.request("TEARDOWN", whole).Append(nil))
	}
	return b, err
}

// choose finds the video that is asked for, and what puts its pictures together.
func (v *visit) choose(description []byte) (media rtsp.Media, all pictures, err error) {
	media, err = rtsp.FindVideo(description)
	switch {
	case err != nil:
	case media.Codec == rtsp.JPEG:
		return media, rtsp.NewAssembler(media.Payload, v.limit, picture.Tables()), nil
	default:
		if err := v.decoder.ready(); err != nil {
			return media, nil, err
		}
		all, err = rtsp.NewKeyPictures(media, v.limit, picture.Fits)
	}
	if err != nil {
		return media, nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	return media, all, nil
}

// first puts the first whole picture together.
func (v *visit) first(a pictures, from byte) ([]byte, error) {
	for wrong, why := 0, error(nil); ; {
		res, p, err := v.in.Next()
		switch {
		case err != nil && why != nil:
			return nil, fmt.Errorf("%w: no picture in the stream: %w", drivers.ErrProtocol, why)
		case err != nil:
			return nil, heard(err)
		case res != nil || p.Channel != from:
			continue // reports, and answers that nobody waits for
		}
		b, err := a.Add(p.Data)
		switch {
		case b != nil:
			return b, nil
		case errors.Is(err, h264.ErrSize), errors.Is(err, h264.ErrInterleaved): // so are all that follow
			return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
		case err != nil:
			if wrong, why = wrong+1, err; wrong == mostWrong {
				return nil, fmt.Errorf("%w: no picture in the stream: %w", drivers.ErrProtocol, why)
			}
		}
	}
}

// mostWrong is after how many packets that cannot be used a stream is given up.
const mostWrong = 100

func (v *visit) request(method, url string, fields ...[2]string) rtsp.Request {
	fields = append(fields, [2]string{"User-Agent", "lamppost"})
	if v.session != "" {
		fields = append(fields, [2]string{"Session", v.session})
	}
	if v.login != nil {
		if a := v.login.authorization(method, url); a != "" {
			fields = append(fields, [2]string{"Authorization", a})
		}
	}
	return rtsp.Request{Method: method, URL: url, CSeq: v.seq, Fields: fields}
}

// call sends a request and waits for its answer; with a login where the camera wants one.
func (v *visit) call(method, url string, fields ...[2]string) (*rtsp.Response, error) {
	for again := 0; ; again++ {
		res, err := v.once(method, url, fields)
		if err != nil || res.Status == 200 {
			return res, err
		}
		more := false
		if res.Status == 401 && v.login != nil {
			if more, err = v.login.refused(parseChallenges(res.Header.Values("WWW-Authenticate")), again); err != nil {
				return nil, err
			}
		}
		if !more {
			return nil, fmt.Errorf("%s: %w", method, judgeStatus(res.Status, v.login != nil))
		}
	}
}

func (v *visit) once(method, url string, fields [][2]string) (*rtsp.Response, error) {
	v.seq++
	if _, err := v.conn.Write(v.request(method, url, fields...).Append(nil)); err != nil {
		return nil, heard(err)
	}
	for {
		res, _, err := v.in.Next()
		if err != nil {
			return nil, heard(err)
		}
		if res != nil && (res.CSeq() == v.seq || res.CSeq() < 0) {
			return res, nil
		}
	}
}

// heard names the fault in what a connection ended with.
func heard(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it hung up before it had answered", drivers.ErrProtocol)
	}
	if err = plain(context.Background(), err); drivers.FaultWord(err) == "error" {
		return fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	return err
}
