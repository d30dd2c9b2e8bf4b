package drivertest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"syscall"

	"github.com/lamppost-city/lamppost/drivers"
)

// httpChecks are the promises of a driver that asks over HTTP.
var httpChecks = []check{
	{name: "a refused connection is an error", run: refusedConnection},
	{name: "an answer other than 200 is an error", run: otherStatus},
	{name: "rubbish is an error", run: rubbish},
	{name: "an answer that is cut short is an error", run: cutShort},
	{name: "an answer that hangs ends in time", run: hangs},
	{name: "a failed sample leaves the next able to succeed", run: webRecovers},
}

// fails samples a device whose answers come from h, and wants an error and every
// answer's body closed.
func (b bench) fails(ctx context.Context, change func(*Fetcher)) error {
	d, err := b.open(b.Good)
	if err != nil {
		return err
	}
	web := d.wire.(*Fetcher)
	change(web)
	rs, err := d.sample(ctx)
	if err == nil {
		return fmt.Errorf("no error but the readings %v", rs)
	}
	if web.Opened != web.Closed {
		return fmt.Errorf("%d answers, %d of them closed", web.Opened, web.Closed)
	}
	return b.discreet(err)
}

func refusedConnection(ctx context.Context, b bench) error {
	return b.fails(ctx, func(f *Fetcher) { f.Err = syscall.ECONNREFUSED })
}

func otherStatus(ctx context.Context, b bench) error {
	for _, code := range []int{204, 301, 401, 403, 404, 500, 503} {
		answer := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
		if err := b.fails(ctx, func(f *Fetcher) { f.Handler = http.HandlerFunc(answer) }); err != nil {
			return fmt.Errorf("status %d: %w", code, err)
		}
	}
	return nil
}

func rubbish(ctx context.Context, b bench) error {
	for _, page := range [][]byte{nil, []byte("<html>Login</html>"), hiss()} {
		answer := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) }
		if err := b.fails(ctx, func(f *Fetcher) { f.Handler = http.HandlerFunc(answer) }); err != nil {
			return fmt.Errorf("%d bytes of rubbish: %w", len(page), err)
		}
	}
	return nil
}

func cutShort(ctx context.Context, b bench) error {
	answer := func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		b.Good.Page.ServeHTTP(rec, r)
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()[:rec.Body.Len()/2])
	}
	return b.fails(ctx, func(f *Fetcher) { f.Handler = http.HandlerFunc(answer) })
}

func hangs(ctx context.Context, b bench) error {
	d, err := b.open(b.Good)
	if err != nil {
		return err
	}
	d.wire.(*Fetcher).Stall = 1
	rs, err := d.sample(ctx)
	if err := b.refused(rs, err); err != nil {
		return err
	}
	if word := drivers.FaultWord(err); word != "timeout" {
		return fmt.Errorf("an answer that hangs has the fault word %s: %w", word, err)
	}
	return nil
}

func webRecovers(ctx context.Context, b bench) error {
	d, err := b.open(b.Good)
	if err != nil {
		return err
	}
	d.wire.(*Fetcher).Err = syscall.ECONNRESET
	if rs, err := d.sample(ctx); err == nil {
		return fmt.Errorf("a reset connection gave %v", rs)
	}
	d.wire.(*Fetcher).Err = nil
	return b.must(ctx, d, b.Good)
}
