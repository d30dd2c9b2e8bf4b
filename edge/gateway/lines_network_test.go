package gateway

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
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

// What a camera sends behind its answer stands in no log: it may be the picture, unmasked.
func TestNothingBehindAnAnswerIsLogged(t *testing.T) {
	said := make(logged, 100)
	log.SetOutput(said)
	defer log.SetOutput(os.Stderr)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nJPEGUNMASKED PICTURE")
				}
			}()
		}
	}()
	f := fetcher(10*time.Second, nil)
	for range 20 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := f.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(res.Body); err != nil || string(b) != "JPEG" {
			t.Errorf("%q, %v", b, err)
		}
		_ = res.Body.Close()
	}
	select {
	case text := <-said:
		t.Errorf("the log has %q", text)
	default:
	}
}

// logged takes what is written to a log, up to what it holds.
type logged chan string

func (l logged) Write(p []byte) (int, error) {
	select {
	case l <- string(p):
	default:
	}
	return len(p), nil
}
