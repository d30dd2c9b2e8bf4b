package camera

import (
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
)

// source asks one address for one picture at a time. Its errors never hold the
// address beyond the host, nor a name or password: cameras take those in the
// query, too.
type source struct {
	client drivers.Fetcher
	url    string
	limit  int    // bytes
	login  *login // nil: no credentials are configured
}

// fetch returns the bytes that the camera calls a picture.
func (s *source) fetch(ctx context.Context) ([]byte, error) {
	res, err := s.ask(ctx)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusUnauthorized && s.login != nil {
		if !s.login.take(parseChallenges(res.Header.Values("WWW-Authenticate"))) {
			drop(res)
			return nil, fmt.Errorf("%w: it wants a kind of login that is neither Basic nor Digest", drivers.ErrException)
		}
		drop(res)
		if res, err = s.ask(ctx); err != nil {
			return nil, err
		}
	}
	defer drop(res)
	if res.StatusCode == http.StatusUnauthorized && s.login != nil {
		s.login.now = challenge{} // ask first next time: cameras lock out who is wrong twice at once
	}
	if err := judge(res, s.login != nil); err != nil {
		return nil, err
	}
	return s.read(ctx, res)
}

func (s *source) ask(ctx context.Context) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, errors.New("the url cannot be asked")
	}
	r.Header.Set("Accept", "image/jpeg")
	r.Header.Set("Cache-Control", "no-cache")
	if s.login != nil {
		s.login.authorize(r)
	}
	res, err := s.client.Do(r)
	if err != nil {
		return nil, plain(ctx, err)
	}
	return res, nil
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
	kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	switch code := res.StatusCode; {
	case code == http.StatusUnauthorized && withLogin:
		return fmt.Errorf("%w: 401, username or password is wrong", drivers.ErrException)
	case code == http.StatusUnauthorized:
		return fmt.Errorf("%w: 401, it wants a login; set username and password_file", drivers.ErrException)
	case code >= 500:
		return fmt.Errorf("%w: status %d", drivers.ErrDevice, code)
	case code >= 400:
		return fmt.Errorf("%w: status %d", drivers.ErrException, code)
	case code != http.StatusOK:
		return fmt.Errorf("%w: status %d", drivers.ErrProtocol, code)
	case strings.HasPrefix(kind, "multipart/"):
		return fmt.Errorf("%w: it sends a video stream; set url to its still picture", drivers.ErrProtocol)
	case strings.HasPrefix(kind, "text/"):
		return fmt.Errorf("%w: it sends %.40q and not a picture; a login page?", drivers.ErrProtocol, kind)
	default:
		return nil
	}
}

func (s *source) read(ctx context.Context, res *http.Response) ([]byte, error) {
	if res.ContentLength > int64(s.limit) {
		return nil, fmt.Errorf("%w: a picture of %d bytes; max_bytes is %d", drivers.ErrProtocol, res.ContentLength, s.limit)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, int64(s.limit)+1))
	switch {
	case err != nil && errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%w: it is cut short after %d bytes", drivers.ErrProtocol, len(b))
	case err != nil:
		return nil, plain(ctx, err)
	case len(b) > s.limit:
		return nil, fmt.Errorf("%w: a picture of more than max_bytes, %d", drivers.ErrProtocol, s.limit)
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
