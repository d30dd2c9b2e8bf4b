package drivertest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/lamppost-city/lamppost/drivers"
)

// Fetcher is an HTTP client without a network: the Handler answers. Its errors
// are those of http.Client, so they hold the whole address.
type Fetcher struct {
	// Handler answers every request; nil: nobody does, and a call lasts until the
	// request's context ends.
	Handler http.Handler
	// Err, when set, is what every request ends with: connection refused, say.
	Err error
	// Stall, when above 0, is the number of body bytes after which the answer hangs
	// until the request's context ends.
	Stall int

	Asked  []*http.Request // every request, in order
	Opened int             // bodies handed out
	Closed int             // bodies closed; a body left open leaks a connection
}

var _ drivers.Fetcher = (*Fetcher)(nil)

// Do implements drivers.Fetcher.
func (f *Fetcher) Do(r *http.Request) (*http.Response, error) {
	f.Asked = append(f.Asked, r)
	err := r.Context().Err()
	switch {
	case err != nil:
	case f.Err != nil:
		err = f.Err
	case f.Handler == nil:
		<-r.Context().Done()
		err = r.Context().Err()
	}
	if err != nil {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: err}
	}
	rec := httptest.NewRecorder()
	f.Handler.ServeHTTP(rec, r)
	res := rec.Result()
	res.Request = r
	f.Opened++
	res.Body = &body{ctx: r.Context(), left: res.Body, stall: f.Stall, f: f}
	return res, nil
}

// body ends with its request's context, and counts that it was closed.
type body struct {
	ctx    context.Context
	left   io.ReadCloser
	stall  int // bytes until the answer hangs; 0: never
	read   int
	closed bool
	f      *Fetcher
}

func (b *body) Read(p []byte) (int, error) {
	if b.closed {
		return 0, fmt.Errorf("http: read on closed response body")
	}
	if b.stall > 0 {
		if b.read >= b.stall {
			<-b.ctx.Done()
		}
		p = p[:min(len(p), max(b.stall-b.read, 1))]
	}
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.left.Read(p)
	b.read += n
	return n, err
}

func (b *body) Close() error {
	if !b.closed {
		b.closed = true
		b.f.Closed++
	}
	return b.left.Close()
}

func playHTTP(_ *drivers.Plan, p Part) fake { return &Fetcher{Handler: p.Page} }

func (f *Fetcher) open(pl *drivers.Plan) (drivers.Driver, error) { return pl.OpenHTTP(f) }
func (f *Fetcher) misuse() error                                 { return nil }
func (f *Fetcher) forget()                                       { f.Asked = f.Asked[:0] }
