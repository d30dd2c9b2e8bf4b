package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/mjpeg"
)

// web asks a camera over HTTP, with a login where it wants one. Its errors never hold the
// address beyond the host, nor a name or password: cameras take those in the query, too.
type web struct {
	client drivers.Fetcher
	limit  int    // bytes of a picture
	login  *login // nil: no credentials are configured
}

// question is one request.
type question struct {
	url, kind string // kind is the body's type
	body      []byte // nil: GET
}

// do asks, and asks again with a login when the camera wants one. Whoever calls closes the
// answer's body, with drop or without a look at what is left.
func (w *web) do(ctx context.Context, q question) (*http.Response, error) {
	for again := 0; ; again++ {
		res, err := w.ask(ctx, q)
		if err != nil || res.StatusCode != http.StatusUnauthorized {
			return res, err
		}
		if to := sentTo(q.url, res); to != "" {
			drop(res) // what another host asks for is not answered, to the camera neither
			return nil, elsewhere(to, errOtherLogin)
		}
		asks := parseChallenges(res.Header.Values("WWW-Authenticate"))
		if w.login == nil || len(asks) == 0 {
			return res, nil
		}
		more, err := w.login.refused(asks, again)
		if err != nil {
			drop(res)
			return nil, err
		}
		if !more {
			return res, nil
		}
		drop(res)
	}
}

var errKindOfLogin = fmt.Errorf("%w: it wants a kind of login that is neither Basic nor Digest", drivers.ErrException)

func (w *web) ask(ctx context.Context, q question) (*http.Response, error) {
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if q.body != nil {
		method, body = http.MethodPost, bytes.NewReader(q.body)
	}
	r, err := http.NewRequestWithContext(ctx, method, q.url, body)
	if err != nil {
		return nil, errors.New("the url cannot be asked")
	}
	if q.body != nil {
		r.Header.Set("Content-Type", q.kind)
	} else {
		r.Header.Set("Accept", "image/jpeg, multipart/x-mixed-replace")
		r.Header.Set("Cache-Control", "no-cache")
	}
	if w.login != nil {
		w.login.authorize(r)
	}
	res, err := w.client.Do(r)
	if err != nil {
		return nil, elsewhere(failedAt(q.url, err), plain(ctx, err))
	}
	return res, nil
}

// errOtherLogin is what a host says that a camera sends on to, and that wants a login: the
// camera's is for the camera alone.
var errOtherLogin = fmt.Errorf("%w: 401, it wants a login and gets none; write its own address as url", drivers.ErrException)

// elsewhere names the host, with its port, that a camera sent on to and that err is about,
// and nothing else of the address. Empty: err is about the camera itself.
func elsewhere(host string, err error) error {
	if host == "" || err == nil {
		return err
	}
	return fmt.Errorf("it sends on to %.100q: %w", host, err)
}

// sentTo is the host that gave an answer to a question, if it is not the one that was asked.
func sentTo(asked string, res *http.Response) string {
	if res.Request == nil {
		return ""
	}
	return otherHost(asked, res.Request.URL)
}

// failedAt is the host at which a question failed, if it is not the one that was asked.
func failedAt(asked string, err error) string {
	var at *url.Error
	if !errors.As(err, &at) {
		return ""
	}
	last, err := url.Parse(at.URL)
	if err != nil {
		return ""
	}
	return otherHost(asked, last)
}

func otherHost(asked string, last *url.URL) string {
	if first, err := url.Parse(asked); err != nil || first.Host == last.Host {
		return ""
	}
	return last.Host
}

// fetch returns the bytes that the camera calls a picture: the answer, or the first
// picture of a stream, which is left at once.
func (w *web) fetch(ctx context.Context, url string) ([]byte, error) {
	res, err := w.do(ctx, question{url: url})
	if err != nil {
		return nil, err
	}
	if boundary, ok := mjpeg.Boundary(res.Header.Get("Content-Type")); ok && res.StatusCode == http.StatusOK {
		defer res.Body.Close() // it goes on for ever: nothing is read to its end
		return w.first(ctx, res.Body, boundary)
	}
	defer drop(res)
	if err := judge(res, w.login != nil); err != nil {
		return nil, elsewhere(sentTo(url, res), err)
	}
	b, err := w.read(ctx, res)
	return b, elsewhere(sentTo(url, res), err)
}

// first takes the first picture of a motion JPEG stream. The stream was asked for in this
// sample, so its first picture is of now.
func (w *web) first(ctx context.Context, stream io.Reader, boundary string) ([]byte, error) {
	b, err := mjpeg.NewReader(stream, boundary, w.limit).Next()
	switch {
	case err == nil:
		return b, nil
	case errors.Is(err, mjpeg.ErrTooLong):
		return nil, fmt.Errorf("%w: %w; it is max_bytes", drivers.ErrProtocol, err)
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: its stream ends without a picture", drivers.ErrProtocol)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%w: its stream ends in the middle of a picture", drivers.ErrProtocol)
	}
	if err = plain(ctx, err); drivers.FaultWord(err) == "error" {
		err = fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	return nil, err
}

// plain takes the address out of an HTTP client's error and names the fault.
func plain(ctx context.Context, err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	var n net.Error
	var op *net.OpError
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ctx.Err()
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.As(err, &n) && n.Timeout():
		return fmt.Errorf("%w: is the camera on, and is this its address?", drivers.ErrTimeout)
	case errors.As(err, &op) && op.Op == "dial": // nobody is there: its address is not in op.Err
		return fmt.Errorf("%w: %w; is the camera on, and is this its address?", drivers.ErrUnplugged, op.Err)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return fmt.Errorf("%w: it hung up before it had answered", drivers.ErrProtocol)
	default:
		return err
	}
}

// judge says what is wrong with an answer before its body is read.
func judge(res *http.Response, withLogin bool) error {
	if res.StatusCode != http.StatusOK {
		return judgeStatus(res.StatusCode, withLogin)
	}
	if kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";"); strings.HasPrefix(kind, "text/") {
		return fmt.Errorf("%w: it sends %.40q and not a picture; a login page?", drivers.ErrProtocol, kind)
	}
	return nil
}

// judgeStatus says what a status other than 200 means, of HTTP or RTSP.
func judgeStatus(code int, withLogin bool) error {
	switch {
	case code == http.StatusUnauthorized && withLogin:
		return fmt.Errorf("%w: 401, username or password is wrong", drivers.ErrException)
	case code == http.StatusUnauthorized:
		return fmt.Errorf("%w: 401, it wants a login; set username and password_file", drivers.ErrException)
	case code >= 500:
		return fmt.Errorf("%w: status %d", drivers.ErrDevice, code)
	case code >= 400:
		return fmt.Errorf("%w: status %d", drivers.ErrException, code)
	default:
		return fmt.Errorf("%w: status %d", drivers.ErrProtocol, code)
	}
}

func (w *web) read(ctx context.Context, res *http.Response) ([]byte, error) {
	if res.ContentLength > int64(w.limit) {
		return nil, fmt.Errorf("%w: a picture of %d bytes; max_bytes is %d", drivers.ErrProtocol, res.ContentLength, w.limit)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, int64(w.limit)+1))
	switch {
	case err != nil && errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%w: it is cut short after %d bytes", drivers.ErrProtocol, len(b))
	case err != nil:
		return nil, plain(ctx, err)
	case len(b) > w.limit:
		return nil, fmt.Errorf("%w: a picture of more than max_bytes, %d", drivers.ErrProtocol, w.limit)
	default:
		return b, nil
	}
}

// drop reads a little of what is left, so that the connection can be used again,
// and closes it.
func drop(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, 4096)
	_ = res.Body.Close()
}
