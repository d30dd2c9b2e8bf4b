package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lamppost-city/lamppost/cloud/api/sheet"
	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Bounds of exports. A week of eight streams at a reading per second is 4.8 million rows.
const (
	exportStreams = 8
	exportRows    = 6_000_000
	exportBytes   = 2 << 30
	exportTime    = 20 * time.Minute // for all of it
	exportStall   = time.Minute      // for who reads to take the next piece
	exportsAtOnce = 3
)

// exports counts those under way.
type exports struct{ n atomic.Int32 }

// enter counts one more; ok is false if that is too many.
func (e *exports) enter() (ok bool) {
	if e.n.Add(1) > exportsAtOnce {
		e.leave()
		return false
	}
	return true
}

func (e *exports) leave() { e.n.Add(-1) }

// exportAsk is what an export is asked for.
type exportAsk struct {
	streams  []view.Stream
	from, to int64
	parquet  bool
	mark     bool   // CSV: with the mark of UTF-8
	lang     string // of the quantities: zh, en
}

// export writes the readings and gaps of streams as a table. What is written is written as it
// is read from the store; if that fails in the middle, the connection is broken off, so that
// nobody takes a part for the whole.
func (s *server) export(w http.ResponseWriter, r *http.Request) error {
	ask, err := s.exportAsk(r)
	if err != nil {
		return err
	}
	if !s.exports.enter() {
		w.Header().Set("Retry-After", "15")
		return problem(http.StatusTooManyRequests, "E7121", "", fmt.Sprintf("已有 %d 个导出正在进行，请稍后再试", exportsAtOnce),
			fmt.Sprintf("%d exports are under way, as many as are allowed; try again in a moment", exportsAtOnce))
	}
	defer s.exports.leave()
	s.exportHeader(w.Header(), ask)
	if r.Method == http.MethodHead {
		return nil // that it would be made, and how it is called
	}
	ctx, cancel := context.WithTimeout(r.Context(), exportTime)
	defer cancel()
	out := &exportWriter{w: w, control: http.NewResponseController(w)}
	if err = s.table(ctx, ask, out); err == nil {
		return nil
	}
	if out.bytes == 0 {
		for _, h := range []string{"Content-Disposition", "Content-Type"} {
			w.Header().Del(h)
		}
		return err
	}
	if r.Context().Err() == nil {
		s.Log.Warn("an export was broken off", "bytes", out.bytes, "error", err)
	}
	panic(http.ErrAbortHandler) // the only way to tell who reads that this is not all
}

// exportAsk reads and judges what is asked for.
func (s *server) exportAsk(r *http.Request) (ask exportAsk, err error) {
	q := r.URL.Query()
	now := time.Now().UnixMilli()
	if ask.from, ask.to, err = span(q, now-time.Hour.Milliseconds(), now); err != nil {
		return ask, err
	}
	ask.to = min(ask.to, now)
	switch q.Get("format") {
	case "parquet":
		ask.parquet = true
	case "", "csv":
	default:
		return ask, badField("format", "应为 csv 或 parquet", "write csv or parquet")
	}
	if ask.lang = q.Get("lang"); ask.lang != "" && ask.lang != "zh" && ask.lang != "en" {
		return ask, badField("lang", "应为 zh 或 en", "write zh or en")
	}
	if ask.mark = q.Get("bom") == "1"; q.Get("bom") != "" && !ask.mark {
		return ask, badField("bom", "应为 1，或不写", "write 1, or nothing")
	}
	if ask.streams, err = s.exportedStreams(r, q); err != nil {
		return ask, err
	}
	return ask, exportable(ask)
}

// exportedStreams are those that a request names, each as gateway/device/channel.
func (s *server) exportedStreams(r *http.Request, q url.Values) ([]view.Stream, error) {
	names := q["s"]
	if len(names) == 0 || len(names) > exportStreams {
		return nil, badField("s", fmt.Sprintf("请写 1 到 %d 个测点", exportStreams), fmt.Sprintf("name 1 to %d streams", exportStreams))
	}
	var list []view.Stream
	seen := map[string]bool{}
	for _, name := range names {
		p := strings.Split(name, "/")
		if len(p) != 3 || obs.CheckID(p[0]) != nil || obs.CheckID(p[1]) != nil || obs.CheckChannel(p[2]) != nil {
			return nil, badField("s", "测点应写作：网关/设备/测点", "write a stream as gateway/device/channel")
		}
		if seen[name] {
			return nil, badField("s", "测点重复", "a stream is named twice")
		}
		seen[name] = true
		about, ok := s.Fleet.Stream(p[0], obs.Stream{Device: p[1], Channel: p[2]})
		if !ok {
			return nil, view.ErrUnknown
		}
		if !s.may(r, toView, p[0], p[1]) {
			return nil, view.ErrHidden
		}
		list = append(list, about)
	}
	return list, nil
}

// exportable says whether so much would be written that it is not even begun.
func exportable(ask exportAsk) error {
	var rows int64
	for _, st := range ask.streams {
		if st.EveryMS > 0 {
			rows += (ask.to - ask.from) / st.EveryMS
		}
	}
	if rows <= exportRows {
		return nil
	}
	return problem(http.StatusBadRequest, "E7122", "from", fmt.Sprintf("约有 %d 行，最多导出 %d 行；请缩短时间或减少测点", rows, exportRows),
		fmt.Sprintf("this would be about %d rows, and %d are allowed; ask for less time or fewer streams", rows, exportRows))
}

// exportHeader says what comes and how to call it.
func (s *server) exportHeader(h http.Header, ask exportAsk) {
	kind, end := "text/csv; charset=utf-8", "csv"
	if ask.parquet {
		kind, end = "application/vnd.apache.parquet", "parquet"
	}
	first := ask.streams[0]
	name := first.Gateway + "_" + first.Device + "_" + first.Channel
	if n := len(ask.streams); n > 1 {
		name = fmt.Sprintf("%s_and_%d_more", name, n-1)
	}
	place := s.placeOf(first.Gateway)
	at := func(ms int64) string { return time.UnixMilli(ms).In(place).Format("20060102T150405") }
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s_%s_%s.%s"`, name, at(ask.from), at(ask.to), end))
}

// mostGaps is how many the fleet tells of at once. Where there are more, some would be left
// out of the table without a word.
const mostGaps = 10_000

// declaredGaps are those of the gateways of what is asked for, by gateway.
func (s *server) declaredGaps(ctx context.Context, ask exportAsk) (map[string][]view.Gap, error) {
	by := map[string][]view.Gap{}
	for _, st := range ask.streams {
		if _, have := by[st.Gateway]; have {
			continue
		}
		gaps, err := s.Fleet.Gaps(ctx, st.Gateway, ask.from, ask.to)
		if err != nil {
			return nil, err
		}
		if len(gaps) >= mostGaps {
			return nil, problem(http.StatusBadRequest, "E7122", "from", "这段时间的数据缺口过多，请缩短时间", "there are too many gaps in this time; ask for less of it")
		}
		slices.SortStableFunc(gaps, func(a, b view.Gap) int { return cmp.Compare(a.From, b.From) })
		by[st.Gateway] = gaps
	}
	return by, nil
}

// table writes what is asked for.
func (s *server) table(ctx context.Context, ask exportAsk, out io.Writer) error {
	gaps, err := s.declaredGaps(ctx, ask)
	if err != nil {
		return err
	}
	limited := &limitedTable{}
	place := s.placeOf(ask.streams[0].Gateway)
	if ask.parquet {
		limited.Writer = sheet.NewParquet(out, place)
	} else {
		limited.Writer = sheet.NewCSV(out, place, ask.mark)
	}
	for _, st := range ask.streams {
		if err := s.streamRows(ctx, st, ask, gaps[st.Gateway], limited.Write); err != nil {
			return err
		}
	}
	return limited.Close()
}

// limitedTable refuses more rows than may be in an export.
type limitedTable struct {
	sheet.Writer
	rows int
}

// Write implements sheet.Writer.
func (t *limitedTable) Write(r *sheet.Row) error {
	if t.rows++; t.rows > exportRows {
		return fmt.Errorf("api: export: more than %d rows", exportRows)
	}
	return t.Writer.Write(r)
}

// exportWriter gives who reads a while for each piece, and no more bytes than are allowed.
type exportWriter struct {
	w       io.Writer
	control *http.ResponseController
	bytes   int64
}

// Write implements io.Writer.
func (e *exportWriter) Write(b []byte) (int, error) {
	if e.bytes+int64(len(b)) > exportBytes {
		return 0, fmt.Errorf("api: export: more than %d bytes", int64(exportBytes))
	}
	// A recorder of tests has no deadline; a connection has.
	if err := e.control.SetWriteDeadline(time.Now().Add(exportStall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, fmt.Errorf("api: export: %w", err)
	}
	n, err := e.w.Write(b)
	e.bytes += int64(n)
	return n, err
}

// placeOf is by whose clocks the times of a gateway are written: its place's, else the
// center's, else UTC.
func (s *server) placeOf(gateway string) *time.Location {
	g, _ := s.Fleet.Gateway(gateway)
	for _, name := range []string{g.TimeZone, s.Info().TimeZone} {
		if name == "" {
			continue
		}
		if at, err := time.Parse("Z07:00", name); err == nil {
			_, offset := at.Zone()
			return time.FixedZone(name, offset)
		}
		if place, err := time.LoadLocation(name); err == nil {
			return place
		}
	}
	return time.UTC
}

// streamOf is how the store names a stream.
func streamOf(v view.Stream) store.Stream {
	return store.Stream{Gateway: v.Gateway, Stream: obs.Stream{Device: v.Device, Channel: v.Channel}}
}
