package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"strconv"

	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// failure is an error with its answer.
type failure struct {
	status int
	ID     string    `json:"id"`
	Text   view.Text `json:"text"`
	Field  string    `json:"field"`
}

// Error returns the English sentence.
func (f *failure) Error() string { return f.ID + ": " + f.Text.En }

func problem(status int, id, field, zh, en string) *failure {
	return &failure{status: status, ID: id, Field: field, Text: view.Text{Zh: zh, En: en}}
}

// nobody is the answer to who has to log in first.
func nobody() error {
	return problem(http.StatusUnauthorized, "E7204", "", "请先登录", "log in first")
}

// known are the errors that have one answer.
func known(err error) *failure {
	var field *view.FieldError
	switch {
	case errors.As(err, &field):
		return problem(http.StatusBadRequest, "E7101", field.Field, field.Text.Zh, field.Text.En)
	case errors.Is(err, view.ErrUnknown):
		return problem(http.StatusNotFound, "E7102", "", "没有这一项，或已不存在", "there is no such thing, or no longer")
	case errors.Is(err, auth.ErrLogin):
		return problem(http.StatusUnauthorized, "E7201", "", "账号、口令或验证码不对", "the account, the password or the code is wrong")
	case errors.Is(err, auth.ErrCode):
		return problem(http.StatusUnauthorized, "E7202", "code", "请输入验证码", "enter the one-time code")
	case errors.Is(err, auth.ErrSession):
		return problem(http.StatusUnauthorized, "E7204", "", "登录已失效，请重新登录", "you are no longer logged in; log in again")
	case errors.Is(err, auth.ErrForbidden):
		return problem(http.StatusForbidden, "E7205", "", "您没有这项权限", "you have no right to do this here")
	case errors.Is(err, auth.ErrTaken):
		return problem(http.StatusConflict, "E7206", "id", "该账号已存在", "there is an account of that id already")
	case errors.Is(err, view.ErrBusy):
		return problem(http.StatusServiceUnavailable, "E7210", "", "登录请求过多，请稍后再试", "too many people log in at this moment; try again shortly")
	case errors.Is(err, context.DeadlineExceeded):
		return problem(http.StatusServiceUnavailable, "E7107", "", "处理时间过长，请稍后重试", "this takes too long; try again later")
	}
	return nil
}

// fail answers with an error. What is nobody's fault but ours is logged and said without
// details.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f *failure
	var slow *auth.Slow
	switch {
	case errors.As(err, &f):
	case errors.As(err, &slow):
		wait := int(math.Ceil(slow.Wait.Seconds()))
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		f = problem(http.StatusTooManyRequests, "E7203", "", fmt.Sprintf("尝试次数过多，请在 %d 秒后再试", wait), fmt.Sprintf("too many attempts; try again in %d s", wait))
	case r.Context().Err() != nil:
		return // nobody listens any more
	default:
		if f = known(err); f == nil {
			s.o.Log.Error("a request failed", "path", r.URL.Path, "error", err)
			f = problem(http.StatusInternalServerError, "E7100", "", "平台内部出错，详见日志", "the aggregator failed; its log says how")
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	if err := send(w, f.status, map[string]*failure{"error": f}); err != nil {
		s.o.Log.Debug("an answer was not sent", "path", r.URL.Path, "error", err)
	}
}

// send writes doc as JSON.
func send(w http.ResponseWriter, status int, doc any) error {
	b, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("auth: encode: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(append(b, '\n'))
	return err
}

// maxBody bounds what a request may carry, in bytes.
const maxBody = 16 << 10

// decode reads a JSON body strictly.
func decode(r *http.Request, into any) error {
	// A form of another site can send text/plain, but not this type.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return problem(http.StatusUnsupportedMediaType, "E7106", "", "请求体应为 application/json", "send the body as application/json")
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil && d.More() {
		err = errors.New("more than one document")
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return problem(http.StatusRequestEntityTooLarge, "E7108", "", fmt.Sprintf("请求体超过 %d 字节", maxBody), fmt.Sprintf("the body is larger than %d bytes", maxBody))
	}
	if err != nil {
		// The decoder's words may hold what was sent: a password.
		return problem(http.StatusBadRequest, "E7101", "", "请求体不是所要求的 JSON，见 "+prefix+"/openapi.json", "the body is not the JSON that is expected; see "+prefix+"/openapi.json")
	}
	return nil
}

// number returns an integer parameter between low and high, or def.
func number(r *http.Request, name string, def, low, high int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return def, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low || n > high {
		return 0, problem(http.StatusBadRequest, "E7101", name, fmt.Sprintf("应为 %d 到 %d 的整数", low, high), fmt.Sprintf("write a whole number from %d to %d", low, high))
	}
	return n, nil
}

// unknown answers for routes that do not exist, or not with this method.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) error {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != prefix+"/" {
			w.Header().Set("Allow", method)
			return problem(http.StatusMethodNotAllowed, "E7103", "", "此地址不支持 "+r.Method+" 方法", "this address does not take "+r.Method)
		}
	}
	return problem(http.StatusNotFound, "E7102", "", "没有这个地址，见 "+prefix+"/openapi.json", "there is no such address; see "+prefix+"/openapi.json")
}
