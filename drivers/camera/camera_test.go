package camera

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/picture"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// exposure is the scene as the n-th picture of a living camera: the same pixels,
// other bytes.
func exposure(t testing.TB, n uint32) []byte {
	comment := binary.BigEndian.AppendUint32([]byte{0xFF, 0xFE, 0, 6}, n)
	scene := load(t, "scene.jpg")
	return bytes.Join([][]byte{scene[:2], comment, scene[2:]}, nil)
}

// living answers every request with another exposure.
func living(t testing.TB) http.Handler {
	var n atomic.Uint32
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(exposure(t, n.Add(1)))
	})
}

// flowing is a motion JPEG stream, of which each answer holds one picture.
func flowing(t testing.TB) http.Handler {
	var n atomic.Uint32
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=--frame")
		b := exposure(t, n.Add(1))
		fmt.Fprintf(w, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", len(b), b)
	})
}

// guarded asks for a login first, as header says, and counts what it refuses.
func guarded(next http.Handler, header, wanted string, refused *int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), wanted) {
			*refused++
			w.Header().Set("WWW-Authenticate", header)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func load(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile("picture/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	sceneBrightness = 55.8
	sceneSharpness  = 1377.9
)

func passwordFile(t testing.TB, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const address = `http://10.0.0.9:8080/still?user=admin&password=hunter2`

func TestConformance(t *testing.T) {
	var refused int
	for name, c := range map[string]struct {
		options string
		page    http.Handler
	}{
		"open":   {"{url: '" + address + "'}", living(t)},
		"stream": {"{url: '" + address + "'}", flowing(t)},
		"onvif":  {"{url: 'onvif://10.0.0.9:8080', username: eve, password_file: " + passwordFile(t, "hunter3") + "}", newONVIF(living(t))},
		"basic":  {"{url: '" + address + "', username: eve, password_file: " + passwordFile(t, "hunter3\n") + "}", guarded(living(t), "Basic realm=x", "Basic ZXZlOmh1bnRlcjM=", &refused)},
		"digest": {"{url: '" + address + "', username: eve, password_file: " + passwordFile(t, "hunter3") + "}", guarded(living(t), "Digest realm=x, nonce=y, qop=auth", `Digest username="eve", realm="x", nonce="y", uri="/still?user=admin&password=hunter2"`, &refused)},
	} {
		t.Run(name, func(t *testing.T) {
			drivertest.Run(t, drivertest.Config{
				Kind:        Kind(),
				Good:        drivertest.Part{Name: name, Source: "constructed", Options: c.options, Page: c.page, Want: "brightness=55.8 sharpness=1377.9"},
				More:        more(t),
				NeverBeyond: "both are computed from bytes and cannot leave their range",
				Secrets:     []string{"hunter2", "hunter3", "eve", "admin"},
			})
		})
	}
}

// more are what cameras send beside good pictures.
func more(t testing.TB) []drivertest.Part {
	page := func(body []byte) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	}
	scene := load(t, "scene.jpg")
	gone := append(bytes.Clone(scene[:len(scene)/2]), scene[len(scene)/2+8:]...)
	part := func(name string, body []byte) drivertest.Part {
		return drivertest.Part{Name: name, Source: "constructed", Options: "{url: http://cam/still.jpg}", Page: page(body)}
	}
	all := []drivertest.Part{part("zeros behind the picture", append(bytes.Clone(scene), make([]byte, 64)...)),
		part("a byte in front", append([]byte{0}, scene...)), part("half a picture", scene[:len(scene)/2]), part("no end marker", scene[:len(scene)-2]),
		part("a login page", bytes.Repeat([]byte("<html>"), 100)), part("eight bytes missing in the scan", gone)}
	all[0].Want = "brightness=55.8 sharpness=1377.9"
	for i := range all[1:5] {
		all[i+1].WantFault = "protocol"
	}
	all[5].Want = "brightness=55.8 sharpness=1367.1" // it can be decoded: only the announced length would tell
	return all
}

func planYAML(src string) (*drivers.Plan, error) {
	return plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(src))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

func opened(t testing.TB, options string, f *drivertest.Fetcher) *driver {
	t.Helper()
	p, err := planYAML(options)
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.OpenHTTP(f)
	if err != nil {
		t.Fatal(err)
	}
	return d.(*driver)
}

func TestOptions(t *testing.T) {
	for _, c := range []struct{ yaml, key, msg string }{
		{"url: still.jpg", "url", "write http://HOST/PATH"},
		{"url: 'ftp://10.0.0.9/live'", "url", "rtsp://HOST/PATH or onvif://HOST"},
		{"url: 'rtsp://:554/live'", "url", "write http://HOST/PATH"},
		{"url: 'rtsp://eve:hunter2@10.0.0.9/'", "url", "would show in logs"},
		{"url: 'http://'", "url", "write http://HOST/PATH"},
		{"url: 'http://eve:hunter2@10.0.0.9/'", "url", "would show in logs"},
		{"{url: 'http://h/', username: eve}", "username", "belong together"},
		{"{url: 'http://h/', password_file: /x}", "username", "belong together"},
		{"{url: 'http://h/', max_bytes: 100}", "max_bytes", "write 16384 to 16777216"},
		{"{url: 'http://h/', max_bytes: 99999999}", "max_bytes", "write 16384"},
	} {
		_, err := planYAML(c.yaml)
		if err == nil || !strings.Contains(err.Error(), c.key) || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("options %s give %v, want %s: %s", c.yaml, err, c.key, c.msg)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("options %s: the error holds the password: %v", c.yaml, err)
		}
	}
	if _, err := planYAML("{}"); err == nil || !strings.Contains(err.Error(), "no url") {
		t.Errorf("without a url: %v", err)
	}
}

func TestPasswordFile(t *testing.T) {
	for content, want := range map[string]string{"a\n": "a", "a b\r\nsecond": "a b", "x": "x"} {
		if got, err := readPassword(passwordFile(t, content)); got != want || err != nil {
			t.Errorf("%q reads %q, %v; want %q", content, got, err, want)
		}
	}
	for _, file := range []string{passwordFile(t, ""), passwordFile(t, "\nx"), "/nonexistent/password"} {
		p, err := planYAML("{url: 'http://h/', username: eve, password_file: " + file + "}")
		if err != nil {
			t.Fatalf("planning touches the file: %v", err)
		}
		if _, err := p.OpenHTTP(&drivertest.Fetcher{}); err == nil || !strings.Contains(err.Error(), "camera: h: password_file") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestLoginIsAskedForOnce(t *testing.T) {
	refused := 0
	f := &drivertest.Fetcher{Handler: guarded(living(t), `Digest realm="x", nonce="y", qop="auth"`, `Digest username="eve"`, &refused)}
	d := opened(t, "{url: 'http://h/', username: eve, password_file: "+passwordFile(t, "p")+"}", f)
	for range 3 {
		if _, err := d.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.Asked) != 4 || refused != 1 || f.Opened != f.Closed {
		t.Errorf("%d requests, %d refused, %d of %d answers closed; want 4, 1, all", len(f.Asked), refused, f.Closed, f.Opened)
	}
}

func TestWrongPasswordIsGivenOnce(t *testing.T) {
	wrong := 0
	f := &drivertest.Fetcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			wrong++
		}
		w.Header().Set("WWW-Authenticate", "Basic realm=x")
		w.WriteHeader(http.StatusUnauthorized)
	})}
	d := opened(t, "{url: 'http://h/', username: eve, password_file: "+passwordFile(t, "p")+"}", f)
	for range 3 {
		_, err := d.Sample(t.Context())
		if !errors.Is(err, drivers.ErrException) || !strings.Contains(err.Error(), "username or password is wrong") {
			t.Errorf("a wrong password gives %v", err)
		}
	}
	if wrong != 1 {
		t.Errorf("the wrong password was sent %d times in 3 samples at once; cameras lock out", wrong)
	}
}

func TestFrozenPicture(t *testing.T) {
	n := uint32(1)
	f := &drivertest.Fetcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(exposure(t, n)) })}
	d := opened(t, "url: 'http://h/'", f)
	for i, c := range []struct {
		picture uint32
		want    obs.Quality
	}{
		{1, obs.Quality{}}, {1, obs.Quality{Flag: obs.Suspect, Why: obs.Flat}}, {1, obs.Quality{Flag: obs.Suspect, Why: obs.Flat}}, {2, obs.Quality{}},
	} {
		n = c.picture
		rs, err := d.Sample(t.Context())
		if err != nil || rs[0].Quality != c.want || rs[1].Quality != c.want || rs[0].Value != sceneBrightness || rs[1].Value != sceneSharpness {
			t.Errorf("picture %d: %v, %v; want %v", i, rs, err, c.want)
		}
	}
}

func TestStill(t *testing.T) {
	answer := append(bytes.ReplaceAll(load(t, "scene.jpg"), picture.Tables(), nil), 0, 0, 0) // as motion JPEG, padded
	f := &drivertest.Fetcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answer) })}
	d := opened(t, "url: 'http://h/'", f)
	if b, ok := d.Still(); ok {
		t.Errorf("before the first sample there is a still of %d bytes", len(b))
	}
	if _, err := d.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, ok := d.Still()
	if p, err := picture.Clean(first); !ok || err != nil || !bytes.Equal(p.JPEG, first) {
		t.Errorf("the still is not a clean picture: %v, %v", ok, err)
	}
	kept := bytes.Clone(first)
	answer = exposure(t, 7)
	if _, err := d.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, kept) {
		t.Error("a later sample wrote into a still that was handed out")
	}
	answer = []byte("broken")
	if _, err := d.Sample(t.Context()); err == nil {
		t.Error("rubbish passes")
	}
	if b, ok := d.Still(); !ok || !bytes.Equal(b, exposure(t, 7)) {
		t.Error("the last good still is gone after a bad answer")
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	page := func(status int, kind, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
	for _, c := range []struct {
		f     drivertest.Fetcher
		fault string
		want  string
	}{
		{drivertest.Fetcher{Handler: page(401, "text/html", "")}, "exception", "set username and password_file"},
		{drivertest.Fetcher{Handler: page(404, "text/html", "")}, "exception", "status 404"},
		{drivertest.Fetcher{Handler: page(503, "text/html", "")}, "device", "status 503"},
		{drivertest.Fetcher{Handler: page(302, "text/html", "")}, "protocol", "status 302"},
		{drivertest.Fetcher{Handler: page(200, "text/html; charset=utf-8", "<html>")}, "protocol", `it sends "text/html" and not a picture; a login page?`},
		{drivertest.Fetcher{Handler: page(200, "multipart/x-mixed-replace; boundary=b", "--b")}, "protocol", "its stream ends in the middle of a picture"},
		{drivertest.Fetcher{Handler: page(200, "multipart/x-mixed-replace; boundary=b", "")}, "protocol", "its stream ends without a picture"},
		{drivertest.Fetcher{Handler: page(200, "multipart/x-mixed-replace; boundary=b", strings.Repeat("x", 9999))}, "protocol", "no boundary stands"},
		{drivertest.Fetcher{Handler: page(200, "multipart/x-mixed-replace; boundary=b", "--b\r\n\r\n"+strings.Repeat("x", 20000))}, "protocol", "too long, the limit is 16384 bytes; it is max_bytes"},
		{drivertest.Fetcher{Handler: page(200, "multipart/x-mixed-replace; boundary=b", "--b\r\n"+strings.Repeat("A: b\r\n", 2000))}, "protocol", "a part's header is longer than 8192 bytes"},
		{drivertest.Fetcher{Handler: page(503, "multipart/x-mixed-replace; boundary=b", "")}, "device", "status 503"},
		{drivertest.Fetcher{Handler: page(200, "image/jpeg", strings.Repeat("x", 20000))}, "protocol", "more than max_bytes, 16384"},
		{drivertest.Fetcher{Handler: page(200, "image/png", "\x89PNG\r\n"+strings.Repeat("x", 600))}, "protocol", "it begins with 89 50 4e"},
		{drivertest.Fetcher{Err: context.DeadlineExceeded}, "timeout", "is the camera on, and is this its address?"},
		{drivertest.Fetcher{Err: errors.New("dial tcp 10.0.0.9:8080: connect: no route to host")}, "error", "no route to host"},
	} {
		d := opened(t, "{url: '"+address+"', max_bytes: 16384}", &c.f)
		_, err := d.Sample(t.Context())
		switch {
		case err == nil || !strings.HasPrefix(err.Error(), "camera: 10.0.0.9:8080: ") || !strings.Contains(err.Error(), c.want):
			t.Errorf("%v, want %q", err, c.want)
		case drivers.FaultWord(err) != c.fault:
			t.Errorf("%v has fault word %s, want %s", err, drivers.FaultWord(err), c.fault)
		case strings.Contains(err.Error(), "hunter2"):
			t.Errorf("the error holds the password: %v", err)
		}
	}
}

// The same over a real network, where the client's errors come from the kernel.
func TestOverTheNetwork(t *testing.T) {
	refused := 0
	srv := httptest.NewServer(guarded(living(t), `Digest realm="x", nonce="y", qop="auth", algorithm=SHA-256`, `Digest username="eve"`, &refused))
	client := srv.Client()
	options := "{url: '" + srv.URL + "/still?password=hunter2', username: eve, password_file: " + passwordFile(t, "hunter3") + "}"
	p, err := planYAML(options)
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.OpenHTTP(client)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		rs, err := d.Sample(t.Context())
		if err != nil || rs[0].Value != sceneBrightness {
			t.Fatalf("readings %v, %v", rs, err)
		}
	}
	if refused != 1 {
		t.Errorf("%d requests were refused, want the first one only", refused)
	}
	srv.Close()
	_, err = d.Sample(t.Context())
	if err == nil || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "hunter") {
		t.Errorf("a camera that went away gives %v", err)
	}
}

// TestFaultsOfTheNetwork: nobody at the address is another fault than somebody who hangs
// up, and neither is without a word.
func TestFaultsOfTheNetwork(t *testing.T) {
	for _, c := range []struct {
		err        error
		word, says string
	}{
		{&url.Error{Op: "Get", URL: "http://cam/secret", Err: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}}, "unplugged", "connection refused; is the camera on"},
		{&url.Error{Op: "Get", URL: "http://cam/secret", Err: &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "cam"}}}, "unplugged", "no such host"},
		{&url.Error{Op: "Get", URL: "http://cam/secret", Err: &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}}, "timeout", "is this its address"},
		{&url.Error{Op: "Get", URL: "http://cam/secret", Err: io.EOF}, "protocol", "it hung up"},
		{&net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "protocol", "it hung up"},
	} {
		got := plain(t.Context(), c.err)
		if drivers.FaultWord(got) != c.word || !strings.Contains(got.Error(), c.says) || strings.Contains(got.Error(), "secret") {
			t.Errorf("%v becomes %q (%s), want %s and %q", c.err, got, drivers.FaultWord(got), c.word, c.says)
		}
	}
}

// A camera that is to run apart tells the other process the same options, but to stay
// where it is; the password is in its file and nowhere else.
func TestApart(t *testing.T) {
	file := passwordFile(t, "hunter3")
	p, err := planYAML("{url: 'http://h/a?x=\"1\"', username: \"e'v\", password_file: " + file + ", max_bytes: 20000, apart: true}")
	if err != nil || p.Apart == nil || p.OpenHTTP == nil {
		t.Fatalf("%+v, %v", p, err)
	}
	if strings.Contains(p.Apart.Options, "hunter3") {
		t.Errorf("the other process is told %s", p.Apart.Options)
	}
	again, err := planYAML(p.Apart.Options)
	if err != nil || again.Apart != nil {
		t.Fatalf("%s becomes %+v, %v", p.Apart.Options, again, err)
	}
	asked := &drivertest.Fetcher{Handler: living(t)}
	d, err := again.OpenHTTP(asked)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sample(t.Context()); err != nil || asked.Asked[0].URL.String() != `http://h/a?x="1"` {
		t.Errorf("%v is asked, %v", asked.Asked[0].URL, err)
	}
	if p.Apart.MaxStill < 20000+len(picture.Tables()) {
		t.Errorf("a picture of %d bytes is the largest", p.Apart.MaxStill)
	}
}
