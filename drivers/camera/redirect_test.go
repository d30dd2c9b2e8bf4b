package camera

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

// A camera that sends on to another host is told by that host's name, and by nothing else
// of its address; the other host gets no login, and what it asks for no answer.
func TestRedirectNamesItsTarget(t *testing.T) {
	asked := map[string]int{}
	var given []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path]++
		given = append(given, r.Header.Get("Authorization"))
		switch r.URL.Path {
		case "/login":
			w.Header().Set("WWW-Authenticate", `Basic realm="trap"`)
			w.WriteHeader(http.StatusUnauthorized)
		case "/page":
			w.Header().Set("Content-Type", "text/html")
		default:
			http.NotFound(w, r)
		}
	}))
	defer other.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	there := strings.TrimPrefix(other.URL, "http://")
	for _, c := range []struct{ to, host, fault, text string }{
		{"http://" + there + "/none?key=TOPSECRET", there, "exception", "status 404"},
		{"http://me:TOPSECRET@" + there + "/page?key=TOPSECRET", there, "protocol", "not a picture"},
		{"http://" + there + "/login?key=TOPSECRET", there, "exception", "401, it wants a login and gets none"},
		{"http://" + gone.Addr().String() + "/?key=TOPSECRET", gone.Addr().String(), "unplugged", "is the camera on"},
		{"/own?key=TOPSECRET", "", "exception", "status 404"},
	} {
		camera := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			given = append(given, "")
			if r.URL.Path != "/still" {
				http.NotFound(w, r)
				return
			}
			http.Redirect(w, r, c.to, http.StatusFound)
		}))
		w := web{client: http.DefaultClient, limit: 1 << 20, login: newLogin("ops", "TOPSECRET")}
		_, err := w.fetch(t.Context(), camera.URL+"/still")
		camera.Close()
		if drivers.FaultWord(err) != c.fault || !strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "TOPSECRET") ||
			strings.Contains(err.Error(), `it sends on to "`+c.host+`"`) != (c.host != "") || strings.Contains(err.Error(), "sends on") != (c.host != "") {
			t.Errorf("%s: %v, want %s: %s of %q", c.to, err, c.fault, c.text, c.host)
		}
	}
	if asked["/login"] != 1 {
		t.Errorf("the other host was asked for its login %d times", asked["/login"])
	}
	for _, g := range given {
		if g != "" && !strings.HasPrefix(g, "Basic bWU6") { // what the camera itself wrote into the address
			t.Errorf("the other host was given %q", g)
		}
	}
}
