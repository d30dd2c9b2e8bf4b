package channel

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Web is how a channel over HTTP reaches its host.
type Web struct {
	Guard *Guard         // required
	Roots *x509.CertPool // nil: the system's
}

const (
	maxAnswer = 16 << 10
	maxAfter  = time.Hour // no receiver can keep a channel silent for longer
)

// reply is what came back.
type reply struct {
	status int
	body   []byte
}

// post sends body and judges the status; an error is an *Error without the address.
func (w Web) post(ctx context.Context, target string, header http.Header, body []byte) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return reply{}, mistaken("the address cannot be used")
	}
	for k, v := range header {
		r.Header[k] = v
	}
	r.Header.Set("User-Agent", "lamppost-cloud")
	// One connection for each post: nothing is kept open to a host that may have moved.
	client := http.Client{
		Transport: &http.Transport{
			DialContext: w.Guard.dial, DisableKeepAlives: true, MaxResponseHeaderBytes: maxAnswer,
			TLSClientConfig: &tls.Config{RootCAs: w.Roots, MinVersion: tls.VersionTLS12},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	if err != nil {
		return reply{}, hushed(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if judged := status(answer, time.Now()); judged != nil {
		return reply{}, judged
	}
	if err != nil {
		return reply{}, later(true, errors.New("the answer broke off"))
	}
	return reply{answer.StatusCode, text}, nil
}

// hushed takes the address out of an HTTP client's error: it holds the credential.
func hushed(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return later(true, errors.New("no answer in time"))
	}
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return mistaken("%w", err)
	}
	return later(true, err)
}

// status judges an answer by RFC 9110 section 15; nil: taken.
func status(r *http.Response, now time.Time) error {
	err := fmt.Errorf("it answers %d %s", r.StatusCode, http.StatusText(r.StatusCode))
	switch c := r.StatusCode; {
	case c/100 == 2:
		return nil
	case c == http.StatusRequestTimeout, c == http.StatusTooEarly, c == http.StatusTooManyRequests, c/100 == 5:
		return &Error{Fate: Later, After: retryAfter(r.Header.Get("Retry-After"), now), Err: err}
	case c/100 == 3:
		return mistaken("%w; redirections are not followed: write the address that it names", err)
	case c == http.StatusUnauthorized, c == http.StatusForbidden, c == http.StatusNotFound, c == http.StatusMethodNotAllowed, c == http.StatusGone:
		return mistaken("%w; look at the address and the secret", err)
	}
	return never("%w", err)
}

// retryAfter reads the header in either of its forms, RFC 9110 section 10.2.3; 0: none.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, maxAfter)
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(max(t.Sub(now), 0), maxAfter)
	}
	return 0
}

// encode is json.Marshal without HTML escapes, which would count against the limits.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, never("it cannot be written as JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ask posts a document to a robot and returns the code of its answer. Robots say 200 to
// everything: only the code in the body tells.
func (w Web) ask(ctx context.Context, target string, doc any) (code int, says string, err error) {
	body, err := encode(doc)
	if err != nil {
		return 0, "", err
	}
	r, err := w.post(ctx, target, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body)
	if err != nil {
		return 0, "", err
	}
	var a struct {
		ErrCode *int   `json:"errcode"` // DingTalk, WeCom
		ErrMsg  string `json:"errmsg"`
		Code    *int   `json:"code"` // Feishu
		Msg     string `json:"msg"`
	}
	if err := json.Unmarshal(r.body, &a); err != nil {
		return 0, "", later(true, errors.New("its answer is no JSON"))
	}
	says = Plain(cut(a.ErrMsg+a.Msg, 200))
	switch {
	case a.ErrCode != nil:
		return *a.ErrCode, says, nil
	case a.Code != nil:
		return *a.Code, says, nil
	}
	return 0, "", later(true, errors.New("its answer has no code"))
}

// judged makes an error of a robot's code, by what the codes mean.
func judged(code int, says string, means map[int]Error) error {
	if code == 0 {
		return nil
	}
	e := means[code] // of a code that is not listed: try again
	e.Err = fmt.Errorf("it answers code %d (%s)", code, says)
	return &e
}
