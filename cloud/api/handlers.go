package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func (s *server) info(w http.ResponseWriter, r *http.Request) error {
	return send(w, http.StatusOK, s.Info())
}

func (s *server) gateways(w http.ResponseWriter, r *http.Request) error {
	list := visible(s.Fleet.Gateways(), s.scope(r), func(g *view.Gateway) (string, string) { return g.ID, "" })
	return send(w, http.StatusOK, map[string]any{"gateways": list})
}

func (s *server) gateway(w http.ResponseWriter, r *http.Request) error {
	g, ok := s.Fleet.Gateway(r.PathValue("id"))
	if !ok {
		return noGateway(r.PathValue("id"))
	}
	if !s.may(r, toView, g.ID, "") {
		return asGateway(view.ErrHidden, g.ID)
	}
	return send(w, http.StatusOK, g)
}

func (s *server) values(w http.ResponseWriter, r *http.Request) error {
	gateway, err := gatewayParam(r.URL.Query(), false)
	if err != nil {
		return err
	}
	values := visible(s.Fleet.Values(gateway), s.scope(r), func(v *view.Value) (string, string) { return v.Gateway, v.Device })
	return send(w, http.StatusOK, map[string]any{"now": time.Now().UnixMilli(), "values": values})
}

func (s *server) alerts(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	gateway, err := gatewayParam(q, false)
	if err != nil {
		return err
	}
	limit, err := intParam(q, "limit", 200, 1, 1000)
	if err != nil {
		return err
	}
	state := q.Get("state")
	switch state {
	case "":
		state = "all"
	case "active", "past", "all":
	default:
		return badField("state", "应为 active、past 或 all", "write active, past or all")
	}
	severity, err := severityParam(q)
	if err != nil {
		return err
	}
	var sees func(area string) bool
	if !s.wide(r, toView) {
		sees = func(area string) bool { return s.inArea(r, toView, area) }
	}
	page, err := s.Alerts.List(r.Context(), view.AlertFilter{State: state, Severity: severity, Gateway: gateway, After: q.Get("after"), Limit: int(limit)}, sees)
	if err != nil {
		return err
	}
	if err := s.missing(r.Context(), page.Alerts); err != nil {
		return err
	}
	return send(w, http.StatusOK, page)
}

func (s *server) alert(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Alerts.Get(r.Context(), r.PathValue("id"))
	if err == nil {
		err = s.mustIn(r, toView, a.Area)
	}
	if err == nil {
		a, err = s.details(r, a)
	}
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, a)
}

func (s *server) acknowledge(w http.ResponseWriter, r *http.Request) error {
	var body struct{ By, Note string }
	if err := decode(r, &body); err != nil {
		return err
	}
	id := r.PathValue("id")
	if err := s.mayAcknowledge(r, id); err != nil {
		return err
	}
	body.By = s.by(r, body.By)
	status := http.StatusOK
	err := s.Alerts.Acknowledge(r.Context(), id, body.By, body.Note, time.Now())
	switch {
	case errors.Is(err, view.ErrAcknowledged):
		status = http.StatusConflict // with the alert, so that the page can say who
	case err != nil:
		return err
	default:
		s.Log.Info("an alert was acknowledged", "alert", id, "by", body.By)
	}
	a, err := s.Alerts.Get(r.Context(), id)
	if err != nil {
		return err
	}
	if a, err = s.details(r, a); err != nil {
		return err
	}
	return send(w, status, a)
}

// mayAcknowledge says whether who asks may acknowledge an alert.
func (s *server) mayAcknowledge(r *http.Request, alert string) error {
	if s.Door == nil {
		return nil
	}
	a, err := s.Alerts.Get(r.Context(), alert)
	if err != nil {
		return err
	}
	return s.mustIn(r, toAcknowledge, a.Area)
}

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
		return problem(http.StatusRequestEntityTooLarge, "E7108", "", fmt.Sprintf("请求体超过 %d 字节", large.Limit), fmt.Sprintf("the body is larger than %d bytes", large.Limit))
	}
	if err != nil {
		return badField("", "请求体不是有效的 JSON", "the body is not the JSON that is expected: "+err.Error())
	}
	return nil
}

func (s *server) gaps(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	gateway, err := gatewayParam(q, false)
	if err != nil {
		return err
	}
	from, to, err := span(q, 0, latestTime)
	if err != nil {
		return err
	}
	gaps, err := s.Fleet.Gaps(r.Context(), gateway, from, to)
	if err != nil {
		return err
	}
	gaps = visible(gaps, s.scope(r), func(g *view.Gap) (string, string) { return g.Gateway, "" })
	return send(w, http.StatusOK, map[string]any{"gaps": gaps})
}

func (s *server) catalogue(w http.ResponseWriter, r *http.Request) error {
	return send(w, http.StatusOK, map[string]any{"metrics": s.Metrics})
}

func (s *server) openapi(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err := w.Write(openAPI)
	return err
}

// cameras lists every camera a gateway says it has, and every one of which there
// is a still.
func (s *server) cameras(w http.ResponseWriter, r *http.Request) error {
	gateway, err := gatewayParam(r.URL.Query(), false)
	if err != nil {
		return err
	}
	list := s.Images.Cameras(gateway)
	have := make(map[string]bool, len(list))
	for _, c := range list {
		have[c.Gateway+"/"+c.Device] = true
	}
	for _, g := range s.Fleet.Gateways() {
		if gateway != "" && g.ID != gateway {
			continue
		}
		for _, d := range g.Devices {
			if d.Camera && !have[g.ID+"/"+d.ID] {
				list = append(list, view.Camera{Gateway: g.ID, Device: d.ID})
			}
		}
	}
	list = visible(list, s.scope(r), func(c *view.Camera) (string, string) { return c.Gateway, c.Device })
	return send(w, http.StatusOK, map[string]any{"cameras": list})
}

func (s *server) image(w http.ResponseWriter, r *http.Request) error {
	id, ok := strings.CutSuffix(r.PathValue("file"), ".jpg")
	if !ok {
		return view.ErrUnknown
	}
	if s.Door != nil {
		gateway, device, err := s.Images.Owner(r.Context(), id)
		if err == nil {
			err = s.must(r, toView, gateway, device)
		}
		if err != nil {
			return err
		}
	}
	// A picture never changes under its id.
	return s.picture(w, r, id, "private, max-age=31536000, immutable")
}

func (s *server) latest(w http.ResponseWriter, r *http.Request) error {
	c, ok := s.Images.Latest(r.PathValue("gateway"), r.PathValue("device"))
	if !ok || c.Image == nil {
		return view.ErrUnknown
	}
	if !s.may(r, toView, c.Gateway, c.Device) {
		return view.ErrHidden
	}
	return s.picture(w, r, *c.Image, "no-cache")
}

func (s *server) picture(w http.ResponseWriter, r *http.Request, id, cache string) error {
	f, taken, err := s.Images.File(r.Context(), id)
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("ETag", `"`+id+`"`)
	http.ServeContent(w, r, "", taken, f)
	return nil
}

// healthz says in words what is well and what is not; why not, which may name servers and
// paths, only to who is logged in.
func (s *server) healthz(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	status := http.StatusOK
	var b strings.Builder
	for _, c := range s.Checks {
		if err := c.Do(ctx); err != nil {
			status = http.StatusServiceUnavailable
			if s.Door != nil && !s.Door.Anywhere(r.Context(), toView) {
				fmt.Fprintf(&b, "FAIL %s\n", c.Name)
				continue
			}
			fmt.Fprintf(&b, "FAIL %s: %v\n", c.Name, err)
			continue
		}
		fmt.Fprintf(&b, "ok   %s\n", c.Name)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write([]byte(b.String()))
	return err
}

// streamParams returns the stream that a request names.
func streamParams(r *http.Request) (gateway string, stream obs.Stream, err error) {
	q := r.URL.Query()
	if gateway, err = gatewayParam(q, true); err != nil {
		return "", stream, err
	}
	stream = obs.Stream{Device: q.Get("device"), Channel: q.Get("channel")}
	if err := obs.CheckID(stream.Device); err != nil {
		return "", stream, badField("device", "设备编号无效", err.Error())
	}
	if err := obs.CheckChannel(stream.Channel); err != nil {
		return "", stream, badField("channel", "测点名称无效", err.Error())
	}
	return gateway, stream, nil
}
