package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const exported = "/api/v1/export?s=gw/river/level&"

// table asks for a CSV and returns its lines without the names, each as row, milliseconds,
// value, quality, reason.
func table(t testing.TB, f *fakes, query string) (lines []string) {
	t.Helper()
	r := request(newAPI(t, f), "GET", exported+query, "")
	all, err := csv.NewReader(r.Body).ReadAll()
	if err != nil || r.StatusCode != 200 || len(all) == 0 {
		t.Fatalf("export?%s: %d %v", query, r.StatusCode, err)
	}
	for _, l := range all[1:] {
		at, err := time.Parse(time.RFC3339, l[2])
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s %d %s %s %s", l[0], at.UnixMilli(), l[8], l[10], l[11]))
	}
	return lines
}

func TestExportHasReadingsFaultsAndGapsInOrder(t *testing.T) {
	late := at(5000, 7)
	late.Late = obs.Suspect
	f := &fakes{every: 1000, gapsAt: []view.Gap{{Gateway: "gw", From: 500, To: 900, Why: "power"}, {Gateway: "gw", From: 20_000, To: 29_000, Why: "overflow"}},
		points: []store.Point{at(1000, 1), fault(2000), at(3000, 3), fault(3000), fault(4000), late, at(15_000, 8), at(20_000, 9), at(30_000, 10), fault(31_000)}}
	got := strings.Join(table(t, f, "from=0&to=40000"), "\n")
	want := strings.TrimSpace(`
gap 500  9 power
reading 1000 1 1 
reading 2000  9 crc
reading 3000 3 1 
reading 4000  9 crc
reading 5000 7 3 
gap 5000  9 no-data
reading 15000 8 1 
gap 20000  9 overflow
reading 20000 9 1 
reading 30000 10 1 
reading 31000  9 crc
gap 31000  9 no-data`)
	if got != want {
		t.Errorf("lines\n%s\nwant\n%s", got, want)
	}
}

func TestExportSaysWhoseClocksAndWhat(t *testing.T) {
	r := request(newAPI(t, &fakes{points: []store.Point{at(1000, 2.5)}}, func(o *Options) {
		info := o.Info
		o.Info = func() view.Info { i := info(); i.TimeZone = "Asia/Shanghai"; return i }
	}), "GET", exported+"from=0&to=2000&bom=1&lang=zh", "")
	if got, want := text(t, r), "\ufeffrow,time,time_utc,until,gateway,device,channel,quantity,value,unit,quality,reason,detail\r\n"+
		"reading,1970-01-01T08:00:01.000+08:00,1970-01-01T00:00:01.000Z,,gw,river,level,水位,2.5,m,1,,\r\n"; got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got, want := r.Header.Get("Content-Disposition"), `attachment; filename="gw_river_level_19700101T080000_19700101T080002.csv"`; got != want {
		t.Errorf("it is called %s, want %s", got, want)
	}
	if got := r.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("type %s", got)
	}
}

func TestExportAsParquet(t *testing.T) {
	r := request(newAPI(t, &fakes{points: []store.Point{at(1000, 2.5), at(2000, math.NaN())}}), "GET", exported+"from=0&to=3000&format=parquet", "")
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Time  int64    `parquet:"time"`
		Value *float64 `parquet:"value"`
	}
	rows, err := parquet.Read[row](bytes.NewReader(b), int64(len(b)))
	if err != nil || len(rows) != 2 || rows[0].Time != 1000 || *rows[0].Value != 2.5 || rows[1].Value != nil {
		t.Errorf("%+v, %v", rows, err)
	}
	if got := r.Header.Get("Content-Type") + r.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "application/vnd.apache.parquet") || !strings.Contains(got, ".parquet\"") {
		t.Error(got)
	}
}

// Exports without end, of too much, of what is not there: each is refused with its reason
// before anything is written.
func TestExportIsRefused(t *testing.T) {
	nine := strings.Repeat("s=gw/river/level&", 9)
	for query, want := range map[string]string{
		"":                                   "name 1 to 8 streams",
		nine:                                 "name 1 to 8 streams",
		"s=gw/river":                         "gateway/device/channel",
		"s=gw/river/level/x":                 "gateway/device/channel",
		"s=../x/level":                       "gateway/device/channel",
		"s=gw/river/level&s=gw/river/level":  "named twice",
		"s=gw/river/level&format=xls":        "csv or parquet",
		"s=gw/river/level&lang=fr":           "zh or en",
		"s=gw/river/level&bom=yes":           "write 1",
		"s=gw/river/level&from=5&to=1":       "later than",
		"s=gw/river/level&from=0":            "fewer streams",
		"s=gw/river/level&from=x":            "whole number",
		"s=gw/river/level&from=0&to=1000000": "",
	} {
		r := request(newAPI(t, &fakes{every: 1000}), "GET", "/api/v1/export?"+query, "")
		if body := text(t, r); (r.StatusCode == 200) != (want == "") || !strings.Contains(body, want) {
			t.Errorf("export?%s: %d %.300s, want %q", query, r.StatusCode, body, want)
		}
	}
}

func TestExportWithoutTheStoreIsAnError(t *testing.T) {
	r := request(newAPI(t, &fakes{broken: fmt.Errorf("dial: %w", store.ErrUnavailable)}), "GET", exported, "")
	if body := text(t, r); r.StatusCode != 503 || strings.Contains(r.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %v %s", r.StatusCode, r.Header, body)
	}
}

// breaking is a store that fails after so many points.
type breaking struct {
	*fakes
	after int64
}

func (b breaking) Query(_ context.Context, q store.Query) (out []store.Point, err error) {
	if q.Channel != "level" {
		return nil, nil
	}
	for t := q.From; t < q.To && len(out) < q.Limit; t++ {
		if t >= b.after {
			return nil, fmt.Errorf("read: %w", store.ErrUnavailable)
		}
		p := at(t, math.Sin(float64(t)))
		out = append(out, p)
	}
	return out, nil
}

// A part is never taken for the whole: the connection is broken off.
func TestExportThatBreaksInTheMiddleIsSeen(t *testing.T) {
	f := &fakes{}
	srv := httptest.NewServer(newAPI(t, f, func(o *Options) { o.Points = breaking{f, 100_000} }))
	defer srv.Close()
	for _, format := range []string{"csv", "parquet"} {
		r, err := srv.Client().Get(srv.URL + exported + "from=0&to=200000&format=" + format)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, r.Body)
		r.Body.Close()
		if r.StatusCode != 200 || n == 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: status %d, %d bytes, then %v; want a few and then no proper end", format, r.StatusCode, n, err)
		}
	}
}

// stuck is a store that answers when it is told to.
type stuck struct {
	*fakes
	asked chan struct{}
	free  chan struct{}
}

func (s stuck) Query(context.Context, store.Query) ([]store.Point, error) {
	s.asked <- struct{}{}
	<-s.free
	return nil, nil
}

func TestAtMostSoManyExportsAtOnce(t *testing.T) {
	s := stuck{&fakes{}, make(chan struct{}, 1000), make(chan struct{})}
	h := newAPI(t, s.fakes, func(o *Options) { o.Points = s })
	done := make(chan int, exportsAtOnce)
	for range exportsAtOnce {
		go func() { done <- request(h, "GET", exported+"from=0&to=10", "").StatusCode }()
		<-s.asked
	}
	r := request(h, "GET", exported+"from=0&to=10", "")
	if body := text(t, r); r.StatusCode != 429 || r.Header.Get("Retry-After") == "" || !strings.Contains(body, "E7121") {
		t.Errorf("one more: %d %s", r.StatusCode, body)
	}
	close(s.free)
	for range exportsAtOnce {
		if got := <-done; got != 200 {
			t.Errorf("one of those that were let in: %d", got)
		}
	}
	if r := request(h, "GET", exported+"from=0&to=10", ""); r.StatusCode != 200 {
		t.Errorf("after them: %d", r.StatusCode)
	}
}

// HEAD says whether it would be made and writes nothing.
func TestExportIsOnlyAskedAbout(t *testing.T) {
	f := &fakes{points: []store.Point{at(1000, 1)}}
	r := request(newAPI(t, f), "HEAD", exported+"from=0&to=2000", "")
	if body := text(t, r); r.StatusCode != 200 || body != "" || f.pages != 0 || !strings.Contains(r.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %q, %d pages read", r.StatusCode, body, f.pages)
	}
	if r := request(newAPI(t, f), "HEAD", "/api/v1/export", ""); r.StatusCode != 400 {
		t.Errorf("of nothing: %d", r.StatusCode)
	}
}

// patient notes that who reads is given time anew for each piece.
type patient struct {
	*httptest.ResponseRecorder
	until []time.Time
}

func (p *patient) SetWriteDeadline(t time.Time) error { p.until = append(p.until, t); return nil }

func TestEachPieceOfAnExportHasItsTime(t *testing.T) {
	f := &fakes{}
	for i := range int64(2000) {
		f.points = append(f.points, at(i, 1))
	}
	p := &patient{ResponseRecorder: httptest.NewRecorder()}
	before := time.Now()
	newAPI(t, f).ServeHTTP(p, httptest.NewRequest("GET", "http://127.0.0.1"+exported+"from=0&to=5000", nil))
	if p.Code != http.StatusOK || len(p.until) < 3 || p.until[0].Before(before.Add(exportStall)) {
		t.Errorf("status %d, %d deadlines", p.Code, len(p.until))
	}
}
