package camera

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/onvif"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// onvifCamera answers ONVIF's questions with those of the codec's tests, wants the login
// eve, hunter3 at its own time, and shows still at the address that it names.
type onvifCamera struct {
	still   http.Handler
	notes   bool     // asked is written
	asked   []string // what was asked, in order
	refuses string   // a question that it refuses
}

func newONVIF(still http.Handler) *onvifCamera { return &onvifCamera{still: still} }

var onvifAnswers = map[string]string{
	"GetSystemDateAndTime": "time.xml", "GetCapabilities": "capabilities.xml", "GetProfiles": "profiles.xml", "GetSnapshotUri": "snapshot.xml",
}

func (c *onvifCamera) note(what string) {
	if c.notes {
		c.asked = append(c.asked, what)
	}
}

func (c *onvifCamera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		c.note(r.URL.String())
		c.still.ServeHTTP(w, r)
		return
	}
	var e struct {
		Token struct {
			Username, Password, Nonce, Created string
		} `xml:"Header>Security>UsernameToken"`
		Body struct {
			Question struct{ XMLName xml.Name } `xml:",any"`
		}
	}
	b, _ := io.ReadAll(r.Body)
	if err := xml.Unmarshal(b, &e); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	what := e.Body.Question.XMLName.Local
	c.note(what)
	nonce, _ := base64.StdEncoding.DecodeString(e.Token.Nonce)
	proof := onvif.Digest(nonce, "2026-01-15T10:00:00Z", "hunter3")
	if what == c.refuses || what != "GetSystemDateAndTime" && (e.Token.Username != "eve" || e.Token.Password != proof || len(nonce) < 16) {
		w.WriteHeader(http.StatusBadRequest)
		what = "refused"
	}
	file := onvifAnswers[what]
	if what == "refused" {
		file = "refused.xml"
	}
	answer, err := os.ReadFile("onvif/testdata/" + file)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(answer)
}

// The way is asked once, with the login at the camera's own time, and again when the
// address that was found does not answer any more.
func TestDiscovery(t *testing.T) {
	dead := false
	cam := newONVIF(nil)
	cam.notes = true
	cam.still = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if dead {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(load(t, "scene.jpg"))
	})
	d := opened(t, "{url: 'onvif://192.168.1.20', username: eve, password_file: "+passwordFile(t, "hunter3")+"}", &drivertest.Fetcher{Handler: cam})
	const way, still = "GetSystemDateAndTime GetCapabilities GetProfiles GetSnapshotUri ", "http://192.168.1.20/snap?channel=1&key=42 "
	for _, c := range []struct {
		dead bool
		want string
	}{{false, way + still}, {false, still}, {true, still}, {false, way + still}} {
		dead, cam.asked = c.dead, nil
		_, err := d.Sample(t.Context())
		if (err != nil) != c.dead || strings.Join(cam.asked, " ")+" " != c.want {
			t.Errorf("%v was asked, %v; want %s", cam.asked, err, c.want)
		}
	}
}

func TestDiscoveryFails(t *testing.T) {
	page := func(status int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	login := ", username: eve, password_file: " + passwordFile(t, "hunter3")
	for _, c := range []struct {
		name, url, login string
		cam              http.Handler
		word, want       string
	}{
		{"no login", "onvif://h", "", newONVIF(nil), "exception", "its media service: "},
		{"no login, the hint", "onvif://h", "", newONVIF(nil), "exception", "set username and password_file"},
		{"a wrong password", "onvif://h", strings.Replace(login, "eve", "adam", 1), newONVIF(nil), "exception", "username or password is wrong, or its user may not use ONVIF"},
		{"no such profile", "onvif://h/third", login, newONVIF(nil), "exception", `no profile "third" but ["main" "sub" "sound"]`},
		{"no still", "onvif://h", login, &onvifCamera{refuses: "GetSnapshotUri"}, "exception", "the address of its still"},
		{"no ONVIF", "onvif://h", "", page(404, "not here"), "exception", "status 404; has the camera ONVIF"},
		{"a web page", "onvif://h", "", page(200, "<html/>"), "protocol", "not with a SOAP 1.2 envelope"},
		{"an endless answer", "onvif://h", "", page(200, strings.Repeat(" ", onvif.MaxAnswer+10)), "protocol", "more than"},
		{"401 without a challenge", "onvif://h", login, page(401, ""), "exception", "401, username or password is wrong"},
	} {
		d := opened(t, fmt.Sprintf("{url: '%s'%s}", c.url, c.login), &drivertest.Fetcher{Handler: c.cam})
		_, err := d.Sample(t.Context())
		if err == nil || drivers.FaultWord(err) != c.word || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter3") {
			t.Errorf("%s: %v (%s), want %q (%s)", c.name, err, drivers.FaultWord(err), c.want, c.word)
		}
	}
}

// No login goes to another host than the one that is configured.
func TestHere(t *testing.T) {
	for _, c := range []struct{ host, in, want string }{
		{"10.0.0.9", "http://10.0.0.9/snap?a=1", "http://10.0.0.9/snap?a=1"},
		{"10.0.0.9:8000", "http://10.0.0.9/snap", "http://10.0.0.9/snap"},
		{"10.0.0.9:8000", "http://192.168.0.2:81/snap", "http://10.0.0.9:81/snap"},
		{"10.0.0.9:8000", "http://evil.example.org/snap", "http://10.0.0.9/snap"},
		{"[fd00::9]:8000", "http://[fd00::1]:81/snap", "http://[fd00::9]:81/snap"},
		{"[fd00::9]:8000", "http://10.0.0.9/snap", "http://[fd00::9]/snap"},
	} {
		u, err := url.Parse(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&discovery{host: c.host}).here(u); got != c.want {
			t.Errorf("%s at %s is asked at %s, want %s", c.in, c.host, got, c.want)
		}
	}
}

func TestChoose(t *testing.T) {
	profile := func(token, encoding string, width, height int) onvif.Profile {
		return onvif.Profile{Token: token, Encoding: encoding, Width: width, Height: height}
	}
	for _, c := range []struct {
		want string
		all  []onvif.Profile
	}{
		{"b", []onvif.Profile{profile("a", "H264", 640, 480), profile("b", "JPEG", 1920, 1080)}},
		{"b", []onvif.Profile{profile("a", "H264", 1920, 1080), profile("b", "H264", 640, 480), profile("c", "H264", 160, 120)}},
		{"a", []onvif.Profile{profile("a", "", 0, 0), profile("b", "", 0, 0)}},
	} {
		if p, err := (&discovery{}).choose(c.all); err != nil || p.Token != c.want {
			t.Errorf("of %v %s is chosen, want %s", c.all, p.Token, c.want)
		}
	}
}
