package console

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// build is a build as npm makes it, in small.
func build() fstest.MapFS {
	script := strings.Repeat("export const lamp = 'post';\n", 100)
	return fstest.MapFS{
		".keep":                  {},
		"index.html":             {Data: []byte("<!doctype html><title>Lamppost</title>")},
		"icon.svg":               {Data: []byte("<svg/>")},
		"assets/index-D4Ovh.js":  {Data: []byte(script)},
		"assets/index-D4Ovh.css": {Data: []byte("body{}")},
	}
}

func get(t *testing.T, h http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPaths(t *testing.T) {
	const (
		html = "text/html; charset=utf-8"
		js   = "text/javascript; charset=utf-8"
	)
	for _, c := range []struct {
		name, path  string
		status      int
		contentType string
		caching     string
	}{
		{"the document", "/", 200, html, "no-cache"},
		{"the document by name", "/index.html", 200, html, "no-cache"},
		{"a page of the application", "/alerts", 200, html, "no-cache"},
		{"a deep page", "/gateways/hz-gongshu-bridge-07/river/level", 200, html, "no-cache"},
		{"a channel with a dot", "/gateways/g/tank/temp.inlet", 200, html, "no-cache"},
		{"a page that does not exist is the application's to say", "/nonsense", 200, html, "no-cache"},
		{"a script", "/assets/index-D4Ovh.js", 200, js, "public, max-age=31536000, immutable"},
		{"a style sheet", "/assets/index-D4Ovh.css", 200, "text/css; charset=utf-8", "public, max-age=31536000, immutable"},
		{"a file without a hash", "/icon.svg", 200, "image/svg+xml", "no-cache"},
		{"the script of an older build", "/assets/index-old.js", 404, "text/plain; charset=utf-8", ""},
		{"a missing file", "/favicon.ico", 404, "text/plain; charset=utf-8", ""},
		{"a mistyped address of the API", "/api/v1/gatewayz", 404, "text/plain; charset=utf-8", ""},
		{"the placeholder is not served", "/.keep", 404, "text/plain; charset=utf-8", ""},
		{"a way out of the tree", "/../../etc/passwd", 200, html, "no-cache"},
		{"a way out of the assets", "/assets/../../console.go", 404, "text/plain; charset=utf-8", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := get(t, newHandler(build(), ""), c.path)
			got := [...]string{r.Header.Get("Content-Type"), r.Header.Get("Cache-Control")}
			if r.StatusCode != c.status || got != [...]string{c.contentType, c.caching} {
				t.Errorf("GET %s = %d %q, want %d %q", c.path, r.StatusCode, got, c.status, [...]string{c.contentType, c.caching})
			}
		})
	}
}

func TestPagesAreTheDocument(t *testing.T) {
	h := newHandler(build(), "")
	if got, want := text(t, get(t, h, "/gateways/g")), string(build()["index.html"].Data); got != want {
		t.Errorf("GET /gateways/g = %q, want the document %q", got, want)
	}
}

func TestCompression(t *testing.T) {
	h := newHandler(build(), "")
	const script = "/assets/index-D4Ovh.js"
	plain := text(t, get(t, h, script))
	for _, c := range []struct {
		accept string
		packed bool
	}{
		{"", false},
		{"gzip", true},
		{"br, gzip;q=0.8", true},
		{"*", true},
		{"GZIP", true},
		{"gzip;q=0", false},
		{"gzip; q=0.0", false},
		{"gzip;q=nonsense", false},
		{"br", false},
	} {
		r := get(t, h, script, "Accept-Encoding", c.accept)
		if got := r.Header.Get("Content-Encoding") == "gzip"; got != c.packed {
			t.Errorf("Accept-Encoding %q: packed = %v, want %v", c.accept, got, c.packed)
		}
		if r.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: Vary = %q, want Accept-Encoding", c.accept, r.Header.Get("Vary"))
		}
		if !c.packed {
			continue
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(z)
		if err != nil || string(body) != plain {
			t.Errorf("Accept-Encoding %q: unpacked to %d bytes, %v; want the %d plain ones", c.accept, len(body), err, len(plain))
		}
	}
	if r := get(t, h, "/icon.svg", "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" {
		t.Error("six bytes were packed; that makes them longer")
	}
}

func TestNotModified(t *testing.T) {
	h := newHandler(build(), "")
	for _, accept := range []string{"", "gzip"} {
		tag := get(t, h, "/assets/index-D4Ovh.js", "Accept-Encoding", accept).Header.Get("ETag")
		for _, c := range []struct {
			header string
			want   int
		}{
			{tag, 304}, {"W/" + tag, 304}, {`"other", ` + tag, 304}, {"*", 304}, {`"other"`, 200}, {"", 200},
		} {
			r := get(t, h, "/assets/index-D4Ovh.js", "Accept-Encoding", accept, "If-None-Match", c.header)
			if r.StatusCode != c.want {
				t.Errorf("If-None-Match %s = %d, want %d", c.header, r.StatusCode, c.want)
			}
			if body := text(t, r); c.want == 304 && body != "" {
				t.Errorf("a 304 has a body of %d bytes", len(body))
			}
		}
	}
	packed := get(t, h, "/assets/index-D4Ovh.js", "Accept-Encoding", "gzip").Header.Get("ETag")
	if plain := get(t, h, "/assets/index-D4Ovh.js").Header.Get("ETag"); plain == packed {
		t.Errorf("plain and packed have the same tag %s", plain)
	}
}

func TestMethods(t *testing.T) {
	h := newHandler(build(), "")
	for method, want := range map[string]int{
		http.MethodHead: 200, http.MethodPost: 405, http.MethodDelete: 405, http.MethodOptions: 405,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "/", nil))
		if w.Code != want {
			t.Errorf("%s / = %d, want %d", method, w.Code, want)
		}
		if method == http.MethodHead && (w.Body.Len() != 0 || w.Header().Get("Content-Length") == "0") {
			t.Errorf("HEAD / has %d bytes of body and length %s", w.Body.Len(), w.Header().Get("Content-Length"))
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	h := newHandler(build(), "")
	for _, path := range []string{"/", "/assets/index-D4Ovh.js", "/assets/none.js"} {
		r := get(t, h, path)
		if got := r.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'self';") {
			t.Errorf("GET %s: Content-Security-Policy = %q", path, got)
		}
		if got := r.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("GET %s: X-Content-Type-Options = %q", path, got)
		}
	}
}

// Pictures of the ground come from the one host that is set, and nothing else does.
func TestTilesAreAllowed(t *testing.T) {
	policyWith := func(tiles string) string {
		return get(t, newHandler(build(), tiles), "/").Header.Get("Content-Security-Policy")
	}
	with, without := policyWith("https://tiles.example.org"), policyWith("")
	if !strings.Contains(with, "img-src 'self' data: blob: https://tiles.example.org;") || strings.Replace(with, " https://tiles.example.org", "", 1) != without {
		t.Errorf("with tiles %q, without %q", with, without)
	}
}

func TestSecurityHeadersOfTheWrapperStay(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	newHandler(build(), "").ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if got := w.Header().Values("Content-Security-Policy"); len(got) != 1 || got[0] != "default-src 'none'" {
		t.Errorf("Content-Security-Policy = %q, want the wrapper's alone", got)
	}
}

func TestWithoutBuild(t *testing.T) {
	h := newHandler(fstest.MapFS{".keep": {}}, "")
	r := get(t, h, "/alerts")
	body := text(t, r)
	if r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "make console") {
		t.Errorf("GET /alerts without a build = %d %q, want 503 and the command", r.StatusCode, body)
	}
	if got := r.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type = %q", got)
	}
	if got := r.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control = %q, want no-store: after make console the page is another", got)
	}
	if r := get(t, h, "/api/v1/none"); r.StatusCode != http.StatusNotFound {
		t.Errorf("GET /api/v1/none without a build = %d, want 404", r.StatusCode)
	}
}

// TestEmbedded runs with whatever this checkout has: a build, or only the
// placeholder.
func TestEmbedded(t *testing.T) {
	r := get(t, Handler(""), "/")
	body := text(t, r)
	switch r.StatusCode {
	case http.StatusOK:
		if !strings.Contains(body, `<div id="app">`) {
			t.Errorf("the document has no place for the application: %q", body)
		}
		if strings.Contains(body, "http://") || strings.Contains(body, "https://") {
			t.Errorf("the document names another host: %q", body)
		}
	case http.StatusServiceUnavailable:
		if !strings.Contains(body, "make console") {
			t.Errorf("without a build the page does not name the command: %q", body)
		}
	default:
		t.Errorf("GET / = %d", r.StatusCode)
	}
}

func FuzzPath(f *testing.F) {
	for _, p := range []string{"/", "/alerts", "/api/v1", "/assets/../x", "//", "/gateways/%2e%2e/a.b"} {
		f.Add(p)
	}
	h := newHandler(build(), "")
	f.Fuzz(func(t *testing.T, path string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		// The law: a path is a file, a page or not found, and below /api/ it is never a page.
		if w.Code != http.StatusOK && w.Code != http.StatusNotFound {
			t.Errorf("GET %q = %d", path, w.Code)
		}
		if strings.HasPrefix(path, "/api/") && !strings.Contains(path, "..") && w.Code != http.StatusNotFound {
			t.Errorf("GET %q = %d, want 404", path, w.Code)
		}
	})
}

func BenchmarkDocument(b *testing.B) {
	h := newHandler(build(), "")
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/alerts", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}
