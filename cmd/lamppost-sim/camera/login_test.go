package camera

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A client that is not ours gets in with the right login, again and again, and with no other.
func TestLoginWithCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("no curl here")
	}
	for _, kind := range Logins() {
		l, err := NewLogin(kind)
		if err != nil {
			t.Fatal(err)
		}
		served := 0
		s := httptest.NewServer(l.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ })))
		defer s.Close()
		try := func(login string) string {
			// In a file, as one with a login on the command line shows it to everybody.
			file := filepath.Join(t.TempDir(), "curl")
			if err := os.WriteFile(file, []byte("user = \""+login+"\"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), curl, "-s", "-q", "--noproxy", "*", "-K", file, "--anyauth", "-o", "/dev/null", "-w", "%{http_code} ",
				s.URL+"/still.jpg?size=1", s.URL+"/still.jpg?size=2").Output()
			if err != nil {
				t.Fatal(err)
			}
			codes := strings.Fields(string(out))
			return codes[0]
		}
		if got := try(User + ":" + Password); got != "200" || served < 1 {
			t.Errorf("%s: the right login has status %s, %d answers", kind, got, served)
		}
		before := served
		for _, wrong := range []string{User + ":x", "x:" + Password, ":"} {
			if got := try(wrong); got != "401" || served != before {
				t.Errorf("%s: %s has status %s, %d answers", kind, wrong, got, served-before)
			}
		}
	}
	if _, err := NewLogin("none"); err == nil {
		t.Error("there is no such login")
	}
}

// No answer counts twice, and none for another address; a nonce that is used up is told.
func TestDigestTakesNoAnswerTwice(t *testing.T) {
	l, err := NewLogin("digest")
	if err != nil {
		t.Fatal(err)
	}
	l.challenge(overHTTP, false)
	for i := range nonceUses + 1 {
		if ok, stale := l.use(newest(l), uint64(i+1)); ok == (i == nonceUses) || stale != (i == nonceUses) {
			t.Errorf("use %d: %v, stale %v", i, ok, stale)
		}
	}
	if c := l.challenge(overHTTP, true); !strings.Contains(c, "stale=true") || !strings.Contains(c, "algorithm=MD5") {
		t.Error(c)
	}
	if ok, _ := l.use(newest(l), 1); !ok {
		t.Error("the new nonce is not taken")
	}
	if ok, stale := l.use(newest(l), 1); ok || stale {
		t.Errorf("an answer that came before: %v, stale %v", ok, stale)
	}
	if ok, stale := l.use("of before", 2); ok || !stale {
		t.Errorf("an old nonce: %v, stale %v", ok, stale)
	}
	mine := newest(l)
	for range mostNonces - 1 { // as many others come
		l.challenge(overHTTP, false)
	}
	if ok, _ := l.use(mine, 2); !ok {
		t.Error("a nonce is not taken beside those of others")
	}
	l.challenge(overHTTP, false)
	if ok, stale := l.use(mine, 3); ok || !stale || len(l.nonces) != mostNonces {
		t.Errorf("the oldest of too many nonces: %v, stale %v, of %d", ok, stale, len(l.nonces))
	}
	for _, h := range []string{"", "Digest", "Basic Y2FtZXJhOmxhbXBwb3N0LXNpbQ==", fmt.Sprintf(`Digest username=%q, realm=%q, uri="/other", qop=auth, nc=00000002`, User, realm)} {
		for _, o := range []over{overHTTP, overRTSP} {
			if ok, _ := l.admits(o, http.MethodGet, "/still.jpg", h); ok {
				t.Errorf("%q gets in", h)
			}
		}
	}
}

// An answer without a count is one of RTSP, and over HTTP none.
func TestDigestOverRTSP(t *testing.T) {
	l, err := NewLogin("digest")
	if err != nil {
		t.Fatal(err)
	}
	if c := l.challenge(overRTSP, false); strings.Contains(c, "qop") || !strings.Contains(c, "algorithm=MD5") {
		t.Error(c)
	}
	const at = "rtsp://h/live"
	answer := func(method, uri, password string) string {
		return fmt.Sprintf(`Digest username=%q, realm=%q, nonce=%q, uri=%q, response=%q`, User, realm, newest(l), uri,
			l.hash(l.hash(User, realm, password), newest(l), l.hash(method, uri)))
	}
	for name, wrong := range map[string]string{"password": answer("PLAY", at, "x"), "method": answer("SETUP", at, Password), "address": answer("PLAY", "rtsp://h/other", Password)} {
		if ok, stale := l.admits(overRTSP, "PLAY", at, wrong); ok || stale {
			t.Errorf("with another %s: %v, stale %v", name, ok, stale)
		}
	}
	if ok, _ := l.admits(overHTTP, "PLAY", at, answer("PLAY", at, Password)); ok {
		t.Error("it is taken over HTTP, too")
	}
	for i := range nonceUses + 1 {
		if ok, stale := l.admits(overRTSP, "PLAY", at, answer("PLAY", at, Password)); ok == (i == nonceUses) || stale != (i == nonceUses) {
			t.Errorf("use %d: %v, stale %v", i, ok, stale)
		}
	}
}

func newest(l *Login) string { return l.nonces[len(l.nonces)-1].nonce }
