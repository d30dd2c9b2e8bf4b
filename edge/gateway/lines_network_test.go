package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Where a camera sends a request on to learns neither the camera's address, which may hold
// a key, nor its login; the camera itself gets the login again.
func TestRedirectsGiveNothingAway(t *testing.T) {
	var asked http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.Header }))
	defer other.Close()
	mux := http.NewServeMux()
	camera := httptest.NewServer(mux)
	defer camera.Close()
	mux.Handle("/away", http.RedirectHandler(other.URL+"/still", http.StatusFound))
	mux.Handle("/here", http.RedirectHandler("/still", http.StatusFound))
	mux.Handle("/round", http.RedirectHandler("/round", http.StatusFound))
	mux.HandleFunc("/still", func(_ http.ResponseWriter, r *http.Request) { asked = r.Header })

	get := func(path string) error {
		t.Helper()
		asked = nil
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, camera.URL+path+"?token=TOPSECRET", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("ops", "secret")
		res, err := fetcher(10*time.Second, nil).Do(r)
		if err == nil {
			err = res.Body.Close()
		}
		return err
	}
	if err := get("/away"); err != nil || asked == nil || asked.Get("Authorization") != "" || asked.Get("Referer") != "" {
		t.Errorf("another server was told %v, %v", asked, err)
	}
	if err := get("/here"); err != nil || asked == nil || asked.Get("Authorization") == "" || asked.Get("Referer") != "" {
		t.Errorf("the camera was told %v, %v", asked, err)
	}
	if err := get("/round"); err == nil {
		t.Error("a request went round for ever")
	}
}
