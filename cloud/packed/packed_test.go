package packed

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answer is what a handler sends through a Writer, with the Accept-Encoding of a request.
func answer(t *testing.T, accept string, do http.HandlerFunc) *http.Response {
	t.Helper()
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	r.Header.Set("Accept-Encoding", accept)
	packs := NewWriter(w, r)
	do(packs, r)
	if err := packs.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Result()
}

// body is what a reader makes of an answer.
func body(t *testing.T, r *http.Response) string {
	t.Helper()
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		from = z
	}
	b, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWriter(t *testing.T) {
	long := `{"x":"` + strings.Repeat("value ", Least/6) + `"}`
	for name, c := range map[string]struct {
		accept, kind, tag, text string
		status                  int
		packed                  bool
	}{
		"long JSON":              {"gzip, br", "application/json; charset=utf-8", "", long, 200, true},
		"of a reader without it": {"br", "application/json", "", long, 200, false},
		"one that refuses it":    {"gzip;q=0", "application/json", "", long, 200, false},
		"short JSON":             {"gzip", "application/json", "", `{"x":1}`, 200, false},
		"a picture":              {"gzip", "image/jpeg", "", long, 200, false},
		"what has a tag":         {"gzip", "application/json", `"7"`, long, 200, false},
		"a long error":           {"gzip", "application/json", "", long, 422, true},
	} {
		r := answer(t, c.accept, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.kind)
			if c.tag != "" {
				w.Header().Set("ETag", c.tag)
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.text)
		})
		if got := r.Header.Get("Content-Encoding") == "gzip"; got != c.packed || r.StatusCode != c.status {
			t.Errorf("%s: packed %v, status %d, want %v, %d", name, got, r.StatusCode, c.packed, c.status)
		}
		if got := body(t, r); got != c.text {
			t.Errorf("%s: %d bytes, want %d", name, len(got), len(c.text))
		}
		// A store on the way must tell the two apart, whichever it is asked for first.
		if long := len(c.text) >= Least && strings.HasPrefix(c.kind, "application/json") && c.tag == ""; (r.Header.Get("Vary") == "Accept-Encoding") != long {
			t.Errorf("%s: Vary is %q", name, r.Header.Get("Vary"))
		}
	}
}

func TestWriterWithoutABody(t *testing.T) {
	r := answer(t, "gzip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNoContent)
	})
	if r.StatusCode != http.StatusNoContent || body(t, r) != "" {
		t.Errorf("%d", r.StatusCode)
	}
}

// What comes piece by piece reaches the reader piece by piece.
func TestWriterFlushes(t *testing.T) {
	next := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		packs := NewWriter(w, r)
		packs.Header().Set("Content-Type", "text/event-stream")
		for n := range 2 {
			fmt.Fprintf(packs, "data: %d\n", n)
			if err := http.NewResponseController(packs).Flush(); err != nil {
				t.Error(err)
			}
			<-next
		}
	}))
	defer s.Close()
	r, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b := make([]byte, len("data: 0\n"))
	for n := range 2 {
		if _, err := io.ReadFull(r.Body, b); err != nil || string(b) != fmt.Sprintf("data: %d\n", n) {
			t.Fatalf("%q, %v", b, err)
		}
		next <- struct{}{}
	}
}

func TestDocument(t *testing.T) {
	text := strings.Repeat("river ", 1000)
	d, err := New("application/geo+json", "no-cache", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	tags := map[string]bool{}
	for _, accept := range []string{"", "gzip"} {
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header.Set("Accept-Encoding", accept)
		d.ServeHTTP(w, r)
		res := w.Result()
		tag := res.Header.Get("ETag")
		tags[tag] = true
		if body(t, res) != text || (res.Header.Get("Content-Encoding") == "gzip") != (accept == "gzip") {
			t.Errorf("%q: %v", accept, res.Header)
		}
		r.Header.Set("If-None-Match", tag)
		w = httptest.NewRecorder()
		if d.ServeHTTP(w, r); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
			t.Errorf("%q: a reader that has it gets %d", accept, w.Code)
		}
	}
	if len(tags) != 2 {
		t.Errorf("two codings have %d tags", len(tags))
	}
}

// What packing a list of 10 000 values costs, and how much less is sent.
func BenchmarkWriter(b *testing.B) {
	var text strings.Builder
	text.WriteString(`{"values":[`)
	for i := range 10_000 {
		fmt.Fprintf(&text, `{"gateway":"gw-%04d","device":"river-%02d","channel":"level","metric":"level","unit":"m","value":%.3f,"at":%d,"quality":"good"},`, i/20, i%20, float64(i*7919%10000)/1000, 1795496400000+i*37)
	}
	text.WriteString(`{}]}`)
	doc := []byte(text.String())
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	b.SetBytes(int64(len(doc)))
	sent := 0
	for b.Loop() {
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "application/json")
		packs := NewWriter(w, r)
		if _, err := packs.Write(doc); err != nil {
			b.Fatal(err)
		}
		if err := packs.Close(); err != nil {
			b.Fatal(err)
		}
		sent = w.Body.Len()
	}
	b.ReportMetric(float64(len(doc))/float64(sent), "times_smaller")
}
