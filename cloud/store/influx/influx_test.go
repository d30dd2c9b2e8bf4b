package influx_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/store/influx"
	"github.com/lamppost-city/lamppost/cloud/store/storetest"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a real InfluxDB 1.8.3.
type server struct {
	t    testing.TB
	dir  string
	addr string
	cmd  *exec.Cmd
}

func startServer(t testing.TB) *server {
	t.Helper()
	s := &server{t: t, dir: t.TempDir(), addr: free(t)}
	conf := filepath.Join(s.dir, "influxd.conf")
	text := fmt.Sprintf("reporting-disabled = true\nbind-address = %q\n[meta]\ndir = %q\n[data]\ndir = %q\nwal-dir = %q\nmax-series-per-database = 0\n[http]\nbind-address = %q\nflux-enabled = true\nlog-enabled = false\n",
		free(t), s.dir+"/meta", s.dir+"/data", s.dir+"/wal", s.addr)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	t.Cleanup(s.kill)
	s.post("CREATE DATABASE city WITH DURATION 90d NAME raw")
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command(influxd(s.t), "-config", filepath.Join(s.dir, "influxd.conf"))
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 600 {
		if r, err := http.Get("http://" + s.addr + "/ping"); err == nil {
			r.Body.Close()
			return
		}
		<-tick.C
	}
	s.t.Fatal("influxd does not answer")
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	http.DefaultClient.CloseIdleConnections()
}

func (s *server) post(q string) {
	s.t.Helper()
	r, err := http.PostForm("http://"+s.addr+"/query", url.Values{"q": {q}})
	if err != nil {
		s.t.Fatal(err)
	}
	r.Body.Close()
}

func influxd(t testing.TB) string {
	t.Helper()
	for _, p := range []string{os.Getenv("LAMPPOST_INFLUXD"), "influxd", "../../../.tools/bin/influxd"} {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
	}
	if os.Getenv("LAMPPOST_REQUIRE_PARTS") != "" {
		t.Fatal("influxd is not installed; run make setup")
	}
	t.Skip("influxd is not installed; run make setup")
	return ""
}

func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func open(t testing.TB, addr string) *influx.Store {
	t.Helper()
	s, err := influx.Open(t.Context(), influx.Options{URL: "http://" + addr, Token: "u:p", Bucket: "city/raw"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	srv := startServer(t)
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, srv.addr) })
}

func point(device, channel string, at int64, v float64) store.Point {
	return store.Point{Stream: store.Stream{Gateway: "g", Stream: obs.Stream{Device: device, Channel: channel}},
		Time: at, V: v, Quality: obs.Quality{Flag: obs.Pass}}
}

// What was acknowledged is there after kill -9.
func TestSurvivesKill(t *testing.T) {
	srv := startServer(t)
	s := open(t, srv.addr)
	defer s.Close()
	now := time.Now().UnixMilli()
	if _, err := s.Write(t.Context(), []store.Point{point("river", "level", now, 2.5)}); err != nil {
		t.Fatal(err)
	}
	srv.kill()
	if _, err := s.Write(t.Context(), []store.Point{point("river", "level", now+1, 2.6)}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a dead server gave %v, want ErrUnavailable", err)
	}
	srv.start()
	got, err := s.Query(t.Context(), store.Query{Stream: point("river", "level", 0, 0).Stream, From: now, To: now + 10})
	if err != nil || len(got) != 1 {
		t.Errorf("after the kill: %+v, %v", got, err)
	}
}

// A point beyond retention, and one whose field has another type already, are
// refused alone; their neighbours in the batch are stored.
func TestPoisonIsFoundByHalving(t *testing.T) {
	srv := startServer(t)
	s := open(t, srv.addr)
	defer s.Close()
	now := time.Now().UnixMilli()
	r, err := http.Post("http://"+srv.addr+"/write?db=city&rp=raw&precision=ms", "text/plain",
		strings.NewReader(fmt.Sprintf("foreign v=\"text\" %d\n", now)))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	var ps []store.Point
	for i := range int64(100) {
		ps = append(ps, point("river", "level", now+i, float64(i)))
	}
	ps[17] = point("river", "foreign", now, 1)
	ps[63].Time = now - 100*86_400_000
	refused, err := s.Write(t.Context(), ps)
	if err != nil {
		t.Fatal(err)
	}
	if len(refused) != 2 || refused[0].Index != 17 || refused[1].Index != 63 {
		t.Fatalf("refused %+v, want 17 and 63", refused)
	}
	if !strings.Contains(refused[0].Why, "type conflict") || !strings.Contains(refused[1].Why, "retention") {
		t.Errorf("reasons: %+v", refused)
	}
	got, err := s.Query(t.Context(), store.Query{Stream: ps[0].Stream, From: now, To: now + 1000})
	if err != nil || len(got) != 98 {
		t.Errorf("%d points stored, %v, want the 98 good ones", len(got), err)
	}
}

// A batch that lies wholly beyond retention is one request, not one per point.
func TestAllBeyondRetention(t *testing.T) {
	srv := startServer(t)
	s := open(t, srv.addr)
	defer s.Close()
	old := time.Now().UnixMilli() - 200*86_400_000
	var ps []store.Point
	for i := range int64(500) {
		ps = append(ps, point("river", "level", old+i, 1))
	}
	refused, err := s.Write(t.Context(), ps)
	if err != nil || len(refused) != 500 {
		t.Errorf("%d refused, %v, want all 500", len(refused), err)
	}
}

// answer is what a server says that is not well.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		want   string // in the error; empty: a refusal
	}{
		{"overloaded", 503, map[string]string{"Retry-After": "30"}, "", "overloaded"},
		{"wrong token", 401, nil, `{"code":"unauthorized","message":"unauthorized access"}`, "store.influx.token"},
		{"no database", 404, nil, `{"code":"not found","message":"database not found"}`, "store.influx.bucket"},
		{"no retention policy", 500, nil, "", "retention policy"},
		{"too many series", 400, nil, `{"code":"invalid","message":"partial write: max-series-per-database limit exceeded: (2000) dropped=1"}`, "max-series-per-database"},
		{"bad line", 400, nil, `{"code":"invalid","message":"unable to parse"}`, ""},
		{"type conflict in 2.x", 422, nil, `{"code":"unprocessable entity","message":"field type conflict"}`, ""},
		{"proxy without words", 400, nil, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked atomic.Int64
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "query") || asked.Load() == 0 && asked.Add(1) == 1 {
					w.WriteHeader(http.StatusNoContent) // finding the id, and writing it
					return
				}
				asked.Add(1)
				for k, v := range c.header {
					w.Header().Set(k, v)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))
			defer srv.Close()
			s := open(t, srv.Listener.Addr().String())
			defer s.Close()
			refused, err := s.Write(t.Context(), []store.Point{point("river", "level", 1_800_000_000_000, 1)})
			if c.want == "" {
				if err != nil || len(refused) != 1 || refused[0].Why == "" {
					t.Errorf("refused %+v, %v, want one refusal with its reason", refused, err)
				}
				return
			}
			if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want ErrUnavailable with %q", err, c.want)
			}
			if c.header["Retry-After"] != "" {
				before := asked.Load()
				if _, err := s.Write(t.Context(), []store.Point{point("river", "level", 1, 1)}); !errors.Is(err, store.ErrUnavailable) || asked.Load() != before {
					t.Errorf("the server asked for patience and was asked again: %v", err)
				}
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	srv := startServer(b)
	s := open(b, srv.addr)
	defer s.Close()
	ps := make([]store.Point, 5000)
	at := time.Now().UnixMilli()
	b.ReportAllocs()
	for b.Loop() {
		for i := range ps {
			ps[i] = point(fmt.Sprintf("d-%d", i%100), "level", at, 2.5)
			at++
		}
		if _, err := s.Write(b.Context(), ps); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(ps)), "ns/reading")
}
