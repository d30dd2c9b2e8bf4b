package api

import (
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Handovers is what the API needs of what shifts write for one another, in the name of who is
// logged in as the context says. Its errors are view.ErrUnknown and *view.FieldError. Whether
// who asks may see an area or write for it, the API asks the door.
type Handovers interface {
	// ShiftArea is the present code of an area, or * for everywhere.
	ShiftArea(text string) (string, error)
	Shift(ctx context.Context, q view.ShiftQuery) (view.ShiftReport, error)
	// Hand writes a handover with its report; what comes again with the same key is written once.
	Hand(ctx context.Context, key string, t view.HandoverText) (view.Handover, error)
	TakeOver(ctx context.Context, id, note string) (view.Handover, error)
	Get(ctx context.Context, id string) (view.Handover, error)
	List(ctx context.Context, q view.HandoverQuery, sees func(area string) bool) (view.HandoverPage, error)
}

// handoverRoutes are for who may see persons in an area; to write and to take over needs the
// right to work on its cases.
func (s *server) handoverRoutes() []route {
	return []route{
		{"GET", prefix + "/handovers", s.withHandovers(s.handovers)},
		{"POST", prefix + "/handovers", s.withHandovers(s.handOver)},
		{"GET", prefix + "/handovers/draft", s.withHandovers(s.shift)},
		{"GET", prefix + "/handovers/{id}", s.withHandovers(s.handover)},
		{"GET", prefix + "/handovers/{id}/cases.csv", s.withHandovers(s.handoverCSV)},
		{"POST", prefix + "/handovers/{id}/take", s.withHandovers(s.takeOver)},
	}
}

// withHandovers answers where there are none because there are no accounts.
func (s *server) withHandovers(do func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.Handovers == nil {
			return problem(http.StatusNotFound, "E7114", "", "没有交接班：交接班由具名人员办理，请在配置中设置 accounts",
				"there are no handovers: they are between named persons; set accounts in the configuration")
		}
		return do(w, r)
	}
}

func (s *server) handovers(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	limit, err := intParam(q, "limit", 50, 1, 200)
	if err != nil {
		return err
	}
	f := view.HandoverQuery{Before: q.Get("before"), Limit: int(limit)}
	if text := q.Get("area"); text != "" {
		if f.Area, err = s.Handovers.ShiftArea(text); err != nil {
			return err
		}
	}
	if s.Door != nil && !s.Door.Anywhere(r.Context(), toKnow) {
		return forbidden()
	}
	page, err := s.Handovers.List(r.Context(), f, func(area string) bool { return s.inArea(r, toKnow, area) })
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, page)
}

// shift shows what would go with a handover that was written now.
func (s *server) shift(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	to, err := intParam(q, "to", time.Now().UnixMilli(), 0, latestTime)
	if err != nil {
		return err
	}
	from, to, err := span(q, max(to-12*time.Hour.Milliseconds(), 0), to)
	if err != nil {
		return err
	}
	area, err := s.Handovers.ShiftArea(q.Get("area"))
	if err == nil {
		err = s.mustIn(r, toKnow, area)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), seriesTime)
	defer cancel()
	report, err := s.Handovers.Shift(ctx, view.ShiftQuery{Area: area, From: from, To: to})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, report)
}

func (s *server) handOver(w http.ResponseWriter, r *http.Request) error {
	var t view.HandoverText
	key, err := idempotencyKey(r)
	if err == nil {
		err = decode(r, &t)
	}
	if err == nil {
		t.Area, err = s.Handovers.ShiftArea(t.Area)
	}
	if err == nil {
		err = s.mustIn(r, toWork, t.Area)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), seriesTime)
	defer cancel()
	h, err := s.Handovers.Hand(ctx, key, t)
	if err != nil {
		return err
	}
	return send(w, http.StatusCreated, h)
}

// knownHandover returns the request's handover, if who asks may see it.
func (s *server) knownHandover(r *http.Request, action string) (view.Handover, error) {
	h, err := s.Handovers.Get(r.Context(), r.PathValue("id"))
	if err == nil {
		err = s.mustIn(r, action, h.Area)
	}
	return h, err
}

func (s *server) handover(w http.ResponseWriter, r *http.Request) error {
	h, err := s.knownHandover(r, toKnow)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, h)
}

func (s *server) takeOver(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Note string }
	if err := decode(r, &body); err != nil {
		return err
	}
	if _, err := s.knownHandover(r, toWork); err != nil {
		return err
	}
	h, err := s.Handovers.TakeOver(r.Context(), r.PathValue("id"), body.Note)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, h)
}

// handoverCSV is the open cases of a handover as a table, as UTF-8 with a mark by which
// spreadsheets know it.
func (s *server) handoverCSV(w http.ResponseWriter, r *http.Request) error {
	h, err := s.knownHandover(r, toKnow)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="handover-`+h.ID+`.csv"`)
	if _, err := w.Write([]byte("\ufeff")); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	err = out.Write([]string{"id", "severity", "state", "area", "gateway", "device", "kind", "text", "opened", "acknowledged_by", "owner", "departments", "overdue", "shelved_until", "shelved_by", "shelved_why", "note_at", "note_by", "note"})
	for _, c := range h.Report.Open {
		err = errors.Join(err, out.Write(caseRow(c)))
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

// caseRow is a line of the table. Times are in UTC.
func caseRow(c view.ShiftCase) []string {
	shelving, note := view.ShiftNote{}, view.ShiftNote{}
	if c.Shelving != nil {
		shelving = *c.Shelving
	}
	if c.Note != nil {
		note = *c.Note
	}
	overdue := ""
	if c.Overdue {
		overdue = "yes"
	}
	row := []string{c.ID, string(c.Severity), c.State, c.Area, c.Gateway, c.Device, c.Kind, c.Text, stamp(c.Opened), c.SeenBy, c.Owner, strings.Join(c.Departments, " "),
		overdue, stamp(c.Shelved), shelving.Who, shelving.Why, stamp(note.At), note.Who, note.Why}
	for i := range row {
		row[i] = inert(row[i])
	}
	return row
}

// stamp is a time as a table has it; empty: there is none.
func stamp(t int64) string {
	if t == 0 {
		return ""
	}
	return time.UnixMilli(t).UTC().Format(time.RFC3339)
}

// inert is a text that no spreadsheet computes: one that begins like a formula has a quote
// before it, which those do not show.
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
