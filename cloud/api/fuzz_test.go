package api

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Whatever is asked, the answer is never "the aggregator failed", and below
// /api/v1 it is JSON that its schema knows, or a picture or a stream.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/api/v1/series", "gateway=gw&device=river&channel=level&from=1&to=2&max=9", "")
	f.Add("GET", "/api/v1/alerts", "state=active&limit=1001", "")
	f.Add("GET", "/api/v1/images/../../etc/passwd.jpg", "", "")
	f.Add("POST", "/api/v1/alerts/a1/acknowledge", "", `{"by":"王芳","note":"\u0000"}`)
	f.Add("POST", "/api/v1/alerts/a1/acknowledge", "", `{"by":["x"]}`)
	f.Add("DELETE", "/api/v1/alerts", "gateway=%00", "{")
	f.Add("PUT", "/api/v1/areas", "name=%2e%2e&crs=gcj02", "code,name\n990101,a\n")
	f.Add("PUT", "/api/v1/map/layers/a", "crs=gcj02&dry_run=true", `{"type":"FeatureCollection","features":[]}`)
	f.Add("PUT", "/api/v1/rosters/r", "", `{"shifts":[{"person":"a","from":"08:00"}]}`)
	f.Add("GET", "/api/v1/areas/at", "lat=30&lon=1e999", "")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		if method != http.MethodGet && method != http.MethodPost && method != http.MethodPut && method != http.MethodDelete {
			t.Skip("only methods that a client can send")
		}
		r := httptest.NewRequest(method, "http://localhost/", strings.NewReader(body))
		r.URL = &url.URL{Scheme: "http", Host: "localhost", Path: "/api/v1/" + strings.TrimPrefix(path, "/api/v1/"), RawQuery: query}
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		newAPI(t, &fakes{every: 1000}).ServeHTTP(w, r)
		res := w.Result()
		if res.StatusCode >= 500 {
			t.Errorf("%s %q %q %q = %d %s", method, path, query, body, res.StatusCode, w.Body)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") && !json.Valid(b) {
			t.Errorf("%s %q answers with broken JSON: %s", method, path, b)
		}
		if res.StatusCode >= 400 {
			var v any
			if err := json.Unmarshal(b, &v); err != nil {
				t.Fatalf("%s %q %d: %v", method, path, res.StatusCode, err)
			}
			schema := "Error"
			if res.StatusCode == http.StatusConflict {
				schema = "Alert"
			}
			if err := newChecker(t).check("$", map[string]any{"$ref": "#/components/schemas/" + schema}, v); err != nil {
				t.Errorf("%s %q %d: %v", method, path, res.StatusCode, err)
			}
		}
	})
}
