package camera

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

// oneNonce is a camera that knows a single nonce, as some do: each answer 401 replaces it.
type oneNonce struct {
	mu     sync.Mutex
	n      int
	others int // how often somebody else comes between a nonce and its answer
	asked  int
}

func (c *oneNonce) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	said := r.Header.Get("Authorization")
	if said != "" && c.others > 0 {
		c.others--
		c.n++
	}
	if strings.Contains(said, fmt.Sprintf(`nonce="n%d"`, c.n)) {
		return
	}
	c.n++
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="c", qop="auth", nonce="n%d", stale=%v`, c.n, said != ""))
	w.WriteHeader(http.StatusUnauthorized)
}

// That only its nonce was old is no wrong password: it is asked again, and not for ever.
func TestStaleNonceIsAskedAgain(t *testing.T) {
	for _, c := range []struct {
		others int
		want   string
		asked  int
	}{
		{0, "", 2}, {1, "", 3}, {mostStale, "", mostStale + 2},
		{1 << 20, "calls each nonce that it has just given old", mostStale + 2},
	} {
		cam := &oneNonce{others: c.others}
		s := httptest.NewServer(cam)
		defer s.Close()
		w := &web{client: s.Client(), limit: 1 << 20, login: newLogin("u", "p")}
		res, err := w.do(t.Context(), question{url: s.URL})
		switch {
		case c.want == "" && (err != nil || res.StatusCode != http.StatusOK):
			t.Errorf("%d others: %v, %v", c.others, res, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || drivers.FaultWord(err) != "exception"):
			t.Errorf("%d others: %v", c.others, err)
		}
		if cam.asked != c.asked {
			t.Errorf("%d others: asked %d times, want %d", c.others, cam.asked, c.asked)
		}
		if err == nil {
			_ = res.Body.Close()
		}
	}
}

// Two devices at one camera that knows a single nonce both get their answers.
func TestTwoAtOneNonce(t *testing.T) {
	s := httptest.NewServer(&oneNonce{})
	defer s.Close()
	a, b := &web{client: s.Client(), login: newLogin("u", "p")}, &web{client: s.Client(), login: newLogin("u", "p")}
	for n := range 10 {
		for _, w := range []*web{a, b} {
			res, err := w.do(t.Context(), question{url: s.URL})
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("sample %d: %v, %v", n, res, err)
			}
			_ = res.Body.Close()
		}
	}
}

// A wrong password is asked for twice and no more: cameras lock out who is wrong too often.
func TestWrongPasswordIsNotTriedOn(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="c", qop="auth", nonce="n%d"`, asked))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer s.Close()
	w := &web{client: s.Client(), login: newLogin("u", "p")}
	res, err := w.do(t.Context(), question{url: s.URL})
	if err != nil || res.StatusCode != http.StatusUnauthorized || asked != 2 || w.login.now.scheme != "" {
		t.Errorf("%v, %v, asked %d times", res, err, asked)
	}
	drop(res)
}
