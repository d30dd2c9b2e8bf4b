package totp

import (
	"net/url"
	"testing"
	"time"
)

// RFC 6238 appendix B, the rows of SHA-1: eight digits.
func TestVectorsOfRFC6238(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := code(secret, at/step, 8); got != want {
			t.Errorf("code at %d = %s, want %s", at, got, want)
		}
		if got := Code(secret, time.Unix(at, 0)); got != want[2:] {
			t.Errorf("Code at %d = %s, want its last six digits %s", at, got, want[2:])
		}
	}
}

// RFC 4226 appendix D.
func TestVectorsOfRFC4226(t *testing.T) {
	for i, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := code([]byte("12345678901234567890"), int64(i), 6); got != want {
			t.Errorf("code of counter %d = %s, want %s", i, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	secret := []byte("12345678901234567890")
	now := time.Unix(1234567890, 0)
	at := now.Unix() / step
	for _, c := range []struct {
		name  string
		given string
		last  int64
		used  int64
		ok    bool
	}{
		{"now", code(secret, at, 6), 0, at, true},
		{"a step ago", code(secret, at-1, 6), 0, at - 1, true},
		{"a step ahead", code(secret, at+1, 6), 0, at + 1, true},
		{"two steps ago", code(secret, at-2, 6), 0, 0, false},
		{"two steps ahead", code(secret, at+2, 6), 0, 0, false},
		{"used already", code(secret, at, 6), at, 0, false},
		{"older than the one used", code(secret, at-1, 6), at, 0, false},
		{"the next after the one used", code(secret, at+1, 6), at, at + 1, true},
		{"empty", "", 0, 0, false},
		{"longer", code(secret, at, 6) + "0", 0, 0, false},
		{"eight digits", code(secret, at, 8), 0, 0, false},
	} {
		if used, ok := Check(secret, c.given, now, c.last); used != c.used || ok != c.ok {
			t.Errorf("%s: Check = %d, %v, want %d, %v", c.name, used, ok, c.used, c.ok)
		}
	}
}

func TestURI(t *testing.T) {
	u, err := url.Parse(URI([]byte("12345678901234567890"), "Lamppost 杭州", "wang.fang"))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Lamppost 杭州:wang.fang" || q.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || q.Get("issuer") != "Lamppost 杭州" {
		t.Errorf("URI = %s", u)
	}
}
