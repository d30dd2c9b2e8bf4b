package onvif

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// One example is ONVIF's own, of its programmer's guide; the other was computed apart.
func TestDigest(t *testing.T) {
	for _, c := range []struct{ nonce, created, password, want string }{
		{"LKqI6G/AikKCQrN0zqZFlg==", "2010-09-16T07:50:45Z", "userpassword", "tuOSpGlFlIXsozq4HFNeeGeFLEI="},
		{"AAECAwQFBgcICQoLDA0ODw==", "2026-01-15T10:00:00Z", "secret", "8V8E8K9vNf5aniTtIPH4ndgse0A="},
	} {
		nonce, err := base64.StdEncoding.DecodeString(c.nonce)
		if err != nil {
			t.Fatal(err)
		}
		if got := Digest(nonce, c.created, c.password); got != c.want {
			t.Errorf("Digest(%s, %s) = %s, want %s", c.nonce, c.created, got, c.want)
		}
	}
}

// A request is read back by another reader of XML than the one that wrote it: it holds the
// login as the profile wants it, and neither password nor markup of a name.
func TestRequests(t *testing.T) {
	nonce, _ := base64.StdEncoding.DecodeString("AAECAwQFBgcICQoLDA0ODw==")
	l := Login{User: `a<b>&"c`, Password: "secret", Nonce: nonce, At: time.Date(2026, 1, 15, 18, 0, 0, 0, time.FixedZone("", 8*3600))}
	var e struct {
		Token struct {
			Username string
			Password struct {
				Type string `xml:"Type,attr"`
				Text string `xml:",chardata"`
			}
			Nonce, Created string
		} `xml:"Header>Security>UsernameToken"`
		Body struct {
			Inner string `xml:",innerxml"`
			Token string `xml:"GetSnapshotUri>ProfileToken"`
		}
	}
	if err := xml.Unmarshal(AskSnapshot(l, "p<1>"), &e); err != nil {
		t.Fatal(err)
	}
	got := []string{e.Token.Username, e.Token.Password.Text, e.Token.Nonce, e.Token.Created, e.Body.Token}
	if want := []string{l.User, "8V8E8K9vNf5aniTtIPH4ndgse0A=", "AAECAwQFBgcICQoLDA0ODw==", "2026-01-15T10:00:00Z", "p<1>"}; !slices.Equal(got, want) {
		t.Errorf("the request holds %q, want %q", got, want)
	}
	if !strings.HasSuffix(e.Token.Password.Type, "#PasswordDigest") {
		t.Errorf("the password's type is %s", e.Token.Password.Type)
	}
	for _, b := range [][]byte{AskTime(), AskMedia(l), AskProfiles(l), AskSnapshot(l, "p")} {
		if strings.Contains(string(b), "secret") {
			t.Errorf("a request holds the password: %s", b)
		}
	}
	if b := AskTime(); strings.Contains(string(b), "Security") || !strings.Contains(string(b), "GetSystemDateAndTime") {
		t.Errorf("the question for the time is %s", b)
	}
}

func answer(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnswers(t *testing.T) {
	if at, err := Time(answer(t, "time.xml")); err != nil || !at.Equal(time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("the time is %v, %v", at, err)
	}
	if u, err := Media(answer(t, "capabilities.xml")); err != nil || u.String() != "http://192.168.1.20/onvif/media_service" {
		t.Errorf("the media service is %v, %v", u, err)
	}
	ps, err := Profiles(answer(t, "profiles.xml"))
	want := []Profile{{"main", "H264", 1920, 1080}, {"sub", "JPEG", 640, 480}, {Token: "sound"}}
	if err != nil || !slices.Equal(ps, want) {
		t.Errorf("the profiles are %v, %v; want %v", ps, err, want)
	}
	if u, err := Snapshot(answer(t, "snapshot.xml")); err != nil || u.String() != "http://192.168.1.20/snap?channel=1&key=42" {
		t.Errorf("the still is at %v, %v", u, err)
	}
}

func TestFault(t *testing.T) {
	_, err := Profiles(answer(t, "refused.xml"))
	var f *Fault
	if !errors.As(err, &f) || !f.NotAuthorized() || f.Code != "ter:NotAuthorized" || !strings.Contains(err.Error(), "Sender not Authorized") {
		t.Errorf("a refusal is %v", err)
	}
	if (&Fault{Code: "ter:ActionNotSupported"}).NotAuthorized() {
		t.Error("what is not supported asks for a login")
	}
}

func TestBadAnswers(t *testing.T) {
	good := string(answer(t, "time.xml"))
	for _, c := range []struct{ in, want string }{
		{"", "0 roots"},
		{"<html><body>", "no XML"},
		{"<html/>", "<html> and not with a SOAP 1.2 envelope"},
		{strings.Replace(good, soapNS, "http://schemas.xmlsoap.org/soap/envelope/", 1), "SOAP 1.2"},
		{`<!DOCTYPE x [<!ENTITY a "b">]>` + good, "document type"},
		{strings.Repeat("<a>", 40), "32 levels"},
		{"<a>" + strings.Repeat("<b/>", maxElements) + "</a>", "elements"},
		{"<a>" + strings.Repeat("x<!---->", maxText+1) + "</a>", "a text of more than 4096 bytes"},
		{strings.Repeat(" ", MaxAnswer) + good, "more than 524288 bytes"},
		{strings.Replace(good, "2026", "26x", 1), `"26x" for Date/Year`},
		{strings.Replace(good, ">15<", ">31<", 1) + "", ""},
		{strings.Replace(strings.Replace(good, ">15<", ">31<", 1), "<t:Month>1<", "<t:Month>2<", 1), "there is no time"},
		{strings.Replace(good, "UTCDateTime", "LocalDateTime", 2), "no UTCDateTime"},
	} {
		_, err := Time([]byte(c.in))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%.60s… gives %v, want %q", c.in, err, c.want)
		}
	}
	bad := strings.Replace(string(answer(t, "snapshot.xml")), "http://192.168.1.20", "rtsp://eve:hunter2@h", 1)
	if _, err := Snapshot([]byte(bad)); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("an address of another kind gives %v", err)
	}
}

// FuzzAnswers holds that what is read of any answer is bounded and sensible: an address has
// a host, a profile a token, and a time is one that can be written and read again.
func FuzzAnswers(f *testing.F) {
	for _, file := range []string{"time.xml", "capabilities.xml", "profiles.xml", "snapshot.xml", "refused.xml"} {
		f.Add(answer(f, file))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if at, err := Time(b); err == nil {
			if again, err := time.Parse(time.RFC3339, at.Format(time.RFC3339)); err != nil || !again.Equal(at) {
				t.Fatalf("the time %v is read again as %v, %v", at, again, err)
			}
		}
		if ps, err := Profiles(b); err == nil && (len(ps) == 0 || slices.ContainsFunc(ps, func(p Profile) bool { return p.Token == "" || p.Width > 65535 || p.Width < 0 })) {
			t.Fatalf("the profiles are %v", ps)
		}
		if u, err := Media(b); err == nil && (u.Host == "" || !strings.HasPrefix(u.Scheme, "http")) {
			t.Fatalf("the media service is at %v", u)
		}
		if u, err := Snapshot(b); err == nil && (u.Host == "" || !strings.HasPrefix(u.Scheme, "http")) {
			t.Fatalf("the still is at %v", u)
		}
	})
}
