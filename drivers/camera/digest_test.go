package camera

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestParseChallenges(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []string
		want []challenge
	}{
		{"none", nil, nil},
		{"basic", []string{`Basic realm="camera"`}, []challenge{{"basic", map[string]string{"realm": "camera"}}}},
		{"scheme alone", []string{"Negotiate"}, []challenge{{"negotiate", map[string]string{}}}},
		{"two in one header", []string{`Digest realm="a, b", qop="auth,auth-int", nonce=x1 , Basic realm=c`}, []challenge{
			{"digest", map[string]string{"realm": "a, b", "qop": "auth,auth-int", "nonce": "x1"}},
			{"basic", map[string]string{"realm": "c"}},
		}},
		{"two headers", []string{`Basic realm="x"`, `Digest REALM="x", Stale=true`}, []challenge{
			{"basic", map[string]string{"realm": "x"}}, {"digest", map[string]string{"realm": "x", "stale": "true"}},
		}},
		{"escapes", []string{`Basic realm="a \"b\" \\"`}, []challenge{{"basic", map[string]string{"realm": `a "b" \`}}}},
		{"no closing quote", []string{`Basic realm="abc`}, []challenge{{"basic", map[string]string{"realm": "abc"}}}},
		{"rubbish", []string{`= , ;;`, "\x00"}, nil},
	} {
		if got := parseChallenges(c.in); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q gives %v, want %v", c.name, c.in, got, c.want)
		}
	}
}

func TestStrongestChallengeIsTaken(t *testing.T) {
	for _, c := range []struct{ in, scheme, algorithm string }{
		{`Basic realm=x`, "basic", ""},
		{`Basic realm=x, Digest realm=x, nonce=n`, "digest", ""},
		{`Digest realm=x, nonce=n, algorithm=SHA-256, Digest realm=x, nonce=n, algorithm=MD5`, "digest", "SHA-256"},
		{`Digest realm=x, nonce=n, algorithm=SHA-512-256, Basic realm=x`, "basic", ""},
		{`Digest realm=x, nonce=n, qop=auth-int, Basic realm=x`, "basic", ""},
		{`Digest realm=x`, "", ""},
		{`Negotiate`, "", ""},
		{``, "", ""},
	} {
		l := newLogin("u", "p")
		ok := l.take(parseChallenges([]string{c.in}))
		if ok != (c.scheme != "") || l.now.scheme != c.scheme || l.now.params["algorithm"] != c.algorithm {
			t.Errorf("%s: taken %v (%v), want %s %s", c.in, l.now, ok, c.scheme, c.algorithm)
		}
	}
}

// The worked examples of RFC 2617 section 3.5 and RFC 7616 section 3.9.1.
func TestDigestVectors(t *testing.T) {
	const rfc7616 = `Digest realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", algorithm=`
	for _, c := range []struct{ name, challenge, password, cnonce, want string }{
		{"RFC 2617", `Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`, "Circle Of Life", "0a4f113b", "6629fae49393a05397450978507c4ef1"},
		{"RFC 7616 MD5", rfc7616 + "MD5", "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "8ca523f5e9506fed4657c9700eebdbec"},
		{"RFC 7616 SHA-256", rfc7616 + "SHA-256", "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"RFC 2069, errata: no qop", `Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`, "CircleOfLife", "", "1949323746fe6a43ef61f9606e7febea"},
	} {
		l := newLogin("Mufasa", c.password)
		l.cnonce = func() string { return c.cnonce }
		l.take(parseChallenges([]string{c.challenge}))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://www.nowhere.org/dir/index.html", nil)
		if err != nil {
			t.Fatal(err)
		}
		l.authorize(r)
		got := r.Header.Get("Authorization")
		if !strings.Contains(got, `response="`+c.want+`"`) || !strings.Contains(got, `uri="/dir/index.html"`) {
			t.Errorf("%s: %s, want response %s", c.name, got, c.want)
		}
		if qop := strings.Contains(got, "qop=auth, nc=00000001, cnonce="); qop == strings.Contains(c.name, "no qop") {
			t.Errorf("%s: qop is answered: %v", c.name, qop)
		}
	}
}

func TestNonceIsCounted(t *testing.T) {
	l := newLogin("u", "p")
	l.take(parseChallenges([]string{`Digest realm=x, nonce=n, qop=auth, algorithm=MD5-sess`}))
	seen := map[string]bool{}
	for _, nc := range []string{"nc=00000001", "nc=00000002"} {
		l.count++
		a := l.digest("GET", "/")
		if !strings.Contains(a, nc) || seen[a] {
			t.Errorf("%s is not answered once: %s", nc, a)
		}
		seen[a] = true
	}
}

// A wrong answer is given again after a minute, then after two, at most every ten; one that was
// right before begins anew.
func TestAWrongLoginIsNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin("u", "p")
		asks := parseChallenges([]string{`Basic realm=x`})
		began, tried := time.Now(), []time.Duration{}
		for range 40 * 60 {
			more, err := l.refused(asks, 0)
			if err != nil {
				t.Fatal(err)
			}
			if more {
				tried = append(tried, time.Since(began))
				if more, err := l.refused(asks, 1); more || err != nil {
					t.Fatalf("wrong twice: %v, %v", more, err)
				}
			}
			time.Sleep(time.Second)
		}
		if want := []time.Duration{0, time.Minute, 3 * time.Minute, 7 * time.Minute, 15 * time.Minute, 25 * time.Minute, 35 * time.Minute}; !slices.Equal(tried, want) {
			t.Errorf("tried after %v, want %v", tried, want)
		}
		l.now = asks[0] // it is right meanwhile, and the camera asks anew
		if more, err := l.refused(asks, 0); !more || err != nil {
			t.Errorf("of a login that was right: %v, %v", more, err)
		}
	})
}

// FuzzParseChallenges holds that a challenge written out again is read the same,
// and that no camera can make us hold more than a few.
func FuzzParseChallenges(f *testing.F) {
	f.Add(`Digest realm="a, b", qop="auth,auth-int", nonce=x1 , Basic realm=c`)
	f.Add(`Basic realm="a \"b`)
	f.Add(strings.Repeat("a,", 5000))
	f.Fuzz(func(t *testing.T, h string) {
		all := parseChallenges([]string{h, h})
		if len(all) > maxChallenges {
			t.Fatalf("%d challenges", len(all))
		}
		for _, c := range all {
			var b strings.Builder
			b.WriteString(c.scheme)
			sep := " "
			for name, value := range c.params {
				b.WriteString(sep + name + "=" + quote(value))
				sep = ", "
			}
			if b.Len() > maxHeader {
				continue
			}
			if again := parseChallenges([]string{b.String()}); len(again) != 1 || !reflect.DeepEqual(again[0], c) {
				t.Errorf("%v written as %s is read as %v", c, b.String(), again)
			}
		}
	})
}
