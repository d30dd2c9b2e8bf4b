package link

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var (
	key   = Key{1, 2, 3}
	now   = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	grant = Grant{Subject: "alert/0193", Channel: "duty", Person: "wang", Expires: now.Add(time.Hour)}
)

func made(t testing.TB, g Grant) string {
	t.Helper()
	s, err := key.Make(g)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func Example() {
	key := Key{1} // 32 random bytes
	token, _ := key.Make(Grant{Subject: "alert/1", Channel: "duty", Expires: time.Unix(1795417200, 0)})
	g, err := key.Read(token, time.Unix(1795413600, 0))
	fmt.Println(g.Subject, g.Channel, err)
	_, err = key.Read(token, time.Unix(1795417200, 0))
	fmt.Println(err)
	// Output:
	// alert/1 duty <nil>
	// the link is too old
}

// Whoever changes a bit, or has another key, has nothing.
func TestForged(t *testing.T) {
	token := made(t, grant)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	if g, err := key.Read(token, now); err != nil || g.Subject != grant.Subject || g.Person != grant.Person || !g.Expires.Equal(grant.Expires) {
		t.Fatalf("%+v, %v", g, err)
	}
	for i := range len(raw) * 8 {
		b := append([]byte(nil), raw...)
		b[i/8] ^= 1 << (i % 8)
		if _, err := key.Read(base64.RawURLEncoding.EncodeToString(b), now); !errors.Is(err, ErrForged) {
			t.Errorf("bit %d changed: %v", i, err)
		}
	}
	for i := range token {
		if _, err := key.Read(token[:i], now); !errors.Is(err, ErrForged) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	if _, err := (Key{9}).Read(token, now); !errors.Is(err, ErrForged) {
		t.Errorf("another key: %v", err)
	}
	for _, odd := range []string{token + "A", token + "=", " " + token, token + "\n", strings.Repeat("A", 1<<20)} {
		if _, err := key.Read(odd, now); !errors.Is(err, ErrForged) {
			t.Errorf("%.20q…: %v", odd, err)
		}
	}
}

func TestExpired(t *testing.T) {
	token := made(t, grant)
	if _, err := key.Read(token, grant.Expires.Add(-time.Millisecond)); err != nil {
		t.Error(err)
	}
	if _, err := key.Read(token, grant.Expires); !errors.Is(err, ErrExpired) {
		t.Error(err)
	}
}

// Nothing of one text can pass for the beginning of the next.
func TestTextsDoNotRunTogether(t *testing.T) {
	a, b := grant, grant
	a.Subject, a.Channel, b.Subject, b.Channel = "ab", "c", "a", "bc"
	if made(t, a) == made(t, b) {
		t.Error("two grants have one token")
	}
	if _, err := key.Make(Grant{Subject: strings.Repeat("a", 256)}); err == nil {
		t.Error("a text of 256 bytes was taken")
	}
}

// What Read takes, Make makes again.
func FuzzRead(f *testing.F) {
	f.Add(made(f, grant))
	f.Add(made(f, Grant{}))
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		g, err := key.Read(token, now)
		if err != nil && !errors.Is(err, ErrExpired) {
			return
		}
		if again, err := key.Make(g); err != nil || again != token {
			t.Errorf("Read(%q) then Make gives %q, %v", token, again, err)
		}
	})
}
