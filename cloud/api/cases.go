package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Cases is what the API needs of the cases, for whoever is logged in as the context says.
// Its errors are view.ErrUnknown, also for what who asks may not see, *view.FieldError,
// *view.CaseRefusal and *view.StaleError.
type Cases interface {
	Cases(ctx context.Context, f view.CaseFilter) (view.CasePage, error)
	Case(ctx context.Context, id string) (view.CaseDetail, error)
	// Act does something to a case seen in a version; 0: in whatever it is. What comes again
	// with the same key is done once; an empty key is none.
	Act(ctx context.Context, id, key string, version int, action string, c view.CaseCommand) (view.CaseDetail, error)
	Open(ctx context.Context, key string, o view.CaseOpening) (view.CaseDetail, error)
	// Quality counts how cases opened from one time on and before another ended, by rule.
	Quality(ctx context.Context, from, to int64) ([]view.RuleQuality, error)
	// Performance works out how well cases were followed, and how many alerts there were.
	Performance(ctx context.Context, q view.PerformanceQuery, now time.Time) (view.Performance, error)
}

// caseRoutes are those of cases. Who may see and do what, the cases themselves decide: by
// role, area and task.
func (s *server) caseRoutes() []route {
	return []route{
		{"GET", prefix + "/cases", s.withCases(s.cases)},
		{"POST", prefix + "/cases", s.withCases(s.openCase)},
		{"GET", prefix + "/cases/{id}", s.withCases(s.oneCase)},
		{"POST", prefix + "/cases/{id}/actions/{action}", s.withCases(s.actOnCase)},
		{"GET", prefix + "/rules/quality", s.withCases(s.quality)},
		{"GET", prefix + "/performance", s.withCases(s.performance)},
		{"GET", prefix + "/performance.csv", s.withCases(s.performanceTable)},
	}
}

// withCases answers where there are no cases because there are no accounts.
func (s *server) withCases(do func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.Cases == nil {
			return problem(http.StatusNotFound, "E7114", "", "没有案件：案件由具名人员办理，请在配置中设置 accounts",
				"there are no cases: they are worked on by named persons; set accounts in the configuration")
		}
		return do(w, r)
	}
}

// caseStates are the words that the parameter state may be.
var caseStates = map[string]bool{"": true, "open": true, "all": true, "raised": true, "acknowledged": true, "dispatched": true, "handled": true, "verified": true, "closed": true}

func (s *server) cases(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	limit, err := intParam(q, "limit", 100, 1, 500)
	if err != nil {
		return err
	}
	f := view.CaseFilter{State: q.Get("state"), Area: q.Get("area"), Department: q.Get("department"), Alert: q.Get("alert"), After: q.Get("after"), Limit: int(limit)}
	if !caseStates[f.State] {
		return badField("state", "应为 open、all 或案件状态", "write open, all, or a state of cases")
	}
	if f.Severity, err = severityParam(q); err != nil {
		return err
	}
	switch overdue := q.Get("overdue"); overdue {
	case "", "false":
	case "true":
		f.Overdue = true
	default:
		return badField("overdue", "应为 true 或 false", "write true or false")
	}
	if len(f.Alert) > maxKey {
		return badField("alert", "请填写告警编号", "write the id of an alert")
	}
	if len(f.After) > maxKey {
		return badField("after", "请使用上一页的 next", "write the next of the page before")
	}
	page, err := s.Cases.Cases(r.Context(), f)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, page)
}

func (s *server) oneCase(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Cases.Case(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return sendCase(w, http.StatusOK, c)
}

func (s *server) openCase(w http.ResponseWriter, r *http.Request) error {
	var o view.CaseOpening
	key, err := idempotencyKey(r)
	if err == nil {
		err = decode(r, &o)
	}
	if err != nil {
		return err
	}
	c, err := s.Cases.Open(r.Context(), key, o)
	if err != nil {
		return err
	}
	return sendCase(w, http.StatusCreated, c)
}

// actOnCase does something to a case as it was when who asks saw it.
func (s *server) actOnCase(w http.ResponseWriter, r *http.Request) error {
	var c view.CaseCommand
	version, err := sawVersion(r)
	if err != nil {
		return err
	}
	key, err := idempotencyKey(r)
	if err == nil {
		err = decode(r, &c)
	}
	if err != nil {
		return err
	}
	done, err := s.Cases.Act(r.Context(), r.PathValue("id"), key, version, r.PathValue("action"), c)
	if err != nil {
		return err
	}
	return sendCase(w, http.StatusOK, done)
}

// quality says how the cases of each rule ended; unless it is said otherwise, those of the
// last 30 days.
func (s *server) quality(w http.ResponseWriter, r *http.Request) error {
	now := time.Now()
	from, to, err := span(r.URL.Query(), now.AddDate(0, 0, -30).UnixMilli(), now.UnixMilli()+1)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), seriesTime)
	defer cancel()
	rules, err := s.Cases.Quality(ctx, from, to)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"from": from, "to": to, "rules": rules})
}

// sendCase answers with a case, its version as the entity tag.
func sendCase(w http.ResponseWriter, status int, c view.CaseDetail) error {
	w.Header().Set("ETag", `"`+strconv.Itoa(c.Version)+`"`)
	return send(w, status, c)
}

// sawVersion is the version that If-Match says; 0 for "*".
func sawVersion(r *http.Request) (int, error) {
	text := strings.TrimSpace(r.Header.Get("If-Match"))
	if text == "*" {
		return 0, nil
	}
	if text == "" {
		return 0, problem(http.StatusPreconditionRequired, "E7115", "If-Match", "请用 If-Match 写明所见的案件版本，如 \"7\"；不论版本请写 *",
			"say in If-Match which version of the case was seen, like \"7\"; * for whatever it is")
	}
	n, err := strconv.Atoi(strings.Trim(text, `"`))
	if err != nil || n < 1 {
		return 0, badField("If-Match", "应为案件版本，如 \"7\"，或 *", "write the version of the case, like \"7\", or *")
	}
	return n, nil
}

// maxKey bounds the key of a request and the cursor of a page, in bytes.
const maxKey = 128

// idempotencyKey is the sender's own name for a request; empty: none.
func idempotencyKey(r *http.Request) (string, error) {
	key := r.Header.Get("Idempotency-Key")
	if len(key) > maxKey || strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "", badField("Idempotency-Key", "至多 128 个可见 ASCII 字符，不含空格", "write at most 128 visible ASCII characters without blanks")
	}
	return key, nil
}

// refusal is the answer to what a case does not allow, with what it does.
func refusal(no *view.CaseRefusal) *failure {
	f := problem(http.StatusConflict, "E7116", "", no.Text.Zh, no.Text.En)
	if no.Forbidden {
		f = problem(http.StatusForbidden, "E7205", "", no.Text.Zh, no.Text.En)
	}
	f.Allowed = append([]view.CaseAction{}, no.Allowed...)
	return f
}
