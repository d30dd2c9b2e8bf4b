package api

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Bounds on what is shown again.
const (
	replaySpan = 6 * time.Hour
	replayBack = 400 * 24 * time.Hour
)

// replay shows a past span as it was known then.
func (s *server) replay(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	now := time.Now().UnixMilli()
	from, to, err := span(q, now-time.Hour.Milliseconds(), now)
	switch {
	case err != nil:
		return err
	case to-from > replaySpan.Milliseconds():
		return badField("to", fmt.Sprintf("一次最多回放 %d 小时", int(replaySpan.Hours())), fmt.Sprintf("ask for at most %d hours at once", int(replaySpan.Hours())))
	case to > now:
		return badField("to", "不能晚于当前时间", "a time that has not come cannot be shown again")
	case from < now-replayBack.Milliseconds():
		return badField("from", "只保留最近 400 天的经过", "what happened is kept for 400 days")
	}
	sees, err := s.seesIn(r, q.Get("area"))
	if err != nil {
		return err
	}
	page, err := s.Alerts.Replay(r.Context(), from, to, sees)
	if err != nil {
		return err
	}
	presence, more, err := s.Fleet.Presence(r.Context(), from, to)
	if err != nil {
		return err
	}
	gaps, err := s.Fleet.Gaps(r.Context(), "", from, to)
	if err != nil {
		return err
	}
	dark, err := s.Fleet.Dark(r.Context(), from, to)
	if err != nil {
		return err
	}
	asked := map[string]bool{}
	lies := func(gateway, _ string) bool {
		is, known := asked[gateway]
		if !known {
			is = sees == nil || sees(s.Fleet.Area(gateway, ""))
			asked[gateway] = is
		}
		return is
	}
	page.Gateways = visible(presence, lies, func(p *view.ReplayPresence) (string, string) { return p.Gateway, "" })
	page.Gaps = visible(gaps, lies, func(g *view.Gap) (string, string) { return g.Gateway, "" })
	page.Dark = append([]view.Span{}, dark...)
	page.More = page.More || more
	return send(w, http.StatusOK, page)
}

// seesIn says of areas whether what lies in them is to be shown: what who asks may see, in an
// area and below it. Empty: in all; nil: everything is.
func (s *server) seesIn(r *http.Request, area string) (func(area string) bool, error) {
	if area == "" {
		if s.wide(r, toView) {
			return nil, nil
		}
		return func(a string) bool { return s.inArea(r, toView, a) }, nil
	}
	d, err := s.Areas.AreaDetail(r.Context(), area)
	if err == nil && !s.inArea(r, toView, d.Code) {
		err = view.ErrHidden
	}
	if err != nil {
		return nil, err
	}
	known := map[string]bool{"": false}
	return func(a string) bool {
		is, ok := known[a]
		if !ok {
			of, err := s.Areas.AreaDetail(r.Context(), a)
			is = err == nil && s.inArea(r, toView, a) && (of.Code == d.Code || slices.Contains(of.Path, d.Code))
			known[a] = is
		}
		return is
	}, nil
}
