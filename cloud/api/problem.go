package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// failure is an error with its answer.
type failure struct {
	status int
	ID     string    `json:"id"`
	Text   view.Text `json:"text"`
	Field  string    `json:"field"`
	// Faults are those of a file, where one is not taken.
	Faults []view.Fault `json:"faults,omitempty"`
	// Allowed is what may be done to a case instead of what was refused.
	Allowed []view.CaseAction `json:"allowed,omitempty"`
}

// Error returns the English sentence.
func (f *failure) Error() string { return f.ID + ": " + f.Text.En }

func problem(status int, id, field, zh, en string) *failure {
	return &failure{status: status, ID: id, Field: field, Text: view.Text{Zh: zh, En: en}}
}

// noGateway is the answer to the id of a gateway that never reported.
func noGateway(id string) error {
	if obs.CheckID(id) != nil {
		return problem(http.StatusNotFound, "E7102", "gateway", "网关编号无效", "this cannot be the id of a gateway")
	}
	return problem(http.StatusNotFound, "E7102", "gateway", "没有网关 "+id+"，请核对编号；网关首次上线后才会列出",
		"there is no gateway "+id+"; check the id: a gateway is known from its first connection on")
}

// badField is the answer to a parameter that cannot be used.
func badField(field, zh, en string) error {
	return problem(http.StatusBadRequest, "E7101", field, zh, en)
}

// fail answers with an error. What is nobody's fault but ours is logged and said
// without details.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f *failure
	var field *view.FieldError
	var faults view.Faults
	var no *view.CaseRefusal
	var stale *view.StaleError
	switch {
	case errors.As(err, &f):
	case errors.As(err, &field):
		f = problem(http.StatusBadRequest, "E7101", field.Field, field.Text.Zh, field.Text.En)
	case errors.As(err, &faults):
		f = badFile(faults)
	case errors.As(err, &no):
		f = refusal(no)
	case errors.As(err, &stale):
		f = problem(http.StatusPreconditionFailed, "E7117", "", stale.Text.Zh, stale.Text.En)
	case errors.Is(err, view.ErrUnknown):
		f = problem(http.StatusNotFound, "E7102", "", "没有这一项，或已不存在", "there is no such thing, or no longer")
	case r.Context().Err() != nil:
		return // nobody listens any more
	case errors.Is(err, view.ErrBusy):
		f = problem(http.StatusConflict, "E7110", "", "等待网关执行的命令已满，请等它答复", "as many commands as are allowed wait for this gateway; let it answer first")
	case errors.Is(err, view.ErrChanged):
		f = problem(http.StatusConflict, "E7113", "", "他人正在同时修改，请重新读取后再试", "somebody else is changing this at the same time; read it again and retry")
	case errors.Is(err, store.ErrUnavailable):
		s.Log.Warn("the store does not answer", "path", r.URL.Path, "error", err)
		f = problem(http.StatusServiceUnavailable, "E7109", "", "时序数据库暂时不可用", "the time-series store does not answer at the moment")
	case errors.Is(err, context.DeadlineExceeded):
		s.Log.Warn("a request took too long", "path", r.URL.Path, "error", err)
		f = problem(http.StatusServiceUnavailable, "E7107", "", "处理时间过长，请缩小范围后重试", "this takes too long; ask for less")
	default:
		s.Log.Error("a request failed", "path", r.URL.Path, "error", err)
		f = problem(http.StatusInternalServerError, "E7100", "", "平台内部出错，详见日志", "the aggregator failed; its log says how")
	}
	if err := send(w, f.status, map[string]*failure{"error": f}); err != nil {
		s.Log.Debug("an answer was not sent", "path", r.URL.Path, "error", err)
	}
}

// send writes doc as JSON.
func send(w http.ResponseWriter, status int, doc any) error {
	b, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("api: encode: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(append(b, '\n'))
	return err
}

// unknown answers for routes that do not exist, or not with this method.
func (s *server) unknown(w http.ResponseWriter, r *http.Request) error {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != prefix+"/" {
			w.Header().Set("Allow", method)
			return problem(http.StatusMethodNotAllowed, "E7103", "",
				"此地址不支持 "+r.Method+" 方法", "this address does not take "+r.Method)
		}
	}
	return problem(http.StatusNotFound, "E7102", "", "没有这个地址，见 "+prefix+"/openapi.json", "there is no such address; see "+prefix+"/openapi.json")
}

// gatewayParam returns the parameter gateway; empty is allowed unless it must be
// there.
func gatewayParam(q url.Values, must bool) (string, error) {
	id := q.Get("gateway")
	if id == "" && !must {
		return "", nil
	}
	if err := obs.CheckID(id); err != nil {
		return "", badField("gateway", "网关编号无效", err.Error())
	}
	return id, nil
}

// intParam returns an integer parameter between low and high, or def.
func intParam(q url.Values, name string, def, low, high int64) (int64, error) {
	text := q.Get(name)
	if text == "" {
		return def, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low || n > high {
		return 0, badField(name, fmt.Sprintf("应为 %d 到 %d 的整数", low, high), fmt.Sprintf("write a whole number from %d to %d", low, high))
	}
	return n, nil
}

// severityParam returns the parameter severity; empty: all.
func severityParam(q url.Values) (string, error) {
	s := q.Get("severity")
	if s != "" && wire.Severity(s).Validate() != nil {
		return "", badField("severity", "应为 red、orange、yellow 或 blue", "write red, orange, yellow or blue")
	}
	return s, nil
}

// latestTime bounds times in requests: the year 2200, in Unix milliseconds.
const latestTime = 7_258_118_400_000

// span returns the parameters from and to, in Unix milliseconds.
func span(q url.Values, defFrom, defTo int64) (from, to int64, err error) {
	if to, err = intParam(q, "to", defTo, 0, latestTime); err != nil {
		return 0, 0, err
	}
	if from, err = intParam(q, "from", min(defFrom, to), 0, latestTime); err != nil {
		return 0, 0, err
	}
	if from > to {
		return 0, 0, badField("from", "起始时间晚于结束时间", "from is later than to")
	}
	return from, to, nil
}
